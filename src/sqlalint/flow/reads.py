"""Reading attributes of objects: which emit SQL, which do not, and what comes back."""

from msgspec.structs import replace

from sqlalint.facts.span import START, Span
from sqlalint.flow import emptied
from sqlalint.flow import loads as ld
from sqlalint.flow import statements as sm
from sqlalint.flow import values as v
from sqlalint.flow.commits import note_touch
from sqlalint.flow.frame import At, Frame, Read, Ways
from sqlalint.project.mapping import Model, Relationship

_EAGER = frozenset({"joined", "selectin", "subquery", "immediate"})
_NUMBERS = frozenset({"Integer", "BigInteger", "SmallInteger", "INTEGER", "BIGINT", "SMALLINT"})
_QUERIED = frozenset({"dynamic", "write_only"})
_RAISING = frozenset({"raise", "raise_on_sql"})


def attribute(frame: Frame, instance: v.Instance, name: str, at: At, action: str = "read") -> v.Value:
    """The value of `instance.name`, recording the load that reading it is."""
    model = frame.questions.model(instance.model)
    if model is None:
        return v.UNKNOWN
    if instance.loop and name not in model.methods:
        note_touch(frame, instance, at)
    if name in model.relationships:
        return relationship(frame, instance, model, name, at, action)
    if name == "awaitable_attrs":  # what is awaited there loads all that was emptied
        emptied.refreshed(frame, instance, None)
        return v.Method(instance, name)
    if name in model.proxies:
        return _proxied(frame, instance, model, name, at)
    if name in model.columns or name in model.deferred_properties:
        if action == "read":
            emptied.read(frame, instance, model, name, at, action)
        _column(frame, instance, model, name, at)
        if isinstance(at, Span) and is_number(model, name):  # of other functions that is their own matter
            frame.numbers_read[at] = instance
        return v.UNKNOWN
    if name in model.methods:
        owner, _, key = model.methods[name].partition("::")
        method = v.FunctionRef(owner, key, instance)
        if name not in model.properties and name not in model.hybrids:
            return method
        return frame.callees.called(frame, at, method, [], {}) if frame.callees else v.UNKNOWN
    return v.UNKNOWN


def relationship(frame: Frame, instance: v.Instance, model: Model, name: str, at: At, action: str = "read") -> v.Value:
    """The value of a relationship of an object, recording the load where there is one."""
    found = model.relationships[name]
    if instance.given:
        return _target(frame, instance, found, 0, given=frame.access(instance, name, at, action))
    how, unsure = _how(frame, instance, found)
    silent = _why_silent(frame, instance, model, found, how, action)
    if silent is not None:
        frame.note(at, f"{model.name}.{name}: {silent}")
    if how == "noload" and not unsure:
        return v.UNKNOWN  # it is always empty: nothing is read behind it
    if silent is None and how in _QUERIED:
        return _target(frame, instance, found, 0)  # reading it is nothing: iterating it queries
    if silent is not None and found.lazy not in _RAISING | _QUERIED:
        emptied.read(frame, instance, model, name, at, action)
    number = 0
    if silent is None:
        unsure = unsure or _pinned(frame, instance, found, perhaps=True) is not None
        unsure = unsure or _is_brought_beside(frame, instance, found)
        unsure = unsure or (instance.origin.is_async and _loaded_before(frame, instance, name))
        raises = how in _RAISING
        number = record(frame, instance, model, found, at, unsure=unsure, action=action, raises=raises)
        number = 0 if raises else number
    if action == "assign":
        frame.touched |= {(batch, name) for batch in instance.batches}
    back = _way_back(instance, found, frame)
    if back is not None:  # the same object: what the longer chain loads of it is loaded, where it is loaded at all
        below = instance.loads.below(name) if how in ld.LOADING or how in _EAGER else ld.NOTHING
        return replace(back, loads=ld.add(back.loads, below))
    later = _loaded_later(frame, instance, name) if silent is not None else None
    return _target(frame, instance if later is None else replace(instance, loads=later), found, number)


