"""Executing statements: sessions, results, and where rows are fetched."""

from collections.abc import Iterable

from msgspec.structs import replace

from sqlalint.facts.span import Span, Spot
from sqlalint.flow import emptied, executions, reads, sending
from sqlalint.flow import loads as ld
from sqlalint.flow import options as op
from sqlalint.flow import statements as sm
from sqlalint.flow import values as v
from sqlalint.flow.events import JoinedCollection, ResultConsumed
from sqlalint.flow.frame import At, Frame, query_of
from sqlalint.flow.silence import WRITING

# Session methods that take a statement, and the shape of what they give.
EXECUTING = {
    "execute": "rows",
    "scalars": "scalars",
    "scalar": "scalar",
    "stream": "rows",
    "stream_scalars": "scalars",
    "exec": "exec",
}
_FETCH_MANY = frozenset({"all", "fetchall", "fetchmany", "partitions"})
_FETCH_ONE = frozenset({"one", "one_or_none", "fetchone", "scalar_one", "scalar_one_or_none"})
_FETCH_FIRST = frozenset({"first", "scalar"})  # these close the result after a row, and never raise
_SAME = frozenset({"unique", "scalars", "mappings", "tuples", "columns", "yield_per", "execution_options"})
RESULT_METHODS = _FETCH_MANY | _FETCH_ONE | _FETCH_FIRST | _SAME | {"freeze", "close", "keys"}

_QUERY_ONE = frozenset({"first", "one", "one_or_none", "get", "get_or_404", "first_or_404", "one_or_404", "scalar"})


QUERY_READS = _QUERY_ONE | {"all", "count", "paginate"}

# --- sessions ---


def execute(
    frame: Frame, session: v.Session, name: str, arguments: list[v.Value], keywords: dict[str, v.Value], at: Span
) -> v.Value:
    """`session.name(...)` for a method that queries; `Unknown` for any other."""
    statement = arguments[0] if arguments else keywords.get("statement", v.UNKNOWN)
    statement = sending.with_options(statement, keywords)
    sent(frame, name, statement, arguments, at)
    if name in EXECUTING and not session.core:
        value = _run(frame, session, name, statement, at)
        if name in ("stream", "stream_scalars") and isinstance(value, v.Result):
            value = replace(value, streamed=True)
        return v.Awaitable(value) if session.is_async else value
    if name in ("get", "get_one", "merge") and not session.core:
        value = _get(frame, session, arguments, keywords, at) if name != "merge" else v.UNKNOWN
        return v.Awaitable(value) if session.is_async else value
    if name == "query":
        return sm.selected(arguments, True, frame.spot(at), session)
    if name == "refresh" and _is_given(keywords, "with_for_update"):
        frame.locks = True
    if name in ("refresh", "expire", "expunge"):
        _refreshed(frame, name, arguments, keywords, at)
        return v.Awaitable(v.NONE) if session.is_async else v.NONE
    if name in ("add", "add_all", "flush"):
        _written(frame, session, name, arguments)
        return v.Awaitable(v.NONE) if session.is_async and name == "flush" else v.NONE
    if name in ("begin", "begin_nested", "connect", "no_autoflush"):
        return _begun(session, name)
    if name == "connection":
        connection = replace(session, core=True, kind="AsyncConnection" if session.kind else "", class_id="")
        return v.Awaitable(connection) if session.is_async else connection
    return v.Awaitable(v.UNKNOWN) if session.is_async else v.UNKNOWN


def _begun(session: v.Session, name: str) -> v.Session:
    """What `begin()` and `connect()` give, by themselves, awaited, or in a `with`. A savepoint's commit expires nothing."""
    if name == "begin_nested":
        session = replace(session, expiry=v.KEEPS)
    if session.kind == "AsyncEngine":
        return replace(session, kind="AsyncConnection", class_id="")
    if session.kind and name in ("begin", "begin_nested"):
        kind = "AsyncTransaction" if session.kind == "AsyncConnection" else "AsyncSessionTransaction"
        return replace(session, kind=kind, class_id="")
    return session


