"""What a function's parameters are, read once, and which of them the arguments of a call are for."""

from typing import NamedTuple

from sqlalint.facts import expression as ex
from sqlalint.facts.statement import Function
from sqlalint.flow import values as v


class Signature(NamedTuple):
    """The parameters of a function. `rest` is that of `*args`; `defaults` are the values of those that have a plain one.

    `optional` are those that are None where they are not given. `promised` is what annotations say.
    """

    names: frozenset[str]
    positional: tuple[str, ...]
    rest: str | None
    is_static: bool
    is_class_method: bool
    defaults: tuple[tuple[str, v.Value], ...]
    optional: frozenset[str]
    promised: dict[str, v.Value]

    def given(
        self, bound: v.Value | None, arguments: list[v.Value], keywords: dict[str, v.Value]
    ) -> dict[str, v.Value]:
        """The values of the parameters in a call of it, plain defaults included; `bound` is what a method belongs to."""
        values = arguments
        if bound is not None and not self.is_static:
            if isinstance(bound, v.Object) and self.is_class_method:
                bound = v.ClassRef(bound.class_id)
            if not isinstance(bound, v.ClassRef | v.ModelClass) or self.is_class_method:
                values = [bound, *arguments]
        found = dict(zip(self.positional, values, strict=False))
        found |= {name: value for name, value in keywords.items() if name in self.names}
        if self.rest is not None:
            found[self.rest] = v.Items(tuple(values[len(self.positional) :]))
        for name, value in self.defaults:
            found.setdefault(name, value)
        return found


def signature_of(function: Function, promised: dict[str, v.Value]) -> Signature:
    """The signature of a function; `promised` is what its annotations say."""
    decorators = {(ex.dotted(d) or "").rpartition(".")[2] for d in function.decorators}
    defaults = ((p.name, _default(p.default)) for p in function.parameters)
    return Signature(
        frozenset(p.name for p in function.parameters),
        tuple(p.name for p in function.parameters if p.kind == "positional"),
        next((p.name for p in function.parameters if p.kind == "args"), None),
        "staticmethod" in decorators,
        "classmethod" in decorators,
        tuple((name, value) for name, value in defaults if value is not None),
        frozenset(p.name for p in function.parameters if isinstance(p.default, ex.Literal) and p.default.value is None),
        promised,
    )


def _default(default: ex.Expr | None) -> v.Value | None:
    """A default is a value too: `options=()`, `load_posts=False`."""
    match default:
        case ex.Literal(value=value):
            return v.Literal(value)
        case ex.Collection(items=items):
            return v.UNKNOWN if items else v.Items(())
        case ex.Call(function=ex.Name(id="list" | "tuple" | "set"), arguments=(), keywords=()):
            return v.Items(())
        case _:
            return None
