"""Serializers whose instances are called: `UserSchema(many=True).dump(users)` reads what is assigned in the class.

The fields are known by the data of libraries. What of a schema is not known (its fields are made at run time, it reads
objects in a way of its own, it is given names that are not literal) makes it no schema, and it reads nothing.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Spot
from sqlalint.flow import loops, reads
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame, Seen
from sqlalint.project.libraries import Serializer

_DEEPEST = 4  # schemas that hold each other end somewhere
_OWN = ("get_attribute", "pre_dump")  # what makes a schema read objects in a way of its own


class _Field(NamedTuple):
    """A field: its name, the attribute that it reads, what reads that in turn, and where it is written."""

    name: str
    attribute: str
    schema: v.Schema | None
    at: Spot


def _known(frame: Frame, class_id: str) -> Serializer | None:
    """What is known of a class as a serializer whose instances are called."""
    serializers = frame.questions.project.libraries.serializers
    bases = frame.questions.external_bases(class_id)
    return next((serializers[b] for b in bases if b in serializers and serializers[b].dumps), None)


def schema(frame: Frame, class_id: str, keywords: dict[str, v.Value]) -> v.Schema | None:
    """An instance of a class, where that is a schema of which all is known."""
    if _known(frame, class_id) is None:
        return None
    return _narrowed(v.Schema(class_id), keywords)


def _narrowed(found: v.Schema, keywords: dict[str, v.Value]) -> v.Schema | None:
    many, only, exclude = (keywords.get(k) for k in ("many", "only", "exclude"))
    if many is not None:
        if not isinstance(many, v.Literal):
            return None
        found = replace(found, many=bool(many.value))
    if only is not None and only != v.NONE:
        names = _names(only)
        if names is None:
            return None
        found = replace(found, only=names)
    if exclude is not None:
        names = _names(exclude)
        if names is None:
            return None
        found = replace(found, exclude=(*found.exclude, *names))
    return found


def _names(value: v.Value) -> tuple[str, ...] | None:
    """The strings of a tuple, list or set; None where they are not known."""
    if isinstance(value, v.Literal):
        return (value.value,) if isinstance(value.value, str) else None
    items = value.items if isinstance(value, v.Items) else None
    names = tuple(i.value for i in items or () if isinstance(i, v.Literal) and isinstance(i.value, str))
    return names if items is not None and len(names) == len(items) else None


def dumps(frame: Frame, found: v.Schema, name: str) -> bool:
    """Whether a method of a schema reads its first argument."""
    known = _known(frame, found.class_id)
    return known is not None and name in known.dumps


def dumped(
    frame: Frame, found: v.Schema, name: str, arguments: list[v.Value], keywords: dict[str, v.Value], at: Spot
) -> v.Value:
    """`UserSchema().dump(users, many=True)`: reads the fields, and gives plain values."""
    many = arguments[1] if len(arguments) > 1 else keywords.get("many")
    if arguments and (many is None or isinstance(many, v.Literal)):
        if isinstance(many, v.Literal) and many.value is not None:
            found = replace(found, many=bool(many.value))
        frame.serializers[at] = f"{found.class_id.rpartition('::')[2]}.{name}()"
        read(frame, arguments[0], found, Seen(at, ()))
    return v.UNKNOWN


def read(frame: Frame, value: v.Value, found: v.Schema, at: Seen, depth: int = 0) -> None:
    """Read of a value what a schema reads."""
    if depth > _DEEPEST:
        return
    if isinstance(value, v.Instance):
        if not found.many:
            _read_one(frame, value, found, at, depth)
    elif found.many and v.is_many(value):
        with loops.loop(frame, value, at, "serializer", found.class_id.rpartition("::")[2]) as one:
            if isinstance(one, v.Instance):
                _read_one(frame, one, found, at, depth)


def _read_one(frame: Frame, instance: v.Instance, found: v.Schema, at: Seen, depth: int) -> None:
    fields = frame.once(("dumped", found.class_id, instance.model), lambda: tuple(_fields(frame, found.class_id)))
    shown = _meta(frame, found.class_id)
    for field in (*fields, *_of_model(frame, found.class_id, instance, {f.name for f in fields})):
        left = _left(found, field.name)
        if left is None or (shown is not None and not _is_shown(shown, field.name)):
            continue
        place = Seen(field.at, (*at.calls, at.at), f"{found.class_id.rpartition('::')[2]}.{field.name}")
        value: v.Value = instance
        for name in field.attribute.split("."):
            value = reads.attribute(frame, value, name, place) if isinstance(value, v.Instance) else v.UNKNOWN
        if field.schema is not None:
            only, exclude = left
            inner = replace(field.schema, only=only or field.schema.only, exclude=(*field.schema.exclude, *exclude))
            read(frame, value, inner, place, depth + 1)


def _left(found: v.Schema, name: str) -> tuple[tuple[str, ...] | None, tuple[str, ...]] | None:
    """What is left of a field's own fields, `only` and without; None where the field itself is left out."""
    below = [o.partition(".")[2] for o in found.only or () if o.partition(".")[0] == name]
    if name in found.exclude or (found.only is not None and not below):
        return None
    inner = tuple(e.partition(".")[2] for e in found.exclude if e.startswith(f"{name}."))
    return (tuple(below) if below and all(below) else None), inner


# --- fields ---


