"""What methods of Alembic's objects, connections and Sessions do."""

from typing import TYPE_CHECKING

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.project.migrations import directives, roles
from sqlalint.project.migrations.fold import written
from sqlalint.project.migrations.operations import (
    Batch,
    Creation,
    Directive,
    Execution,
    Opening,
    Transaction,
    Unresolved,
    text_of,
)
from sqlalint.project.migrations.roles import Value

if TYPE_CHECKING:
    from sqlalint.project.migrations.walk import Frame, Walk

_EXECUTES = frozenset({"execute", "exec_driver_sql", "scalar", "scalars", "exec", "executemany", "stream"})
_WRITES = frozenset(
    {"add", "add_all", "delete", "merge", "bulk_insert_mappings", "bulk_save_objects", "bulk_update_mappings", "flush"}
)
_TRANSACTS = frozenset({"commit", "rollback", "begin", "begin_nested"})
MODULE = 99  # the depth of frames that stand for the level of a module


class Calls:
    """The calls that migrations are about; each is told to the walk as a step."""

    def __init__(self, walk: "Walk") -> None:
        self._walk = walk
        self._constant_depth = 0

    def value(self, expression: ex.Expr, frame: "Frame") -> Value:
        """What an expression is."""
        raise NotImplementedError

    def _closed(self, expressions: tuple[ex.Expr, ...], frame: "Frame") -> tuple[ex.Expr, ...]:
        raise NotImplementedError

    def _method(
        self, of: roles.Role, name: str, call: ex.Call, closed: ex.Call, values: list[Value],
        named: dict[str | None, Value], frame: "Frame",
    ) -> Value:  # fmt: skip
        match of:
            case roles.Ops():
                return self._directive(of, name, call, closed, values, frame)
            case roles.Bind():
                return self._on_bind(name, call, closed, values, frame)
            case roles.Context():
                if name == "autocommit_block":
                    return roles.Autocommit()
                return roles.Trans("context") if name == "begin_transaction" else closed
            case roles.Engine():
                return self._on_engine(of, name, call, frame)
            case roles.Connection(opening=opening):
                if name in _EXECUTES:
                    self._execute("other", name, closed, values, call, frame, opening)
                elif name in _TRANSACTS:
                    self._transact("other", name, call, frame)
                    return of if name.startswith("begin") else closed
                return of if name in ("execution_options", "connect") else closed
            case roles.Dbapi():
                if name in _TRANSACTS:
                    self._transact("dbapi", name, call, frame)
                elif name in ("execute", "executemany"):
                    self._execute("bind", name, closed, values, call, frame)
                return of if name == "cursor" else closed
            case roles.Trans(on=on):
                if name in _TRANSACTS:
                    self._transact("bind transaction" if on == "bind" else on, name, call, frame)
                return closed
            case roles.Session():
                return self._on_session(of, name, call, closed, values, frame)
            case roles.Query():
                return self._on_query(of, name, closed, call, frame)
            case roles.Factory():
                if name == "begin":
                    return self._session(of, call, values, named, frame)
                if name == "configure" and "bind" in named:  # the variable stands for another factory from here on
                    self._reconfigure(call, of, named, frame)
                return closed
            case roles.Sql():
                return roles.Sql(of.text, closed) if name in ("bindparams", "execution_options", "columns") else closed
            case _:
                return closed

    def _reconfigure(self, call: ex.Call, of: roles.Factory, named: dict[str | None, Value], frame: "Frame") -> None:
        target = call.function.value if isinstance(call.function, ex.Attribute) else None
        if isinstance(target, ex.Name):
            frame.names[target.id] = roles.Factory(self._on(named["bind"], frame)[0], of.mode)

    def _directive(
        self, ops: roles.Ops, name: str, call: ex.Call, closed: ex.Call, values: list[Value], frame: "Frame"
    ) -> Value:
        at = frame.spot(call.span)
        match name:
            case "get_bind":
                return roles.Bind()
            case "get_context":
                return roles.Context()
            case "f" | "inline_literal" | "implementation_for" | "register_operation":
                return closed
            case "batch_alter_table":
                arguments = dict(directives.bound(name, closed, in_batch=False)[0])
                return roles.Ops(Batch(text_of(arguments.get("table_name")), text_of(arguments.get("schema")), at))
            case "execute":
                self._execute("op", name, closed, values, call, frame)
                return closed
            case _:
                in_batch = ops.batch is not None
                arguments_, rest, complete = directives.bound(name, closed, in_batch=in_batch)
                spans = directives.spans(name, call, in_batch=in_batch)
                self._note(Directive(at, frame.scope, name, ops.batch, arguments_, rest, complete, spans), frame)
                return closed

    # --- connections and Sessions ---

    def _on_bind(self, name: str, call: ex.Call, closed: ex.Call, values: list[Value], frame: "Frame") -> Value:
        if name in _EXECUTES:
            self._execute("bind", name, closed, values, call, frame)
            return closed
        if name in _TRANSACTS:
            self._transact("bind", name, call, frame)
            return roles.Trans("bind" if name == "begin" else "savepoint") if name.startswith("begin") else closed
        if name in ("get_transaction", "get_nested_transaction"):
            return roles.Trans("bind" if name == "get_transaction" else "savepoint")
        return roles.Bind() if name in ("execution_options", "connect", "_branch") else closed

    def _on_engine(self, engine: roles.Engine, name: str, call: ex.Call, frame: "Frame") -> Value:
        if name in ("connect", "begin", "raw_connection", "engine"):
            if name == "engine":
                return engine
            opening = engine.opening
            if opening is None:
                self._open(call, frame)
                opening = frame.spot(call.span)
            return roles.Connection(opening)
        if name in _EXECUTES:
            opening = engine.opening
            if opening is None:
                self._open(call, frame)
                opening = frame.spot(call.span)
            closed = ex.Call(call.span, call.function, self._closed(call.arguments, frame))
            self._execute("other", name, closed, list(closed.arguments), call, frame, opening)
        return engine if name == "execution_options" else call

    def _on(self, bind: Value | None, frame: "Frame") -> tuple[str, Spot | None]:
        """What a Session with that bind works on, and where its connection was opened."""
        match bind:
            case roles.Bind():
                return "bind", None
            case roles.Engine(opening=opening):
                return "other", opening
            case roles.Connection(opening=opening):
                return "other", opening
            case roles.Method(of=roles.Engine()):
                return "other", None
            case None:
                return "unbound", None
            case _:
                # At the level of a module there is no bind of Alembic's: whatever it is, it is another connection.
                return ("other" if frame.depth == MODULE else "unknown"), None

    def _session(
        self, factory: roles.Factory, call: ex.Call, values: list[Value], named: dict[str | None, Value], frame: "Frame",
    ) -> Value:  # fmt: skip
        on, mode, opening = factory.on, mode_of(named) or factory.mode, factory.opening
        if "bind" in named:
            on, opening = self._on(named["bind"], frame)
        elif values and isinstance(values[0], roles.LIVE):
            on, opening = self._on(values[0], frame)
        if on == "other" and opening is None:
            self._open(call, frame)
            opening = frame.spot(call.span)
        return roles.Session(on, mode, opening)

    def _open(self, expression: ex.Expr, frame: "Frame") -> Value:
        """Note that a connection of its own is opened here; a Session on it."""
        at = frame.spot(expression.span)
        if not any(isinstance(s, Opening) and s.at == at for s in self._walk.steps):
            self._note(Opening(at, frame.scope, written(expression)), frame)
        return roles.Session("other", opening=at)

    def _on_session(
        self, session: roles.Session, name: str, call: ex.Call, closed: ex.Call, values: list[Value], frame: "Frame"
    ) -> Value:
        through = {"bind": "session", "other": "other"}.get(session.on, "session")
        if name in _EXECUTES:
            self._execute(through, name, closed, values, call, frame, session.opening)
            return closed
        if name in _TRANSACTS:
            on = "session" if session.on == "bind" else "other" if session.on == "other" else "unknown"
            self._transact(on, name, call, frame, session.mode)
            return roles.Trans("savepoint") if name.startswith("begin") else closed
        if name in ("connection", "get_bind"):
            return roles.Bind() if session.on == "bind" else closed
        if name in ("close", "remove") and self._walk.steps:
            last = self._walk.steps[-1]
            if isinstance(last, Opening) and last.at == session.opening:  # it was named to be closed, and did nothing
                self._walk.steps.pop()
        if name in _WRITES:
            self._note(
                Execution(frame.spot(call.span), frame.scope, through, name, None, closed, session.opening), frame
            )
        if name in ("query", "get", "get_one"):
            self._note(
                Execution(frame.spot(call.span), frame.scope, through, "query", None, closed, session.opening), frame
            )
            return roles.Query(session, closed)
        return session if name in ("__enter__", "__call__") else closed

    def _on_query(self, query: roles.Query, name: str, closed: ex.Call, call: ex.Call, frame: "Frame") -> Value:
        whole = ex.Call(
            closed.span, ex.Attribute(closed.span, query.expression, name), closed.arguments, closed.keywords
        )
        if name in ("update", "delete"):
            session = query.session
            through = "other" if session.on == "other" else "session"
            self._note(
                Execution(frame.spot(call.span), frame.scope, through, name, None, whole, session.opening), frame
            )
            return whole
        ends = ("all", "first", "one", "one_or_none", "scalar", "count", "exists", "get", "yield_per")
        return whole if name in ends else roles.Query(query.session, whole)

    # --- noting ---

    def _execute(
        self, through: str, verb: str, closed: ex.Call, values: list[Value], call: ex.Call, frame: "Frame",
        opening: Spot | None = None,
    ) -> None:  # fmt: skip
        first = values[0] if values else None
        if first is None:
            named = next((k.value for k in call.keywords if k.name in ("sqltext", "statement", "object_")), None)
            first = self.value(named, frame) if named is not None else None
        sql = (
            first.text
            if isinstance(first, roles.Sql)
            else text_of(first)
            if not isinstance(first, roles.Role)
            else None
        )
        expression = closed.arguments[0] if closed.arguments else None
        self._note(Execution(frame.spot(call.span), frame.scope, through, verb, sql, expression, opening), frame)

    def _transact(self, on: str, verb: str, call: ex.Call, frame: "Frame", mode: str = "") -> None:
        function = call.function
        name_at = frame.spot(function.name_span) if isinstance(function, ex.Attribute) else None
        self._note(Transaction(frame.spot(call.span), frame.scope, on, verb, written(call), mode, name_at), frame)

    def _note(
        self, step: Directive | Execution | Transaction | Opening | Creation | Unresolved, frame: "Frame"
    ) -> None:
        if not self._constant_depth:
            self._walk.add(step)


def mode_of(named: dict[str | None, Value]) -> str:
    """A Session's `join_transaction_mode`, "" where it is not said."""
    mode = named.get("join_transaction_mode")
    return mode.value if isinstance(mode, ex.Literal) and isinstance(mode.value, str) else ""
