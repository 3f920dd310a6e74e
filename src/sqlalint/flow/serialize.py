"""Serializers: classes that read the attributes of objects which their fields name, of lists for each element.

Whoever returns an object from a route, or validates it by a class, does not see that its relationships are read.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Spot
from sqlalint.flow import loops, reads
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame, Seen

_DEEPEST = 4  # schemas that hold each other end somewhere


class Field(NamedTuple):
    """A field of a serializer: the attribute that it reads, what its values are, and where it stands."""

    label: str
    attribute: str
    kind: v.Value
    at: Spot


class Route(NamedTuple):
    """A route: its method and path for people, what serializes its answers, and its decorator."""

    what: str
    schema: v.Value
    at: Spot


def is_serializer(frame: Frame, class_id: str) -> bool:
    """Whether a class reads objects by its fields."""
    known = frame.questions.project.libraries.serializers
    return any(base in known for base in frame.questions.external_bases(class_id))


def reads_argument(frame: Frame, class_id: str, method: str) -> bool:
    """Whether a class method reads its argument by the fields of the class."""
    known = frame.questions.project.libraries.serializers
    return any(method in known[base].reads for base in frame.questions.external_bases(class_id) if base in known)


def validated(frame: Frame, class_id: str, method: str, value: v.Value, at: Spot) -> v.Value:
    """`UserOut.model_validate(user)`: reads the fields, and gives an object of the class."""
    frame.serializers[at] = f"{class_id.rpartition('::')[2]}.{method}()"
    serialize(frame, value, v.Object(class_id), Seen(at, ()))
    return v.Object(class_id)


def serialize(frame: Frame, value: v.Value, schema: v.Value, at: Seen, depth: int = 0) -> None:
    """Read of a value what a schema reads: a class, or a list of what a class reads."""
    if depth > _DEEPEST or isinstance(value, v.Unknown):
        return
    match schema:
        case v.Many(element=element):
            item = element.class_id.rpartition("::")[2] if isinstance(element, v.Object) else "item"
            with loops.loop(frame, value, at, "serializer", item) as one:
                serialize(frame, one, element, at, depth)
        case v.Pairs(by_name=names) if isinstance(value, v.Pairs):  # a page
            for name in names.keys() & value.by_name.keys():
                serialize(frame, value.by_name[name], names[name], at, depth)
        case v.Object(class_id=class_id) if is_serializer(frame, class_id):
            for field in frame.once(("fields", class_id), lambda: tuple(fields(frame, class_id))):
                place = Seen(field.at, (*at.calls, at.at), field.label)
                if isinstance(value, v.Instance):
                    found = reads.attribute(frame, value, field.attribute, place)
                elif isinstance(value, v.Pairs):
                    found = value.by_name.get(field.attribute, v.UNKNOWN)
                elif isinstance(value, v.Object):
                    found = value.held.get(field.attribute, v.UNKNOWN)
                else:
                    continue
                serialize(frame, found, field.kind, place, depth + 1)


def fields(frame: Frame, class_id: str) -> Iterator[Field]:
    """The fields of a serializer, its own before those of its bases; none where a base is out of sight."""
    seen: set[str] = set()
    for owner in frame.questions.mro(class_id):
        path, _, key = owner.partition("::")
        class_ = frame.questions.class_(path, key)
        for statement in class_.body if class_ else ():
            if not isinstance(statement, st.Assign) or statement.annotation is None:
                continue
            name = ex.dotted(statement.targets[0])
            if name is None or name in seen or name.startswith("_"):
                continue
            seen.add(name)
            attribute = _read_by(name, statement.value)
            if attribute is not None and not _is_class_variable(statement.annotation):
                kind = frame.annotations.value(statement.annotation, path)
                label = f"{key.rpartition('.')[2]}.{name}"
                yield Field(label, attribute, kind, Spot(path, key, statement.targets[0].span))


def _read_by(name: str, value: ex.Expr | None) -> str | None:
    """The attribute that a field reads; None where that is not plain: another name by `alias`, or none at all."""
    if not isinstance(value, ex.Call):
        return name
    aliases = [value.keyword(k) for k in ("validation_alias", "alias")]
    given = next((a for a in aliases if a is not None), None)
    if given is None:
        return name
    return given.value if isinstance(given, ex.Literal) and isinstance(given.value, str) else None


def _is_class_variable(annotation: ex.Expr) -> bool:
    base = annotation.value if isinstance(annotation, ex.Subscript) else annotation
    return (ex.dotted(base) or "").rpartition(".")[2] == "ClassVar"


def route_of(frame: Frame, function: st.Function, value_of: Callable[[ex.Expr], v.Value]) -> Route | None:
    """The route that a function answers, where what serializes its answers is known."""
    for decorator in function.decorators:
        if not isinstance(decorator, ex.Call) or not isinstance(decorator.function, ex.Attribute):
            continue
        receiver = value_of(decorator.function.value)
        base = receiver.name.removesuffix("()") if isinstance(receiver, v.ExternalRef) else ""
        router = frame.questions.project.libraries.routers.get(base)
        if router is None or decorator.function.name not in router.methods:
            continue
        model = decorator.keyword(router.model) or (None if decorator.has_open_keywords else function.returns)
        if model is None or any(_limits(k) for k in decorator.keywords):
            return None
        path = decorator.arguments[0] if decorator.arguments else None
        text = path.value if isinstance(path, ex.Literal) and isinstance(path.value, str) else ""
        what = f"{decorator.function.name.upper()} {text}".strip()
        return Route(what, frame.annotations.value(model, frame.path), frame.spot(decorator.span))
    return None


def _limits(keyword: ex.Keyword) -> bool:
    """Whether a keyword leaves fields out by name."""
    return (keyword.name or "").endswith(("_include", "_exclude"))
