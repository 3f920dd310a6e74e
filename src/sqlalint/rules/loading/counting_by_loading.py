"""Rows are loaded to be counted.

## Why is this bad?
`len(query.all())` sends every row over the wire and makes an object of each, to throw all of them away for one number
that the database has at hand. With 200 rows nobody notices; with 200,000 it takes seconds and hundreds of megabytes.

## Bad
```python
def how_many(session):
    return len(session.query(Post).filter(Post.title != "").all())
```

## Good
```python
def how_many(session):
    return session.query(Post).filter(Post.title != "").count()
```

## When not to use it
Where the objects are loaded on purpose, so that the session has them when they are asked for later.

## What it cannot see
Lists that another function returns: what else is done with them there is not looked at. A query that joins a
collection has more rows than objects, and a count of its rows is another number: no fix is offered for it.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy
from sqlalint.flow.counted_fix import fix
from sqlalint.flow.counting import COUNT
from sqlalint.flow.events import Counted
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL117", "counting-by-loading", severity=Severity.WARNING, fix="unsafe")
def check(counted: Counted, project: Project) -> Iterator[Finding]:
    """One finding for each list, or collection, of which only the length is used."""
    if counted.purpose != COUNT:
        return
    yield Finding(
        at=counted.at,
        message=_message(counted),
        help=_help(counted),
        identity=(counted.qualname, counted.name or counted.entity),
        confidence=Confidence.LIKELY if counted.unsure else Confidence.CERTAIN,
        related=(Related("the rows are loaded here", counted.fetched, True),),
        fix=fix(project, counted, "Let the database count"),
    )


def _message(counted: Counted) -> str:
    if counted.name:
        return f"{counted.name} is loaded only to be counted"
    return f"Every {remedy.words(counted.entity) or 'row'} of the query is loaded only to be counted"


def _help(counted: Counted) -> str:
    entity = counted.entity
    if not entity:
        return "count in the database: `select(func.count())` with the same conditions"
    if counted.name:
        return (
            f"count in the database: `select(func.count()).select_from({entity})` with the condition of the collection"
        )
    if counted.joined:
        return f"count in the database: `select(func.count(distinct({entity}.id)))`; `count()` counts the joined rows"
    if counted.legacy:
        return "count in the database: `.count()` in place of `.all()`"
    return f"count in the database: `select(func.count()).select_from({entity})`"
