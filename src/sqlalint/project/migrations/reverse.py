"""The downgrade that undoes an upgrade, as code, where every step of the upgrade can be undone from what it says."""

from collections.abc import Iterable, Sequence

from sqlalint.facts.expression import Attribute, Call, Expr, Name, dotted, walk
from sqlalint.project.migrations.changes import changes, column_name
from sqlalint.project.migrations.operations import Body, Directive, Step, text_of
from sqlalint.project.project import Project
from sqlalint.project.symbols import External

_TYPES = {
    "create_unique_constraint": "unique", "create_check_constraint": "check", "create_foreign_key": "foreignkey",
    "create_primary_key": "primary",
}  # fmt: skip


def reversal(project: Project, body: Body) -> list[str] | None:
    """The lines of a `downgrade()`, without indentation of their own; None where a step cannot be undone from sight.

    What the upgrade drops is not in its text, rows that it changes are gone, and a type that it makes by the way
    (`Enum`) would be left behind: for these there is no reversal.
    """
    if not body.understood:
        return None
    steps = [s for s in body.steps if changes(s)]
    lines: list[str] = []
    batch = None
    for step in reversed(steps):
        line = _undone(project, step)
        if line is None or not isinstance(step, Directive):
            return None
        if step.batch is not None:
            if step.batch != batch:
                lines.append(
                    f"with op.batch_alter_table({_arguments([step.batch.table], schema=step.batch.schema)}) as batch_op:"
                )
            line = "    " + line
        batch = step.batch
        lines.append(line)
    return lines or None


def _undone(project: Project, step: Step) -> str | None:
    if (
        not isinstance(step, Directive)
        or not step.complete
        or step.scope.guards
        or step.scope.loop
        or step.scope.autocommit
    ):
        return None
    if step.batch is not None and step.batch.table is None:
        return None
    if _makes_types(project, step):
        return None
    op, schema = ("op", step.text("schema")) if step.batch is None else ("batch_op", None)
    table = [] if step.batch is not None else [step.text("table_name") or step.text("source_table")]
    match step.name:
        case "create_table":
            return _call(op, "drop_table", [step.text("table_name")], schema=schema)
        case "add_column":
            return _call(op, "drop_column", [*table, column_name(step.argument("column"))], schema=schema)
        case "create_index":
            named = {} if step.batch is not None else {"table_name": table[0]}
            return _call(op, "drop_index", [step.text("index_name")], **named, schema=schema)
        case "rename_table":
            return _call(op, "rename_table", [step.text("new_table_name"), step.text("old_table_name")], schema=schema)
        case name if name in _TYPES:
            schema = step.text("source_schema") if name == "create_foreign_key" and schema is None else schema
            return _call(
                op, "drop_constraint", [step.text("constraint_name"), *table], type_=_TYPES[name], schema=schema
            )
        case "alter_column":
            return _renamed(step, op, table, schema)
        case _:
            return None


def _renamed(step: Directive, op: str, table: list[str | None], schema: str | None) -> str | None:
    """A pure rename the other way round."""
    given = {k for k, _ in step.arguments} - {"table_name", "column_name", "schema"}
    if given != {"new_column_name"}:
        return None
    old, new = step.text("column_name"), step.text("new_column_name")
    return _call(op, "alter_column", [*table, new], new_column_name=old, schema=schema) if old else None


def _makes_types(project: Project, step: Directive) -> bool:
    """Whether a column's type may be made as an object of its own: an enum, or a type that is not SQLAlchemy's."""
    columns = [*step.rest, *(v for k, v in step.arguments if k == "column")]
    return any(_is_foreign(project, step.at.path, t) for c in columns for t in _types(c))


def _types(column: Expr) -> Iterable[Expr]:
    if isinstance(column, Call):
        for argument in (*column.arguments, *(k.value for k in column.keywords if k.name == "type_")):
            if text_of(argument) is None:
                yield argument


def _is_foreign(project: Project, path: str, expression: Expr) -> bool:
    return any(isinstance(part, Name | Attribute) and not _is_known(project, path, part) for part in walk(expression))


def _is_known(project: Project, path: str, name: Name | Attribute) -> bool:
    symbol = project.resolve(path, dotted(name) or "")
    if not isinstance(symbol, External):
        return False
    last = symbol.name.rpartition(".")[2]
    return symbol.name.startswith("sqlalchemy") and last not in ("Enum", "ENUM", "DOMAIN")


def _call(of: str, method: str, positional: Sequence[str | None], **named: str | None) -> str | None:
    return None if None in positional else f"{of}.{method}({_arguments(positional, **named)})"


def _arguments(positional: Sequence[str | None], **named: str | None) -> str:
    return ", ".join([_quoted(p) for p in positional if p] + [f"{k}={_quoted(v)}" for k, v in named.items() if v])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
