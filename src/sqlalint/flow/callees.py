"""What functions of the project return: followed where they are called, with what is known of the arguments.

A function is followed once for each combination of what matters in its arguments (a model, options, a statement, a
flag); what it returns is kept with the questions that it asked. A call of a function that is being followed gives what
its annotation says; what was found on the way to such a call is kept only until the outermost function is done, so
that no answer depends on who was followed first.
"""

import itertools
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span, Spot
from sqlalint.facts.statement import Function
from sqlalint.flow import commits, executions, hints
from sqlalint.flow import values as v
from sqlalint.flow.annotations import Annotations
from sqlalint.flow.asked import Asked
from sqlalint.flow.frame import At, Frame
from sqlalint.flow.given import NOTHING_DONE, Expire, Summary
from sqlalint.flow.handing import Handed, Performance, substituted
from sqlalint.flow.questions import Questions
from sqlalint.flow.returned import evaluate
from sqlalint.flow.signature import Signature, signature_of
from sqlalint.flow.telling import Told
from sqlalint.flow.text import Text

_DEEPEST = 40  # far deeper than code calls; only keeps Python's own stack
_NEVER = _DEEPEST + 1
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


_At = tuple[str, str, bytes]
_Made = TypeVar("_Made")


class _Kept(NamedTuple):
    """What following a function gave. `lowest`: the outermost unfinished function that it stands on."""

    value: v.Value
    summary: Summary
    sent: Told
    asked: Asked
    lowest: int


class Following:
    """Follows callees for one run over a project."""

    def __init__(self, questions: Questions) -> None:
        self.numbers: itertools.count[int] = itertools.count(1)
        self._questions = questions
        self._annotations = Annotations(questions)
        self._kept: dict[_At, _Kept] = {}
        self._provisional: dict[_At, _Kept] = {}
        self._stack: list[tuple[str, str]] = []
        self._texts: dict[tuple[str, str], Text] = {}
        self._signatures: dict[tuple[str, str], Signature] = {}
        self._lowest = _NEVER  # the outermost function being followed that was called again since

    def once(self, key: tuple[str, ...], make: Callable[[], _Made]) -> _Made:
        """What is made of answers, made once: whoever wants it again has asked the same questions.

        What stands on a function that is still being followed is made again, so that no order of calls matters.
        """
        outer, self._lowest = self._lowest, _NEVER
        try:
            return self._questions.once(key, make, keeps=lambda: self._lowest == _NEVER)
        finally:
            self._lowest = min(outer, self._lowest)

    def called(
        self,
        frame: Frame,
        at: At,
        function: v.FunctionRef,
        arguments: list[v.Value],
        keywords: dict[str, v.Value],
    ) -> v.Value:
        """The value of a call: what following the function gives, else what its annotation says.

        What the function does with the objects that it is given is done in the frame.
        """
        found = self._questions.function(function.path, function.key)
        hint = hints.of_function(self._questions, function)
        if found is None:
            return hint or v.UNKNOWN
        returns = lambda: self._annotations.value(found.returns, function.path)  # noqa: E731
        promised = hint or self.once(("returns", function.path, function.key), returns)
        value = self._followed(frame, at, function, found, arguments, keywords)
        hints.preloaded(frame, function)
        if isinstance(value, v.Unknown | v.Literal) and not isinstance(promised, v.Unknown):
            value = promised
        if isinstance(value, v.Unknown | v.Literal) and isinstance(at, Span):
            value = self._said(frame, at, function, found, arguments, keywords) or value
        if _is_context_manager(found) and isinstance(value, v.Many):
            value = value.element
        return v.Awaitable(value) if found.is_async and not found.is_generator else value

    def _said(
        self,
        frame: Frame,
        at: Span,
        function: v.FunctionRef,
        found: Function,
        arguments: list[v.Value],
        keywords: dict[str, v.Value],
    ) -> v.Value | None:
        """What a hint says that a function returns for these arguments."""
        formula = hints.formula_for(self._questions, function)
        if formula is None:
            return None
        given = self._signature(function.path, function.key, found).given(function.bound, arguments, keywords)
        return evaluate(frame, formula, function.bound, given, at, is_async=found.is_async)

    def _followed(
        self,
        frame: Frame,
        called_at: At,
        function: v.FunctionRef,
        found: Function,
        arguments: list[v.Value],
        keywords: dict[str, v.Value],
    ) -> v.Value:
        path, key, bound = function.path, function.key, function.bound
        if not function.is_fixed and self._is_open(key, bound):
            return v.UNKNOWN
        if (path, key) in self._stack or len(self._stack) >= _DEEPEST:
            place = self._stack.index((path, key)) if (path, key) in self._stack else 0
            self._lowest = min(self._lowest, place)
            return v.UNKNOWN
        handed = Handed()
        signature = self._signature(path, key, found)
        values = signature.given(bound, arguments, keywords)
        given = _shaped(signature, values, handed)
        at = (path, key, _encode(sorted(given.items())))
        kept = self._kept.get(at) or self._provisional.get(at) or self._follow(at, found, given, handed)
        self._questions.also(kept.asked)
        self._lowest = min(self._lowest, kept.lowest)
        performance = Performance(frame, called_at, handed)
        if kept.summary is not NOTHING_DONE:
            performance.run(kept.summary)
        executions.take(frame, called_at, found, kept.sent, values)
        value = self._given_back(kept.value, frame.seen(called_at).at, frozenset(s.at for s in handed.statements))
        return substituted(value, performance.values, handed.functions)

    def _follow(self, at: "_At", function: Function, given: dict[str, v.Value], handed: Handed) -> "_Kept":
        from sqlalint.flow.follow import Follower  # the two need each other

        path, key, _ = at
        before, outer = self._questions.record(), self._lowest
        place, self._lowest = len(self._stack), _NEVER
        self._stack.append((path, key))
        try:
            follower = Follower(self._questions, path, key, self)
            follower.frame.handed = len(handed.objects)
            follower.frame.statements = frozenset(s.at for s in handed.statements)
            value = v.with_touched(follower.call(function, given), follower.frame.touched)
        finally:
            self._stack.pop()
            asked = self._questions.resume(before).asked()
            lowest, self._lowest = self._lowest, outer
        summary = commits.told(_summary(follower.frame), follower.frame, function)
        sent = Told(follower.frame, self.text(path, key, function))
        if lowest >= place:  # it stands on nobody that is still being followed
            kept = self._kept[at] = _Kept(value, summary, sent, asked, _NEVER)
        else:
            kept = self._provisional[at] = _Kept(value, summary, sent, asked, lowest)
        if not self._stack:
            self._provisional.clear()
        return kept

    def text(self, path: str, key: str, function: Function) -> Text:
        """A function as it is written, indexed once."""
        found = self._texts.get((path, key))
        if found is None:
            found = self._texts[path, key] = Text(function)
        return found

    def _signature(self, path: str, key: str, function: Function) -> Signature:
        """A function's parameters, read once. What it asks is asked again where the function is followed."""
        found = self._signatures.get((path, key))
        if found is None:
            promised = {p.name: self._annotations.value(p.annotation, path) for p in function.parameters}
            found = self._signatures[path, key] = signature_of(function, promised)
        return found

    def _is_open(self, key: str, bound: v.Value | None) -> bool:
        """Whether a subclass may have its own version of a method: then it is not known which one runs."""
        name = key.rpartition(".")[2]
        if isinstance(bound, v.Object) and bound.is_exact:
            return False
        owner = v.class_of(bound) if isinstance(bound, v.Object | v.Instance) else ""
        return bool(owner) and self._questions.is_overridden(owner, name)

    def _given_back(self, value: v.Value, call: Spot, own: frozenset[Spot]) -> v.Value:
        """A value as this call gives it: its objects are another batch, vary with no loop, and come through the call.

        `own` are the statements of the caller, whose rows do not come from anywhere else.
        """
        match value:
            case v.Instance(given=given, origin=origin):
                if given:
                    return value
                origin = origin if origin.at in own else replace(origin, calls=(call, *origin.calls))
                stale = value.stale and replace(value.stale, calls=(call, *value.stale.calls), session=None)
                return replace(value, origin=origin, batch=next(self.numbers), either=(), loop=0, read=0, stale=stale)
            case v.Statement(at=at):
                return value if at in own else replace(value, calls=(call, *value.calls))
            case v.Many(element=element):
                return replace(value, element=self._given_back(element, call, own))
            case v.Items(items=items):
                return replace(value, items=tuple(self._given_back(i, call, own) for i in items))
            case v.Pairs():
                names = {n: self._given_back(x, call, own) for n, x in value.by_name.items()}
                key, inner = self._given_back(value.key, call, own), self._given_back(value.value, call, own)
                return v.Pairs(key, inner, names)
            case v.Object(held=held) if held:
                return replace(value, held={n: self._given_back(x, call, own) for n, x in held.items()})
            case v.Result():
                return replace(value, batch=next(self.numbers))
            case v.Awaitable(value=inner):
                return v.Awaitable(self._given_back(inner, call, own))
            case v.Closure() | v.Partial():
                return v.UNKNOWN  # its names are those of the function that made it
            case _:
                return value


