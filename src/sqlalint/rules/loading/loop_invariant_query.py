"""A query that does not depend on the loop is made at each iteration: the same rows every time.

## Why is this bad?
Nothing that the query asks with changes from one iteration to the next, and nothing in the loop changes what it
finds. One query before the loop gives the same answer, and costs one way to the database instead of one per element.

## Bad
```python
def names(session):
    for post in session.scalars(select(Post)).all():
        tags = session.scalars(select(Tag).order_by(Tag.name)).all()
        print(post.title, [tag.name for tag in tags])
```

## Good
```python
def names(session):
    tags = session.scalars(select(Tag).order_by(Tag.name)).all()
    for post in session.scalars(select(Post)).all():
        print(post.title, [tag.name for tag in tags])
```

## When not to use it
Where somebody else may change the rows while the loop runs, and each iteration has to see it. A query before the loop
is also made where the loop has no element.

## What it cannot see
All silences of query-in-loop hold here too. It says nothing either where the loop writes, or hands the session to
something that is not followed, and where a call whose answer may change is part of the query.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy
from sqlalint.flow.events import RepeatedQuery
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL105", "loop-invariant-query", severity=Severity.WARNING, fix="show")
def check(query: RepeatedQuery, project: Project) -> Iterator[Finding]:
    """One finding for each query that is the same at every iteration."""
    if query.varies:
        return
    what = query.entity or "the database"
    yield Finding(
        at=query.place,
        message=f"The same query at each iteration: {what} is queried once per {remedy.words(query.item)}, and nothing of it depends on the loop",
        help="make the query before the loop",
        identity=(query.qualname, query.entity, query.at.definition),
        confidence=_tier(query),
        related=tuple(_related(query)),
    )


def _tier(query: RepeatedQuery) -> Confidence:
    if query.held:
        return Confidence.POSSIBLE
    return Confidence.CERTAIN if query.is_direct else Confidence.LIKELY


def _related(query: RepeatedQuery) -> Iterator[Related]:
    yield Related("the loop", query.loop.at, True)
    for text, place in remedy.way_to(query.calls, query.at, "queries"):
        yield Related(text, place, True)
