"""An attribute is read of an object that a commit or rollback has expired: under asyncio that raises MissingGreenlet.

## Why is this bad?
After `commit()` every object of the session is expired, unless its factory says `expire_on_commit=False`; after
`rollback()` it is whatever the factory says. The next read of any attribute, the primary key included, loads the row
again. That is a statement which nobody awaits: `MissingGreenlet`.

## Bad
```python
async def rename(engine: AsyncEngine, user_id: int):
    async with AsyncSession(engine) as session:
        user = await session.get(User, user_id)
        user.name = "new"
        await session.commit()
        return user.id
```

## Good
```python
async def rename(engine: AsyncEngine, user_id: int):
    async with AsyncSession(engine, expire_on_commit=False) as session:
        user = await session.get(User, user_id)
        user.name = "new"
        await session.commit()
        return user.id
```

## When not to use it
Where the object is read in `run_sync`, or is known to have been loaded again by code that is not followed.

## What it cannot see
Objects that come from out of sight, and reads at the next turn of a loop that commits. Where it is not known which
factory made a session, the findings are `likely`.
"""

from collections.abc import Iterator

from sqlalint.facts.span import Spot
from sqlalint.flow import remedy
from sqlalint.flow.events import ExpiredRead
from sqlalint.project.project import Project
from sqlalint.project.sessions import SessionFactory
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL202", "expired-attribute-in-async", severity=Severity.ERROR, fix="show")
def check(read: ExpiredRead, project: Project) -> Iterator[Finding]:
    """One finding for each object and what has expired it."""
    tier, factory = _tier(read), read.factory
    if read.how == "commit" and read.setting is None:
        made = project.session_factories
        if made and all(f.expires is False for f in made):
            return
        factory = _only(made)
        tier = tier if made and all(f.expires for f in made) else Confidence.POSSIBLE
    yield Finding(
        at=read.place,
        message=f"{read.name} is expired by {read.how}(): reading it raises MissingGreenlet",
        help=_help(read),
        identity=(read.qualname, read.name, read.how),
        confidence=tier,
        related=tuple(_related(read, factory)),
    )


def _only(made: tuple[SessionFactory, ...]) -> Spot | None:
    expiring = [f.at for f in made if f.expires]
    return expiring[0] if len(expiring) == 1 else None


def _tier(read: ExpiredRead) -> Confidence:
    if read.is_remote:
        return Confidence.POSSIBLE
    through = read.calls or read.expired_calls or read.maybe
    known = read.how != "commit" or read.setting is True
    return Confidence.CERTAIN if read.sure and known and not through else Confidence.LIKELY


def _help(read: ExpiredRead) -> str:
    owner = read.written or "..."
    advice = [f"read it before {read.how}()", f"`await session.refresh({owner})` behind it"]
    if read.how == "commit":
        advice.append("`expire_on_commit=False` at the factory")
    return ", or ".join((", ".join(advice[:-1]), advice[-1]))


def _related(read: ExpiredRead, factory: Spot | None) -> Iterator[Related]:
    yield Related(f"{read.how}() expires it", (*read.expired_calls, read.expired)[0], True)
    for text, place in remedy.way_to(read.expired_calls, read.expired, f"calls {read.how}()"):
        yield Related(text, place, True)
    for text, place in remedy.way_to(read.calls, read.at, f"reads {read.model}.{read.attribute}"):
        yield Related(text, place, True)
    if factory is not None and read.how == "commit":
        yield Related("the session is made here, without expire_on_commit=False", factory)
