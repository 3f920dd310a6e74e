"""References to columns: `"users.id"`, `User.id`, `users.c.id`, `id` in the body of a class."""

import re

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.project import symbols
from sqlalint.project.models.terms import Member, ProjectClass, Term, Value
from sqlalint.project.models.values import Values

_WRAPPERS = frozenset("desc asc nulls_first nulls_last nullsfirst nullslast remote foreign".split())
_ORDERED = re.compile(r'\s*"?(\w+)"?(\s+(asc|desc))?(\s+nulls\s+(first|last))?\s*', re.IGNORECASE)


class Reference(Struct, frozen=True):
    """A column as code refers to it: by attribute of a class (`owner` is its id), by name in a table (`owner` is the
    identity of its call, or `class` that of the class it belongs to), by the object itself, or by bare name."""

    kind: str  # attribute, column, class-column, object, name
    owner: str
    name: str


class References:
    """Reads references to columns."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def read(self, term: Term) -> Reference | None:
        """The column that an expression refers to; None for an expression over columns, or where it is not read."""
        match term.expression:
            case ex.Literal(value=str(text)):
                return Reference("name", "", text)
            case ex.Name(id=name):
                return self._name(term, name)
            case ex.Attribute(value=inner, name=name):
                return self._attribute(term, inner, name)
            case ex.Subscript(value=ex.Attribute(value=inner, name="c" | "columns"), index=ex.Literal(value=str(name))):
                return self._of_table(self._values.value(term.inner(inner)), term.inner(inner), name)
            case ex.Call():
                return self._call(term)
            case ex.Text() | ex.Binary():
                return self._written(term)
            case _:
                return None

    def _name(self, term: Term, name: str) -> Reference | None:
        bound = term.env.get(name)
        if isinstance(bound, Term):
            return self.read(bound)
        if term.scope and self._values.has_attribute(term.scope, name):
            return Reference("attribute", term.scope, name)
        return self._object(term)

    def _object(self, term: Term) -> Reference | None:
        value = self._values.value(term)
        if isinstance(value, Term) and isinstance(value.expression, ex.Call):
            return Reference("object", value.identity, "")
        if isinstance(value, Term) and value.expression is not term.expression:
            return self.read(value)
        return self._written(term)

    def _written(self, term: Term) -> Reference | None:
        text = self._values.text(term)
        return Reference("name", "", text) if text is not None else None

    def _attribute(self, term: Term, inner: ex.Expr, name: str) -> Reference | None:
        base = self._values.value(term.inner(inner))
        if isinstance(base, ProjectClass):
            written = self._written(term) if name.startswith("__") else None
            return written or Reference("attribute", base.id, name)
        if isinstance(base, Member) and base.name in ("c", "columns"):
            return Reference("column", base.object.identity, name)
        if isinstance(inner, ex.Attribute) and inner.name in ("c", "columns"):
            return self._of_table(self._values.value(term.inner(inner.value)), term.inner(inner.value), name)
        if isinstance(base, Term) and isinstance(base.expression, ex.Call):
            return self._object(term)
        return self._object(term) if base is None else None

    def _of_table(self, table: Value, term: Term, name: str) -> Reference | None:
        """`X.c.name`, where X is a table, or `Model.__table__`."""
        if isinstance(table, Term) and isinstance(table.expression, ex.Call):
            return Reference("column", table.identity, name)
        if isinstance(term.expression, ex.Attribute) and term.expression.name == "__table__":
            owner = self._values.value(term.inner(term.expression.value))
            if isinstance(owner, ProjectClass):
                return Reference("class-column", owner.id, name)
        return None

    def _call(self, term: Term) -> Reference | None:
        call = term.expression
        assert isinstance(call, ex.Call)
        if isinstance(call.function, ex.Attribute) and call.function.name in _WRAPPERS and not call.arguments:
            return self.read(term.inner(call.function.value))
        function = self._values.value(term.inner(call.function))
        if isinstance(function, symbols.External) and call.arguments:
            last = function.name.rpartition(".")[2]
            if last in _WRAPPERS:
                return self.read(term.inner(call.arguments[0]))
            if last in ("column", "literal_column") and function.name.startswith("sqlalchemy."):
                return self._written(term.inner(call.arguments[0]))
            if last == "text" and function.name.startswith("sqlalchemy."):
                text = self._values.text(term.inner(call.arguments[0]))
                match = _ORDERED.fullmatch(text) if text is not None else None
                return Reference("name", "", match.group(1)) if match else None
            if last in ("Column", "mapped_column"):
                return Reference("object", term.identity, "")
        return self._object(term) if not isinstance(function, symbols.External) else None
