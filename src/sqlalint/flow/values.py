"""What a value can be, as far as loading is concerned. Everything else is `Unknown`.

Values are immutable; what happens to objects over time (a relationship touched, an object refreshed) is kept by the
interpreter, by the number of the *batch*: the objects that one execution of a query, or one collection, brought.
"""

from collections.abc import Iterator, Set
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from sqlalint.facts.expression import Lambda
from sqlalint.facts.span import Spot
from sqlalint.facts.statement import Function
from sqlalint.flow import loads as ld
from sqlalint.flow import shapes as sh
from sqlalint.flow.loads import Loads
from sqlalint.flow.shapes import EMPTY as EMPTY_SHAPE
from sqlalint.flow.shapes import OPAQUE, Condition, Shape, Text
from sqlalint.flow.staleness import Expiry


class Origin(Struct, frozen=True):
    """Where an object came from.

    `kind`: query, get, new, given, or unknown (a parameter, `self`, a call that is not followed): only for the first two
    is it known what was loaded. What is given is known to whoever calls the function that is followed. `at` is the `select(...)` or `query(...)` call, `function` its place's definition.
    `is_async`: the session is asynchronous. `sure_session`: the session's type was resolved, not inferred from its use.
    `stream`: rows come one by one and are not held. `statement`: facts of the query that rules need.
    `inferred`: a branch on the way was taken to be the one for an argument that is given. `calls` lead to the query,
    outermost first, where that is in another function.
    """

    kind: str
    at: Spot | None = None
    is_async: bool = False
    sure_session: bool = True
    stream: bool = False
    statement: "Statement | None" = None
    inferred: bool = False
    calls: tuple[Spot, ...] = ()


NOWHERE = Origin("unknown")
HANDED = Origin("given")


class Unknown(Struct, frozen=True):
    """Anything. `rows`: it is the rows of a query whose entity is not known. `why` says what is missing, for people."""

    rows: bool = False
    why: str = ""


UNKNOWN = Unknown()
GIVEN = Unknown(why="given")  # an argument that is passed, for a parameter that may be left out
COLUMN = Unknown(why="column")  # a column's value, or what is made of one: many of them are as many as there are rows
EMPTY = Unknown(why="empty")  # what an empty list or dict holds: it gives way to whatever is put in


class Literal(Struct, frozen=True):
    """A string, number, True, False or None."""

    value: str | int | float | bool | None


class Instance(Struct, frozen=True):
    """An object of a model.

    `path`: the relationships from the origin's entity to here. `via`: the id of the model and the relationship that it
    came through, with the batch of the object it came from. `loop`: the number of the loop that it varies with, 0 for
    none. `read`: the number of the lazy load that brought it, 0 for none: further loads behind it belong to that one.
    `either`: the batches that it came from on different ways, where `batch` is 0. `given`: the number of what the function was given, or of the `Access` to that, that this is; 0 for other objects.
    `stale`: what has emptied it before it was handed out.
    """

    model: str
    origin: Origin = NOWHERE
    loads: Loads = ld.UNKNOWN_LOADS
    loop: int = 0
    batch: int = 0
    path: tuple[str, ...] = ()
    via: "tuple[Instance, str] | None" = None
    read: int = 0
    optional: bool = False
    given: int = 0
    either: tuple[int, ...] = ()
    stale: Expiry | None = None

    @property
    def batches(self) -> tuple[int, ...]:
        """The batches that it may belong to."""
        return (self.batch,) if self.batch or not self.either else self.either


class Many(Struct, frozen=True):
    """Something that is iterated. `kind`: list, set, iterator, collection, dynamic. `few`: at most ten elements."""

    element: "Value"
    kind: str = "list"
    few: bool = False


class Items(Struct, frozen=True):
    """A tuple or row whose parts are known. `row`: it has attributes by name (`names`)."""

    items: tuple["Value", ...]
    names: tuple[str, ...] = ()


class Pairs(Struct, frozen=True):
    """A dict."""

    key: "Value"
    value: "Value"
    by_name: dict[str, "Value"] = {}


class ModelClass(Struct, frozen=True):
    """A mapped class, or an alias of it. `subquery`: `aliased(User, subquery)`, which knows no mapper settings."""

    model: str
    alias: int = 0
    subquery: bool = False


