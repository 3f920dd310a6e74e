"""Calls that fetch the rows of a query, remembered by where they stand: what is done with the rows is judged from the text."""

from sqlalint.facts import expression as ex
from sqlalint.flow import values as v
from sqlalint.flow.frame import Fetch, Frame

_ALL = frozenset({"all", "fetchall"})
_HOW = {"first": "first", "scalar": "first", "count": "count"} | dict.fromkeys(_ALL, "all")


def note_fetch(frame: Frame, function: v.Value, call: ex.Call, value: v.Value) -> None:
    """Remember a call, if it fetches rows."""
    if not isinstance(function, v.Method):
        return
    how = _HOW.get(function.name)
    match function.receiver:
        case v.Statement(legacy=True) as statement if how is not None and function.name != "scalar":
            _keep(frame, call, how, statement)
        case v.Result(statement=statement) if how in ("all", "first"):
            _keep(frame, call, how, statement)
        case v.Many(kind="dynamic", element=v.Instance(model=model)) if how is not None:
            frame.fetches[call.span] = Fetch(how, None, model)
        case v.Session() if function.name == "scalar":
            found = _statement(value)
            if found is not None:
                _keep(frame, call, "first", found)
        case _:
            inner = v.awaited(value)
            if isinstance(inner, v.Result):
                _keep(frame, call, "result", inner.statement)


def _keep(frame: Frame, call: ex.Call, how: str, statement: v.Statement) -> None:
    first = statement.entities[0] if statement.entities else None
    frame.fetches[call.span] = Fetch(how, statement, (first.model or "") if first else "")


def _statement(value: v.Value) -> v.Statement | None:
    inner = v.awaited(value)
    return inner.origin.statement if isinstance(inner, v.Instance) else None
