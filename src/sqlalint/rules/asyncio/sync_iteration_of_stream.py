"""A streamed result or an asynchronous session is used by a plain `for` or `with`: that raises.

## Why is this bad?
`AsyncSession.stream()` gives an AsyncResult. Its rows are fetched while they are iterated, so that it takes `async for`;
`for` raises `TypeError: 'AsyncResult' object is not iterable`. Its `all()` and `first()` are coroutines, unlike those of
the result that `execute()` gives. Sessions, connections and factories take `async with` for the same reason.

## Bad
```python
async def names(session: AsyncSession):
    result = await session.stream_scalars(select(User))
    return [user.name for user in result]
```

## Good
```python
async def names(session: AsyncSession):
    result = await session.stream_scalars(select(User))
    return [user.name async for user in result]
```

## When not to use it
The exception is sure to come wherever the finding is certain.

## What it cannot see
Sessions whose type is not resolved, and results that come from another function.
"""

from collections.abc import Iterator

from sqlalint.flow.events import AwaitMisuse
from sqlalint.project.project import Project
from sqlalint.report.finding import Finding, Fix, Severity
from sqlalint.rules.registry import rule


@rule("SAL211", "sync-iteration-of-stream", severity=Severity.ERROR, fix="safe")
def check(call: AwaitMisuse, project: Project) -> Iterator[Finding]:
    """One finding for each loop, `with` or fetch."""
    if call.use == "iterated":
        message, help_ = f"{call.written} gives an AsyncResult: a plain `for` over it raises TypeError", "`async for`"
    elif call.use == "entered":
        entered = f"{call.written} is asynchronous" if not call.method else f"{call.written} gives what is asynchronous"
        message, help_ = f"{entered}: a plain `with` raises", "`async with`"
    elif call.use == "used" and call.kind == "AsyncResult":
        message = f"{call.written}.{call.method}() of an AsyncResult is not awaited: a coroutine {call.text}"
        help_ = f"`await {call.written}.{call.method}()`"
    else:
        return
    yield Finding(
        at=call.at,
        message=message,
        help=help_,
        identity=(call.qualname, call.written, call.method, call.use),
        fix=Fix(f"{help_.strip('`')}", call.edits, safe=True) if call.edits else None,
    )
