"""Raw SQL read into operations, by sqlglot as far as it goes; what it cannot read stays unknown.

Names without quotes are in lower case, as PostgreSQL has them.
"""

import logging
import re
from collections.abc import Iterable, Iterator

import sqlglot
from sqlglot import exp

from sqlalint.project.history.operations import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    AlterColumn,
    AnyOperation,
    CreateIndex,
    CreateTable,
    CreateType,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropTable,
    DropType,
    NewColumn,
    Other,
    ReadRows,
    RenameConstraint,
    RenameEnumValue,
    RenameIndex,
    RenameTable,
    RenameType,
    Setting,
    Unknown,
    ValidateConstraint,
    Where,
    WriteRows,
)
from sqlalint.project.history.schema import Constraint
from sqlalint.project.history.sql_parts import (
    identifier,
    plain,
    read_column,
    read_constraints,
    read_default,
    read_index,
    read_type,
    table_name,
)
from sqlalint.project.migrations import sql as words

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what it leaves as a command: we read that ourselves

_DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite", "oracle": "oracle"}
_NAME = r'("?[\w$]+"?(?:\."?[\w$]+"?)?)'
_COMMANDS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for kind, pattern in (
        ("rename type", rf"ALTER\s+TYPE\s+{_NAME}\s+RENAME\s+TO\s+{_NAME}\s*$"),
        ("rename value", rf"ALTER\s+TYPE\s+{_NAME}\s+RENAME\s+VALUE\s+'([^']*)'\s+TO\s+'([^']*)'\s*$"),
        (
            "rename constraint",
            rf"ALTER\s+TABLE\s+(?:ONLY\s+)?{_NAME}\s+RENAME\s+CONSTRAINT\s+{_NAME}\s+TO\s+{_NAME}\s*$",
        ),
        ("validate", rf"ALTER\s+TABLE\s+(?:ONLY\s+)?{_NAME}\s+VALIDATE\s+CONSTRAINT\s+{_NAME}\s*$"),
        ("drop type", rf"DROP\s+TYPE\s+(IF\s+EXISTS\s+)?{_NAME}\s*(?:CASCADE|RESTRICT)?\s*$"),
        ("setting", r"SET\s+(?:LOCAL\s+|SESSION\s+)?(\w+)\s*(?:=|TO)\s*(.+?)\s*$"),
        ("truncate", rf"TRUNCATE\s+(?:TABLE\s+)?(?:ONLY\s+)?{_NAME}"),
    )
)
# What an ALTER TABLE may say beside that and changes no column, constraint or index that is looked at here.
_HARMLESS = re.compile(
    r"^ALTER\s+TABLE\s+(?:ONLY\s+)?\S+\s+(?:(?:ENABLE|DISABLE|FORCE|NO\s+FORCE)\s+(?:ROW\s+LEVEL|TRIGGER|RULE|REPLICA|ALWAYS)|"
    r"OWNER\s+TO|SET\s+\(|RESET\s+\(|CLUSTER|REPLICA\s+IDENTITY|SET\s+(?:UN)?LOGGED|SET\s+TABLESPACE)",
    re.IGNORECASE,
)
_APART = frozenset(
    {"view", "materialized view", "function", "procedure", "trigger", "extension", "sequence", "schema", "policy", "role",
     "user", "rule", "aggregate", "domain", "cast", "operator", "publication", "subscription", "event trigger", "server",
     "foreign", "foreign table", "database", "collation", "language", "statistics", "default", "conversion", "text"}
)  # fmt: skip


def read_sql(text: str, dialect: str | None, place: Where) -> list[AnyOperation]:
    """The operations of a text that may hold several statements. Never raises."""
    return [operation for statement in words.statements(text) for operation in _statement(statement, dialect, place)]


