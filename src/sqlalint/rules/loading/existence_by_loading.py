"""Rows are loaded, or all of them are counted, to see whether there are any.

## Why is this bad?
`EXISTS` stops at the first row that it finds and sends back one value. `count()` reads them all, `.all()` makes objects
of all of them, and `.first()` still loads a whole row, with what is eager on it.

## Bad
```python
def has_written(session, author_id):
    return session.query(Post).filter(Post.author_id == author_id).count() > 0
```

## Good
```python
def has_written(session, author_id):
    return session.query(session.query(Post).filter(Post.author_id == author_id).exists()).scalar()
```

## When not to use it
Where the table is small, or the condition is on a unique column: then the difference is the width of a row.

## What it cannot see
Lists that another function returns, and objects that are tested before they are used.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy
from sqlalint.flow.counted_fix import fix
from sqlalint.flow.counting import EXISTENCE
from sqlalint.flow.events import Counted
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL118", "existence-by-loading", severity=Severity.INFO, fix="unsafe", default=False)
def check(counted: Counted, project: Project) -> Iterator[Finding]:
    """One finding for each value of which only the truth is used."""
    if counted.purpose != EXISTENCE:
        return
    yield Finding(
        at=counted.at,
        message=_message(counted),
        help=_help(counted),
        identity=(counted.qualname, counted.name or counted.entity),
        confidence=Confidence.LIKELY if counted.unsure else Confidence.CERTAIN,
        related=(Related("this is fetched", counted.fetched, True),),
        fix=fix(project, counted, "Ask whether there is one"),
    )


def _message(counted: Counted) -> str:
    what = remedy.words(counted.entity) or "row"
    match counted.how:
        case "collection":
            return f"{counted.name} is loaded only to see whether it is empty"
        case "all":
            return f"Every {what} of the query is loaded only to see whether there is one"
        case "count":
            return f"Every {what} of the query is counted only to see whether there is one"
        case _:
            return f"One {what} is loaded only to see whether there is one"


def _help(counted: Counted) -> str:
    if counted.name:
        return f"ask for it: `select({counted.name}.any())` for this one object"
    if counted.legacy:
        return "ask with EXISTS: `session.query(query.exists()).scalar()`"
    return "ask with EXISTS: `session.scalar(select(statement.exists()))`"
