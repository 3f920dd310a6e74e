"""From steps to operations: directives with all their arguments, SQL, statements that are built, types that make
themselves."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.project.history.columns import Reader, names_of, read_name, text_of
from sqlalint.project.history.operations import (
    AddColumn,
    AddConstraint,
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
    RenameTable,
    Script,
    SetTableComment,
    Unknown,
    Where,
    WriteRows,
)
from sqlalint.project.history.schema import ENUMS, Constraint, Index
from sqlalint.project.migrations import changes
from sqlalint.project.migrations import sql as words
from sqlalint.project.migrations.operations import Body, Creation, Directive, Execution, Step, Unresolved
from sqlalint.project.project import Project

_ENTITIES = ("create_entity", "drop_entity", "replace_entity", "revert_entity")  # alembic_utils: views, functions, ...


def lower(project: Project, body: Body, dialect: str | None) -> Script:
    """What a function does, in order. Conditions stay with the operations."""
    found: list[AnyOperation] = []
    for step in body.steps:
        found += _Lowering(project, step, dialect).operations()
    understood = body.understood and not any(isinstance(o, Unknown) for o in found)
    return Script(tuple(found), understood, body.raises)


class _Lowering:
    """Reads one step."""

    def __init__(self, project: Project, step: Step, dialect: str | None) -> None:
        self._project = project
        self._step = step
        self._dialect = dialect
        batch = step.batch if isinstance(step, Directive) else None
        self._where: Where = {"at": step.at, "scope": step.scope, "sql": False, "batch": batch}
        self._reader = Reader(project, step.at.path, step.at.definition)

    def operations(self) -> Iterable[AnyOperation]:
        """The operations of the step."""
        step = self._step
        match step:
            case Directive():
                return self._directive(step)
            case Execution():
                return self._execution(step)
            case Creation():
                return self._creation(step)
            case Unresolved(what=what):
                return (Unknown(**self._where, what=what),)
            case _:
                return ()

    # --- directives ---

    def _directive(self, step: Directive) -> Iterable[AnyOperation]:
        make = _DIRECTIVES.get(step.name)
        if make is not None:
            return make(self, step)
        if step.name in _ENTITIES:
            return (Other(**self._where, verb=step.name.partition("_")[0], what="entity"),)
        table = _table(step)
        return (Unknown(**self._where, what=step.name, tables=(table,) if table else None),)

    def create_table(self, step: Directive) -> Iterable[AnyOperation]:
        columns: list[NewColumn] = []
        constraints: list[Constraint] = []
        whole = step.complete
        for part in step.rest:
            column = self._reader.column(part)
            made = self._reader.constraint(part) if isinstance(part, ex.Call) and column is None else None
            if column is not None:
                columns.append(column)
            elif made is not None:
                constraints.append(made)
            else:
                whole = False
        yield CreateTable(
            **self._where,
            idempotent=_is_set(step, "if_not_exists"),
            table=_table(step),
            columns=tuple(columns),
            constraints=tuple(constraints),
            whole=whole,
        )

    def drop_table(self, step: Directive) -> Iterable[AnyOperation]:
        yield DropTable(**self._where, idempotent=_is_set(step, "if_exists"), table=_table(step))

    def rename_table(self, step: Directive) -> Iterable[AnyOperation]:
        to, schema = step.text("new_table_name"), step.text("schema")
        yield RenameTable(**self._where, table=_table(step), to=f"{schema}.{to}" if schema and to else to)

    def add_column(self, step: Directive) -> Iterable[AnyOperation]:
        column = self._reader.column(step.argument("column"))
        if column is not None and _is_set(step, "inline_primary_key"):
            column = replace(column, inline_primary_key=True)
        yield AddColumn(
            **self._where,
            idempotent=_is_set(step, "if_not_exists"),
            table=_table(step),
            column=column,
        )

    def drop_column(self, step: Directive) -> Iterable[AnyOperation]:
        yield DropColumn(
            **self._where,
            idempotent=_is_set(step, "if_exists"),
            table=_table(step),
            column=step.text("column_name"),
        )

    def alter_column(self, step: Directive) -> Iterable[AnyOperation]:
        arguments = dict(step.arguments)
        given = {k for k in arguments if k not in ("table_name", "column_name", "schema")}
        if "name" in given:
            given = given - {"name"} | {"new_column_name"}
        for keyword in ("nullable", "type_", "new_column_name", "name"):  # None says nothing here
            if keyword in given and _is_none(arguments.get(keyword)):
                given.discard(keyword)
        default = arguments.get("server_default")
        if isinstance(default, ex.Literal) and default.value is False:
            given.discard("server_default")
        existing = arguments.get("existing_server_default")
        yield AlterColumn(
            **self._where,
            table=_table(step),
            column=step.text("column_name"),
            given=frozenset(given),
            type_=self._reader.type(arguments.get("type_")),
            nullable=_flag(arguments.get("nullable")),
            default=self._reader.default(default) if "server_default" in given else None,
            new_name=text_of(arguments.get("new_column_name") or arguments.get("name")),
            comment=text_of(arguments.get("comment")),
            existing_type=self._reader.type(arguments.get("existing_type")),
            existing_nullable=_flag(arguments.get("existing_nullable")),
            existing_default=self._reader.default(existing),
            whole=step.complete,
            type_at=self._keyword(step, "type_"),
            nullable_at=self._keyword(step, "nullable"),
            default_at=self._keyword(step, "server_default"),
        )

    def _keyword(self, step: Directive, name: str) -> Spot | None:
        span = step.span(name)
        return self._reader.spot(span) if span is not None else None

    def create_index(self, step: Directive) -> Iterable[AnyOperation]:
        columns = step.argument("columns")
        name = read_name(step.argument("index_name"))
        items = columns.items if isinstance(columns, ex.Collection) else ()
        where = next((v for k, v in step.arguments if k.endswith("_where")), None)
        using = step.text("postgresql_using")
        names = tuple(self._index_column(i) for i in items)
        index = Index(
            name.known,
            names,
            _flag(step.argument("unique")) if step.argument("unique") is not None else False,
            None if where is None else _text_in(where),
            "" if using in (None, "btree") else str(using),
            name.naming,
        )
        yield CreateIndex(
            **self._where,
            idempotent=_is_set(step, "if_not_exists"),
            table=_table(step),
            index=index,
            concurrently=_is_set(step, "postgresql_concurrently"),
            dialect_where=tuple(k.removesuffix("_where") for k, _ in step.arguments if k.endswith("_where")),
            name_at=self._keyword(step, "index_name"),
        )

    def _index_column(self, item: ex.Expr) -> str | None:
        """A column by name, `text("x")` and `.desc()` included; None for an expression."""
        known = text_of(item)
        if known is not None:
            return known
        match item:
            case ex.Call(function=ex.Attribute(value=inner, name="desc" | "asc" | "nullslast" | "nulls_last")):
                return self._index_column(inner)
            case ex.Call(arguments=(ex.Literal(value=str(text)),)):
                word = text.strip().removesuffix(" DESC").removesuffix(" ASC").removesuffix(" desc").strip()
                return word if word.isidentifier() else None
            case _:
                return None

    def drop_index(self, step: Directive) -> Iterable[AnyOperation]:
        yield DropIndex(
            **self._where,
            idempotent=_is_set(step, "if_exists"),
            name=step.text("index_name"),
            table=_table(step),
            concurrently=_is_set(step, "postgresql_concurrently"),
        )

    def create_constraint(self, step: Directive) -> Iterable[AnyOperation]:
        kind = _CONSTRAINTS[step.name]
        name = read_name(step.argument("constraint_name"))
        columns = names_of(step.argument("local_cols" if kind == "foreign" else "columns"))
        target = step.text("referent_table")
        schema = step.text("referent_schema")
        condition = step.argument("condition")
        constraint = Constraint(
            kind,
            name.known,
            columns or (),
            f"{schema}.{target}" if schema and target else target,
            names_of(step.argument("remote_cols")) or (),
            step.text("ondelete"),
            step.text("onupdate"),
            _flag(step.argument("deferrable")) is True,
            (step.text("initially") or "").upper(),
            _text_in(condition) if condition is not None else "",
            name.naming,
        )
        yield AddConstraint(
            **self._where,
            idempotent=_is_set(step, "if_not_exists"),
            table=_table(step),
            constraint=constraint,
            not_valid=_is_set(step, "postgresql_not_valid"),
        )

    def drop_constraint(self, step: Directive) -> Iterable[AnyOperation]:
        name = read_name(step.argument("constraint_name"))
        yield DropConstraint(
            **self._where,
            idempotent=_is_set(step, "if_exists"),
            table=_table(step),
            name=name.known,
            kind={"foreignkey": "foreign"}.get(step.text("type_") or "", step.text("type_") or ""),
            unnamed=name.given and name.text is None,
        )

    def table_comment(self, step: Directive) -> Iterable[AnyOperation]:
        yield SetTableComment(**self._where, table=_table(step), comment=step.text("comment"))

    def bulk_insert(self, step: Directive) -> Iterable[AnyOperation]:
        rows = step.argument("rows")
        columns: tuple[str, ...] | None = None
        first = rows.items[0] if isinstance(rows, ex.Collection) and rows.items else None
        if isinstance(first, ex.Mapping):
            columns = tuple(t for k in first.keys if k is not None and (t := text_of(k)) is not None)
        given = step.argument("table")
        tables = changes.tables_in(self._project, step.at.path, (given,)) if given is not None else set()
        literals = _strings(rows) if rows is not None else ()
        table = next(iter(tables)) if len(tables) == 1 else None
        yield WriteRows(**self._where, verb="insert", table=table, columns=columns, literals=literals)

    # --- statements ---

    def _execution(self, step: Execution) -> Iterable[AnyOperation]:
        if step.sql is not None:
            from sqlalint.project.history.sql import read_sql  # sqlglot: only where there is SQL

            return read_sql(step.sql, self._dialect, {**self._where, "sql": True})
        tables = tuple(sorted(changes.tables_of(self._project, step)))
        table = tables[0] if len(tables) == 1 else None
        found = changes.changes(step)
        if not found:
            return (ReadRows(**self._where, tables=tables),)
        change = found[0]
        if change.verb == "data":
            literals = _strings(step.expression) if step.expression is not None else ()
            verb, everywhere = _verb(step)
            return (WriteRows(**self._where, verb=verb, table=table, everywhere=everywhere, literals=literals),)
        return (Unknown(**self._where, what=change.what or step.verb, tables=self._partly(step) or tables or None),)

    def _partly(self, step: Execution) -> tuple[str, ...]:
        """The tables that text names whose other parts are not known."""
        pieces = [p.value for p in ex.walk(step.expression) if isinstance(p, ex.Literal)] if step.expression else []
        text = pieces[0] if pieces and isinstance(pieces[0], str) else ""
        found = words.schema_object(text + " ") if text.rstrip() != text else None
        return (found[2],) if found is not None and found[1] == "table" else ()

    def _creation(self, step: Creation) -> Iterable[AnyOperation]:
        of, call = step.of, step.call
        function = of.function if isinstance(of, ex.Call) else None
        if function is not None and self._reader.name(function) in ENUMS:
            type_ = self._reader.type(of)
            name = type_.keyword("name") if type_ is not None else None
            name = name if isinstance(name, str) else None
            checks = call.keyword("checkfirst")
            idempotent = _flag(checks) is not False if checks is not None else False
            if step.verb == "drop":
                return (DropType(**self._where, idempotent=idempotent, name=name),)
            values = tuple(a for a in type_.arguments if isinstance(a, str)) if type_ is not None else ()
            known = type_ is not None and len(values) == len(type_.arguments)
            return (CreateType(**self._where, idempotent=idempotent, name=name, values=values if known else None),)
        tables = tuple(sorted(changes.tables_of(self._project, step))) if not step.verb.endswith("_all") else ()
        return (Unknown(**self._where, what=step.verb, tables=tables or None),)


_CONSTRAINTS = {
    "create_unique_constraint": "unique", "create_check_constraint": "check", "create_foreign_key": "foreign",
    "create_primary_key": "primary", "create_exclude_constraint": "exclude",
}  # fmt: skip

_DIRECTIVES: dict[str, Callable[[_Lowering, Directive], Iterable[AnyOperation]]] = {
    "create_table": _Lowering.create_table, "drop_table": _Lowering.drop_table, "rename_table": _Lowering.rename_table,
    "add_column": _Lowering.add_column, "drop_column": _Lowering.drop_column, "alter_column": _Lowering.alter_column,
    "create_index": _Lowering.create_index, "drop_index": _Lowering.drop_index,
    "drop_constraint": _Lowering.drop_constraint, "create_table_comment": _Lowering.table_comment,
    "drop_table_comment": _Lowering.table_comment, "bulk_insert": _Lowering.bulk_insert,
    **dict.fromkeys(_CONSTRAINTS, _Lowering.create_constraint),
}  # fmt: skip


def _table(step: Directive) -> str | None:
    """The table of a directive; `public` is what PostgreSQL has anyway."""
    table = step.table
    return table.removeprefix("public.") if table is not None else None


def _flag(expression: ex.Expr | None) -> bool | None:
    value = expression.value if isinstance(expression, ex.Literal) else None
    return value if isinstance(value, bool) else None


def _is_none(expression: ex.Expr | None) -> bool:
    return isinstance(expression, ex.Literal) and expression.value is None


def _is_set(step: Directive, name: str) -> bool:
    """Whether a flag is given and not surely False."""
    given = step.argument(name)
    return given is not None and _flag(given) is not False and not _is_none(given)


def _text_in(expression: ex.Expr) -> str:
    """The text of a condition: a string, or `text("...")`; "" where it is built."""
    match expression:
        case ex.Literal(value=str(text)) | ex.Call(arguments=(ex.Literal(value=str(text)), *_)):
            return text
        case _:
            return ""


def _strings(expression: ex.Expr) -> tuple[str, ...]:
    found = (p.value for p in ex.walk(expression) if isinstance(p, ex.Literal))
    return tuple(dict.fromkeys(v for v in found if isinstance(v, str)))


def _verb(step: Execution) -> tuple[str, bool]:
    """What a statement that is built does, and whether it surely does it to all rows."""
    if step.expression is None:
        return "insert", False
    names = [
        p.name if isinstance(p, ex.Attribute) else p.id
        for p in ex.walk(step.expression)
        if isinstance(p, ex.Attribute | ex.Name)
    ]
    verb = next((v for v in ("delete", "update", "insert") if v in names), None)
    filtered = not {"where", "filter", "filter_by"}.isdisjoint(names)
    if verb is None:
        return ("insert" if step.verb.startswith(("add", "bulk_insert", "merge")) else "update"), False
    return verb, verb in ("update", "delete") and not filtered
