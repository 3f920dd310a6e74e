"""An operation done to a schema."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sqlalint.facts.span import Spot
from sqlalint.project.history import operations as op
from sqlalint.project.history.names import Convention, by_convention, may_be_called, server_name
from sqlalint.project.history.schema import (
    SQL,
    Column,
    Constraint,
    EnumType,
    Index,
    Made,
    Schema,
    ServerDefault,
    Table,
    enum_name,
)
from sqlalint.project.migrations.operations import Scope
from sqlalint.project.schema import ColumnType


class Setting(Struct, frozen=True):
    """For whom operations are done: the revision, the dialect (None: not known) and the naming convention (None: not
    known; empty: none)."""

    revision: str
    dialect: str | None
    convention: Convention | None


def chance(scope: Scope, dialect: str | None) -> bool | None:
    """Whether an operation runs: False where a condition surely keeps it out, None where one is not read.

    A guard that asks what there is already makes an operation run where it is needed; that counts as running.
    """
    found: bool | None = True
    for guard in scope.guards:
        runs: bool | None = None
        if guard.kind == "exists":
            runs = True
        elif guard.kind == "offline":
            runs = guard.negated
        elif guard.kind == "dialect" and guard.dialects and dialect is not None:
            names = {_related(d) for d in guard.dialects}
            runs = (_related(dialect) in names) != guard.negated
        elif guard.kind in ("handler", "reraised"):
            runs = False if guard.kind == "reraised" else None
        if runs is False:
            return False
        found = None if runs is None else found
    return None if scope.loop else found


def _related(dialect: str) -> str:
    return {"mariadb": "mysql", "cockroachdb": "postgresql"}.get(dialect, dialect)


def apply(schema: Schema, operation: op.AnyOperation, setting: Setting) -> Schema:
    """The schema after an operation. One that fails on a real database is done as far as it makes sense."""
    runs = chance(operation.scope, setting.dialect)
    if runs is False:
        return schema
    make = _APPLIED.get(type(operation))
    return schema if make is None else make(_Change(schema, setting, runs is True), operation)


class _Change:
    """One operation on one schema. `sure`: it surely runs."""

    def __init__(self, schema: Schema, setting: Setting, sure: bool) -> None:
        self.schema = schema
        self.setting = setting
        self.sure = sure

    def made(self, at: Spot) -> Made:
        """Who makes it."""
        return Made(self.setting.revision, at)

    def table(self, name: str) -> Table:
        """The table of that name; one that no revision made is put there, with all in it unknown."""
        return self.schema.table(name) or Table(name, whole=False, sure=False)

    def doubt(self, at: Spot) -> Schema:
        """Anything may have happened to any table."""
        return replace(self.schema, doubts=(*self.schema.doubts, at))

    def doubt_table(self, name: str) -> Schema:
        """Anything may have happened to a table."""
        return self.schema.put(replace(self.table(name), whole=False))

    # --- tables ---

    def create_table(self, operation: op.CreateTable) -> Schema:
        if operation.table is None:
            return self.doubt(operation.at)
        before = self.schema.table(operation.table)
        guarded = operation.idempotent or any(g.kind == "exists" for g in operation.scope.guards)
        if before is not None and guarded:
            return self.schema if before.sure else self.schema.put(replace(before, sure=True))
        made = self.made(operation.at)
        table = Table(operation.table, whole=operation.whole, sure=self.sure, made=made)
        schema = self.schema
        for column in operation.columns:
            table = self._with_column(table, column)
            schema = self._typed(schema, column.column, operation.at, makes=True)
        keys = tuple(c.column.name for c in operation.columns if c.primary_key)
        if keys and not any(c.kind == "primary" for c in (*operation.constraints, *table.constraints)):
            table = self._with_constraint(table, Constraint("primary", None, keys, naming="server"), operation.at)
        for constraint in operation.constraints:
            table = self._with_constraint(table, constraint, operation.at)
        for index in operation.indexes:
            table = self._with_index(table, index, operation.at)
        return schema.put(table)

    def _with_column(self, table: Table, new: op.NewColumn) -> Table:
        column = replace(new.column, sure=self.sure, made=self.made(new.at))
        others = tuple(c for c in table.columns if c.name != column.name)
        table = replace(table, columns=(*others, column))
        for constraint in new.constraints:
            table = self._with_constraint(table, constraint, new.at)
        for index in new.indexes:
            table = self._with_index(table, index, new.at)
        return table

    def _with_constraint(self, table: Table, constraint: Constraint, at: Spot) -> Table:
        named = replace(self._named(table, constraint), sure=self.sure, made=self.made(at))
        columns = table.columns
        if named.kind == "primary":
            columns = tuple(replace(c, nullable=False) if c.name in named.columns else c for c in columns)
        kept = tuple(c for c in table.constraints if named.name is None or c.name != named.name)
        return replace(table, columns=columns, constraints=(*kept, named))

    def _named(self, table: Table, constraint: Constraint) -> Constraint:
        """With the name that a convention gives it."""
        if constraint.naming not in ("given", "server"):
            return constraint
        convention = self.setting.convention
        if convention is None:
            return constraint if constraint.naming == "given" else replace(constraint, naming="unknown")
        name = by_convention(
            convention,
            constraint.kind,
            table.name,
            constraint.columns,
            name=constraint.name,
            target=constraint.target,
            target_columns=constraint.target_columns,
        )
        return replace(constraint, name=name, naming="given" if name else constraint.naming)

    def _with_index(self, table: Table, index: Index, at: Spot) -> Table:
        convention = self.setting.convention
        name = index.name
        if index.naming == "server" and convention is not None:
            name = by_convention(convention, "index", table.name, index.columns)
        made = replace(index, name=name, sure=self.sure, made=self.made(at))
        return replace(table, indexes=(*(i for i in table.indexes if name is None or i.name != name), made))

    def _typed(self, schema: Schema, column: Column, at: Spot, *, makes: bool) -> Schema:
        """With the enum type that a new table's column makes."""
        name = enum_name(column.type)
        inner = column.type.of or column.type if column.type is not None else None
        if not makes or name is None or inner is None or inner.name == SQL or inner.keyword("create_type") is False:
            return schema
        if schema.type(name) is not None:
            return schema
        values = tuple(a for a in inner.arguments if isinstance(a, str))
        known = bool(values) and len(values) == len(inner.arguments)
        return schema.put_type(EnumType(name, values if known else None, self.sure, self.made(at)))

    def drop_table(self, operation: op.DropTable) -> Schema:
        if operation.table is None:
            return self.doubt(operation.at)
        table = self.schema.table(operation.table)
        if table is None:
            return self.schema
        return self.schema.without(table.name) if self.sure else self.schema.put(replace(table, sure=False))

    def rename_table(self, operation: op.RenameTable) -> Schema:
        if operation.table is None or operation.to is None:
            return self.doubt(operation.at)
        table = self.schema.table(operation.table)
        if table is None and any(g.kind == "exists" for g in operation.scope.guards):
            return self.schema
        table = self._settled(table or self.table(operation.table))
        schema = self.schema.without(table.name) if self.sure else self.schema.put(replace(table, sure=False))
        schema = schema.put(replace(table, name=operation.to, sure=table.sure and self.sure))
        return _retargeted(schema, table.name, operation.to)

    def _settled(self, table: Table) -> Table:
        """Before something is renamed: the names that the server made up stay as they are."""
        return replace(table, constraints=tuple(self._settled_name(table, c) for c in table.constraints))

    def _settled_name(self, table: Table, constraint: Constraint) -> Constraint:
        if constraint.naming != "server" or constraint.name is not None:
            return constraint
        name = server_name(table, constraint) if self.setting.dialect == "postgresql" else None
        return replace(constraint, name=name, naming="final" if name else "unknown")

    # --- columns ---

    def add_column(self, operation: op.AddColumn) -> Schema:
        if operation.table is None:
            return self.doubt(operation.at)
        if operation.column is None:
            return self.doubt_table(operation.table)
        table = self.table(operation.table)
        guarded = operation.idempotent or any(g.kind == "exists" for g in operation.scope.guards)
        if guarded and table.column(operation.column.column.name) is not None:
            return self.schema
        schema = self.schema
        new = operation.column
        if operation.sql is False and new.primary_key and new.inline_primary_key:
            new = replace(
                new, constraints=(*new.constraints, Constraint("primary", None, (new.column.name,), naming="server"))
            )
        schema = self._typed(schema, new.column, operation.at, makes=operation.batch is not None and self._recreates())
        return schema.put(self._with_column(table, new))

    def _recreates(self) -> bool:
        return self.setting.dialect == "sqlite"

    def drop_column(self, operation: op.DropColumn) -> Schema:
        if operation.table is None:
            return self.doubt(operation.at)
        if operation.column is None:
            return self.doubt_table(operation.table)
        table = self.table(operation.table)
        name = operation.column
        if not self.sure:
            return self.schema.put(replace(table, columns=tuple(_unsure(c, name) for c in table.columns)))
        return self.schema.put(
            replace(
                table,
                columns=tuple(c for c in table.columns if c.name != name),
                constraints=tuple(c for c in table.constraints if name not in c.columns),
                indexes=tuple(i for i in table.indexes if name not in i.columns),
            )
        )

    def alter_column(self, operation: op.AlterColumn) -> Schema:
        if operation.table is None:
            return self.doubt(operation.at)
        if operation.column is None:
            return self.doubt_table(operation.table)
        table = self.table(operation.table)
        before = table.column(operation.column)
        column = before or Column(operation.column, operation.existing_type, operation.existing_nullable, sure=False)
        if before is None and table.made is None:
            column = replace(column, default=operation.existing_default or ServerDefault("unread"))
        column = self._altered(column, operation)
        if operation.new_name is not None and self.sure:
            table = _renamed_column(self._settled(table), column.name, operation.new_name)
            column = replace(column, name=operation.new_name)
        if before is None:
            return self.schema.put(replace(table, columns=(*table.columns, column)))
        return self.schema.put(
            replace(table, columns=tuple(column if c.name == column.name else c for c in table.columns))
        )

    def _altered(self, column: Column, operation: op.AlterColumn) -> Column:
        given = operation.given
        if "nullable" in given:
            known = operation.nullable if self.sure or operation.nullable == column.nullable else None
            column = replace(column, nullable=known)
        if "type_" in given:
            column = replace(column, type=operation.type_ if self.sure else None)
        if "server_default" in given:
            column = replace(column, default=operation.default if self.sure else ServerDefault("unread"))
        if "comment" in given and self.sure:
            column = replace(column, comment=operation.comment)
        return column

    # --- indexes and constraints ---

    def create_index(self, operation: op.CreateIndex) -> Schema:
        if operation.table is None:
            return self.doubt(operation.at)
        table = self.table(operation.table)
        return self.schema.put(self._with_index(table, operation.index, operation.at))

    def drop_index(self, operation: op.DropIndex) -> Schema:
        if operation.name is None:
            return self.doubt_table(operation.table) if operation.table else self.doubt(operation.at)
        owner = self.schema.table(operation.table) if operation.table else None
        if owner is None or owner.index(operation.name) is None:
            found = self.schema.index(operation.name)
            owner = found[0] if found else owner
        if owner is None:
            return self.schema
        if not self.sure:
            indexes = tuple(replace(i, sure=False) if i.name == operation.name else i for i in owner.indexes)
        else:
            indexes = tuple(i for i in owner.indexes if i.name != operation.name)
        return self.schema.put(replace(owner, indexes=indexes))

    def rename_index(self, operation: op.RenameIndex) -> Schema:
        found = self.schema.index(operation.name or "")
        if found is None or operation.to is None:
            return self.schema
        table, index = found
        indexes = tuple(replace(i, name=operation.to) if i is index else i for i in table.indexes)
        return self.schema.put(replace(table, indexes=indexes))

    def add_constraint(self, operation: op.AddConstraint) -> Schema:
        if operation.table is None:
            return self.doubt(operation.at)
        table = self.table(operation.table)
        constraint = operation.constraint
        if constraint.kind not in ("check", "exclude") and not constraint.columns:
            return self.schema.put(replace(table, whole=False))
        return self.schema.put(self._with_constraint(table, constraint, operation.at))

    def drop_constraint(self, operation: op.DropConstraint) -> Schema:
        if operation.table is None:
            return self.doubt(operation.at)
        table = self.table(operation.table)
        if operation.name is None:
            return self.schema.put(replace(table, whole=False))
        known = table.constraint(operation.name)
        if known is None:
            found = table.index(operation.name)  # on MySQL a unique constraint is an index
            if found is not None and found.unique:
                return self.schema.put(replace(table, indexes=tuple(i for i in table.indexes if i is not found)))
            return self.schema.put(self._one_less(table, operation))
        if not self.sure:
            return self.schema.put(
                replace(
                    table, constraints=tuple(replace(c, sure=False) if c is known else c for c in table.constraints)
                )
            )
        return self.schema.put(replace(table, constraints=tuple(c for c in table.constraints if c is not known)))

    def _one_less(self, table: Table, operation: op.DropConstraint) -> Table:
        """One of the constraints whose names are not known may be gone."""

        def may_be(constraint: Constraint) -> bool:
            fits = operation.kind in ("", constraint.kind)
            return fits and may_be_called(table, constraint, self.setting.dialect)

        return replace(table, constraints=tuple(replace(c, sure=False) if may_be(c) else c for c in table.constraints))

    def rename_constraint(self, operation: op.RenameConstraint) -> Schema:
        table = self.schema.table(operation.table)
        known = table.constraint(operation.name or "") if table is not None else None
        if table is None or known is None or operation.to is None:
            return self.schema
        renamed = replace(known, name=operation.to, naming="final")
        return self.schema.put(
            replace(table, constraints=tuple(renamed if c is known else c for c in table.constraints))
        )

    def table_comment(self, operation: op.SetTableComment) -> Schema:
        if operation.table is None:
            return self.schema
        return self.schema.put(replace(self.table(operation.table), comment=operation.comment))

    # --- types ---

    def create_type(self, operation: op.CreateType) -> Schema:
        if operation.name is None or self.schema.type(operation.name) is not None:
            return self.schema
        made = EnumType(operation.name, operation.values, self.sure, self.made(operation.at))
        return self.schema.put_type(made)

    def drop_type(self, operation: op.DropType) -> Schema:
        known = self.schema.type(operation.name)
        if known is None:
            return self.schema
        return self.schema.without_type(known.name) if self.sure else self.schema.put_type(replace(known, sure=False))

    def add_value(self, operation: op.AddEnumValue) -> Schema:
        known = self.schema.type(operation.enum)
        if known is None or known.values is None:
            return self.schema
        values = None if operation.value is None else (*known.values, operation.value)
        return self.schema.put_type(replace(known, values=values if self.sure else None))

    def rename_type(self, operation: op.RenameType) -> Schema:
        known = self.schema.type(operation.name)
        if known is None or operation.to is None:
            return self.schema
        schema = self.schema.without_type(known.name).put_type(replace(known, name=operation.to))
        for table, column in tuple(self.schema.users_of(known.name)):
            moved = replace(column, type=_retyped(column.type, operation.to))
            now = schema.tables[table.name]
            schema = schema.put(replace(now, columns=tuple(moved if c.name == moved.name else c for c in now.columns)))
        return schema

    def rename_value(self, operation: op.RenameEnumValue) -> Schema:
        known = self.schema.type(operation.enum)
        if known is None or known.values is None:
            return self.schema
        values = tuple(operation.to if v == operation.value else v for v in known.values)
        return self.schema.put_type(replace(known, values=values))

    def unknown(self, operation: op.Unknown) -> Schema:
        if operation.tables is None:
            return self.doubt(operation.at)
        schema = self.schema
        for name in operation.tables:
            schema = _Change(schema, self.setting, self.sure).doubt_table(name)
        return schema


