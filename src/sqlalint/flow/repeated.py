"""Queries that are made at each turn of a loop: which of those that a function sends depend on the loop, or on nothing in it."""

from collections.abc import Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Spot
from sqlalint.flow import silence
from sqlalint.flow import values as v
from sqlalint.flow.events import RepeatedQuery
from sqlalint.flow.executions import GET, READ, UNKNOWN, WRITE, Execution, expanded
from sqlalint.flow.frame import ActiveLoop, Frame
from sqlalint.flow.invariance import is_invariant
from sqlalint.flow.provenance import comes_in
from sqlalint.flow.telling import asked_with
from sqlalint.flow.text import Step, Text, Turn, holds, roots
from sqlalint.project.symbols import Definition

_CONVERTING = frozenset({"int", "str", "UUID", "bytes"})
_TAKING = frozenset({"get", "strip", "lower", "upper", "pop"})
_LETTERS = 2
_GETTING = frozenset({"get", "get_one", "get_or_404"})


def repeated(frame: Frame, text: Text) -> Iterator[RepeatedQuery]:
    """The queries of a function that has been followed, one for each place and loop."""
    seen = set()
    frame.sent = list(expanded(r for r in frame.executions if r.loops))
    for execution in frame.sent:
        if execution.how not in (READ, GET) or not execution.loops:
            continue
        found = _judged(frame, text, execution)
        if found is not None and (found.loop.at, found.place) not in seen:
            seen.add((found.loop.at, found.place))
            yield found


def _judged(frame: Frame, text: Text, execution: Execution) -> RepeatedQuery | None:
    """What a query is to the innermost of its loops that it depends on, or that it does not depend on."""
    for active in reversed(execution.loops):
        own = (active.loop.at.path, active.loop.at.definition) == (frame.path, frame.key)
        turn = text.turn(active.loop.at.span) if own else None
        if turn is None or not holds(turn.extent, execution.place):
            if active.loop.number not in execution.by_value or execution.callee_writes:
                continue
            return _event(frame, execution, active, "", varies=True, conditional=execution.conditional)
        asked = asked_with(execution, text)
        if turn.targets & text.sources(asked, turn.extent) or active.loop.number in execution.by_value:
            return _varying(frame, text, execution, active, turn, asked)
        if is_invariant(frame, text, execution, turn, asked):
            return _same(frame, text, execution, active, turn)
    return None


def _varying(
    frame: Frame, text: Text, execution: Execution, active: ActiveLoop, turn: Turn, asked: list[ex.Expr]
) -> RepeatedQuery | None:
    around = text.around(turn.body, execution.place) or []
    meant = _why_meant(frame, text, execution, active, turn, around, asked)
    written = [e.place for e in frame.sent if e.how == WRITE]
    if not meant and silence.makes_what_is_missing(turn, around, written):
        meant = "what is not found is made"
    if meant:
        frame.note(execution.place, f"a query at each turn: {meant}")
        return None
    writing = _writes(frame, turn) or silence.may_change(turn.body) or silence.assigns(turn.body)
    sources = text.sources(asked, turn.extent)
    by = _key(frame, execution, text, turn, asked)
    sure = not writing and not _in_doubt(around, turn, text) and silence.leaves(turn.body) == silence.NEVER
    return _event(
        frame, execution, active, _text(turn.iterable), varies=True, by=by,
        is_direct=bool(by) and execution.callee is None and sure, conditional=execution.conditional,
        depends=[name for name in roots(turn.target) if name in sources],
    )  # fmt: skip


def _same(frame: Frame, text: Text, execution: Execution, active: ActiveLoop, turn: Turn) -> RepeatedQuery | None:
    around = text.around(turn.body, execution.place) or []
    if _why_meant(frame, text, execution, active, turn, around, []):
        return None
    if any(isinstance(s.statement, st.If) and s.block == 0 and _picks_one(s.statement.test, turn) for s in around):
        return None
    if silence.leaves(turn.body) != silence.NEVER or _writes(frame, turn) or silence.may_change(turn.body):
        return None
    direct = execution.callee is None and execution.depth == active.depth
    return _event(
        frame, execution, active, _text(turn.iterable), varies=False, is_direct=direct,
        conditional=execution.conditional or execution.depth > active.depth,
    )  # fmt: skip