def _fields(frame: Frame, class_id: str) -> Iterator[_Field]:
    """The fields that are assigned in a class, its own before those of its bases."""
    order = [(path, key) for path, _, key in (owner.partition("::") for owner in frame.questions.mro(class_id))]
    if any(_reads_by_itself(frame, path, key) for path, key in order):
        return
    seen: set[str] = set()
    for path, key in order:
        class_ = frame.questions.class_(path, key)
        for statement in class_.body if class_ else ():
            if not isinstance(statement, st.Assign) or not isinstance(statement.value, ex.Call):
                continue
            name = ex.dotted(statement.targets[0]) or ""
            if name not in seen:
                seen.add(name)
                found = _field(frame, path, key, name, statement.value)
                if found is not None:
                    yield found


def _reads_by_itself(frame: Frame, path: str, key: str) -> bool:
    class_ = frame.questions.class_(path, key)
    for name in class_.methods if class_ else ():
        function = frame.questions.function(path, f"{key}.{name}")
        bare = (d.function if isinstance(d, ex.Call) else d for d in (function.decorators if function else ()))
        if name in _OWN or any((ex.dotted(d) or "").rpartition(".")[2] in _OWN for d in bare):
            return True
    return False


def _field(frame: Frame, path: str, key: str, name: str, call: ex.Call) -> _Field | None:
    kind = _kind(frame, path, key, call)
    if kind in ("", "nothing") or _is_true(call.keyword("load_only")):
        return None
    attribute = call.keyword("attribute")
    if attribute is not None and not (isinstance(attribute, ex.Literal) and isinstance(attribute.value, str)):
        return None
    reads_from = str(attribute.value) if isinstance(attribute, ex.Literal) else name
    return _Field(name, reads_from, _schema_of(frame, path, key, call, kind), Spot(path, key, call.span))


def _kind(frame: Frame, path: str, key: str, call: ex.Call) -> str:
    """What a field of a library does with the attribute; "" for what is none."""
    function = frame.valued(path, key, call.function)
    known = frame.questions.project.libraries.fields
    if not isinstance(function, v.ExternalRef):
        return ""
    return known.get(function.name) or known.get(function.name.rpartition(".")[0], "")


def _schema_of(frame: Frame, path: str, key: str, call: ex.Call, kind: str) -> v.Schema | None:
    first = call.arguments[0] if call.arguments else call.keyword("nested") or call.keyword("cls_or_instance")
    if first is None or call.has_open_keywords:
        return None
    if kind == "element":
        if not isinstance(first, ex.Call):
            return None
        inner = _schema_of(frame, path, key, first, _kind(frame, path, key, first))
        return replace(inner, many=True) if inner is not None else None
    if kind != "schema":
        return None
    named = _named(frame, path, key, first)
    found = schema(frame, named.class_id, {}) if isinstance(named, v.ClassRef) else named
    if not isinstance(found, v.Schema):
        return None
    given = {k.name: frame.valued(path, key, k.value) for k in call.keywords if k.name in ("many", "only", "exclude")}
    return _narrowed(found, given)


def _named(frame: Frame, path: str, key: str, first: ex.Expr) -> v.Value:
    """The schema that a field names: a class, an instance, a function that gives one, or the name of a class."""
    match first:
        case ex.Literal(value="self"):
            return v.ClassRef(f"{path}::{key}")
        case ex.Literal(value=str() as text) if "." not in text:
            return frame.valued(path, key, ex.Name(first.span, text))
        case ex.Lambda(body=body):
            return frame.valued(path, key, body)
        case _:
            return frame.valued(path, key, first)


def _is_true(expression: ex.Expr | None) -> bool:
    return isinstance(expression, ex.Literal) and expression.value is True


# --- the inner class `Meta` ---


class _Meta(NamedTuple):
    """What the options of a schema say: the fields that it has, None for all, and those that it has not."""

    fields: tuple[str, ...] | None
    exclude: tuple[str, ...]
    known: bool


def _meta(frame: Frame, class_id: str) -> _Meta | None:
    return frame.once(("meta of", class_id), lambda: _read_meta(frame, class_id))


def _read_meta(frame: Frame, class_id: str) -> _Meta | None:
    fields = _option(frame, class_id, "fields")
    exclude = _option(frame, class_id, "exclude")
    if fields is None and exclude is None:
        return None
    names, without = (None if value is None else _names(value) for value in (fields, exclude))
    known = (fields is None or names is not None) and (exclude is None or without is not None)
    return _Meta(names, without or (), known)


def _is_shown(meta: _Meta, name: str) -> bool:
    return meta.known and name not in meta.exclude and (meta.fields is None or name in meta.fields)


def _option(frame: Frame, class_id: str, name: str) -> v.Value | None:
    """An option of the nearest `Meta`; None where it is not said."""
    for owner in frame.questions.mro(class_id):
        path, _, key = owner.partition("::")
        class_ = frame.questions.class_(path, f"{key}.Meta")
        if class_ is None:
            continue
        for statement in class_.body:
            if isinstance(statement, st.Assign) and ex.dotted(statement.targets[0]) == name and statement.value:
                return frame.valued(path, f"{key}.Meta", statement.value)
        return v.UNKNOWN if class_.bases and name not in ("include_relationships", "model") else None
    return None


def _of_model(frame: Frame, class_id: str, instance: v.Instance, own: set[str]) -> Iterator[_Field]:
    """The fields that a schema has for the relationships of its model, where it says so."""
    known = _known(frame, class_id)
    if known is None or not known.relationships or _option(frame, class_id, known.relationships) != v.Literal(True):
        return
    model = frame.questions.model(instance.model)
    path, _, key = class_id.partition("::")
    class_ = frame.questions.class_(path, key)
    if model is None or class_ is None or _option(frame, class_id, "model") is None:
        return
    for name in model.relationships:
        if name not in own:
            yield _Field(name, name, None, Spot(path, key, class_.name_span))