_APPLIED: dict[type, Callable[[_Change, Any], Schema]] = {
    op.CreateTable: _Change.create_table, op.DropTable: _Change.drop_table, op.RenameTable: _Change.rename_table,
    op.AddColumn: _Change.add_column, op.DropColumn: _Change.drop_column, op.AlterColumn: _Change.alter_column,
    op.CreateIndex: _Change.create_index, op.DropIndex: _Change.drop_index, op.RenameIndex: _Change.rename_index,
    op.AddConstraint: _Change.add_constraint, op.DropConstraint: _Change.drop_constraint,
    op.RenameConstraint: _Change.rename_constraint, op.SetTableComment: _Change.table_comment,
    op.CreateType: _Change.create_type, op.DropType: _Change.drop_type, op.AddEnumValue: _Change.add_value,
    op.RenameType: _Change.rename_type, op.RenameEnumValue: _Change.rename_value, op.Unknown: _Change.unknown,
}  # fmt: skip


def _unsure(column: Column, name: str) -> Column:
    return replace(column, sure=False) if column.name == name else column


def _retyped(type_: ColumnType | None, to: str) -> ColumnType | None:
    """A column's type under the new name of its enum."""
    if type_ is None:
        return None
    if type_.of is not None:
        return replace(type_, of=_retyped(type_.of, to))
    if type_.name == SQL:
        return replace(type_, arguments=(to,))
    return replace(type_, keywords=(*((k, v) for k, v in type_.keywords if k != "name"), ("name", to)))


def _renamed_column(table: Table, name: str, to: str) -> Table:
    def renamed(columns: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(to if c == name else c for c in columns)

    return replace(
        table,
        columns=tuple(replace(c, name=to) if c.name == name else c for c in table.columns),
        constraints=tuple(replace(c, columns=renamed(c.columns)) for c in table.constraints),
        indexes=tuple(replace(i, columns=renamed(i.columns)) for i in table.indexes),
    )


def _retargeted(schema: Schema, name: str, to: str) -> Schema:
    """Foreign keys follow the table that they refer to."""
    for table in tuple(schema.tables.values()):
        if any(c.target == name for c in table.constraints):
            moved = tuple(replace(c, target=to) if c.target == name else c for c in table.constraints)
            schema = schema.put(replace(table, constraints=moved))
    return schema
