"""Objects of a project's classes that carry what they are made with: dataclasses, named tuples, `self.user = user`."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame
from sqlalint.project.symbols import External, Symbol

_DATACLASS = frozenset({"dataclasses.dataclass", "pydantic.dataclasses.dataclass", "attrs.define", "attrs.frozen"})
_DICT, _TUPLE = "TypedDict", "NamedTuple"
_OfSymbol = Callable[[Symbol], v.Value]
_PLAIN = frozenset({"Generic", "Protocol", "ABC", "object"})


class _Carried(NamedTuple):
    """What a class takes, in order, and which of that its attributes hold, by the name of the attribute.

    `fixed` are those that hold a class, whatever is given: `super().__init__(session, User)`.
    """

    taken: tuple[str, ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    fixed: tuple[tuple[str, v.Value], ...] = ()
    is_dict: bool = False


def made(
    frame: Frame, class_id: str, arguments: list[v.Value], keywords: dict[str, v.Value], of_symbol: _OfSymbol
) -> v.Value:
    """A new object of a class of the project, with what its attributes are known to hold."""
    carried = _known(frame, class_id, of_symbol)
    if carried.is_dict:
        return v.Pairs(v.UNKNOWN, v.UNKNOWN, keywords)
    if len(arguments) > len(carried.taken):
        return v.Object(class_id, held=dict(carried.fixed), is_exact=True)
    given = dict(zip(carried.taken, arguments, strict=False)) | keywords
    held = {attribute: given[name] for attribute, name in carried.held if name in given}
    known: dict[str, v.Value] = {n: x for n, x in held.items() if not isinstance(x, v.Unknown | v.Literal | v.Closure)}
    return v.Object(class_id, held=dict(carried.fixed) | known, is_exact=True)


def fixed(frame: Frame, class_id: str, name: str, of_symbol: _OfSymbol) -> v.Value:
    """The class that an attribute of an object of a class holds, however it was made."""
    return dict(_known(frame, class_id, of_symbol).fixed).get(name, v.UNKNOWN)


def _known(frame: Frame, class_id: str, of_symbol: _OfSymbol) -> _Carried:
    return frame.questions.once(("carried", class_id), lambda: _carried(frame, class_id, of_symbol))


def _carried(frame: Frame, class_id: str, of_symbol: _OfSymbol) -> _Carried:
    external = frame.questions.external_bases(class_id)
    if any(base in frame.questions.project.libraries.serializers for base in external):
        return _Carried()  # it copies what it reads
    bases = {base.rpartition(".")[2] for base in external} - _PLAIN
    if _DICT in bases:
        return _Carried(is_dict=True)
    if frame.questions.member(class_id, "__init__") is not None:
        taken, pairs, classes = _initialised(frame, class_id, "", of_symbol)
    elif bases == {_TUPLE} or (not bases and _is_dataclass(frame, class_id)):
        taken = tuple(_fields(frame, class_id))
        pairs, classes = tuple((name, name) for name in taken), ()
    else:
        return _Carried()
    changed = set(_changed(frame, class_id)) if pairs or classes else set()
    held = tuple(p for p in pairs if p[0] not in changed)
    return _Carried(taken, held, tuple(c for c in classes if c[0] not in changed))


def _initialised(
    frame: Frame, class_id: str, behind: str, of_symbol: _OfSymbol
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...], tuple[tuple[str, v.Value], ...]]:
    """What `__init__` takes, and what it and those that it calls by `super()` keep of that, and of classes."""
    owner = frame.questions.member(class_id, "__init__", behind)
    path, _, key = (owner or "").partition("::")
    init = frame.questions.function(path, f"{key}.__init__") if owner is not None else None
    if init is None or owner is None:
        return (), (), ()
    taken = tuple(p.name for p in init.parameters if p.kind == "positional")[1:]
    pairs, classes = dict(_assigned(init)), dict[str, v.Value]()
    call = _super_call(init)
    if call is not None and not call.has_open_arguments and not call.has_open_keywords:
        above, above_pairs, above_classes = _initialised(frame, class_id, owner, of_symbol)
        classes.update(above_classes)
        given = dict(zip(above, call.arguments, strict=False)) | {k.name: k.value for k in call.keywords if k.name}
        own = {p.name for p in init.parameters}
        for attribute, parameter in above_pairs:
            match given.get(parameter):
                case ex.Name(id=name) if name in own:
                    pairs.setdefault(attribute, name)
                case ex.Name() | ex.Attribute() as said if (dotted := ex.dotted(said)) is not None:
                    value = of_symbol(frame.questions.resolve(path, dotted))
                    if isinstance(value, v.ModelClass | v.ClassRef):
                        classes[attribute] = value
    return taken, tuple(pairs.items()), tuple((n, x) for n, x in classes.items() if n not in pairs)


def _super_call(init: st.Function) -> ex.Call | None:
    """`super().__init__(...)`, where it stands for itself."""
    for statement in st.walk_statements(init.body):
        if not isinstance(statement, st.Evaluate):
            continue
        match statement.value:
            case ex.Call(function=ex.Attribute(value=ex.Call(function=ex.Name(id="super")), name="__init__")) as call:
                return call
    return None


def _assigned(init: st.Function) -> Iterator[tuple[str, str]]:
    """The attributes that `__init__` sets to one of its parameters, once and whatever else, with the parameter."""
    found: dict[str, list[ex.Expr | None]] = {}
    rebound: set[str] = set()
    for target, value in _set(init):
        match target:
            case ex.Attribute(name=attribute):
                found.setdefault(attribute, []).append(value)
            case ex.Name(id=name):
                rebound.add(name)
    parameters = {p.name for p in init.parameters} - rebound
    for attribute, values in found.items():
        value = values[0]
        if len(values) == 1 and isinstance(value, ex.Name) and value.id in parameters:
            yield attribute, value.id


def _set(function: st.Function) -> Iterator[tuple[ex.Expr, ex.Expr | None]]:
    """What a method gives its names and the attributes of its receiver."""
    receiver = function.parameters[0].name if function.parameters else ""
    for statement in st.walk_statements(function.body):
        if isinstance(statement, st.Augment):
            yield statement.target, None
        for target in statement.targets if isinstance(statement, st.Assign) else ():
            if isinstance(target, ex.Collection):
                yield from ((item, None) for item in target.items if _is_own(item, receiver))
            elif _is_own(target, receiver):
                yield target, statement.value if isinstance(statement, st.Assign) else None


def _is_own(target: ex.Expr, receiver: str) -> bool:
    match target:
        case ex.Name():
            return True
        case ex.Attribute(value=ex.Name(id=owner)):
            return owner == receiver
        case _:
            return False


def _changed(frame: Frame, class_id: str) -> Iterator[str]:
    """The attributes that another method than `__init__` sets: what they hold is not what the object was made with."""
    for ancestor in frame.questions.mro(class_id):
        path, _, key = ancestor.partition("::")
        class_ = frame.questions.class_(path, key)
        for name in class_.methods if class_ else ():
            method = frame.questions.function(path, f"{key}.{name}") if name != "__init__" else None
            for target, _value in _set(method) if method else ():
                if isinstance(target, ex.Attribute):
                    yield target.name


def _fields(frame: Frame, class_id: str) -> Iterator[str]:
    """The annotated names of a class and its ancestors, those of ancestors first."""
    seen: set[str] = set()
    for ancestor in reversed(frame.questions.mro(class_id)):
        path, _, key = ancestor.partition("::")
        class_ = frame.questions.class_(path, key)
        for statement in class_.body if class_ else ():
            if isinstance(statement, st.Assign) and statement.annotation is not None:
                name = ex.dotted(statement.targets[0])
                if name is not None and name not in seen:
                    seen.add(name)
                    yield name


def _is_dataclass(frame: Frame, class_id: str) -> bool:
    path, _, key = class_id.partition("::")
    class_ = frame.questions.class_(path, key)
    for decorator in class_.decorators if class_ else ():
        called = ex.dotted(decorator.function if isinstance(decorator, ex.Call) else decorator)
        known = frame.questions.resolve(path, called) if called else None
        if isinstance(known, External) and known.name in _DATACLASS:
            return True
    return False