class Attribute(Struct, frozen=True):
    """`User.posts`, `User.id`: an attribute of a mapped class, or an expression that is just one (`.label()`)."""

    model: str
    name: str
    alias: int = 0
    narrowed: str | None = None  # of_type()
    narrowed_alias: int = 0
    conditioned: bool = False  # and_()


class Criterion(Struct, frozen=True):
    """A condition. `equals`: the attributes that are surely compared for equality with something (conjuncts)."""

    equals: tuple[Attribute, ...] = ()
    condition: Condition = OPAQUE


class Option(Struct, frozen=True):
    """A loader option: what it loads, from which model on (None: from any, as strings and `"*"` do).

    `tip`: the chain so far, so that a further call of the chain goes below its end.
    """

    model: str | None
    loads: Loads
    tip: tuple[str, ...] = ()
    tip_model: str | None = None
    texts: tuple[Text, ...] = ()


class Entity(Struct, frozen=True):
    """One thing that a statement selects: a model with what is loaded of it, or a column or expression (no model)."""

    model: str | None
    loads: Loads = ld.NOTHING
    alias: int = 0
    subquery: bool = False
    name: str = ""
    column: "Attribute | None" = None


class Statement(Struct, frozen=True):
    """A `select()` or a legacy `Query`.

    `entities` is None where what is selected is not known. `equals`: the attributes that its
    conditions compare for equality, so that all rows have one value of them; `perhaps` on some way only. `limit`: a literal limit. `single`: at most one row. `joined`: targets of joins.
    `from_text`: `from_statement`, whose rows are as the text says. `is_async`: the session it is bound to.
    `writes`: an `update()`, `insert()` or `delete()`; its entities are those of `returning()`.
    """

    at: Spot
    entities: tuple[Entity, ...] | None
    legacy: bool = False
    equals: tuple[Attribute, ...] = ()
    perhaps: tuple[Attribute, ...] = ()
    joined: tuple[str, ...] = ()
    limit: int | None = None
    limited: bool = False
    distinct: bool = False
    locked: bool = False
    stream: bool = False
    yield_per: bool = False
    from_text: bool = False
    outer: bool = False
    session: "Session | None" = None
    sure: bool = True
    calls: tuple[Spot, ...] = ()
    writes: bool = False
    shape: Shape = EMPTY_SHAPE


class Result(Struct, frozen=True):
    """What an execution gives. `shape`: rows, scalars, mappings. `streamed`: an AsyncResult, whose methods are awaited.

    `batched`: it was given `yield_per` itself.
    """

    statement: Statement
    shape: str
    unique: bool = False
    is_async: bool = False
    sure_session: bool = True
    streamed: bool = False
    batch: int = 0
    batched: bool = False


# What commits do to the objects of a session, where its factory is in sight; LIBRARY: as a library makes it by default.
EXPIRES, KEEPS, LIBRARY = "expires", "keeps", "library"


class Session(Struct, frozen=True):
    """A Session, AsyncSession, scoped session; `core`: a connection, whose rows are columns. `sure`: resolved by type.

    `kind` is the name of SQLAlchemy's class where that is known, for asynchronous ones; `class_id` the class of the
    project that derives from it, if it is one.
    `expiry`: EXPIRES, KEEPS or LIBRARY, "" where the factory is not in sight; `made`: where it, or its factory, is made.
    """

    is_async: bool = False
    core: bool = False
    sure: bool = True
    kind: str = ""
    class_id: str = ""
    expiry: str = ""
    made: Spot | None = None


class Factory(Struct, frozen=True):
    """What makes sessions when called: `sessionmaker(...)`, `async_sessionmaker(...)`."""

    session: Session


class Object(Struct, frozen=True):
    """An instance of a class of the project that is no model; `arguments` are its type arguments.

    `made`: its class is called in sight, with nothing that would change what the queries of a library's base load.
    `held`: what it was made with, by the attributes that have it. `is_exact`: it is of no subclass.
    """

    class_id: str
    arguments: tuple["Value", ...] = ()
    made: bool = False
    held: dict[str, "Value"] = {}
    is_exact: bool = False


class Schema(Struct, frozen=True):
    """An instance of a serializer's class: whether it reads lists, and the fields that it has left, dotted for inner ones.

    `only` is None where it has all of them; `many` None where each call says so.
    """

    class_id: str
    many: bool | None = None
    only: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()


