"""Objects handed to a function that is called: told apart by number in the function, and used by it at the call."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from sqlalint.flow import loads as ld
from sqlalint.flow import reads
from sqlalint.flow import values as v
from sqlalint.flow.events import Loop
from sqlalint.flow.frame import ActiveLoop, At, Frame, Seen
from sqlalint.flow.given import Access, Summary

_IN_SIGHT = frozenset({"query", "get", "new", "given"})


class Handed:
    """The objects of one call's arguments, by the numbers that they have in the function."""

    def __init__(self) -> None:
        self.objects: list[v.Instance] = []

    def shape(self, value: v.Value) -> v.Value | None:
        """A value of the same form, with the objects by number; None where there is no object in it."""
        before = len(self.objects)
        shaped = self._shape(value)
        return shaped if len(self.objects) > before else None

    def _shape(self, value: v.Value) -> v.Value:
        match value:
            case v.Instance() if value.origin.kind in _IN_SIGHT:
                self.objects.append(value)
                return v.Instance(value.model, v.HANDED, ld.UNKNOWN_LOADS, given=len(self.objects))
            case v.Many(element=element, kind=kind, few=few) if kind != "dynamic":
                return v.Many(self._shape(element), kind, few)
            case v.Items(items=items, names=names):
                return v.Items(tuple(self._shape(i) for i in items), names)
            case v.Pairs(by_name=by_name):
                names_ = {name: self._shape(inner) for name, inner in by_name.items()}
                return v.Pairs(self._shape(value.key), self._shape(value.value), names_)
            case v.ModelClass() | v.Literal():
                return value
            case _:
                return v.UNKNOWN


def perform(frame: Frame, at: At, summary: Summary, objects: Sequence[v.Instance]) -> dict[int, v.Value]:
    """Do at a call what the function does with the objects that it is given; returns what each number is there."""
    values: dict[int, v.Value] = dict(enumerate(objects, start=1))
    if not summary.accesses and not summary.loaded:
        return values
    here = frame.seen(at)
    loops: dict[int, ActiveLoop] = {}
    for access in summary.accesses:
        owner = values.get(access.of)
        if isinstance(owner, v.Instance):
            calls = (*here.calls, here.at, *access.calls)
            values[access.number] = _done(frame, access, owner, Seen(access.at, calls), loops)
    for number, active in loops.items():
        if number in summary.finished:
            frame.touched |= active.touched
    for model, loads in summary.loaded:
        frame.loaded.setdefault(model, []).append((frame.number(), loads))
    return values


def _done(frame: Frame, access: Access, owner: v.Instance, at: Seen, loops: dict[int, ActiveLoop]) -> v.Value:
    if access.loop is None:
        return _step(frame, access, owner, at)
    active = _running(frame, access.loop, owner, loops)
    frame.loops.append(active)
    try:
        return _step(frame, access, replace(owner, loop=active.loop.number), at)
    finally:
        frame.loops.remove(active)


def _running(frame: Frame, loop: Loop, owner: v.Instance, loops: dict[int, ActiveLoop]) -> ActiveLoop:
    if loop.number not in loops:
        loops[loop.number] = ActiveLoop(replace(loop, number=frame.number()), frame.depth, owner.batch)
    return loops[loop.number]


def _step(frame: Frame, access: Access, owner: v.Instance, at: Seen) -> v.Value:
    if not access.conditional:
        return _acted(frame, access, owner, at)
    with frame.condition():
        return _acted(frame, access, owner, at)


def _acted(frame: Frame, access: Access, owner: v.Instance, at: Seen) -> v.Value:
    match access.action:
        case "refresh" | "expire":
            reads.refreshed(frame, owner, access.name, access.action, at)
            return v.UNKNOWN
        case "iterate":
            many = reads.attribute(frame, owner, access.name, at)
            if isinstance(many, v.Many):
                reads.queried(frame, many, at)
            return v.UNKNOWN
        case action:
            found = reads.attribute(frame, owner, access.name, at, action)
            return found.element if isinstance(found, v.Many) else found


def substituted(value: v.Value, values: Mapping[int, v.Value]) -> v.Value:
    """What a function gives, with the objects of the call in place of those that it was given."""
    match value:
        case v.Instance(given=given) if given:
            return values.get(given, v.UNKNOWN)
        case v.Many(element=element):
            return replace(value, element=substituted(element, values))
        case v.Items(items=items):
            return replace(value, items=tuple(substituted(i, values) for i in items))
        case v.Pairs():
            names = {name: substituted(inner, values) for name, inner in value.by_name.items()}
            return v.Pairs(substituted(value.key, values), substituted(value.value, values), names)
        case v.Awaitable(value=inner):
            return v.Awaitable(substituted(inner, values))
        case _:
            return value
