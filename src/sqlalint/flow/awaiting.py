"""Coroutines that nobody awaits, and values that somebody does: how calls of asynchronous sessions are used.

Following a function tells which calls are those of asynchronous sessions, connections and engines; here its text is
walked once more for what is done with them. What is assigned and handed on may be awaited there, and is left alone.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span
from sqlalint.flow import awaited
from sqlalint.flow import values as v
from sqlalint.flow.bindings import bindings
from sqlalint.flow.events import AwaitMisuse
from sqlalint.flow.frame import AsyncCall, Frame
from sqlalint.report.finding import Edit

# What coroutines have themselves.
_OF_COROUTINES = frozenset({"send", "throw", "close", "__await__", "cr_await", "cr_code", "cr_frame", "cr_running"})
_AWAIT = len("await ")


def note_call(frame: Frame, function: v.Value, call: ex.Call, value: v.Value) -> None:
    """Remember a call that is one of an asynchronous class: of a method, or one that makes a session."""
    match function:
        case v.Method(receiver=v.Session(is_async=True, sure=True, kind=kind) as session, name=name) if kind:
            if not _is_overridden(frame, session, name):
                frame.async_calls[call.span] = AsyncCall(kind, name)
        case v.Factory() | v.ExternalRef():
            if isinstance(value, v.Session) and value.is_async and value.sure and value.kind:
                frame.async_calls[call.span] = AsyncCall(value.kind, "")


def note_entered(frame: Frame, entered: ex.Expr, value: v.Value) -> None:
    """Remember a session or connection that is entered by a name."""
    is_named = isinstance(entered, ex.Name | ex.Attribute)
    if is_named and isinstance(value, v.Session) and value.is_async and value.sure and value.kind:
        frame.async_calls[entered.span] = AsyncCall(value.kind, "")


def _is_overridden(frame: Frame, session: v.Session, name: str) -> bool:
    """Whether a class of the project has a version of its own that is no coroutine, or may be none."""
    owner = frame.questions.member(session.class_id, name) if session.class_id else None
    if owner is None:
        return False
    path, _, key = owner.partition("::")
    own = frame.questions.function(path, f"{key}.{name}")
    is_coroutine = own is not None and own.is_async and not own.is_generator and not own.decorators
    return not (is_coroutine and name in awaited.COROUTINES[session.kind])


def misuses(frame: Frame, function: st.Function) -> tuple[AwaitMisuse, ...]:
    """The calls of a function that are not awaited and should be, and those that are and should not."""
    if not frame.async_calls:
        return ()
    walk = _Walk(frame, function)
    walk.run()
    return tuple(walk.found)


class _Where(Struct, frozen=True):
    """Where an expression stands: in a coroutine function, so that `await` may be written; `names` are its function's."""

    awaits: bool
    names: dict[str, list[ex.Expr | None]]


