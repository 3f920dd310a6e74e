"""`subqueryload` repeats a limited statement that is not ordered by something unique: it may get other rows.

## Why is this bad?
`subqueryload` loads the children by a second statement, which has the first one, limit and all, as a subquery. Without
an order by something unique the database is free to choose other rows for it: then some objects have empty
collections though there are children. That depends on plans and on what is written in between, and seldom shows in
tests.

## Bad
```python
def page(session):
    return session.scalars(select(User).options(subqueryload(User.posts)).limit(20)).all()
```

## Good
```python
def page(session):
    return session.scalars(select(User).options(subqueryload(User.posts)).order_by(User.id).limit(20)).all()
```

## When not to use it
Where the column that orders is unique though no constraint says so.

## What it cannot see
An order that comes from out of sight. `selectinload` asks by the keys of the rows that came, and has no such trouble.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy, written
from sqlalint.flow.events import StatementExecuted
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL122", "subquery-load-without-order", severity=Severity.WARNING, tier=Confidence.LIKELY)
def check(executed: StatementExecuted, project: Project) -> Iterator[Finding]:
    """One finding for each statement."""
    if executed.cut is None or executed.is_ordered is not False:
        return
    found = [load for load in executed.loads if load.how == "subquery" and load.in_row and load.sure]
    if not found:
        return
    names = remedy.plural([load.name for load in found])
    options = ", ".join(f"selectinload({load.name})" for load in found)
    loaded = "is loaded by a second limited query" if len(found) == 1 else "are loaded by further limited queries"
    yield Finding(
        at=written.place(found[0], executed.query),
        message=f"{names} {loaded}: without a unique order it may get other rows",
        help=f"load with `{options}`, or order by the primary key",
        identity=written.identity(executed, names),
        confidence=Confidence.LIKELY,
        related=(
            Related("the statement", executed.query.at, True),
            Related("its rows are limited here", executed.cut, True),
            *(Related(f"{load.name}: its relationship", load.relationship.at) for load in found),
        ),
    )
