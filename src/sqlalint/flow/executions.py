"""Statements as they are sent: each execution of a function, and of the functions that it calls, with its loops."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

from sqlalint.facts import statement as st
from sqlalint.facts.span import Span, Spot
from sqlalint.flow import statements as sm
from sqlalint.flow import values as v

if TYPE_CHECKING:
    from sqlalint.flow.frame import ActiveLoop, At, Frame

READ, GET, WRITE, UNKNOWN = "read", "get", "write", "unknown"


class Executed(Struct, frozen=True):
    """A read that a function makes, for its callers. `depends`: the parameters that it varies with.

    `writes`: the function that makes it, or one on the way to it, also changes something: it reads in order to write.
    """

    at: Spot
    calls: tuple[Spot, ...]
    how: str
    entity: str
    depends: frozenset[str]
    conditional: bool
    volatile: bool
    writes: bool


class Executions(Struct, frozen=True):
    """What a function sends when it is called. `writes`: in how many calls it changes something; None where it does not.

    `perhaps`: a condition of its own decides whether it writes.
    """

    reads: tuple[Executed, ...] = ()
    writes: int | None = None
    perhaps: bool = False


NONE_EXECUTED = Executions()


class Execution(Struct, frozen=True, kw_only=True):
    """A statement that is sent. `place`: where the function that is followed does it, by itself or by a call.

    `at` is where the statement is sent, `calls` lead there from the function, outermost first. `how`: read, get, write,
    or unknown. `keys` are the attributes of the model whose equality makes it at most one row. `callee`: the function
    that is called at `place`, of which the parameters in `depends` matter. `by_value`: the loops that objects vary
    with which are handed to it. `distance`: how many calls a write is away. `held`: objects of the model are in the session, perhaps the one that is asked for.
    """

    place: Span
    at: Spot
    how: str
    loops: "tuple[ActiveLoop, ...]"
    depth: int
    calls: tuple[Spot, ...] = ()
    model: str = ""
    entity: str = ""
    keys: frozenset[str] = frozenset()
    legacy: bool = False
    locked: bool = False
    held: bool = False
    callee: st.Function | None = None
    depends: frozenset[str] = frozenset()
    by_value: frozenset[int] = frozenset()
    conditional: bool = False
    volatile: bool = False
    callee_writes: bool = False
    distance: int = 0


class Sent(Protocol):
    """What a function sends when it is called; found out when somebody asks, as few calls stand in loops."""

    @property
    def value(self) -> Executions:
        """It."""
        ...


class Taken(NamedTuple):
    """A function that is called: what it sends is sent here. The fields are those of `Execution`."""

    place: Span
    calls: tuple[Spot, ...]
    loops: "tuple[ActiveLoop, ...]"
    depth: int
    callee: st.Function
    by_value: dict[str, frozenset[int]]  # by parameter
    sent: Sent


# --- recording ---


def read(frame: "Frame", at: "At", statement: v.Value, how: str = READ) -> None:
    """Rows are asked for."""
    if not isinstance(statement, v.Statement):
        _record(frame, at, how, "", "", frozenset(), False, False)
        return
    column = next((e.column.model for e in statement.entities or () if e.column is not None), "")
    model_id = next((e.model for e in statement.entities or () if e.model), None) or column
    model = frame.questions.model(model_id) if model_id else None
    keys = frozenset(model.keys) if how == GET and model else sm.fixed_by(statement, model, frame.questions)
    _record(
        frame, at, how, model_id, model.name if model else "", keys, statement.legacy, statement.locked,
    )  # fmt: skip


def write(frame: "Frame", at: "At") -> None:
    """Something is changed, or is going to be."""
    _record(frame, at, WRITE, "", "", frozenset(), False, False)


def unknown(frame: "Frame", at: "At") -> None:
    """A statement of which nothing is known is sent."""
    _record(frame, at, UNKNOWN, "", "", frozenset(), False, False)


def _record(
    frame: "Frame", at: "At", how: str, model: str, entity: str, keys: frozenset[str], legacy: bool, locked: bool
) -> None:
    own = isinstance(at, Span)
    seen = frame.seen(at)
    place = frame.place(at)
    frame.executions.append(
        Execution(
            place=place,
            at=seen.at,
            calls=seen.calls if not own else (),
            how=how,
            loops=tuple(frame.loops),
            depth=frame.depth,
            model=model,
            entity=entity,
            keys=keys,
            legacy=legacy,
            locked=locked,
            held=how == GET and _is_held(frame, model),
        )
    )


def _is_held(frame: "Frame", model: str) -> bool:
    """Whether objects of a model are alive: the session gives them without asking."""
    from sqlalint.flow.reads import eager_targets

    for active in frame.loops:
        for instance in v.objects(active.source):
            statement = instance.origin.statement
            if model in {instance.model, *(eager_targets(frame, statement) if statement is not None else ())}:
                return True
            if statement is not None and any(e.model == model for e in statement.entities or ()):
                return True
    return any(o.model == model and o.origin.kind != "new" for value in frame.names.values() for o in v.objects(value))


def take(frame: "Frame", at: "At", callee: st.Function, sent: Sent, given: dict[str, v.Value]) -> None:
    """What a function that is called sends is sent by the caller."""
    seen = frame.seen(at)
    loops = _loops(given) if frame.loops else {}
    calls = (*seen.calls, seen.at)
    frame.executions.append(Taken(frame.place(at), calls, tuple(frame.loops), frame.depth, callee, loops, sent))


def _loops(given: dict[str, v.Value]) -> dict[str, frozenset[int]]:
    """The loops that objects vary with which parameters are given."""
    found = {name: frozenset(o.loop for o in v.objects(value) if o.loop) for name, value in given.items()}
    return {name: loops for name, loops in found.items() if loops}


def expanded(records: "Iterable[Execution | Taken]") -> Iterator[Execution]:
    """Executions, with those of the functions that are called."""
    for record in records:
        if isinstance(record, Taken):
            yield from _of_callee(record, record.sent.value)
        else:
            yield record


def _of_callee(taken: Taken, executed: Executions) -> Iterator[Execution]:
    for found in executed.reads:
        yield Execution(
            place=taken.place,
            at=found.at,
            calls=(*taken.calls, *found.calls),
            how=found.how,
            loops=taken.loops,
            depth=taken.depth,
            entity=found.entity,
            callee=taken.callee,
            depends=found.depends,
            by_value=frozenset().union(*(taken.by_value.get(name, ()) for name in found.depends)),
            conditional=found.conditional,
            volatile=found.volatile,
            callee_writes=found.writes,
        )
    if executed.writes is not None:
        yield Execution(
            place=taken.place,
            at=taken.calls[-1],
            calls=taken.calls,
            how=WRITE,
            loops=taken.loops,
            depth=taken.depth,
            callee=taken.callee,
            distance=executed.writes + 1,
            conditional=executed.perhaps,
        )
