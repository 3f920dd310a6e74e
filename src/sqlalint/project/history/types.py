"""Column types in migrations: what they are called, what they hold, and to which family they belong."""

from sqlalint.facts import expression as ex
from sqlalint.facts.statement import Assign
from sqlalint.project.history.schema import ENUMS, enum_name
from sqlalint.project.project import Project
from sqlalint.project.schema import ColumnType
from sqlalint.project.symbols import Definition, External

Argument = str | int | float | bool | None

_ARRAYS = ("sqlalchemy.ARRAY", "sqlalchemy.dialects.postgresql.ARRAY")
# The order of positional parameters that have names, for types whose arguments matter.
_NAMED: dict[str, tuple[str, ...]] = {
    "String": ("length", "collation"), "Unicode": ("length",), "Text": ("length",), "VARCHAR": ("length",),
    "CHAR": ("length",), "NVARCHAR": ("length",), "Numeric": ("precision", "scale"), "NUMERIC": ("precision", "scale"),
    "DECIMAL": ("precision", "scale"), "Float": ("precision",), "DateTime": ("timezone",), "Time": ("timezone",),
    "TIMESTAMP": ("timezone", "precision"), "TIME": ("timezone", "precision"), "LargeBinary": ("length",),
    "Boolean": ("create_constraint", "name"), "UUID": ("as_uuid",), "Uuid": ("as_uuid", "native_uuid"),
}  # fmt: skip


def canonical(project: Project, path: str, expression: ex.Expr) -> str | None:
    """The canonical name of a library's thing, or `path::key` of one of the project's; None where neither is known."""
    name = ex.dotted(expression)
    symbol = project.resolve(path, name) if name else None
    match symbol:
        case External(name=found):
            return found
        case Definition(path=where, key=key, rest=()):
            return f"{where}::{key}"
        case _:
            return None


def read_type(project: Project, path: str, expression: ex.Expr | None) -> ColumnType | None:
    """A type as a class or an instance of one; None where it is not known."""
    match expression:
        case ex.Name() | ex.Attribute():
            name = canonical(project, path, expression)
            return ColumnType(name) if name else None
        case ex.Call(function=ex.Attribute(value=of, name="with_variant"), arguments=(variant, *dialects)):
            base, other = read_type(project, path, of), read_type(project, path, variant)
            names = [d.value for d in dialects if isinstance(d, ex.Literal) and isinstance(d.value, str)]
            if base is None or other is None or not names:
                return base
            return _with(base, variants=(*base.variants, *((n, other) for n in names)))
        case ex.Call(function=ex.Attribute(value=of, name="as_mutable" | "evolve")) if not isinstance(of, ex.Name):
            return read_type(project, path, of)
        case ex.Call(function=function, arguments=arguments):
            name = canonical(project, path, function)
            if name is None:
                return None
            if name.endswith(".as_mutable") and arguments:
                return read_type(project, path, arguments[0])
            return _instance(project, path, name, expression)
        case _:
            return None


def _instance(project: Project, path: str, name: str, call: ex.Call) -> ColumnType:
    keywords: dict[str, Argument] = {k.name: _literal(k.value) for k in call.keywords if k.name}
    if name in _ARRAYS:
        return ColumnType(
            name, (), tuple(keywords.items()), of=read_type(project, path, next(iter(call.arguments), None))
        )
    if name in ENUMS:
        return _enum(project, path, name, call, keywords)
    names = _NAMED.get(name.rpartition(".")[2], ())
    arguments = tuple(_literal(a) for a in call.arguments)
    keywords = {**dict(zip(names, arguments, strict=False)), **keywords}
    return ColumnType(name, arguments[len(names) :], tuple(keywords.items()))


def _enum(project: Project, path: str, name: str, call: ex.Call, keywords: dict[str, Argument]) -> ColumnType:
    """An enum with its values as arguments; the name of a Python enum is its class's in lower case."""
    values: tuple[Argument, ...] = tuple(_literal(a) for a in call.arguments)
    first = call.arguments[0] if call.arguments else None
    if len(call.arguments) == 1 and isinstance(first, ex.Name | ex.Attribute):
        class_name = (ex.dotted(first) or "").rpartition(".")[2]
        if class_name and "name" not in keywords and canonical(project, path, first) is not None:
            keywords["name"] = class_name.lower()
        values = members(project, path, first) if "values_callable" not in keywords else (None,)
    if any(isinstance(a, ex.Starred) for a in call.arguments):
        values = (None,)
    return ColumnType(name, values, tuple(keywords.items()))


def members(project: Project, path: str, expression: ex.Expr) -> tuple[Argument, ...]:
    """The names of an enum class's members; `(None,)` where they are not known."""
    symbol = project.resolve(path, ex.dotted(expression) or "")
    class_ = project.class_(symbol.path, symbol.key) if isinstance(symbol, Definition) and not symbol.rest else None
    if class_ is None:
        return (None,)
    names = [
        s.targets[0].id
        for s in class_.body
        if isinstance(s, Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ex.Name) and s.value is not None
    ]
    return tuple(n for n in names if not n.startswith("_")) or (None,)


def _literal(expression: ex.Expr) -> Argument:
    return expression.value if isinstance(expression, ex.Literal) else None


def _with(type_: ColumnType, *, variants: tuple[tuple[str, ColumnType], ...]) -> ColumnType:
    return ColumnType(type_.name, type_.arguments, type_.keywords, type_.of, variants)