def queried(frame: Frame, many: v.Many, at: At) -> None:
    """Record that a dynamic relationship is iterated or counted: a query each time."""
    element = many.element
    if many.kind != "dynamic" or not isinstance(element, v.Instance) or element.via is None:
        return
    parent, name = element.via
    model = frame.questions.model(parent.model)
    if model is not None and model.relationships[name].lazy == "write_only":
        return  # it cannot be iterated
    if parent.given:
        frame.access(parent, name, at, "iterate")
    elif model is not None and parent.origin.kind in ("query", "get"):
        record(frame, parent, model, model.relationships[name], at, unsure=False, action="iterate")


def is_collection(frame: Frame, at: At) -> None:
    """What is iterated is a collection: a relationship of which that was not known, as its target is out of sight."""
    read, seen = frame.reads[-1], frame.seen(at)
    same = not read.calls and read.at.is_beside(seen.at) and _end(read.at.span) == _end(seen.at.span)
    if same and read.relationship is not None and read.relationship.collection is None:
        read.relationship = replace(read.relationship, collection=True)


def _end(span: Span) -> tuple[int, int]:
    return span.end_row, span.end_column


def refreshed(frame: Frame, instance: v.Instance, name: str, action: str, at: At) -> None:
    """`refresh(x, [name])` loads a relationship, `expire(x, [name])` forgets it."""
    if instance.given:
        frame.access(instance, name, at, action)
    elif action == "refresh":
        frame.touched |= {(batch, name) for batch in instance.batches}
    else:
        frame.touched -= {(batch, name) for batch in instance.batches}


def _how(frame: Frame, instance: v.Instance, found: Relationship) -> tuple[str | None, bool]:
    """How a relationship is loaded for an object (None: not known), and whether that is unsure."""
    if _stops(frame, instance, found):
        return "select", instance.loads.wild
    entry = instance.loads.entry(found.attribute)
    if entry is not None and entry.how != "default" and found.lazy not in _QUERIED:
        return entry.how, instance.loads.wild and entry.how == "lazy"
    return found.lazy, instance.loads.wild


def _stops(frame: Frame, instance: v.Instance, found: Relationship) -> bool:
    """Whether a setting is not followed, because the class that it leads to is on the way to the object."""
    statement = instance.origin.statement
    if statement is None or instance.read or instance.loads.setting(found) not in _EAGER:
        return False
    ways = (_classes(frame, e, instance.path) for e in statement.entities or ())
    return any(
        way is not None and way.models[-1] == instance.model and way.stops(found, instance.loads) for way in ways
    )


def _classes(frame: Frame, entity: v.Entity, path: tuple[str, ...]) -> ld.Way | None:
    """The models on a way from an entity."""
    way, loads = ld.Way((entity.model or "",)), entity.loads
    for step in path:
        model = frame.questions.model(way.models[-1])
        found = model.relationships.get(step) if model is not None else None
        if found is None or found.target is None:
            return None
        way, loads = way.on(found.target, loads.setting(found)), loads.below(step)
    return way


def _why_silent(
    frame: Frame, instance: v.Instance, model: Model, found: Relationship, how: str | None, action: str
) -> str | None:
    """Why reading a relationship emits nothing, or is nothing that can be told; None where it loads."""
    entry = instance.loads.entry(found.attribute)
    if how is None:
        return "how it loads is not known"
    if how in _QUERIED and action in ("append", "assign"):
        return f"lazy={how!r}: nothing is loaded"
    if (how in ld.LOADING or how in _EAGER) and how not in _RAISING:
        by = "an option" if entry is not None and entry.how == how else f"lazy={how!r}"
        return f"loaded by {by}"
    if instance.origin.kind == "unknown":
        return "where the object comes from is not in sight"
    if instance.origin.kind == "new" and (instance.batch not in frame.flushed or found.direction == "many-to-one"):
        return "the object is new"
    pinned = _pinned(frame, instance, found) if how != "raise" else None  # that raises whatever the session holds
    if pinned == "object" or (pinned == "key" and not instance.origin.is_async):
        return "the query's condition fixes it to one object"
    if how != "raise" and _way_back(instance, found, frame) is not None:
        return "it leads back to the object whose collection this is"
    if _is_touched(frame, instance, found.attribute):
        return "loaded before, on the same objects"
    if _loaded_later(frame, instance, found.attribute) is not None:
        return "a later query loads it, of the same objects perhaps"
    if how != "raise" and found.direction == "many-to-one" and _target_in_rows(instance, found, frame):
        return "its target is in the same rows"
    if action == "assign" and (found.direction == "many-to-one" or found.collection is False):
        return "assigning it loads nothing"
    return None


