"""The fix of columns that a query leaves out: named by its `load_only`, taken out of its `defer`, or undeferred."""

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span, Spot
from sqlalint.flow import remedy
from sqlalint.flow.events import LazyRead
from sqlalint.flow.mend import is_here, name_at
from sqlalint.project import edits
from sqlalint.project.project import Project
from sqlalint.report.finding import Edit, Fix


def column_fix(project: Project, reads: list[LazyRead]) -> Fix | None:
    """What makes the query load the columns that are read; None where that is not plain, or is in another function."""
    if reads[0].query.aliased or not all(is_here(read) for read in reads):
        return None
    found: edits.Edits = ()
    places = {place for read in reads for place in read.left_out_by}
    missing = list(dict.fromkeys(r.attribute for r in reads if r.left_out_by))
    for at in sorted(places):
        changed = _changed(project, at, missing) if at.is_beside(reads[0].query.at) else None
        if changed is None:
            return None
        found = (*found, *changed)
    undeferred = [read for read in reads if not read.left_out_by]
    if undeferred:
        added = _undefer(project, undeferred)
        if added is None:
            return None
        found = (*found, *added)
    names = remedy.plural(list(dict.fromkeys(read.name for read in reads)))
    return Fix(f"Load {names} with the query", found, safe=False) if found else None


def _changed(project: Project, at: Spot, columns: list[str]) -> edits.Edits | None:
    """The edits of one option; None where it cannot be read."""
    call = edits.call_at(project, at)
    if call is None or call.has_open_arguments or call.keywords:
        return None
    name = (ex.dotted(call.function) or "").rpartition(".")[2]
    if isinstance(call.function, ex.Attribute):
        name = call.function.name
    written = {_column(argument): argument for argument in call.arguments}
    if None in written:
        return None
    if name == "load_only":
        return _named(at, call, [c for c in columns if c not in written])
    unwanted = [written[c].span for c in columns if c in written]
    if not unwanted:
        return ()
    if len(unwanted) == len(call.arguments) == 1:
        return _without(project, at, call)
    return edits.remove_item(at, call, unwanted[0]) or None if len(unwanted) == 1 else None


def _column(argument: ex.Expr) -> str | None:
    """The name of a column that an option names, by `User.name` or by a string."""
    if isinstance(argument, ex.Attribute) and ex.dotted(argument):
        return argument.name
    return argument.value if isinstance(argument, ex.Literal) and isinstance(argument.value, str) else None


def _named(at: Spot, call: ex.Call, columns: list[str]) -> edits.Edits | None:
    """More columns for `load_only`, written as its last one is."""
    if not columns:
        return ()
    last = call.arguments[-1] if call.arguments else None
    owner = ex.dotted(last.value) if isinstance(last, ex.Attribute) else None
    if owner is None:
        return None
    return edits.add_argument(at, call, ", ".join(f"{owner}.{column}" for column in columns)) or None


def _without(project: Project, at: Spot, call: ex.Call) -> edits.Edits | None:
    """A query without an option: the end of a chain, one of several, or the only one."""
    if isinstance(call.function, ex.Attribute) and not isinstance(call.function.value, ex.Name):
        return (Edit(_behind(at, call.function.value, call), ""),)
    outer = edits.call_around(project, at)
    if outer is None or not isinstance(outer.function, ex.Attribute) or outer.function.name != "options":
        return None
    if len(outer.arguments) == 1 and not outer.keywords:
        return (Edit(_behind(at, outer.function.value, outer), ""),)
    return edits.remove_item(at, outer, call.span) or None


def _behind(at: Spot, kept: ex.Expr, whole: ex.Expr) -> Spot:
    """What stands behind the beginning of an expression."""
    start, end = kept.span, whole.span
    return Spot(at.path, at.definition, Span(start.end_row, start.end_column, end.end_row, end.end_column))


def _undefer(project: Project, reads: list[LazyRead]) -> edits.Edits | None:
    """`undefer` for columns that the model itself defers."""
    query, model = reads[0].query, project.models.model(reads[0].model)
    known = name_at(project, query.at, model) if model else None
    imported = edits.import_name(project, query.at, "sqlalchemy.orm", "undefer")
    if known is None or imported is None or any(read.path or read.model != reads[0].model for read in reads):
        return None
    if query.kind == "get" and not query.legacy:
        return None
    wanted = ", ".join(f"{imported.written}({known}.{name})" for name in dict.fromkeys(r.attribute for r in reads))
    return (*imported.edits, *edits.insert_behind(query.at, f".options({wanted})"))
