"""A coroutine method of an asynchronous session, connection, engine or result is called and not awaited.

## Why is this bad?
The call makes a coroutine and does nothing. Where its value is dropped nothing tells of it but a RuntimeWarning when
the coroutine is collected: `session.commit()` commits nothing, `session.delete(user)` deletes nothing. Where its value
is used, the program fails: `'coroutine' object has no attribute 'scalars'`.

## Bad
```python
async def rename(session: AsyncSession, user_id: int):
    user = await session.get(User, user_id)
    user.name = "new"
    session.commit()
```

## Good
```python
async def rename(session: AsyncSession, user_id: int):
    user = await session.get(User, user_id)
    user.name = "new"
    await session.commit()
```

## When not to use it
What is reported is never meant. A coroutine that is assigned, returned or handed to another function is left alone.

## What it cannot see
Sessions whose type is not resolved, and coroutines that are assigned or handed on and never awaited.
"""

from collections.abc import Iterator

from sqlalint.flow.events import AwaitMisuse
from sqlalint.project.project import Project
from sqlalint.report.finding import Finding, Fix, Severity
from sqlalint.rules.registry import rule

_NOTHING = {
    "commit": "nothing is committed",
    "rollback": "nothing is rolled back",
    "flush": "nothing is flushed",
    "delete": "nothing is deleted",
    "delete_all": "nothing is deleted",
    "merge": "nothing is merged",
    "merge_all": "nothing is merged",
    "refresh": "nothing is refreshed",
    "close": "it is not closed",
    "aclose": "it is not closed",
    "dispose": "it is not disposed of",
}


@rule("SAL205", "unawaited-session-call", severity=Severity.ERROR, fix="safe")
def check(call: AwaitMisuse, project: Project) -> Iterator[Finding]:
    """One finding for each call."""
    if call.use not in ("dropped", "used") or (call.use == "used" and call.kind == "AsyncResult"):
        return
    effect = _NOTHING.get(call.method, "nothing runs") if call.use == "dropped" else f"a coroutine {call.text}"
    yield Finding(
        at=call.at,
        message=f"{call.written}.{call.method}() is not awaited: {effect}",
        help=_help(call),
        identity=(call.qualname, call.written, call.method, call.text),
        fix=Fix(f"Await {call.written}.{call.method}()", call.edits, safe=True) if call.edits else None,
    )


def _help(call: AwaitMisuse) -> str:
    if call.use == "dropped" or call.text == "cannot be iterated":
        return f"`await {call.written}.{call.method}(...)`"
    return f"`(await {call.written}.{call.method}(...))`"
