"""Alembic's directives: the names of their arguments, outside and inside of a batch block."""

from sqlalint.facts.expression import Call, Expr, Keyword, Starred
from sqlalint.facts.span import Span

# The positional parameters; a last one that begins with `*` takes all the rest.
OP: dict[str, tuple[str, ...]] = {
    "add_column": ("table_name", "column"),
    "alter_column": ("table_name", "column_name"),
    "batch_alter_table": ("table_name", "schema", "recreate", "partial_reordering", "copy_from"),
    "bulk_insert": ("table", "rows"),
    "create_check_constraint": ("constraint_name", "table_name", "condition"),
    "create_exclude_constraint": ("constraint_name", "table_name", "*elements"),
    "create_foreign_key": ("constraint_name", "source_table", "referent_table", "local_cols", "remote_cols"),
    "create_index": ("index_name", "table_name", "columns"),
    "create_primary_key": ("constraint_name", "table_name", "columns"),
    "create_table": ("table_name", "*columns"),
    "create_table_comment": ("table_name", "comment"),
    "create_unique_constraint": ("constraint_name", "table_name", "columns"),
    "drop_column": ("table_name", "column_name"),
    "drop_constraint": ("constraint_name", "table_name", "type_"),
    "drop_index": ("index_name", "table_name"),
    "drop_table": ("table_name",),
    "drop_table_comment": ("table_name",),
    "execute": ("sqltext",),
    "invoke": ("operation",),
    "rename_table": ("old_table_name", "new_table_name"),
    "run_async": ("async_function", "*args"),
}

BATCH: dict[str, tuple[str, ...]] = {
    "add_column": ("column",),
    "alter_column": ("column_name",),
    "create_check_constraint": ("constraint_name", "condition"),
    "create_exclude_constraint": ("constraint_name", "*elements"),
    "create_foreign_key": ("constraint_name", "referent_table", "local_cols", "remote_cols"),
    "create_index": ("index_name", "columns"),
    "create_primary_key": ("constraint_name", "columns"),
    "create_table_comment": ("comment",),
    "create_unique_constraint": ("constraint_name", "columns"),
    "drop_column": ("column_name",),
    "drop_constraint": ("constraint_name", "type_"),
    "drop_index": ("index_name",),
    "drop_table_comment": (),
    "execute": ("sqltext",),
}

# What older spellings call the same argument.
_RENAMED = {
    "name": "constraint_name",
    "source": "source_table",
    "referent": "referent_table",
    "tablename": "table_name",
}


def bound(name: str, call: Call, *, in_batch: bool) -> tuple[tuple[tuple[str, Expr], ...], tuple[Expr, ...], bool]:
    """The arguments of a directive by name, those of its `*`, and whether all are in sight."""
    names = (BATCH if in_batch else OP).get(name, ())
    arguments: list[tuple[str, Expr]] = []
    rest: list[Expr] = []
    complete = not call.has_open_arguments and not call.has_open_keywords
    for place, value in enumerate(call.arguments):
        if isinstance(value, Starred):
            rest.append(value)
        elif place < len(names) and not names[place].startswith("*"):
            arguments.append((names[place], value))
        else:
            rest.append(value)
    arguments += [
        (_RENAMED.get(k.name, k.name) if _is_old(name, k) else k.name, k.value) for k in call.keywords if k.name
    ]
    return tuple(arguments), tuple(rest), complete


def spans(name: str, call: Call, *, in_batch: bool) -> tuple[tuple[str, Span], ...]:
    """Where the arguments are written, by the names under which `bound` gives them; a keyword's with the keyword."""
    keywords = {k.value.span: k.span for k in call.keywords}
    arguments = bound(name, call, in_batch=in_batch)[0]
    return tuple((key, keywords.get(value.span, value.span)) for key, value in arguments)


def _is_old(directive: str, keyword: Keyword) -> bool:
    return keyword.name in _RENAMED and directive.endswith(("constraint", "foreign_key", "index", "primary_key"))
