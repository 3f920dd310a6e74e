"""`upgrade()` and `downgrade()` walked through: statements, branches, loops, blocks, and the functions they call.

Nothing is executed. Both branches of a condition are walked, a loop over literals once for each of them, any other loop
once. What a value is, beyond its expression, is one of `roles`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from sqlalint.facts import statement as st
from sqlalint.facts.expression import Attribute, Call, Collection, Compare, Expr, Literal, Mapping, Name, dotted, walk
from sqlalint.facts.span import Span, Spot
from sqlalint.project.migrations import roles
from sqlalint.project.migrations.evaluate import Evaluation
from sqlalint.project.migrations.operations import Body, Guard, Scope, Step, Unresolved
from sqlalint.project.migrations.roles import Value
from sqlalint.project.project import Project

_UNROLLED = 60  # a literal with more entries is walked once
_STEPS = 4_000
_DEEPEST = 6
_DIALECTS = ("postgresql", "postgres", "sqlite", "mysql", "mariadb", "oracle", "mssql", "cockroachdb")
_ASKS = (
    "has_table", "get_table_names", "get_columns", "get_indexes", "has_index", "get_foreign_keys", "get_view_names",
    "get_unique_constraints", "get_check_constraints", "get_pk_constraint", "get_enums", "table_names", "get_tables",
    "inspect", "exist", "missing", "inspector", "information_schema", "to_regclass", "pg_indexes", "sqlite_master",
)  # fmt: skip


@dataclass
class Frame:
    """Where the walk is: a function's file and definition, its variables, and what is around the statement."""

    path: str
    definition: str
    names: dict[str, Value]
    scope: Scope = field(default_factory=Scope)
    depth: int = 0
    returned: list[Value] = field(default_factory=list)

    def spot(self, span: Span) -> Spot:
        """A span of the definition as a spot."""
        return Spot(self.path, self.definition, span)

    def within(self, scope: Scope) -> "Frame":
        """The same function in another scope; variables are shared."""
        return Frame(self.path, self.definition, self.names, scope, self.depth, self.returned)


