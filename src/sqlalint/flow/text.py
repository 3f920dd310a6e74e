"""A function as it is written: what stands around an expression, and which names its value comes from.

Values say what an object is; that a number or a string is another one at each turn of a loop, they do not. Names do.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import START, Span
from sqlalint.flow.supplied import RECEIVERS, arguments

# Names under which code keeps what statements are sent by: that it is read from somewhere makes nothing vary.
SESSION = re.compile(r"session|(?:^|_)(?:db|conn|connection|engine|uow|tx|transaction)(?:$|_)", re.IGNORECASE)
_GROWING = frozenset("append add appendleft insert extend update setdefault put remove discard pop clear".split())

Block: TypeAlias = tuple[st.Statement, ...]


class Turn(NamedTuple):
    """A loop as it is written: `body` is empty for a comprehension, whose `whole` expression is evaluated each time."""

    target: ex.Expr
    iterable: ex.Expr
    body: Block
    whole: ex.Comprehension | None
    is_async: bool

    @property
    def extent(self) -> Span:
        """The range of what is done at each turn."""
        return self.whole.span if self.whole is not None else extent_of(self.body)

    @property
    def targets(self) -> frozenset[str]:
        """The names that are others at each turn."""
        return frozenset(roots(self.target))


class Step(NamedTuple):
    """A statement around an expression, and which of its blocks that is in: None where it is in its own expressions."""

    statement: st.Statement
    block: int | None


class Text:
    """One function's text, indexed by place."""

    def __init__(self, function: st.Function) -> None:
        self.function = function
        self.parameters = tuple(p.name for p in function.parameters)
        self.decorators = function.decorators
        self._calls: dict[Span, ex.Call] = {}
        self._attributes: dict[Span, ex.Expr] = {}
        self._turns: dict[Span, Turn] = {}
        self._inner: dict[str, st.Function] = {}
        self._bindings: dict[str, list[tuple[Span, ex.Expr]]] = {}
        self.facts: tuple[bool, bool] | None = None  # what was found out about the calls in it, kept
        self._is_indexed = False

    def _read(self) -> None:
        """Index the text, when it is first asked for anything."""
        if not self._is_indexed:
            self._is_indexed = True
            for statement in st.walk_statements(self.function.body):
                self._index(statement)

    # --- where things are ---

    @property
    def calls(self) -> list[ex.Call]:
        """All calls."""
        self._read()
        return list(self._calls.values())

    def node(self, place: Span) -> ex.Expr | None:
        """The call or the attribute at a place; of a method that is blamed by its name, the call of it."""
        self._read()
        found: ex.Expr | None = self._calls.get(place)
        return found if found is not None else self._attributes.get(place)

    def turn(self, iterable: Span) -> Turn | None:
        """The loop over the iterable at a place."""
        self._read()
        return self._turns.get(iterable)

    def around(self, body: Block, place: Span) -> list[Step] | None:
        """The statements around a place, outermost first; None where it is not in the body."""
        for statement in body:
            for number, block in enumerate(st.blocks(statement)):
                inner = self.around(block, place)
                if inner is not None:
                    return [Step(statement, number), *inner]
            if any(holds(e.span, place) for e in st.expressions(statement)):
                return [Step(statement, None)]
        return None

    # --- what depends on what ---

    def sources(self, expressions: Iterable[ex.Expr], within: Span | None = None) -> set[str]:
        """The names that expressions mention, and those that these are bound from, in a body or anywhere."""
        pending = [name for e in expressions for name in mentioned(e)]
        found: set[str] = set()
        while pending:
            name = pending.pop()
            if name in found:
                continue
            found.add(name)
            for value in self.bound(name, within):
                pending.extend(mentioned(value))
        return found

    def meanings(self, expression: ex.Expr, within: Span | None = None) -> list[ex.Expr]:
        """An expression with those that the names in it are bound from, at any distance, in a range or anywhere."""
        names = self.sources([expression], within)
        return [expression, *(value for name in sorted(names) for value in self.bound(name, within))]

    def bound(self, name: str, within: Span | None = None) -> Iterator[ex.Expr]:
        """What a name is bound from: assigned, iterated, entered, or put into it."""
        self._read()
        for place, value in self._bindings.get(name, ()):
            if within is None or holds(within, place):
                yield value

    # --- indexing ---

    def _index(self, statement: st.Statement) -> None:
        for expression in st.expressions(statement):
            for part in ex.walk(expression):
                self._part(part)
        match statement:
            case st.Assign(targets=targets, value=value) if value is not None:
                for target in targets:
                    self._bind(target, value)
            case st.Augment(target=target, value=value):
                self._bind(target, value)
                self._bind(target, target)
            case st.For(target=target, iterable=iterable, body=body, is_async=is_async):
                self._bind(target, iterable)
                self._turns[iterable.span] = Turn(target, iterable, body, None, is_async)
            case st.With(items=items):
                for item in items:
                    if item.target is not None:
                        self._bind(item.target, item.value)
            case st.Function(name=name):
                self._inner[name] = statement
            case _:
                pass

    def _part(self, part: ex.Expr) -> None:
        match part:
            case ex.Call(function=function):
                self._calls[part.span] = part
                if isinstance(function, ex.Attribute):
                    self._attributes[function.name_span] = part
                    if function.name in _GROWING and not leads_to_session(function.value):
                        for argument in part.arguments:
                            self._bind(function.value, argument)
                if isinstance(function, ex.Name) and function.id in self._inner:
                    for name, value in arguments(self._inner[function.id], part).items():
                        self._bindings.setdefault(name, []).append((part.span, value))
            case ex.Attribute():
                self._attributes.setdefault(part.name_span, part)
            case ex.Walrus(name=name, value=value):
                self._bindings.setdefault(name, []).append((part.span, value))
            case ex.Comprehension(clauses=clauses):
                for clause in clauses:
                    self._bind(clause.target, clause.iterable)
                    self._turns[clause.iterable.span] = Turn(clause.target, clause.iterable, (), part, clause.is_async)
            case _:
                pass

    def _bind(self, target: ex.Expr, value: ex.Expr) -> None:
        for name in roots(target):
            if name not in RECEIVERS or isinstance(target, ex.Name):
                self._bindings.setdefault(name, []).append((target.span, value))