class _Walk:
    """Walks the statements of a function, and those of functions inside it."""

    def __init__(self, frame: Frame, function: st.Function) -> None:
        self._frame = frame
        self._function = function
        self.found: list[AwaitMisuse] = []
        # coroutines under a name, with what is said of them, and where the name is used as what they would give
        self._named: dict[str, tuple[ex.Call, str, tuple[Edit, ...], set[Span]]] = {}

    def run(self) -> None:
        """Find everything."""
        self._inside(self._function)
        if not self._named:
            return
        every = list(st.walk_expressions((self._function,)))
        for name, (call, text, edits, uses) in self._named.items():
            mentioned = {e.span for e in every if isinstance(e, ex.Name) and e.id == name}
            if len(mentioned) == len(uses) + 1:  # one is the assignment
                self._add(call, "used", text, edits)

    def _inside(self, function: st.Function) -> None:
        where = _Where(function.is_async, bindings(function))
        self._block(function.body, where)

    def _block(self, body: Iterable[st.Statement], where: _Where) -> None:
        for statement in body:
            if isinstance(statement, st.Function):
                self._inside(statement)
                continue
            self._statement(statement, where)
            if not isinstance(statement, st.Class):
                for block in st.blocks(statement):
                    self._block(block, where)

    def _statement(self, statement: st.Statement, where: _Where) -> None:
        match statement:
            case st.Evaluate(value=ex.Call() as call) if self._is_coroutine(call, where):
                self._add(call, "dropped", "", self._before(call, where.awaits))
            case st.For(iterable=iterable, is_async=is_async, span=span):
                self._iterated(iterable, is_async, span if where.awaits else None, where)
            case st.With(is_async=False, items=items, span=span):
                for item in items:
                    self._entered(item.value, span if where.awaits and len(items) == 1 else None)
        for expression in st.expressions(statement):
            self._expression(expression, where)

    def _expression(self, expression: ex.Expr, where: _Where) -> None:
        inner = where
        match expression:
            case ex.Attribute(value=value, name=name) if name not in _OF_COROUTINES:
                self._used(value, f"has no `{name}`", where)
            case ex.Subscript(value=value):
                self._used(value, "has no items", where)
            case ex.Call(function=ex.Call() as function):
                self._used(function, "cannot be called", where)
            case ex.Await(value=ex.Call() as call):
                self._awaited(expression, call, where)
            case ex.Lambda():
                inner = _Where(False, where.names)
            case ex.Comprehension(kind=kind, clauses=clauses):
                inner = _Where(where.awaits and kind != "generator", where.names)
                for number, clause in enumerate(clauses):
                    self._iterated(clause.iterable, clause.is_async, None, where if number == 0 else inner)
        for part in ex.children(expression):
            self._expression(part, inner)

    # --- what an expression is ---

    def _is_coroutine(self, expression: ex.Expr, where: _Where) -> bool:
        """Whether an expression is a call that gives a coroutine."""
        if not isinstance(expression, ex.Call):
            return False
        called = self._frame.async_calls.get(expression.span)
        if called is not None:
            return called.method in awaited.COROUTINES.get(called.kind, ())
        function = expression.function
        if not isinstance(function, ex.Attribute) or function.name not in awaited.COROUTINES["AsyncResult"]:
            return False
        return self._result(function.value, where) == "AsyncResult"

    def _result(self, expression: ex.Expr | None, where: _Where, depth: int = 0) -> str:
        """The class of the result that an expression gives, or ""."""
        match expression:
            case ex.Await(value=ex.Call(span=span)):
                return self._given(span)
            case ex.Call(function=ex.Attribute(name=name, value=value)) if name in awaited.SAME:
                return self._result(value, where, depth)
            case ex.Name(id=name) if where.names.get(name) and depth < len(where.names):
                kinds = {self._result(given, where, depth + 1) for given in where.names[name]}
                return kinds.pop() if len(kinds) == 1 else ""
            case _:
                return ""

    def _given(self, span: Span) -> str:
        called = self._frame.async_calls.get(span)
        known = called is not None and called.kind in ("AsyncSession", "async_scoped_session", "AsyncConnection")
        return awaited.GIVES.get(called.method, "") if called is not None and known else ""

    # --- what is done with it ---

    def _used(self, value: ex.Expr, text: str, where: _Where, *, iterates: bool = False) -> None:
        """A coroutine is used as what it would give: at once, or by the name that it was given."""
        if isinstance(value, ex.Name):
            given = where.names.get(value.id, [])
            only = given[0] if len(given) == 1 else None
            if isinstance(only, ex.Call) and self._is_coroutine(only, where):
                uses = self._named.setdefault(value.id, (only, text, self._before(only, where.awaits), set()))[3]
                uses.add(value.span)
        elif isinstance(value, ex.Call) and self._is_coroutine(value, where):
            fix = self._before(value, where.awaits) if iterates else self._bracketed(value, where.awaits)
            self._add(value, "used", text, fix)

    def _iterated(self, iterable: ex.Expr, is_async: bool, place: Span | None, where: _Where) -> None:
        """A loop over something: `place` is where it begins, if `async` may be written there."""
        self._used(iterable, "cannot be iterated", where, iterates=True)
        source = iterable
        if isinstance(source, ex.Call) and isinstance(source.function, ex.Attribute):
            source = source.function.value if source.function.name == "partitions" else source
        if not is_async and self._result(source, where) == "AsyncResult":
            edits = (self._insert(place, "async "),) if place is not None else ()
            self._report(iterable.span, "iterated", _written(iterable), "", "AsyncResult", "", edits)

    def _entered(self, value: ex.Expr, place: Span | None) -> None:
        """`with` of something asynchronous."""
        called = self._frame.async_calls.get(value.span)
        if called is None or (called.method and called.method not in awaited.ENTERED):
            return
        if called.method and called.method in awaited.COROUTINES.get(called.kind, ()):
            return
        edits = (self._insert(place, "async "),) if place is not None else ()
        self._report(value.span, "entered", _written(value), called.method, called.kind, "", edits)

    def _awaited(self, expression: ex.Await, call: ex.Call, where: _Where) -> None:
        """`await` of a call: of a method that is no coroutine, or of a result that is none."""
        called = self._frame.async_calls.get(call.span)
        function = call.function
        if not isinstance(function, ex.Attribute):
            return
        if called is not None:
            gated = called.kind == "AsyncEngine" and called.method == "begin"
            if not gated and called.method not in awaited.PLAIN.get(called.kind, ()):
                return
            kind = called.kind
        elif function.name in awaited.PLAIN["Result"] and self._result(function.value, where) == "Result":
            kind = "Result"
        else:
            return
        self._report(
            expression.span, "awaited", _written(function.value), function.name, kind, "", self._plain(expression)
        )

    # --- reports and edits ---

    def _add(self, call: ex.Call, use: str, text: str, edits: tuple[Edit, ...]) -> None:
        called = self._frame.async_calls.get(call.span)
        kind, written, method = (called.kind if called else "AsyncResult"), "session", ""
        if isinstance(call.function, ex.Attribute):
            written, method = _written(call.function.value), call.function.name
        self._report(call.span, use, written, method, kind, text, edits)

    def _report(
        self, at: Span, use: str, written: str, method: str, kind: str, text: str, edits: tuple[Edit, ...]
    ) -> None:
        spot = self._frame.spot(at)
        if all(f.at != spot for f in self.found):
            self.found.append(AwaitMisuse(spot, self._frame.key, use, written, method, kind, text, edits))

    def _insert(self, at: Span, text: str) -> Edit:
        return Edit(self._frame.spot(at.start), text)

    def _before(self, call: ex.Expr, awaits: bool) -> tuple[Edit, ...]:
        """`await` put before a call that stands by itself."""
        return (self._insert(call.span, "await "),) if awaits else ()

    def _bracketed(self, call: ex.Call, awaits: bool) -> tuple[Edit, ...]:
        """`(await ...)` around a call; an `await` around the whole chain, which awaits a plain value, goes."""
        if not awaits:
            return ()
        end = Span(call.span.end_row, call.span.end_column, call.span.end_row, call.span.end_column)
        around = self._around(call)
        closing = Edit(self._frame.spot(end), ")")
        if around is None:
            return (self._insert(call.span, "(await "), closing)
        if not self._plain(around) or around.value.span.start != call.span.start:
            return ()
        return (self._insert(around.span, "("), closing)

    def _around(self, call: ex.Call) -> ex.Await | None:
        """The `await` of a chain of plain methods that begins with a call."""
        for found in st.walk_expressions((self._function,)):
            if isinstance(found, ex.Await) and call in _chain(found.value):
                called = self._frame.async_calls.get(call.span)
                is_plain = called is None or awaited.GIVES.get(called.method) != "AsyncResult"
                return found if is_plain else None
        return None

    def _plain(self, expression: ex.Await) -> tuple[Edit, ...]:
        """The word `await` taken away, where nothing but one space stands behind it."""
        here, inner = expression.span, expression.value.span
        if (here.row, here.column + _AWAIT) != (inner.row, inner.column):
            return ()
        return (Edit(self._frame.spot(Span(here.row, here.column, inner.row, inner.column)), ""),)


def _chain(expression: ex.Expr) -> Iterator[ex.Expr]:
    """A chain of calls and attributes, outermost first."""
    while isinstance(expression, ex.Call | ex.Attribute):
        yield expression
        expression = expression.function if isinstance(expression, ex.Call) else expression.value


def _written(expression: ex.Expr) -> str:
    """How an expression is named in a message."""
    match expression:
        case ex.Name() | ex.Attribute():
            return ex.dotted(expression) or "the result"
        case ex.Call(function=function):
            name = ex.dotted(function)
            return f"{name}()" if name else "the result"
        case _:
            return "the result"
