"""A relationship that raises instead of loading is read of an object whose query did not load it.

## Why is this bad?
`lazy="raise"` and `raiseload()` forbid lazy loads: whoever reads the relationship has to load it with the query. Where
the query does not, reading it raises `InvalidRequestError: 'User.posts' is not available due to lazy='raise'`. Code that
hardly ever runs (an error path, a task) raises there for the first time in production.

With `raise_on_sql` a many-to-one whose target is in the session already is given, and raises nothing.

## Bad
```python
def titles(session, user_id):
    user = session.scalars(select(User).where(User.id == user_id).options(raiseload(User.posts))).one()
    return [post.title for post in user.posts]
```

## Good
```python
def titles(session, user_id):
    user = session.scalars(select(User).where(User.id == user_id).options(selectinload(User.posts))).one()
    return [post.title for post in user.posts]
```

## When not to use it
Where other code has surely loaded the object with that relationship into the same session before.

## What it cannot see
Objects that come from out of sight, and relationships that were set or loaded by code that is not followed.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy
from sqlalint.flow.events import LazyRead, RaisedRead
from sqlalint.flow.mend import option_fix
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL112", "raise-relationship-not-loaded", severity=Severity.ERROR, fix="unsafe", default=False)
def check(raised: RaisedRead, project: Project) -> Iterator[Finding]:
    """One finding for each query and attribute."""
    read = raised.read
    confidence = _tier(read)
    yield Finding(
        at=read.place,
        message=f"Reading {read.name} here raises InvalidRequestError: its query does not load it",
        help="; ".join(remedy.advice([read])) or "load it with the query that gives the object",
        identity=(read.qualname, read.name),
        confidence=confidence,
        related=tuple(_related(read)),
        fix=option_fix(project, [read]) if confidence != Confidence.POSSIBLE else None,
    )


def _tier(read: LazyRead) -> Confidence:
    relationship = read.relationship
    if read.unsure or read.is_remote or relationship is None:
        return Confidence.POSSIBLE
    if read.query.inferred or read.is_far:
        return Confidence.LIKELY
    held = relationship.lazy == "raise_on_sql" and relationship.direction != "one-to-many"
    return Confidence.LIKELY if held else Confidence.CERTAIN


def _related(read: LazyRead) -> Iterator[Related]:
    for text, place in remedy.source(read.query, "the object comes from here"):
        yield Related(text, place, True)
    for text, place in remedy.way([read]):
        yield Related(text, place, True)
    if read.relationship is not None:
        yield Related(f'{read.name}: lazy="{read.relationship.lazy or "select"}"', read.relationship.at)
