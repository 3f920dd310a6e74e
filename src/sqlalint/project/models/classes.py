"""Classes of the project: their ancestors in method resolution order, and what their attributes are.

Works for every class, mapped or not.
"""

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.file import Definition as Entry
from sqlalint.facts.span import START, Spot
from sqlalint.project import symbols
from sqlalint.project.models import inline
from sqlalint.project.models.terms import Member as ObjectMember
from sqlalint.project.models.terms import ProjectClass, ProjectFunction, Term, Value
from sqlalint.project.models.values import Values

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_UNKNOWN = "?"
_DEEPEST = 150  # ancestors in a line; more is no hierarchy that people write
_READ_WITHOUT_CALL = ("property", "cached_property", "declared_attr", "classproperty", "hybrid_property", "directive")


class Base(Struct, frozen=True):
    """A base of a class, as it is written, and what it stands for. `expression` holds type arguments (`Repo[User]`)."""

    path: str
    definition: str
    expression: ex.Expr
    value: Value


class Mro(Struct, frozen=True):
    """A class's ancestors in method resolution order, itself first, by `path::key`.

    `externals` are the library's classes among them by canonical name, in order; `made` what calls made
    (`declarative_base()`, `db.Model`). `complete` is False where a base could not be resolved.
    """

    ids: tuple[str, ...]
    complete: bool
    externals: tuple[str, ...]
    made: tuple[Value, ...]

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)


class Member(Struct, frozen=True):
    """An attribute of a class as it is written: a `statement` of its body, a method or a nested class.

    `kind` is assign, method or class; `key` is the definition's key: that of the class for an assignment.
    """

    owner: str
    name: str
    kind: str
    key: str
    statement: st.Assign | None

    @property
    def path(self) -> str:
        """The file."""
        return self.owner.partition("::")[0]

    @property
    def at(self) -> Spot:
        """Where it is written."""
        if self.statement is None:
            return Spot(self.path, self.key, START)
        return Spot(self.path, self.key, self.statement.span)


