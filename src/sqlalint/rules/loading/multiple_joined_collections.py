"""Two or more collections are joined into one statement: its rows are their product.

## Why is this bad?
A joined collection repeats its parent once per child. A second one repeats each of these rows once per child of its
own: a post with 30 comments and 10 tags comes in 300 rows, each of them with all columns of the post, a comment and a
tag. The database makes and sends them, and SQLAlchemy throws all but 40 of the objects away. The result is right, so
that nothing but the time tells.

## Bad
```python
def posts(session):
    return session.query(Post).options(joinedload(Post.comments), joinedload(Post.tags)).all()
```

## Good
```python
def posts(session):
    return session.query(Post).options(joinedload(Post.comments), selectinload(Post.tags)).all()
```

## When not to use it
Where one of the collections never has more than one or two members.

## What it cannot see
Options that come from out of sight, and statements that a library executes.
"""

from collections.abc import Iterator, Sequence

from sqlalint.flow import remedy, written
from sqlalint.flow.events import EagerLoad, StatementExecuted
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Edit, Finding, Fix, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL109", "multiple-joined-collections", severity=Severity.WARNING, fix="unsafe")
def check(executed: StatementExecuted, project: Project) -> Iterator[Finding]:
    """One finding for each statement."""
    joined = [load for load in executed.loads if load.is_joined and load.is_collection]
    certain = True
    found = _siblings([load for load in joined if load.sure])
    if not found:
        certain, found = False, _apart(joined)
    if not found:
        return
    changed = _to_change(found)
    names = remedy.plural([load.name for load in found])
    by_mapper = all(load.option is None for load in found)
    options = ", ".join(f"selectinload({load.name})" for load in changed)
    yield Finding(
        at=changed[-1].relationship.at if by_mapper else written.place(_shown(changed), executed.query),
        message=f"{_subject(executed, by_mapper)} the collections {names}: the rows are their product",
        help=f"join one at most, and load the others with `{options}`",
        identity=("", *(load.name for load in found)) if by_mapper else written.identity(executed, names),
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        related=tuple(_related(executed, found, by_mapper)),
        fix=_fix(project, changed, certain),
    )


def _siblings(joined: Sequence[EagerLoad]) -> list[EagerLoad]:
    """The first two or more collections of one parent."""
    groups: dict[tuple[int, tuple[str, ...]], list[EagerLoad]] = {}
    for load in joined:
        groups.setdefault((load.entity, load.path[:-1]), []).append(load)
    return next((group for group in groups.values() if len(group) > 1), [])


def _apart(joined: Sequence[EagerLoad]) -> list[EagerLoad]:
    """Two or more collections of which none is behind another."""
    found: list[EagerLoad] = []
    for load in joined:
        if not any(load.entity == f.entity and load.path[: len(f.path)] == f.path for f in found):
            found.append(load)
    return found if len(found) > 1 else []


def _to_change(found: Sequence[EagerLoad]) -> list[EagerLoad]:
    """All but the one that stays joined: one that a filter may be about, or that the mapper joins, or the first."""
    stays = next((load for load in found if load.how == "contains"), None)
    stays = stays or next((load for load in found if load.option is None), found[0])
    return [load for load in found if load is not stays and load.how == "joined"] or [found[-1]]


def _shown(changed: Sequence[EagerLoad]) -> EagerLoad:
    """The last one that an option loads."""
    return next((load for load in reversed(changed) if load.option is not None), changed[-1])


def _subject(executed: StatementExecuted, by_mapper: bool) -> str:
    if by_mapper:
        return f"Every query of {executed.query.entity} joins"
    return f"{written.made(executed.query)} joins"


def _fix(project: Project, changed: Sequence[EagerLoad], certain: bool) -> Fix | None:
    """`selectinload` for those that options join; only where that is all of them."""
    edits: list[Edit] = []
    for load in changed:
        swapped = written.swapped(project, load, "selectinload") if load.how == "joined" else ()
        if not swapped:
            return None
        edits += [edit for edit in swapped if edit not in edits]
    if not certain or not edits:
        return None
    names = remedy.plural([load.name for load in changed])
    return Fix(f"Load {names} with `selectinload`", tuple(edits), safe=False)


def _related(executed: StatementExecuted, found: Sequence[EagerLoad], by_mapper: bool) -> Iterator[Related]:
    yield Related("a query of it" if by_mapper else "the statement", executed.query.at, True)
    for load in found:
        if load.option is not None:
            yield Related(f"{load.name} is joined here", load.option, True)
    for load in found:
        how = "a collection" if load.option is not None else 'a collection with lazy="joined"'
        yield Related(f"{load.name}: {how}", load.relationship.at)
