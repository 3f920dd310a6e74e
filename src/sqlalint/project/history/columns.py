"""Columns, constraints and server defaults as migrations write them, read into values."""

from typing import NamedTuple, TypedDict

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span, Spot
from sqlalint.project.history.operations import NewColumn
from sqlalint.project.history.schema import Column, Constraint, Index, ServerDefault
from sqlalint.project.history.types import canonical, read_type
from sqlalint.project.project import Project
from sqlalint.project.schema import ColumnType

COLUMNS = frozenset({"sqlalchemy.Column", "sqlalchemy.orm.mapped_column", "sqlmodel.Column"})
_SQL_TEXT = frozenset({"sqlalchemy.text", "sqlalchemy.literal_column", "sqlalchemy.DDL"})
_KINDS = {
    "sqlalchemy.PrimaryKeyConstraint": "primary", "sqlalchemy.UniqueConstraint": "unique",
    "sqlalchemy.ForeignKeyConstraint": "foreign", "sqlalchemy.CheckConstraint": "check",
    "sqlalchemy.dialects.postgresql.ExcludeConstraint": "exclude",
}  # fmt: skip
_NO_TYPE = frozenset({"sqlalchemy.Sequence", "sqlalchemy.FetchedValue", "sqlalchemy.DefaultClause"})


class GivenName(NamedTuple):
    """A name as it is written: None without one or with None (`given` tells which), "" where it is not read. `final`:
    `op.f`, so that no convention changes it."""

    text: str | None
    given: bool
    final: bool = False

    @property
    def naming(self) -> str:
        """As in `Constraint.naming`, before conventions."""
        if self.text is None:
            return "server"
        return "unknown" if self.text == "" else "final" if self.final else "given"

    @property
    def known(self) -> str | None:
        """The name where it is one."""
        return self.text or None


def read_name(expression: ex.Expr | None) -> GivenName:
    """A name of a constraint or index."""
    match expression:
        case None:
            return GivenName(None, False)
        case ex.Literal(value=None):
            return GivenName(None, True)
        case ex.Literal(value=str(text)):
            return GivenName(text, True)
        case ex.Call(function=ex.Attribute(name="f") | ex.Name(id="f"), arguments=(ex.Literal(value=str(text)), *_)):
            return GivenName(text, True, final=True)
        case ex.Call(function=ex.Name(id="quoted_name") | ex.Attribute(name="quoted_name"), arguments=(inner, *_)):
            return read_name(inner)
        case _:
            return GivenName("", True)


def text_of(expression: ex.Expr | None) -> str | None:
    """A literal string, `op.f("x")` included."""
    return read_name(expression).known


def names_of(expression: ex.Expr | None) -> tuple[str, ...] | None:
    """The strings of a display, or one string alone; None where some are out of sight."""
    if isinstance(expression, ex.Collection):
        found = [text_of(i) for i in expression.items]
        return tuple(f for f in found if f is not None) if None not in found else None
    single = text_of(expression)
    return None if single is None else (single,)


