"""What a step changes: schema objects by name, rows, or something that is not known."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from sqlalint.facts.expression import Attribute, Call, Expr, Literal, Name, dotted, walk
from sqlalint.facts.statement import Assign
from sqlalint.project.migrations import sql
from sqlalint.project.migrations.operations import (
    Creation,
    Directive,
    Execution,
    Step,
    Unresolved,
    text_of,
)
from sqlalint.project.project import Project
from sqlalint.project.symbols import Definition

_ROWS = frozenset({"insert", "update", "delete", "values", "from_select"})
_CREATED = {
    "create_table": "table", "add_column": "column", "create_index": "index", "create_unique_constraint": "constraint",
    "create_check_constraint": "constraint", "create_foreign_key": "constraint", "create_primary_key": "constraint",
    "create_exclude_constraint": "constraint",
}  # fmt: skip
_DROPPED = {"drop_table": "table", "drop_column": "column", "drop_index": "index", "drop_constraint": "constraint"}
_ALTERED = frozenset({"create_table_comment", "drop_table_comment"})


class Change(Struct, frozen=True, array_like=True):
    """One change. `verb` is create, drop, alter, rename, `data` (rows) or `unknown`; `what` the kind of object (table,
    column, index, constraint, type, enum value, view, ...); `name` and `table` are None where they are not known."""

    verb: str
    what: str
    name: str | None
    table: str | None


def changes(step: Step) -> list[Change]:
    """What a step changes; nothing for reads and settings."""
    match step:
        case Directive():
            return [_directive(step)]
        case Execution(sql=str(text)):
            return [c for s in sql.statements(text) for c in _statement(s)]
        case Execution():
            return _expression(step)
        case Creation(verb=verb, of=of):
            return [Change("create" if verb.startswith("create") else "drop", "object", _name(of), None)]
        case Unresolved(live=True):
            return [Change("unknown", "", None, None)]
        case _:
            return []


def lasting(steps: Iterable[Step]) -> list[tuple[Step, Change]]:
    """All changes but those that a later step of the same body takes back."""
    found = [(step, change) for step in steps for change in changes(step)]
    gone = {(c.what, c.name, c.table if c.what != "index" else None) for _, c in found if c.verb == "drop" and c.name}
    created = {(c.what, c.name, c.table if c.what != "index" else None) for _, c in found if c.verb == "create"}
    brief = gone & created

    def is_brief(change: Change) -> bool:
        key = (change.what, change.name, change.table if change.what != "index" else None)
        return change.verb in ("create", "drop") and key in brief

    first_dropped = {k for k in brief if _dropped_first(found, k)}
    return [
        (s, c)
        for s, c in found
        if not is_brief(c) or (c.what, c.name, c.table if c.what != "index" else None) in first_dropped
    ]


def _dropped_first(found: list[tuple[Step, Change]], key: tuple[str, str | None, str | None]) -> bool:
    """Whether an object is dropped and then made anew, which lasts."""
    what, name, _ = key
    return (
        next(c.verb for _, c in found if c.what == what and c.name == name and c.verb in ("create", "drop")) == "drop"
    )


def tables_of(project: Project, step: Step) -> set[str]:
    """The names of the tables that a step is about, as far as they can be told."""
    match step:
        case Directive():
            own = {step.table} if step.table else set()
            return own | tables_in(project, step.at.path, [v for _, v in step.arguments] if not own else [])
        case Execution(sql=str(text)):
            found = {t for s in sql.statements(text) for t in sql.tables(s)}
            objects = [o for s in sql.statements(text) if (o := sql.schema_object(s))]
            return found | {o[2] for o in objects if o[1] == "table"} | {o[3] for o in objects if o[3]}
        case Execution(expression=expression) if expression is not None:
            return tables_in(project, step.at.path, [expression])
        case Creation(of=of):
            return tables_in(project, step.at.path, [of])
        case _:
            return set()


def tables_in(project: Project, path: str, expressions: Iterable[Expr]) -> set[str]:
    """The tables that expressions name: `table("x")`, `Table("x", ...)`, classes with a `__tablename__`."""
    return {name for e in expressions for part in walk(e) for name in _named(project, path, part)}


def _named(project: Project, path: str, part: Expr) -> Iterator[str]:
    match part:
        case Call(function=function, arguments=(Literal(value=str(name)), *_)):
            if (dotted(function) or "").rpartition(".")[2] in ("table", "Table"):
                yield name
        case Name() | Attribute():
            symbol = project.resolve(path, dotted(part) or "")
            class_ = project.class_(symbol.path, symbol.key) if isinstance(symbol, Definition) else None
            for statement in class_.body if class_ else ():
                if isinstance(statement, Assign) and isinstance(statement.targets[0], Name):
                    name_ = text_of(statement.value)
                    if statement.targets[0].id == "__tablename__" and name_:
                        yield name_
        case _:
            pass


def _directive(step: Directive) -> Change:
    name, table = step.name, step.table
    if name in _CREATED or name in _DROPPED:
        what = _CREATED.get(name) or _DROPPED[name]
        verb = "create" if name in _CREATED else "drop"
        return Change(verb, what, table if what == "table" else _object(step, what), table)
    if name == "rename_table":
        return Change("rename", "table", table, step.text("new_table_name"))
    if name == "alter_column":
        column = step.text("column_name")
        renamed = step.text("new_column_name")
        return Change("rename", "column", column, table) if renamed else Change("alter", "column", column, table)
    if name in _ALTERED:
        return Change("alter", "table", table, table)
    return (
        Change("data", "row", None, _table_name(step)) if name == "bulk_insert" else Change("unknown", "", None, table)
    )


def _object(step: Directive, what: str) -> str | None:
    if what != "column":
        return step.text("index_name" if what == "index" else "constraint_name")
    if step.name == "drop_column":
        return step.text("column_name")
    return column_name(step.argument("column"))


def column_name(column: Expr | None) -> str | None:
    """The name in `Column("name", ...)`."""
    if not isinstance(column, Call):
        return None
    return text_of(column.arguments[0]) if column.arguments else text_of(column.keyword("name"))


def _table_name(step: Directive) -> str | None:
    table = step.argument("table")
    return text_of(table.arguments[0]) if isinstance(table, Call) and table.arguments else None


def _statement(statement: str) -> list[Change]:
    match sql.kind(statement):
        case "schema":
            added = sql.enum_value(statement)
            if added is not None:
                return [Change("create", "enum value", added[1], added[0])]
            if sql.only_validates(statement):
                return []
            found = sql.schema_object(statement)
            if found is None:
                return [Change("alter", "object", None, None)]
            verb, what, name, table = found
            return [Change(verb, what, name, table or (name if what == "table" else None))]
        case "data":
            return [Change("data", "row", None, next(sql.tables(statement), None))]
        case "unknown":
            return [Change("unknown", "", None, None)]
        case _:
            return []


def _expression(step: Execution) -> list[Change]:
    """A statement that is built, or text that is not known: by the verbs in it."""
    if step.verb in ("update", "delete", "add", "add_all", "merge") or step.verb.startswith("bulk_"):
        return [Change("data", "row", None, None)]
    # A flush sends what is pending, as a commit does: the steps before it say whether there is anything.
    if step.verb in ("query", "flush") or step.expression is None:
        return []
    words = {
        p.name if isinstance(p, Attribute) else p.id for p in walk(step.expression) if isinstance(p, Attribute | Name)
    }
    if words & _ROWS:
        return [Change("data", "row", None, None)]
    if "select" in words or "exists" in words or step.verb in ("scalar", "scalars"):
        return []
    ddl = {"CreateTable": "create", "DropTable": "drop", "CreateIndex": "create", "DropIndex": "drop"}
    verb = next((v for k, v in ddl.items() if k in words), None)
    return [Change(verb, "object", None, None)] if verb else _by_beginning(step.expression)


def _by_beginning(expression: Expr) -> list[Change]:
    """Text that is known only in part: its first word tells what kind of statement it is."""
    first = next((p.value for p in walk(expression) if isinstance(p, Literal) and isinstance(p.value, str)), "")
    match sql.kind(first):
        case "schema":
            return [Change("alter", "object", None, None)]
        case "data":
            return [Change("data", "row", None, None)]
        case "none":
            return []
        case _:
            return [Change("unknown", "", None, None)]


def _name(of: Expr) -> str | None:
    if isinstance(of, Call):
        return text_of(of.keyword("name")) or next((t for a in of.arguments if (t := text_of(a))), None)
    return dotted(of)
