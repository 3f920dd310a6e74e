"""What a function is given, as its text says it: which expressions give on what a parameter brings."""

from collections.abc import Iterable, Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame

# What takes a given value and gives it in another form.
_SAME = frozenset({"int", "str"})
_TAKEN = frozenset({"get", "pop", "json", "dict", "model_dump", "strip", "data"})
RECEIVERS = frozenset({"self", "cls"})


class Names:
    """The names of a function: what each stands for where that is one expression, and which bring what was given."""

    def __init__(self, frame: Frame, function: st.Function, outer: "Names | None" = None) -> None:
        self._frame = frame
        self._meanings: dict[str, ex.Expr] = dict(outer._meanings) if outer else {}
        self.given: set[str] = {p.name for p in function.parameters if self._brings(p)}
        self.given |= outer.given if outer else set()
        assigned: list[str] = []
        for statement in _own(function.body):
            for name, value, inner in _bound(statement):
                assigned.append(name)
                if value is not None:
                    self._meanings[name] = value
                if inner is not None and self.is_given(inner):
                    self.given.add(name)
                else:  # whatever it was before
                    self.given.discard(name)
        for name in assigned:
            if assigned.count(name) > 1:
                self._meanings.pop(name, None)

    def _brings(self, parameter: ex.Parameter) -> bool:
        value = self._frame.annotations.value(parameter.annotation, self._frame.path)
        inner = value.element if isinstance(value, v.Many) else value
        return not isinstance(inner, v.Session | v.Factory | v.Instance) and parameter.name not in RECEIVERS

    def is_given(self, expression: ex.Expr) -> bool:
        """Whether an expression is something that a parameter brings, perhaps in another form."""
        match expression:
            case ex.Name(id=name):
                return name in self.given
            case ex.Attribute(value=value) | ex.Subscript(value=value) | ex.Await(value=value):
                return self._is_request(value) or self.is_given(value)
            case ex.Call(function=ex.Name(id=name), arguments=(argument,)) if name in _SAME:
                return self.is_given(argument)
            case ex.Call(function=ex.Attribute(name=name, value=value), arguments=arguments) if name in _TAKEN:
                plain = all(isinstance(a, ex.Literal) for a in arguments)
                return plain and (self._is_request(value) or self.is_given(value))
            case ex.Boolean(operator="or", values=(first, ex.Literal())):
                return self.is_given(first)
            case ex.Conditional(body=body, otherwise=ex.Literal()):
                return self.is_given(body)
            case _:
                return False

    def _is_request(self, expression: ex.Expr) -> bool:
        """A framework's `request`, which holds that of the moment."""
        if not isinstance(expression, ex.Name) or expression.id in self._frame.names:
            return False
        symbol = self._frame.questions.resolve(self._frame.path, expression.id)
        return getattr(symbol, "name", "").rpartition(".")[2] == "request"

    def meaning(self, expression: ex.Expr) -> ex.Expr:
        """What a name was assigned, where it is assigned once; anything else is itself."""
        seen = 0
        while isinstance(expression, ex.Name) and expression.id in self._meanings and seen < len(self._meanings):
            expression, seen = self._meanings[expression.id], seen + 1
        return expression

    def number(self, expression: ex.Expr) -> ex.Attribute | None:
        """The attribute that an expression gives the value of: `p.version`, `int(p.version)`, `(p.version or 0)`."""
        match self.meaning(expression):
            case ex.Attribute() as attribute:
                return attribute
            case ex.Call(function=ex.Name(id=name), arguments=(argument,)) if name in _SAME:
                return self.number(argument)
            case ex.Boolean(operator="or", values=(first, ex.Literal())):
                return self.number(first)
            case _:
                return None


def _bound(statement: st.Statement) -> Iterator[tuple[str, ex.Expr | None, ex.Expr | None]]:
    """The names that a statement binds, each with what it is assigned, and with what decides whether it is given."""
    match statement:
        case st.Assign(targets=(ex.Name(id=name),), value=value) if value is not None:
            yield name, value, value
        case st.For(target=ex.Name(id=name), iterable=iterable):
            yield name, None, iterable
        case st.Assign(targets=targets):
            yield from ((e.id, None, None) for t in targets for e in ex.walk(t) if isinstance(e, ex.Name))
        case st.For(target=target):
            yield from ((e.id, None, None) for e in ex.walk(target) if isinstance(e, ex.Name))


def _own(body: Iterable[st.Statement]) -> Iterator[st.Statement]:
    """The statements of a body, those of functions inside left out."""
    for statement in body:
        yield statement
        if not isinstance(statement, st.Function | st.Class):
            for block in st.blocks(statement):
                yield from _own(block)


def arguments(function: st.Function, call: ex.Call) -> dict[str, ex.Expr]:
    """What each parameter is given."""
    names = [p.name for p in function.parameters if p.kind == "positional"]
    if names and names[0] in RECEIVERS:
        names = names[1:]
    plain = () if call.has_open_arguments else call.arguments
    return {**dict(zip(names, plain, strict=False)), **{k.name: k.value for k in call.keywords if k.name is not None}}


def seen_from_outside(expression: ex.Expr, given: dict[str, ex.Expr]) -> ex.Expr | None:
    """A parameter, or an attribute of one, as the caller writes it."""
    match expression:
        case ex.Name(id=name):
            return given.get(name)
        case ex.Attribute(value=value, name=name):
            owner = seen_from_outside(value, given)
            return ex.Attribute(expression.span, owner, name) if owner is not None else None
        case _:
            return None


def plain(expression: ex.Expr) -> str:
    """An expression without its places, to tell whether two are the same."""
    match expression:
        case ex.Call(function=ex.Name(id=name), arguments=(argument,)) if name in _SAME:
            return plain(argument)
        case ex.Subscript(value=value, index=ex.Literal(value=index)):
            return f"{plain(value)}[{index!r}]"
        case ex.Attribute(value=value, name=name):
            return f"{plain(value)}.{name}"
        case ex.Name(id=name):
            return name
        case _:
            return repr(expression)
