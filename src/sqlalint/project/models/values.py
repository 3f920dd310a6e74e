"""Reads expressions: what each stands for, as far as a reader can tell without running anything.

Names are followed through assignments, imports and attributes of classes; calls of simple functions of the project are
replaced by what they return. What is left is a term that means itself (a literal, a library's call), a class or function
of the project, something of a library, or None: not known.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import START
from sqlalint.project import symbols
from sqlalint.project.models import inline
from sqlalint.project.models.strings import Strings
from sqlalint.project.models.terms import (
    ORM_NAMES,
    UNREAD,
    Call,
    Entries,
    Items,
    Literal,
    Member,
    ProjectClass,
    ProjectFunction,
    Term,
    Value,
)

if TYPE_CHECKING:
    from sqlalint.project.models.classes import Classes
    from sqlalint.project.models.classes import Member as ClassMember
    from sqlalint.project.project import Project

_DEEPEST = 24  # names that lead to names; more is a cycle
Read = TypeVar("Read")
_NOWHERE = Term("", "", ex.Opaque(START))


def _is_inside(term: Term, member: "ClassMember") -> bool:
    """Whether a name stands in the statement that gives it its value: `metadata = metadata` takes the module's."""
    if member.statement is None or (term.path, term.definition) != (member.path, member.key):
        return False
    whole, part = member.statement.span, term.expression.span
    return whole.start <= part.start and (part.end_row, part.end_column) <= (whole.end_row, whole.end_column)


