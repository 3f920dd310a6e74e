"""Whether what a loop iterates comes from a query, or from outside: then how many turns there are is not for the code to say."""

from sqlalint.facts import expression as ex
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame
from sqlalint.flow.supplied import RECEIVERS
from sqlalint.flow.text import Text, leads_to_session

_PASSING = frozenset(
    "list tuple set frozenset sorted reversed iter enumerate zip filter map dict chain tqdm islice".split()
)
_PARTS = frozenset(
    """
    items values keys get copy json all fetchall scalars unique split getlist union difference intersection
    model_dump dict pop most_common mappings elements
    """.split()
)
_DEEPEST = 8


def comes_in(frame: Frame, text: Text, expression: ex.Expr, depth: int = _DEEPEST) -> bool:
    """Whether a loop over an expression takes as many turns as there are rows, or as somebody else says."""
    if depth == 0:
        return False
    match expression:
        case ex.Name(id=name):
            return _named(frame, text, name, depth)
        case ex.Attribute(value=value, name=name):
            known = frame.names.get(ex.dotted(expression) or "")
            if known is not None and v.is_many(known):
                return True
            return not _is_receiver(value) and comes_in(frame, text, value, depth - 1)
        case ex.Subscript(value=value) | ex.Await(value=value) | ex.Starred(value=value):
            return comes_in(frame, text, value, depth - 1)
        case ex.Call(function=function, arguments=arguments):
            if isinstance(function, ex.Name) and function.id in _PASSING:
                return any(comes_in(frame, text, a, depth - 1) for a in arguments)
            if isinstance(function, ex.Attribute) and function.name in _PASSING and arguments:
                return any(comes_in(frame, text, a, depth - 1) for a in arguments)
            if isinstance(function, ex.Attribute) and function.name in _PARTS:
                return comes_in(frame, text, function.value, depth - 1)
            return False
        case ex.Comprehension(clauses=clauses):
            return comes_in(frame, text, clauses[0].iterable, depth - 1)
        case ex.Conditional(body=body, otherwise=otherwise):
            return any(comes_in(frame, text, e, depth - 1) for e in (body, otherwise))
        case ex.Boolean(values=values):
            return any(comes_in(frame, text, e, depth - 1) for e in values)
        case ex.Binary(left=left, right=right):
            return any(comes_in(frame, text, e, depth - 1) for e in (left, right))
        case _:
            return False


def _named(frame: Frame, text: Text, name: str, depth: int) -> bool:
    value = frame.names.get(name)
    if value is not None and v.is_many(value):
        return True
    parameter = next((p for p in text.function.parameters if p.name == name), None)
    if parameter is not None:
        return parameter.kind in ("positional", "keyword") and name not in RECEIVERS and not _sends(value)
    return any(comes_in(frame, text, meaning, depth - 1) for meaning in text.bound(name))


def _sends(value: v.Value | None) -> bool:
    return isinstance(value, v.Session | v.Factory | v.ModelClass | v.ClassRef)


def _is_receiver(expression: ex.Expr) -> bool:
    return (isinstance(expression, ex.Name) and expression.id in RECEIVERS) or leads_to_session(expression)
