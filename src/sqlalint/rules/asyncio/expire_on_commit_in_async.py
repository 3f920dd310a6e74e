"""An asynchronous session expires its objects on commit: whoever reads one afterwards gets MissingGreenlet.

## Why is this bad?
By default `commit()` expires all objects of a session, so that they are loaded again when they are read. Under asyncio
nothing is loaded by reading: it raises. `expire_on_commit=False` is what SQLAlchemy's documentation recommends for
AsyncSession.

## Bad
```python
async def create(engine: AsyncEngine):
    factory = async_sessionmaker(engine)
    async with factory() as session:
        session.add(User(name="new"))
        await session.commit()
```

## Good
```python
async def create(engine: AsyncEngine):
    factory = async_sessionmaker(engine, expire_on_commit=False)
    async with factory() as session:
        session.add(User(name="new"))
        await session.commit()
```

## When not to use it
Where code relies on the reload after a commit: what the server changes, or refreshing by expiry. It would see old values.

## What it cannot see
Keyword arguments that come from a dictionary which is not in sight; then nothing is said.
"""

from collections.abc import Iterator

from sqlalint.flow.events import ExpiringFactory
from sqlalint.project import edits
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Fix, Severity
from sqlalint.rules.registry import rule


@rule("SAL203", "expire-on-commit-in-async", severity=Severity.INFO, tier=Confidence.LIKELY, fix="unsafe")
def check(found: ExpiringFactory, project: Project) -> Iterator[Finding]:
    """One finding for each factory."""
    call = edits.call_at(project, found.at)
    changes = edits.add_argument(found.at, call, "expire_on_commit=False") if call is not None else ()
    yield Finding(
        at=found.at,
        message=f"{found.factory.what} without expire_on_commit=False: reading an object after a commit raises MissingGreenlet",
        help="`expire_on_commit=False`",
        identity=(found.factory.what,),
        confidence=Confidence.LIKELY,
        fix=Fix("Add expire_on_commit=False", changes, safe=False) if changes else None,
    )