class Values:
    """Reads expressions of one project."""

    def __init__(self, project: "Project", classes: "Classes") -> None:
        self._project = project
        self._classes = classes
        self._depth = 0
        self._symbols: dict[symbols.Definition, Value] = {}
        self.strings = Strings(self)

    # --- what an expression stands for ---

    def value(self, term: Term) -> Value:
        """What a term stands for, followed to its end."""
        if self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._value(term)
        finally:
            self._depth -= 1

    def _value(self, term: Term) -> Value:
        match term.expression:
            case ex.Name(id=name):
                return self._name(term, name)
            case ex.Attribute(value=inner, name=name):
                return self._attribute(term, inner, name)
            case ex.Call(function=function):
                called = self.value(term.inner(function))
                if isinstance(called, ProjectFunction):
                    return self._inlined(called, term)
                return term
            case ex.Walrus(value=inner) | ex.Await(value=inner):
                return self.value(term.inner(inner))
            case _:
                return term

    def _name(self, term: Term, name: str) -> Value:
        if name in term.env:
            found = term.env[name]
            return self.value(found) if isinstance(found, Term) else found
        if term.scope:
            member = self._classes.own(term.scope).get(name)
            if member is not None and not _is_inside(term, member):
                return self._classes.value_of(member, term.scope)
        return self._symbol(self._project.resolve(term.path, name), term)

    def _attribute(self, term: Term, inner: ex.Expr, name: str) -> Value:
        path = ex.dotted(term.expression)
        first = path.partition(".")[0] if path else ""
        if path and first not in term.env and not (term.scope and first in self._classes.own(term.scope)):
            found = self._project.resolve(term.path, path)
            if isinstance(found, symbols.External | symbols.Module) or (
                isinstance(found, symbols.Definition) and not found.rest
            ):
                return self._symbol(found, term)
        return self.attribute(self.value(term.inner(inner)), name)

    def _symbol(self, symbol: symbols.Symbol, term: Term) -> Value:
        match symbol:
            case symbols.External() | symbols.Module():
                return symbol
            case symbols.Definition():
                if symbol.path == term.path and symbol.key == term.definition and not term.scope and not term.env:
                    entry = self._project.entry(symbol.path, symbol.key)
                    if entry is None or entry.kind == "statement":
                        return None  # `x = x or y`
                return self.definition(symbol)
            case _:
                return None

    def definition(self, symbol: symbols.Definition) -> Value:
        """What a definition of the project stands for."""
        if symbol not in self._symbols:
            found = self._definition(symbol)
            if found is None and self._depth > 1:
                return None  # perhaps only because it was asked for inside a cycle
            self._symbols[symbol] = found
        return self._symbols[symbol]

    def _definition(self, symbol: symbols.Definition) -> Value:
        entry = self._project.entry(symbol.path, symbol.key)
        found: Value = None
        if entry is None:
            return None
        if entry.kind == "class":
            found = ProjectClass(f"{symbol.path}::{symbol.key}")
        elif entry.kind == "function":
            found = ProjectFunction(symbol.path, symbol.key)
        else:
            statement = self._project.statement(symbol.path, symbol.key)
            if isinstance(statement, st.Assign) and statement.value is not None:
                plain = any(isinstance(t, ex.Name | ex.Attribute) for t in statement.targets)
                found = self.value(Term(symbol.path, symbol.key, statement.value)) if plain else None
        for name in symbol.rest:
            found = self.attribute(found, name)
        return found

    def attribute(self, value: Value, name: str) -> Value:
        """What `value.name` stands for."""
        match value:
            case symbols.External(name=base):
                return symbols.External(self._project.libraries.canonical(f"{base}.{name}"))
            case symbols.Module():
                return self._symbol(self._project.modules.attribute(value, name), _NOWHERE)
            case ProjectClass(id=identity):
                member = self._classes.attribute(identity, name)
                return self._classes.value_of(member, identity) if member else None
            case Term(expression=ex.Call()):
                return self._instance_attribute(value, name)
            case Member(object=inner, type=of, name=outer):
                return Member(inner, of, f"{outer}.{name}")
            case _:
                return None

    def _instance_attribute(self, term: Term, name: str) -> Value:
        called = self.call(term)
        if called is None:
            return None
        if called.subclass:
            own = self._classes.attribute(called.subclass, name)
            if own is not None:
                return self._classes.value_of(own, called.subclass)
        libraries = self._project.libraries
        if f"{called.name}.{name}" in libraries.names:
            return symbols.External(libraries.names[f"{called.name}.{name}"])
        offers = libraries.objects.get(called.name)
        if offers and offers.namespaces and name not in offers.bases and name not in offers.sessions:
            return self._offered(offers.namespaces, name) or Member(called.term, called.name, name)
        return Member(called.term, called.name, name)

    def _offered(self, namespaces: tuple[str, ...], name: str) -> Value:
        """`db.Column`: a name of a library that an object passes on."""
        if name in ("metadata", "metadatas", "engine", "engines", "Table", "init_app", "create_all", "drop_all"):
            return symbols.External("sqlalchemy.Table") if name == "Table" else None
        wanted = "sqlalchemy.orm" if name in ORM_NAMES else "sqlalchemy"
        if wanted not in namespaces:
            return None
        return symbols.External(self._project.libraries.canonical(f"{wanted}.{name}"))

    # --- calls ---

    def _inlined(self, function: ProjectFunction, term: Term) -> Value:
        lowered = self._project.function(function.path, function.key)
        if lowered is None:
            return term
        entry = self._project.entry(function.path, function.key)
        bound = self._receiver(term) if entry and entry.owner else ()
        arguments, keywords, whole = self.arguments(term)
        if not whole or bound is None:
            return None
        return inline.result(self, function, lowered, (*bound, *arguments), keywords)

    def _receiver(self, term: Term) -> tuple[Value, ...] | None:
        """What `self` or `cls` is in a method call; None where that is out of sight."""
        assert isinstance(term.expression, ex.Call)
        function = term.expression.function
        if not isinstance(function, ex.Attribute):
            return None
        receiver = self.value(term.inner(function.value))
        return (receiver,) if isinstance(receiver, ProjectClass) else None

    def call(self, term: Term) -> Call | None:
        """A term as a call of something of a library, through names, simple functions and `partial`."""
        found = self.value(term)
        if not isinstance(found, Term) or not isinstance(found.expression, ex.Call) or self._depth > _DEEPEST:
            return None
        arguments, keywords, whole = self.arguments(found)
        function = self.value(found.inner(found.expression.function))
        match function:
            case Term(expression=ex.Call()):
                outer = self.call(function)
                return self._partial(outer, found, arguments, keywords, whole) if outer else None
            case symbols.External(name=name):
                return Call(name, found, arguments, keywords, whole)
            case Member(object=instance, type=of, name=name):
                return Call(f"{of}.{name}", found, arguments, keywords, whole, instance)
            case ProjectClass(id=identity):
                externals = self._classes.mro(identity).externals
                return Call(externals[0] if externals else "", found, arguments, keywords, whole, None, identity)
            case _:
                return None

    def _partial(
        self, outer: Call, term: Term, arguments: tuple[Term, ...], keywords: dict[str, Term], whole: bool
    ) -> Call | None:
        if outer.name != "functools.partial" or not outer.arguments:
            return None
        name = self.value(outer.arguments[0])
        if not isinstance(name, symbols.External):
            return None
        merged = {**outer.keywords, **keywords}
        return Call(name.name, term, (*outer.arguments[1:], *arguments), merged, whole and outer.whole)

    def function(self, function: ProjectFunction) -> st.Function | None:
        """A function of the project, lowered."""
        return self._project.function(function.path, function.key)

    def has_attribute(self, identity: str, name: str) -> bool:
        """Whether a class of the project, or an ancestor in sight, defines a name."""
        return self._classes.attribute(identity, name) is not None

    def callee(self, term: Term) -> str:
        """The canonical name of a library's thing that a term is, or ""."""
        found = self.value(term)
        match found:
            case symbols.External(name=name):
                return name
            case Member(type=of, name=name):
                return f"{of}.{name}"
            case _:
                return ""

    def arguments(self, term: Term) -> tuple[tuple[Term, ...], dict[str, Term], bool]:
        """The arguments of a call, and whether that is all of them."""
        assert isinstance(term.expression, ex.Call)
        arguments, whole = self.items(term, term.expression.arguments)
        keywords: dict[str, Term] = {}
        for keyword in term.expression.keywords:
            if keyword.name is not None:
                keywords[keyword.name] = term.inner(keyword.value)
                continue
            entries = self.entries(term.inner(keyword.value))
            whole = whole and entries is not None
            keywords.update(entries or {})
        return arguments, keywords, whole

    # --- displays ---

    def items(self, term: Term, expressions: tuple[ex.Expr, ...]) -> tuple[tuple[Term, ...], bool]:
        """Expressions of a call or display with `*` unfolded, and whether all of it could be."""
        found: list[Term] = []
        whole = True
        for expression in expressions:
            if not isinstance(expression, ex.Starred):
                found.append(term.inner(expression))
                continue
            inner = self.sequence(term.inner(expression.value))
            whole = whole and inner is not None
            found.extend(inner or ())
        return tuple(found), whole

    def sequence(self, term: Term) -> tuple[Term, ...] | None:
        """The items of a tuple or list, through names and `+`; None where some are out of sight."""
        return self._deeper(self._sequence, term)

    def _deeper(self, read: Callable[[Term], Read | None], term: Term) -> Read | None:
        """Read one level further down, or not at all where that is too deep."""
        if self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            return read(term)
        finally:
            self._depth -= 1

    def _sequence(self, term: Term) -> tuple[Term, ...] | None:
        found = self.value(term)
        if isinstance(found, Items):
            return found.items
        if not isinstance(found, Term):
            return None
        match found.expression:
            case ex.Collection(items=items):
                inner, whole = self.items(found, items)
                return inner if whole else None
            case ex.Binary(operator="+", left=left, right=right):
                first, second = self.sequence(found.inner(left)), self.sequence(found.inner(right))
                return None if first is None or second is None else (*first, *second)
            case ex.Call(function=ex.Name(id="tuple" | "list"), arguments=(argument,)):
                return self.sequence(found.inner(argument))
            case ex.Call(function=ex.Name(id="tuple" | "list"), arguments=()):
                return ()
            case _:
                return None

    def entries(self, term: Term) -> dict[str, Term] | None:
        """The entries of a dict with literal keys, or of `dict(a=1)`; None where some are out of sight."""
        return self._deeper(self._entries, term)

    def _entries(self, term: Term) -> dict[str, Term] | None:
        found = self.value(term)
        if isinstance(found, Entries):
            return found.entries
        if not isinstance(found, Term):
            return None
        match found.expression:
            case ex.Mapping(keys=keys, values=values):
                return self._mapping(found, keys, values)
            case ex.Call(function=ex.Name(id="dict"), arguments=()):
                _, keywords, whole = self.arguments(found)
                return keywords if whole else None
            case ex.Binary(operator="|", left=left, right=right):
                first, second = self.entries(found.inner(left)), self.entries(found.inner(right))
                return None if first is None or second is None else {**first, **second}
            case _:
                return None

    def _mapping(
        self, term: Term, keys: tuple[ex.Expr | None, ...], values: tuple[ex.Expr, ...]
    ) -> dict[str, Term] | None:
        found: dict[str, Term] = {}
        for key, value in zip(keys, values, strict=True):
            if key is None:
                inner = self.entries(term.inner(value))
                if inner is None:
                    return None
                found.update(inner)
                continue
            name = self.literal(term.inner(key))
            if not isinstance(name, str):
                return None
            found[name] = term.inner(value)
        return found

    # --- literals ---

    def literal(self, term: Term | None) -> Literal:
        """The value of a string, number, True, False or None that a term comes to; `UNREAD` for anything else."""
        if term is None:
            return UNREAD
        found = self.value(term)
        if isinstance(found, Term) and isinstance(found.expression, ex.Literal):
            return found.expression.value
        text = self.strings.text(term)
        return UNREAD if text is None else text

    def flag(self, term: Term | None, absent: bool | None) -> bool | None:
        """A boolean keyword: `absent` where it is not given, None where it is given and cannot be read."""
        if term is None:
            return absent
        found = self.literal(term)
        if found is None:
            return absent  # SQLAlchemy takes an explicit None for "not given"
        return bool(found) if isinstance(found, bool | int) else None

    def text(self, term: Term | None) -> str | None:
        """A string that a term comes to."""
        found = self.literal(term)
        return found if isinstance(found, str) else None
