"""The state of following one function: its names, the loops it is in, what was read and what is loaded by now."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span, Spot
from sqlalint.facts.statement import Function
from sqlalint.flow import values as v
from sqlalint.flow.annotations import Annotations
from sqlalint.flow.events import (
    AwaitMisuse,
    Counted,
    Loop,
    OneColumn,
    Query,
    ResultConsumed,
    RowsExpired,
    StatementExecuted,
    TextArgument,
    VersionCheck,
)
from sqlalint.flow.executions import Execution, Taken
from sqlalint.flow.given import Access, Call, Commit, Expire
from sqlalint.flow.loads import Loads
from sqlalint.flow.questions import Questions
from sqlalint.flow.staleness import Staleness
from sqlalint.project.mapping import Model, Relationship


class Seen(Struct, frozen=True):
    """Where something is done by a function that was called: the place, and the calls that lead there, outermost first.

    `field`: the field of a serializer that does it (`UserOut.posts`), "" for code.
    """

    at: Spot
    calls: tuple[Spot, ...]
    field: str = ""


At: TypeAlias = Span | Seen
Ways: TypeAlias = frozenset[tuple[tuple[str, ...], str]]  # the ways from entities to models
_Made = TypeVar("_Made")


class Callees(Protocol):
    """Follows functions of the project where they are called; see `callees.py`."""

    numbers: "itertools.count[int]"

    def once(self, key: tuple[str, ...], make: Callable[[], _Made]) -> _Made:
        """What is made of answers alone, made once for all functions."""
        ...

    def called(
        self,
        frame: "Frame",
        at: "At",
        function: v.FunctionRef,
        arguments: list[v.Value],
        keywords: dict[str, v.Value],
    ) -> v.Value:
        """The value of a call in a frame, where also what it does with the objects that it is given happens."""
        ...


class Fetch(Struct, frozen=True):
    """A call that fetches rows, or may be asked for them. `how`: all, first, count, or result for what is not fetched yet.

    `statement` is None for a dynamic relationship of the model `entity`.
    """

    how: str
    statement: "v.Statement | None"
    entity: str


@dataclass
class ActiveLoop:
    """A loop that is being followed. `touched`: what each iteration surely loads of its batch."""

    loop: Loop
    depth: int
    batch: int
    touched: set[tuple[int, str]] = field(default_factory=set)
    left_early: bool = False
    source: v.Value = v.UNKNOWN
    names: frozenset[str] = frozenset()  # of its variables


class CommitTurn:
    """A commit, the loops that it is in, and how many conditions; `left` are those that it is the last act of."""

    def __init__(self, commit: Commit, frame: "Frame") -> None:
        self.commit = commit
        self.loops: list[ActiveLoop] = list(frame.loops)
        self.depth = frame.depth
        self.left: set[int] = set()


@dataclass
class Read:
    """A lazy read as it was found; folded and grouped when the function has been followed."""

    number: int
    instance: v.Instance
    model: Model
    relationship: Relationship | None
    attribute: str
    target: Model | None
    at: Spot
    function: Spot
    loop: Loop | None
    unsure: bool
    conditional: bool
    target_held: bool
    target_alive: bool
    in_rows: bool
    action: str
    calls: tuple[Spot, ...] = ()
    raises: bool = False
    field: str = ""
    dropped: bool = False


class Touch(Struct, frozen=True):
    """An object of a loop that is read or written, and the loops around that, by number."""

    instance: v.Instance
    at: Seen
    loops: tuple[int, ...]
    conditional: bool


class AsyncCall(Struct, frozen=True):
    """A call of an asynchronous class: of a method, or ("") one that makes an instance. `kind` is the class's name."""

    kind: str
    method: str


def no_function(*_: object) -> v.Value:
    """What functions that were given as values give where nobody follows them."""
    return v.UNKNOWN


class _Condition:
    """What is done inside may not happen. A class, as a generator's context costs several times as much."""

    def __init__(self, frame: "Frame") -> None:
        self._frame = frame
        self._before = 0

    def __enter__(self) -> None:
        self._frame.depth += 1
        self._before = len(self._frame.staleness.expiries)

    def __exit__(self, *_: object) -> None:
        self._frame.depth -= 1
        expiries = self._frame.staleness.expiries
        if len(expiries) > self._before:
            expiries[self._before :] = [replace(e, conditional=True) for e in expiries[self._before :]]


