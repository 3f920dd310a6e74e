"""Objects of a project's classes that carry what they are made with: dataclasses, named tuples, `self.user = user`."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame
from sqlalint.project.symbols import External

_DATACLASS = frozenset({"dataclasses.dataclass", "pydantic.dataclasses.dataclass", "attrs.define", "attrs.frozen"})
_DICT, _TUPLE = "TypedDict", "NamedTuple"
_PLAIN = frozenset({"Generic", "Protocol", "ABC", "object"})


class _Carried(NamedTuple):
    """What a class takes, in order, and which of that its attributes hold, by the name of the attribute."""

    taken: tuple[str, ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    is_dict: bool = False


def made(frame: Frame, class_id: str, arguments: list[v.Value], keywords: dict[str, v.Value]) -> v.Value:
    """A new object of a class of the project, with what its attributes are known to hold."""
    carried = frame.questions.once(("carried", class_id), lambda: _carried(frame, class_id))
    if carried.is_dict:
        return v.Pairs(v.UNKNOWN, v.UNKNOWN, keywords)
    if len(arguments) > len(carried.taken):
        return v.Object(class_id, is_exact=True)
    given = dict(zip(carried.taken, arguments, strict=False)) | keywords
    held = {attribute: given[name] for attribute, name in carried.held if name in given}
    known: dict[str, v.Value] = {n: x for n, x in held.items() if not isinstance(x, v.Unknown | v.Literal | v.Closure)}
    return v.Object(class_id, held=known, is_exact=True)


def _carried(frame: Frame, class_id: str) -> _Carried:
    external = frame.questions.external_bases(class_id)
    if any(base in frame.questions.project.libraries.serializers for base in external):
        return _Carried()  # it copies what it reads
    bases = {base.rpartition(".")[2] for base in external} - _PLAIN
    if _DICT in bases:
        return _Carried(is_dict=True)
    owner = frame.questions.member(class_id, "__init__")
    if owner is not None:
        path, _, key = owner.partition("::")
        init = frame.questions.function(path, f"{key}.__init__")
        if init is None:
            return _Carried()
        taken, pairs = tuple(p.name for p in init.parameters if p.kind == "positional")[1:], tuple(_assigned(init))
    elif bases == {_TUPLE} or (not bases and _is_dataclass(frame, class_id)):
        taken = tuple(_fields(frame, class_id))
        pairs = tuple((name, name) for name in taken)
    else:
        return _Carried()
    changed = set(_changed(frame, class_id)) if pairs else set()
    return _Carried(taken, tuple(p for p in pairs if p[0] not in changed))


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
