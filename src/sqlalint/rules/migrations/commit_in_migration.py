"""A migration commits Alembic's own transaction, so that what follows is lost, or what came before cannot be undone.

## Why is this bad?
Alembic runs a migration in one transaction, writes the version stamp into it and commits both together.

`op.get_bind().commit()` ends that transaction. What follows begins another one, which nobody commits: everything after
the commit *and* the version stamp are lost, the exit status is 0. This is so also where the commit is the last
statement and with `transaction_per_migration`; a `begin()` after it does not help. On SQLite the tables stay and the
stamp is lost, so that the next run fails. Where env.py began the transaction itself (`engine.begin()`), and inside
`autocommit_block()`, it raises `InvalidRequestError`.

SQL `COMMIT`, and the commit of the driver's connection, end the transaction behind SQLAlchemy's back. The run goes on
and is stamped, but what came before can no longer be rolled back: a later failure leaves it applied and unstamped, and
the next run fails on it. On SQLite `COMMIT` raises. Where it is the first that a migration does, nothing came before;
what follows is then no longer in one transaction with psycopg2 and asyncpg, each statement commits by itself.

## Bad
```python
def upgrade():
    bind = op.get_bind()
    op.add_column("users", sa.Column("locale", sa.String(8)))
    bind.commit()
    op.create_index("ix_users_locale", "users", ["locale"])


def downgrade():
    op.drop_index("ix_users_locale", "users")
    op.drop_column("users", "locale")
```

## Good
```python
def upgrade():
    op.add_column("users", sa.Column("locale", sa.String(8)))
    op.create_index("ix_users_locale", "users", ["locale"])


def downgrade():
    op.drop_index("ix_users_locale", "users")
    op.drop_column("users", "locale")
```
What has to run outside of a transaction (`CREATE INDEX CONCURRENTLY`) belongs in
`with op.get_context().autocommit_block():`, in a revision of its own.

## When not to use it
Where an env.py commits after it has run the migrations, a commit in them loses nothing; the finding is a warning there
and says what remains true. It is left alone where nothing has been changed before it: an env.py that opens a transaction
before Alembic does even needs it ahead of `autocommit_block()`.

## What it cannot see
Commits in functions that are not part of the project, and SQL that is put together when it runs.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sqlalint.project.migrations import Revision
from sqlalint.project.migrations.changes import changes
from sqlalint.project.migrations.env_script import EnvScript
from sqlalint.project.migrations.operations import Execution, Step, Transaction, spot_in
from sqlalint.project.migrations.sql import statements
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule

_HELP = "For what must run outside of a transaction: `with op.get_context().autocommit_block():`"
_STANDS = "what came before can no longer be rolled back, and a later failure leaves it applied and unstamped"
_SINGLY = (
    "each statement after it commits by itself, and a failure between them leaves half of it applied and unstamped"
)


class _Said(Struct, frozen=True):
    """What is to be told of a commit; `stands`: only that what came before it stands."""

    message: str
    severity: Severity
    written: str
    stands: bool = False


@rule("SAL602", "commit-in-migration", severity=Severity.ERROR, fix="show")
def check(revision: Revision, project: Project) -> Iterator[Finding]:
    """Commits of the bind, its transaction, or its driver's connection, in Python or SQL."""
    env = project.migrations.env(revision)
    for name, body in project.migrations.bodies(revision):
        seen: set[object] = set()
        for number, step in enumerate(body.steps):
            said = _said(step, env, project)
            at = spot_in(step, revision.path)
            if said is None or at in seen:  # what one call of a helper leads to is one cause
                continue
            sure = True
            if said.stands and not _changed_before(body.steps, number):
                if not isinstance(step, Execution) or _changing(body.steps[number + 1 :]) < 2:
                    continue
                # with psycopg 3, which looks what state the server is in, another transaction begins
                said, sure = (
                    _Said(f"`COMMIT` ends Alembic's transaction: {_SINGLY}", said.severity, said.written),
                    False,
                )
            seen.add(at)
            yield Finding(
                at=at,
                message=said.message,
                help=_HELP,
                identity=(revision.id, name, said.written),
                severity=said.severity,
                confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
                related=() if at == step.at else (Related("the commit is here", step.at, True),),
            )


def _changed_before(steps: Sequence[Step], number: int) -> bool:
    """Whether this body has changed something when it commits; in a loop, in an earlier turn."""
    looped = [s for s in steps[number + 1 :] if s.scope.loop] if steps[number].scope.loop else []
    return _changing([*steps[:number], *looped]) > 0


def _changing(steps: Sequence[Step]) -> int:
    return sum(bool(changes(step)) for step in steps)


def _said(step: Step, env: EnvScript | None, project: Project) -> _Said | None:
    """What a step that commits what Alembic began does."""
    if isinstance(step, Execution) and step.through in ("op", "bind", "session"):
        if step.sql is None or step.scope.autocommit or not _commits(step.sql):
            return None
        return _Said(f"`COMMIT` ends Alembic's transaction: {_STANDS}", Severity.WARNING, "COMMIT", True)
    if not isinstance(step, Transaction) or step.verb != "commit":
        return None
    if step.on == "dbapi":
        message = f"`{step.written}` ends Alembic's transaction behind its back: {_STANDS}"
        return None if step.scope.autocommit else _Said(message, Severity.WARNING, step.written, True)
    if step.on in ("bind", "bind transaction") or (step.on == "session" and step.mode == "control_fully"):
        return _of_bind(step, env, project)
    return None


def _of_bind(step: Transaction, env: EnvScript | None, project: Project) -> _Said:
    written = f"`{step.written}`"
    if step.on == "bind" and project.environment.sqlalchemy_at_least("2.0") is False:
        message = f"{written}: a connection has no `commit()` before SQLAlchemy 2.0: AttributeError"
    elif step.scope.autocommit:
        message = f"{written} ends the transaction that `autocommit_block()` keeps: InvalidRequestError"
    elif env is not None and env.begins_connection and not env.begins_context:
        message = f"{written} ends the transaction that `env.py` began: InvalidRequestError"
    elif env is not None and env.commits:
        message = f"{written} ends Alembic's transaction: {_STANDS}"
        return _Said(message, Severity.WARNING, step.written, True)
    else:
        message = f"{written} ends Alembic's transaction: {_lost(project)}"
    return _Said(message, Severity.ERROR, step.written)


def _lost(project: Project) -> str:
    known = {d.name for d in project.environment.dialects if d.certainty == "known"}
    if known == {"sqlite"}:
        return "the version stamp is lost with exit status 0, and the next run fails on what is there already"
    return "everything after it and the version stamp are lost, with exit status 0"


def _commits(sql: str) -> bool:
    return any(s.split()[0].upper() == "COMMIT" and "PREPARED" not in s.upper() for s in statements(sql))
