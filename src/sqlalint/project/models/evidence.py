"""What functions do with models, as far as it shows that a column is looked up by: filters, joins, deletes.

In two steps. What a file's functions say, with names as they are written, depends on the file alone and is kept by its
content; what these names stand for is looked up in every run, and only for the attributes that somebody asks for.
"""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span
from sqlalint.project.models.registry import Models
from sqlalint.project.models.terms import ProjectClass, Term

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_FILTERS = frozenset({"filter", "where", "having"})
_JOINS = frozenset({"join", "outerjoin", "join_from"})
_TESTS = frozenset({"any", "has"})
_WORDS = frozenset({"filter", "where", "filter_by", "join", "outerjoin", "any", "has", "with_parent", "delete"})
_LOADS = frozenset({"get", "get_one", "first", "one", "one_or_none", "scalar_one", "scalar_one_or_none", "scalar"})
_NOWHERE = Span(1, 1, 1, 1)

# Dotted names of a module, as they are written: the first that is a model is meant.
Written = tuple[str, ...]


class Said(Struct, frozen=True, array_like=True):
    """What a file's functions say: models with the attributes that they filter and join by, and what they delete.

    `deleted` are (callee, model if the callee is `sqlalchemy.delete`, model if it is not).
    """

    filtered: frozenset[tuple[Written, str]] = frozenset()
    joined: frozenset[tuple[Written, str]] = frozenset()
    deleted: frozenset[tuple[str, Written, Written]] = frozenset()


class Evidence(Struct, frozen=True):
    """Pairs of a model's id and an attribute that some function filters or joins by, and models that are deleted.

    `deleted_objects` are those of them that a session deletes as objects, with all that the ORM does then.
    """

    filtered: frozenset[tuple[str, str]] = frozenset()
    joined: frozenset[tuple[str, str]] = frozenset()
    deleted: frozenset[str] = frozenset()
    deleted_objects: frozenset[str] = frozenset()


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Said)


def gather(project: "Project", models: Models, attributes: Collection[str]) -> Evidence:
    """What all functions of the project show about attributes of these names, and what they delete."""
    lookup = _Lookup(project, models)
    filtered: set[tuple[str, str]] = set()
    joined: set[tuple[str, str]] = set()
    deleted: set[str | None] = set()
    objects: set[str | None] = set()
    for path, said in project.said.items():
        if path in models.snapshots:
            continue
        for pairs, found in ((said.filtered, filtered), (said.joined, joined)):
            for written, attribute in pairs:
                if attribute in attributes and (model := lookup.model(path, written)) is not None:
                    found.add((model, attribute))
        for callee, called, otherwise in said.deleted:
            by_statement = lookup.is_delete(path, callee)
            deleted.add(lookup.model(path, called if by_statement else otherwise))
            if callee and not by_statement:
                objects.add(lookup.model(path, otherwise))
    known = (frozenset(d for d in found if d is not None) for found in (deleted, objects))
    return Evidence(frozenset(filtered), frozenset(joined), *known)


def read_said(project: "Project") -> dict[str, Said]:
    """What each file says, as it was kept or from its functions."""
    return dict(_said(project))


def _said(project: "Project") -> Iterator[tuple[str, Said]]:
    functions = {
        path: keys
        for path, facts in project.files.items()
        if (
            keys := [e.key for e in facts.index.definitions if e.kind == "function" and _WORDS.intersection(e.mentions)]
        )
    }
    records = project.records
    kept = records.store.get_many("evidence", [records.keys[p] for p in functions]) if records else {}
    for path, keys in functions.items():
        raw = kept.get(records.keys[path]) if records else None
        try:
            said = _decoder.decode(raw) if raw is not None else None
        except msgspec.DecodeError:
            said = None
        if said is None:
            said = _read(project, path, keys)
            if records:
                records.store.put_many("evidence", {records.keys[path]: _encode(said)})
        yield path, said


def _read(project: "Project", path: str, keys: list[str]) -> Said:
    filtered: set[tuple[Written, str]] = set()
    joined: set[tuple[Written, str]] = set()
    deleted: set[tuple[str, Written, Written]] = set()
    for key in keys:
        function = project.function(path, key)
        if function is not None:
            reader = _Reader(function)
            reader.read(function)
            filtered |= reader.filtered
            joined |= reader.joined
            deleted |= reader.deleted
    return Said(frozenset(filtered), frozenset(joined), frozenset(deleted))


class _Lookup:
    """What names in files stand for."""

    def __init__(self, project: "Project", models: Models) -> None:
        self._values = project.classes.values
        self._models = models
        self._found: dict[tuple[str, str], str | None] = {}

    def model(self, path: str, written: Written) -> str | None:
        """The id of the first of the names that is a model."""
        return next((model for name in written if (model := self._model(path, name)) is not None), None)

    def _model(self, path: str, name: str) -> str | None:
        at = (path, name)
        if at not in self._found:
            value = self._values.value(Term(path, "", _expression(name)))
            known = isinstance(value, ProjectClass) and value.id in self._models.by_id
            self._found[at] = value.id if known and isinstance(value, ProjectClass) else None
        return self._found[at]

    def is_delete(self, path: str, callee: str) -> bool:
        """Whether a name is SQLAlchemy's `delete`."""
        return bool(callee) and self._values.callee(Term(path, "", _expression(callee))) == "sqlalchemy.delete"


