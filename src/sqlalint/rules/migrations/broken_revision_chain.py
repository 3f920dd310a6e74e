"""A revision names a parent that does not exist, or itself, so that no Alembic command works any more.

## Why is this bad?
Alembic builds the whole graph before it does anything. A `down_revision` or `depends_on` that names no revision ends
every command with `KeyError`, a cycle with `CycleDetected`, and a file in the versions folder that has no `revision`
with `Could not determine revision id from filename`. A partial id, which the command line accepts, counts as none
here.

## Bad
```python
# 6d7e_unique_emails.py
revision = "6d7e"
down_revision = "1a2"


def upgrade():
    op.create_index("ux_users_email", "users", ["email"], unique=True)


def downgrade():
    op.drop_index("ux_users_email", "users")
```

## Good
```python
# 6d7e_unique_emails.py
revision = "6d7e"
down_revision = "1a2b"


def upgrade():
    op.create_index("ux_users_email", "users", ["email"], unique=True)


def downgrade():
    op.drop_index("ux_users_email", "users")
```

## When not to use it
Where revisions come from packages that only code adds to the version locations. Name them in `version_locations`
instead, and Alembic's own commands find them too.

## What it cannot see
A tree in which a file or an id could not be read may hold the missing revision: there only self loops and cycles are
reported.
"""

from collections.abc import Iterable, Iterator

from sqlalint.facts.expression import Literal
from sqlalint.facts.span import Spot
from sqlalint.facts.statement import Assign
from sqlalint.project.migrations import Reference, Revision, ScriptTree, graph
from sqlalint.project.project import Project
from sqlalint.report.finding import Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL605", "broken-revision-chain", severity=Severity.ERROR)
def check(tree: ScriptTree, project: Project) -> Iterator[Finding]:
    """Missing parents, loops, and files without a revision."""
    yield from _loops(tree)
    if tree.resolved:
        elsewhere = {r.id for t in project.migrations.trees if t.id != tree.id for r in t.revisions}
        known = elsewhere | {r.id for r in tree.revisions}  # an id of another tree: code may put the two together
        for revision in tree.revisions:
            yield from _missing(tree, revision, known)
    if project.environment.at_least("alembic", "1.13.3"):
        for revision in tree.revisions:
            if revision.down_at is not None and _is_empty_string(project, revision.down_at):
                yield Finding(
                    at=revision.down_at,
                    message='`down_revision = ""`: an empty string is taken for an id, and no revision has it',
                    help="`down_revision = None` for the first revision",
                    identity=("down_revision", revision.id, ""),
                )
    if tree.is_configured:
        for file in tree.unidentified:
            if file.absent:
                yield Finding(
                    at=file.at,
                    message=f"`{file.path.rpartition('/')[2]}` assigns no `revision`: every Alembic command fails",
                    help="Move the file out of the versions folder, or give it `revision` and `down_revision`",
                    identity=("unidentified",),
                )


def _is_empty_string(project: Project, at: Spot) -> bool:
    statement = project.statement(at.path, at.definition)
    return isinstance(statement, Assign) and isinstance(statement.value, Literal) and statement.value.value == ""


def _missing(tree: ScriptTree, revision: Revision, known: set[str]) -> Iterator[Finding]:
    for variable, named in (("down_revision", revision.parents), ("depends_on", revision.depends_on)):
        for reference in named or ():
            if reference.id in known or (variable == "depends_on" and reference.id in tree.labels):
                continue
            yield _no_such(revision, variable, reference, named or (), tree.revisions)


def _no_such(
    revision: Revision, variable: str, reference: Reference, named: Iterable[Reference], all_: tuple[Revision, ...]
) -> Finding:
    written = f'`{variable} = "{reference.id}"`' if len(tuple(named)) == 1 else f'`"{reference.id}"` in `{variable}`'
    message = f"{written}: no revision has this id"
    import difflib  # only what is wrong already pays for it

    longer = [r for r in all_ if r.id.startswith(reference.id) and r.id != revision.id]
    others = [r.id for r in all_ if r.id != revision.id]
    near = [] if longer else difflib.get_close_matches(reference.id, others, 1, 0.75)
    if longer:
        message += f". `{longer[0].id}` begins with it; ids must be whole here."
    advice = f"Did you mean `{(near or [r.id for r in longer])[0]}`?" if near or longer else ""
    return Finding(
        at=reference.at,
        message=message,
        help=advice
        or "Name the revision that this one follows; `alembic history` lists the ids when the chain is whole",
        identity=(variable, revision.id, reference.id),
        related=tuple(Related(f"`{r.id}` is here", r.at) for r in longer[:1]),
    )


def _loops(tree: ScriptTree) -> Iterator[Finding]:
    """Each loop once, at its first member: over `down_revision`, else over `depends_on` too."""
    parents = graph.parents(tree.revisions)
    found = graph.cycles(parents)
    seen = {member for cycle in found for member in cycle}
    both = {r.id: (*parents[r.id], *(d.id for d in r.depends_on or ())) for r in tree.revisions if r.id not in seen}
    by_id = {r.id: r for r in tree.revisions}
    for variable, cycles in (("down_revision", found), ("depends_on", graph.cycles(both))):
        for cycle in cycles:
            yield _loop(variable, cycle, by_id)


def _loop(variable: str, cycle: tuple[str, ...], by_id: dict[str, Revision]) -> Finding:
    first = by_id[cycle[0]]
    if len(cycle) == 1:
        message = f"`{variable}` of `{first.id}` names `{first.id}` itself: every Alembic command fails"
    else:
        way = " to ".join(f"`{c}`" for c in (*cycle[1:], cycle[0]))
        message = f"`{variable}` leads from `{first.id}` to {way}: none of them comes first"
    return Finding(
        at=_place(variable, first),
        message=message,
        help="Name the revision that this one follows, or None for the first of all",
        identity=("loop", *sorted(cycle)),
        related=tuple(
            Related(f"`{c}` belongs to the cycle", _place("down_revision", by_id[c]), True) for c in cycle[1:]
        ),
    )


def _place(variable: str, revision: Revision) -> Spot:
    at = revision.depends_at if variable == "depends_on" else revision.down_at
    return at or revision.down_at or revision.at
