"""Tables as values: columns, keys, indexes, constraints. Made from models and `Table` calls, and from revisions.

In all of these None means *not known*, which is never the same as absent.
"""

from msgspec import Struct

from sqlalint.facts.span import Spot


class ColumnType(Struct, frozen=True, array_like=True):
    """A column's type: its canonical name (`sqlalchemy.String`, `sqlalchemy.dialects.postgresql.JSONB`), or the key of a
    class of the project (`path::key`); its arguments as they are written, literals only (None for anything else).

    In migrations `of` is the type of an array's items, and `variants` what `with_variant` says, by dialect.
    """

    name: str
    arguments: tuple[str | int | float | bool | None, ...] = ()
    keywords: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    of: "ColumnType | None" = None
    variants: tuple[tuple[str, "ColumnType"], ...] = ()

    def keyword(self, name: str) -> str | int | float | bool | None:
        """A keyword argument's literal value; None if it is absent or no literal."""
        return dict(self.keywords).get(name)


class ForeignKey(Struct, frozen=True, array_like=True):
    """A foreign key over `columns` (names in the table) to `target_columns` of `target_table` (with its schema, if any).

    `target` is the id of the target table in the project, None where it is not resolved. `at` is the `ForeignKey(...)`
    or `ForeignKeyConstraint(...)` call, `column_at` the column's own definition.
    """

    columns: tuple[str, ...]
    target_table: str | None
    target_columns: tuple[str, ...]
    target: str | None
    ondelete: str | None
    onupdate: str | None
    name: str | None
    use_alter: bool
    at: Spot
    column_at: Spot
    owner: str  # the class or mixin that writes it, as `path::key`; "" for a Table
    named: bool = False  # whether it is given a name, read or not


class Default(Struct, frozen=True, array_like=True):
    """What a column is given as `default=`, `insert_default=`, `default_factory=` or `onupdate=` (`keyword`).

    `calls` are the calls that are made when the class is, each as it is written and by its canonical name (for a
    function of the project by what it calls, "" where that is out of sight); `gives` is the canonical name of what is
    called for each row instead, "" where nothing is, or nothing that is known. `written` is a name or a call as it stands,
    without its arguments.
    """

    keyword: str
    calls: tuple[tuple[str, str], ...]
    gives: str
    written: str
    at: Spot


class Check(Struct, frozen=True, array_like=True):
    """A CHECK constraint: its name, None without one, "" where it is not read."""

    name: str | None
    at: Spot


class Column(Struct, frozen=True, array_like=True):
    """A column. `attribute` is its name on the class, `name` its name in the table.

    `default`, `server_default` say whether there is one (None: not known). `owner` is the class or mixin that writes it.
    """

    attribute: str
    name: str
    type: ColumnType | None
    nullable: bool | None
    primary_key: bool | None
    unique: bool | None
    index: bool | None
    default: bool | None
    server_default: bool | None
    deferred: bool
    deferred_group: str | None
    at: Spot
    owner: str
    defaults: tuple[Default, ...] = ()


class Index(Struct, frozen=True, array_like=True):
    """An index, or a unique constraint or primary key (`kind`: index, unique, primary).

    `columns` are names in the table, in order; None stands for an expression. `partial` is the text of a WHERE (`fk IS
    NOT NULL`), "" where there is one that is not read, None without. `method` is lower case (`gin`), "" the default.
    `name` is None where it has none, or none that is read (`named`). `plain` is False where a column has an order or an
    argument says more (an operator class, columns that are included).
    """

    kind: str
    name: str | None
    columns: tuple[str | None, ...]
    unique: bool
    partial: str | None
    method: str
    at: Spot
    owner: str
    plain: bool = True
    named: bool = False


class Table(Struct, frozen=True, array_like=True):
    """A table. `id` is `root:schema.name` within its metadata; `models` are the ids of the classes mapped to it.

    `complete` is False where a base, a mixin, an argument or a column could not be resolved: then nothing may be said
    of what is *missing* from it; `indexed` is True where no index and no key can be out of sight all the same (what is
    not read is a column of another name). `metadata` is the spot of its `MetaData()` or declarative base as `path::key`.
    """

    id: str
    name: str
    schema: str | None
    metadata: str
    columns: tuple[Column, ...]
    foreign_keys: tuple[ForeignKey, ...]
    indexes: tuple[Index, ...]
    models: tuple[str, ...]
    complete: bool
    at: Spot
    indexed: bool = True
    checks: tuple[Check, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of that name in the table."""
        return next((c for c in self.columns if c.name == name), None)