def _is_touched(frame: Frame, instance: v.Instance, name: str) -> bool:
    """Whether it was read or set before, on one of the ways on which the object came here."""
    return any((batch, name) in frame.touched for batch in instance.batches)


def _loaded_later(frame: Frame, instance: v.Instance, name: str) -> ld.Loads | None:
    """What a query that ran after the one of an object loads, where it loads a relationship: it fills in what the session
    holds."""
    known = frame.loaded.get(instance.model)
    if not known or not instance.batches:
        return None
    own = min(batch % v.PER_ENTITY for batch in instance.batches)
    for number, loads in known:
        entry = loads.entry(name) if number > own else None
        if entry is not None and entry.how in ld.LOADING - _RAISING:
            return loads
    return None


def _loaded_before(frame: Frame, instance: v.Instance, name: str) -> bool:
    """Whether an earlier query loads a relationship of the same class: what the session still holds comes again as it is."""
    known = frame.loaded.get(instance.model)
    if not known or not instance.batches:
        return False
    own = min(batch % v.PER_ENTITY for batch in instance.batches)
    entries = (loads.entries.get(name) for number, loads in known if number < own)
    return any(entry is not None and entry.how in ld.LOADING - _RAISING for entry in entries)


def _pinned(frame: Frame, instance: v.Instance, found: Relationship, *, perhaps: bool = False) -> str | None:
    """How the query's conditions fix a many-to-one, or those that it has on some way only; they speak of its own rows, and of what `contains_eager` took of
    them, not of what other options load."""
    statement = instance.origin.statement
    equals = () if statement is None else statement.perhaps if perhaps else statement.equals
    if statement is None or not equals or found.direction != "many-to-one":
        return None
    loads = next((e.loads for e in statement.entities or () if e.model), ld.NOTHING)
    for step in instance.path:
        entry = loads.entries.get(step)
        if entry is None or entry.how != "contains":
            return None
        loads = entry.below
    return sm.pinned_by(equals, instance.model, found, frame.questions)


def _target_in_rows(instance: v.Instance, found: Relationship, frame: Frame) -> bool:
    statement = instance.origin.statement
    if statement is None or not statement.entities or instance.path:
        return False
    return any(e.model == found.target for e in statement.entities if e.model != instance.model)


def _way_back(instance: v.Instance, found: Relationship, frame: Frame) -> v.Instance | None:
    """The parent that a many-to-one leads back to, where the object came through the parent's collection."""
    if instance.via is None or found.direction != "many-to-one":
        return None
    parent, through = instance.via
    model = frame.questions.model(parent.model)
    came = model.relationships.get(through) if model else None
    if came is None or came.direction != "one-to-many" or model is None or found.target not in (model.id, *model.bases):
        return None
    if came.reverse == found.attribute or found.reverse == through:
        return parent
    return None


def _target(frame: Frame, instance: v.Instance, found: Relationship, number: int, given: int = 0) -> v.Value:
    """The object or the collection behind a relationship."""
    if found.target is None or found.collection is None:
        return v.UNKNOWN
    known = instance.origin.kind in ("query", "get")
    target = v.Instance(
        found.target,
        instance.origin,
        instance.loads.below(found.attribute) if known else ld.UNKNOWN_LOADS,
        loop=0 if _pinned(frame, instance, found) else instance.loop,
        batch=frame.number(),
        path=(*instance.path, found.attribute),
        via=(replace(instance, via=None), found.attribute) if instance.via else (instance, found.attribute),
        read=number or instance.read,
        optional=not found.collection,
        given=given,
    )
    if not found.collection:
        return target
    return v.Many(target, "dynamic" if found.lazy in _QUERIED else "collection")


