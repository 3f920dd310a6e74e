"""A NOT NULL column is added to a table that may have rows, and nothing fills them.

## Why is this bad?
The rows that are there get no value, so the statement fails: `column "locale" contains null values` on PostgreSQL,
`Cannot add a NOT NULL column with default value NULL` on SQLite, there also on an empty table. `default=` does not help:
it is for rows that SQLAlchemy inserts and never reaches the DDL. The migration passes on the developer's empty database
and stops the deploy. (MySQL and MariaDB add the column and put 0 or '' into every row.)

## Bad
```python
def upgrade():
    op.add_column("users", sa.Column("locale", sa.String(8), nullable=False, default="en"))


def downgrade():
    op.drop_column("users", "locale")
```

## Good
```python
def upgrade():
    op.add_column("users", sa.Column("locale", sa.String(8), nullable=False, server_default="en"))


def downgrade():
    op.drop_column("users", "locale")
```

Or in three steps, where each row gets a value of its own: add it nullable, `UPDATE`, `alter_column(nullable=False)`.

## When not to use it
The rule is silent for a table that the same revision makes or empties before. Where a table is known to be empty in every
database, ignore the finding on its line.

## What it cannot see
Whether the table has rows.
"""

from collections.abc import Iterator

from sqlalint.project.history.migration import Migration, may_have_made
from sqlalint.project.history.operations import AddColumn, AlterColumn, NewColumn, WriteRows
from sqlalint.project.history.replay import Moment
from sqlalint.project.history.types import family
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Severity
from sqlalint.rules.registry import rule


@rule("SAL613", "not-null-without-server-default", severity=Severity.ERROR, fix="show", speaks="open")
def check(migration: Migration, project: Project) -> Iterator[Finding]:
    """Columns that are added or made NOT NULL while nothing gives the rows a value."""
    for way, moments in migration.both:
        for number, moment in enumerate(moments):
            match moment.operation:
                case AddColumn():
                    yield from _added(migration, way, moment, moments[:number])
                case AlterColumn():
                    yield from _altered(migration, way, moment, moments[:number])
                case _:
                    pass


def _added(migration: Migration, way: str, moment: Moment, earlier: tuple[Moment, ...]) -> Iterator[Finding]:
    operation = moment.operation
    assert isinstance(operation, AddColumn)
    new, table = operation.column, operation.table
    if new is None or table is None or not _fails(new) or _is_empty(migration, way, moment, table, earlier):
        return
    name = f"{table}.{new.column.name}"
    never = "; `default=` never reaches the DDL" if new.python_default else ""
    if migration.dialect in ("mysql", "mariadb"):
        message = f"adding `{name}` NOT NULL without `server_default` puts 0 or '' into the rows that are there{never}"
    else:
        message = f"adding `{name}` NOT NULL without `server_default` fails on a table with rows{never}"
    yield Finding(
        at=migration.here(operation, new.nullable_at),
        message=message,
        help=(
            f"A `server_default`; or add it nullable, UPDATE the rows, then "
            f'`op.alter_column("{table}", "{new.column.name}", nullable=False)`'
        ),
        identity=(migration.revision.id, way, name),
        confidence=Confidence.LIKELY if may_have_made(earlier, table) else Confidence.CERTAIN,
    )


def _fails(new: NewColumn) -> bool:
    """Whether a column surely has no value for the rows that are there."""
    column = new.column
    if not new.whole or column.nullable is not False or column.default is not None:
        return False
    is_serial = new.primary_key and family(column.type) in ("integer", None)
    return new.primary_key is not None and not is_serial


def _altered(migration: Migration, way: str, moment: Moment, earlier: tuple[Moment, ...]) -> Iterator[Finding]:
    """The one call that gives a default and takes NULL away: the default is for new rows only."""
    operation = moment.operation
    assert isinstance(operation, AlterColumn)
    table, column = operation.table, operation.column
    if table is None or column is None or operation.nullable is not False or operation.default is None:
        return
    known = moment.before.table(table)
    before = known.column(column) if known is not None else None
    if before is not None and before.nullable is False:
        return
    if _is_empty(migration, way, moment, table, earlier) or any(_fills(m, table) for m in earlier):
        return
    yield Finding(
        at=migration.here(operation, operation.nullable_at),
        message=f"making `{table}.{column}` NOT NULL fails where a row has NULL: its new default is for new rows only",
        help=f'`op.execute("UPDATE {table} SET {column} = ... WHERE {column} IS NULL")` before it',
        identity=(migration.revision.id, way, f"{table}.{column}"),
        confidence=Confidence.LIKELY,
    )


def _is_empty(
    migration: Migration, way: str, moment: Moment, table: str, earlier: tuple[Moment, ...]
) -> bool:  # fmt: skip
    """Whether the table has no rows: it is new, or emptied before."""
    if way == "upgrade" and migration.is_new(moment.before.table(table)):
        return True
    return any(
        isinstance(o := m.operation, WriteRows)
        and o.table == table
        and (o.verb == "truncate" or (o.verb == "delete" and o.everywhere))
        for m in earlier
    )


def _fills(moment: Moment, table: str) -> bool:
    """Whether rows of the table are written, or somebody may write them."""
    operation = moment.operation
    return (isinstance(operation, WriteRows) and operation.table in (table, None)) or may_have_made((moment,), table)