def sent(frame: Frame, name: str, statement: v.Value, arguments: list[v.Value], at: At) -> None:
    """Remember what a method of a session sends."""
    if name in EXECUTING:
        known = isinstance(statement, v.Statement) or name in ("scalars", "scalar", "stream", "stream_scalars")
        if isinstance(statement, v.Statement) and statement.writes:
            executions.write(frame, at)  # what it gives is no reason to send it
        elif known:
            executions.read(frame, at, statement)
        else:
            executions.unknown(frame, at)
    elif name in ("get", "get_one") and arguments and isinstance(arguments[0], v.ModelClass):
        executions.read(frame, at, sm.selected(arguments[:1], False, frame.seen(at).at, None), executions.GET)
    elif name == "add" or name in WRITING:
        executions.write(frame, at)


def _run(frame: Frame, session: v.Session, name: str, statement: v.Value, at: Span) -> v.Value:
    if not isinstance(statement, v.Statement):
        is_query = isinstance(statement, v.Unknown) and statement.rows
        return v.Unknown(rows=is_query or name in ("scalars", "stream_scalars"))
    frame.locks = frame.locks or statement.locked
    shape = EXECUTING[name]
    if shape == "exec":
        shape = "scalars" if statement.entities and len(statement.entities) == 1 else "rows"
    result = v.Result(
        replace(statement, legacy=False),
        "scalars" if shape == "scalar" else shape,
        is_async=session.is_async,
        sure_session=session.sure,
        batch=frame.number(),
    )
    sending.executed(frame, result, name, at)
    if shape == "scalar":
        return _one(frame, result)
    return result


def _get(frame: Frame, session: v.Session, arguments: list[v.Value], keywords: dict[str, v.Value], at: Span) -> v.Value:
    model = arguments[0] if arguments else v.UNKNOWN
    if not isinstance(model, v.ModelClass):
        return v.UNKNOWN
    options = keywords.get("options")
    statement = sm.selected([model], False, frame.spot(at), session)
    if options is not None:
        statement = op.apply(statement, [options], frame.questions)
        sending.named_by_text(frame, statement, [options])
    if _is_given(keywords, "with_for_update"):
        statement = replace(statement, locked=True)
    sending.got(frame, session, statement, at)
    return _entity(frame, statement, 0, "get", session.is_async, session.sure, frame.number())


def _is_given(keywords: dict[str, v.Value], name: str) -> bool:
    """Whether a keyword is given something that may be true."""
    value = keywords.get(name)
    return value is not None and not (isinstance(value, v.Literal) and not value.value)


def gave(frame: Frame, path: str, key: str, value: v.Value) -> None:
    """Remember of a call whether a row was locked in it: what it gives tells, or else its own text has to."""
    inner = v.awaited(value)
    element = inner.element if isinstance(inner, v.Many) else inner
    if isinstance(element, v.Instance) and element.origin.statement is not None:
        frame.locks = frame.locks or element.origin.statement.locked
    else:
        frame.called.add((path, key))


def _refreshed(frame: Frame, name: str, arguments: list[v.Value], keywords: dict[str, v.Value], at: Span) -> None:
    """`refresh(x, ["posts"])` loads relationships; `refresh(x)`, `expire(x)` forget what was loaded lazily."""
    instance = arguments[0] if arguments else v.UNKNOWN
    if not isinstance(instance, v.Instance):
        return
    names = arguments[1] if len(arguments) > 1 else keywords.get("attribute_names")
    found: Iterable[str] = ()
    if isinstance(names, v.Items):
        found = [n.value for n in names.items if isinstance(n, v.Literal) and isinstance(n.value, str)]
    elif names is not None and name == "refresh":  # names that are not known: anything may be loaded now
        model = frame.questions.model(instance.model)
        found = model.relationships if model else ()
    for attribute in found:
        reads.refreshed(frame, instance, attribute, name, at)


def _written(frame: Frame, session: v.Session, name: str, arguments: list[v.Value]) -> None:
    """`add(x)` and `flush()`: after them a new object is one of the session's."""
    if name == "flush":
        frame.flushed |= frame.added
        return
    for argument in arguments:
        added = argument.items if isinstance(argument, v.Items) else (argument,)
        frame.added |= {a.batch for a in added if isinstance(a, v.Instance) and session.is_async and session.sure}


# --- results ---


def fetch(frame: Frame, result: v.Result, name: str, at: Span, arguments: list[v.Value]) -> v.Value:
    """`result.name(...)`."""
    if name == "unique":
        return replace(result, unique=True)
    if name in ("scalars", "mappings"):
        shape = name
        if name == "scalars" and arguments and arguments[0] != v.Literal(0):
            return v.Unknown(rows=True)
        return replace(result, shape=shape)
    if name in ("tuples", "execution_options"):
        return result
    if name in ("columns", "keys", "close", "freeze"):
        return v.Unknown(rows=name == "columns")
    if name == "yield_per":
        return replace(result, statement=replace(result.statement, stream=True), batched=True)
    value = _fetched(frame, result, name, at)
    return v.Awaitable(value) if result.streamed and name != "partitions" else value


