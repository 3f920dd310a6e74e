"""What a hint says that a call returns where that depends on its arguments: the rows of a statement that it is given.

A hint is an annotation that may also hold `rows(query)`, a list of the rows of a statement or class which the function
is given and executes, `row(query)`, the first of them, and `{"items": rows(query)}`, an object or dict with these parts.
Further arguments of `rows` are loader options. A parameter's name is what is given for it. `self.model` is an attribute of what a method is called on; `a or b` is
the first that is given. The parameters of a library's function stand behind its name.
"""

import functools
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.lower import expression_of
from sqlalint.facts.span import Span
from sqlalint.flow import options as op
from sqlalint.flow import results
from sqlalint.flow import statements as sm
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame

_ROWS = frozenset({"rows", "row"})


class Formula(NamedTuple):
    """What a call returns, for arguments: `parameters` are the names of the positional ones, () where the source says."""

    parameters: tuple[str, ...]
    expression: ex.Expr

    def bound(self, arguments: list[v.Value], keywords: dict[str, v.Value]) -> dict[str, v.Value]:
        """The arguments of a call by the names of the parameters."""
        return {**dict(zip(self.parameters, arguments, strict=False)), **keywords}


@functools.cache
def formula_of(parameters: tuple[str, ...], text: str) -> Formula | None:
    """A hint's text, where it speaks of arguments; None where it is a plain annotation."""
    expression = expression_of(text)
    speaks = expression is not None and (_speaks(expression) or ex.dotted(expression) in parameters)
    return Formula(parameters, expression) if expression is not None and speaks else None


def _speaks(expression: ex.Expr) -> bool:
    return any(
        isinstance(part, ex.Call | ex.Mapping) or (isinstance(part, ex.Name) and part.id == "self")
        for part in ex.walk(expression)
    )


def evaluate(
    frame: Frame, formula: Formula, receiver: v.Value | None, given: dict[str, v.Value], at: Span, *, is_async: bool
) -> v.Value:
    """What a call returns by a formula; its queries are executed here."""
    return _Evaluation(frame, receiver, given, at).value(formula.expression, is_async)


class _Evaluation(NamedTuple):
    frame: Frame
    receiver: v.Value | None
    given: dict[str, v.Value]
    at: Span

    def value(self, expression: ex.Expr, is_async: bool) -> v.Value:
        match expression:
            case ex.Call(function=ex.Name(id=name), arguments=(of, *options)) if name in _ROWS:
                return self._rows(of, options, name == "rows", is_async)
            case ex.Mapping(keys=keys, values=values):
                names = (k.value if isinstance(k, ex.Literal) else None for k in keys)
                parts = zip(names, values, strict=True)
                by_name = {n: self.value(e, is_async) for n, e in parts if isinstance(n, str)}
                return v.Pairs(v.UNKNOWN, v.UNKNOWN, by_name)
            case ex.Subscript(value=ex.Name(id="Awaitable"), index=inner):
                return v.Awaitable(self.value(inner, True))
            case ex.Subscript(value=ex.Name(id="tuple"), index=ex.Collection(items=items)):
                return v.Items(tuple(self.value(i, is_async) for i in items))
            case ex.Subscript(value=ex.Name(id="list"), index=inner) if _speaks(inner):
                return v.Many(self.value(inner, is_async))
            case ex.Attribute() | ex.Name() if (found := self._meant(expression)) is not None:
                return v.Instance(found.model) if isinstance(found, v.ModelClass) else found
            case _:
                return self.frame.annotations.value(expression, "")

    def _meant(self, expression: ex.Expr) -> v.Value | None:
        """What is given for a parameter, or an attribute of the receiver; None where there is none."""
        match expression:
            case ex.Boolean(operator="or", values=values):
                return next((found for e in values if (found := self._meant(e)) is not None), None)
            case ex.Name(id=name):
                found = self.given.get(name)
                return None if found == v.NONE else found
            case ex.Attribute(value=ex.Name(id="self"), name=name) if self.receiver is not None:
                return self._declared(self.receiver, name)
            case ex.Attribute(value=inner, name=name):
                owner = self._meant(inner)
                return self._declared(owner, name) if owner is not None else None
            case _:
                return None

    def _declared(self, owner: v.Value, name: str) -> v.Value | None:
        """An attribute that a class of the project declares; what it declares need not be known."""
        if not isinstance(owner, v.Object | v.ClassRef) or not _declares(self.frame, owner.class_id, name):
            return None
        found = self.frame.member(owner, name, self.at)
        return None if found == v.NONE else found

    def _rows(self, of: ex.Expr, options: list[ex.Expr], many: bool, is_async: bool) -> v.Value:
        query = self._meant(of)
        match query:
            case v.ModelClass():
                statement = sm.selected([query], False, self.frame.spot(self.at), None)
                if isinstance(self.receiver, v.Object) and not self.receiver.made:  # made with options, perhaps
                    statement = op.apply(statement, [v.UNKNOWN], self.frame.questions)
            case v.Statement():
                statement = query
            case v.Many():  # a list, or a collection that queries
                return query
            case _:
                return v.Unknown(rows=many)
        given = [found for o in options if (found := self._meant(o)) is not None]
        statement = op.apply(statement, [*_loading(given, self.frame, self.at)], self.frame.questions)
        return self._executed(statement, many, is_async)

    def _executed(self, statement: v.Statement, many: bool, is_async: bool) -> v.Value:
        frame, session = self.frame, statement.session or v.Session(is_async=is_async)
        result = v.awaited(results.execute(frame, session, "exec", [statement], {}, self.at))
        if not isinstance(result, v.Result):
            return v.Unknown(rows=many)
        result = replace(result, unique=True)  # that a library forgets `unique()` is no error of who calls it
        return results.fetch(frame, result, "all" if many else "first", self.at, [])


def _loading(given: list[v.Value], frame: Frame, at: Span) -> Iterator[v.Value]:
    """Options; an attribute by itself stands for loading it with the rows."""
    for value in given:
        match value:
            case v.Attribute():
                yield op.make("selectinload", [value], frame.questions, frame.spot(at))
            case v.Items(items=items):
                yield from _loading(list(items), frame, at)
            case _:
                yield value


def _declares(frame: Frame, class_id: str, name: str) -> bool:
    """Whether a class or one of its ancestors in the project has an attribute of that name in its body."""
    for owner in frame.questions.mro(class_id):
        path, _, key = owner.partition("::")
        class_ = frame.questions.class_(path, key)
        for statement in class_.body if class_ else ():
            if isinstance(statement, st.Assign) and ex.dotted(statement.targets[0]) == name:
                return True
    return False
