"""Parts of SQL statements as values: names, types, defaults, columns, constraints, indexes."""

from collections.abc import Iterator

from sqlglot import exp

from sqlalint.project.history.operations import NewColumn, Where
from sqlalint.project.history.schema import SQL, Column, Constraint, Index, ServerDefault
from sqlalint.project.schema import ColumnType

_TYPES = {
    "INT": "Integer", "BIGINT": "BigInteger", "SMALLINT": "SmallInteger", "TINYINT": "SmallInteger", "VARCHAR": "String",
    "CHAR": "CHAR", "NVARCHAR": "String", "NCHAR": "CHAR", "TEXT": "Text", "LONGTEXT": "Text", "MEDIUMTEXT": "Text",
    "BOOLEAN": "Boolean", "DATE": "Date", "TIME": "Time", "TIMESTAMP": "DateTime", "TIMESTAMPNTZ": "DateTime",
    "TIMESTAMPTZ": "DateTime", "DATETIME": "DateTime", "DECIMAL": "Numeric", "FLOAT": "Float", "DOUBLE": "Float",
    "VARBINARY": "LargeBinary", "BINARY": "LargeBinary", "BLOB": "LargeBinary", "INTERVAL": "Interval", "UUID": "Uuid",
    "JSON": "JSON", "JSONB": "dialects.postgresql.JSONB", "HSTORE": "dialects.postgresql.HSTORE",
    "INET": "dialects.postgresql.INET", "TSVECTOR": "dialects.postgresql.TSVECTOR", "SERIAL": "Integer",
    "BIGSERIAL": "BigInteger", "SMALLSERIAL": "SmallInteger",
}  # fmt: skip


def identifier(part: object) -> str:
    """A name as the database keeps it."""
    if isinstance(part, exp.Column):
        part = part.this
    if isinstance(part, exp.Ordered):
        return identifier(part.this)
    if isinstance(part, exp.Identifier):
        return part.name if part.args.get("quoted") else part.name.lower()
    return getattr(part, "name", "") or str(part or "")


def table_name(part: object) -> str | None:
    """A table's name with its schema."""
    if isinstance(part, exp.Table):
        schema = part.args.get("db")
        name = identifier(part.this)
        return f"{identifier(schema)}.{name}" if schema is not None and identifier(schema) != "public" else name or None
    return identifier(part) or None


def plain(name: str) -> str:
    """A name as PostgreSQL keeps it: without quotes, or in lower case."""
    parts = [p.strip('"`') if p[:1] in '"`' else p.lower() for p in name.split(".")]
    return ".".join(parts[1:] if parts[0] == "public" and len(parts) > 1 else parts)


def read_type(part: object) -> ColumnType | None:
    """A type as SQLAlchemy's, under its canonical name; one that SQLAlchemy does not have is `SQL`."""
    if not isinstance(part, exp.DataType):
        return None
    kind = part.this.name if hasattr(part.this, "name") else str(part.this)
    sizes = [int(e.name) for e in part.expressions if e.name.isdigit()]
    if kind == "ARRAY":
        return ColumnType("sqlalchemy.ARRAY", of=read_type(part.expressions[0]) if part.expressions else None)
    if kind == "USERDEFINED":
        return ColumnType(SQL, (plain(str(part.args.get("kind") or part.sql("postgres", normalize_functions=False))),))
    known = _TYPES.get(kind)
    if known is None:
        return None
    keywords: list[tuple[str, str | int | float | bool | None]] = []
    if known in ("String", "CHAR") and sizes:
        keywords.append(("length", sizes[0]))
    if known == "Numeric":
        keywords += list(zip(("precision", "scale"), sizes, strict=False))
    if known == "DateTime" and kind == "TIMESTAMPTZ":
        keywords.append(("timezone", True))
    return ColumnType(f"sqlalchemy.{known}", (), tuple(keywords))


def read_default(part: exp.Expression) -> ServerDefault | None:
    """What DEFAULT says; None for NULL."""
    match part:
        case exp.Null():
            return None
        case exp.Literal() if part.is_string:
            return ServerDefault("text", part.this)
        case exp.Cast(this=exp.Literal() as inner) if inner.is_string:
            return ServerDefault("text", inner.this)
        case _:
            return ServerDefault("sql", part.sql("postgres", normalize_functions=False))


