"""What an annotation says of a value: models, sequences of them, sessions, statements, results."""

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.lower import expression_of
from sqlalint.facts.statement import Assign
from sqlalint.flow import values as v
from sqlalint.flow.questions import Questions
from sqlalint.project.symbols import UNKNOWN, Definition, External, Module, Symbol

_SEQUENCES = frozenset(
    """
    list List Sequence Iterable Iterator Collection set Set frozenset FrozenSet MutableSequence Generator AsyncIterator
    AsyncIterable AsyncGenerator InstrumentedList deque KeysView ValuesView AbstractSet
    """.split()
)
_HELD = frozenset({"list", "List", "Sequence", "Collection", "MutableSequence", "InstrumentedList", "deque"})
_MAPS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict", "DefaultDict"})
_TRANSPARENT = frozenset(
    {"Annotated", "Final", "ClassVar", "Mapped", "Optional", "Required", "NotRequired", "ReadOnly"}
)
_AWAITED = frozenset({"Awaitable", "Coroutine", "Future", "Task"})
_CONTEXTS = frozenset(
    {"ContextManager", "AsyncContextManager", "AbstractContextManager", "AbstractAsyncContextManager"}
)

SESSIONS: dict[str, v.Value] = {
    "sqlalchemy.orm.Session": v.Session(),
    "sqlalchemy.orm.scoped_session": v.Session(),
    "sqlalchemy.ext.asyncio.AsyncSession": v.Session(is_async=True, kind="AsyncSession"),
    "sqlalchemy.ext.asyncio.async_scoped_session": v.Session(is_async=True, kind="async_scoped_session"),
    "sqlalchemy.orm.sessionmaker": v.Factory(v.Session()),
    "sqlalchemy.ext.asyncio.async_sessionmaker": v.Factory(v.Session(is_async=True, kind="AsyncSession")),
    "sqlalchemy.Connection": v.Session(core=True),
    "sqlalchemy.Engine": v.Session(core=True),
    "sqlalchemy.ext.asyncio.AsyncConnection": v.Session(is_async=True, core=True, kind="AsyncConnection"),
    "sqlalchemy.ext.asyncio.AsyncEngine": v.Session(is_async=True, core=True, kind="AsyncEngine"),
}
_DEEPEST = 12


