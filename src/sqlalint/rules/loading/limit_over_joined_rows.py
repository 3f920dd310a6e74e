"""A limit on a query that joins a collection counts the joined rows, not the objects.

## Why is this bad?
A join gives one row per child, and LIMIT cuts rows. `session.query(User).join(User.posts).limit(20)` gives fewer than
20 users, as a `Query` removes repetitions; `select(User)` gives some users several times. With `contains_eager` the
last user's posts are cut off in the middle, and stay so in the session. Pages of results overlap or have gaps.

`joinedload` is not concerned: SQLAlchemy puts the limited statement into a subquery then.

## Bad
```python
def page(session):
    return session.query(User).join(User.posts).order_by(User.id).limit(20).all()
```

## Good
```python
def page(session):
    return session.query(User).where(User.posts.any()).order_by(User.id).limit(20).all()
```

## When not to use it
Where each object has at most one child that satisfies the conditions, but no unique constraint says so.

## What it cannot see
Limits that a library adds, and joins by an ON clause along no relationship.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy, written
from sqlalint.flow.events import MultipliedRows, StatementExecuted
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL111", "limit-over-joined-rows", severity=Severity.ERROR, fix="show")
def check(executed: StatementExecuted, project: Project) -> Iterator[Finding]:
    """One finding for each limit."""
    if executed.cut is None:
        return
    found = [rows for rows in executed.multiplied if rows.is_loaded or not executed.one_row]
    if not found:
        return
    first = next((rows for rows in found if rows.is_loaded), found[0])
    entity = executed.query.entity
    names = " join ".join(dict.fromkeys((entity, first.children)))
    yield Finding(
        at=executed.calls[0] if executed.calls else executed.cut,
        message=_message(executed, first, names),
        help=f"filter with `{first.name}.any(...)` or a subquery of ids; load with `selectinload({first.name})`",
        identity=written.identity(executed, first.name),
        confidence=Confidence.LIKELY if all(rows.filtered for rows in found) else Confidence.CERTAIN,
        related=tuple(_related(executed, first)),
    )


def _message(executed: StatementExecuted, rows: MultipliedRows, names: str) -> str:
    if executed.one_row:
        return f"One row of {names} is taken: {rows.name} is loaded with one at most"
    return f"LIMIT counts rows of {names}, not {written.rows(executed.query.entity)}"


def _related(executed: StatementExecuted, rows: MultipliedRows) -> Iterator[Related]:
    yield Related("the statement", executed.query.at, True)
    for text, place in remedy.way_to(executed.calls, executed.at, "executes it"):
        yield Related(text, place, True)
    if executed.calls and executed.cut is not None:
        yield Related("its rows are limited here", executed.cut, True)
    yield Related(f"{rows.name}: a collection", rows.relationship.at)