def read_column(part: exp.ColumnDef, place: Where) -> NewColumn:
    """A column of CREATE TABLE or ADD COLUMN, with the constraints that it brings."""
    name = identifier(part.this)
    kind = part.args.get("kind")
    type_ = read_type(kind)
    nullable: bool | None = True
    default: ServerDefault | None = None
    primary = False
    constraints: list[Constraint] = []
    if isinstance(kind, exp.DataType) and kind.this.name.endswith("SERIAL"):
        nullable, default = False, ServerDefault("sql", "nextval(...)")
    for each in part.args.get("constraints") or ():
        inner = each.args.get("kind")
        given = identifier(each.this) if each.this is not None else None
        match inner:
            case exp.NotNullColumnConstraint():
                nullable = bool(inner.args.get("allow_null"))
            case exp.DefaultColumnConstraint():
                default = read_default(inner.this)
            case exp.PrimaryKeyColumnConstraint():
                nullable, primary = False, True
                constraints.append(_made("primary", given, (name,)))
            case exp.UniqueColumnConstraint():
                constraints.append(_made("unique", given, (name,)))
            case exp.Reference():
                target, columns = _reference(inner)
                constraints.append(
                    _made("foreign", given, (name,), target, columns, _on(inner, "DELETE"), _on(inner, "UPDATE"))
                )
            case exp.CheckColumnConstraint():
                constraints.append(
                    Constraint(
                        "check",
                        given,
                        expression=inner.this.sql("postgres", normalize_functions=False),
                        naming="final" if given else "server",
                    )
                )
            case exp.GeneratedAsIdentityColumnConstraint():
                nullable, default = False, ServerDefault("identity")
            case exp.ComputedColumnConstraint():
                default = ServerDefault("computed")
            case _:
                pass
    return NewColumn(
        column=Column(name, type_, nullable, default),
        at=place["at"],
        constraints=tuple(constraints),
        primary_key=primary,
    )


def _made(
    kind: str, name: str | None, columns: tuple[str, ...], target: str | None = None, targets: tuple[str, ...] = (),
    ondelete: str | None = None, onupdate: str | None = None, expression: str = "",
) -> Constraint:  # fmt: skip
    """A constraint as SQL makes it: the names are the server's where there are none, whatever the conventions say."""
    return Constraint(
        kind, name, columns, target, targets, ondelete, onupdate, expression=expression,
        naming="final" if name else "server",
    )  # fmt: skip


def read_constraints(part: exp.Expression, name: str | None = None) -> Iterator[Constraint]:
    """The constraints that a part of CREATE TABLE or ADD is; none where it is not read."""
    match part:
        case exp.Constraint():
            for inner in part.expressions:
                yield from read_constraints(inner, identifier(part.this))
        case exp.ForeignKey():
            reference = part.args.get("reference")
            target, columns = _reference(reference) if isinstance(reference, exp.Reference) else (None, ())
            local = tuple(identifier(e) for e in part.expressions)
            yield _made(
                "foreign",
                name,
                local,
                target,
                columns,
                _on(part, "DELETE") or _on(reference, "DELETE"),
                _on(part, "UPDATE"),
            )
        case exp.PrimaryKey():
            yield _made("primary", name, tuple(identifier(e) for e in part.expressions))
        case exp.UniqueColumnConstraint():
            parts = part.this.expressions if isinstance(part.this, exp.Schema) else ()
            if parts:
                yield _made(
                    "unique",
                    name or (identifier(part.this.this) if part.this.this else None),
                    tuple(identifier(e) for e in parts),
                )
        case exp.CheckColumnConstraint():
            yield _made("check", name, (), expression=part.this.sql("postgres", normalize_functions=False))
        case exp.ExcludeColumnConstraint():
            yield _made("exclude", name, ())
        case _:
            return


def _reference(reference: exp.Reference) -> tuple[str | None, tuple[str, ...]]:
    schema = reference.this
    if isinstance(schema, exp.Schema):
        return table_name(schema.this), tuple(identifier(e) for e in schema.expressions)
    return table_name(schema), ()


def _on(part: exp.Expression | None, event: str) -> str | None:
    """`ON DELETE CASCADE` and its like, as the options of a reference or the key's own arguments."""
    if part is None:
        return None
    own = part.args.get(event.lower())
    if own:
        return str(own).upper()
    options = [str(o).upper() for o in part.args.get("options") or ()]
    return next((o.removeprefix(f"ON {event} ") for o in options if o.startswith(f"ON {event} ")), None)


def read_index(index: exp.Index, unique: bool) -> Index:
    """The index of a CREATE INDEX."""
    params = index.args.get("params")
    columns = [_index_column(c) for c in (params.args.get("columns") or ()) if params] if params else []
    where = params.args.get("where") if params else None
    using = params.args.get("using") if params else None
    method = using.name.lower() if using is not None else ""
    text = where.this.sql("postgres", normalize_functions=False) if where is not None else None
    name = identifier(index.this) if index.this is not None else None
    return Index(name, tuple(columns), unique, text, "" if method == "btree" else method)


def _index_column(part: exp.Expression) -> str | None:
    inner = part.this if isinstance(part, exp.Ordered) else part
    if isinstance(inner, exp.Opclass):
        inner = inner.this
    return (
        identifier(inner.this)
        if isinstance(inner, exp.Column)
        else identifier(inner)
        if isinstance(inner, exp.Identifier)
        else None
    )
