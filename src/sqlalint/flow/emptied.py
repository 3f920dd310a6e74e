"""Objects of asynchronous sessions that are emptied, and read before anything loads them again."""

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span
from sqlalint.flow import values as v
from sqlalint.flow.frame import At, Frame, Seen
from sqlalint.flow.given import Expire
from sqlalint.flow.staleness import Expiry, Key, StaleRead
from sqlalint.project.mapping import Model

_SESSIONS = frozenset({"", "AsyncSession", "async_scoped_session"})
_EXPIRING = frozenset({"commit", "rollback", "expire_all"})
_CLOSING = frozenset({"close", "aclose", "reset", "invalidate", "expunge_all", "remove"})
_LEAVING = frozenset({"delete", "expunge"})
_READ = frozenset({"read", "iterate", "append"})
_KINDS = frozenset({"query", "get", "new"})


_SETTINGS = {v.EXPIRES: True, v.KEEPS: False}


def placed(frame: Frame, function: v.Value, call: ex.Call, value: v.Value) -> v.Value:
    """A session or factory that a call of the library makes, with where that is."""
    session = value.session if isinstance(value, v.Factory) else value
    if not isinstance(function, v.ExternalRef) or not isinstance(session, v.Session) or session.core or session.made:
        return value
    expiry = session.expiry
    if session.class_id and frame.questions.member(session.class_id, "__init__") is not None:
        expiry = ""  # it may have a setting of its own
    made = replace(session, expiry=expiry, made=frame.spot(call.span))
    return v.Factory(made) if isinstance(value, v.Factory) else made


def bound(frame: Frame, name: str, value: v.Value) -> None:
    """A name is given a value."""
    if isinstance(value, v.Session):
        frame.staleness.bound(name)


def owned(frame: Frame, target: ex.Expr | None, value: v.Value, source: ex.Expr | None) -> None:
    """A session that a call gives to a name is the function's own: nobody else has its objects."""
    made = source.value if isinstance(source, ex.Await) else source
    name = ex.dotted(target) if target is not None else None
    if name is not None and isinstance(value, v.Session) and isinstance(made, ex.Call):
        frame.staleness.own.add(frame.staleness.key(name))


def left(frame: Frame, entered: ex.Expr, target: ex.Expr | None, value: v.Value) -> None:
    """An `async with` is left: a transaction is committed, a session is closed."""
    if not isinstance(value, v.Session) or not value.is_async or value.core or not isinstance(entered, ex.Call):
        return
    if value.kind == "AsyncSessionTransaction":
        function = entered.function
        written = ex.dotted(function.value) if isinstance(function, ex.Attribute) else None
        if written is not None and isinstance(function, ex.Attribute) and function.name == "begin":
            _expire(frame, "commit", frame.staleness.key(written), value, entered.span)
        return
    name = ex.dotted(target) if target is not None else None
    if name is not None:
        _expire(frame, "closed", frame.staleness.key(name), value, entered.span)


def note(
    frame: Frame,
    receiver: v.Value,
    name: str,
    arguments: list[v.Value],
    keywords: dict[str, v.Value],
    call: ex.Call,
    value: v.Value,
) -> None:
    """Remember what a call of a method does to the objects of a session."""
    session = receiver if isinstance(receiver, v.Session) else None
    if session is None and not isinstance(receiver, v.Unknown | v.ExternalRef | v.Object):
        return
    if session is not None and (not session.is_async or session.core or session.kind not in _SESSIONS):
        return
    written = ex.dotted(call.function.value) if isinstance(call.function, ex.Attribute) else None
    if written is None:
        return
    state = frame.staleness
    key = state.key(written)
    _executed(frame, key, value)
    first = arguments[0] if arguments else v.UNKNOWN
    if name in _EXPIRING and (session is not None or (key in state.used and (frame.awaiting or name == "expire_all"))):
        _expire(frame, name, key, session, call.span)
    elif session is not None and name in _CLOSING:
        _expire(frame, "closed", key, session, call.span)
    elif name in ("add", "add_all", "refresh", "expire") or name in _LEAVING:
        names = arguments[1] if len(arguments) > 1 else keywords.get("attribute_names")
        for instance in v.objects(first):
            state.used.add(key)
            _acted_on(frame, name, key, session, instance, names, call.span)