class Reader:
    """Reads what stands at one place: `path` is the file in whose names expressions are written."""

    def __init__(self, project: Project, path: str, definition: str) -> None:
        self._project = project
        self._path = path
        self._definition = definition

    def spot(self, span: Span) -> Spot:
        """A span of the definition."""
        return Spot(self._path, self._definition, span)

    def name(self, expression: ex.Expr) -> str:
        """The canonical name of what is called, "" where it is not known."""
        return canonical(self._project, self._path, expression) or ""

    def type(self, expression: ex.Expr | None) -> ColumnType | None:
        """A column's type."""
        return read_type(self._project, self._path, expression)

    # --- defaults ---

    def default(self, expression: ex.Expr | None) -> ServerDefault | None:
        """What `server_default=` says; None where there surely is none."""
        match expression:
            case None | ex.Literal(value=None):
                return None
            case ex.Literal(value=str(text)):
                return ServerDefault("text", text)
            case ex.Literal(value=value):
                return ServerDefault("wrong", repr(value))
            case ex.Collection() | ex.Mapping() | ex.Lambda():
                return ServerDefault("wrong", "a collection" if not isinstance(expression, ex.Lambda) else "a function")
            case ex.Call(function=function, arguments=arguments):
                return self._called_default(expression, self.name(function), arguments)
            case _:
                return ServerDefault("unread")

    def _called_default(self, call: ex.Call, name: str, arguments: tuple[ex.Expr, ...]) -> ServerDefault | None:
        first = arguments[0] if arguments else None
        if name in _SQL_TEXT:
            text = first.value if isinstance(first, ex.Literal) and isinstance(first.value, str) else ""
            return None if text.strip().upper() == "NULL" else ServerDefault("sql", text)
        if name == "sqlalchemy.Identity":
            return ServerDefault("identity")
        if name == "sqlalchemy.Computed":
            text = first.value if isinstance(first, ex.Literal) and isinstance(first.value, str) else ""
            return ServerDefault("computed", text)
        if name in ("sqlalchemy.true", "sqlalchemy.false", "sqlalchemy.null"):
            word = name.rpartition(".")[2]
            return None if word == "null" else ServerDefault("sql", word)
        if name in _NO_TYPE:
            return None if name != "sqlalchemy.DefaultClause" else self.default(first)
        if name.startswith("sqlalchemy.func."):
            return ServerDefault("sql", _function(name.removeprefix("sqlalchemy.func."), call))
        return ServerDefault("unread")

    # --- columns ---

    def column(self, expression: ex.Expr | None) -> NewColumn | None:
        """A `Column(...)`; None for anything else, or without a name that is known."""
        if not isinstance(expression, ex.Call):
            return None
        if isinstance(expression.function, ex.Attribute) and expression.function.name == "copy":
            return self.column(expression.function.value)
        if self.name(expression.function) not in COLUMNS:
            return None
        keywords = {k.name: k.value for k in expression.keywords if k.name}
        positional = list(expression.arguments)
        name = text_of(positional.pop(0)) if positional and text_of(positional[0]) is not None else None
        name = name or text_of(keywords.get("name"))
        if name is None:
            return None
        type_, default, constraints, sequence = self._arguments(name, positional, keywords)
        primary_key = _flag(keywords.get("primary_key"), False)
        nullable = _flag(keywords.get("nullable"), None)
        if "nullable" not in keywords or _is_none(keywords["nullable"]):
            is_identity = default is not None and default.kind == "identity"
            nullable = None if primary_key is None else not (primary_key or is_identity)
        whole = not expression.has_open_arguments and not expression.has_open_keywords
        if not whole:
            nullable = nullable if "nullable" in keywords else None
            default = default or ServerDefault("unread")
        at = self.spot(expression.span)
        unique, index = _flag(keywords.get("unique"), False), _flag(keywords.get("index"), False)
        indexes = (Index(None, (name,), bool(unique), naming="server"),) if index else ()
        if unique and not index:
            constraints.append(Constraint("unique", None, (name,), naming="server"))
        return NewColumn(
            column=Column(name, type_, nullable, default, text_of(keywords.get("comment"))),
            at=at,
            constraints=tuple(constraints),
            indexes=indexes,
            primary_key=primary_key,
            python_default=not _is_none(keywords.get("default")),
            sequence=sequence,
            whole=whole,
            keywords=tuple(sorted(keywords)),
            nullable_at=self._at(expression, "nullable"),
            default_at=self._at(expression, "server_default"),
            type_at=next((self.spot(a.span) for a in positional if self._is_type(a)), None),
        )

    def _arguments(
        self, name: str, positional: list[ex.Expr], keywords: dict[str, ex.Expr]
    ) -> tuple[ColumnType | None, ServerDefault | None, list[Constraint], bool]:
        """Type, default, constraints, and whether there is a Sequence."""
        type_ = self.type(keywords["type_"]) if "type_" in keywords else None
        default = self.default(keywords.get("server_default"))
        constraints: list[Constraint] = []
        typed = "type_" in keywords
        sequence = False
        for argument in positional:
            callee = self.name(argument.function) if isinstance(argument, ex.Call) else ""
            if isinstance(argument, ex.Call) and callee == "sqlalchemy.ForeignKey":
                constraints.append(self._key(argument, (name,), argument.arguments[0] if argument.arguments else None))
            elif isinstance(argument, ex.Call) and callee in _KINDS:
                made = self.constraint(argument)
                if made is not None:
                    constraints.append(made)
            elif callee in ("sqlalchemy.Identity", "sqlalchemy.Computed") and isinstance(argument, ex.Call):
                default = self._called_default(argument, callee, argument.arguments)
            elif callee in _NO_TYPE:
                sequence = sequence or callee == "sqlalchemy.Sequence"
            elif not typed and not isinstance(argument, ex.Starred):
                type_, typed = self.type(argument), True
        return type_, default, constraints, sequence

    def _is_type(self, argument: ex.Expr) -> bool:
        callee = self.name(argument.function) if isinstance(argument, ex.Call) else self.name(argument)
        last = callee.rpartition(".")[2]
        return bool(callee) and last not in ("ForeignKey", "Identity", "Computed", "Sequence", "FetchedValue")

    def _at(self, call: ex.Call, keyword: str) -> Spot | None:
        span = call.keyword_span(keyword)
        return self.spot(span) if span is not None else None

    def _key(self, call: ex.Call, columns: tuple[str, ...], target: ex.Expr | None) -> Constraint:
        keywords = {k.name: k.value for k in call.keywords if k.name}
        name = read_name(keywords.get("name"))
        table, column = _target(text_of(target))
        return Constraint(
            "foreign",
            name.known,
            columns,
            table,
            (column,) if column else (),
            naming=name.naming,
            **_actions(keywords),
        )

    def constraint(self, call: ex.Call) -> Constraint | None:
        """A `UniqueConstraint(...)` and its like; None where its columns are not known."""
        kind = _KINDS.get(self.name(call.function))
        if kind is None:
            return None
        keywords = {k.name: k.value for k in call.keywords if k.name}
        name = read_name(keywords.get("name"))
        if kind == "check":
            text = _sql(call.arguments[0] if call.arguments else keywords.get("sqltext"))
            given = name if name.given else read_name(call.arguments[1] if len(call.arguments) > 1 else None)
            return Constraint("check", given.known, expression=text, naming=given.naming)
        if kind == "exclude":
            return Constraint("exclude", name.known, naming=name.naming)
        if kind == "foreign":
            given_columns = call.arguments[0] if call.arguments else keywords.get("columns")
            given_targets = call.arguments[1] if len(call.arguments) > 1 else keywords.get("refcolumns")
            columns, targets = names_of(given_columns), names_of(given_targets)
            if columns is None:
                return None
            pairs = [_target(t) for t in targets or ()]
            return Constraint(
                "foreign",
                name.known,
                columns,
                pairs[0][0] if pairs else None,
                tuple(c for _, c in pairs if c),
                naming=name.naming,
                **_actions(keywords),
            )
        found = [text_of(a) for a in call.arguments]
        if None in found or call.has_open_arguments:
            return None
        return Constraint(
            kind, name.known, tuple(f for f in found if f is not None), naming=name.naming, **_deferred(keywords)
        )


