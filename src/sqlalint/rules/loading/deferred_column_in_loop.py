"""A column that the query left out is read for each of its rows: one more query per row and column.

## Why is this bad?
`load_only()`, `defer()` and `deferred()` columns make a query lighter as long as nobody reads what is left out. Reading
it loads it for that one object: 200 rows are 200 more statements for each such column, and the query that was to be
made faster is the slowest of the page.

## Bad
```python
def bios(session):
    return [user.bio for user in session.scalars(select(User).options(load_only(User.name)))]
```

## Good
```python
def bios(session):
    return [user.bio for user in session.scalars(select(User).options(load_only(User.name, User.bio)))]
```

## When not to use it
Where the column is large and is read for a few of many rows only.

## What it cannot see
Objects that come from out of sight, and columns of subclasses that a query of the base class leaves out.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy
from sqlalint.flow.events import LazyRead, LoopReads
from sqlalint.flow.mend_columns import column_fix
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL123", "deferred-column-in-loop", severity=Severity.WARNING, fix="unsafe")
def check(loads: LoopReads, project: Project) -> Iterator[Finding]:
    """One finding for each loop over the rows of one query; its columns are grouped."""
    tiers = [(_tier(read), read) for read in loads.reads if read.column]
    if not tiers:
        return
    best = min((tier for tier, _ in tiers), key=lambda t: t.rank)
    main = [read for tier, read in tiers if tier == best]
    names = list(dict.fromkeys(read.name for read in main))
    verb = "is left out by its query and" if len(names) == 1 else "are left out by their query and each"
    yield Finding(
        at=main[0].place,
        message=f"One query per {remedy.words(main[0].model_name)}: {remedy.plural(names)} {verb} loaded at each iteration",
        help=f"load {remedy.plural([f'`{name}`' for name in names])} with the query: in `load_only`, or by `undefer`",
        identity=(main[0].qualname, *sorted(names)),
        confidence=best,
        related=tuple(_related(loads, main)),
        fix=column_fix(project, main) if best != Confidence.POSSIBLE else None,
    )


def _tier(read: LazyRead) -> Confidence:
    if read.unsure or read.is_remote:
        return Confidence.POSSIBLE
    return Confidence.LIKELY if read.query.inferred or read.is_far else Confidence.CERTAIN


def _related(loads: LoopReads, main: list[LazyRead]) -> Iterator[Related]:
    yield Related("the loop", loads.loop.at, True)
    for text, place in remedy.source(loads.query, "the rows come from here"):
        yield Related(text, place, True)
    for read in main[1:]:
        yield Related(f"{read.name} is loaded here", read.place, True)
    for text, place in remedy.way(main):
        yield Related(text, place, True)