def record(
    frame: Frame,
    instance: v.Instance,
    model: Model,
    found: Relationship | None,
    at: At,
    *,
    unsure: bool,
    action: str,
    attribute: str = "",
    raises: bool = False,
) -> int:
    """Remember a load; returns its number, or that of the load to which it belongs."""
    name = found.attribute if found else attribute
    active = frame.active(instance.loop) if instance.loop else None
    for read in frame.reads:
        same = read.model.id == model.id and read.attribute == name and not read.dropped
        if same and read.instance.batch == instance.batch and read.loop == (active.loop if active else None):
            return read.number
    number = frame.number()
    seen = frame.seen(at)
    target = frame.questions.model(found.target) if found and found.target else None
    in_rows = target is not None and target.id in _loaded_beside(frame, instance)
    pinned = found is not None and _pinned(frame, instance, found) is not None
    alive = _is_alive(frame, instance, target)
    frame.reads.append(
        Read(
            number=number,
            instance=instance,
            model=model,
            relationship=found,
            attribute=name,
            target=target,
            at=seen.at,
            calls=seen.calls,
            function=frame.spot(START),
            loop=active.loop if active else None,
            unsure=unsure,
            conditional=frame.depth > (active.depth if active else 0),
            target_held=pinned or in_rows or alive,
            target_alive=alive,
            in_rows=in_rows,
            action=action,
            raises=raises,
            field=seen.field,
        )
    )
    _touch(frame, instance, name, action)
    return number


def _touch(frame: Frame, instance: v.Instance, name: str, action: str) -> None:
    """What was read is loaded from here on: for all objects of a loop, when the loop is over."""
    if action == "iterate":
        return
    active = frame.active(instance.loop) if instance.loop else None
    if active is None:
        frame.touched |= {(batch, name) for batch in instance.batches}
    elif frame.depth == active.depth and instance.batch == active.batch:
        active.touched.add((instance.batch, name))


def _loaded_beside(frame: Frame, instance: v.Instance) -> set[str]:
    """The models of what the query of an object loads with it."""
    statement = instance.origin.statement
    return set() if statement is None else eager_targets(frame, statement)


def _is_alive(frame: Frame, instance: v.Instance, target: Model | None) -> bool:
    """Whether objects of a model may be in the session already, from another query."""
    if target is None:
        return False
    for value in frame.names.values():
        element = value.element if isinstance(value, v.Many) else value.value if isinstance(value, v.Pairs) else value
        if element is value and not instance.origin.is_async:
            continue  # one object is one target of many; but it is one that raises nothing
        if not isinstance(element, v.Instance) or element.path or element.origin.kind not in ("query", "get"):
            continue
        if element.model == target.id or target.id in _bases(frame, element.model):
            return True
    return False


def eager_targets(frame: Frame, statement: v.Statement) -> set[str]:
    """The models of the objects that a statement loads behind its entities, by options and mapper settings."""
    return {model for _, model in eager_paths(frame, statement)}


def eager_paths(frame: Frame, statement: v.Statement) -> Ways:
    """The ways from its entities on which a statement loads objects, and their models."""
    known = frame.eager.get(id(statement))
    if known is None or known[0] is not statement:
        known = frame.eager[id(statement)] = statement, frozenset(_eager_paths(frame, statement))
    return known[1]


