"""What migrations do to a schema, as typed values: one for each operation, in whatever way it is spelt.

The names are those of Alembic. Raw SQL is read into the same values. A table is named with its schema (`audit.events`);
None stands for a name that is not known.
"""

from typing import TypeAlias, TypedDict

from msgspec import Struct

from sqlalint.facts.span import Spot
from sqlalint.project.history.schema import Column, Constraint, Index, Schema, ServerDefault
from sqlalint.project.migrations.operations import Batch, Scope
from sqlalint.project.schema import ColumnType


class Operation(Struct, frozen=True, array_like=True, kw_only=True):
    """`sql` tells that it was written as SQL; `batch` is the block in which it stands; `idempotent` that it says itself
    that it does nothing where that is done already (IF EXISTS, `if_not_exists=True`, `checkfirst=True`)."""

    at: Spot
    scope: Scope
    sql: bool = False
    batch: Batch | None = None
    idempotent: bool = False


class Where(TypedDict):
    """The fields of an operation that tell where it stands, and in what."""

    at: Spot
    scope: Scope
    sql: bool
    batch: Batch | None


class NewColumn(Struct, frozen=True, array_like=True, kw_only=True):
    """A column as it is made, with the constraints and indexes that it brings.

    `whole` is False where arguments are out of sight. `python_default` tells of a `default=`, which DDL leaves out.
    `primary_key` and `autoincrement` are as written, `at` is the call, `nullable_at` the keyword.
    """

    column: Column
    at: Spot
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    primary_key: bool | None = False
    inline_primary_key: bool = False
    python_default: bool = False
    sequence: bool = False
    whole: bool = True
    keywords: tuple[str, ...] = ()
    nullable_at: Spot | None = None
    default_at: Spot | None = None
    type_at: Spot | None = None


class CreateTable(Operation, frozen=True, tag="create_table"):
    """`whole` is False where a column or constraint is out of sight."""

    table: str | None
    columns: tuple[NewColumn, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    whole: bool = True


class DropTable(Operation, frozen=True, tag="drop_table"):
    table: str | None
    cascade: bool = False


class RenameTable(Operation, frozen=True, tag="rename_table"):
    table: str | None
    to: str | None


class AddColumn(Operation, frozen=True, tag="add_column"):
    table: str | None
    column: NewColumn | None


class DropColumn(Operation, frozen=True, tag="drop_column"):
    table: str | None
    column: str | None
    cascade: bool = False


class AlterColumn(Operation, frozen=True, tag="alter_column"):
    """`given` are the keywords that are there (`nullable`, `server_default`, `type_`, `new_column_name`, `comment`, ...).

    `nullable` and `type_` are None where they are not given or not known, `default` where none is given or it is dropped.
    `existing` are those that tell what the column was (`existing_type`, ...) with what they say, where it is known.
    """

    table: str | None
    column: str | None
    given: frozenset[str]
    type_: ColumnType | None = None
    nullable: bool | None = None
    default: ServerDefault | None = None
    new_name: str | None = None
    comment: str | None = None
    existing_type: ColumnType | None = None
    existing_nullable: bool | None = None
    existing_default: ServerDefault | None = None
    whole: bool = True
    type_at: Spot | None = None
    nullable_at: Spot | None = None
    default_at: Spot | None = None

    def old_type(self, before: Schema) -> ColumnType | None:
        """The type that the column had: as revisions made it, else as `existing_type` says; None where not known."""
        table = before.table(self.table)
        column = table.column(self.column or "") if table is not None else None
        return (column.type if column is not None else None) or self.existing_type


class CreateIndex(Operation, frozen=True, tag="create_index"):
    """`dialect_where` are the dialects for which it has a condition (`postgresql_where`)."""

    table: str | None
    index: Index
    concurrently: bool = False
    dialect_where: tuple[str, ...] = ()
    name_at: Spot | None = None


class DropIndex(Operation, frozen=True, tag="drop_index"):
    name: str | None
    table: str | None
    concurrently: bool = False
    cascade: bool = False


class RenameIndex(Operation, frozen=True, tag="rename_index"):
    name: str | None
    to: str | None


class AddConstraint(Operation, frozen=True, tag="add_constraint"):
    """`not_valid` as PostgreSQL means it; `using_index` an index that becomes the constraint."""

    table: str | None
    constraint: Constraint
    not_valid: bool = False
    using_index: str | None = None


class DropConstraint(Operation, frozen=True, tag="drop_constraint"):
    """`unnamed`: its name is given as None. `kind` is "" where it is not said."""

    table: str | None
    name: str | None
    kind: str = ""
    unnamed: bool = False
    cascade: bool = False


class RenameConstraint(Operation, frozen=True, tag="rename_constraint"):
    table: str | None
    name: str | None
    to: str | None


class ValidateConstraint(Operation, frozen=True, tag="validate_constraint"):
    table: str | None
    name: str | None


class SetTableComment(Operation, frozen=True, tag="table_comment"):
    table: str | None
    comment: str | None


class CreateType(Operation, frozen=True, tag="create_type"):
    """A native enum that is made by itself: `.create(bind)`, CREATE TYPE. `values` is None where they are not known."""

    name: str | None
    values: tuple[str, ...] | None


class DropType(Operation, frozen=True, tag="drop_type"):
    name: str | None


class AddEnumValue(Operation, frozen=True, tag="add_enum_value"):
    enum: str | None
    value: str | None


class RenameType(Operation, frozen=True, tag="rename_type"):
    name: str | None
    to: str | None


class RenameEnumValue(Operation, frozen=True, tag="rename_enum_value"):
    enum: str | None
    value: str
    to: str


class WriteRows(Operation, frozen=True, tag="write_rows"):
    """Rows written: `verb` is insert, update, delete or truncate. `everywhere`: no WHERE, all rows. `columns` are those
    that are set, None where they are not known; `literals` are the strings that are written or compared."""

    verb: str
    table: str | None
    everywhere: bool = False
    columns: tuple[str, ...] | None = None
    literals: tuple[str, ...] = ()


class ReadRows(Operation, frozen=True, tag="read_rows"):
    """A query, or a setting: nothing is changed."""

    tables: tuple[str, ...] = ()


class Setting(Operation, frozen=True, tag="setting"):
    """`SET name = value`; `value` is "" where it is not known."""

    name: str
    value: str = ""


class Other(Operation, frozen=True, tag="other"):
    """Something that leaves tables, types and indexes as they are: a view, a function, a trigger, an extension. `verb`
    is create, drop or alter."""

    verb: str
    what: str
    name: str | None = None
    table: str | None = None


class Unknown(Operation, frozen=True, tag="unknown"):
    """Something that is not understood. `tables` are those that it can be about, None where that may be any."""

    what: str
    tables: tuple[str, ...] | None = None


AnyOperation: TypeAlias = (
    CreateTable | DropTable | RenameTable | AddColumn | DropColumn | AlterColumn | CreateIndex | DropIndex | RenameIndex
    | AddConstraint | DropConstraint | RenameConstraint | ValidateConstraint | SetTableComment | CreateType | DropType
    | AddEnumValue | RenameType | RenameEnumValue | WriteRows | ReadRows | Setting | Other | Unknown
)  # fmt: skip


class Script(Struct, frozen=True, array_like=True):
    """What `upgrade()` or `downgrade()` does. `understood`: nothing in it is unknown. `raises`: it ends by raising."""

    operations: tuple[AnyOperation, ...] = ()
    understood: bool = True
    raises: bool = False