class Walk:
    """One walk through a function of a revision and what it calls."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.steps: list[Step] = []
        self.raises = False
        self._active: list[tuple[str, str]] = []
        self._evaluation = Evaluation(self)

    def body(self, path: str, key: str) -> Body:
        """What the function does."""
        function = self.project.function(path, key)
        if function is None:
            return Body((), understood=False)
        names: dict[str, Value] = {}
        for parameter in function.parameters:
            kind = parameter.kind in ("positional", "keyword")
            if kind and (parameter.name == "op" or self._is_operations(path, parameter.annotation)):
                names[parameter.name] = roles.Ops()
        self._run(function, Frame(path, key, names))
        understood = not any(isinstance(s, Unresolved) for s in self.steps) and len(self.steps) < _STEPS
        return Body(tuple(self.steps), understood, self.raises)

    def add(self, step: Step) -> None:
        """Note a step, unless there are too many already."""
        if len(self.steps) < _STEPS:
            self.steps.append(step)

    def call(self, callee: roles.Callee, arguments: dict[str, Value], at: Spot, frame: Frame) -> Value | None:
        """Walk through a called function with its parameters bound; None where it was not entered."""
        function = callee.function or self.project.function(callee.path, callee.key)
        place = (callee.path, callee.key)
        if function is None or frame.depth >= _DEEPEST or place in self._active:
            return None
        scope = msgspec.structs.replace(frame.scope, calls=(*frame.scope.calls, at))
        definition = frame.definition if callee.function else callee.key
        names = {**frame.names, **arguments} if callee.function else arguments
        inner = Frame(callee.path, definition, names, scope, frame.depth + 1)
        self._active.append(place)
        raised = self.raises
        try:
            self._run(function, inner)
        finally:
            self._active.pop()
            self.raises = raised
        known = [v for v in inner.returned if isinstance(v, roles.Role)]
        return known[0] if known else inner.returned[0] if inner.returned else Literal(at.span, None)

    def _is_operations(self, path: str, annotation: Expr | None) -> bool:
        symbol = self.project.resolve(path, dotted(annotation) or "") if annotation else None
        return getattr(symbol, "name", "") in ("alembic.op", "alembic.operations.Operations")

    def _run(self, function: st.Function, frame: Frame) -> None:
        for parameter in function.parameters:
            if parameter.name not in frame.names:
                default = parameter.default
                known = default is not None and parameter.kind != "args"
                frame.names[parameter.name] = (
                    self._evaluation.value(default, frame)
                    if known and default is not None
                    else Name(parameter.span, parameter.name)
                )
        ends = self._block(function.body, frame)
        self.raises = self.raises or ends == "raise"

    # --- statements ---

    def _block(self, body: Iterable[st.Statement], frame: Frame) -> str:
        """Walk statements; says how the block surely ends: `return`, `raise`, `jump`, or "" where it goes on."""
        for statement in body:
            ends = self._statement(statement, frame)
            if ends:
                return ends
        return ""

    def _statement(self, statement: st.Statement, frame: Frame) -> str:
        match statement:
            case st.Assign(targets=targets, value=value) if value is not None:
                found = self._evaluation.value(value, frame)
                for target in targets:
                    self._bind(target, found, frame)
            case st.Augment(target=target, value=value):
                self._evaluation.value(value, frame)
                if isinstance(target, Name):
                    frame.names[target.id] = Name(target.span, target.id)
            case st.Evaluate(value=value):
                self._evaluation.value(value, frame)
            case st.Return(value=value):
                if value is not None:
                    frame.returned.append(self._evaluation.value(value, frame))
                return "return"
            case st.Raise():
                return "raise"
            case st.Jump():
                return "jump"
            case st.If():
                return self._if(statement, frame)
            case st.For():
                self._for(statement, frame)
            case st.While(test=test, body=body):
                self._evaluation.value(test, frame)
                self._looped(body, frame)
            case st.With():
                return self._with(statement, frame)
            case st.Try():
                return self._try(statement, frame)
            case st.Match(subject=subject, cases=cases):
                self._evaluation.value(subject, frame)
                for case in cases:
                    self._block(case.body, self._guarded(frame, Guard("other")))
            case st.Function(name=name):
                frame.names[name] = roles.Callee(frame.path, f"{frame.definition}.<locals>.{name}", statement)
            case st.Import():
                self._import(statement, frame)
            case st.Assert(test=test):
                self._evaluation.value(test, frame)
            case _:
                pass
        return ""

    def _bind(self, target: Expr, value: Value, frame: Frame) -> None:
        match target:
            case Name(id=name):
                frame.names[name] = value
            case Collection(items=items):
                parts = value.items if isinstance(value, Collection) else ()
                for place, item in enumerate(items):
                    known = len(parts) == len(items)
                    self._bind(item, parts[place] if known else _unknown(item), frame)
            case _:
                pass

    def _if(self, statement: st.If, frame: Frame) -> str:
        self._evaluation.value(statement.test, frame)
        known = self._evaluation.truth(statement.test, frame)
        if known is not None:
            return self._block(statement.body if known else statement.otherwise, frame)
        guard = self.guard(statement.test, frame)
        yes = self._branch(statement.body, frame, guard)
        no = self._branch(statement.otherwise, frame, msgspec.structs.replace(guard, negated=not guard.negated))
        first, second = yes[1].names, no[1].names
        for name in {*first, *second}:
            here, there = first.get(name), second.get(name)
            better = here if here == there or isinstance(here, roles.Role) else there
            frame.names[name] = better if better is not None else here  # type: ignore[assignment]
        if yes[0] and no[0]:
            return yes[0] if yes[0] == no[0] else "return"
        if yes[0] or no[0]:  # an early end: what follows runs under the other branch's condition
            rest = guard if no[0] else msgspec.structs.replace(guard, negated=not guard.negated)
            frame.scope = msgspec.structs.replace(frame.scope, guards=(*frame.scope.guards, rest))
        return ""

    def _branch(self, body: Iterable[st.Statement], frame: Frame, guard: Guard) -> tuple[str, Frame]:
        inner = self._guarded(frame, guard)
        inner.names = dict(frame.names)
        return self._block(body, inner), inner

    def _guarded(self, frame: Frame, guard: Guard) -> Frame:
        return frame.within(msgspec.structs.replace(frame.scope, guards=(*frame.scope.guards, guard)))

    def guard(self, test: Expr, frame: Frame) -> Guard:
        """What a condition asks."""
        dialects: list[str] = []
        asks = negated = False
        named = {n.id for n in walk(test) if isinstance(n, Name)}
        for part in walk(test):
            word = part.name if isinstance(part, Attribute) else part.id if isinstance(part, Name) else ""
            if word in ("is_offline_mode", "as_sql"):
                return Guard("offline")
            if isinstance(part, Literal) and part.value in _DIALECTS:
                dialects.append(str(part.value).replace("postgres", "postgresql").replace("qlql", "ql"))
            if isinstance(part, Compare) and part.operators[0] in ("!=", "not in"):
                negated = True
            asks = asks or any(word.lower().startswith(a) or a in word.lower() for a in _ASKS)
        asks = asks or any(self._was_asked(frame.names.get(n)) for n in named)
        if dialects:
            return Guard("dialect", tuple(dialects), negated)
        if not asks and any(isinstance(p, Attribute | Name) and "dialect" in (dotted(p) or "") for p in walk(test)):
            return Guard("dialect")
        return Guard("exists" if asks else "other")

    def _was_asked(self, value: Value | None) -> bool:
        """Whether a variable holds something read from the database's catalogue."""
        if value is None or isinstance(value, roles.Role):
            return False
        words = (p.name if isinstance(p, Attribute) else p.id for p in walk(value) if isinstance(p, Attribute | Name))
        return any(a in w.lower() for w in words for a in _ASKS)

    def _for(self, statement: st.For, frame: Frame) -> None:
        rows = self.rows(self._evaluation.value(statement.iterable, frame))
        if rows is None or len(rows) > _UNROLLED:
            self._bind(statement.target, _unknown(statement.target), frame)
            self._looped(statement.body, frame)
        else:
            for row in rows:
                self._bind(statement.target, row, frame)
                if self._block(statement.body, frame.within(frame.scope)) in ("return", "raise"):
                    break
        self._block(statement.otherwise, frame)

    def rows(self, iterable: Value) -> tuple[Expr, ...] | None:
        """What a loop over literals goes through; None where that is not known."""
        match iterable:
            case Collection(items=items):
                return items
            case Mapping(keys=keys):
                known = tuple(k for k in keys if k is not None)
                return known if len(known) == len(keys) else None
            case Call(function=Attribute(value=Mapping(keys=keys, values=values), name=name)) if None not in keys:
                known = tuple(k for k in keys if k is not None)
                if name == "items":
                    pairs = zip(known, values, strict=True)
                    return tuple(Collection(k.span, "tuple", (k, v)) for k, v in pairs)
                return {"keys": known, "values": values}.get(name)
            case Call(function=Name(id="reversed" | "list" | "tuple" | "sorted" as how), arguments=(inner,)):
                found = self.rows(inner)
                return tuple(reversed(found)) if found and how == "reversed" else found
            case _:
                return None

    def _looped(self, body: Iterable[st.Statement], frame: Frame) -> None:
        self._block(body, frame.within(msgspec.structs.replace(frame.scope, loop=True)))

    def _with(self, statement: st.With, frame: Frame) -> str:
        scope = frame.scope
        for item in statement.items:
            found = self._evaluation.value(item.value, frame)
            if isinstance(found, roles.Autocommit):
                scope = msgspec.structs.replace(scope, autocommit=True)
            if item.target is not None:
                self._bind(item.target, found, frame)
        return self._block(statement.body, frame.within(scope))

    def _try(self, statement: st.Try, frame: Frame) -> str:
        ends = self._block(statement.body, frame)
        for handler in statement.handlers:
            raises = bool(handler.body) and isinstance(handler.body[-1], st.Raise)
            self._block(handler.body, self._guarded(frame, Guard("reraised" if raises else "handler")))
        if not ends:
            ends = self._block(statement.otherwise, frame)
        return self._block(statement.finally_, frame) or ("" if statement.handlers and ends == "raise" else ends)

    def _import(self, statement: st.Import, frame: Frame) -> None:
        """An import inside a function: the module level's own import of the same name is hidden."""
        found = self._evaluation.imported(statement, frame.path)
        alias = statement.alias.partition(".")[0]
        frame.names[alias] = found if found is not None else Name(statement.span, alias)


def _unknown(target: Expr) -> Expr:
    """A variable that nothing is known of: its own name, which nothing resolves inside the function."""
    return target