class Classes:
    """The classes of one project, linked when they are asked for."""

    def __init__(self, project: "Project") -> None:
        self._project = project
        self.values = Values(project, self)
        self._bases: dict[str, tuple[Base, ...]] = {}
        self._orders: dict[str, tuple[str, ...]] = {}
        self._mros: dict[str, Mro] = {}
        self._made: dict[str, Value] = {}
        self._members: dict[str, dict[str, Member]] = {}
        self._pending: set[str] = set()

    # --- bases ---

    def get(self, identity: str) -> st.Class | None:
        """The class, without its methods."""
        path, _, key = identity.partition("::")
        return self._project.class_(path, key)

    def bases(self, identity: str) -> tuple[Base, ...]:
        """The bases as they are written, `with_metaclass(...)` unfolded."""
        if identity not in self._bases:
            path, _, key = identity.partition("::")
            found = self.get(identity)
            self._bases[identity] = tuple(
                base for e in (found.bases if found else ()) for base in self._base(path, key, e)
            )
        return self._bases[identity]

    def _base(self, path: str, key: str, expression: ex.Expr) -> Iterator[Base]:
        scope = f"{path}::{key.rpartition('.')[0]}" if "." in key else ""
        bare = expression.value if isinstance(expression, ex.Subscript) else expression
        value = self.values.value(Term(path, key, bare, {}, scope))
        if isinstance(value, Term) and isinstance(value.expression, ex.Subscript):  # `Base = Generic[T]`
            value = self.values.value(value.inner(value.expression.value))
        if isinstance(value, Term) and isinstance(value.expression, ex.Call):
            called = self.values.call(value)
            if called and called.name.endswith(".with_metaclass"):
                for argument in called.arguments[1:]:
                    yield from self._base(argument.path, argument.definition, argument.expression)
                return
        yield Base(path, key, expression, value)

    # --- method resolution order ---

    def mro(self, identity: str) -> Mro:
        """The ancestors of a class."""
        if identity not in self._mros:
            order = self._order(identity)
            self._mros[identity] = Mro(
                ids=tuple(n for n in order if "::" in n and n[0] != "@"),
                complete=_UNKNOWN not in order,
                externals=tuple(n[1:] for n in order if n[0] == "!"),
                made=tuple(self._made[n] for n in order if n[0] == "@"),
            )
        return self._mros[identity]

    def _order(self, identity: str) -> tuple[str, ...]:
        """The order with a mark for what is no class of the project: `!name`, `@made`, `?`."""
        found = self._orders.get(identity)
        if found is not None:
            return found
        if identity in self._pending or len(self._pending) > _DEEPEST:  # a cycle, or a base that shadows the class
            return (_UNKNOWN,)
        self._pending.add(identity)
        try:
            lines = [self._line(base) for base in self.bases(identity)]
            if self.get(identity) is None:
                lines.append((_UNKNOWN,))
            found = (identity, *_merge([*lines, tuple(line[0] for line in lines)]))
        finally:
            self._pending.discard(identity)
        self._orders[identity] = found
        return found

    def _line(self, base: Base) -> tuple[str, ...]:
        match base.value:
            case ProjectClass(id=identity):
                return self._order(identity)
            case symbols.External(name=name):
                return (f"!{name}",)
            case Term(expression=ex.Call()) | ObjectMember():
                return self._made_line(base.value)
            case _ if isinstance(base.expression, ex.Name) and base.expression.id in _BUILTINS:
                return (f"!builtins.{base.expression.id}",)
            case _:
                return (_UNKNOWN,)

    def _made_line(self, value: Term | ObjectMember) -> tuple[str, ...]:
        """A base that a call made, with the class that was given to it (`declarative_base(cls=Common)`)."""
        term = value if isinstance(value, Term) else value.object
        suffix = "" if isinstance(value, Term) else f".{value.name}"
        mark = f"@{term.identity}{suffix}"
        self._made[mark] = value
        called = self.values.call(term)
        if called is None:
            return (_UNKNOWN,)
        keyword = "model_class" if isinstance(value, ObjectMember) else "cls"
        given = called.keywords.get(keyword)
        lines: list[tuple[str, ...]] = []
        for part in () if given is None else self.values.sequence(given) or (given,):
            found = self.values.value(part)
            if isinstance(found, ProjectClass):
                lines.append(self._order(found.id))
        return (mark, *_merge([*lines, tuple(line[0] for line in lines)]))

    # --- attributes ---

    def own(self, identity: str) -> dict[str, Member]:
        """The attributes that a class's own body gives it."""
        if identity not in self._members:
            self._members[identity] = self._own(identity)
        return self._members[identity]

    def _own(self, identity: str) -> dict[str, Member]:
        path, _, key = identity.partition("::")
        found: dict[str, Member] = {}
        lowered = self.get(identity)
        for statement in _assignments(lowered.body) if lowered else ():
            for target in statement.targets:
                if isinstance(target, ex.Name):
                    found[target.id] = Member(identity, target.id, "assign", key, statement)
        for entry in self._inner.get(path, {}).get(key, ()):
            kind = "class" if entry.kind == "class" else "method"
            if (
                entry.name in found
                and found[entry.name].kind == "method"
                and self._accessor(path, entry.key, entry.name)
            ):
                continue  # `@x.setter` after `@property def x`
            found[entry.name] = Member(identity, entry.name, kind, entry.key, None)
        return found

    @functools.cached_property
    def _inner(self) -> dict[str, dict[str, list[Entry]]]:
        """Methods and nested classes by file and class."""
        found: dict[str, dict[str, list[Entry]]] = {}
        for path, facts in self._project.files.items():
            owners = found.setdefault(path, {})
            for entry in facts.index.definitions:
                if entry.owner and entry.kind != "statement":
                    owners.setdefault(entry.owner, []).append(entry)
        return found

    def _accessor(self, path: str, key: str, name: str) -> bool:
        lowered = self._project.function(path, key)
        if lowered is None:
            return True
        return any((ex.dotted(_bare(d)) or "").split(".")[0] == name for d in lowered.decorators)

    def attribute(self, identity: str, name: str) -> Member | None:
        """The attribute that a class has by that name, its own or inherited; None where no class in sight has it."""
        for ancestor in self.mro(identity).ids:
            found = self.own(ancestor).get(name)
            if found is not None:
                return found
        return None

    def decorators(self, member: Member) -> tuple[str, ...]:
        """The decorators of a method by canonical name (`sqlalchemy.orm.declared_attr`, `property`)."""
        lowered = self._project.function(member.path, member.key)
        return tuple(self.decorator(member, d) for d in lowered.decorators) if lowered else ()

    def decorator(self, member: Member, expression: ex.Expr) -> str:
        """A decorator's canonical name, or its name as it is written."""
        bare = _bare(expression)
        return self.values.callee(Term(member.path, member.key, bare)) or ex.dotted(bare) or ""

    def value_of(self, member: Member, identity: str) -> Value:
        """What `identity.name` stands for: methods that are read without a call are read through."""
        match member:
            case Member(kind="class"):
                return ProjectClass(f"{member.path}::{member.key}")
            case Member(statement=st.Assign(value=value)) if value is not None:
                return self.values.value(self.assigned(member, value))
            case Member(kind="method"):
                if any(d.rpartition(".")[2] in _READ_WITHOUT_CALL for d in self.decorators(member)):
                    returned = self.returned(member, identity)
                    return self.values.value(returned) if returned is not None else None
                return ProjectFunction(member.path, member.key)
            case _:
                return None

    def assigned(self, member: Member, value: ex.Expr) -> Term:
        """The value of an assignment in a class's body."""
        return Term(member.path, member.key, value, {}, member.owner)

    def returned(self, member: Member, identity: str) -> Term | None:
        """What a `declared_attr` or property returns, read with `cls` as the class of that id."""
        lowered = self._project.function(member.path, member.key)
        if lowered is None or not lowered.parameters:
            return None
        function = ProjectFunction(member.path, member.key)
        env: dict[str, Value] = {lowered.parameters[0].name: ProjectClass(identity)}
        return inline.run(self.values, function, lowered.body, env)


_BUILTINS = frozenset({"object", "Exception", "dict", "list", "str", "int", "tuple", "set", "type", "float", "bytes"})


def _bare(decorator: ex.Expr) -> ex.Expr:
    return decorator.function if isinstance(decorator, ex.Call) else decorator


def _assignments(body: tuple[st.Statement, ...]) -> Iterator[st.Assign]:
    """The assignments of a class's body, those under conditions included, those for type checkers left out."""
    for statement in body:
        match statement:
            case st.Assign():
                yield statement
            case st.If(test=test, body=first, otherwise=second):
                if not (ex.dotted(test) or "").endswith("TYPE_CHECKING"):
                    yield from _assignments(first)
                yield from _assignments(second)
            case st.Try(body=first):
                yield from _assignments(first)
            case _:
                continue


def _merge(lines: list[tuple[str, ...]]) -> list[str]:
    """C3; where the bases contradict each other, first come first served."""
    pending = [list(line) for line in lines if line]
    merged: list[str] = []
    while pending:
        head = next((c[0] for c in pending if not any(c[0] in other[1:] for other in pending)), pending[0][0])
        merged.append(head)
        pending = [rest for line in pending if (rest := [n for n in line if n != head])]
    return merged
