"""Objects handed to a function that is called: told apart by number in the function, and used by it at the call."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext

from msgspec.structs import replace

from sqlalint.facts.span import START
from sqlalint.flow import commits, emptied, reads
from sqlalint.flow import loads as ld
from sqlalint.flow import values as v
from sqlalint.flow.events import Loop
from sqlalint.flow.frame import ActiveLoop, At, Frame, Seen
from sqlalint.flow.given import Access, Call, Expire, Summary

_IN_SIGHT = frozenset({"query", "get", "new", "given"})


class Handed:
    """What a call hands to a function: objects and functions by the numbers that they have there, and statements."""

    def __init__(self) -> None:
        self.objects: list[v.Instance] = []
        self.functions: list[v.Value] = []
        self.statements: list[v.Statement] = []

    def shape(self, value: v.Value) -> v.Value | None:
        """A value of the same form, with objects and functions by number; None where nothing in it matters."""
        before = len(self.objects), len(self.functions)
        shaped = self._shape(value)
        if isinstance(value, v.Object):  # it matters whatever it holds
            return shaped
        return shaped if (len(self.objects), len(self.functions)) > before else None

    def _shape(self, value: v.Value) -> v.Value:
        match value:
            case v.Instance() if value.origin.kind in _IN_SIGHT:
                self.objects.append(value)
                return v.Instance(value.model, v.HANDED, ld.UNKNOWN_LOADS, given=len(self.objects))
            case v.Closure() | v.Callback() | v.FunctionRef() | v.Partial() | v.Getter():
                self.functions.append(value)
                return v.Callback(len(self.functions))
            case v.Many(element=element, kind=kind, few=few) if kind != "dynamic":
                return v.Many(self._shape(element), kind, few)
            case v.Items(items=items, names=names):
                return v.Items(tuple(self._shape(i) for i in items), names)
            case v.Pairs(by_name=by_name):
                names_ = {name: self._shape(inner) for name, inner in by_name.items()}
                return v.Pairs(self._shape(value.key), self._shape(value.value), names_)
            case v.Object(held=held):
                shaped = {n: self._shape(inner) for n, inner in held.items()}
                return replace(value, held={n: x for n, x in shaped.items() if not isinstance(x, v.Unknown)})
            case v.Statement():
                self.statements.append(value)
                return value
            case v.ModelClass() | v.Literal() | v.Session() | v.ClassRef() | v.Option() | v.Attribute():
                return value
            case _:
                return v.UNKNOWN


class Performance:
    """What a function does with what it is given, done at one call of it."""

    def __init__(self, frame: Frame, at: At, handed: Handed) -> None:
        self._frame = frame
        self._at = frame.seen(at)
        self._handed = handed
        self.values: dict[int, v.Value] = dict(enumerate(handed.objects, start=1))  # what each number is here
        self._loops: dict[int, ActiveLoop] = {}

    def run(self, summary: Summary) -> None:
        """Do it all, in order."""
        frame = self._frame
        for step in summary.steps:
            if isinstance(step, Expire):
                emptied.performed(frame, step.expiry, self._at, step.conditional)
            elif isinstance(step, Call):
                self._call(step)
            elif isinstance(owner := self.values.get(step.of), v.Instance):
                self.values[step.number] = self._access(step, owner)
        self._take(summary)
        for number, active in self._loops.items():
            if number in summary.finished:
                frame.touched |= active.touched
        emptied.queried(frame, set(summary.selected))
        commits.take(frame, self._at, summary.commits, self._loops)
        for model, loads in summary.loaded:
            frame.loaded.setdefault(model, []).append((frame.number(), loads))

    def _take(self, summary: Summary) -> None:
        """The reads of rows whose statement was given."""
        frame, numbers = self._frame, {read.number: self._frame.number() for read in summary.reads}
        for read in summary.reads:
            calls = (*self._at.calls, self._at.at, *read.calls)
            instance = replace(read.instance, read=numbers.get(read.instance.read, 0))
            here = dataclasses.replace(
                read, number=numbers[read.number], instance=instance, calls=calls, function=frame.spot(START)
            )
            frame.reads.append(here)
        for consumed in summary.consumed:
            frame.consumed.append(replace(consumed, calls=(*self._at.calls, self._at.at, *consumed.calls)))
        for executed in summary.executed:
            frame.executed.append(replace(executed, calls=(*self._at.calls, self._at.at, *executed.calls)))

    def _call(self, step: Call) -> None:
        """Call a function that was given with what its arguments are here."""
        with self._turn(step.loop, 0) as active:
            number = active.loop.number if active else 0
            arguments = [self._argument(a, step.loop, number) for a in step.arguments]
            with self._frame.condition() if step.conditional else nullcontext():
                self._frame.apply(self._handed.functions[step.function - 1], arguments, self._at)

    def _argument(self, value: v.Value, loop: Loop | None, number: int) -> v.Value:
        """An argument; what varied with the loop of the function varies with the one that is done here."""
        match value:
            case v.Instance():
                found = self.values.get(value.given, v.UNKNOWN) if value.given else value
                varies = loop is not None and value.loop == loop.number
                return replace(found, loop=number) if varies and isinstance(found, v.Instance) else found
            case v.Many(element=element):
                return replace(value, element=self._argument(element, loop, number))
            case v.Items(items=items):
                return replace(value, items=tuple(self._argument(i, loop, number) for i in items))
            case _:
                return substituted(value, self.values, self._handed.functions)

    def _access(self, access: Access, owner: v.Instance) -> v.Value:
        with self._turn(access.loop, owner.batch) as active:
            owner = replace(owner, loop=active.loop.number) if active else owner
            with self._frame.condition() if access.conditional else nullcontext():
                calls = (*self._at.calls, self._at.at, *access.calls)
                at = Seen(access.at, calls, access.field or self._at.field)
                return _acted(self._frame, access, owner, at)

    @contextmanager
    def _turn(self, loop: Loop | None, batch: int) -> Iterator[ActiveLoop | None]:
        """A turn of a loop of the function."""
        if loop is None:
            yield None
            return
        frame = self._frame
        active = self._loops.get(loop.number)
        if active is None:
            active = self._loops[loop.number] = ActiveLoop(replace(loop, number=frame.number()), frame.depth, batch)
        frame.loops.append(active)
        try:
            yield active
        finally:
            frame.loops.remove(active)


def _acted(frame: Frame, access: Access, owner: v.Instance, at: Seen) -> v.Value:
    match access.action:
        case action if not access.name:
            emptied.whole(frame, action, owner)
            if owner.given:
                frame.access(owner, "", at, action)
            return v.UNKNOWN
        case "refresh" | "expire":
            reads.refreshed(frame, owner, access.name, access.action, at)
            if access.action == "refresh":
                emptied.refreshed(frame, owner, v.Items((v.Literal(access.name),)))
            return v.UNKNOWN
        case "iterate":
            many = reads.attribute(frame, owner, access.name, at)
            if isinstance(many, v.Many):
                reads.queried(frame, many, at)
            return v.UNKNOWN
        case action:
            found = reads.attribute(frame, owner, access.name, at, action)
            return found.element if isinstance(found, v.Many) else found


def substituted(value: v.Value, values: Mapping[int, v.Value], functions: Sequence[v.Value]) -> v.Value:
    """What a function gives, with the objects and functions of the call in place of those that it was given."""
    match value:
        case v.Callback(number=number):
            return functions[number - 1] if number <= len(functions) else v.UNKNOWN
        case v.Instance(given=given) if given:
            return values.get(given, v.UNKNOWN)
        case v.Many(element=element):
            return replace(value, element=substituted(element, values, functions))
        case v.Items(items=items):
            return replace(value, items=tuple(substituted(i, values, functions) for i in items))
        case v.Pairs():
            names = {name: substituted(inner, values, functions) for name, inner in value.by_name.items()}
            return v.Pairs(
                substituted(value.key, values, functions), substituted(value.value, values, functions), names
            )
        case v.Object(held=held) if held:
            return replace(value, held={n: substituted(x, values, functions) for n, x in held.items()})
        case v.Awaitable(value=inner):
            return v.Awaitable(substituted(inner, values, functions))
        case _:
            return value
