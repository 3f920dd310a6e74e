"""Whole objects are loaded where one column of each is read.

## Why is this bad?
Each row is read with all its columns and becomes an object that the session keeps and compares at every flush; what is
eager on it is loaded too. A `select` of the column reads that alone and gives its values as they are: with wide rows
it takes a fraction of the time and of the memory.

## Bad
```python
def ids(session):
    return [user.id for user in session.scalars(select(User).order_by(User.name))]
```

## Good
```python
def ids(session):
    return session.scalars(select(User.id).order_by(User.name)).all()
```

## When not to use it
Where the objects are loaded on purpose, so that the session has them when they are asked for later, or where loading one
does something (a `load` event, a `reconstructor`).

## What it cannot see
Rows that leave the function, or that anything but a comprehension has. It says nothing of queries that have loader
options, lock rows, are `distinct` or give few rows, of models with one or two columns, and of a `Query` that joins: that
gives an object once, but its column as often as it is joined.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy
from sqlalint.flow.events import OneColumn
from sqlalint.project.project import Project
from sqlalint.report.finding import Finding, Fix, Related, Severity
from sqlalint.rules.registry import rule

_HELP = {"select": "select({0})", "legacy": "query({0})", "query": "query.with_entities({0})"}


@rule("SAL119", "entity-loaded-for-one-column", severity=Severity.INFO, fix="unsafe", default=False)
def check(read: OneColumn, project: Project) -> Iterator[Finding]:
    """One finding for each query whose objects are read for one column."""
    name = f"{read.entity}.{read.column}"
    written = _HELP[read.form].format(f"{read.written}.{read.column}")
    yield Finding(
        at=read.at,
        message=f"Every {remedy.words(read.entity)} of the query is loaded only for {name}",
        help=f"select the column: `{written}`",
        identity=(read.qualname, name),
        related=(Related("the rows are loaded here", read.query, True),),
        fix=Fix(f"Select {name}", read.edits, safe=False) if read.edits else None,
    )
