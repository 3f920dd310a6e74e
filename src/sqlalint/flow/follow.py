"""Following one function: its statements in order, branches joined, loops once."""

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span
from sqlalint.flow import dependencies, emptied, guesses, reflect, serialize
from sqlalint.flow import values as v
from sqlalint.flow.awaiting import misuses, note_entered
from sqlalint.flow.evaluate import Evaluator
from sqlalint.flow.frame import Callees, Frame, Seen
from sqlalint.flow.questions import Questions
from sqlalint.flow.uses import look_at_uses
from sqlalint.flow.versions import version_checks

# How a block ends: it goes on, or leaves the iteration, the loop, or the function.
ON, NEXT, OUT, AWAY = range(4)


class Follower:
    """Follows a function, or the body of one inside it."""

    def __init__(
        self,
        questions: Questions,
        path: str,
        key: str,
        callees: Callees | None = None,
        *,
        tracing: type[Evaluator] | None = None,
    ) -> None:
        self.frame = Frame(questions, path, key, callees)
        if tracing is not None:
            self.frame.trace = []
        self.evaluator = (tracing or Evaluator)(self.frame)
        self.evaluator.run_body = self._inlined
        self._returned: list[v.Value] = []
        self._reached: set[Span] = set()
        self._nested: dict[Span, st.Function] = {}  # each once: one that is defined at each call of another, too
        self._given: dict[str, v.Value] = {}
        self._guesses = 0
        self._inferred = False
        self._passed_over = False

    def run(self, function: st.Function) -> Frame:
        """Follow a definition; what it gave is in the frame."""
        self.frame.function = function
        self._parameters(function, self._owner())
        self._injected(function)
        self._answer(function)
        self._follow_nested()
        self.frame.versions = version_checks(self.frame, function)
        self.frame.awaits = misuses(self.frame, function)
        look_at_uses(self.frame, function)
        self.evaluator.close()
        return self.frame

    def call(self, function: st.Function, given: dict[str, v.Value]) -> v.Value:
        """Follow a function as it is called with these values; returns what it gives, without `await`."""
        self.frame.function = function
        self._parameters(function, self._owner())
        self.frame.names.update(given)
        self._given = given
        self.block(function.body)
        self.evaluator.close()
        results = self.evaluator.yielded if function.is_generator else self._returned
        value: v.Value | None = None
        for found in results:
            value = found if value is None else v.join(value, found)
        if value is None:
            return v.UNKNOWN if function.is_generator else v.NONE
        if self._inferred or (self._passed_over and guesses.may_be_another(value, function, self._reached)):
            value = v.inferred(value)
        return v.Many(value, "iterator") if function.is_generator else value

    # --- entry ---

    def _owner(self) -> str:
        """The id of the class whose method this is, or ""."""
        entry = self.frame.questions.project.entry(self.frame.path, self.frame.key)
        return f"{self.frame.path}::{entry.owner}" if entry is not None and entry.owner else ""

    def _parameters(self, function: st.Function, owner: str) -> None:
        decorators = {(ex.dotted(d) or "").rpartition(".")[2] for d in function.decorators}
        if owner and function.parameters and "staticmethod" not in decorators:
            self.frame.owner, self.frame.receiver = owner, function.parameters[0].name
        for position, parameter in enumerate(function.parameters):
            value = self.frame.annotations.value(parameter.annotation, self.frame.path)
            if position == 0 and owner and "staticmethod" not in decorators and parameter.annotation is None:
                value = self._receiver(owner, "classmethod" in decorators or parameter.name == "cls")
            elif parameter.kind in ("args", "kwargs"):
                value = v.UNKNOWN
            if isinstance(value, v.Session) and value.is_async and not value.core:
                value = dependencies.session(self.frame, parameter, value)
            self.evaluator.bind(parameter.name, value, parameter.span)
            if parameter.default is not None:
                self.evaluator.value(parameter.default)

    def _injected(self, function: st.Function) -> None:
        """What a framework gives it, where that says more than annotations do."""
        for name, value in dependencies.injected(self.frame, function, self.frame.path).items():
            self.frame.names[name] = value
            self.frame.see(next(p.span for p in function.parameters if p.name == name), name, value)

    def _receiver(self, owner: str, is_class: bool) -> v.Value:
        if self.frame.questions.model(owner) is not None:
            return v.ModelClass(owner) if is_class else v.Instance(owner)
        return v.ClassRef(owner) if is_class else v.Object(owner)

    def _inlined(self, function: st.Function, _: dict[str, v.Value]) -> v.Value:
        """Follow a local function where it is called; its parameters are bound already."""
        before, self._returned = self._returned, []
        try:
            with self.frame.condition():
                self.block(function.body)
            value: v.Value | None = None
            for found in self._returned:
                value = found if value is None else v.join(value, found)
            return value or v.NONE
        finally:
            self._returned = before

    def _follow_nested(self) -> None:
        """Local functions on their own: a route inside a factory, a callback."""
        followed: set[Span] = set()
        while pending := [f for span, f in self._nested.items() if span not in followed]:
            for function in pending:
                followed.add(function.span)
                before = dict(self.frame.names)
                self._parameters(function, "")
                self._injected(function)
                self._answer(function)
                self.frame.names = before

    def _answer(self, function: st.Function) -> None:
        """Follow a body; of a route, what it returns is serialized."""
        route = serialize.route_of(self.frame, function, self.evaluator.value) if function.decorators else None
        before, self._returned = self._returned, []
        self.block(function.body)
        if route is not None:
            self.frame.serializers[route.at] = route.what
            for value in self._returned:
                serialize.serialize(self.frame, value, route.schema, Seen(route.at, ()))
        self._returned = before

    # --- statements ---

    def block(self, body: tuple[st.Statement, ...]) -> int:
        """Follow statements until one of them leaves; returns how the block ends."""
        for statement in body:
            end = self.statement(statement)
            if end != ON:
                return end
        return ON

    def statement(self, statement: st.Statement) -> int:
        """Follow one statement."""
        match statement:
            case st.Assign():
                self._assign(statement)
            case st.Evaluate(value=value):
                found = self.evaluator.value(value)
                self.frame.see(value.span, "", found)
            case st.Return(value=value):
                found = self.evaluator.value(value) if value is not None else v.NONE
                found = emptied.returned(self.frame, found)
                self.frame.see(statement.span, "return", found)
                self._returned.append(found)
                self._reached.add(statement.span)
                return AWAY
            case st.Raise(value=value):
                if value is not None:
                    self.evaluator.value(value)
                return AWAY
            case st.Jump(kind=kind):
                return OUT if kind == "break" else NEXT
            case st.If():
                return self._if(statement)
            case st.For():
                return self._for(statement)
            case st.While():
                return self._while(statement)
            case st.With():
                return self._with(statement)
            case st.Try():
                return self._try(statement)
            case st.Match():
                return self._match(statement)
            case st.Augment():
                self._augment(statement)
            case st.Function(name=name):
                self.frame.names[name] = v.Closure(statement)
                self._nested.setdefault(statement.span, statement)
            case st.Import():
                self._import(statement)
            case st.Delete(targets=targets):
                for target in targets:
                    if isinstance(target, ex.Name):
                        self.frame.names.pop(target.id, None)
            case _:
                for expression in st.expressions(statement):
                    self.evaluator.value(expression)
        return ON

    def _assign(self, statement: st.Assign) -> None:
        if statement.value is None:
            value = self.frame.annotations.value(statement.annotation, self.frame.path)
        else:
            value = self.evaluator.value(statement.value)
            if statement.annotation is not None and isinstance(value, v.Unknown):
                value = self.frame.annotations.value(statement.annotation, self.frame.path)
        for target in statement.targets:
            self.evaluator.assign(target, value)
            emptied.owned(self.frame, target, value, statement.value)

    def _augment(self, statement: st.Augment) -> None:
        whole = ex.Binary(statement.span, statement.operator, statement.target, statement.value)
        self.evaluator.assign(statement.target, self.evaluator.value(whole))

    def _import(self, statement: st.Import) -> None:
        symbol = self.frame.questions.imported(self.frame.path, statement.module, statement.level, statement.name)
        name = statement.alias.split(".")[0]
        if statement.name is None and "." in statement.alias:
            symbol = self.frame.questions.imported(self.frame.path, name, 0, None)
        if name != "*":
            self.frame.names[name] = self.evaluator.members.of_symbol(symbol)

    # --- branches ---

    def _branch(
        self, body: tuple[st.Statement, ...], test: ex.Expr | None = None, *, holds: bool = True
    ) -> tuple[int, dict[str, v.Value]]:
        """Follow a block that may not be entered; returns how it ends and the names after it."""
        mark, position = self.frame.mark, len(self.frame.staleness.expiries)
        before = dict(self.frame.names)
        if test is not None:
            reflect.narrow(self.frame, test, holds=holds)
        with self.frame.condition():
            end = self.block(body)
        if end == AWAY:
            self.frame.forget_expiries(position, mark[1], raises=isinstance(body[-1], st.Raise))
        after, self.frame.names = self.frame.names, before
        if end in (OUT, AWAY):
            self.frame.drop_reads_since(mark, self._left(end))
            for active in self.frame.loops if end == AWAY else self.frame.loops[-1:]:
                active.left_early = True
        return end, after

    def _left(self, end: int) -> set[int]:
        """The loops, by number, that the end of a block leaves."""
        return {a.loop.number for a in (self.frame.loops if end == AWAY else self.frame.loops[-1:])}

    def _meet(self, branches: list[tuple[int, dict[str, v.Value]]]) -> int:
        """Join the names of the branches that go on; returns how all of them together end."""
        going = [names for end, names in branches if end == ON]
        if not going:
            self.frame.names = branches[0][1]
            return min(end for end, _ in branches)
        self.frame.names = going[0]
        for names in going[1:]:
            self.frame.names = _join_names(self.frame.names, names)
        return ON

    def _if(self, statement: st.If) -> int:
        self.evaluator.value(statement.test)
        guesses_before = self._guesses
        taken = self._truth(statement.test)
        if taken is None and self.frame.reflects:
            taken = reflect.verdict(self.frame, statement.test)
        if taken is not None:
            way, other = (statement.body, statement.otherwise)[:: 1 if taken else -1]
            end = self.block(way)
            if self._guesses > guesses_before:
                parted = AWAY in (end, guesses.end_of(other, AWAY, ON))
                self._passed_over, self._inferred = True, self._inferred or not parted
            return end
        test = statement.test if self.frame.reflects else None
        return self._meet([self._branch(statement.body, test), self._branch(statement.otherwise, test, holds=False)])

    def _truth(self, test: ex.Expr) -> bool | None:
        """Whether a test of an argument holds in this call; None where that is not known.

        An argument that is passed, but not known, is taken not to be None: that is a guess.
        """
        match test:
            case ex.Unary(operator="not", value=operand):
                inner = self._truth(operand)
                return None if inner is None else not inner
            case ex.Name():
                value = self._argument(test)
                if value == v.GIVEN:
                    self._guesses += 1
                    return True
                if isinstance(value, v.Instance):
                    return True
                if isinstance(value, v.Items):
                    return bool(value.items)
                return bool(value.value) if isinstance(value, v.Literal) else None
            case ex.Compare(left=left, operators=("is" | "is not" as operator,), comparators=(ex.Literal(value=None),)):
                value = self._argument(left)
                if value is None:
                    return None
                self._guesses += value == v.GIVEN
                return (value == v.NONE) == (operator == "is")
            case _:
                return None

    def _argument(self, expression: ex.Expr) -> v.Value | None:
        """The value of a parameter as it was given in this call, if it still is; None where it is not known."""
        if not isinstance(expression, ex.Name):
            return None
        given = self._given.get(expression.id)
        return given if given is not None and self.frame.names.get(expression.id) == given else None

    def _match(self, statement: st.Match) -> int:
        self.evaluator.value(statement.subject)
        branches = [(ON, dict(self.frame.names))]
        for case in statement.cases:
            before = dict(self.frame.names)
            self.frame.names.update(dict.fromkeys(case.names, v.UNKNOWN))
            if case.guard is not None:
                self.evaluator.value(case.guard)
            branches.append(self._branch(case.body))
            self.frame.names = before
        return self._meet(branches)

    def _try(self, statement: st.Try) -> int:
        before, expiries = dict(self.frame.names), self.frame.staleness.expiries
        position, mark = len(expiries), self.frame.mark
        end = self.block(statement.body)
        if end == ON:
            end = self.block(statement.otherwise)
        if end in (OUT, AWAY):  # it is tried again only where a commit was not reached, or has failed
            self.frame.leave(mark, self._left(end))
        done, expiries[position:] = expiries[position:], []  # not what a handler sees: they may not have happened
        branches = [(end, self.frame.names)]
        self.frame.names = _join_names(before, self.frame.names)
        for handler in statement.handlers:
            if handler.name:
                self.frame.names[handler.name] = v.UNKNOWN
            branches.append(self._branch(handler.body))
        end = self._meet(branches)
        expiries[position:position] = done
        last = self.block(statement.finally_)
        return max(end, last)

    def _with(self, statement: st.With) -> int:
        entered: list[tuple[st.WithItem, v.Value]] = []
        for item in statement.items:
            value = self.evaluator.value(item.value)
            if not statement.is_async:
                note_entered(self.frame, item.value, value)
            value = v.awaited(value)
            if item.target is not None:
                self.evaluator.assign(item.target, value)
                emptied.owned(self.frame, item.target, value, item.value)
            entered.append((item, value))
        end = self.block(statement.body)
        for item, value in reversed(entered):
            emptied.left(self.frame, item.value, item.target, value)
        return end

    # --- loops ---

    def _for(self, statement: st.For) -> int:
        source = v.awaited(self.evaluator.value(statement.iterable))
        parts = v.parts_of(source)
        if parts is not None:
            return self._for_each(statement, parts)
        item = ex.dotted(statement.target) or "row"
        before = dict(self.frame.names)
        with self.evaluator.loop(source, statement.iterable.span, "for", item, statement.target) as element:
            mark, active = self.frame.mark, self.frame.loops[-1:] if self.frame.loops else []
            self.evaluator.assign(statement.target, element)
            end = self.block(statement.body)
            if end in (OUT, AWAY):  # the first turn is the last
                self.frame.drop_reads_since(mark, {a.loop.number for a in active})
        self.frame.names = _join_names(self.frame.names, before)
        self.block(statement.otherwise)
        return ON

    def _for_each(self, statement: st.For, parts: tuple[v.Value, ...]) -> int:
        """A loop over options that are known, one after the other."""
        for part in parts:
            self.evaluator.assign(statement.target, part)
            end = self.block(statement.body)
            if end == AWAY:
                return end
            if end == OUT:
                return ON
        self.block(statement.otherwise)
        return ON

    def _while(self, statement: st.While) -> int:
        self.evaluator.value(statement.test)
        before = dict(self.frame.names)
        with self.frame.condition():
            self.block(statement.body)
        self.frame.names = _join_names(self.frame.names, before)
        self.block(statement.otherwise)
        return ON


def _join_names(a: dict[str, v.Value], b: dict[str, v.Value]) -> dict[str, v.Value]:
    """The names where two ways meet; one that only one way binds keeps what that way gave it."""
    joined = dict(a)
    for name, value in b.items():
        other = joined.get(name)
        joined[name] = value if other is None else v.join(other, value)
    return joined