def _why_meant(
    frame: Frame,
    text: Text,
    execution: Execution,
    active: ActiveLoop,
    turn: Turn,
    around: list[Step],
    asked: list[ex.Expr],
) -> str:
    """Why a query at each turn is meant, or not to be told; "" where it is neither."""
    if turn.is_async:
        return "the loop takes rows as they come"
    if silence.is_batched(turn):
        return "the loop takes many at once"
    if not v.is_many(active.source) and not comes_in(frame, text, turn.iterable):
        return "what is iterated neither comes from a query nor from outside"
    if any(isinstance(s.statement, st.While) for s in around):
        return "an inner loop asks until it is done"
    if execution.callee_writes or any(silence.is_said_to_write(c.definition) for c in _called(execution)):
        return "what is called writes"
    if silence.is_cached(around, text):
        return "what is found is kept"
    if silence.waits(turn):
        return "the loop waits"
    if silence.goes_on_whatever_happens(around):
        return "the loop goes on whatever happens"
    if silence.leaves(turn.body) == silence.AT_A_MATCH:
        return "the loop ends where it finds what it looks for"
    node = text.node(execution.place)
    if silence.has_session_of_its_own(asked, node, text, turn):
        return "each turn has its own session"
    meanings = [m for e in asked for m in text.meanings(e, turn.extent)]
    if silence.asks_for_many(meanings, turn.targets, text, turn):
        return "each turn asks for many"
    return ""


def _called(execution: Execution) -> list[Spot]:
    """The places in the functions that are called on the way."""
    return [*execution.calls[1:], execution.at] if execution.calls else []


def _writes(frame: Frame, turn: Turn) -> bool:
    return any(e.how in (WRITE, UNKNOWN) and holds(turn.extent, e.place) for e in frame.sent)


def _picks_one(test: ex.Expr, turn: Turn) -> bool:
    """Whether a condition is that the loop's element is a certain one: it holds at one turn."""
    match test:
        case ex.Compare(left=left, operators=("==" | "is",), comparators=(right,)):
            return any(isinstance(side, ex.Name) and side.id in turn.targets for side in (left, right))
        case ex.Boolean(operator="and", values=values):
            return any(_picks_one(value, turn) for value in values)
        case _:
            return False


def _in_doubt(around: list[Step], turn: Turn, text: Text) -> bool:
    """Whether a condition in the loop decides on something else than whether there is anything to ask for."""
    for step in around:
        match step.statement:
            case st.If(test=test) if step.block is not None:
                if step.block == 1 or not _is_presence(test, turn, text):
                    return True
            case st.Try() | st.Match() if step.block not in (None, 0):
                return True
    return False


def _is_presence(test: ex.Expr, turn: Turn, text: Text) -> bool:
    match test:
        case ex.Name() | ex.Attribute() | ex.Subscript():
            return bool(text.sources([test], turn.extent) & turn.targets)
        case ex.Compare(left=left, operators=("is not",), comparators=(ex.Literal(value=None),)):
            return _is_presence(left, turn, text)
        case ex.Boolean(operator="and", values=values):
            return all(_is_presence(value, turn, text) for value in values)
        case _:
            return False


# --- what is asked for ---


def _key(frame: Frame, execution: Execution, text: Text, turn: Turn, asked: list[ex.Expr]) -> tuple[str, ...]:
    """The attributes of the key that what varies is compared with."""
    if not execution.keys:
        return ()
    found: set[str] = set()
    meanings = [m for e in asked for m in text.meanings(e, turn.extent)]
    if any(_is_of_another_model(frame, execution.model, part) for m in meanings for part in ex.walk(m)):
        return ()
    for meaning in meanings:
        for part in ex.walk(meaning):
            for name, value in _compared(part, execution):
                if name in execution.keys and _is_plain(value, text, turn):
                    found.add(name)
    return tuple(sorted(found))


