"""A column that has a server default gets a type to which PostgreSQL does not cast the default.

## Why is this bad?
`USING` says how the values become the new type, not the default. The statement fails, with rows or without:
`default for column "status" cannot be cast automatically to type status_v2`. Alembic sends the new type before the new
default, so that it fails even where the same call sets another default or takes it away.

## Bad
```python
def upgrade():
    op.alter_column("users", "name", server_default="0")
    op.alter_column(
        "users", "name", type_=sa.Integer, existing_type=sa.String(100), postgresql_using="name::integer"
    )


def downgrade():
    op.alter_column("users", "name", server_default=None)
    op.alter_column("users", "name", type_=sa.String(100), existing_type=sa.Integer)
```

## Good
```python
def upgrade():
    op.alter_column("users", "name", server_default="0")
    op.alter_column("users", "name", server_default=None)
    op.alter_column(
        "users", "name", type_=sa.Integer, existing_type=sa.String(100), postgresql_using="name::integer"
    )
    op.alter_column("users", "name", server_default="0")


def downgrade():
    op.alter_column("users", "name", server_default=None)
    op.alter_column("users", "name", type_=sa.String(100), existing_type=sa.Integer)
```

## When not to use it
The rule speaks only where the project runs on PostgreSQL, both types are known and the default is: from the revisions
before, or from `existing_server_default`.

## What it cannot see
A default that was given outside of the migrations.
"""

from collections.abc import Iterator

from sqlalint.project.history.migration import Migration
from sqlalint.project.history.operations import AlterColumn
from sqlalint.project.history.schema import Schema
from sqlalint.project.history.types import casts_by_itself, written_type
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Severity
from sqlalint.rules.registry import rule


@rule("SAL638", "type-change-keeps-default", severity=Severity.ERROR, fix="show", speaks="open")
def check(migration: Migration, project: Project) -> Iterator[Finding]:
    """Type changes over a default that does not follow."""
    known = migration.runs_on("postgresql")
    if known is False or migration.dialect != "postgresql":
        return
    for way, moments in migration.both:
        for operation, before, _ in moments:
            if not isinstance(operation, AlterColumn) or "type_" not in operation.given or not operation.whole:
                continue
            old = operation.old_type(before)
            if not _has_default(operation, before) or casts_by_itself(old, operation.type_) is not False:
                continue
            if casts_by_itself(old, operation.type_) is False and "postgresql_using" not in operation.given:
                continue  # it fails for the values already
            name = f"{operation.table}.{operation.column}"
            column = f'"{operation.table}", "{operation.column}"'
            yield Finding(
                at=migration.here(operation, operation.type_at),
                message=(
                    f"`{name}` has a server default, which PostgreSQL does not cast from {written_type(old)} to "
                    f"{written_type(operation.type_)}: this fails, `USING` or not"
                ),
                help=(
                    f"Three calls: `op.alter_column({column}, server_default=None)`, then the type with "
                    f"`postgresql_using`, then the new default"
                ),
                identity=(migration.revision.id, way, name),
                confidence=Confidence.CERTAIN if known else Confidence.LIKELY,
            )


def _has_default(operation: AlterColumn, before: Schema) -> bool:
    """Whether the column surely has a default that is written out."""
    table = before.table(operation.table)
    column = table.column(operation.column or "") if table is not None else None
    default = column.default if column is not None and column.sure else None
    if column is None or (default is not None and default.kind == "unread"):
        default = operation.existing_default
    return default is not None and default.kind in ("text", "sql")