def _fetched(frame: Frame, result: v.Result, name: str, at: Span) -> v.Value:
    sending.fetched(frame, result, name, at)
    if name in _FETCH_FIRST:
        return _one(frame, _scalar_shape(result, name))
    if name in _FETCH_ONE:
        consumed(frame, result, f".{name}()", at)
        return _one(frame, _scalar_shape(result, name))
    if name in _FETCH_MANY:
        consumed(frame, result, f".{name}()", at)
        rows = v.Many(row(frame, result), "list", sm.is_few(result.statement, frame.questions))
        return v.Many(rows, "iterator") if name == "partitions" else rows
    return v.UNKNOWN


def _scalar_shape(result: v.Result, name: str) -> v.Result:
    return replace(result, shape="scalars") if name.startswith("scalar") else result


def _one(frame: Frame, result: v.Result) -> v.Value:
    """One row; an object on its own varies with no loop."""
    value = row(frame, result)
    return replace(value, optional=True) if isinstance(value, v.Instance) else value


def row(frame: Frame, result: v.Result) -> v.Value:
    """What one row of a result is."""
    statement = result.statement
    if statement.entities is None:
        return v.Unknown(rows=True)
    sure, is_async, batch = result.sure_session, result.is_async, result.batch
    count = 1 if result.shape == "scalars" else len(statement.entities)
    stream = result.streamed or statement.stream
    cells = [
        _entity(frame, statement, i, "query", is_async, sure, batch + i * v.PER_ENTITY, stream) for i in range(count)
    ]
    if result.shape == "scalars":
        return cells[0] if cells else v.UNKNOWN
    names = tuple(_cell_name(frame, e) for e in statement.entities)
    if result.shape == "mappings":
        return v.Pairs(v.UNKNOWN, v.UNKNOWN, dict(zip(names, cells, strict=True)))
    return v.Items(tuple(cells), names)


def _cell_name(frame: Frame, entity: v.Entity) -> str:
    if entity.name or entity.model is None:
        return entity.name
    model = frame.questions.model(entity.model)
    return model.name if model else ""


def _entity(
    frame: Frame,
    statement: v.Statement,
    position: int,
    kind: str,
    is_async: bool,
    sure: bool,
    batch: int,
    stream: bool = False,
) -> v.Value:
    entities = statement.entities or ()
    entity = entities[position] if position < len(entities) else v.Entity(None)
    if entity.model is None:
        return v.COLUMN
    stream = stream or statement.stream
    origin = v.Origin(kind, statement.at, is_async, sure, stream, statement, calls=statement.calls)
    if kind == "get":
        frame.locks = frame.locks or statement.locked
    if is_async or not sure:
        emptied.queried(
            frame, {entity.model} | (reads.eager_targets(frame, statement) if entity.loads.entries else set())
        )
    if entity.loads.entries:
        frame.loaded.setdefault(entity.model, []).append((frame.number(), entity.loads))
    return v.Instance(entity.model, origin, entity.loads, batch=batch)


# --- legacy queries ---


def rows_of_query(frame: Frame, query: v.Statement) -> v.Value:
    """What one row of a legacy `Query` is: the object itself where one entity is asked for."""
    frame.locks = frame.locks or query.locked
    session = query.session or v.Session(sure=False)
    single = query.entities is not None and len(query.entities) == 1
    result = v.Result(
        query, "scalars" if single else "rows", True, session.is_async, session.sure, batch=frame.number()
    )
    return row(frame, result)


def query_method(frame: Frame, query: v.Statement, name: str, arguments: list[v.Value], at: Span) -> v.Value:
    """`query.name(...)` where that is no query any more."""
    if name in QUERY_READS:
        executions.read(frame, at, query, executions.GET if name.startswith("get") else executions.READ)
    elif name in ("update", "delete"):
        executions.write(frame, at)
    sending.queried(frame, query, name, at)
    if name == "all":
        return v.Many(rows_of_query(frame, query), "list", sm.is_few(query, frame.questions))
    if name in _QUERY_ONE:
        value = rows_of_query(frame, query)
        if name in ("get", "get_or_404") and isinstance(value, v.Instance):
            value = replace(value, origin=replace(value.origin, kind="get"))
        return replace(value, optional=True) if isinstance(value, v.Instance) else value
    if name == "paginate":
        return v.Pairs(v.UNKNOWN, v.UNKNOWN, {"items": v.Many(rows_of_query(frame, query), "list")})
    return v.UNKNOWN