def _executed(frame: Frame, key: Key, value: v.Value) -> None:
    """What a session gives are its objects."""
    match v.awaited(value):
        case v.Result(batch=batch, is_async=True) | v.Instance(batch=batch, origin=v.Origin(is_async=True)):
            frame.staleness.session_of[batch % v.PER_ENTITY] = key
            frame.staleness.used.add(key)


def _acted_on(
    frame: Frame,
    name: str,
    key: Key,
    session: v.Session | None,
    instance: v.Instance,
    names: v.Value | None,
    at: Span,
) -> None:
    if instance.given:
        if names is None:
            frame.access(instance, "", at, name)
        return
    if name == "refresh":
        refreshed(frame, instance, names)
    elif name == "expire":
        known = _named(names)
        if known is not None:
            expiry = _made(frame, "expire", key, session, at)
            frame.staleness.expiries.append(replace(expiry, batches=frozenset(instance.batches), names=known))
    else:
        whole(frame, name, instance)
        if name in ("add", "add_all"):
            frame.staleness.session_of[instance.batch % v.PER_ENTITY] = key


def whole(frame: Frame, action: str, instance: v.Instance) -> None:
    """An object is refreshed, added, deleted or expunged."""
    if action == "refresh":
        refreshed(frame, instance, None)
    elif action in _LEAVING:
        frame.staleness.gone |= set(instance.batches)
    elif action in ("add", "add_all"):
        frame.staleness.added |= set(instance.batches)


def refreshed(frame: Frame, instance: v.Instance, names: v.Value | None) -> None:
    """`refresh(x)` loads everything that it had, `refresh(x, names)` those; names that are not known may be any."""
    known = _named(names)
    model = frame.questions.model(instance.model)
    found = [model.relationships.get(name) for name in known or ()] if model is not None else []
    if any(one is not None and one.direction == "many-to-one" for one in found):
        known = None  # its key is read for it, and with it all that is expired
    for batch in instance.batches:
        for name in known or {""}:
            frame.staleness.fresh[batch, name] = frame.number()


def assigned(frame: Frame, instance: v.Instance, name: str) -> None:
    """What is assigned is there, whatever has been emptied."""
    if frame.staleness.expiries:
        for batch in instance.batches:
            frame.staleness.fresh[batch, name] = frame.number()


def queried(frame: Frame, models: set[str]) -> None:
    """A query of a model may load what was emptied."""
    for model in models:
        frame.staleness.selected[model] = frame.number()


def _named(names: v.Value | None) -> frozenset[str] | None:
    """The attribute names that are given; all where there are none; None where that is not known."""
    match names:
        case None:
            return frozenset()
        case v.Items(items=items) if all(isinstance(i, v.Literal) for i in items):
            return frozenset(str(i.value) for i in items if isinstance(i, v.Literal))
        case _:
            return None


def _made(frame: Frame, how: str, key: Key | None, session: v.Session | None, at: At) -> Expiry:
    seen = frame.seen(at)
    return Expiry(
        number=frame.number(),
        how=how,
        at=seen.at,
        calls=seen.calls,
        session=key,
        setting=_SETTINGS.get(session.expiry) if session is not None else None,
        factory=session.made if session is not None else None,
        sure=session is not None and session.sure,
        added=frozenset(frame.staleness.added),
    )


def _expire(frame: Frame, how: str, key: Key, session: v.Session | None, at: At) -> None:
    if how == "commit" and session is not None and session.expiry == v.KEEPS:
        return
    expiry = _made(frame, how, key, session, at)
    frame.staleness.expiries.append(expiry)
    if how != "closed" and key not in frame.staleness.own:
        frame.expire(Expire(expiry, conditional=frame.depth > 0))


