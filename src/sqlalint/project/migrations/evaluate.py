"""Expressions of a migration evaluated: what they are, with known names filled in, and what calls in them do."""

import builtins
from typing import TYPE_CHECKING

import msgspec

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span
from sqlalint.facts.statement import Assign, Class, Import
from sqlalint.project.migrations import roles
from sqlalint.project.migrations.calls import MODULE, Calls, mode_of
from sqlalint.project.migrations.fold import binary, formatted, joined
from sqlalint.project.migrations.operations import (
    Creation,
    Scope,
    Unresolved,
)
from sqlalint.project.migrations.roles import Value
from sqlalint.project.symbols import UNKNOWN, Definition, External, Module, Symbol

if TYPE_CHECKING:
    from sqlalint.project.migrations.walk import Frame, Walk

_BUILTINS = frozenset(dir(builtins))
_CREATES = frozenset({"create", "drop", "create_all", "drop_all"})
# Words that make a function of the project worth entering though it is given nothing of Alembic's.
_TELLING = frozenset(
    {"op", "get_bind", "execute", "commit", "rollback", "session", "Session", "sessionmaker", "create_engine", "begin"}
)
_DEEPEST = 5


class Evaluation(Calls):
    """Evaluates expressions for a walk, which it tells of every step."""

    def __init__(self, walk: "Walk") -> None:
        super().__init__(walk)
        self._project = walk.project
        self._constants: dict[tuple[str, str], Value] = {}

    def value(self, expression: ex.Expr, frame: "Frame") -> Value:
        """What an expression is. Calls in it are noted in the order in which they run."""
        match expression:
            case ex.Name(id=name):
                return self._name(expression, name, frame)
            case ex.Attribute(value=inner, name=name):
                return self._attribute(expression, self.value(inner, frame), name, frame)
            case ex.Call():
                return self._call(expression, frame)
            case ex.Collection(items=items):
                return ex.Collection(expression.span, expression.kind, self._closed(items, frame))
            case ex.Mapping(keys=keys, values=values):
                known = tuple(None if k is None else self.closed(k, frame) for k in keys)
                return ex.Mapping(expression.span, known, self._closed(values, frame))
            case ex.Text(parts=parts):
                return joined(expression.span, self._closed(parts, frame))
            case ex.Binary(operator=operator, left=left, right=right):
                return binary(expression.span, operator, self.closed(left, frame), self.closed(right, frame))
            case ex.Await(value=inner) | ex.Walrus(value=inner):
                found = self.value(inner, frame)
                if isinstance(expression, ex.Walrus):
                    frame.names[expression.name] = found
                return found
            case ex.Yield(value=inner):
                if inner is not None:
                    frame.returned.append(self.value(inner, frame))
                return expression
            case ex.Conditional(test=test, body=body, otherwise=otherwise):
                self.value(test, frame)
                first, second = self.value(body, frame), self.value(otherwise, frame)
                return (
                    first if isinstance(first, roles.Role) else second if isinstance(second, roles.Role) else expression
                )
            case ex.Boolean(operator="or", values=(first_, *_)) if isinstance(
                given := self.value(first_, frame), roles.LIVE
            ):
                return given
            case ex.Subscript(value=inner, index=index):
                return ex.Subscript(expression.span, self.closed(inner, frame), self.closed(index, frame))
            case ex.Starred(value=inner):
                return ex.Starred(expression.span, self.closed(inner, frame))
            case ex.Comprehension():
                self._comprehension(expression, frame)
                return expression
            case ex.Literal() | ex.Lambda():
                return expression
            case _:
                for part in ex.children(expression):
                    self.value(part, frame)
                return expression

    def truth(self, test: ex.Expr, frame: "Frame") -> bool | None:
        """Whether a condition surely holds: it asks for a value that is there (`session is None`), or is a literal."""
        match test:
            case ex.Unary(operator="not", value=inner):
                known = self.truth(inner, frame)
                return None if known is None else not known
            case ex.Compare(left=left, operators=("is" | "is not" as how,), comparators=(ex.Literal(value=None),)):
                value = self.value(left, frame) if isinstance(left, ex.Name) else left
                absent = isinstance(value, ex.Literal) and value.value is None
                present = isinstance(value, roles.LIVE) or (isinstance(value, ex.Literal) and not absent)
                return absent == (how == "is") if absent or present else None
            case ex.Name():
                value = self.value(test, frame)
                if isinstance(value, ex.Literal):
                    return bool(value.value)
                return True if isinstance(value, roles.LIVE) else None
            case ex.Literal(value=value):
                return bool(value)
            case _:
                return None

    def closed(self, expression: ex.Expr, frame: "Frame") -> ex.Expr:
        """An expression with known names filled in; what has a role stays as it is written."""
        found = self.value(expression, frame)
        if isinstance(found, roles.Sql | roles.Query):
            return found.expression
        return expression if isinstance(found, roles.Role) else found

    def _closed(self, expressions: tuple[ex.Expr, ...], frame: "Frame") -> tuple[ex.Expr, ...]:
        return tuple([self.closed(e, frame) for e in expressions])

    def _comprehension(self, expression: ex.Comprehension, frame: "Frame") -> None:
        """Its parts once: as a loop of which nothing is known."""
        inner = frame.within(msgspec.structs.replace(frame.scope, loop=True))
        inner.names = dict(frame.names)
        for clause in expression.clauses:
            self.value(clause.iterable, inner)
            for name in ex.walk(clause.target):
                if isinstance(name, ex.Name):
                    inner.names[name.id] = name
            for condition in clause.conditions:
                self.value(condition, inner)
        self.value(expression.element, inner)
        if expression.value is not None:
            self.value(expression.value, inner)

    # --- names ---

    def _name(self, expression: ex.Expr, name: str, frame: "Frame") -> Value:
        found = frame.names.get(name)
        if found is not None:
            return found
        return self._symbol(self._project.resolve(frame.path, name), expression)

    def _symbol(self, symbol: Symbol, expression: ex.Expr) -> Value:
        """What a resolved name is: a library's thing, a function, or what a module's assignment gives it."""
        match symbol:
            case External(name=name):
                return roles.Ops() if name in ("alembic.op", "alembic.context.op") else roles.Library(name)
            case Definition(path=path, key=key, rest=rest):
                value = self._constant(path, key)
                if value is None:
                    return expression
                for name in rest:
                    value = self._member(value, name)
                    if value is None:
                        return expression
                return value
            case _:
                return expression

    def _constant(self, path: str, key: str) -> Value | None:
        at = (path, key)
        if at in self._constants:
            return self._constants[at]
        entry = self._project.entry(path, key)
        if entry is None:
            return None
        if entry.kind == "function":
            return roles.Callee(path, key)
        statement = self._project.statement(path, key)
        if not isinstance(statement, Assign) or statement.value is None or self._constant_depth >= _DEEPEST:
            return None
        self._constants[at] = statement.value  # while it is looked into: a name that stands for itself
        from sqlalint.project.migrations.walk import Frame

        steps, self._constant_depth = list(self._walk.steps), self._constant_depth + 1
        try:
            value = self.value(statement.value, Frame(path, key, {}, Scope(), MODULE))
        finally:
            self._walk.steps[:] = steps
            self._constant_depth -= 1
        # An engine that a module made is not of this migration's making.
        if isinstance(value, roles.Engine):
            value = roles.Engine()
        self._constants[at] = value
        return value

    def imported(self, statement: Import, path: str) -> Value | None:
        """What an import inside a function binds."""
        modules = self._project.modules
        if statement.level or statement.name == "*":
            return None
        top = statement.module if statement.name is not None or statement.alias != statement.module else ""
        module = top or statement.module.partition(".")[0]
        file = modules.find(module, path)
        symbol: Symbol = Module(file) if file else External(self._project.libraries.canonical(module))
        if statement.name is not None:
            symbol = modules.attribute(symbol, statement.name)
        if symbol == UNKNOWN:
            return None
        return self._symbol(symbol, ex.Name(statement.span, statement.alias)) if not file or statement.name else None

    def _member(self, value: Value, name: str) -> Value | None:
        match value:
            case roles.Library(name=base):
                return self._symbol(External(self._project.libraries.canonical(f"{base}.{name}")), _NOWHERE)
            case roles.Instance(class_=class_, at=at):
                known = self._project.libraries.objects.get(class_)
                if known and name in known.sessions:
                    return roles.Session("other", opening=at)
                if known and name in ("engine", "get_engine"):
                    return roles.Method(roles.Engine(), "engine") if name == "get_engine" else roles.Engine()
                return None
            case _ if isinstance(value, roles.Role):
                return roles.Method(value, name)
            case _:
                return None

    def _attribute(self, expression: ex.Attribute, base: Value, name: str, frame: "Frame") -> Value:
        match base:
            case roles.Library() | roles.Instance():
                found = self._member(base, name)
                if isinstance(found, roles.Session) and found.on == "other":
                    return self._open(expression, frame)
                return expression if found is None else found
            case roles.Bind() if name == "engine":
                return roles.Engine()
            case roles.Bind() if name in ("connection", "driver_connection"):
                return roles.Dbapi()
            case roles.Dbapi() if name in ("connection", "driver_connection", "dbapi_connection"):
                return base
            case roles.Context() if name in ("connection", "bind"):
                return roles.Bind()
            case roles.Ops() if name == "migration_context":
                return roles.Context()
            case roles.Session(on="bind") if name == "bind":
                return roles.Bind()
            case roles.Callee() | roles.Autocommit():
                return expression
            case _ if isinstance(base, roles.Role):
                return roles.Method(base, name)
            case ex.Name() if base == expression.value:  # a module or a name that is not known: try the whole
                return self._dotted(expression, frame)
            case _:
                return ex.Attribute(expression.span, base, name)

    def _dotted(self, expression: ex.Attribute, frame: "Frame") -> Value:
        name = ex.dotted(expression)
        first = (name or "").partition(".")[0]
        if name is None or first in frame.names:
            return expression
        return self._symbol(self._project.resolve(frame.path, name), expression)

    # --- calls ---

    def _call(self, call: ex.Call, frame: "Frame") -> Value:
        function = self.value(call.function, frame)
        values = [self.value(a, frame) for a in call.arguments]
        named = [(k.name, self.value(k.value, frame)) for k in call.keywords]
        closed = ex.Call(
            call.span,
            call.function if isinstance(function, roles.Role) else function,
            tuple([_expression(v, a) for v, a in zip(values, call.arguments, strict=True)]),
            tuple(
                [
                    ex.Keyword(k.name, _expression(v, k.value), k.span)
                    for k, (_, v) in zip(call.keywords, named, strict=True)
                ]
            ),
        )
        live = any(isinstance(v, roles.LIVE) for v in (*values, *(v for _, v in named)))
        match function:
            case roles.Method(of=of, name=name):
                return self._method(of, name, call, closed, values, dict(named), frame)
            case roles.Library(name=name):
                return self._library(name, call, closed, values, dict(named), live, frame)
            case roles.Factory():
                return self._session(function, call, values, dict(named), frame)
            case roles.Callee():
                return self._function(function, call, closed, values, named, live, frame)
            case roles.Ops():
                return function
            case _:
                return self._other(call, closed, live, frame)

    def _other(self, call: ex.Call, closed: ex.Call, live: bool, frame: "Frame") -> Value:
        """A call of something that has no role: a method of a plain value, a class, an unresolved name."""
        function = closed.function
        name = function.name if isinstance(function, ex.Attribute) else ""
        if isinstance(function, ex.Attribute) and name in _CREATES and (live or name.endswith("_all")):
            self._note(Creation(frame.spot(call.span), frame.scope, name, function.value, closed), frame)
        elif live or self._is_unresolved(function, frame):
            written = ex.dotted(call.function) or name or "..."
            self._note(Unresolved(frame.spot(call.span), frame.scope, written, live), frame)
        if name == "format" and isinstance(function, ex.Attribute) and isinstance(function.value, ex.Literal):
            return formatted(closed, function.value)
        return closed

    def _is_unresolved(self, function: ex.Expr, frame: "Frame") -> bool:
        """Whether a plain name is called that nothing in sight binds: who knows what it does."""
        if not isinstance(function, ex.Name) or function.id in _BUILTINS:
            return False
        if function.id in frame.names:
            return True
        symbol = self._project.resolve(frame.path, function.id)
        if isinstance(symbol, Definition):
            return not isinstance(self._project.statement(symbol.path, symbol.key), Class | Assign)
        return symbol == UNKNOWN

    def _function(
        self, callee: roles.Callee, call: ex.Call, closed: ex.Call, values: list[Value],
        named: list[tuple[str | None, Value]], live: bool, frame: "Frame",
    ) -> Value:  # fmt: skip
        entry = self._project.entry(callee.path, callee.key)
        telling = callee.function is not None or callee.path == frame.path or self._imports_alembic(callee.path)
        telling = telling or (entry is not None and not _TELLING.isdisjoint(entry.mentions))
        if self._constant_depth or not (live or telling):
            return closed
        function = callee.function or self._project.function(callee.path, callee.key)
        if function is None:
            self._note(Unresolved(frame.spot(call.span), frame.scope, ex.dotted(call.function) or "...", live), frame)
            return closed
        arguments: dict[str, Value] = {}
        positional = [p for p in function.parameters if p.kind == "positional"]
        if any(ex.dotted(d) == "classmethod" for d in function.decorators):
            positional = positional[1:]
        for parameter, value in zip(positional, values, strict=False):
            if isinstance(value, ex.Starred):
                break
            arguments[parameter.name] = value
        arguments.update({k: v for k, v in named if k})
        found = self._walk.call(callee, arguments, frame.spot(call.span), frame)
        if found is None:
            if live:
                self._note(
                    Unresolved(frame.spot(call.span), frame.scope, ex.dotted(call.function) or "...", live), frame
                )
            return closed
        return found

    def _imports_alembic(self, path: str) -> bool:
        """Whether a module may use Alembic's directives: its functions are entered whatever they are given."""
        return any(i.module.partition(".")[0] == "alembic" for i in self._project.modules.imports(path))

    def _library(
        self, name: str, call: ex.Call, closed: ex.Call, values: list[Value], named: dict[str | None, Value],
        live: bool, frame: "Frame",
    ) -> Value:  # fmt: skip
        first = values[0] if values else None
        known = self._project.libraries.objects.get(name)
        if known is not None:
            return roles.Instance(name, frame.spot(call.span))
        match name:
            case "sqlalchemy.orm.Session" | "sqlalchemy.ext.asyncio.AsyncSession":
                on, opening = self._on(named.get("bind", first), frame)
                return self._session(roles.Factory(on, mode_of(named), opening), call, values, named, frame)
            case "sqlalchemy.orm.sessionmaker" | "sqlalchemy.ext.asyncio.async_sessionmaker":
                on, opening = self._on(named.get("bind", first), frame)
                return roles.Factory(on, mode_of(named), opening)
            case "sqlalchemy.orm.scoped_session":
                return first if isinstance(first, roles.Factory) else closed
            case (
                "sqlalchemy.create_engine"
                | "sqlalchemy.ext.asyncio.create_async_engine"
                | "sqlalchemy.engine_from_config"
            ):
                self._open(call, frame)
                return roles.Engine(frame.spot(call.span))
            case "sqlalchemy.text" | "sqlalchemy.DDL":
                text = first.value if isinstance(first, ex.Literal) and isinstance(first.value, str) else None
                return roles.Sql(text, closed)
            case "textwrap.dedent" | "inspect.cleandoc" if isinstance(first, ex.Literal):
                return first
            case "alembic.context.get_bind":
                return roles.Bind()
            case "alembic.context.get_context" | "alembic.migration.MigrationContext.configure":
                return roles.Context()
            case "alembic.runtime.migration.MigrationContext.configure":
                return roles.Context()
            case "sqlalchemy.inspect":
                return closed
            case _:
                if name.startswith("alembic.op."):
                    return self._directive(roles.Ops(), name.removeprefix("alembic.op."), call, closed, values, frame)
                if live and not name.startswith(("sqlalchemy.", "builtins.")):
                    self._note(
                        Unresolved(frame.spot(call.span), frame.scope, ex.dotted(call.function) or name, live), frame
                    )
                return closed


_NOWHERE = ex.Name(Span(1, 1, 1, 1), "")


def _expression(value: Value, written: ex.Expr) -> ex.Expr:
    if isinstance(value, roles.Sql | roles.Query):
        return value.expression
    return written if isinstance(value, roles.Role) else value
