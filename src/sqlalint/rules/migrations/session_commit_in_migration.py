"""A Session on the migration's connection is committed, which commits nothing, or rolled back, which takes all with it.

## Why is this bad?
A Session that is given `op.get_bind()` joins the transaction that Alembic has begun there. Its `commit()` flushes and
leaves that transaction open: the commit commits nothing, and a later failure still rolls back the rows. Who reads the
migration believes that it works in steps, and it does not.

Its `rollback()` does act, on everything: it rolls back what the migration has done so far and ends its transaction. The
exit status is 0 and the revision is not stamped, unless another one follows it in the same run. On PostgreSQL the run
fails where it is the first on a new database, whose `alembic_version` is rolled back too. What the Session commits after
that is committed, whatever becomes of the migration.

## Bad
```python
def upgrade():
    session = Session(bind=op.get_bind())
    session.execute(sa.text("UPDATE users SET name = trim(name)"))
    session.commit()


def downgrade():
    raise NotImplementedError("the spaces are gone")
```

## Good
```python
def upgrade():
    session = Session(bind=op.get_bind())
    session.execute(sa.text("UPDATE users SET name = trim(name)"))
    session.flush()


def downgrade():
    raise NotImplementedError("the spaces are gone")
```
Write `flush()` rather than nothing: without it, objects that were added are silently not inserted when the Session is
closed.

## When not to use it
The finding is a warning: where nobody relies on the commit, the migration works.

## What it cannot see
Sessions that are made by functions outside of the project. A rollback of a Session that has not done anything yet, one
with `join_transaction_mode="create_savepoint"`, and one in an `except` that raises again are left alone.
"""

from collections.abc import Iterator

from sqlalint.project.migrations import Revision
from sqlalint.project.migrations.changes import changes
from sqlalint.project.migrations.operations import Execution, Transaction, Unresolved, spot_in
from sqlalint.project.project import Project
from sqlalint.report.finding import Edit, Finding, Fix, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL603", "session-commit-in-migration", severity=Severity.WARNING, fix="unsafe")
def check(revision: Revision, project: Project) -> Iterator[Finding]:
    """`commit()` and `rollback()` of Sessions on the bind."""
    env = project.migrations.env(revision)
    stamps = env is not None and env.commits
    for name, body in project.migrations.bodies(revision):
        used = changed = False
        seen: set[object] = set()
        for step in body.steps:
            changed = changed or bool(changes(step))
            used = used or (isinstance(step, Execution) and step.through == "session")
            used = used or (isinstance(step, Unresolved) and step.live)
            if not isinstance(step, Transaction):
                continue
            if step.on.startswith("bind") and step.verb in ("commit", "rollback"):
                break  # what a Session does from here on is in a transaction of its own
            if step.on != "session":
                continue
            place = (spot_in(step, revision.path), step.verb)
            if step.scope.autocommit:  # each statement is committed by itself: nothing is left to lose
                continue
            commits = step.verb == "commit" and step.mode != "control_fully"
            harms = step.verb == "rollback" and _acts(step, used) and (changed or not stamps)
            if place not in seen and (commits or harms):
                seen.add(place)
                yield _finding(revision, name, step, _effect(step, changed, stamps))
            if step.verb == "rollback" and _acts(step, used) and not step.scope.guards:
                break


def _acts(step: Transaction, used: bool) -> bool:
    """Whether a rollback undoes what it should not."""
    raises = any(g.kind == "reraised" for g in step.scope.guards)
    return used and not raises and step.mode != "create_savepoint"


def _effect(step: Transaction, changed: bool, stamps: bool) -> str:
    """What the call does. `changed`: something came before it; `stamps`: env.py commits the stamp after all."""
    if step.verb == "commit":
        return "does not commit here: the Session joins Alembic's transaction"
    undone = "rolls back what came before it"
    if stamps:
        return f"{undone}: the Session joins Alembic's transaction"
    lost = "the version stamp is lost: the Session joins Alembic's transaction"
    return f"{undone}, and {lost}" if changed else f"ends the transaction of the migration, and {lost}"


def _finding(revision: Revision, function: str, step: Transaction, effect: str) -> Finding:
    at = spot_in(step, revision.path)
    own = at == step.at
    commits = step.verb == "commit"
    edit = Edit(step.name_at, "flush") if commits and own and step.name_at else None
    return Finding(
        at=at,
        message=f"`{step.written}` {effect}",
        help=(
            f"`{step.written.removesuffix('commit()')}flush()` sends what is pending; Alembic commits at the end"
            if commits
            else "Raise, and Alembic rolls back; for a part of it use `with session.begin_nested():`"
        ),
        identity=(revision.id, function, step.written),
        severity=None if commits else Severity.ERROR,
        related=() if own else (Related(f"the {step.verb} is here", step.at, True),),
        fix=Fix("Replace `commit()` by `flush()`", (edit,), safe=False) if edit else None,
    )