def performed(frame: Frame, expiry: Expiry, here: Seen, conditional: bool) -> None:
    """What a function that is called has done to the objects of a session that it shares with its caller."""
    if not expiry.how:
        return
    added = frozenset(frame.staleness.added)
    again = replace(
        expiry,
        number=frame.number(),
        session=None,
        calls=(*here.calls, here.at, *expiry.calls),
        conditional=expiry.conditional or conditional or frame.depth > 0,
        added=added,
    )
    frame.staleness.expiries.append(again)
    frame.expire(Expire(again, conditional=again.conditional))


# --- reads ---


def read(frame: Frame, instance: v.Instance, model: Model, name: str, at: At, action: str) -> None:
    """Record the read of an attribute, if the object has been emptied."""
    if action not in _READ or instance.given or not (frame.staleness.expiries or instance.stale):
        return
    expiry = emptied(frame, instance, name)
    if expiry is None:
        return
    seen = frame.seen(at)
    key = (expiry.number, instance.batch, expiry.at)
    if key not in frame.staleness.reads:
        shared = expiry.session is not None and expiry.session == _session_of(frame, instance)
        frame.staleness.reads[key] = StaleRead(
            expiry=expiry,
            at=seen.at,
            calls=seen.calls,
            written=_written(frame, instance),
            model=model.name,
            attribute=name,
            sure=expiry.sure and shared and instance.stale is None,
            conditional=frame.depth > 0 and bool(seen.calls),
            field=seen.field,
        )


def emptied(frame: Frame, instance: v.Instance, name: str) -> Expiry | None:
    """What has emptied an object (or one attribute of it), if nothing loads it since."""
    state, own = frame.staleness, instance.batch % v.PER_ENTITY
    if instance.origin.kind not in _KINDS or not instance.origin.is_async or not instance.batch:
        return None
    if instance.batch in state.gone:
        return None
    loaded = max(
        state.fresh.get((instance.batch, ""), 0),
        state.fresh.get((instance.batch, name), 0),
        *(state.selected.get(m, 0) for m in _models(frame, instance.model) if state.selected.get(m, 0) > own),
        0,
    )
    key = _session_of(frame, instance)
    for expiry in reversed(state.expiries):
        if expiry.number < own or expiry.number < loaded:
            break
        if _concerns(expiry, instance, name, key, state.expiries):
            return None if expiry.how == "closed" else expiry
    return instance.stale if instance.stale is not None and loaded < own else None


def _models(frame: Frame, model_id: str) -> tuple[str, ...]:
    model = frame.questions.model(model_id)
    return (model_id, *(model.bases if model else ()))


def _concerns(expiry: Expiry, instance: v.Instance, name: str, key: Key | None, all_: list[Expiry]) -> bool:
    if expiry.batches:
        return instance.batch in expiry.batches and (not expiry.names or not name or name in expiry.names)
    if expiry.session is not None and key is not None and expiry.session != key:
        return False
    if instance.origin.kind != "new":
        return True
    if instance.batch not in expiry.added:
        return False
    # a rollback makes those new again that no commit has written
    return expiry.how != "rollback" or any(
        e.how == "commit" and e.number < expiry.number and instance.batch in e.added for e in all_
    )


def _session_of(frame: Frame, instance: v.Instance) -> Key | None:
    """The session of an object, or of the one that it was reached from."""
    while True:
        found = frame.staleness.session_of.get(instance.batch % v.PER_ENTITY)
        if found is not None or instance.via is None:
            return found
        instance = instance.via[0]


def _written(frame: Frame, instance: v.Instance) -> str:
    """The name that the function has for an object, or ""."""
    for name, value in frame.names.items():
        if isinstance(value, v.Instance) and value.batch == instance.batch and value.path == instance.path:
            return name
    return ""


def returned(frame: Frame, value: v.Value) -> v.Value:
    """What a function returns, with what has emptied its objects, where their session goes on outside of it."""
    if not frame.staleness.expiries:
        return value
    match value:
        case v.Instance(given=0):
            expiry = emptied(frame, value, "")
            shared = expiry is not None and (expiry.session is None or expiry.session not in frame.staleness.own)
            return replace(value, stale=expiry if shared else None)
        case v.Many(element=element):
            return replace(value, element=returned(frame, element))
        case v.Items(items=items):
            return replace(value, items=tuple(returned(frame, i) for i in items))
        case _:
            return value
