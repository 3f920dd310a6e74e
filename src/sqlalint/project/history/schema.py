"""The schema of a database as migrations leave it: tables, columns, constraints, indexes, enum types.

None means *not known* where a field says so, and is then never the same as absent. `sure` tells of an object whether it
is there whatever happened: what was made under a condition that is not read may be missing.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from sqlalint.facts.span import Spot
from sqlalint.project.history.names import as_kept, server_name
from sqlalint.project.schema import ColumnType


class Made(Struct, frozen=True, array_like=True):
    """The revision that made something (its id) and the operation's place."""

    revision: str
    at: Spot


class ServerDefault(Struct, frozen=True, array_like=True):
    """A column's default on the server.

    `kind`: `text` (a string, which DDL quotes), `sql` (an expression, `text` is its SQL as far as it is known, else ""),
    `identity`, `computed`, `wrong` (a value that SQLAlchemy refuses: `text` is how it is written) or `unread`: there is
    one, or may be, and nothing is known of it.
    """

    kind: str
    text: str = ""


class Column(Struct, frozen=True, array_like=True):
    """A column. `type` and `nullable` are None where they are not known; `default` is None where there surely is none."""

    name: str
    type: ColumnType | None
    nullable: bool | None
    default: ServerDefault | None = None
    comment: str | None = None
    sure: bool = True
    made: Made | None = None


class Constraint(Struct, frozen=True, array_like=True):
    """A constraint. `kind`: primary, unique, foreign, check, exclude.

    `name` is the name that it was given or that a naming convention gives it, None where the server makes one up
    (`naming` is then `server`) or where it is not known (`unknown`). `columns` are empty for a check. `target` is the
    table that a foreign key refers to, None where it is not known. `expression` is the text of a check, "" if not read.
    """

    kind: str
    name: str | None
    columns: tuple[str, ...] = ()
    target: str | None = None
    target_columns: tuple[str, ...] = ()
    ondelete: str | None = None
    onupdate: str | None = None
    deferrable: bool = False
    initially: str = ""
    expression: str = ""
    naming: str = "given"
    sure: bool = True
    made: Made | None = None


class Index(Struct, frozen=True, array_like=True):
    """An index. `name` is None where it is not known (`naming` as in constraints); a column of None is an expression. `where` is the text of a
    condition, "" where it is not read, None without one. `method` is lower case, "" the default."""

    name: str | None
    columns: tuple[str | None, ...]
    unique: bool | None = False
    where: str | None = None
    method: str = ""
    naming: str = "given"
    sure: bool = True
    made: Made | None = None


class EnumType(Struct, frozen=True, array_like=True):
    """A native enum type; `values` is None where they are not known."""

    name: str
    values: tuple[str, ...] | None
    sure: bool = True
    made: Made | None = None


class Table(Struct, frozen=True, array_like=True):
    """A table, with its schema in the name (`audit.events`).

    `whole` is False where anything may have been done to it that is not known. `made` is None for a table that no
    revision makes: it was there before the first.
    """

    name: str
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    comment: str | None = None
    whole: bool = True
    sure: bool = True
    made: Made | None = None

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((c for c in self.columns if c.name == name), None)

    def index(self, name: str) -> Index | None:
        """The index of that name."""
        return next((i for i in self.indexes if _is_called(i.name, name)), None)

    @property
    def primary_key(self) -> Constraint | None:
        """The primary key."""
        return next((c for c in self.constraints if c.kind == "primary"), None)

    def constraint(self, name: str) -> Constraint | None:
        """The constraint of that name, as PostgreSQL would name it where it was given none."""
        return next((c for c in self.constraints if _is_called(c.name or server_name(self, c), name)), None)


class Schema(Struct, frozen=True, array_like=True):
    """A whole schema. `doubts` are the operations that may have done anything to any table."""

    tables: Mapping[str, Table] = {}
    types: Mapping[str, EnumType] = {}
    doubts: tuple[Spot, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing was done that is not understood: what is not here is not there."""
        return not self.doubts

    def table(self, name: str | None) -> Table | None:
        """The table of that name, `public.` being PostgreSQL's own way of saying nothing."""
        if name is None:
            return None
        return self.tables.get(name) or self.tables.get(name.removeprefix("public."))

    def type(self, name: str | None) -> EnumType | None:
        """The enum type of that name."""
        return self.types.get((name or "").removeprefix("public."))

    def index(self, name: str) -> tuple[Table, Index] | None:
        """An index by its name alone, which is unique in a schema of PostgreSQL and SQLite."""
        return next(((t, i) for t in self.tables.values() if (i := t.index(name)) is not None), None)

    def put(self, table: Table) -> "Schema":
        """With a table put in the place of the one of that name."""
        return replace(self, tables={**self.tables, table.name: table})

    def without(self, name: str) -> "Schema":
        """Without a table."""
        return replace(self, tables={n: t for n, t in self.tables.items() if n != name})

    def put_type(self, enum: EnumType) -> "Schema":
        """With an enum type put in the place of the one of that name."""
        return replace(self, types={**self.types, enum.name: enum})

    def without_type(self, name: str) -> "Schema":
        """Without an enum type."""
        return replace(self, types={n: t for n, t in self.types.items() if n != name})

    def users_of(self, enum: str) -> Iterator[tuple[Table, Column]]:
        """The columns whose type is an enum of that name."""
        for table in self.tables.values():
            for column in table.columns:
                if column.type is not None and enum_name(column.type) == enum:
                    yield table, column


def _is_called(name: str | None, wanted: str) -> bool:
    return name is not None and (name == wanted or as_kept(name) == as_kept(wanted))


SQL = "sql"  # a type that SQL names and SQLAlchemy does not know: an enum, a domain, one of an extension
ENUMS = frozenset({"sqlalchemy.Enum", "sqlalchemy.dialects.postgresql.ENUM"})


def enum_name(type_: ColumnType | None) -> str | None:
    """The name of the native enum that a type is or holds (in an array); None where it is none or has no known name."""
    if type_ is None:
        return None
    if type_.of is not None:
        return enum_name(type_.of)
    if type_.name == SQL:
        return str(type_.arguments[0])
    if type_.name not in ENUMS or type_.keyword("native_enum") is False:
        return None
    name, schema = type_.keyword("name"), type_.keyword("schema")
    if not isinstance(name, str):
        return None
    return f"{schema}.{name}" if isinstance(schema, str) and schema != "public" else name
