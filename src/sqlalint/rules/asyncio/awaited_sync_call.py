"""A method that is no coroutine is awaited: that raises TypeError.

## Why is this bad?
Only what may send a statement is a coroutine. `AsyncSession.add()` gives None, and `await session.execute(...)` gives
an ordinary result, whose rows are there: `await result.first()` raises `TypeError: object Row can't be used in 'await'
expression`. What the method does is done by then: the object was added.

## Bad
```python
async def create(session: AsyncSession):
    await session.add(User(name="new"))
    await session.commit()
```

## Good
```python
async def create(session: AsyncSession):
    session.add(User(name="new"))
    await session.commit()
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


@rule("SAL206", "awaited-sync-call", severity=Severity.ERROR, fix="safe")
def check(call: AwaitMisuse, project: Project) -> Iterator[Finding]:
    """One finding for each `await`."""
    if call.use != "awaited":
        return
    enters = call.kind == "AsyncEngine" and call.method == "begin"
    if enters and project.environment.sqlalchemy_at_least("2.0") is not True:
        return  # it could be awaited in 1.4
    name = f"{call.written}.{call.method}()"
    edits = () if enters else call.edits
    yield Finding(
        at=call.at,
        message=f"{name} is no coroutine: awaiting it raises TypeError",
        help=f"`async with {name} as connection:`"
        if enters
        else f"`{call.written}.{call.method}(...)` without `await`",
        identity=(call.qualname, call.written, call.method),
        fix=Fix(f"Do not await {name}", edits, safe=True) if edits else None,
    )
