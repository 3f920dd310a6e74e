"""The rows of a statement that eager-joins a collection are fetched without `unique()`: that raises.

## Why is this bad?
A joined collection repeats its parent once per child. Since 2.0 a result does not remove the repetitions by itself,
and refuses to give rows before it is told to: `InvalidRequestError: The unique() method must be invoked on this
Result, as it contains results that include joined eager loads against collections`. It is raised when rows are
fetched, also when no parent has more than one child.

## Bad
```python
def users(session):
    return session.scalars(select(User).options(joinedload(User.posts))).all()
```

## Good
```python
def users(session):
    return session.scalars(select(User).options(joinedload(User.posts))).unique().all()
```

## When not to use it
The exception is sure to come wherever the finding is certain. Where an option is given on some ways only, ignore the
finding if that way does not fetch here.

## What it cannot see
Statements whose options come from out of sight, and results that another function fetches.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from sqlalint.facts.expression import Attribute, Await, Call, Name, Starred, Subscript
from sqlalint.facts.span import Spot
from sqlalint.facts.statement import expression_at
from sqlalint.flow import remedy
from sqlalint.flow.events import ResultConsumed
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Edit, Finding, Fix, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL106", "joined-collection-without-unique", severity=Severity.ERROR, fix="safe")
def check(fetch: ResultConsumed, project: Project) -> Iterator[Finding]:
    """One finding for each place that fetches."""
    sure = [c for c in fetch.collections if c.sure]
    named = (sure or list(fetch.collections))[0]
    yield Finding(
        at=fetch.place,
        message=(
            f"select({fetch.query.entity}) joins the collection {named.name}: "
            f"{fetch.method} raises InvalidRequestError without .unique()"
        ),
        help=_help(fetch, named.name),
        identity=(fetch.qualname, fetch.query.entity, named.name, fetch.method),
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        related=tuple(_related(fetch)),
        fix=_fix(fetch, project, safe=bool(sure) and not fetch.shared),
    )


def _fix(fetch: ResultConsumed, project: Project, *, safe: bool) -> Fix | None:
    """`.unique()` before the rows are taken. Where it is not sure that they raise now, other rows may come of it.

    There is none in a function that is given the statement: its other callers may give it others.
    """
    if fetch.unhashable or fetch.calls:
        return None
    edits: tuple[Edit, ...] | None
    if fetch.method.startswith("."):
        edits = (Edit(replace(fetch.at, span=fetch.at.span.start), "unique()."),)
    else:
        edits = _around(fetch.at, project)
    return Fix("Add `.unique()`", edits, safe) if edits else None


def _around(at: Spot, project: Project) -> tuple[Edit, ...] | None:
    """`.unique()` after an iterable; None for one of a form that it cannot be put after."""
    iterable = expression_at(project.statement(at.path, at.definition), at.span)
    if isinstance(iterable, Starred):
        iterable = iterable.value
    if iterable is None:
        return None
    start, end = replace(at, span=iterable.span.start), replace(at, span=iterable.span.end)
    match iterable:
        case Name() | Attribute() | Call() | Subscript():
            return (Edit(end, ".unique()"),)
        case Await():
            return Edit(start, "("), Edit(end, ").unique()")
        case _:
            return None


def _help(fetch: ResultConsumed, name: str) -> str:
    if fetch.unhashable:
        return f"load it with `selectinload({name})`: `unique()` cannot compare rows that hold a JSON or ARRAY value"
    if fetch.method.startswith("."):
        return f"`.unique(){fetch.method}`, or load it with `selectinload({name})`"
    return f"iterate over `.unique()` of the result, or load it with `selectinload({name})`"


def _related(fetch: ResultConsumed) -> Iterator[Related]:
    for text, place in remedy.source(fetch.query, "the statement"):
        yield Related(text, place, True)
    for text, place in remedy.way_to(fetch.calls, fetch.at, f"calls {fetch.method}"):
        yield Related(text, place, True)
    for collection in fetch.collections:
        if collection.option is not None:
            yield Related(f"{collection.name} is joined here", collection.option, True)
    for collection in fetch.collections:
        how = "a collection" if collection.option is not None else 'a collection with lazy="joined"'
        yield Related(f"{collection.name}: {how}", collection.relationship.at)