class Super(Struct, frozen=True):
    """`super()` in a method of `class_id`: the receiver, whose attributes are looked up behind that class."""

    receiver: "Value"
    class_id: str


class ClassRef(Struct, frozen=True):
    """A class of the project that is no model."""

    class_id: str


class FunctionRef(Struct, frozen=True):
    """A function of the project; `bound`: what it was taken from, where it is a method.

    `is_fixed`: it is this one, whatever subclasses of the receiver's class have.
    """

    path: str
    key: str
    bound: "Value | None" = None
    is_fixed: bool = False


class Closure(Struct, frozen=True):
    """A lambda or a function defined inside the function that is followed."""

    function: Lambda | Function


class Callback(Struct, frozen=True):
    """A function that the function which is followed was given: only who calls knows it."""

    number: int


class Partial(Struct, frozen=True):
    """`functools.partial`: a function that is given some of its arguments already."""

    function: "Value"
    arguments: tuple["Value", ...]
    keywords: dict[str, "Value"] = {}


class Getter(Struct, frozen=True):
    """`operator.attrgetter`: gives attributes of what it is called with, each by a dotted name."""

    names: tuple[str, ...]


class Mapped(Struct, frozen=True):
    """What SQLAlchemy tells of a model at run time. `kind`: class, state (of an object), mapper, property, name, attribute.

    `names` are the relationships that a property, or the name of one, may be.
    """

    model: str
    kind: str
    names: tuple[str, ...] = ()


class ModuleRef(Struct, frozen=True):
    """A module of the project."""

    path: str


class ExternalRef(Struct, frozen=True):
    """Something of a library, by its canonical name."""

    name: str


class Method(Struct, frozen=True):
    """A method of a value that is not called yet."""

    receiver: "Value"
    name: str


class Awaitable(Struct, frozen=True):
    """What `await` gives."""

    value: "Value"


Value: TypeAlias = (
    Unknown | Literal | Instance | Many | Items | Pairs | ModelClass | Attribute | Criterion | Option | Statement
    | Result | Session | Factory | Object | Schema | Super | ClassRef | FunctionRef | Closure | Callback | Partial | Getter | Mapped | ModuleRef | ExternalRef | Method
    | Awaitable
)  # fmt: skip

NONE = Literal(None)
NO_ITEMS = Items(())
_FEW_PARTS = 8

# The objects of a row's further entities are batches of their own, this far apart.
PER_ENTITY = 1 << 40


def join(a: Value, b: Value) -> Value:
    """What a value is where two ways meet. `None` gives way: code tests for it, or fails."""
    if a is b or a == b:
        return a
    if EMPTY in (a, b):
        return b if a == EMPTY else a
    if a == NONE:
        return replace(b, optional=True) if isinstance(b, Instance) else b
    if b == NONE:
        return replace(a, optional=True) if isinstance(a, Instance) else a
    match a, b:
        case Instance(), Instance() if a.model == b.model:
            return _join_instances(a, b)
        case Many(), Many():
            return Many(join(a.element, b.element), a.kind if a.kind == b.kind else "iterator", a.few and b.few)
        case Items(), Items() if len(a.items) == len(b.items):
            return Items(tuple(join(x, y) for x, y in zip(a.items, b.items, strict=True)), a.names)
        case Items(), Items() if all(isinstance(i, Option) for i in (*a.items, *b.items)):
            return _join_options(a.items, b.items)
        case (Items(items=items), Many(element=element)) | (Many(element=element), Items(items=items)) if (
            element == EMPTY and all(isinstance(i, Option) for i in items)
        ):
            return _join_options(items, ())
        case Mapped(), Mapped() if (a.model, a.kind) == (b.model, b.kind):
            return replace(a, names=tuple(dict.fromkeys((*a.names, *b.names))))
        case Object(), Object() if a.class_id == b.class_id:
            held = {n: join(a.held[n], b.held[n]) for n in a.held.keys() & b.held.keys()}
            known: dict[str, Value] = {n: x for n, x in held.items() if not isinstance(x, Unknown)}
            arguments = a.arguments if a.arguments == b.arguments else ()
            return Object(a.class_id, arguments, a.made and b.made, known, a.is_exact and b.is_exact)
        case Pairs(), Pairs():
            names = {n: join(a.by_name[n], b.by_name[n]) for n in a.by_name.keys() & b.by_name.keys()}
            return Pairs(join(a.key, b.key), join(a.value, b.value), names)
        case Statement(), Statement():
            return _join_statements(a, b)
        case Option(), Option() if (a.model, a.tip, a.tip_model) == (b.model, b.tip, b.tip_model):
            return replace(a, loads=ld.join(a.loads, b.loads))
        case Session(), Session() if a.is_async == b.is_async:
            same = a.kind == b.kind and a.class_id == b.class_id
            kind, class_id = (a.kind, a.class_id) if same else ("", "")
            expiry = a.expiry if a.expiry == b.expiry else ""
            made = a.made if a.made == b.made else None
            return Session(a.is_async, a.core and b.core, a.sure and b.sure, kind, class_id, expiry, made)
        case Result(), Result() if a.shape == b.shape and a.is_async == b.is_async:
            statement = _join_statements(a.statement, b.statement)
            if isinstance(statement, Statement):
                return replace(a, statement=statement, unique=a.unique or b.unique)
    return Unknown(rows=is_rows(a) or is_rows(b))