def _statement(text: str, dialect: str | None, place: Where) -> Iterable[AnyOperation]:
    command = _command(text, place)
    if command is not None:
        return (command,)
    try:
        parsed = sqlglot.parse_one(text, read=_DIALECTS.get(dialect or "postgresql", "postgres"))
    except (sqlglot.ParseError, sqlglot.TokenError, RecursionError, ValueError):
        return (_unread(text, place),)
    match parsed:
        case exp.Create():
            return _create(parsed, text, place)
        case exp.Drop():
            return _drop(parsed, text, place)
        case exp.Alter():
            return _alter(parsed, text, place)
        case exp.Insert() | exp.Update() | exp.Delete() | exp.Merge():
            return _write(parsed, place)
        case exp.TruncateTable():
            tables = [table_name(t) for t in parsed.expressions]
            return [WriteRows(**place, verb="truncate", table=t, everywhere=True) for t in tables]
        case exp.Select() | exp.SetOperation() | exp.Subquery() | exp.Set() | exp.Transaction() | exp.Commit():
            return (ReadRows(**place, tables=tuple(_tables_in(parsed))),)
        case _:
            return (_unread(text, place),)


# --- what sqlglot leaves as a command ---


def _command(text: str, place: Where) -> AnyOperation | None:
    added = words.enum_value(text)
    if added is not None:
        idempotent = bool(re.search(r"VALUE\s+IF\s+NOT\s+EXISTS", text, re.IGNORECASE))
        return AddEnumValue(**place, idempotent=idempotent, enum=plain(added[0]), value=added[1])
    for kind, pattern in _COMMANDS:
        found = pattern.match(text)
        if found is not None:
            return _known_command(kind, found, place)
    return None


def _known_command(kind: str, found: "re.Match[str]", place: Where) -> AnyOperation:
    match kind:
        case "rename type":
            return RenameType(**place, name=plain(found[1]), to=plain(found[2]))
        case "rename value":
            return RenameEnumValue(**place, enum=plain(found[1]), value=found[2], to=found[3])
        case "rename constraint":
            table, name, to = plain(found[1]), plain(found[2]), plain(found[3])
            return RenameConstraint(**place, table=table, name=name, to=to)
        case "validate":
            return ValidateConstraint(**place, table=plain(found[1]), name=plain(found[2]))
        case "drop type":
            return DropType(**place, idempotent=bool(found[1]), name=plain(found[2]))
        case "setting":
            return Setting(**place, name=found[1].lower(), value=found[2].strip("'\""))
        case _:
            return WriteRows(**place, verb="truncate", table=plain(found[1]), everywhere=True)


def _unread(text: str, place: Where) -> AnyOperation:
    """A statement that was not parsed: one that concerns neither tables nor types, or anything."""
    kind = words.kind(text)
    found = words.schema_object(text)
    if kind in ("none", "transaction") or words.only_validates(text):
        return ReadRows(**place)
    if kind == "data":
        table = next(words.tables(text), None)
        return WriteRows(**place, verb=text.split(None, 1)[0].lower(), table=table and plain(table))
    if re.match(r"COMMENT\s+ON|REINDEX|GRANT|REVOKE|NOTIFY|CLUSTER", text, re.IGNORECASE) or _HARMLESS.match(text):
        return Other(**place, verb="alter", what="")
    if found is None:
        named = tuple(plain(t) for t in words.tables(text))
        is_block = text.lstrip()[:2].upper() == "DO"
        return Unknown(**place, what=_first_words(text), tables=None if is_block or not named else named)
    verb, what, name, table = found
    if what in _APART:
        return Other(**place, verb=verb, what=what, name=plain(name), table=table and plain(table))
    about = plain(table or name)
    return Unknown(**place, what=_first_words(text), tables=(about,) if what in ("table", "index") else None)


def _first_words(text: str) -> str:
    return " ".join(text.split()[:3])


# --- CREATE ---


