"""What functions do with models, as far as it shows that a column is looked up by: filters, joins, deletes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.project.models.registry import Models
from sqlalint.project.models.terms import ProjectClass, Term

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_FILTERS = frozenset({"filter", "where", "having"})
_JOINS = frozenset({"join", "outerjoin", "join_from"})
_TESTS = frozenset({"any", "has"})
_WORDS = frozenset({"filter", "where", "filter_by", "join", "outerjoin", "any", "has", "with_parent", "delete"})
_LOADS = frozenset({"get", "get_one", "first", "one", "one_or_none", "scalar_one", "scalar_one_or_none", "scalar"})


class Evidence(Struct, frozen=True):
    """Pairs of a model's id and an attribute that some function filters or joins by, and models that are deleted."""

    filtered: frozenset[tuple[str, str]] = frozenset()
    joined: frozenset[tuple[str, str]] = frozenset()
    deleted: frozenset[str] = frozenset()


def gather(project: "Project", models: Models) -> Evidence:
    """What all functions of the project show."""
    scan = _Scan(project, models)
    for path, facts in project.files.items():
        if path in models.snapshots:
            continue
        for entry in facts.index.definitions:
            if entry.kind == "function" and _WORDS.intersection(entry.mentions):
                scan.function(path, entry.key)
    return Evidence(frozenset(scan.filtered), frozenset(scan.joined), frozenset(scan.deleted))


class _Scan:
    def __init__(self, project: "Project", models: Models) -> None:
        self._project = project
        self._models = models
        self._values = project.classes.values
        self.filtered: set[tuple[str, str]] = set()
        self.joined: set[tuple[str, str]] = set()
        self.deleted: set[str] = set()

    def function(self, path: str, key: str) -> None:
        """Take in what one function shows."""
        function = self._project.function(path, key)
        if function is None:
            return
        here = _Here(path, key, _bound(function), {})
        self._annotated(here, function)
        for statement in st.walk_statements(function.body):
            if isinstance(statement, st.Assign) and statement.value is not None:
                self._assigned(here, statement)
            for expression in st.expressions(statement):
                for part in ex.walk(expression):
                    if isinstance(part, ex.Call):
                        self._call(here, part)

    def _annotated(self, here: "_Here", function: st.Function) -> None:
        for parameter in function.parameters:
            if parameter.annotation is not None:
                model = self._model(here, parameter.annotation)
                if model is not None:
                    here.variables[parameter.name] = model

    def _assigned(self, here: "_Here", statement: st.Assign) -> None:
        """`user = session.get(User, 1)`, `user = session.query(User).first()`."""
        target = statement.targets[0]
        if not isinstance(target, ex.Name):
            return
        here.variables.pop(target.id, None)
        value = statement.value
        if isinstance(value, ex.Await):
            value = value.value
        if not isinstance(value, ex.Call) or not isinstance(value.function, ex.Attribute):
            return
        if value.function.name in _LOADS:
            model = self._queried(here, value)
            if model is not None:
                here.variables[target.id] = model

    def _call(self, here: "_Here", call: ex.Call) -> None:
        name = call.function.name if isinstance(call.function, ex.Attribute) else ""
        if name in _FILTERS:
            for argument in call.arguments:
                self.filtered.update(self._attributes(here, argument))
        elif name in _JOINS:
            for argument in (*call.arguments, *(k.value for k in call.keywords)):
                self.joined.update(self._attributes(here, argument))
        elif name == "filter_by":
            model = self._queried(here, call)
            if model is not None:
                self.filtered.update((model, k.name) for k in call.keywords if k.name is not None)
        elif name in _TESTS and isinstance(call.function, ex.Attribute):
            self.filtered.update(self._attributes(here, call.function.value))
        if name == "delete" or (isinstance(call.function, ex.Name) and call.function.id == "delete"):
            self._delete(here, call)
        if name == "with_parent" or (isinstance(call.function, ex.Name) and call.function.id == "with_parent"):
            for argument in call.arguments:
                self.filtered.update(self._attributes(here, argument))

    def _delete(self, here: "_Here", call: ex.Call) -> None:
        """`delete(User)`, `query(User).delete()`, `session.delete(user)` of something that is surely a user."""
        if self._values.callee(here.term(call.function)) == "sqlalchemy.delete" and call.arguments:
            model = self._model(here, call.arguments[0])
        elif call.arguments and isinstance(call.arguments[0], ex.Name):
            model = here.variables.get(call.arguments[0].id) if self._is_session(call.function) else None
        else:
            model = self._queried(here, call) if not call.arguments else None
        if model is not None:
            self.deleted.add(model)

    def _is_session(self, function: ex.Expr) -> bool:
        """Whether a method is one of something that is called a session."""
        name = (ex.dotted(function) or "").lower().removesuffix(".delete").rpartition(".")[2]
        return "session" in name or name in ("db", "dbsession")

    def _queried(self, here: "_Here", call: ex.Call) -> str | None:
        """The one model that a chain of calls queries, where it begins with `query(M)`, `select(M)` or `get(M, ...)`."""
        expression: ex.Expr = call
        while isinstance(expression, ex.Call | ex.Attribute | ex.Await):
            if isinstance(expression, ex.Call):
                name = _called(expression)
                if name in ("query", "select", "delete", "update", "get", "get_one", "exec", "scalars", "execute"):
                    found = self._first(here, expression)
                    if found is not None:
                        return found
                expression = expression.function
            elif isinstance(expression, ex.Await) or expression.name != "query":
                expression = expression.value
            else:
                return self._model(here, expression.value)  # `User.query`
        return None

    def _first(self, here: "_Here", call: ex.Call) -> str | None:
        first = call.arguments[0] if call.arguments else None
        if isinstance(first, ex.Call):
            return self._queried(here, first)
        return self._model(here, first) if first is not None and len(call.arguments) <= 2 else None

    def _attributes(self, here: "_Here", expression: ex.Expr) -> Iterator[tuple[str, str]]:
        for part in ex.walk(expression):
            if isinstance(part, ex.Attribute):
                model = self._model(here, part.value)
                if model is not None:
                    yield model, part.name

    def _model(self, here: "_Here", expression: ex.Expr) -> str | None:
        name = ex.dotted(expression)
        if name is None or name.partition(".")[0] in here.bound:
            return None
        value = self._values.value(here.term(expression))
        return value.id if isinstance(value, ProjectClass) and value.id in self._models.by_id else None


def _called(call: ex.Call) -> str:
    """The last name of what is called."""
    match call.function:
        case ex.Name(id=name) | ex.Attribute(name=name):
            return name
        case _:
            return ""


class _Here(Struct):
    """A function: its own names, which are not the module's, and the models of its variables."""

    path: str
    key: str
    bound: frozenset[str]
    variables: dict[str, str]

    def term(self, expression: ex.Expr) -> Term:
        """An expression of the function."""
        return Term(self.path, self.key, expression)


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