def inferred(value: Value) -> Value:
    """A value whose objects come from a branch that was taken to be the right one."""
    match value:
        case Instance(origin=origin):
            return replace(value, origin=replace(origin, inferred=True))
        case Many(element=element):
            return replace(value, element=inferred(element))
        case Items(items=items):
            return replace(value, items=tuple(inferred(i) for i in items))
        case Pairs():
            return Pairs(inferred(value.key), inferred(value.value), {n: inferred(x) for n, x in value.by_name.items()})
        case Object(held=held) if held:
            return replace(value, held={n: inferred(x) for n, x in held.items()})
        case _:
            return value


def awaited(value: Value) -> Value:
    """What a value gives once it is awaited, where that is what is done with it."""
    return value.value if isinstance(value, Awaitable) else value


def class_of(value: Value | None) -> str:
    """The id of the class that an object is of or a class is, "" for anything else."""
    match value:
        case Object(class_id=class_id) | ClassRef(class_id=class_id):
            return class_id
        case Instance(model=model) | ModelClass(model=model):
            return model
        case _:
            return ""


def objects(value: Value) -> Iterator[Instance]:
    """The objects in a value."""
    match value:
        case Instance():
            yield value
        case Many(element=element) | Awaitable(value=element):
            yield from objects(element)
        case Items(items=items):
            for item in items:
                yield from objects(item)
        case Pairs(by_name=by_name):
            for inner in (value.key, value.value, *by_name.values()):
                yield from objects(inner)
        case Object(held=held):
            for inner in held.values():
                yield from objects(inner)
        case _:
            pass


def element_of(value: Value) -> Value:
    """What one element of an iterable is, for iterables that do not query."""
    match value:
        case Many(element=element):
            return element
        case Items(items=items):
            result: Value | None = None
            for item in items:
                result = item if result is None else join(result, item)
            return result if result is not None else EMPTY
        case Pairs(key=key):
            return key
        case Unknown(rows=rows):
            return Unknown(rows=rows)
        case _:
            return UNKNOWN


def parts_of(value: Value) -> tuple[Value, ...] | None:
    """The parts of a list that says what a query loads, options or attributes, where all of them are known."""
    known = isinstance(value, Items) and len(value.items) <= _FEW_PARTS
    if known and isinstance(value, Items) and all(isinstance(i, Option | Attribute) for i in value.items):
        return value.items
    return None


def taken(element: Value) -> Value:
    """One element that is taken out of many by itself: which relationship that is, is not known."""
    return UNKNOWN if isinstance(element, Mapped) else element


def is_many(value: Value) -> bool:
    """Whether a value is rows, objects, or what was made of each of many of them."""
    match value:
        case Instance():
            return True
        case Many(element=element):
            return is_many(element) or element == COLUMN or (isinstance(element, Items) and bool(element.names))
        case Items(items=items):
            return any(is_many(i) for i in items)
        case Pairs(key=key, value=inner):
            return is_many(key) or is_many(inner) or COLUMN in (key, inner)
        case _:
            return is_rows(value)


def is_rows(value: Value) -> bool:
    """Whether a value is the rows of a query, known or not."""
    match value:
        case Unknown(rows=rows):
            return rows
        case Many(element=Instance(origin=Origin(kind="query"))) | Result():
            return True
        case Statement(legacy=legacy):
            return legacy
        case _:
            return False