class Frame:
    """What is known at one point of one function. Branches copy the names, nothing else."""

    def __init__(self, questions: Questions, path: str, key: str, callees: "Callees | None" = None) -> None:
        self.questions = questions
        self.callees = callees
        self.annotations = Annotations(questions)
        self.path, self.key = path, key
        self.owner, self.receiver = "", ""  # of a method: the id of its class, and its first parameter
        self.names: dict[str, v.Value] = {}
        self.reflects = False  # whether what it learns of models at run time is among them
        self.has_dotted = False  # whether an attribute (`self.session`) is among them
        self.loops: list[ActiveLoop] = []
        self.reads: list[Read] = []
        self.steps: list[Access | Call | Expire] = []  # what is done with what the function was given
        self.serializers: dict[Spot, str] = {}  # what serializes, by its place
        self._accesses: dict[tuple[int, str, str, int], Access] = {}
        self.statements: frozenset[Spot] = frozenset()  # where the statements that it was given are made
        self.apply: Callable[[v.Value, list[v.Value], At], v.Value] = no_function
        self.member: Callable[[v.Value, str, Span], v.Value] = no_function
        self.valued: Callable[[str, str, ex.Expr], v.Value] = no_function
        self.finished: set[int] = set()  # loops over something held that no turn left early, by number
        self.handed = 0  # how many objects the function was given
        self.consumed: list[ResultConsumed] = []
        self.executions: list[Execution | Taken] = []
        self.sent: list[Execution] = []  # what of that is sent in loops, with what functions send that are called there
        self.sites: list[Span] = []  # where the local functions that are being followed are called
        self.function: Function | None = None  # the one that is followed, as it is written
        self.executed: list[StatementExecuted] = []
        self.positions: dict[int, int] = {}  # their positions, by the batch of the result
        self.texts: list[TextArgument] = []
        self.touched: set[tuple[int, str]] = set()
        self.added: set[int] = set()  # new objects, by batch, that wait in a session
        self.flushed: set[int] = set()  # new objects that have been written, and are loaded from like others
        self.eager: dict[int, tuple[v.Statement, Ways]] = {}  # what statements load beside their entities, by identity
        self.loaded: dict[str, list[tuple[int, Loads]]] = {}  # by the queries that ran so far, in order, of each model
        self.numbers_read: dict[Span, v.Instance] = {}  # integer columns of objects, read or assigned, by where
        self.numbers_set: set[Span] = set()  # those that are assigned
        self.conditions: set[str] = set()  # the columns that conditions of statements compare
        self.locks = False  # whether a row was locked: a lock of any row may stand for that of another
        self.called: set[tuple[str, str]] = set()  # functions that give no object: they may lock
        self.versions: tuple[VersionCheck, ...] = ()
        self.staleness = Staleness()
        self.async_calls: dict[Span, AsyncCall] = {}
        self.awaits: tuple[AwaitMisuse, ...] = ()
        self.fetches: dict[Span, Fetch] = {}  # the calls that fetch rows, by where
        self.counted: tuple[Counted, ...] = ()
        self.comprehended: dict[Span, v.Instance] = {}  # the objects that comprehensions are over, by where these are
        self.one_column: tuple[OneColumn, ...] = ()
        self.commits: list[CommitTurn] = []
        self.row_uses: dict[tuple[int, int], Touch] = {}  # of the objects of loops, by loop and batch
        self.rows_expired: tuple[RowsExpired, ...] = ()
        self.depth = 0  # of conditions
        self.inlined = 0
        self.awaiting = False
        self.loops_over_rows = 0
        self.loops_understood = 0
        self.trace: list[tuple[Span, str, v.Value]] | None = None
        self.notes: list[tuple[Span, str]] = []
        self._numbers = itertools.count(1) if callees is None else callees.numbers

    def once(self, key: tuple[str, ...], make: Callable[[], _Made]) -> _Made:
        """What is made of answers alone: made once for all functions, but not where it depends on how deep one is."""
        return make() if self.callees is None or self.inlined else self.callees.once(key, make)

    def number(self) -> int:
        """A fresh number: for a batch, a loop, an alias, a read."""
        return next(self._numbers)

    def spot(self, span: Span) -> Spot:
        """A span of this function as a spot."""
        return Spot(self.path, self.key, span)

    def note(self, at: At, text: str) -> None:
        """Say, to whoever asks why, what condition kept a rule silent."""
        if self.trace is None:
            return
        if isinstance(at, Span):
            self.notes.append((at, text))
        elif at.calls:
            self.notes.append((at.calls[0].span, text))

    def see(self, span: Span, name: str, value: v.Value) -> None:
        """Remember what a name was found to be, for whoever asks."""
        if self.trace is not None:
            self.trace.append((span, name, value))

    def active(self, number: int) -> ActiveLoop | None:
        """The loop of that number, if it is being followed."""
        return next((a for a in self.loops if a.loop.number == number), None)

    def condition(self) -> "_Condition":
        """Inside, what happens may not happen."""
        return _Condition(self)

    @property
    def mark(self) -> tuple[int, int, int]:
        """How much was read so far, and how often committed."""
        return len(self.reads), len(self.steps), len(self.commits)

    def drop_reads_since(self, mark: tuple[int, int, int], loop_numbers: set[int]) -> None:
        """Forget reads of these loops: the way on which they stand leaves the loop, so that they happen once."""
        self.leave(mark, loop_numbers)
        for read in self.reads[mark[0] :]:
            if read.loop is not None and read.loop.number in loop_numbers:
                read.dropped = True
        for position in range(mark[1], len(self.steps)):
            step = self.steps[position]
            if step.loop is not None and step.loop.number in loop_numbers:
                self.steps[position] = replace(step, loop=None)

    def leave(self, mark: tuple[int, int, int], loop_numbers: set[int]) -> None:
        """The way on which these commits stand leaves the loops: no turn of them comes after one."""
        for turn in self.commits[mark[2] :]:
            turn.left |= loop_numbers

    def forget_expiries(self, position: int, steps: int, *, raises: bool) -> None:
        """The way on which these stand leaves the function: what comes here is behind none of them.

        Whoever calls the function may be, unless it `raises`.
        """
        del self.staleness.expiries[position:]
        for number, step in enumerate(self.steps[steps:], start=steps):
            if isinstance(step, Expire) and step.expiry.how:
                self.staleness.parting += [] if raises else [step.expiry]
                self.steps[number] = replace(step, expiry=replace(step.expiry, how=""))  # steps are numbered

    def seen(self, at: At) -> Seen:
        """Where something is done: here, or in a function that was called."""
        return at if isinstance(at, Seen) else Seen(self.spot(at), ())

    def place(self, at: At) -> Span:
        """Where this function does something: itself, or by a call that leads there."""
        if self.sites:
            return self.sites[0]
        if isinstance(at, Span):
            return at
        return at.calls[0].span if at.calls else at.at.span

    def access(self, instance: v.Instance, name: str, at: At, action: str) -> int:
        """Remember what is done with an object that was given; returns the number of what it gives."""
        loop, conditional = self._turn(instance)
        key = instance.given, name, action, loop.number if loop else 0
        known = self._accesses.get(key)
        if known is not None and (conditional or not known.conditional):
            return known.number
        seen = self.seen(at)
        number = self.handed + len(self.steps) + 1
        made = Access(number, instance.given, name, action, seen.at, loop, conditional, seen.calls, seen.field)
        self.steps.append(made)
        self._accesses[key] = made
        return number

    def expire(self, step: Expire) -> None:
        """Remember that objects are emptied: what is read of them behind it is another read."""
        self.steps.append(step)
        self._accesses.clear()

    def call_back(self, function: v.Callback, arguments: Sequence[v.Value], at: At) -> None:
        """Remember that a function that was given is called."""
        varying = next((o for a in arguments for o in v.objects(a) if o.loop), None)
        loop, conditional = self._turn(varying)
        self.steps.append(Call(function.number, tuple(arguments), self.seen(at).at, loop, conditional))

    def _turn(self, instance: v.Instance | None) -> tuple[Loop | None, bool]:
        """The loop that an object varies with, and whether what is done at a turn of it may not be done."""
        active = self.active(instance.loop) if instance is not None and instance.loop else None
        return active.loop if active else None, self.depth > (active.depth if active else 0)


def query_of(origin: v.Origin, questions: Questions, frame: Frame) -> Query:
    """The facts of an object's query that rules need."""
    statement = origin.statement
    first = statement.entities[0] if statement and statement.entities else None
    model = questions.model(first.model) if first and first.model else None
    return Query(
        at=origin.at or frame.spot(Span(1, 1, 1, 1)),
        function=frame.key,
        kind=origin.kind,
        legacy=bool(statement and statement.legacy),
        entity=model.name if model else "",
        entity_model=model.id if model else "",
        is_async=origin.is_async,
        sure_session=origin.sure_session,
        stream=origin.stream or bool(statement and statement.stream),
        limited=bool(statement and statement.limited),
        distinct=bool(statement and statement.distinct),
        locked=bool(statement and statement.locked),
        has_unknown_options=bool(first and first.loads.wild),
        inferred=origin.inferred,
        calls=origin.calls,
    )