def _eager_paths(frame: Frame, statement: v.Statement) -> set[tuple[tuple[str, ...], str]]:
    found: set[tuple[tuple[str, ...], str]] = set()
    pending: list[tuple[str, ld.Loads, tuple[str, ...], ld.Way]] = [
        (e.model, e.loads, (), ld.Way((e.model,))) for e in statement.entities or () if e.model
    ]
    entered: list[tuple[str, ld.Loads]] = []  # with the same loads a model leads to the same objects: cycles end
    while pending:
        model_id, loads, path, way = pending.pop()
        model = frame.questions.model(model_id)
        if model is None or (model_id, loads) in entered:
            continue
        entered.append((model_id, loads))
        for name, relationship in model.relationships.items():
            how = loads.setting(relationship)
            if way.stops(relationship, loads):
                continue
            if how in _EAGER | ld.JOINED and relationship.target:
                found.add(((*path, name), relationship.target))
                further = way.on(relationship.target, how)
                pending.append((relationship.target, loads.below(name), (*path, name), further))
    return found


def _bases(frame: Frame, model_id: str) -> tuple[str, ...]:
    model = frame.questions.model(model_id)
    return model.bases if model else ()


def _column(frame: Frame, instance: v.Instance, model: Model, name: str, at: At) -> None:
    """Reading a column that the query left out is a load of its own."""
    if instance.given:
        frame.access(instance, name, at, "read")
        return
    if instance.origin.kind not in ("query", "get") or instance.loads.wild:
        return
    if _is_touched(frame, instance, name) or not _is_left_out(instance.loads, model, name):
        return
    unsure = _is_loaded_beside(frame, instance, model, name)
    record(frame, instance, model, None, at, unsure=unsure, action="read", attribute=name)


def _is_loaded_beside(frame: Frame, instance: v.Instance, model: Model, name: str) -> bool:
    """Whether the query of an object loads others of its class on another way, with a column: perhaps the same one."""
    statement = instance.origin.statement
    if statement is None:
        return False
    entities = [e for e in statement.entities or () if e.model]
    ways = {path for path, target in eager_paths(frame, statement) if target == instance.model}
    ways |= {() for e in entities if e.model == instance.model}
    loads = [_along(e.loads, path) for path in ways if path != instance.path for e in entities]
    return any(not _is_left_out(one, model, name) for one in loads)


def _is_brought_beside(frame: Frame, instance: v.Instance, found: Relationship) -> bool:
    """Whether the query of an object loads a relationship of others of its class, on another way: perhaps the same one."""
    statement = instance.origin.statement
    if statement is None or instance.read:
        return False
    ways = eager_paths(frame, statement)
    loaded = {path[:-1] for path, _ in ways if path[-1] == found.attribute}
    return any(path in loaded for path, target in ways if target == instance.model and path != instance.path)


def _along(loads: ld.Loads, path: tuple[str, ...]) -> ld.Loads:
    for step in path:
        loads = loads.below(step)
    return loads


def is_number(model: Model, name: str) -> bool:
    """Whether an attribute is a column of whole numbers that can be counted up."""
    column = model.columns.get(name)
    kind = column.type.name.rpartition(".")[2] if column is not None and column.type is not None else ""
    return column is not None and not column.primary_key and kind in _NUMBERS


def _is_left_out(loads: ld.Loads, model: Model, name: str) -> bool:
    column = model.columns.get(name)
    if name in loads.undeferred or ld.EVERYTHING in loads.undeferred:
        return False
    if column is not None and column.primary_key:
        return False
    if loads.only is not None:
        return name not in loads.only
    if name in loads.deferred:
        return True
    return name in model.deferred_properties or bool(column and column.deferred)


def _proxied(frame: Frame, instance: v.Instance, model: Model, name: str, at: At) -> v.Value:
    """An association proxy reads its relationship, and then an attribute of each object behind it."""
    proxy = model.proxies[name]
    if proxy.relationship not in model.relationships:
        return v.UNKNOWN
    behind = relationship(frame, instance, model, proxy.relationship, at)
    match behind:
        case v.Many(element=v.Instance() as element):
            inner = frame.questions.model(element.model)
            if inner and proxy.target_attribute in inner.relationships:
                return v.Many(relationship(frame, element, inner, proxy.target_attribute, at), "collection")
            return v.Many(v.UNKNOWN, "collection")
        case v.Instance():
            return attribute(frame, behind, proxy.target_attribute, at)
        case _:
            return v.UNKNOWN
