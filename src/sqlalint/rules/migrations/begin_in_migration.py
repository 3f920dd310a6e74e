"""A migration begins a transaction on Alembic's connection, which is in one already.

## Why is this bad?
When `upgrade()` runs, Alembic has looked up the version on the connection and so begun a transaction. From SQLAlchemy
2.0 on a second `begin()` raises `InvalidRequestError: This connection has already initialized a SQLAlchemy
Transaction() object`, before the first statement of the block has run. On 1.4 it worked.

## Bad
```python
def upgrade():
    with op.get_bind().begin():
        op.execute("UPDATE users SET name = trim(name)")


def downgrade():
    raise NotImplementedError("the spaces are gone")
```

## Good
```python
def upgrade():
    op.execute("UPDATE users SET name = trim(name)")


def downgrade():
    raise NotImplementedError("the spaces are gone")
```

## When not to use it
The rule is silent where the project may still run on SQLAlchemy 1.4. If it says 2.0 and that is wrong, set
`target-versions = {sqlalchemy = "1.4"}`.

## What it cannot see
A connection that is handed to functions outside of the project.
"""

from collections.abc import Iterator

from sqlalint.project.migrations import Revision
from sqlalint.project.migrations.operations import Transaction, spot_in
from sqlalint.project.project import Project
from sqlalint.report.finding import Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL646", "begin-in-migration", severity=Severity.ERROR, fix="show")
def check(revision: Revision, project: Project) -> Iterator[Finding]:
    """`begin()` on the bind, before anything has ended its transaction, from SQLAlchemy 2.0 on."""
    if project.environment.sqlalchemy_at_least("2.0") is not True:
        return
    for name, body in project.migrations.bodies(revision):
        seen: set[object] = set()
        for step in body.steps:
            if not isinstance(step, Transaction) or step.on not in ("bind", "bind transaction"):
                continue
            if step.verb in ("commit", "rollback"):
                break
            at = spot_in(step, revision.path)
            if step.verb != "begin" or step.scope.autocommit or at in seen:
                continue
            seen.add(at)
            yield Finding(
                at=at,
                message="the migration's connection is in a transaction already: `begin()` raises InvalidRequestError",
                help="`begin_nested()` for a savepoint, or nothing",
                identity=(revision.id, name, step.written),
                related=() if at == step.at else (Related("it begins here", step.at, True),),
            )
