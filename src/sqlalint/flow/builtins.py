"""Python's builtins, as far as they pass elements on or call something once for each: `sorted`, `map`, `zip`, `next`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span
from sqlalint.flow import reads, reflect
from sqlalint.flow import values as v
from sqlalint.flow.values import single
from sqlalint.project.symbols import UNKNOWN

if TYPE_CHECKING:
    from sqlalint.flow.evaluate import Evaluator

_FEW = 10
_EMPTY: dict[str, v.Value] = {
    "list": v.Many(v.EMPTY),
    "set": v.Many(v.EMPTY, "set"),
    "dict": v.Pairs(v.EMPTY, v.EMPTY),
}
_PASSING = ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter")


def builtin(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value | None:
    """The value of a call of a builtin; None where the name is none, or is bound by the module."""
    handler = _BUILTINS.get(name)
    empty = _EMPTY.get(name) if not call.arguments and not call.keywords else None
    if empty is None and (handler is None or not call.arguments):
        return None
    if evaluator.frame.questions.resolve(evaluator.frame.path, name) != UNKNOWN:
        return None
    return empty or (handler(evaluator, name, call) if handler else None)


def _passed(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value:
    """`list(rows)`, `sorted(rows, key=...)`: the same elements, fetched."""
    at = call.arguments[0].span
    source = evaluator.value(call.arguments[0])
    if isinstance(source, v.Pairs) and name != "sorted":
        return v.Many(source.key)
    element, few = evaluator.elements(source, at)
    kind = source.kind if isinstance(source, v.Many) and source.kind == "collection" else "list"
    fetched = v.Many(element, kind, few)
    key = call.keyword("key")
    if key is not None:
        _each(evaluator, fetched, key, at, name)
    return replace(fetched, kind="list")


def _each(evaluator: "Evaluator", source: v.Value, function: ex.Expr, at: Span, kind: str) -> v.Value:
    """Call a function once for each element."""
    return each(evaluator, source, evaluator.value(function), at, kind, function.span)


def each(
    evaluator: "Evaluator", source: v.Value, callee: v.Value, at: Span, kind: str, place: Span | None = None
) -> v.Value:
    """Apply a function to each element, at its own place or at that of the call."""
    with evaluator.loop(source, at, kind, "row") as element:
        return evaluator.apply(callee, [element], place or at)


def _mapped(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value:
    """`map(f, rows)`, `filter(f, rows)`."""
    if len(call.arguments) < 2:
        return v.UNKNOWN
    source = evaluator.value(call.arguments[1])
    given = _each(evaluator, source, call.arguments[0], call.arguments[1].span, name)
    if name == "filter":
        return v.Many(v.element_of(source), "iterator")
    return v.Many(given, "iterator")


def _dicted(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value:
    """`dict((row.id, row) for row in rows)`."""
    source = evaluator.value(call.arguments[0])
    for keyword in call.keywords:
        evaluator.value(keyword.value)
    if isinstance(source, v.Pairs):
        return source
    pair, _ = evaluator.elements(source, call.arguments[0].span)
    if isinstance(pair, v.Items) and len(pair.items) == 2 and not call.keywords:
        return v.Pairs(single(pair.items[0]), single(pair.items[1]))
    return v.UNKNOWN


def _extreme(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value:
    """`min(rows, key=...)`, `max`, `sum`, `any`, `all`."""
    source = evaluator.value(call.arguments[0])
    for argument in call.arguments[1:]:
        evaluator.value(argument)
    key = call.keyword("key")
    if key is not None:
        _each(evaluator, source, key, call.arguments[0].span, name)
    elif not isinstance(source, v.Many | v.Items | v.Unknown):
        evaluator.elements(source, call.arguments[0].span)
    return single(v.taken(v.element_of(source))) if name in ("min", "max") else v.UNKNOWN


def _paired(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value:
    """`enumerate(rows)`, `zip(rows, others)`."""
    sources = [evaluator.value(a) for a in call.arguments]
    if name == "enumerate":
        element, few = evaluator.elements(sources[0], call.arguments[0].span)
        return v.Many(v.Items((v.UNKNOWN, element)), "iterator", few)
    found = [evaluator.elements(s, a.span) for s, a in zip(sources, call.arguments, strict=True)]
    return v.Many(v.Items(tuple(e for e, _ in found)), "iterator", any(few for _, few in found))


def _next(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value:
    source = evaluator.value(call.arguments[0])
    for argument in call.arguments[1:]:
        evaluator.value(argument)
    element, _ = evaluator.elements(source, call.arguments[0].span)
    return single(v.taken(element))


def _length(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value:
    source = evaluator.value(call.arguments[0])
    if isinstance(source, v.Many) and source.kind == "dynamic":
        reads.queried(evaluator.frame, source, call.arguments[0].span)
    return v.UNKNOWN


def _range(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value:
    for argument in call.arguments:
        evaluator.value(argument)
    last = call.arguments[-1]
    few = isinstance(last, ex.Literal) and isinstance(last.value, int) and last.value <= _FEW
    return v.Many(v.UNKNOWN, "iterator", few)


def _getattr(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value:
    receiver = evaluator.value(call.arguments[0])
    others = [evaluator.value(argument) for argument in call.arguments[1:]]
    if others and isinstance(others[0], v.Mapped):
        return reflect.read(evaluator.frame, receiver, others[0], call.arguments[1].span)
    text = call.arguments[1] if len(call.arguments) > 1 else None
    if isinstance(text, ex.Literal) and isinstance(text.value, str):
        return evaluator.members.member(receiver, text.value, text.span)
    return v.UNKNOWN


def _type(evaluator: "Evaluator", name: str, call: ex.Call) -> v.Value:
    found = [evaluator.value(argument) for argument in call.arguments]
    only = found[0] if len(found) == 1 else v.UNKNOWN
    return v.Mapped(only.model, reflect.CLASS) if isinstance(only, v.Instance) else v.UNKNOWN


_BUILTINS: dict[str, Callable[["Evaluator", str, ex.Call], v.Value]] = {
    **dict.fromkeys(_PASSING, _passed),
    **dict.fromkeys(("map", "filter"), _mapped),
    **dict.fromkeys(("min", "max", "sum", "any", "all"), _extreme),
    **dict.fromkeys(("enumerate", "zip"), _paired),
    "dict": _dicted,
    "next": _next,
    "anext": _next,
    "len": _length,
    "range": _range,
    "type": _type,
    "getattr": _getattr,
    "hasattr": _getattr,
}
