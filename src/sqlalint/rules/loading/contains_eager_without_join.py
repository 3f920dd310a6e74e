"""`contains_eager` names a relationship whose table nothing joins: every parent gets all rows.

## Why is this bad?
`contains_eager` takes the objects of a relationship from the columns of the statement, and trusts it to have joined
them. Where it has not, the table comes into FROM by itself, and each row of it is combined with each parent: every user
gets all posts, as if they were its own. SQLAlchemy says so only by a warning about a cartesian product when the
statement is executed. The wrong collections stay in the session, and a later flush may write what comes of them.

The same happens where an alias is joined and the option names the plain class.

## Bad
```python
def users(session):
    return session.query(User).options(contains_eager(User.posts)).all()
```

## Good
```python
def users(session):
    return session.query(User).join(User.posts).options(contains_eager(User.posts)).all()
```

## When not to use it
There is no use for it where the finding is certain.

## What it cannot see
Statements with a FROM that is not understood, with conditions that may link the two, and `from_statement`.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy, written
from sqlalint.flow.events import EagerLoad, StatementExecuted
from sqlalint.project.project import Project
from sqlalint.report.finding import Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL110", "contains-eager-without-join", severity=Severity.ERROR, fix="show")
def check(executed: StatementExecuted, project: Project) -> Iterator[Finding]:
    """One finding for each option."""
    for load in executed.unlinked:
        owner, _, attribute = load.name.rpartition(".")
        target = project.models.model(load.relationship.target)
        if target is None or _is_below(load, executed.unlinked):
            continue
        what = f"all {attribute}" if load.is_collection else f"any {remedy.words(target.name)}"
        yield Finding(
            at=written.place(load, executed.query),
            message=f"contains_eager({load.name}) but nothing joins {target.name}: every {owner} gets {what}",
            help=(
                f"join it: `.join({load.name})`; where an alias of it is joined, name that: "
                f"`contains_eager({load.name}.of_type(alias))`"
            ),
            identity=written.identity(executed, load.name),
            related=tuple(_related(executed, load)),
        )


def _is_below(load: EagerLoad, unlinked: tuple[EagerLoad, ...]) -> bool:
    """Whether it is behind another that is not linked, which is the cause."""
    return any(
        other is not load and other.entity == load.entity and load.path[: len(other.path)] == other.path
        for other in unlinked
    )


def _related(executed: StatementExecuted, load: EagerLoad) -> Iterator[Related]:
    yield Related("the statement", executed.query.at, True)
    for text, place in remedy.way_to(executed.calls, executed.at, "executes it"):
        yield Related(text, place, True)
    yield Related(f"{load.name}: its relationship", load.relationship.at)
