"""A statement that joins a collection, or loads one by `subqueryload`, is fetched in batches: that raises.

## Why is this bad?
`yield_per` gives rows as they come. The children of one parent come in several rows, and may be in two batches, so
that SQLAlchemy refuses: `InvalidRequestError: Can't use yield_per with eager loaders that require uniquing or row
buffering`. `unique()` does not help: it raises too. `Result.yield_per(n)` with `unique()` worked before 2.1.

## Bad
```python
def names(session):
    users = session.scalars(select(User).options(joinedload(User.posts)).execution_options(yield_per=100))
    return [user.name for user in users]
```

## Good
```python
def names(session):
    users = session.scalars(select(User).options(selectinload(User.posts)).execution_options(yield_per=100))
    return [user.name for user in users]
```

## When not to use it
The exception is sure to come wherever the finding is certain.

## What it cannot see
Statements whose options come from out of sight. `partitions(n)` after `unique()` works everywhere.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy, written
from sqlalint.flow.events import EagerLoad, StatementExecuted
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL107", "joined-collection-with-yield-per", severity=Severity.ERROR, fix="show")
def check(executed: StatementExecuted, project: Project) -> Iterator[Finding]:
    """One finding for each execution."""
    found = [load for load in executed.loads if _raises(load)]
    if not executed.in_batches or not found:
        return
    refuses = project.environment.sqlalchemy_at_least("2.1") if executed.late else True
    if refuses is False:
        return
    sure = [load for load in found if load.sure]
    named = (sure or found)[0]
    how = "loads" if named.how == "subquery" else "joins the collection"
    by = " by subqueryload" if named.how == "subquery" else ""
    batches = "yield_per with unique()" if executed.late else "yield_per"
    yield Finding(
        at=executed.place,
        message=f"{written.made(executed.query)} {how} {named.name}{by}: {batches} raises InvalidRequestError",
        help=f"load it with `selectinload({named.name})`, one more SELECT per batch",
        identity=written.identity(executed, named.name),
        confidence=Confidence.CERTAIN if sure and refuses else Confidence.LIKELY,
        related=tuple(_related(executed, named)),
    )


def _raises(load: EagerLoad) -> bool:
    return (load.is_joined and load.is_collection) or (load.how == "subquery" and load.in_row)


def _related(executed: StatementExecuted, load: EagerLoad) -> Iterator[Related]:
    yield Related("the statement", executed.query.at, True)
    for text, place in remedy.way_to(executed.calls, executed.at, "executes it"):
        yield Related(text, place, True)
    if load.option is not None:
        yield Related(f"{load.name} is loaded here", load.option, True)
    yield Related(f"{load.name}: its relationship", load.relationship.at)