def _create(parsed: exp.Create, text: str, place: Where) -> Iterable[AnyOperation]:
    kind = (parsed.args.get("kind") or "").upper()
    exists = bool(parsed.args.get("exists"))
    if kind == "TABLE":
        return _create_table(parsed, place)
    if kind == "INDEX" and isinstance(parsed.this, exp.Index):
        index = read_index(parsed.this, bool(parsed.args.get("unique")))
        return (
            CreateIndex(
                **place,
                idempotent=exists,
                table=table_name(parsed.this.args.get("table")),
                index=index,
                concurrently=bool(parsed.args.get("concurrently")),
            ),
        )
    if kind == "TYPE":
        values = parsed.expression
        if isinstance(values, exp.DataType) and values.is_type(exp.DataType.Type.ENUM):
            names = tuple(v.this for v in values.expressions if isinstance(v, exp.Literal))
            return (CreateType(**place, name=table_name(parsed.this), values=names),)
    return (_unread(text, place),)


def _create_table(parsed: exp.Create, place: Where) -> Iterable[AnyOperation]:
    schema = parsed.this
    whole = isinstance(schema, exp.Schema)
    columns: list[NewColumn] = []
    constraints: list[Constraint] = []
    temporary = any(
        isinstance(p, exp.TemporaryProperty) for p in (parsed.args.get("properties") or exp.Properties()).expressions
    )
    table = table_name(schema.this if whole else schema)
    if temporary:
        return (Other(**place, verb="create", what="temporary table", name=table),)
    for part in schema.expressions if whole else ():
        if isinstance(part, exp.ColumnDef):
            columns.append(read_column(part, place))
        else:
            made = list(read_constraints(part))
            constraints += made
            whole = whole and bool(made)
    return (
        CreateTable(
            **place,
            idempotent=bool(parsed.args.get("exists")),
            table=table,
            columns=tuple(columns),
            constraints=tuple(constraints),
            whole=whole,
        ),
    )


# --- DROP, ALTER ---


def _drop(parsed: exp.Drop, text: str, place: Where) -> Iterable[AnyOperation]:
    kind = (parsed.args.get("kind") or "").upper()
    exists, cascade = bool(parsed.args.get("exists")), bool(parsed.args.get("cascade"))
    names = [table_name(t) for t in parsed.args.get("tables") or (parsed.this,) if t is not None]
    found: list[AnyOperation] = []
    for name in names:
        if kind == "TABLE":
            found.append(DropTable(**place, idempotent=exists, table=name, cascade=cascade))
        elif kind == "INDEX":
            found.append(
                DropIndex(
                    **place,
                    idempotent=exists,
                    name=(name or "").rpartition(".")[2] or None,
                    table=None,
                    concurrently=bool(parsed.args.get("concurrently")),
                    cascade=cascade,
                )
            )
        elif kind == "TYPE":
            found.append(DropType(**place, idempotent=exists, name=name))
        else:
            found.append(_unread(text, place))
    return found or (_unread(text, place),)


def _alter(parsed: exp.Alter, text: str, place: Where) -> Iterable[AnyOperation]:
    kind = (parsed.args.get("kind") or "").upper()
    if _HARMLESS.match(text):
        return (Other(**place, verb="alter", what="table", table=table_name(parsed.this)),)
    actions = parsed.args.get("actions") or []
    if kind == "INDEX" and len(actions) == 1 and isinstance(actions[0], exp.AlterRename):
        name, to = table_name(parsed.this), table_name(actions[0].this)
        return (RenameIndex(**place, name=name, to=to),)
    if kind != "TABLE" or not actions:
        return (_unread(text, place),)
    table = table_name(parsed.this)
    not_valid = bool(parsed.args.get("not_valid")) or bool(re.search(r"\bNOT\s+VALID\b", text, re.IGNORECASE))
    found: list[AnyOperation] = []
    for action in actions:
        found += _action(action, table, not_valid, text, place)
    return found


