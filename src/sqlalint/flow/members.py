"""What names at the level of modules stand for, and what attributes of values are."""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import START, Span
from sqlalint.flow import calls, carriers, hints, reads, reflect
from sqlalint.flow import statements as sm
from sqlalint.flow import values as v
from sqlalint.flow.annotations import SESSIONS
from sqlalint.flow.frame import Frame
from sqlalint.project.symbols import UNKNOWN, Definition, External, Module, Symbol

MAX_INLINE = 3


class Members:
    """Looks up names and attributes for one frame; `evaluate` gives the value of an expression in another frame."""

    def __init__(self, frame: Frame, evaluate: Callable[[Frame, ex.Expr], v.Value]) -> None:
        self.frame = frame
        self._evaluate = evaluate

    def of_symbol(self, symbol: Symbol) -> v.Value:
        """The value of something at the level of a module."""
        match symbol:
            case External(name=name):
                return hints.of_library(self.frame.questions, name) or v.ExternalRef(name)
            case Module(path=path):
                return v.ModuleRef(path)
            case Definition(path=path, key=key, rest=rest):
                value = self._definition(path, key)
                for part in rest:
                    value = self.member(value, part, START)
                return value
            case _:
                return v.UNKNOWN

    def valued(self, path: str, key: str, expression: ex.Expr) -> v.Value:
        """The value of an expression that stands in a class's body or at the level of a module."""
        inner = f"{key}.{expression.id}" if isinstance(expression, ex.Name) else ""
        if inner and self.frame.questions.class_(path, inner) is not None:
            return v.ClassRef(f"{path}::{inner}")
        frame = Frame(self.frame.questions, path, key, self.frame.callees)
        frame.inlined = self.frame.inlined + 1
        return self._evaluate(frame, expression) if frame.inlined <= MAX_INLINE else v.UNKNOWN

    def _definition(self, path: str, key: str) -> v.Value:
        class_id = f"{path}::{key}"
        questions = self.frame.questions
        if questions.model(class_id) is not None:
            return v.ModelClass(class_id)
        found = questions.statement(path, key)
        hint = hints.of_definition(questions, class_id)
        if hint is not None and not isinstance(found, st.Function | st.Class):
            return hint
        match found:
            case st.Class():
                bases = questions.external_bases(class_id)
                session = next((SESSIONS[b] for b in bases if b in SESSIONS), None)
                if isinstance(session, v.Session):
                    return v.Factory(replace(session, class_id=class_id))
                return v.ClassRef(class_id)
            case st.Function():
                return v.FunctionRef(path, key)
            case st.Assign(annotation=annotation) if annotation is not None and found.value is None:
                return self.frame.annotations.value(annotation, path)
            case st.Assign(value=value) if value is not None:
                return self._global(path, key, value)
            case _:
                entry_is_function = found is None and "." not in key
                return v.FunctionRef(path, key) if entry_is_function else v.UNKNOWN

    def _global(self, path: str, key: str, value: ex.Expr) -> v.Value:
        """A module's variable: its value evaluated where it stands."""
        if self.frame.inlined >= MAX_INLINE:
            return v.UNKNOWN
        frame = Frame(self.frame.questions, path, key, self.frame.callees)
        frame.inlined = self.frame.inlined + 1
        found = self._evaluate(frame, value)
        keeps = isinstance(
            found,
            v.Statement | v.Option | v.Session | v.Factory | v.ModelClass | v.Items | v.Attribute | v.FunctionRef
            | v.ClassRef | v.Object | v.Literal | v.Many | v.ExternalRef | v.Schema | v.Partial | v.Getter,
        )  # fmt: skip
        if isinstance(found, v.Instance) or not keeps:
            return self._library_object(path, value) or v.UNKNOWN
        return found

    def _library_object(self, path: str, value: ex.Expr) -> v.Value | None:
        """`db = SQLAlchemy()`: an object of a library that data files describe."""
        name = ex.dotted(value.function) if isinstance(value, ex.Call) else None
        symbol = self.frame.questions.resolve(path, name) if name else UNKNOWN
        if isinstance(symbol, External) and symbol.name in self.frame.questions.project.libraries.objects:
            return v.ExternalRef(f"{symbol.name}()")
        if isinstance(symbol, Definition):
            for base in self.frame.questions.external_bases(f"{symbol.path}::{symbol.key}"):
                if base in self.frame.questions.project.libraries.objects:
                    return v.ExternalRef(f"{base}()")
        return None

    # --- attributes ---

    def member(self, receiver: v.Value, name: str, at: Span) -> v.Value:
        """What `receiver.name` is; `at` is what a read would be blamed on."""
        match receiver:
            case v.Instance(model=model):
                found = reads.attribute(self.frame, receiver, name, at)
                if not isinstance(found, v.Unknown):
                    return found
                said = hints.of_attribute(self.frame.questions, model, name)
                return said or reflect.of_object(model, name) or found
            case v.Mapped():
                return reflect.member(self.frame, receiver, name)
            case v.Method(receiver=v.Instance() as owner, name="awaitable_attrs"):
                reads.refreshed(self.frame, owner, name, "refresh", at)
                return v.Awaitable(reads.attribute(self.frame, owner, name, at))
            case v.ModelClass(model=model, alias=alias):
                return self._of_model(model, alias, name, at)
            case v.ExternalRef(name=base):
                return self._of_library(base, name)
            case v.ModuleRef(path=path):
                return self.of_symbol(self.frame.questions.resolve(path, name))
            case v.Items(items=items, names=names) if name in names:
                return items[names.index(name)]
            case v.Pairs(by_name=by_name):
                return by_name.get(name, v.Method(receiver, name))
            case v.Super():
                return self._behind(receiver, name)
            case v.Object(class_id=class_id) | v.ClassRef(class_id=class_id):
                return self._of_object(receiver, class_id, name, at)
            case v.Unknown():
                return v.Method(receiver, name) if receiver.rows else v.UNKNOWN
            case v.Session() if name in ("sync_session", "session_factory"):
                return v.UNKNOWN
            case v.Literal() | v.Closure() | v.FunctionRef():
                return v.UNKNOWN
            case _:
                return v.Method(receiver, name)

    def _of_model(self, model_id: str, alias: int, name: str, at: Span) -> v.Value:
        model = self.frame.questions.model(model_id)
        if model is None:
            return v.UNKNOWN
        if name in model.columns or name in model.relationships or name in model.column_properties:
            return v.Attribute(model_id, name, alias)
        if name in model.hybrids:
            return v.Criterion()
        if name in model.methods:
            path, _, key = model.methods[name].partition("::")
            return v.FunctionRef(path, key, v.ModelClass(model_id))
        if name == "query":  # Flask-SQLAlchemy's and `query_property()`'s
            return sm.selected([v.ModelClass(model_id)], True, self.frame.spot(at), None)
        return reflect.of_object(model_id, name) or v.UNKNOWN if name == "__mapper__" else v.UNKNOWN

    def _of_library(self, base: str, name: str) -> v.Value:
        libraries = self.frame.questions.project.libraries
        if base.endswith("()"):
            known = libraries.objects.get(base[:-2])
            if known is None:
                return v.UNKNOWN
            if name in known.sessions:
                return v.Session(is_async="async" in name, expiry=v.LIBRARY)
            full = f"{base[:-2]}.{name}"
            if full in libraries.returns or full in libraries.names:
                return v.ExternalRef(libraries.canonical(full))
            if known.namespaces:
                module = "sqlalchemy.orm" if name in _ORM_NAMES else "sqlalchemy"
                return v.ExternalRef(libraries.canonical(f"{module}.{name}"))
            return v.UNKNOWN
        canonical = libraries.canonical(f"{base}.{name}")
        return hints.of_library(self.frame.questions, canonical) or v.ExternalRef(canonical)

    def _behind(self, found: v.Super, name: str) -> v.Value:
        """A method behind a class in the method resolution order of the receiver's class."""
        class_id = v.class_of(found.receiver)
        owner = self.frame.questions.member(class_id, name, found.class_id) if class_id else None
        if owner is None:
            return v.UNKNOWN
        path, _, key = owner.partition("::")
        return v.FunctionRef(path, f"{key}.{name}", found.receiver, is_fixed=True)

    def _of_object(self, receiver: v.Object | v.ClassRef, class_id: str, name: str, at: Span) -> v.Value:
        """A method or attribute of an instance of a project's class."""
        questions = self.frame.questions
        if isinstance(receiver, v.Object) and name in receiver.held:
            return receiver.held[name]
        owner, hint = questions.member(class_id, name), hints.of_attribute(questions, class_id, name)
        if owner is not None:
            path, _, key = owner.partition("::")
            function = questions.function(path, f"{key}.{name}")
            method = v.FunctionRef(path, f"{key}.{name}", receiver)
            if function is not None and _is_property(function) and isinstance(receiver, v.Object):
                if hint is not None:
                    return hint
                return self.frame.callees.called(self.frame, at, method, [], {}) if self.frame.callees else v.UNKNOWN
            return method
        if hint is not None:
            return hint
        for ancestor in questions.mro(class_id):
            path, _, key = ancestor.partition("::")
            found = self.frame.once(("declared", path, key, name), partial(self._declared, path, key, name))
            if found is not None and found != v.UNKNOWN:
                return found
        return carriers.fixed(self.frame, class_id, name, self.of_symbol)

    def _declared(self, path: str, key: str, name: str) -> v.Value | None:
        """An attribute that a class's body or its `__init__` declares."""
        class_ = self.frame.questions.class_(path, key)
        for statement in class_.body if class_ else ():
            if isinstance(statement, st.Assign) and ex.dotted(statement.targets[0]) == name:
                if statement.annotation is not None:
                    return self.frame.annotations.value(statement.annotation, path)
                return self._assigned(path, key, statement.value) if statement.value is not None else v.UNKNOWN
        init = self.frame.questions.function(path, f"{key}.__init__")
        return self._initialised(init, path, name) if init else None

    def _assigned(self, path: str, key: str, value: ex.Expr) -> v.Value:
        """What a class's body assigns, where that may be a class inside it."""
        inner = f"{key}.{value.id}" if isinstance(value, ex.Name) else ""
        if inner and self.frame.questions.class_(path, inner) is not None:
            return v.ClassRef(f"{path}::{inner}")
        return self._global(path, key, value)

    def _initialised(self, init: st.Function, path: str, name: str) -> v.Value | None:
        annotations = {p.name: p.annotation for p in init.parameters}
        for statement in st.walk_statements(init.body):
            if isinstance(statement, st.Assign) and ex.dotted(statement.targets[0]) == f"self.{name}":
                if statement.annotation is not None:
                    return self.frame.annotations.value(statement.annotation, path)
                if isinstance(statement.value, ex.Name):
                    return self.frame.annotations.value(annotations.get(statement.value.id), path)
                if isinstance(statement.value, ex.Call):
                    called = ex.dotted(statement.value.function)
                    symbol = self.frame.questions.resolve(path, called) if called else UNKNOWN
                    return self._made(symbol)
                return v.UNKNOWN
        return None

    def _made(self, symbol: Symbol) -> v.Value:
        """What calling a class gives, for classes only."""
        if isinstance(symbol, Definition) and not symbol.rest:
            class_id = f"{symbol.path}::{symbol.key}"
            if self.frame.questions.class_(symbol.path, symbol.key) and not self.frame.questions.model(class_id):
                return v.Object(class_id)
        if isinstance(symbol, External):
            return calls.external(self.frame, symbol.name, [], {}, START)
        return v.UNKNOWN


def _is_property(function: st.Function) -> bool:
    names = [(ex.dotted(d) or "").rpartition(".")[2] for d in function.decorators]
    return any(n in ("property", "cached_property", "hybrid_property") for n in names)


_ORM_NAMES = frozenset(
    """
    relationship backref joinedload selectinload subqueryload contains_eager lazyload defaultload immediateload noload
    raiseload load_only defer undefer Load aliased with_parent Session sessionmaker scoped_session Query column_property
    deferred mapped_column Mapped declared_attr
    """.split()
)