def roots(target: ex.Expr) -> Iterator[str]:
    """The names that an assignment to a target changes, or what is behind them."""
    match target:
        case ex.Name(id=name):
            yield name
        case ex.Collection(items=items):
            for item in items:
                yield from roots(item)
        case ex.Starred(value=value) | ex.Attribute(value=value) | ex.Subscript(value=value):
            yield from roots(value)
        case _:
            pass


def mentioned(expression: ex.Expr) -> Iterator[str]:
    """The names in an expression, without those that only lead to a session."""
    pending = [expression]
    while pending:
        here = pending.pop()
        if isinstance(here, ex.Name):
            yield here.id
        elif isinstance(here, ex.Attribute) and leads_to_session(here):
            continue
        else:
            pending.extend(ex.children(here))


def leads_to_session(expression: ex.Expr) -> bool:
    """Whether an expression is by its name what statements are sent by: `self.session`, `db.session`, `session`."""
    last = expression.name if isinstance(expression, ex.Attribute) else getattr(expression, "id", "")
    return bool(SESSION.search(last)) and ex.dotted(expression) is not None


def extent_of(body: Block) -> Span:
    """The range from a body's first statement to its last."""
    if not body:
        return START
    last = max((s.span for s in st.walk_statements(body[-1:])), key=lambda s: (s.end_row, s.end_column))
    return Span(body[0].span.row, body[0].span.column, last.end_row, last.end_column)


def holds(outer: Span, inner: Span) -> bool:
    """Whether a range is inside another."""
    start, end = (outer.row, outer.column), (outer.end_row, outer.end_column)
    return start <= (inner.row, inner.column) and (inner.end_row, inner.end_column) <= end
