"""A commit in a loop expires the rows that the loop is over: each of them is selected again when it is touched.

## Why is this bad?
`commit()` expires every object of the session, unless its factory was told `expire_on_commit=False`: what was read
before may have been changed by others. In a loop over a list of objects each turn's commit expires all of them, so
that the next turn begins with a SELECT for one row. 1,000 rows are 1,000 more statements, and whatever was loaded
eagerly on them is loaded again one by one.

## Bad
```python
def close(outer):
    with Session(outer.bind) as session:
        posts = session.scalars(select(Post)).all()
        for post in posts:
            post.title = post.title + " (closed)"
            session.commit()
```

## Good
```python
def close(outer):
    with Session(outer.bind) as session:
        posts = session.scalars(select(Post)).all()
        for post in posts:
            post.title = post.title + " (closed)"
        session.commit()
```

## When not to use it
Where each row is to be a transaction of its own, and loading it anew is what is wanted. Iterating over ids and getting
each object says so.

## What it cannot see
Whether a session that comes from out of sight was made with `expire_on_commit=False`: then the finding is only likely,
and there is none where the setting occurs anywhere in the project. Objects of an `AsyncSession`: reading those
after a commit raises.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy
from sqlalint.flow.events import RowsExpired
from sqlalint.flow.values import EXPIRES
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule

_FAR = 3


@rule("SAL124", "commit-expires-loaded-rows", severity=Severity.WARNING, fix="show")
def check(expired: RowsExpired, project: Project) -> Iterator[Finding]:
    """One finding for each loop over rows that a commit expires."""
    if expired.method == "commit" and expired.expiry != EXPIRES and project.sets_expiry:
        return
    rows = expired.each or f"the {remedy.words(expired.entity)} rows"
    yield Finding(
        at=expired.at,
        message=f"{expired.method}() expires {rows}: each remaining {expired.entity} is selected again",
        help=f"{expired.method}() after the loop, or iterate over ids and get each {expired.entity}",
        identity=(expired.qualname, expired.entity),
        confidence=_tier(expired),
        related=tuple(_related(expired)),
    )


def _tier(expired: RowsExpired) -> Confidence:
    if expired.conditional and len(expired.calls) > _FAR:
        return Confidence.POSSIBLE
    unsure = expired.conditional or not expired.expiry or expired.query.inferred
    return Confidence.LIKELY if unsure else Confidence.CERTAIN


def _related(expired: RowsExpired) -> Iterator[Related]:
    yield Related("the loop", expired.loop.at, True)
    yield Related("the rows come from here", expired.query.at, True)
    yield Related(f"a {remedy.words(expired.entity)} is touched here", expired.touched, True)
    for text, place in remedy.way_to(expired.calls, expired.committed, f"calls {expired.method}()"):
        yield Related(text, place, True)