class Annotations:
    """Reads annotations of one project."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions

    def value(self, annotation: ex.Expr | None, path: str, depth: int = 0) -> v.Value:
        """The value that an annotation in a file promises, from an unknown origin. Without a file its names are full."""
        if annotation is None or depth > _DEEPEST:
            return v.UNKNOWN
        match annotation:
            case ex.Literal(value=str() as text):
                return self.value(expression_of(text), path, depth + 1)
            case ex.Literal(value=None):
                return v.NONE
            case ex.Name() | ex.Attribute():
                name = ex.dotted(annotation)
                return self._named(name, path, (), path, depth) if name else v.UNKNOWN
            case ex.Subscript(value=base, index=index):
                name = ex.dotted(base)
                items = index.items if isinstance(index, ex.Collection) else (index,)
                return self._named(name, path, items, path, depth) if name else v.UNKNOWN
            case ex.Binary(operator="|", left=left, right=right):
                return v.join(self.value(left, path, depth + 1), self.value(right, path, depth + 1))
            case _:
                return v.UNKNOWN

    def _named(self, name: str, path: str, items: tuple[ex.Expr, ...], items_path: str, depth: int) -> v.Value:
        symbol = self._questions.resolve(path, name) if path else self._absolute(name)
        if symbol == UNKNOWN:
            return self._generic(name, items, items_path, depth) if "." not in name else v.UNKNOWN
        return self.symbol(symbol, items, items_path, depth)

    def _absolute(self, name: str) -> Symbol:
        """A name of a hint, which stands in no file: a full one, else one of Python's."""
        return self._questions.absolute(name) if "." in name else UNKNOWN

    def symbol(self, symbol: Symbol, items: tuple[ex.Expr, ...], path: str, depth: int = 0) -> v.Value:
        """The value that a resolved name promises as an annotation, with its subscript."""
        match symbol:
            case External(name=name):
                return self._external(name, items, path, depth)
            case Definition(path=place, key=key, rest=()):
                return self._definition(place, key, items, path, depth)
            case Module():
                return v.UNKNOWN
            case _:
                return v.UNKNOWN

    def _definition(self, place: str, key: str, items: tuple[ex.Expr, ...], path: str, depth: int) -> v.Value:
        found = self._questions.statement(place, key)
        if isinstance(found, Assign) and found.value is not None:  # an alias: `SessionDep = Annotated[Session, ...]`
            match found.value:
                case ex.Call(function=function, arguments=(_, meant)) if self._is_new_type(function, place):
                    return self.value(meant, place, depth + 1)
            return self.value(found.value, place, depth + 1)
        class_id = f"{place}::{key}"
        if self._questions.model(class_id) is not None:
            return v.Instance(class_id)
        if self._questions.class_(place, key) is None:
            return v.UNKNOWN
        for base in self._questions.external_bases(class_id):
            known = SESSIONS.get(base)
            if known is not None:
                return replace(known, class_id=class_id) if isinstance(known, v.Session) else known
        return v.Object(class_id, tuple(self.value(i, path, depth + 1) for i in items))

    def _is_new_type(self, function: ex.Expr, path: str) -> bool:
        """`NewType("ReadSession", AsyncSession)`: to everyone but a type checker it is the second."""
        name = ex.dotted(function)
        return name is not None and getattr(self._questions.resolve(path, name), "name", "") == "typing.NewType"

    def _external(self, name: str, items: tuple[ex.Expr, ...], path: str, depth: int) -> v.Value:
        session = SESSIONS.get(name)
        if session is not None:
            return session
        match name:
            case "sqlalchemy.Select" | "sqlalchemy.orm.Query":
                return self._statement(items, path, name.endswith("Query"), depth)
            case "sqlalchemy.ScalarResult" | "sqlalchemy.ext.asyncio.AsyncScalarResult":
                return v.Many(self.value(items[0], path, depth + 1) if items else v.UNKNOWN, "iterator")
            case _ if (rows := self._questions.project.libraries.pages.get(name)) is not None:
                element = self.value(items[0], path, depth + 1) if items else v.UNKNOWN
                return v.Pairs(v.UNKNOWN, v.UNKNOWN, {rows: v.Many(element)})
            case _:
                return self._generic(name.rpartition(".")[2], items, path, depth)

    def _statement(self, items: tuple[ex.Expr, ...], path: str, legacy: bool, depth: int) -> v.Value:
        """`Select[tuple[User]]`, `Query[User]`: the entity is known, its options are not, nor is where it was built."""
        value = self.value(items[0], path, depth + 1) if items else v.UNKNOWN
        return v.Many(value, "iterator") if legacy and isinstance(value, v.Instance) else v.Unknown(rows=True)

    def _generic(self, name: str, items: tuple[ex.Expr, ...], path: str, depth: int) -> v.Value:
        def item(position: int) -> v.Value:
            return self.value(items[position], path, depth + 1) if position < len(items) else v.UNKNOWN

        if name in _SEQUENCES:
            return v.Many(item(0), "list" if name in _HELD else "iterator")
        if name in _MAPS:
            return v.Pairs(item(0), item(1))
        if name in _TRANSPARENT or name in _CONTEXTS:
            return item(0)
        if name in _AWAITED:
            return v.Awaitable(item(len(items) - 1 if name == "Coroutine" else 0))
        match name:
            case "tuple" | "Tuple":
                if len(items) == 2 and isinstance(items[1], ex.Literal | ex.Opaque):
                    return v.Many(item(0))
                return v.Items(tuple(item(i) for i in range(len(items)))) if items else v.Many(v.UNKNOWN)
            case "Union":
                result: v.Value | None = None
                for i in range(len(items)):
                    result = item(i) if result is None else v.join(result, item(i))
                return result or v.UNKNOWN
            case "type" | "Type":
                inner = item(0)
                return v.ModelClass(inner.model) if isinstance(inner, v.Instance) else v.UNKNOWN
            case _:
                return v.UNKNOWN