def _target(text: str | None) -> tuple[str | None, str | None]:
    """Table and column of `schema.table.column`."""
    if text is None:
        return None, None
    table, _, column = text.rpartition(".")
    return (table, column) if table else (column, None)


class _Deferred(TypedDict):
    deferrable: bool
    initially: str


class _Actions(_Deferred):
    ondelete: str | None
    onupdate: str | None


def _deferred(keywords: dict[str, ex.Expr]) -> _Deferred:
    return {
        "deferrable": _flag(keywords.get("deferrable"), False) is True,
        "initially": (text_of(keywords.get("initially")) or "").upper(),
    }


def _actions(keywords: dict[str, ex.Expr]) -> _Actions:
    return {
        "ondelete": text_of(keywords.get("ondelete")),
        "onupdate": text_of(keywords.get("onupdate")),
        **_deferred(keywords),
    }


def _flag(expression: ex.Expr | None, absent: bool | None) -> bool | None:
    if expression is None or _is_none(expression):
        return absent
    if isinstance(expression, ex.Literal) and isinstance(expression.value, bool | int):
        return bool(expression.value)
    return None


def _is_none(expression: ex.Expr | None) -> bool:
    return expression is None or (isinstance(expression, ex.Literal) and expression.value is None)


def _sql(expression: ex.Expr | None) -> str:
    match expression:
        case ex.Literal(value=str(text)):
            return text
        case ex.Call(arguments=(ex.Literal(value=str(text)), *_)):
            return text
        case _:
            return ""


def _function(name: str, call: ex.Call) -> str:
    """`func.now()` as SQL; "" where an argument is not a literal."""
    if name in ("current_timestamp", "current_date", "current_time", "localtimestamp", "current_user", "session_user"):
        return name.upper()
    arguments = [_quoted(a) for a in call.arguments]
    if any(a is None for a in arguments):
        return f"{name}(...)"
    return f"{name}({', '.join(a for a in arguments if a is not None)})"


def _quoted(expression: ex.Expr) -> str | None:
    match expression:
        case ex.Literal(value=str(text)):
            return "'" + text.replace("'", "''") + "'"
        case ex.Literal(value=bool() as value):
            return str(value).lower()
        case ex.Literal(value=int() | float() as value):
            return str(value)
        case ex.Call(arguments=(ex.Literal(value=str(text)), *_)):
            return text
        case _:
            return None
