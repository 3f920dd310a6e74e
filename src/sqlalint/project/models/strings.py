"""Strings that code puts together: names of tables out of class names, targets of foreign keys out of constants.

A small reader of pure string expressions. It knows literals, `+`, `%`, f-strings, the methods of `str` that make names,
and `re.sub` and `re.split` with plain patterns.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalint.facts import expression as ex
from sqlalint.project import symbols
from sqlalint.project.models.terms import ProjectClass, ProjectFunction, Term, Value

if TYPE_CHECKING:
    from sqlalint.project.models.values import Values

_METHODS: dict[str, Callable[..., str]] = {
    "lower": str.lower, "upper": str.upper, "title": str.title, "capitalize": str.capitalize, "strip": str.strip,
    "lstrip": str.lstrip, "rstrip": str.rstrip, "replace": str.replace, "removesuffix": str.removesuffix,
    "removeprefix": str.removeprefix, "casefold": str.casefold, "swapcase": str.swapcase,
}  # fmt: skip
_LONGEST = 200
# A group or class that repeats and is itself repeated may take exponential time: such patterns are not read.
_RISKY = re.compile(r"\)[*+{]|\\[1-9]|\(\?P=")

Text = str | list[str] | None


class Strings:
    """Reads string expressions."""

    def __init__(self, values: "Values") -> None:
        self._values = values
        self._depth = 0

    def text(self, term: Term) -> str | None:
        """The string that a term comes to, or None."""
        found = self.read(term)
        return found if isinstance(found, str) else None

    def read(self, term: Term) -> Text:
        """The string, or list of strings, that a term comes to."""
        if self._depth > 12:
            return None
        self._depth += 1
        try:
            return self._read(term)
        finally:
            self._depth -= 1

    def _read(self, term: Term) -> Text:
        match term.expression:
            case ex.Literal(value=str(value)):
                return value
            case ex.Literal(value=int(value)):
                return str(value)
            case ex.Text(parts=parts):
                pieces = [self.text(term.inner(p)) for p in parts]
                return None if None in pieces else "".join(p for p in pieces if p is not None)
            case ex.Binary(operator=operator, left=left, right=right):
                return self._binary(term, operator, left, right)
            case ex.Attribute(value=inner, name="__name__" | "__qualname__"):
                named = self._values.value(term.inner(inner))
                return named.id.rpartition("::")[2].rpartition(".")[2] if isinstance(named, ProjectClass) else None
            case ex.Call():
                return self._call(term)
            case ex.Name(id=name) if isinstance(bound := term.env.get(name), Term):
                return self.read(bound)
            case ex.Name() | ex.Attribute():
                return self._follow(self._values.value(term), term)
            case ex.Subscript():
                return self._subscript(term)
            case ex.Comprehension(kind="list" | "generator", clauses=(clause,), value=None):
                return self._comprehension(term, clause)
            case _:
                return None

    def _follow(self, value: Value, term: Term) -> Text:
        if not isinstance(value, Term) or value.expression is term.expression:
            return None
        return self.read(value)

    def _binary(self, term: Term, operator: str, left: ex.Expr, right: ex.Expr) -> str | None:
        first = self.text(term.inner(left))
        if first is None:
            return None
        if operator == "+":
            second = self.text(term.inner(right))
            return None if second is None else first + second
        if operator != "%":
            return None
        operands = right.items if isinstance(right, ex.Collection) else (right,)
        words = [self.text(term.inner(o)) for o in operands]
        if None in words or first.count("%") != len(words) or first.count("%s") != len(words):
            return None
        return first % tuple(words)

    def _call(self, term: Term) -> Text:
        call = term.expression
        assert isinstance(call, ex.Call)
        callee = self._values.value(term.inner(call.function))
        if isinstance(callee, symbols.External):
            return self._pattern(callee.name, term, call)
        if isinstance(callee, ProjectFunction):
            return self._follow(self._values.value(term), term)
        if isinstance(call.function, ex.Name) and call.function.id == "str" and len(call.arguments) == 1:
            return self.text(term.inner(call.arguments[0]))
        if isinstance(call.function, ex.Attribute):
            return self._method(term, call.function, call)
        return None

    def _method(self, term: Term, function: ex.Attribute, call: ex.Call) -> Text:
        if function.name == "sub":  # of a compiled pattern
            pattern = self._compiled(term.inner(function.value))
            return self._substitute(pattern, term, call.arguments)
        inner = self.text(term.inner(function.value))
        if inner is None:
            return None
        if function.name == "join" and len(call.arguments) == 1:
            pieces = self.read(term.inner(call.arguments[0]))
            return inner.join(pieces) if isinstance(pieces, list) else None
        words = [self.text(term.inner(a)) for a in call.arguments]
        if None in words or len(inner) > _LONGEST:
            return None
        if function.name == "format":
            return self._format(term, inner, words, call)
        method = _METHODS.get(function.name)
        try:
            return method(inner, *words) if method and not call.keywords else None
        except TypeError:
            return None

    def _format(self, term: Term, inner: str, words: list[str | None], call: ex.Call) -> str | None:
        named = {k.name or "": self.text(term.inner(k.value)) for k in call.keywords}
        if None in named.values() or re.search(r"\{[^}]*[.\[!:]", inner):
            return None
        try:
            return inner.format(*words, **named)
        except (IndexError, KeyError, ValueError):
            return None

    def _compiled(self, term: Term) -> str | None:
        found = self._values.call(term)
        return self.text(found.arguments[0]) if found and found.name == "re.compile" and found.arguments else None

    def _pattern(self, name: str, term: Term, call: ex.Call) -> Text:
        if name not in ("re.sub", "re.split") or call.keywords or not call.arguments:
            return None
        pattern = self.text(term.inner(call.arguments[0]))
        if name == "re.sub":
            return self._substitute(pattern, term, call.arguments[1:])
        subject = self.text(term.inner(call.arguments[1])) if len(call.arguments) == 2 else None
        expression = _safe(pattern)
        if expression is None or subject is None or len(subject) > _LONGEST:
            return None
        return [piece or "" for piece in expression.split(subject)]

    def _substitute(self, pattern: str | None, term: Term, arguments: tuple[ex.Expr, ...]) -> str | None:
        words = [self.text(term.inner(a)) for a in arguments]
        expression = _safe(pattern)
        if expression is None or len(words) != 2:
            return None
        replacement, subject = words
        if replacement is None or subject is None or len(subject) > _LONGEST:
            return None
        try:
            return expression.sub(replacement, subject)
        except re.error:
            return None

    def _subscript(self, term: Term) -> str | None:
        subscript = term.expression
        assert isinstance(subscript, ex.Subscript)
        inner = self.read(term.inner(subscript.value))
        if inner is None:
            return None
        if isinstance(inner, str) and isinstance(subscript.index, ex.Slice):
            lower, upper = _number(subscript.index.lower), _number(subscript.index.upper)
            if isinstance(lower, str) or isinstance(upper, str) or subscript.index.step is not None:
                return None
            return inner[lower:upper]
        at = _number(subscript.index)
        if isinstance(at, int) and -len(inner) <= at < len(inner):
            return inner[at]
        return None

    def _comprehension(self, term: Term, clause: ex.Clause) -> Text:
        comprehension = term.expression
        assert isinstance(comprehension, ex.Comprehension)
        pieces = self.read(term.inner(clause.iterable))
        if not isinstance(pieces, list) or not isinstance(clause.target, ex.Name):
            return None
        found: list[str] = []
        for piece in pieces:
            bound = Term(term.path, term.definition, ex.Literal(clause.span, piece))
            here = Term(term.path, term.definition, comprehension.element, {**term.env, clause.target.id: bound})
            if not all(isinstance(c, ex.Name) and c.id == clause.target.id for c in clause.conditions):
                return None
            text = self.text(here)
            if text is None:
                return None
            if piece or not clause.conditions:
                found.append(text)
        return found


def _number(expression: ex.Expr | None) -> int | str | None:
    """A literal index, None for none, "?" for anything else."""
    if expression is None:
        return None
    return expression.value if isinstance(expression, ex.Literal) and isinstance(expression.value, int) else "?"


def _safe(pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None or len(pattern) > 80 or _RISKY.search(pattern):
        return None
    try:
        return re.compile(pattern)
    except re.error:
        return None
