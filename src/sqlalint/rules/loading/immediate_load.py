"""A relationship is loaded by `lazy="immediate"` or `immediateload()`: one query per row, inside the query.

## Why is this bad?
`immediate` does what lazy loading does, at once: for each object that a query gives, one SELECT. It looks like eager
loading and is the same N+1, and nothing in the code that reads the rows shows it. A many-to-one costs one query for
each distinct target that is not in the session yet.

## Bad
```python
def users(session):
    return session.scalars(select(User).options(immediateload(User.posts))).all()
```

## Good
```python
def users(session):
    return session.scalars(select(User).options(selectinload(User.posts))).all()
```

## When not to use it
For a many-to-one whose few targets are in the session already.

## What it cannot see
Queries that are executed out of sight. Queries of one row are not reported.
"""

from collections.abc import Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.flow import remedy, written
from sqlalint.flow.events import EagerLoad, StatementExecuted
from sqlalint.project import edits
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Edit, Finding, Fix, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL115", "immediate-load", severity=Severity.WARNING, fix="unsafe")
def check(executed: StatementExecuted, project: Project) -> Iterator[Finding]:
    """One finding for each option, or for each relationship that the mapper loads so."""
    for load in executed.loads:
        one_row = executed.single and not load.many_above
        if load.how != "immediate" or one_row or load.seldom or load.relationship.collection is None:
            continue
        owner = load.name.rpartition(".")[0]
        distinct = load.relationship.direction == "many-to-one"
        each = f"distinct {written.called(load)}" if distinct else remedy.words(owner)
        yield Finding(
            at=load.relationship.at if load.option is None else written.place(load, executed.query),
            message=f"{load.name} is loaded immediately: one query per {each}",
            help=f"load it with `selectinload({load.name})`" if load.option else 'lazy="selectin" loads all at once',
            identity=(owner, load.name) if load.option is None else written.identity(executed, load.name),
            confidence=Confidence.CERTAIN if load.sure and not distinct else Confidence.LIKELY,
            related=tuple(_related(executed, load)),
            fix=_fix(project, load),
        )


def _fix(project: Project, load: EagerLoad) -> Fix | None:
    found = _setting(project, load) if load.option is None else written.swapped(project, load, "selectinload")
    return Fix(f"Load {load.name} with one query for all", found, safe=False) if found else None


def _setting(project: Project, load: EagerLoad) -> tuple[Edit, ...]:
    """`lazy="selectin"` in place of what the relationship says."""
    at = load.relationship.at
    call = edits.call_at(project, at)
    setting = call.keyword("lazy") if call is not None else None
    if not isinstance(setting, ex.Literal) or setting.value != "immediate":
        return ()
    return (Edit(Spot(at.path, at.definition, setting.span), '"selectin"'),)


def _related(executed: StatementExecuted, load: EagerLoad) -> Iterator[Related]:
    yield Related("the query" if load.option else "a query of it", executed.query.at, True)
    if load.option is not None:
        yield Related(f"{load.name}: its relationship", load.relationship.at)
