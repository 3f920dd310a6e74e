"""A relationship is read for each row of a query that did not load it: one more query per row.

## Why is this bad?
A relationship with the default `lazy="select"` is fetched when it is first read. In a loop over the rows of a query
that is one statement for every row: 20 users are 21 statements, 2,000 users are 2,001. It passes every test with
three rows, and it is the most frequent reason why a page of a database application is slow.

For a many-to-one the session looks into its identity map first, so that it costs one statement per *distinct* target.

## Bad
```python
def titles(session):
    return [(user.name, [post.title for post in user.posts]) for user in session.scalars(select(User)).all()]
```

## Good
```python
def titles(session):
    users = session.scalars(select(User).options(selectinload(User.posts))).all()
    return [(user.name, [post.title for post in user.posts]) for user in users]
```

## When not to use it
Where the query surely gives few rows and the loop is not on a hot path, or where the relationship is read for a few of
many rows only: then loading it for all of them may cost more than it saves.

## What it cannot see
Objects that come from out of sight (a parameter, `self`, a function that is not followed) have an unknown load state,
and nothing is said about them. Objects that some other code has loaded into the same session are not known either.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy
from sqlalint.flow.events import LazyRead, LoopReads
from sqlalint.flow.mend import option_fix
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule

_LOOKUPS = ("_type", "_types", "_status", "_statuses", "_kind", "_kinds", "_role", "_roles", "_priority", "_priorities")


@rule("SAL101", "lazy-load-in-loop", severity=Severity.WARNING, fix="unsafe")
def check(loads: LoopReads, project: Project) -> Iterator[Finding]:
    """One finding for each loop over the rows of one query; its relationships are grouped."""
    tiers = [(_tier(read), read) for read in loads.reads if read.relationship is not None]
    if not tiers:
        return
    best = min((tier for tier, _ in tiers), key=lambda t: t.rank)
    main = [read for tier, read in tiers if tier == best]
    rest = [read for tier, read in tiers if tier != best]
    yield Finding(
        at=main[0].place,
        message=_message(main),
        help=_help([*main, *rest]),
        identity=(main[0].qualname, *sorted({read.name for read in main})),
        confidence=best,
        related=tuple(_related(loads, main, rest)),
        fix=option_fix(project, [*main, *rest]) if best != Confidence.POSSIBLE else None,
    )


def _tier(read: LazyRead) -> Confidence:
    relationship = read.relationship
    assert relationship is not None
    if read.unsure or read.is_remote:
        return Confidence.POSSIBLE
    if relationship.is_unclear or read.query.inferred or read.is_far:
        return Confidence.LIKELY
    if relationship.direction != "many-to-one":
        return Confidence.CERTAIN
    elsewhere = not read.query.at.is_beside(read.at)
    if (relationship.self_referential and read.target_held) or read.target_alive:
        return Confidence.POSSIBLE  # objects are kept, and what the rows lead to may be among them
    shared = elsewhere or read.target_held or relationship.self_referential or _is_lookup(read)
    return Confidence.LIKELY if shared else Confidence.CERTAIN


def _is_lookup(read: LazyRead) -> bool:
    table = read.target_table.rpartition(".")[2].rpartition(":")[2]
    return table.lower().endswith(_LOOKUPS)


def _message(reads: list[LazyRead]) -> str:
    parts = []
    per_row = [r for r in reads if not remedy.is_per_distinct(r)]
    for owner in dict.fromkeys(remedy.owner(r) for r in per_row):
        names = list(dict.fromkeys(r.name for r in per_row if remedy.owner(r) == owner))
        verb = "is" if len(names) == 1 else "are"
        parts.append(f"One query per {owner}: {remedy.plural(names)} {verb} loaded at each iteration")
    for read in (r for r in reads if remedy.is_per_distinct(r)):
        what = remedy.target(read.attribute)
        parts.append(f"One query per distinct {what}: {read.name} is loaded at each iteration")
    message = "; ".join(dict.fromkeys(p if i == 0 else p[0].lower() + p[1:] for i, p in enumerate(parts)))
    further = list(dict.fromkeys(f.name for r in reads for f in r.further))
    return f"{message}, and then {remedy.plural(further)}" if further else message


def _help(reads: list[LazyRead]) -> str:
    texts = remedy.advice(reads)
    if any(r.relationship is not None and r.relationship.lazy in ("dynamic", "write_only") for r in reads):
        texts.append('a `lazy="dynamic"` relationship has no loader option: query the rows of all parents at once')
    return "; ".join(texts) or "load it with the query that gives the rows"


def _related(loads: LoopReads, main: list[LazyRead], rest: list[LazyRead]) -> Iterator[Related]:
    yield Related("the loop", loads.loop.at, True)
    options = ", some options are not known" if loads.query.has_unknown_options else ", no option for it"
    for text, place in remedy.source(loads.query, f"the rows come from here{options}"):
        yield Related(text, place, True)
    for read in main[1:]:
        yield Related(f"{read.name} is loaded here", read.place, True)
    for text, place in remedy.way(main):
        yield Related(text, place, True)
    for read in rest:
        each = (
            f"one query per distinct {remedy.target(read.attribute)}"
            if remedy.is_per_distinct(read)
            else "a query per row"
        )
        yield Related(f"perhaps {read.name} too, {each}", read.at, True)
    for text, at in dict.fromkeys((f"and then {f.name}", f.at) for r in main for f in r.further):
        yield Related(text, at, True)
    for read in main:
        if read.relationship is not None:
            yield Related(remedy.setting(read), read.relationship.at)