# --- joined collections ---


def consumed(frame: Frame, result: v.Result, method: str, at: At) -> None:
    """Remember that rows are fetched without `unique()` from a statement that joins collections."""
    statement = result.statement
    if statement.legacy or statement.entities is None:
        return
    found = joined_collections(frame, statement)
    if not found:
        return
    if result.unique:
        frame.note(at, f"{method}: unique() is called")
        return
    if statement.yield_per or result.batched:
        frame.note(at, f"{method}: the statement has yield_per, with which unique() does not help")
        return
    if statement.from_text:
        frame.note(at, f"{method}: the rows are those of from_statement() or a union")
        return
    origin = v.Origin(
        "query", statement.at, result.is_async, result.sure_session, False, statement, calls=statement.calls
    )
    spot = frame.seen(at).at
    if any(c.at == spot for c in frame.consumed):
        return
    frame.consumed.append(
        ResultConsumed(
            at=spot,
            qualname=frame.key,
            method=method,
            query=query_of(origin, frame.questions, frame),
            collections=tuple(found),
            sure=any(c.sure for c in found),
            unhashable=result.shape == "rows" and _has_unhashable(frame, statement),
            stream=statement.stream,
            shared=frame.inlined > 0,
        )
    )


def joined_collections(frame: Frame, statement: v.Statement) -> list[JoinedCollection]:
    """The collections that the rows of a statement join, at any depth of an unbroken joined chain."""
    found: list[JoinedCollection] = []
    for entity in statement.entities or ():
        if entity.model is not None and not entity.subquery:
            _joined(frame, entity.model, entity.loads, True, (), found)
    return found


def _joined(
    frame: Frame, model_id: str, loads: ld.Loads, sure: bool, chain: tuple[str, ...], found: list[JoinedCollection]
) -> None:
    model = frame.questions.model(model_id)
    if model is None:
        return
    way = ld.Way((*chain, model_id))
    for name, relationship in model.relationships.items():
        entry = loads.entry(name)
        option: Spot | None = None
        certain = sure
        if entry is not None and entry.how != "default":
            if entry.how not in ld.JOINED:
                continue
            option, certain = entry.at, sure and entry.sure
        elif relationship.lazy != "joined" or model_id in chain:
            continue
        elif loads.wild:  # an option that is not known may say otherwise
            certain = False
        if relationship.lazy in ("dynamic", "write_only") or relationship.collection is None:
            continue
        if relationship.collection:
            found.append(JoinedCollection(relationship, f"{model.name}.{name}", certain, option))
        if relationship.target and not way.stops(
            relationship, loads
        ):  # what it leads back to needs `unique()` all the same
            _joined(frame, relationship.target, loads.below(name), certain, (*chain, model_id), found)


def _has_unhashable(frame: Frame, statement: v.Statement) -> bool:
    """Whether a row holds, beside entities, a column whose values cannot be hashed."""
    for entity in statement.entities or ():
        if entity.column is None:
            continue
        model = frame.questions.model(entity.column.model)
        column = model.columns.get(entity.column.name) if model else None
        kind = column.type.name.rpartition(".")[2] if column and column.type else ""
        if kind in ("JSON", "JSONB", "ARRAY", "HSTORE"):
            return True
    return False


def iterate_rows(frame: Frame, value: v.Value, at: At) -> tuple[v.Value, bool] | None:
    """The element of something that queries when iterated, and whether it has at most ten; None for anything else."""
    match value:
        case v.Result():
            consumed(frame, value, "iterating", at)
            sending.fetched(frame, value, "iterating", at)
            return row(frame, value), sm.is_few(value.statement, frame.questions)
        case v.Statement(legacy=True):
            executions.read(frame, at, value)
            sending.queried(frame, value, "iterating", at)
            return rows_of_query(frame, value), sm.is_few(value, frame.questions)
        case v.Many(kind="dynamic"):
            reads.queried(frame, value, at)
            return value.element, value.few
        case _:
            return None