def on(type_: ColumnType | None, dialect: str | None) -> ColumnType | None:
    """What a type is on a dialect."""
    if type_ is None or not type_.variants or dialect is None:
        return type_
    return dict(type_.variants).get(dialect, type_)


_FAMILIES: dict[str, str] = {
    "SmallInteger": "integer", "Integer": "integer", "BigInteger": "integer", "SMALLINT": "integer", "INTEGER": "integer",
    "BIGINT": "integer", "INT": "integer", "TINYINT": "integer", "MEDIUMINT": "integer",
    "Numeric": "numeric", "NUMERIC": "numeric", "DECIMAL": "numeric", "MONEY": "money",
    "Float": "float", "FLOAT": "float", "Double": "float", "DOUBLE": "float", "DOUBLE_PRECISION": "float", "REAL": "float",
    "String": "string", "Unicode": "string", "VARCHAR": "string", "NVARCHAR": "string", "CHAR": "string",
    "NCHAR": "string", "Text": "string", "UnicodeText": "string", "TEXT": "string", "LONGTEXT": "string",
    "MEDIUMTEXT": "string", "TINYTEXT": "string", "CLOB": "string", "CITEXT": "citext",
    "Boolean": "boolean", "BOOLEAN": "boolean", "Date": "date", "DATE": "date", "DateTime": "datetime",
    "DATETIME": "datetime", "TIMESTAMP": "datetime", "Time": "time", "TIME": "time", "Interval": "interval",
    "INTERVAL": "interval", "LargeBinary": "binary", "BYTEA": "binary", "BLOB": "binary", "BINARY": "binary",
    "VARBINARY": "binary", "LONGBLOB": "binary", "PickleType": "binary", "JSON": "json", "JSONB": "jsonb", "UUID": "uuid",
    "Uuid": "uuid", "Enum": "enum", "ENUM": "enum", "ARRAY": "array", "INET": "inet", "CIDR": "inet", "MACADDR": "macaddr",
    "TSVECTOR": "tsvector", "HSTORE": "hstore", "BIT": "bit", "OID": "integer", "YEAR": "integer",
    "INT4RANGE": "range", "INT8RANGE": "range", "NUMRANGE": "range", "DATERANGE": "range", "TSRANGE": "range",
    "TSTZRANGE": "range",
}  # fmt: skip


def family(type_: ColumnType | None) -> str | None:
    """What kind of values a type holds (`integer`, `string`, `datetime`, `enum`, ...); None where that is not known."""
    if type_ is None or not type_.name.startswith("sqlalchemy."):
        return None
    last = type_.name.rpartition(".")[2]
    if type_.name in ENUMS and type_.keyword("native_enum") is False:
        return "string"
    return _FAMILIES.get(last)


# What PostgreSQL casts by itself where a column's type changes, values and default alike (run on 18; a test holds it).
_CASTS: dict[str, frozenset[str]] = {
    "integer": frozenset({"integer", "numeric", "float", "string"}),
    "numeric": frozenset({"integer", "numeric", "float", "string"}),
    "float": frozenset({"integer", "numeric", "float", "string"}),
    "boolean": frozenset({"boolean", "string"}),
    "string": frozenset({"string"}),
    "date": frozenset({"string", "date", "datetime"}),
    "datetime": frozenset({"string", "date", "datetime", "time"}),
    "time": frozenset({"string", "time", "interval"}),
    "interval": frozenset({"string", "time", "interval"}),
    "json": frozenset({"string", "json", "jsonb"}),
    "jsonb": frozenset({"string", "json", "jsonb"}),
    "uuid": frozenset({"string", "uuid"}),
    "enum": frozenset({"string"}),
    "binary": frozenset({"string", "binary"}),
    "inet": frozenset({"string", "inet"}),
    "array": frozenset({"string"}),
}  # fmt: skip


def casts_by_itself(old: ColumnType | None, new: ColumnType | None) -> bool | None:
    """Whether PostgreSQL changes a column from one type to the other without USING; None where that is not known."""
    before, after = family(on(old, "postgresql")), family(on(new, "postgresql"))
    if before is None or after is None or before not in _CASTS or after not in _CASTS:
        return None
    if before == after == "array":
        inner = casts_by_itself(old.of if old else None, new.of if new else None)
        return True if inner else None
    if before == after == "enum":
        names = enum_name(old), enum_name(new)
        return None if None in names else names[0] == names[1]
    return after in _CASTS[before]


def written_type(type_: ColumnType | None) -> str:
    """A type for messages, as PostgreSQL or SQLAlchemy would have it: `integer`, `varchar(20)`, `status` (an enum)."""
    if type_ is None:
        return "?"
    named = enum_name(type_)
    if named is not None:
        return f"{named}[]" if type_.of is not None else named
    if type_.of is not None:
        return f"{written_type(type_.of)}[]"
    last = type_.name.rpartition(".")[2].rpartition("::")[2]
    word = _SQL_NAMES.get(last, last.lower())
    length = type_.keyword("length")
    return f"{word}({length})" if word == "varchar" and length is not None else word


_SQL_NAMES = {
    "String": "varchar", "Unicode": "varchar", "VARCHAR": "varchar", "Text": "text", "UnicodeText": "text",
    "SmallInteger": "smallint", "BigInteger": "bigint", "LargeBinary": "bytea", "DateTime": "timestamp", "Float": "float",
    "DOUBLE_PRECISION": "double precision",
}  # fmt: skip