def _is_of_another_model(frame: Frame, model: str, part: ex.Expr) -> bool:
    """Whether a query speaks of more than the rows of one model."""
    if not isinstance(part, ex.Attribute) or not isinstance(part.value, ex.Name):
        return False
    name = part.value.id
    value = frame.names.get(name)
    if value is None:
        symbol = frame.questions.resolve(frame.path, name)
        known = f"{symbol.path}::{symbol.key}" if isinstance(symbol, Definition) else ""
        return bool(known) and known != model and frame.questions.model(known) is not None
    return isinstance(value, v.ModelClass) and value.model != model


def _compared(part: ex.Expr, execution: Execution) -> Iterator[tuple[str, ex.Expr]]:
    match part:
        case ex.Compare(left=left, operators=("==",), comparators=(right,)):
            for side, other in ((left, right), (right, left)):
                if isinstance(side, ex.Attribute):
                    yield side.name, other
        case ex.Call(function=ex.Attribute(name="filter_by"), keywords=keywords):
            for keyword in keywords:
                if keyword.name is not None:
                    yield keyword.name, keyword.value
        case ex.Call(function=ex.Attribute(name=name), arguments=arguments) if name in _GETTING and arguments:
            if execution.how == GET and len(execution.keys) == 1:
                yield next(iter(execution.keys)), arguments[-1]
        case _:
            pass


def _is_plain(value: ex.Expr, text: Text, turn: Turn, depth: int = 3) -> bool:
    """Whether a value is the loop's variable, an attribute or a part of it, perhaps under another name."""
    match value:
        case ex.Name(id=name):
            if name in turn.targets:
                return True
            meanings = list(text.bound(name, turn.extent))
            return depth > 0 and len(meanings) == 1 and _is_plain(meanings[0], text, turn, depth - 1)
        case ex.Attribute(value=inner) | ex.Subscript(value=inner, index=ex.Literal()):
            return _is_plain(inner, text, turn, depth)
        case ex.Call(function=ex.Name(id=name), arguments=(inner,)) if name in _CONVERTING:
            return _is_plain(inner, text, turn, depth)
        case ex.Call(function=ex.Attribute(name=name, value=inner)) if name in _TAKING:
            return _is_plain(inner, text, turn, depth)
        case _:
            return False


def _text(iterable: ex.Expr) -> str:
    """What is iterated, by its name."""
    if isinstance(iterable, ex.Await):
        return _text(iterable.value)
    if isinstance(iterable, ex.Call) and len(iterable.arguments) == 1 and isinstance(iterable.function, ex.Name):
        return _text(iterable.arguments[0])
    called = iterable.function if isinstance(iterable, ex.Call) else None
    if isinstance(called, ex.Attribute) and called.name in ("items", "values", "keys", "all"):
        return _text(called.value)
    return ex.dotted(iterable) or ""


def _item(frame: Frame, active: ActiveLoop, depends: list[str]) -> str:
    """What an element is called: by its name in the loop, or by its model where that is a mere letter."""
    name = depends[-1] if depends else active.loop.item.rpartition(".")[2]
    if len(name) > _LETTERS and name != "row":
        return name
    first = next(iter(v.objects(active.source)), None)
    model = frame.questions.model(first.model) if first is not None else None
    return model.name if model is not None else name if len(name) > _LETTERS else "element"


def _event(
    frame: Frame,
    execution: Execution,
    active: ActiveLoop,
    each: str,
    *,
    varies: bool,
    by: tuple[str, ...] = (),
    is_direct: bool = False,
    conditional: bool = False,
    depends: list[str] | None = None,
) -> RepeatedQuery:
    return RepeatedQuery(
        place=frame.spot(execution.place),
        at=execution.at,
        calls=execution.calls,
        qualname=frame.key,
        loop=active.loop,
        item=_item(frame, active, depends or []),
        each=each,
        entity=execution.entity,
        by=by,
        is_get=execution.how == GET,
        legacy=execution.legacy,
        varies=varies,
        is_direct=is_direct,
        conditional=conditional,
        held=execution.held,
    )
