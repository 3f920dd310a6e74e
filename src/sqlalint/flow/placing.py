"""Where the options of lazy loads are put: at the query, wherever that is, or at a call that hands them to it.

A query in another function is for that function's callers: it gets options of one of them only where there are no
others. A function that takes `options`, or `*options`, for its query is given them at the call.
"""

from typing import NamedTuple

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Spot
from sqlalint.flow.events import LazyRead
from sqlalint.flow.supplied import RECEIVERS
from sqlalint.project import edits
from sqlalint.project.project import Project

_TRANSPARENT = frozenset(
    {"staticmethod", "classmethod", "contextmanager", "asynccontextmanager"}
)  # decorators under which a function is still its own


class Putting(NamedTuple):
    """A call, and how it takes options: `parameter` is `options` or `*options` of the function called, "" for a query."""

    at: Spot
    parameter: str = ""


def putting(project: Project, read: LazyRead) -> Putting | None:
    """Where the options of a read are put; None where others than the code that reads would have them too."""
    query = read.query
    if query.at.is_beside(read.function):
        return Putting(query.at)
    if not query.calls or not query.calls[0].is_beside(read.function):
        return None
    found = Putting(query.at)
    callees = [*query.calls[1:], query.at]
    for call, inside in reversed(list(zip(query.calls, callees, strict=True))):
        taking = _taken(project, call, inside) if found.at == query.at == inside else ""
        if taking:
            found = Putting(call, taking)
        elif not _is_only_called_by(project, inside, call):
            return None
    return found


def given(project: Project, place: Putting, options: str) -> edits.Edits:
    """The edits that hand options to the function that is called there."""
    call = edits.call_at(project, place.at)
    if call is None:
        return ()
    if not place.parameter.startswith("*"):
        return edits.add_argument(place.at, call, f"{place.parameter}=[{options}]")
    if call.keywords:
        return edits.add_before(place.at, call, call.keywords[0].span, options)
    return edits.add_argument(place.at, call, options)


def _is_only_called_by(project: Project, inside: Spot, call: Spot) -> bool:
    """Whether the function that a place is in is called nowhere else, and by nobody who is not in sight."""
    function = project.function(inside.path, inside.definition)
    if function is None or any(_last(d) not in _TRANSPARENT for d in function.decorators):
        return False
    return project.callers.get(function.name) == ((call.path, call.definition),)


def _last(decorator: ex.Expr) -> str:
    return (ex.dotted(decorator) or "").rpartition(".")[2]


# --- functions that take options ---


def _taken(project: Project, at: Spot, query: Spot) -> str:
    """The parameter by which the function that a query is in takes options, if this call does not give any yet."""
    function = project.function(query.path, query.definition)
    call = edits.call_at(project, at)
    if function is None or call is None or call.has_open_keywords or call.has_open_arguments:
        return ""
    for parameter in function.parameters:
        if not _goes_into_options(function, parameter.name):
            continue
        if parameter.kind == "args":
            return f"*{parameter.name}" if _fills(function, call) else ""
        if parameter.default is None or call.keyword(parameter.name) is not None:
            return ""
        return parameter.name if _is_by_name(function, call, parameter) else ""
    return ""


def _goes_into_options(function: st.Function, name: str) -> bool:
    """Whether `.options(*name)` is written in a function."""
    return any(
        isinstance(e, ex.Call)
        and isinstance(e.function, ex.Attribute)
        and e.function.name == "options"
        and any(isinstance(a, ex.Starred) and ex.dotted(a.value) == name for a in e.arguments)
        for e in st.walk_expressions(function.body)
    )


def _before(function: st.Function, call: ex.Call) -> int:
    """How many of a function's parameters the arguments of a call fill by their place."""
    first = function.parameters[0].name if function.parameters else ""
    is_bound = first in RECEIVERS and isinstance(call.function, ex.Attribute)
    return len(call.arguments) + is_bound


def _fills(function: st.Function, call: ex.Call) -> bool:
    """Whether one more argument of a call goes into `*options`."""
    return _before(function, call) >= sum(p.kind == "positional" for p in function.parameters)


def _is_by_name(function: st.Function, call: ex.Call, parameter: ex.Parameter) -> bool:
    """Whether a call may give a parameter by its name."""
    if parameter.kind == "keyword":
        return True
    return parameter.kind == "positional" and function.parameters.index(parameter) >= _before(function, call)
