"""Functions of Python's standard library that pass values on or call what they are given: `gather`, `groupby`, `chain`."""

from collections.abc import Callable
from functools import reduce

from sqlalint.facts import expression as ex
from sqlalint.flow import loops
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame

_Arguments = list[v.Value]


def standard(
    frame: Frame, name: str, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call
) -> v.Value | None:
    """The value of a call of one of these functions, by its canonical name; None for all others."""
    handler = _FUNCTIONS.get(name)
    return handler(frame, arguments, keywords, call) if handler is not None and arguments else None


def _gathered(frame: Frame, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call) -> v.Value:
    """`gather(a(), b())`, `gather(*(f(x) for x in xs))`: what all of them give, in order."""
    if any(isinstance(a, ex.Starred) for a in call.arguments):
        elements = [_given(v.element_of(a) if isinstance(a, v.Many) else a) for a in arguments]
        return v.Awaitable(v.Many(v.single(reduce(v.join, elements))))
    return v.Awaitable(v.Items(tuple(_given(a) for a in arguments)))


def _given(value: v.Value) -> v.Value:
    return value.value if isinstance(value, v.Awaitable) else v.UNKNOWN


def _same(frame: Frame, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call) -> v.Value:
    return arguments[0]


def _cast(frame: Frame, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call) -> v.Value:
    """`cast(User, x)`: what is said of it, where the value itself says nothing."""
    found = arguments[-1]
    if isinstance(found, v.Unknown) and len(call.arguments) > 1:
        return frame.annotations.value(call.arguments[0], frame.path)
    return found


def _run(frame: Frame, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call) -> v.Value:
    return _given(arguments[0])


def _in_thread(frame: Frame, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call) -> v.Value:
    return v.Awaitable(frame.apply(arguments[0], arguments[1:], call.span))


_OWNER = "object"


def _item_getter(frame: Frame, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call) -> v.Value:
    if len(call.arguments) != 1:
        return v.UNKNOWN
    body = ex.Subscript(call.span, ex.Name(call.span, _OWNER), call.arguments[0])
    parameter = ex.Parameter(_OWNER, "positional", None, None, call.span)
    return v.Closure(ex.Lambda(call.span, (parameter,), body))


def _grouped(frame: Frame, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call) -> v.Value:
    """`groupby(rows, key)`: keys with the rows that have them, each of which comes once."""
    source, at = arguments[0], call.arguments[0].span
    key = keywords.get("key") or (arguments[1] if len(arguments) > 1 else None)
    with loops.loop(frame, source, at, "groupby", "row") as element:
        found = frame.apply(key, [element], call.span) if key is not None else element
    pair = v.Items((v.single(found), v.Many(v.single(element), "iterator")))
    return v.Many(pair, "iterator")


def _batched(frame: Frame, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call) -> v.Value:
    element, _ = loops.elements(frame, arguments[0], call.arguments[0].span)
    return v.Many(v.Many(element), "iterator")


def _flattened(frame: Frame, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call) -> v.Value:
    inner, _ = loops.elements(frame, arguments[0], call.arguments[0].span)
    return v.Many(v.element_of(inner), "iterator")


def _chained(frame: Frame, arguments: _Arguments, keywords: dict[str, v.Value], call: ex.Call) -> v.Value:
    if any(isinstance(a, ex.Starred) for a in call.arguments):
        return v.UNKNOWN
    found = [loops.elements(frame, a, e.span)[0] for a, e in zip(arguments, call.arguments, strict=True)]
    return v.Many(reduce(v.join, found), "iterator")


_Handler = Callable[[Frame, _Arguments, dict[str, v.Value], ex.Call], v.Value]
_FUNCTIONS: dict[str, _Handler] = {
    "asyncio.gather": _gathered,
    "asyncio.wait_for": _same,
    "asyncio.shield": _same,
    "asyncio.create_task": _same,
    "asyncio.ensure_future": _same,
    "asyncio.run": _run,
    "asyncio.to_thread": _in_thread,
    "copy.copy": _same,
    "operator.itemgetter": _item_getter,
    "itertools.groupby": _grouped,
    "itertools.batched": _batched,
    "itertools.chain": _chained,
    "itertools.chain.from_iterable": _flattened,
    "typing.cast": _cast,
}