def _expression(name: str) -> ex.Expr:
    """A dotted name as an expression."""
    first, *rest = name.split(".")
    expression: ex.Expr = ex.Name(_NOWHERE, first)
    for part in rest:
        expression = ex.Attribute(_NOWHERE, expression, part)
    return expression


class _Reader:
    """Reads one function. Its own names are not the module's: of those only models of variables are known."""

    def __init__(self, function: st.Function) -> None:
        self._bound = _bound(function)
        self._variables: dict[str, Written] = {}
        self.filtered: set[tuple[Written, str]] = set()
        self.joined: set[tuple[Written, str]] = set()
        self.deleted: set[tuple[str, Written, Written]] = set()

    def read(self, function: st.Function) -> None:
        """Take in what the function says."""
        for parameter in function.parameters:
            if parameter.annotation is not None and (written := self._named(parameter.annotation)):
                self._variables[parameter.name] = written
        for statement in st.walk_statements(function.body):
            if isinstance(statement, st.Assign) and statement.value is not None:
                self._assigned(statement)
            for expression in st.expressions(statement):
                for part in ex.walk(expression):
                    if isinstance(part, ex.Call):
                        self._call(part)

    def _assigned(self, statement: st.Assign) -> None:
        """`user = session.get(User, 1)`, `user = session.query(User).first()`."""
        target = statement.targets[0]
        if not isinstance(target, ex.Name):
            return
        self._variables.pop(target.id, None)
        value = statement.value
        if isinstance(value, ex.Await):
            value = value.value
        if not isinstance(value, ex.Call) or not isinstance(value.function, ex.Attribute):
            return
        if value.function.name in _LOADS and (written := self._queried(value)):
            self._variables[target.id] = written

    def _call(self, call: ex.Call) -> None:
        name = call.function.name if isinstance(call.function, ex.Attribute) else ""
        if name in _FILTERS:
            for argument in call.arguments:
                self.filtered.update(self._attributes(argument))
        elif name in _JOINS:
            for argument in (*call.arguments, *(k.value for k in call.keywords)):
                self.joined.update(self._attributes(argument))
        elif name == "filter_by":
            if written := self._queried(call):
                self.filtered.update((written, k.name) for k in call.keywords if k.name is not None)
        elif name in _TESTS and isinstance(call.function, ex.Attribute):
            self.filtered.update(self._attributes(call.function.value))
        if name == "delete" or (isinstance(call.function, ex.Name) and call.function.id == "delete"):
            self._delete(call)
        if name == "with_parent" or (isinstance(call.function, ex.Name) and call.function.id == "with_parent"):
            for argument in call.arguments:
                self.filtered.update(self._attributes(argument))

    def _delete(self, call: ex.Call) -> None:
        """`delete(User)`, `query(User).delete()`, `session.delete(user)` of something that is surely a user."""
        called = self._named(call.arguments[0]) if call.arguments else ()
        otherwise: Written = ()
        if not call.arguments:
            otherwise = self._queried(call)
        elif isinstance(call.arguments[0], ex.Name) and _is_session(call.function):
            otherwise = self._variables.get(call.arguments[0].id, ())
        if called or otherwise:
            self.deleted.add((ex.dotted(call.function) or "" if call.arguments else "", called, otherwise))

    def _queried(self, call: ex.Call) -> Written:
        """The one model that a chain of calls queries, where it begins with `query(M)`, `select(M)` or `get(M, ...)`."""
        expression: ex.Expr = call
        found: Written = ()
        while isinstance(expression, ex.Call | ex.Attribute | ex.Await):
            if isinstance(expression, ex.Call):
                name = _called(expression)
                if name in ("query", "select", "delete", "update", "get", "get_one", "exec", "scalars", "execute"):
                    found += self._first(expression)
                expression = expression.function
            elif isinstance(expression, ex.Await) or expression.name != "query":
                expression = expression.value
            else:
                return found + self._named(expression.value)  # `User.query`
        return found

    def _first(self, call: ex.Call) -> Written:
        first = call.arguments[0] if call.arguments else None
        if isinstance(first, ex.Call):
            return self._queried(first)
        return self._named(first) if first is not None and len(call.arguments) <= 2 else ()

    def _attributes(self, expression: ex.Expr) -> Iterator[tuple[Written, str]]:
        for part in ex.walk(expression):
            if isinstance(part, ex.Attribute) and (written := self._named(part.value)):
                yield written, part.name

    def _named(self, expression: ex.Expr) -> Written:
        """A name of the module."""
        name = ex.dotted(expression)
        return () if name is None or name.partition(".")[0] in self._bound else (name,)


def _is_session(function: ex.Expr) -> bool:
    """Whether a method is one of something that is called a session."""
    name = (ex.dotted(function) or "").lower().removesuffix(".delete").rpartition(".")[2]
    return "session" in name or name in ("db", "dbsession")


def _called(call: ex.Call) -> str:
    """The last name of what is called."""
    match call.function:
        case ex.Name(id=name) | ex.Attribute(name=name):
            return name
        case _:
            return ""


def _bound(function: st.Function) -> frozenset[str]:
    """The names that a function binds itself."""
    found = {p.name for p in function.parameters}
    for statement in st.walk_statements(function.body):
        match statement:
            case st.Assign(targets=targets):
                found.update(t.id for t in targets if isinstance(t, ex.Name))
            case st.For(target=ex.Name(id=name)):
                found.add(name)
            case st.With(items=items):
                found.update(i.target.id for i in items if isinstance(i.target, ex.Name))
            case _:
                continue
    return frozenset(found)