def _action(action: exp.Expression, table: str | None, not_valid: bool, text: str, place: Where) -> list[AnyOperation]:
    match action:
        case exp.ColumnDef():
            exists = bool(action.args.get("exists"))
            return [AddColumn(**place, idempotent=exists, table=table, column=read_column(action, place))]
        case exp.Drop():
            return [_dropped(action, table, place)]
        case exp.AlterColumn():
            return [_altered(action, table, place)]
        case exp.AddConstraint():
            made = [c for part in action.expressions for c in read_constraints(part)]
            if made:
                return [AddConstraint(**place, table=table, constraint=c, not_valid=not_valid) for c in made]
        case exp.AlterRename():
            return [RenameTable(**place, table=table, to=_beside(table, table_name(action.this)))]
        case exp.RenameColumn():
            name, to = identifier(action.this.this), identifier(action.args["to"].this)
            return [
                AlterColumn(
                    **place,
                    table=table,
                    column=name,
                    given=frozenset({"new_column_name"}),
                    new_name=to,
                )
            ]
        case _:
            pass
    return [Unknown(**place, what=_first_words(text), tables=(table,) if table else None)]


def _beside(table: str | None, to: str | None) -> str | None:
    """The new name of a table, in the schema where it was."""
    schema = (table or "").rpartition(".")[0]
    return f"{schema}.{to}" if schema and to and "." not in to else to


def _dropped(action: exp.Drop, table: str | None, place: Where) -> AnyOperation:
    kind = (action.args.get("kind") or "").upper()
    exists, cascade = bool(action.args.get("exists")), bool(action.args.get("cascade"))
    names = [table_name(t) for t in action.args.get("tables") or (action.this,) if t is not None]
    name = names[0] if len(names) == 1 else None
    if kind == "COLUMN":
        return DropColumn(**place, idempotent=exists, table=table, column=name, cascade=cascade)
    if kind == "CONSTRAINT":
        return DropConstraint(**place, idempotent=exists, table=table, name=name, cascade=cascade)
    return Unknown(**place, what=f"DROP {kind}", tables=(table,) if table else None)


def _altered(action: exp.AlterColumn, table: str | None, place: Where) -> AnyOperation:
    given: set[str] = set()
    args = action.args
    if args.get("dtype") is not None:
        given.add("type_")
    if args.get("using"):
        given.add("postgresql_using")
    if args.get("allow_null") is not None:
        given.add("nullable")
    default = args.get("default")
    if default is not None or (args.get("drop") and args.get("allow_null") is None):
        given.add("server_default")
    nullable = args.get("allow_null")
    if nullable is not None and args.get("drop"):
        nullable = True
    return AlterColumn(
        **place,
        table=table,
        column=identifier(action.this),
        given=frozenset(given),
        type_=read_type(args.get("dtype")),
        nullable=None if nullable is None else bool(nullable),
        default=read_default(default) if default is not None else None,
    )


# --- rows ---


def _write(parsed: exp.Insert | exp.Update | exp.Delete | exp.Merge, place: Where) -> Iterable[AnyOperation]:
    verb = type(parsed).__name__.lower()
    target = parsed.this
    columns: tuple[str, ...] | None = None
    if isinstance(target, exp.Schema):
        columns = tuple(identifier(e) for e in target.expressions)
        target = target.this
    if isinstance(parsed, exp.Update):
        assigned = [e.this for e in parsed.expressions if isinstance(e, exp.EQ)]
        columns = tuple(identifier(c.this) for c in assigned if isinstance(c, exp.Column))
    everywhere = verb in ("update", "delete") and parsed.args.get("where") is None
    literals = tuple(dict.fromkeys(str(e.this) for e in parsed.find_all(exp.Literal) if e.is_string))
    written = WriteRows(
        **place,
        verb=verb,
        table=table_name(target),
        everywhere=everywhere,
        columns=columns,
        literals=literals,
    )
    return (written,)


def _tables_in(parsed: exp.Expression) -> Iterator[str]:
    for table in parsed.find_all(exp.Table):
        name = table_name(table)
        if name:
            yield name
