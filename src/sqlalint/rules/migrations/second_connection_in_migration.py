"""A migration opens a connection of its own, which does not see what the migration has done and waits for its locks.

## Why is this bad?
Until Alembic commits, only its own connection sees what the migration has created. A second one, from
`Session(op.get_bind().engine)`, an application's `SessionLocal()` or `create_engine(...)`, gets `relation "t" does not
exist`; where the migration has altered the table before, the second connection waits for the lock that the first one
holds, and the first one waits for the second: for ever, since no database sees a deadlock there.

## Bad
```python
def upgrade():
    op.create_table("roles", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))
    session = Session(op.get_bind().engine)
    session.execute(sa.text("INSERT INTO roles (name) VALUES ('admin')"))
    session.commit()


def downgrade():
    op.drop_table("roles")
```

## Good
```python
def upgrade():
    op.create_table("roles", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))
    session = Session(bind=op.get_bind())
    session.execute(sa.text("INSERT INTO roles (name) VALUES ('admin')"))
    session.flush()


def downgrade():
    op.drop_table("roles")
```

## When not to use it
Where the other connection leads to another database on purpose.

## What it cannot see
Which tables a connection touches that is handed to functions outside of the project, or in SQL that is put together
when it runs: the finding is `likely` then.
"""

from collections.abc import Iterator, Sequence

from sqlalint.project.migrations import Revision
from sqlalint.project.migrations.changes import changes, tables_of
from sqlalint.project.migrations.operations import Creation, Directive, Execution, Opening, Step, Transaction, spot_in
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL642", "second-connection-in-migration", severity=Severity.ERROR, fix="show", speaks="open")
def check(revision: Revision, project: Project) -> Iterator[Finding]:
    """Each opening in `upgrade()`, with the first table on which the two connections meet."""
    steps = project.migrations.upgrade(revision).steps
    seen: set[object] = set()
    openings = [(_meeting(project, steps, o), o) for o in steps if isinstance(o, Opening)]
    for met, opening in sorted(openings, key=lambda o: o[0] is None):  # the surest first: one finding a place
        at = spot_in(opening, revision.path)
        if at in seen:
            continue
        seen.add(at)
        related = [] if at == opening.at else [Related("it is opened here", opening.at, True)]
        if met is not None:
            related.append(Related(f"`{met[0]}` is used on it here", spot_in(met[2], revision.path), True))
        only_sqlite = {d.name for d in project.environment.dialects if d.certainty == "known"} == {"sqlite"}
        yield Finding(
            at=at,
            message=f"`{opening.what}` opens a second connection: {_effect(met)}",
            help="`Session(bind=op.get_bind())`, or `op.execute`",
            identity=(revision.id, opening.what),
            confidence=_tier(steps, opening, met is not None and not only_sqlite),
            related=tuple(related),
        )


def _tier(steps: Sequence[Step], opening: Opening, meets: bool) -> Confidence:
    if meets:
        return Confidence.CERTAIN
    return Confidence.LIKELY if _crosses(steps, opening) else Confidence.POSSIBLE


def _crosses(steps: Sequence[Step], opening: Opening) -> bool:
    """Whether the migration holds changes that are not committed when the other connection is used, or may be."""
    used = [
        n for n, s in enumerate(steps) if isinstance(s, Execution) and s.through == "other" and s.opening == opening.at
    ]
    if not used and opening.scope.calls:  # what a helper opens and only looks through ends with the helper
        used = [steps.index(opening)]
    pending = False
    for step in steps[: used[-1]] if used else steps:
        if isinstance(step, Opening) or (isinstance(step, Execution) and step.through == "other"):
            continue
        if step.scope.autocommit or _ends(step) or (isinstance(step, Transaction) and step.verb == "commit"):
            pending = False
        else:
            pending = pending or bool(changes(step))
    return pending


def _effect(met: tuple[str, str, Step] | None) -> str:
    if met is None:
        return "it does not see what this migration has changed, and waits for its locks"
    table, verb, _ = met
    if verb == "create":
        return f"it does not see `{table}`, which this migration has not committed"
    return f"it waits for ever for the lock that this migration holds on `{table}`"


def _meeting(project: Project, steps: Sequence[Step], opening: Opening) -> tuple[str, str, Step] | None:
    """The first table that was created or altered in the open transaction and is then used on the other connection."""
    touched: dict[str, str] = {}
    for step in steps:
        match step:
            case Execution(through="other") if step.opening == opening.at:
                for table in sorted(tables_of(project, step)):
                    if table in touched:
                        return table, touched[table], step
            case Execution(through="other") | Opening():
                pass
            case Transaction(verb="commit", on="bind" | "dbapi" | "bind transaction"):
                touched.clear()
            case _ if step.scope.autocommit or _ends(step):
                touched.clear()
            case Directive() | Creation() | Execution():
                for change in changes(step):
                    if change.verb in ("create", "drop", "alter", "rename"):
                        verb = "create" if (change.verb, change.what) == ("create", "table") else "alter"
                        for table in [change.table] if change.table else tables_of(project, step):
                            touched.setdefault(table, verb)
            case _:
                pass
    return None


def _ends(step: Step) -> bool:
    return isinstance(step, Execution) and (step.sql or "").strip(" ;\n").upper() == "COMMIT"
