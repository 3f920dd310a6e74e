"""Versions that are checked by hand: an object's number is compared in Python, and then counted up.

Following a function tells which attributes are numbers of which object; here its text is walked once more, along the
ways on which the compared number was the one that was given. What is given is what a parameter brings.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span, Spot
from sqlalint.flow import values as v
from sqlalint.flow.events import VersionCheck
from sqlalint.flow.frame import Frame, query_of
from sqlalint.flow.protection import protection
from sqlalint.flow.supplied import RECEIVERS, Names, arguments, plain, seen_from_outside
from sqlalint.project.symbols import Definition


class _Number(NamedTuple):
    """A number of an object: `product.version`, its object as it is written, and the batch.

    The batch is 0 where the object is one of several, by the way on which it was reached, or is compared elsewhere.
    """

    owner: str
    attribute: str
    batch: int


class _Passed(NamedTuple):
    """A comparison that was passed: the number was the one that was given."""

    at: Span
    given: ex.Expr
    instance: v.Instance | None  # the object, where it is compared in this function
    elsewhere: Spot | None = None  # or where it is compared, in a function that is called


_DEEPEST = 8  # tests inside tests
_State = dict[_Number, _Passed]


def version_checks(frame: Frame, function: st.Function) -> tuple[VersionCheck, ...]:
    """The versions that a function compares in Python and then counts up, of objects that nothing protects."""
    if not frame.numbers_set:
        return ()
    found = {e.at: e for e in reversed(_Walk(frame, function).run())}
    return tuple(e for e in found.values() if _speaks(frame, function, e))


def _speaks(frame: Frame, function: st.Function, check: VersionCheck) -> bool:
    why = protection(frame, function, check)
    if why:
        frame.note(check.at.span, f"{check.name}: {why}")
    return not why


class _Walk:
    """Walks a function's statements, with the comparisons that were passed on the way."""

    def __init__(self, frame: Frame, function: st.Function) -> None:
        self._frame = frame
        self._function = function
        self._names = Names(frame, function)
        self._found: list[VersionCheck] = []

    def run(self) -> list[VersionCheck]:
        """All checks that are followed by counting up."""
        self._block(self._function.body, {})
        return self._found

    def _block(self, body: tuple[st.Statement, ...], passed: _State) -> tuple[bool, _State]:
        """Walk a block; tells whether it leaves, and what its ways on have passed besides."""
        state, new = dict(passed), _State()
        for statement in body:
            leaves, more = self._statement(statement, state)
            state |= more
            new |= more
            if leaves:
                return True, {}
        return False, new

    def _statement(self, statement: st.Statement, state: _State) -> tuple[bool, _State]:
        match statement:
            case st.Return() | st.Raise() | st.Jump():
                return True, {}
            case st.Evaluate(value=value):
                return self._never_returns(value), self._compared_by(value)
            case st.Assign(targets=(ex.Attribute() as target,), value=value) if value is not None:
                self._counted(target, value, state)
            case st.Augment(target=ex.Attribute() as target, operator="+", value=ex.Literal()):
                self._count(target, state)
            case st.Assert(test=test):
                return False, self._equal(test, True)
            case st.If():
                return self._if(statement, state)
            case st.Function():
                outer, self._names = self._names, Names(self._frame, statement, self._names)
                self._block(statement.body, {})
                self._names = outer
            case _:
                return self._compound(statement, state)
        return False, {}

    def _if(self, statement: st.If, state: _State) -> tuple[bool, _State]:
        yes, no = self._equal(statement.test, True), self._equal(statement.test, False)
        left, new = self._block(statement.body, state | yes)
        other_left, other_new = self._block(statement.otherwise, state | no)
        if left and other_left:
            return True, {}
        return False, new | other_new | (no if left else {}) | (yes if other_left else {})

    def _compound(self, statement: st.Statement, state: _State) -> tuple[bool, _State]:
        if isinstance(statement, st.Class):
            return False, {}
        new = _State()
        leaves = isinstance(statement, st.With)
        for block in st.blocks(statement):
            left, more = self._block(block, state | new)
            leaves = leaves and left
            new |= more
        return leaves, new

    def _never_returns(self, expression: ex.Expr) -> bool:
        """`abort(409)`, or a function of the project that says so."""
        name = ex.dotted(expression.function) if isinstance(expression, ex.Call) else None
        if name is None:
            return False
        if name.rpartition(".")[2] == "abort":
            return True
        symbol = self._frame.questions.resolve(self._frame.path, name)
        if not isinstance(symbol, Definition) or symbol.rest:
            return False
        found = self._frame.questions.function(symbol.path, symbol.key)
        return found is not None and (ex.dotted(found.returns) or "").rpartition(".")[2] in ("NoReturn", "Never")

    # --- comparing ---

    def _equal(self, test: ex.Expr, truth: bool, depth: int = _DEEPEST) -> _State:
        """The numbers that are the given ones where a test is true, or false; a part of it decides for the whole."""
        if depth == 0:  # `ok = ok and ...` speaks of itself
            return {}
        match self._names.meaning(test):
            case ex.Unary(operator="not", value=value):
                return self._equal(value, not truth, depth - 1)
            case ex.Boolean(values=values):
                return {k: p for value in values for k, p in self._equal(value, truth, depth - 1).items()}
            case ex.Compare(operators=(operator,)) as compare if operator == ("==" if truth else "!="):
                return self._compared(compare)
            case _:
                return {}

    def _compared(self, compare: ex.Compare) -> _State:
        sides = (compare.left, compare.comparators[0])
        for one, other in (sides, sides[::-1]):
            number, attribute = self._number(one), self._names.number(one)
            if number is None or attribute is None or not self._names.is_given(other) or self._number(other):
                continue
            instance = self._frame.numbers_read[attribute.name_span]
            if instance.batch and _is_loaded(instance):
                return {number: _Passed(compare.span, other, instance)}
        return {}

    def _number(self, expression: ex.Expr) -> _Number | None:
        """The number of an object that an expression gives."""
        attribute = self._names.number(expression)
        owner = ex.dotted(attribute.value) if attribute is not None else None
        instance = self._frame.numbers_read.get(attribute.name_span) if attribute is not None else None
        if attribute is None or owner is None or instance is None:
            return None
        return _Number(owner, attribute.name, instance.batch)

    def _compared_by(self, expression: ex.Expr) -> _State:
        """`check_version(product, expected)`: a function of the project that leaves unless the two are the same."""
        call = expression.value if isinstance(expression, ex.Await) else expression
        found = self._function_of(call) if isinstance(call, ex.Call) else None
        if found is None or not isinstance(call, ex.Call):
            return {}
        place, function = found
        given = arguments(function, call)
        for compare in _guards(function):
            sides = [seen_from_outside(e, given) for e in (compare.left, compare.comparators[0])]
            for one, other in (sides, sides[::-1]):
                owner = ex.dotted(one.value) if isinstance(one, ex.Attribute) else None
                if owner is None or other is None or not isinstance(one, ex.Attribute):
                    continue
                if self._names.is_given(other) and not self._names.is_given(one):
                    at = replace(place, span=compare.span)
                    return {_Number(owner, one.name, 0): _Passed(call.span, other, None, at)}
        return {}

    def _function_of(self, call: ex.Call) -> tuple[Spot, st.Function] | None:
        """The function of the project that is called: one of a module, or a method of the same class."""
        name, frame = ex.dotted(call.function), self._frame
        path, key = "", ""
        owner = frame.key.rpartition(".")[0]
        if name is not None and owner and name.partition(".")[0] in RECEIVERS:
            member = name.partition(".")[2]
            path, _, key = (frame.questions.member(f"{frame.path}::{owner}", member) or "").partition("::")
            key = f"{key}.{member}"
        elif name is not None and name.partition(".")[0] not in frame.names:
            symbol = frame.questions.resolve(frame.path, name)
            if isinstance(symbol, Definition) and not symbol.rest:
                path, key = symbol.path, symbol.key
        function = frame.questions.function(path, key) if path else None
        return (Spot(path, key, function.span), function) if function is not None else None

    # --- counting ---

    def _counted(self, target: ex.Attribute, value: ex.Expr, state: _State) -> None:
        """`p.version = p.version + 1`, or one more than what was given."""
        meaning = self._names.meaning(value)
        if not isinstance(meaning, ex.Binary) or meaning.operator != "+":
            return
        sides = (meaning.left, meaning.right)
        number = self._number(target)
        passed = _passed(state, number)
        if passed is None:
            return
        for one, other in (sides, sides[::-1]):
            same = self._number(one) == number or plain(one) == plain(passed.given) or self._is_column(one, target)
            if same and isinstance(other, ex.Literal):
                self._count(target, state)
                return

    def _is_column(self, expression: ex.Expr, target: ex.Attribute) -> bool:
        """`Product.version`, of the class of the object: the database counts."""
        if not isinstance(expression, ex.Attribute) or expression.name != target.name:
            return False
        name, frame = ex.dotted(expression.value), self._frame
        symbol = frame.questions.resolve(frame.path, name) if name is not None else None
        return isinstance(symbol, Definition) and f"{symbol.path}::{symbol.key}" == self._model(target)

    def _model(self, target: ex.Attribute) -> str:
        instance = self._frame.numbers_read.get(target.name_span)
        return instance.model if instance is not None else ""

    def _count(self, target: ex.Attribute, state: _State) -> None:
        number = self._number(target)
        passed = _passed(state, number)
        if number is None or passed is None:
            return
        instance = passed.instance or self._frame.numbers_read[target.name_span]
        model = self._frame.questions.model(instance.model)
        if model is None or not _is_loaded(instance):
            return
        frame, origin = self._frame, instance.origin
        loaded = origin.at
        elsewhere = loaded is None or (loaded.path, loaded.definition) != (frame.path, frame.key)
        self._found.append(
            VersionCheck(
                at=frame.spot(passed.at),
                qualname=frame.key,
                written=f"{number.owner}.{number.attribute}",
                model=model.id,
                model_name=model.name,
                attribute=number.attribute,
                counted=frame.spot(target.span),
                query=query_of(origin, frame.questions, frame),
                through_call=elsewhere or passed.elsewhere is not None,
                compared=passed.elsewhere,
            )
        )


def _is_loaded(instance: v.Instance) -> bool:
    return instance.origin.kind in ("query", "get")


def _passed(state: _State, number: _Number | None) -> _Passed | None:
    """The comparison that a number passed; of an object that is one of several, on the way on which it is that one."""
    if number is None:
        return None
    alike = [
        p for n, p in state.items() if n[:2] == number[:2] and (n.batch == number.batch or 0 in (n.batch, number.batch))
    ]
    return alike[-1] if alike else None


def _guards(function: st.Function) -> Iterator[ex.Compare]:
    """The comparisons after which a function goes on only where both sides are the same."""
    raises = isinstance(function.body[-1], st.Raise)
    for statement in function.body:
        match statement:
            case st.If(test=test, body=(*_, st.Raise()), otherwise=()):
                parts = test.values if isinstance(test, ex.Boolean) else (test,)
                yield from (p for p in parts if isinstance(p, ex.Compare) and p.operators == ("!=",))
            case st.If(test=ex.Compare(operators=("==",)) as test, body=(*_, st.Return())) if raises:
                yield test
