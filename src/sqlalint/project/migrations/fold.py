"""Expressions of literals as the literals that they make, and calls as they are written."""

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span


def written(expression: ex.Expr) -> str:
    """A call as it is written, without its arguments."""
    match expression:
        case ex.Call(function=function):
            return f"{written(function)}()"
        case ex.Attribute(value=value, name=name):
            return f"{written(value)}.{name}"
        case ex.Name(id=name):
            return name
        case _:
            return "..."


def joined(span: Span, parts: tuple[ex.Expr, ...]) -> ex.Expr:
    """An f-string, as a plain string where all its parts are known."""
    if all(isinstance(p, ex.Literal) for p in parts):
        return ex.Literal(span, "".join(str(p.value) for p in parts if isinstance(p, ex.Literal)))
    return ex.Text(span, parts)


def binary(span: Span, operator: str, left: ex.Expr, right: ex.Expr) -> ex.Expr:
    """Strings that are added or formatted, and lists that are added."""
    if isinstance(left, ex.Literal) and isinstance(left.value, str):
        if operator == "+" and isinstance(right, ex.Literal) and isinstance(right.value, str):
            return ex.Literal(span, left.value + right.value)
        if operator == "%":
            given = right.items if isinstance(right, ex.Collection) else (right,)
            if all(isinstance(g, ex.Literal) for g in given):
                try:
                    return ex.Literal(span, left.value % tuple(g.value for g in given if isinstance(g, ex.Literal)))
                except (TypeError, ValueError):
                    pass
    if operator == "+" and isinstance(left, ex.Collection) and isinstance(right, ex.Collection):
        return ex.Collection(span, left.kind, (*left.items, *right.items))
    return ex.Binary(span, operator, left, right)


def formatted(call: ex.Call, template: ex.Literal) -> ex.Expr:
    """`"...".format(...)` of literals as the string that it makes."""
    values = [a.value for a in call.arguments if isinstance(a, ex.Literal)]
    named = {k.name: k.value.value for k in call.keywords if k.name and isinstance(k.value, ex.Literal)}
    if len(values) == len(call.arguments) and len(named) == len(call.keywords):
        try:
            return ex.Literal(call.span, str(template.value).format(*values, **named))
        except (IndexError, KeyError, ValueError, AttributeError):
            pass
    return call
