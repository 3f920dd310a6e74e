"""The fix of lazy loads: their options put where the query that gives the rows takes them, and imported where they are not yet."""

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.flow import placing, remedy
from sqlalint.flow.events import LazyRead, Query
from sqlalint.project import edits
from sqlalint.project.mapping import Model
from sqlalint.project.project import Project
from sqlalint.project.symbols import Definition
from sqlalint.report.finding import Fix


def option_fix(project: Project, reads: list[LazyRead]) -> Fix | None:
    """The options that all these reads want, at their query; None where that is not plain, or others have its rows too."""
    query, branches = reads[0].query, remedy.options(reads)
    if not branches or query.aliased or any(r.own_query for r in reads):
        return None
    if any(each.has_option for read in reads for each in (read, *read.further)):
        return None  # two options for one relationship raise
    place = placing.putting(project, reads[0])
    named = _names(project, place.at, branches) if place is not None else None
    if place is None or named is None:
        return None
    models, imports = named
    functions: dict[str, str] = {}
    for function in sorted(set().union(*(b.functions() for b in branches))):
        found = edits.import_name(project, place.at, "sqlalchemy.orm", function)
        if found is None:
            return None
        functions[function] = found.written
        imports = (*imports, *found.edits)
    options = ", ".join(b.code(models, functions) for b in branches)
    added = placing.given(project, place, options) if place.parameter else _added(project, query, options)
    names = remedy.plural(list(dict.fromkeys(r.name for r in reads)))
    return Fix(f"Load {names} with the query", (*imports, *added), safe=False) if added else None


def is_here(read: LazyRead) -> bool:
    """Whether the query is in the function that was followed."""
    return read.query.at.is_beside(read.function)


def _names(project: Project, at: Spot, branches: list[remedy.Branch]) -> tuple[dict[str, str], edits.Edits] | None:
    """What the models of the options are called at a place, with imports for that; None where one has no name there."""
    wanted = {b.model: b.model_id for top in branches for b in top.branches()}
    names: dict[str, str] = {}
    imports: edits.Edits = ()
    for name, model_id in wanted.items():
        model = project.models.model(model_id)
        known = name_at(project, at, model) if model else None
        if known is None:
            found = edits.import_beside(project, at, _definition(model_id)) if model else None
            if found is None:
                return None
            known, imports = found.written, (*imports, *found.edits)
        names[name] = known
    return names, imports


def name_at(project: Project, at: Spot, model: Model) -> str | None:
    """A name that the file of a call has for a model: its own, or one in a module that the call's arguments are in."""
    candidates = [model.name]
    call = edits.call_at(project, at)  # None for `User.query`
    for argument in call.arguments if call else ():
        dotted = ex.dotted(argument)
        if dotted is not None:
            candidates += [dotted, f"{dotted.rpartition('.')[0]}.{model.name}"]
    return next((c for c in candidates if project.resolve(at.path, c) == _definition(model.id)), None)


def _definition(model_id: str) -> Definition:
    path, key = model_id.split("::")
    return Definition(path, key)


def _added(project: Project, query: Query, options: str) -> edits.Edits:
    """The edits that give the options to the query."""
    if query.kind != "get" or query.legacy:
        return edits.insert_behind(query.at, f".options({options})")
    call = edits.call_at(project, query.at)
    if call is None or call.keyword("options") is not None or call.has_open_keywords:
        return ()
    return edits.add_argument(query.at, call, f"options=[{options}]")