def _summary(frame: Frame) -> Summary:
    loaded = tuple((model, loads) for model, found in frame.loaded.items() for _, loads in found)
    reads = tuple(r for r in frame.reads if r.instance.origin.at in frame.statements and not r.dropped)
    consumed = tuple(c for c in frame.consumed if c.query.at in frame.statements)
    executed = tuple(e for e in frame.executed if e.query.at in frame.statements)
    steps = (*frame.steps, *(Expire(e, conditional=True) for e in frame.staleness.parting))
    selected = frozenset(frame.staleness.selected)
    if not (steps or loaded or reads or consumed or executed or selected):
        return NOTHING_DONE
    return Summary(steps, reads, consumed, frozenset(frame.finished), loaded, selected, executed)


def _shaped(signature: Signature, given: dict[str, v.Value], handed: Handed) -> dict[str, v.Value]:
    """The parameters whose values matter to what is returned or done; of the others the annotation says enough."""
    found: dict[str, v.Value] = {}
    for name, value in given.items():
        if isinstance(value, v.Statement | v.Result):
            handed.statements.append(value.statement if isinstance(value, v.Result) else value)
        shape = value if _matters(value) else handed.shape(value)
        if shape is None and name in signature.optional:
            shape = v.GIVEN
        if shape is not None and shape != signature.promised.get(name):
            found[name] = shape
    return found


def _matters(value: v.Value) -> bool:
    match value:
        case v.ModelClass() | v.Option() | v.Statement() | v.Attribute() | v.Session() | v.ClassRef() | v.Result():
            return True
        case v.Object(held=held):
            return not held
        case v.Literal(value=literal):
            return literal is None or isinstance(literal, bool)
        case v.Items(items=items):
            return all(_matters(i) for i in items)
        case v.Many(element=element):
            return isinstance(element, v.Option) or element == v.EMPTY
        case _:
            return False


def _is_context_manager(function: Function) -> bool:
    names = [ex.dotted(d) or "" for d in function.decorators]
    return any(n.rpartition(".")[2] in ("contextmanager", "asynccontextmanager") for n in names)
