"""Objects that an operation drops or alters and that are not there."""

import difflib
from collections.abc import Iterable, Iterator

from msgspec import Struct

from sqlalint.project.history import operations as op
from sqlalint.project.history.names import may_be_called, server_name
from sqlalint.project.history.schema import Constraint, Schema, Table
from sqlalint.project.history.types import family


class Missing(Struct, frozen=True):
    """What is not there: `what` is table, column, index or constraint; `similar` the name that may have been meant, or
    "". `instead` tells of something else that bears the name or covers the columns, "" where there is none."""

    what: str
    name: str
    table: str
    similar: str = ""
    instead: str = ""


def find_missing(operation: op.AnyOperation, schema: Schema, dialect: str | None) -> Missing | None:
    """The object that an operation needs and that is surely not there; None where it is, or where that is not known.

    An operation that asks first, or does nothing where there is nothing, needs none.
    """
    if operation.idempotent or any(g.kind == "exists" for g in operation.scope.guards):
        return None
    if operation.batch is not None and dialect == "sqlite" and not isinstance(operation, op.AlterColumn):
        return None  # the table is made anew at the end of the block: the order in it does not matter
    match operation:
        case op.DropTable(table=str(name)) | op.RenameTable(table=str(name)):
            return _table(name, schema)
        case op.DropColumn(table=str(table), column=str(name)) | op.AlterColumn(table=str(table), column=str(name)):
            return _column(table, name, schema)
        case op.DropIndex(name=str(name), table=table):
            return _index(name, table, schema)
        case op.DropConstraint(table=str(table), name=str(name)) if dialect not in ("mysql", "mariadb"):
            return _constraint(operation, table, name, schema, dialect)
        case _:
            return None


def is_self_contained(schema: Schema) -> bool:
    """Whether all tables come from revisions, so that one which none makes is not there."""
    return schema.whole and all(t.made is not None for t in schema.tables.values())


def _known(name: str, schema: Schema) -> Table | None:
    """A table of which all is known."""
    table = schema.table(name)
    return (
        table if table is not None and table.whole and table.sure and table.made is not None and schema.whole else None
    )


def _table(name: str, schema: Schema) -> Missing | None:
    if schema.table(name) is not None or not is_self_contained(schema) or not schema.tables:
        return None
    return Missing("table", name, name, _similar(name, schema.tables))


def _column(table: str, name: str, schema: Schema) -> Missing | None:
    known = _known(table, schema)
    if known is None:
        return _table(table, schema)
    if known.column(name) is not None:
        return None
    return Missing("column", name, table, _similar(name, (c.name for c in known.columns)))


def _index(name: str, table: str | None, schema: Schema) -> Missing | None:
    if schema.index(name) is not None:
        return None
    if table is not None:
        known = _known(table, schema)
        if known is None:
            return _table(table, schema)
        tables = [known]
    elif is_self_contained(schema) and all(t.whole and t.sure for t in schema.tables.values()):
        tables = list(schema.tables.values())
    else:
        return None
    if any(i.name is None for t in tables for i in t.indexes):
        return None
    if any(name in _names(t, c) for t in tables for c in t.constraints):
        return None  # a constraint's own index: dropping it fails for another reason
    return Missing("index", name, table or "", _similar(name, (i.name or "" for t in tables for i in t.indexes)))


def _constraint(
    operation: op.DropConstraint, table: str, name: str, schema: Schema, dialect: str | None
) -> Missing | None:
    known = _known(table, schema)
    if known is None:
        return _table(table, schema)
    if known.constraint(name) is not None:
        return None
    kind = operation.kind
    candidates = [c for c in known.constraints if kind in ("", c.kind)]
    if any(may_be_called(known, c, dialect) for c in candidates) or (kind in ("", "check") and _makes_checks(known)):
        return None
    names = [n for c in candidates for n in _names(known, c)]
    index = next((i for i in known.indexes if i.unique and kind in ("", "unique") and _covers(i.columns, name)), None)
    instead = f"`{index.name}` is an index" if index is not None and index.name else ""
    return Missing("constraint", name, table, _similar(name, names), instead)


def _makes_checks(table: Table) -> bool:
    """Whether a column may have brought a CHECK of its own: booleans and enums did so by default before SQLAlchemy 1.4."""
    return any(family(c.type) in ("boolean", "enum", None) or _is_enum(c.type) for c in table.columns)


def _is_enum(type_: object) -> bool:
    return str(getattr(type_, "name", "")).endswith((".Enum", ".ENUM"))


def _names(table: Table, constraint: Constraint) -> Iterator[str]:
    name = constraint.name or server_name(table, constraint)
    if name is not None:
        yield name


def _covers(columns: tuple[str | None, ...], name: str) -> bool:
    """Whether a name may be meant for the constraint over these columns."""
    return all(c is not None and c in name for c in columns)


def _similar(name: str, names: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(name, [n for n in names if n], 1, 0.75)), "")