def _join_instances(a: Instance, b: Instance) -> Instance:
    origin = a.origin if a.origin.kind != "unknown" else b.origin
    loads = ld.join(a.loads, b.loads)
    # on one way it came from out of sight, or is another of the objects that were given
    if "unknown" in (a.origin.kind, b.origin.kind) or a.given != b.given:
        origin, loads = NOWHERE, ld.UNKNOWN_LOADS
    return Instance(
        a.model,
        origin,
        loads,
        loop=a.loop if a.loop == b.loop else 0,
        batch=a.batch if a.batch == b.batch else 0,
        either=() if a.batch == b.batch else tuple(dict.fromkeys((*a.batches, *b.batches))),
        path=a.path if a.path == b.path else (),
        via=a.via if a.via == b.via else None,
        read=a.read if a.read == b.read else 0,
        optional=a.optional or b.optional,
        given=a.given if a.given == b.given else 0,
        stale=a.stale if a.stale == b.stale else None,
    )


def _join_options(a: tuple[Value, ...], b: tuple[Value, ...]) -> Items:
    """Options that both ways give, and those that only one does, which are unsure."""
    both = [o for o in a if o in b]
    single = [o for o in (*a, *b) if o not in both and isinstance(o, Option)]
    unsure = [replace(o, loads=ld.join(o.loads, ld.NOTHING)) for o in single]
    return Items((*both, *unsure))


def _join_statements(a: Statement, b: Statement) -> Value:
    if a.legacy != b.legacy or a.entities is None or b.entities is None or len(a.entities) != len(b.entities):
        return Unknown(rows=True)
    if any(x.model != y.model for x, y in zip(a.entities, b.entities, strict=True)):
        return Unknown(rows=True)
    entities = tuple(replace(x, loads=ld.join(x.loads, y.loads)) for x, y in zip(a.entities, b.entities, strict=True))
    every = (*a.equals, *a.perhaps, *b.equals, *b.perhaps)
    return replace(
        a,
        entities=entities,
        equals=tuple(e for e in a.equals if e in b.equals),
        perhaps=tuple(dict.fromkeys(e for e in every if not (e in a.equals and e in b.equals))),
        joined=tuple(dict.fromkeys((*a.joined, *b.joined))),
        limit=a.limit if a.limit == b.limit else None,
        limited=a.limited or b.limited,
        distinct=a.distinct or b.distinct,
        locked=a.locked or b.locked,
        stream=a.stream or b.stream,
        yield_per=a.yield_per or b.yield_per,
        from_text=a.from_text or b.from_text,
        outer=a.outer or b.outer,
        shape=sh.join(a.shape, b.shape),
    )


def single(value: Value) -> Value:
    """A value on its own: it varies with no loop."""
    match value:
        case Instance():
            return replace(value, loop=0)
        case Items(items=items):
            return replace(value, items=tuple(single(i) for i in items))
        case Many(element=element):
            return replace(value, element=single(element))
        case Object(held=held) if held:
            return replace(value, held={n: single(x) for n, x in held.items()})
        case _:
            return value


def with_touched(value: Value, touched: Set[tuple[int, str]]) -> Value:
    """A value whose objects have loaded what was read or set on them, by batch and name."""
    match value:
        case Instance(loads=loads) if touched and not value.given:
            names = {name for batch, name in touched if batch in value.batches}
            more = ld.Loads({name: ld.Entry("immediate") for name in sorted(names)})
            return replace(value, loads=ld.add(loads, more)) if names else value
        case Many(element=element):
            return replace(value, element=with_touched(element, touched))
        case Items(items=items):
            return replace(value, items=tuple(with_touched(i, touched) for i in items))
        case Object(held=held) if held:
            return replace(value, held={n: with_touched(x, touched) for n, x in held.items()})
        case _:
            return value


def varying(value: Value, loop: int) -> Value:
    """A value that is another one at each turn of a loop."""
    match value:
        case Instance():
            return replace(value, loop=loop)
        case Items(items=items):
            return replace(value, items=tuple(varying(i, loop) for i in items))
        case Pairs():
            names = {n: varying(x, loop) for n, x in value.by_name.items()}
            return Pairs(varying(value.key, loop), varying(value.value, loop), names)
        case Many(element=element):
            return replace(value, element=varying(element, loop))
        case Object(held=held) if held:
            return replace(value, held={n: varying(x, loop) for n, x in held.items()})
        case _:
            return value
