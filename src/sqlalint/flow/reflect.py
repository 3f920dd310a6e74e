"""What code learns of a model at run time: `inspect(user).mapper.relationships`, whose names `getattr` reads one by one.

A loop over relationships is followed once, with all that its variable may be. Tests of the variable narrow these; what a
test leaves open is read by nobody, as it is not known which ones are.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span
from sqlalint.flow import reads
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame, Seen
from sqlalint.project.mapping import Model, Relationship

INSPECTING = frozenset({"sqlalchemy.inspect", "sqlalchemy.orm.class_mapper", "sqlalchemy.orm.object_mapper"})
CLASS, STATE, MAPPER, PROPERTY, NAME, ATTRIBUTE = "class", "state", "mapper", "property", "name", "attribute"
_ALL = frozenset({"relationships", "attrs", "iterate_properties"})
_COLUMNS = frozenset({"columns", "column_attrs", "c"})
_RELATIONSHIPS = frozenset({"RelationshipProperty", "Relationship"})
_OTHERS = frozenset({"ColumnProperty", "MappedSQLExpression", "CompositeProperty", "Composite", "SynonymProperty"})
_DICTS = frozenset({"dict", "OrderedDict", "defaultdict"})


# --- values ---


def inspected(name: str, value: v.Value) -> v.Value | None:
    """`inspect(user)`, `inspect(User)`, `class_mapper(User)`; None for any other function or value."""
    match value:
        case v.Instance(model=model):
            return v.Mapped(model, STATE if name == "sqlalchemy.inspect" else MAPPER)
        case v.ModelClass(model=model, alias=0) | v.Mapped(model=model, kind="class"):
            return v.Mapped(model, MAPPER)
        case _:
            return None


def of_object(model: str, name: str) -> v.Value | None:
    """`user.__class__`, `user.__mapper__`, `User.__mapper__`; None for any other attribute."""
    kind = {"__class__": CLASS, "__mapper__": MAPPER}.get(name)
    return v.Mapped(model, kind) if kind else None


def member(frame: Frame, receiver: v.Mapped, name: str) -> v.Value:
    """An attribute of what is known of a model at run time."""
    match receiver.kind, name:
        case ("class", "__mapper__") | ("state" | "mapper", "mapper"):
            return replace(receiver, kind=MAPPER)
        case "mapper", _ if name in _ALL | _COLUMNS:
            return _properties(frame, receiver, name)
        case "state", "attrs":
            return _properties(frame, receiver, name)
        case "property", "key":
            return replace(receiver, kind=NAME)
        case "property", "class_attribute":
            return _attribute(frame, receiver)
        case _:
            return v.UNKNOWN


def _attribute(frame: Frame, named: v.Mapped) -> v.Value:
    """`User.posts` and all the others, where none was left out."""
    model = frame.questions.model(named.model)
    return (
        replace(named, kind=ATTRIBUTE)
        if model is not None and set(named.names) == {*model.relationships}
        else v.UNKNOWN
    )


def _properties(frame: Frame, mapper: v.Mapped, name: str) -> v.Value:
    model = frame.questions.model(mapper.model)
    if model is None:
        return v.UNKNOWN
    frame.reflects = True
    names = tuple(model.relationships) if name in _ALL else ()  # what columns are called is nothing that loads
    return v.Many(v.Mapped(mapper.model, PROPERTY, names), few=True)


def entries(receiver: v.Many, name: str) -> v.Value | None:
    """`relationships.keys()`, `.items()`, `.values()`; None for any other method, or of anything else."""
    element = receiver.element
    if not isinstance(element, v.Mapped) or element.kind != PROPERTY:
        return None
    key = replace(element, kind=NAME)
    found: dict[str, v.Value] = {"keys": key, "values": element, "items": v.Items((key, element))}
    return replace(receiver, element=found[name]) if name in found else None


# --- reading ---


def read(frame: Frame, receiver: v.Value, named: v.Mapped, at: Span) -> v.Value:
    """`getattr(user, name)`: all that the name may be is read. `getattr(User, name)`: what options are about."""
    match receiver:
        case v.ModelClass(model=model_id, alias=0) if named.kind == NAME and model_id == named.model:
            return _attribute(frame, named)
        case v.Method(receiver=v.Instance() as owner, name="awaitable_attrs"):
            for name in named.names:
                reads.refreshed(frame, owner, name, "refresh", at)
            return v.Awaitable(v.UNKNOWN)
    model = frame.questions.model(receiver.model) if isinstance(receiver, v.Instance) else None
    if model is None or not isinstance(receiver, v.Instance) or named.kind != NAME:
        return v.UNKNOWN
    serializes = _makes_plain(frame.function)
    found: list[v.Value] = []
    for name in named.names:
        if name in model.relationships:
            place = Seen(frame.spot(at), (), f"{model.name}.{name}" if serializes else "")
            found.append(reads.attribute(frame, receiver, name, place))
    return found[0] if len(found) == 1 else v.UNKNOWN


def _makes_plain(function: st.Function | None) -> bool:
    """Whether a function gives something, and makes a dict or the pairs of one: then that is what objects become."""
    if function is None:
        return False
    if function.is_generator:
        return True
    if not any(isinstance(s, st.Return) and s.value is not None for s in st.walk_statements(function.body)):
        return False
    return any(map(_is_dict, st.walk_expressions(function.body)))


def _is_dict(part: ex.Expr) -> bool:
    match part:
        case ex.Mapping():
            return True
        case ex.Comprehension(value=value):
            return value is not None
        case ex.Call(function=function):
            return (ex.dotted(function) or "").rpartition(".")[2] in _DICTS
        case _:
            return False


# --- tests ---


def narrow(frame: Frame, test: ex.Expr, *, holds: bool) -> None:
    """Leave of the names in a frame what they may be where a test holds, or does not."""
    frame.names.update(_narrowed(frame, test, holds))


@contextmanager
def where(frame: Frame, test: ex.Expr, *, holds: bool) -> Iterator[None]:
    """Inside, names are what they may be where a test holds, or does not."""
    changed = _narrowed(frame, test, holds)
    before = {name: frame.names[name] for name in changed}
    frame.names.update(changed)
    try:
        yield
    finally:
        frame.names.update(before)


def verdict(frame: Frame, test: ex.Expr) -> bool | None:
    """Whether a test holds of all that the names in it may be, or of none; None where that differs or is not known."""
    bound = _bound(frame)
    if not bound or not _is_about(frame, test, bound):
        return None
    found = {_holds(frame, test, name, model) for name, model in _each(frame, bound)}
    return found.pop() if len(found) == 1 else None


def _bound(frame: Frame) -> dict[str, v.Mapped]:
    return {
        name: value
        for name, value in frame.names.items()
        if isinstance(value, v.Mapped) and value.kind in (PROPERTY, NAME)
    }


def _each(frame: Frame, bound: dict[str, v.Mapped]) -> list[tuple[str, Model | None]]:
    both = dict.fromkeys((name, value.model) for value in bound.values() for name in value.names)
    return [(name, frame.questions.model(model)) for name, model in both]


def _narrowed(frame: Frame, test: ex.Expr, holds: bool) -> dict[str, v.Value]:
    bound = _bound(frame)
    if not bound or not _is_about(frame, test, bound):
        return {}
    kept = {name for name, model in _each(frame, bound) if _holds(frame, test, name, model) is holds}
    return {local: replace(x, names=tuple(n for n in x.names if n in kept)) for local, x in bound.items()}


def _is_about(frame: Frame, test: ex.Expr, bound: dict[str, v.Mapped]) -> bool:
    """Whether a test may ask about a relationship: it names one, or what may have been made of one."""
    given = {p.name for p in frame.function.parameters} if frame.function else set()
    names = {part.id for part in ex.walk(test) if isinstance(part, ex.Name)}
    return any(name in bound or (name in frame.names and name not in given) for name in names)


def _holds(frame: Frame, test: ex.Expr, name: str, model: Model | None) -> bool | None:
    """Whether a test holds where the variable is one relationship; None where that is not known."""
    relationship = model.relationships.get(name) if model is not None else None
    if relationship is None:
        return None
    match test:
        case ex.Unary(operator="not", value=operand):
            inner = _holds(frame, operand, name, model)
            return None if inner is None else not inner
        case ex.Boolean(operator=operator, values=values):
            parts = [_holds(frame, one, name, model) for one in values]
            decides = operator == "or"
            return decides if decides in parts else None if None in parts else not decides
        case ex.Compare(left=left, operators=(operator,), comparators=(right,)):
            return _compared(operator, _known(frame, left, relationship), _known(frame, right, relationship))
        case ex.Call(function=ex.Name(id="isinstance"), arguments=(ex.Name(id=local), kind)):
            is_property = isinstance(found := frame.names.get(local), v.Mapped) and found.kind == PROPERTY
            return _is_one(kind) if is_property else None
        case ex.Call(function=ex.Attribute(value=value, name=method), arguments=(argument,)):
            text, part = _known(frame, value, relationship), _known(frame, argument, relationship)
            if isinstance(text, str) and isinstance(part, str) and method in ("startswith", "endswith"):
                return text.startswith(part) if method == "startswith" else text.endswith(part)
            return None
        case _:
            known = _known(frame, test, relationship)
            return None if known is _OPEN else bool(known)


_OPEN = object()


def _known(frame: Frame, expression: ex.Expr, relationship: Relationship) -> object:
    """The value of an expression where the variable is one relationship; `_OPEN` where that is not known."""
    match expression:
        case ex.Literal(value=value):
            return value
        case ex.Name(id=local):
            found = frame.names.get(local)
            if isinstance(found, v.Mapped) and found.kind == NAME:
                return relationship.attribute
            return found.value if isinstance(found, v.Literal) else () if found == v.Items(()) else _OPEN
        case ex.Attribute(value=ex.Name(id=local), name=name):
            found = frame.names.get(local)
            if not isinstance(found, v.Mapped) or found.kind != PROPERTY:
                return _OPEN
            told = {"key": relationship.attribute, "uselist": relationship.collection, "lazy": relationship.lazy}
            value = told.get(name)
            return _OPEN if value is None else value
        case ex.Collection(items=items):
            parts = tuple(_known(frame, item, relationship) for item in items)
            return _OPEN if _OPEN in parts else parts
        case _:
            return _OPEN


def _compared(operator: str, left: object, right: object) -> bool | None:
    if left is _OPEN or right is _OPEN:
        return None
    match operator:
        case "==" | "is":
            return left == right
        case "!=" | "is not":
            return left != right
        case "in" | "not in" if isinstance(right, tuple):
            return (left in right) == (operator == "in")
        case "in" | "not in" if isinstance(left, str) and isinstance(right, str):
            return (left in right) == (operator == "in")
        case _:
            return None


def _is_one(kind: ex.Expr) -> bool | None:
    """Whether a relationship is of a class, or of one of several, by their names."""
    names = [
        (ex.dotted(k) or "").rpartition(".")[2] for k in (kind.items if isinstance(kind, ex.Collection) else (kind,))
    ]
    if any(name in _RELATIONSHIPS for name in names):
        return True
    return False if all(name in _OTHERS for name in names) else None
