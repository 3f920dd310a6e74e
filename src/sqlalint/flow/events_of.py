"""From the reads of a function to the facts that rules judge: folded, grouped, one a cause."""

from collections.abc import Iterator

from msgspec.structs import replace

from sqlalint.facts.span import Spot
from sqlalint.flow.events import (
    AsyncRead,
    ExpiredRead,
    Function,
    LazyRead,
    Loop,
    LoopReads,
    RaisedRead,
    SerializedReads,
)
from sqlalint.flow.frame import Frame, Read, query_of
from sqlalint.flow.repeated import repeated
from sqlalint.flow.text import Text
from sqlalint.flow.values import Entity
from sqlalint.project.mapping import Model


def events_of(frame: Frame, text: Text) -> Function:
    """What following a function brought to light."""
    raised: dict[tuple[object, str], RaisedRead] = {}
    for read in (r for r in frame.reads if r.raises):
        lazy = _lazy(frame, read)
        raised.setdefault((lazy.query.at, lazy.name), RaisedRead(lazy))
    kept = [r for r in frame.reads if not r.dropped and not r.raises]
    by_number = {r.number: r for r in kept}
    further: dict[int, list[LazyRead]] = {}
    first: list[Read] = []
    for read in kept:
        root = _root(read, by_number)
        if root is read:
            first.append(read)
        else:
            further.setdefault(root.number, []).append(_lazy(frame, read))
    loops: dict[tuple[int, object], tuple[Loop, list[LazyRead]]] = {}
    asynchronous: dict[tuple[object, str], AsyncRead] = {}
    seen: set[object] = set()
    for read in first:
        lazy = replace(_lazy(frame, read), further=tuple(further.get(read.number, ())))
        if lazy.query.is_async:
            asynchronous.setdefault((lazy.query.at, lazy.name), AsyncRead(lazy))
        elif read.loop is not None and (read.loop.at, lazy.at, lazy.calls, lazy.name) not in seen:
            seen.add((read.loop.at, lazy.at, lazy.calls, lazy.name))
            loops.setdefault((read.loop.number, lazy.query.at), (read.loop, []))[1].append(lazy)
    groups = [LoopReads(loop, reads[0].query, tuple(reads)) for loop, reads in loops.values()]
    return Function(
        reads=tuple(g for g in groups if not g.reads[0].field),
        serialized=tuple(_serialized(frame, [g for g in groups if g.reads[0].field])),
        async_reads=tuple(asynchronous.values()),
        raised=tuple(raised.values()),
        consumed=tuple(frame.consumed),
        executed=tuple(frame.executed),
        texts=tuple(frame.texts),
        versions=frame.versions,
        counted=frame.counted,
        repeated=tuple(repeated(frame, text)),
        rows_expired=frame.rows_expired,
        one_column=frame.one_column,
        loops=frame.loops_over_rows,
        loops_understood=frame.loops_understood,
        awaits=frame.awaits,
        expired=tuple(_expired(frame)),
    )


def _serialized(frame: Frame, groups: list[LoopReads]) -> Iterator[SerializedReads]:
    """One for each serialization and query; its inner loops belong to the outermost."""
    found: dict[tuple[Spot, Spot], list[LoopReads]] = {}
    for group in groups:
        found.setdefault((group.at, group.query.at), []).append(group)
    for (at, _), same in found.items():
        reads = tuple(dict.fromkeys(r for g in same for r in g.reads))
        yield SerializedReads(frame.serializers.get(at, ""), LoopReads(same[0].loop, same[0].query, reads))


def _expired(frame: Frame) -> Iterator[ExpiredRead]:
    """One for each place that reads; of one object the first read."""
    seen: set[tuple[Spot, tuple[Spot, ...]]] = set()
    for read in frame.staleness.reads.values():
        if (read.at, read.calls) in seen:
            continue
        seen.add((read.at, read.calls))
        expiry = read.expiry
        yield ExpiredRead(
            at=read.at,
            calls=read.calls,
            qualname=frame.key,
            written=read.written,
            model=read.model,
            attribute=read.attribute,
            how=expiry.how,
            expired=expiry.at,
            expired_calls=expiry.calls,
            setting=expiry.setting,
            factory=expiry.factory,
            sure=read.sure,
            maybe=expiry.conditional,
            conditional=read.conditional,
            field=read.field,
        )


def _root(read: Read, by_number: dict[int, Read]) -> Read:
    """The first lazy load on the way to the object that is reported: the cause that further loads belong to.

    A load outside any loop is none, but for asynchronous sessions, so that what is read behind it speaks for itself.
    """
    while (before := by_number.get(read.instance.read)) is not None and before is not read:
        if before.loop is None and not before.instance.origin.is_async:
            break
        read = before
    return read


def _lazy(frame: Frame, read: Read) -> LazyRead:
    query = query_of(read.instance.origin, frame.questions, frame)
    root, models, own_query = _path_models(frame, read)
    if root is not None:
        model = frame.questions.model(root.model or "")
        entity = model.name if model else query.entity
        query = replace(query, entity=entity, entity_model=root.model or "", aliased=root.alias != 0)
    return LazyRead(
        at=read.at,
        function=read.function,
        qualname=frame.key,
        model=read.model.id,
        model_name=read.model.name,
        relationship=read.relationship,
        attribute=read.attribute,
        column=read.relationship is None,
        target_name=read.target.name if read.target else "",
        target_table=(read.target.table or "") if read.target else "",
        path=read.instance.path,
        path_models=tuple(model.name for model in models),
        path_ids=tuple(model.id for model in models),
        own_query=own_query,
        loop=read.loop,
        query=query,
        unsure=read.unsure,
        conditional=read.conditional,
        target_held=read.target_held,
        target_alive=read.target_alive,
        in_rows=read.in_rows,
        held_in_list=not query.stream,
        action=read.action,
        calls=read.calls,
        has_option=_has_option(read),
        shared=_is_shared(read, models) and not query.stream,
        field=read.field,
        left_out_by=_left_out_by(read),
    )


def _is_shared(read: Read, models: tuple[Model, ...]) -> bool:
    """Whether the way from the row, which the last collection on it brings, to the object has a many-to-one."""
    for model, step in zip(reversed(models), reversed(read.instance.path), strict=False):
        relationship = model.relationships[step]
        if relationship.collection is not False:
            return False
        if relationship.direction == "many-to-one":
            return True
    return False


def _left_out_by(read: Read) -> tuple[Spot, ...]:
    loads = read.instance.loads
    by_option = read.relationship is None and (loads.only is not None or read.attribute in loads.deferred)
    return tuple(sorted(loads.leaving_out)) if by_option else ()


def _has_option(read: Read) -> bool:
    entry = read.instance.loads.entries.get(read.attribute)
    return entry is not None and entry.how != "default"


def _path_models(frame: Frame, read: Read) -> tuple[Entity | None, tuple[Model, ...], int]:
    """The entity of the query from which the path leads to the object, the models on the way, and how many
    steps of the path lead to the last query of a dynamic relationship, which takes options of its own."""
    statement = read.instance.origin.statement
    for entity in (statement.entities or ()) if statement else ():
        models: list[Model] = []
        at, own_query = entity.model, 0
        for number, step in enumerate(read.instance.path, 1):
            model = frame.questions.model(at) if at else None
            if model is None or step not in model.relationships:
                at = None
                break
            models.append(model)
            at = model.relationships[step].target
            own_query = number if model.relationships[step].lazy in ("dynamic", "write_only") else own_query
        if at == read.model.id:
            return entity, tuple(models), own_query
    return None, (), 0
