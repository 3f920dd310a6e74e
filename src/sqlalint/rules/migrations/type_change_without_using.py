"""A column's type is changed to one that PostgreSQL does not cast to by itself.

## Why is this bad?
`ALTER COLUMN ... TYPE` casts the values only where an assignment would: among numbers, among dates and timestamps, from
anything to text. Anything else fails, with rows or without: `column "total" cannot be cast automatically to type
integer`. What to do with the values is to be said with `USING`.

## Bad
```python
def upgrade():
    op.alter_column("users", "name", type_=sa.Integer, existing_type=sa.String(100))


def downgrade():
    op.alter_column("users", "name", type_=sa.String(100), existing_type=sa.Integer)
```

## Good
```python
def upgrade():
    op.alter_column(
        "users", "name", type_=sa.Integer, existing_type=sa.String(100), postgresql_using="name::integer"
    )


def downgrade():
    op.alter_column("users", "name", type_=sa.String(100), existing_type=sa.Integer)
```

## When not to use it
The rule speaks only where the project runs on PostgreSQL and both types are known.

## What it cannot see
Casts that the database was given (`CREATE CAST`), and whether each value can be cast.
"""

from collections.abc import Iterator

from sqlalint.project.history.migration import Migration
from sqlalint.project.history.operations import AlterColumn
from sqlalint.project.history.types import casts_by_itself, written_type
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Severity
from sqlalint.rules.registry import rule


@rule("SAL616", "type-change-without-using", severity=Severity.ERROR, fix="show", speaks="open")
def check(migration: Migration, project: Project) -> Iterator[Finding]:
    """Type changes without USING, between types that are both known."""
    known = migration.runs_on("postgresql")
    if known is False or migration.dialect != "postgresql":
        return
    for way, moments in migration.both:
        for operation, before, _ in moments:
            if not isinstance(operation, AlterColumn) or "type_" not in operation.given or not operation.whole:
                continue
            old = operation.old_type(before)
            if "postgresql_using" in operation.given or casts_by_itself(old, operation.type_) is not False:
                continue
            name = f"{operation.table}.{operation.column}"
            new = written_type(operation.type_)
            yield Finding(
                at=migration.here(operation, operation.type_at),
                message=f"PostgreSQL does not cast `{name}` from {written_type(old)} to {new} by itself",
                help=f'`postgresql_using="{operation.column}::{new}"`, or an expression that says what becomes of the values',
                identity=(migration.revision.id, way, name),
                confidence=Confidence.CERTAIN if known else Confidence.LIKELY,
            )
