"""Calls: what is called, and what it gives."""

import zlib

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span, Spot
from sqlalint.flow import dumping, emptied, executions, hints, holding, reads, reflect, results, serialize, shaping
from sqlalint.flow import options as op
from sqlalint.flow import statements as sm
from sqlalint.flow import values as v
from sqlalint.flow.annotations import SESSIONS
from sqlalint.flow.frame import Frame
from sqlalint.flow.statements import ANY_PARENT
from sqlalint.flow.text import leads_to_session

_CLAUSES = frozenset(
    """
    func text literal literal_column cast case desc asc nullsfirst nullslast null true false or_ exists any_ all_
    between bindparam extract tuple_ type_coerce column table values not_ collate distinct over within_group lateral
    """.split()
)
_ORDERS = frozenset({"sqlalchemy.asc", "sqlalchemy.desc"})
_GROWING = frozenset({"append", "add", "appendleft", "insert", "extend", "update"})
_MAPPINGS = frozenset({"collections.defaultdict", "collections.OrderedDict"})
_SESSION_FACTORIES = {
    "sqlalchemy.orm.sessionmaker": False,
    "sqlalchemy.orm.scoped_session": False,
    "sqlalchemy.ext.asyncio.async_sessionmaker": True,
    "sqlalchemy.ext.asyncio.async_scoped_session": True,
}
# Statements that give rows only where they have `returning()`.
_WRITES = frozenset(
    {f"sqlalchemy.{n}" for n in ("update", "insert", "delete")}
    | {f"sqlalchemy.dialects.{d}.insert" for d in ("postgresql", "sqlite", "mysql", "mariadb")}
)
_CONNECTIONS = {
    "sqlalchemy.create_engine": v.Session(core=True),
    "sqlalchemy.ext.asyncio.create_async_engine": v.Session(is_async=True, core=True, kind="AsyncEngine"),
    "alembic.op.get_bind": v.Session(core=True),
}


def external(
    frame: Frame,
    name: str,
    arguments: list[v.Value],
    keywords: dict[str, v.Value],
    at: Span,
) -> v.Value:
    """The value of a call of a library's function or class, by its canonical name."""
    if name == "sqlalchemy.select":
        return sm.selected(arguments, False, frame.spot(at), None)
    if name in _WRITES:
        return v.Statement(frame.spot(at), (), writes=True)
    if name in op.LOADER_FUNCTIONS:
        loader = _loader(name.rpartition(".")[2], keywords)
        return op.make(loader, _with_alias(arguments, keywords), frame.questions, frame.spot(at))
    if name == "sqlalchemy.orm.aliased":
        return _aliased(frame.spot(at), arguments)
    if name in ("sqlalchemy.and_",):
        equals = tuple(e for a in arguments if isinstance(a, v.Criterion) for e in a.equals)
        return v.Criterion(equals, shaping.about(arguments))
    if name == "sqlalchemy.or_":
        return v.Criterion((), shaping.about(arguments))
    if name in _ORDERS:
        return v.Criterion((), shaping.condition(arguments[0] if arguments else v.UNKNOWN))
    if name == "sqlalchemy.orm.with_parent":
        return _with_parent(arguments)
    if name in _SESSION_FACTORIES:
        return _factory(name, arguments, keywords)
    if name == "sqlalchemy.orm.Query":
        first = arguments[0] if arguments else v.UNKNOWN
        entities: list[v.Value] = list(first.items) if isinstance(first, v.Items) else [first]
        return sm.selected(entities, True, frame.spot(at), None)
    if name in _CONNECTIONS:
        return _CONNECTIONS[name]
    session = SESSIONS.get(name)
    if session is not None:
        return session
    module, _, last = name.rpartition(".")
    if module in ("sqlalchemy", "sqlalchemy.func") and (last in _CLAUSES or module.endswith("func")):
        return v.Criterion()
    if name in reflect.INSPECTING and (found := reflect.inspected(name, arguments[0] if arguments else v.UNKNOWN)):
        return found
    if name in _MAPPINGS:
        return v.Pairs(v.EMPTY, v.EMPTY)
    if last == "tqdm" or name in ("itertools.islice", "rich.progress.track"):
        return _wrapped(last, arguments)
    hints.preload(frame, (name,))
    return hints.of_call(frame, name, None, arguments, keywords, at) or v.UNKNOWN


def _loader(name: str, keywords: dict[str, v.Value]) -> str:
    """The loader function that is called, with what its keywords make of it."""
    return op.RAISES_ON_SQL if name == "raiseload" and keywords.get("sql_only") == v.Literal(True) else name


def _with_alias(arguments: list[v.Value], keywords: dict[str, v.Value]) -> list[v.Value]:
    """The arguments of `contains_eager(User.posts, alias=posts)`, which says the same as `of_type(posts)`."""
    alias, first = keywords.get("alias"), arguments[0] if arguments else v.UNKNOWN
    if alias is None or not isinstance(first, v.Attribute):
        return arguments
    known = isinstance(alias, v.ModelClass)
    return [
        replace(first, narrowed_alias=alias.alias if isinstance(alias, v.ModelClass) and known else -1),
        *arguments[1:],
    ]


def _aliased(at: Spot, arguments: list[v.Value]) -> v.Value:
    """An alias, with a number that is the same wherever this call is looked up."""
    first = arguments[0] if arguments else v.UNKNOWN
    if isinstance(first, v.ModelClass):
        return v.ModelClass(first.model, zlib.crc32(repr(at).encode("utf-8", "surrogatepass")) or 1, len(arguments) > 1)
    return v.UNKNOWN


def _with_parent(arguments: list[v.Value]) -> v.Value:
    """`with_parent(user, User.posts)` fixes the parent of the rows: all of them have the same one."""
    second = arguments[1] if len(arguments) > 1 else v.UNKNOWN
    return v.Criterion((second,)) if isinstance(second, v.Attribute) else v.Criterion((v.Attribute("", ANY_PARENT),))


def _factory(name: str, arguments: list[v.Value], keywords: dict[str, v.Value]) -> v.Value:
    class_ = keywords.get("class_")
    if isinstance(class_, v.ExternalRef) and class_.name in SESSIONS:
        session = SESSIONS[class_.name]
        return v.Factory(session) if isinstance(session, v.Session) else v.UNKNOWN
    if isinstance(class_, v.Factory):  # a class of the project that derives from one
        return class_
    if isinstance(class_, v.ClassRef):
        return v.Factory(v.Session(sure=False))
    is_async = _SESSION_FACTORIES[name]
    first = arguments[0] if arguments else None
    if isinstance(first, v.Factory):
        is_async = first.session.is_async
    if "scoped" in name:
        base = first.session if isinstance(first, v.Factory) else v.Session(is_async)
        return replace(base, kind="async_scoped_session" if name.endswith("async_scoped_session") else "")
    return v.Factory(v.Session(is_async, kind="AsyncSession" if is_async else ""))


def _wrapped(name: str, arguments: list[v.Value]) -> v.Value:
    """Functions that give the elements of what they get."""
    first = arguments[0] if arguments else v.UNKNOWN
    if name == "islice" and len(arguments) == 2 and isinstance(first, v.Many):
        stop = arguments[1].value if isinstance(arguments[1], v.Literal) else None
        return replace(first, few=isinstance(stop, int) and stop <= 10)
    return first


# --- methods ---


def method(
    frame: Frame,
    receiver: v.Value,
    name: str,
    arguments: list[v.Value],
    keywords: dict[str, v.Value],
    call: ex.Call,
) -> v.Value:
    """The value of `receiver.name(...)`."""
    value = _method(frame, receiver, name, arguments, keywords, call)
    emptied.note(frame, receiver, name, arguments, keywords, call, value)
    return value


def _method(
    frame: Frame,
    receiver: v.Value,
    name: str,
    arguments: list[v.Value],
    keywords: dict[str, v.Value],
    call: ex.Call,
) -> v.Value:
    at = call.span
    blame = call.function.name_span if isinstance(call.function, ex.Attribute) else at
    match receiver:
        case v.Session():
            return results.execute(frame, receiver, name, arguments, keywords, at)
        case v.Statement():
            changed = sm.method(receiver, name, arguments, keywords, frame.questions)
            if changed is not None:
                return shaping.shaped(frame, receiver, changed, name, arguments, keywords, call)
            return results.query_method(frame, receiver, name, arguments, blame) if receiver.legacy else v.UNKNOWN
        case v.Result():
            if name in results.RESULT_METHODS:
                return results.fetch(frame, receiver, name, blame, arguments)
            return v.UNKNOWN
        case v.Option():
            given = _with_alias(arguments, keywords)
            return op.extend(receiver, _loader(name, keywords), given, frame.questions, frame.spot(at))
        case v.Attribute():
            return _attribute_method(receiver, name, arguments)
        case v.Criterion():
            return receiver if name in ("label", "self_group") else v.Criterion((), receiver.condition)
        case v.Many():
            return _many_method(frame, receiver, name, arguments, call, blame)
        case v.Items() if name in _GROWING:
            holding.grow_items(frame, receiver, name, arguments, call)
            return v.NONE
        case v.Unknown() if receiver == v.EMPTY and name in _GROWING:  # the first of `groups[key].append(x)`
            holding.grow(frame, name, arguments, call)
            return v.NONE
        case v.Pairs():
            return holding.of_mapping(frame, receiver, name, arguments, call)
        case v.ClassRef(class_id=class_id) if arguments and serialize.reads_argument(frame, class_id, name):
            return serialize.validated(frame, class_id, name, arguments[0], frame.spot(at))
        case v.Schema() if dumping.dumps(frame, receiver, name):
            return dumping.dumped(frame, receiver, name, arguments, keywords, frame.spot(at))
        case v.Awaitable(value=value) if name == "result":  # of a task that is done
            return value
        case v.Factory():
            return receiver.session if name in ("begin", "__call__") else v.UNKNOWN
        case _:
            return _unknown_method(frame, receiver, name, arguments, keywords, call)


def _attribute_method(receiver: v.Attribute, name: str, arguments: list[v.Value]) -> v.Value:
    if name == "of_type":
        target = arguments[0] if arguments else v.UNKNOWN
        if not isinstance(target, v.ModelClass):
            return replace(receiver, narrowed_alias=-1)
        return replace(receiver, narrowed=target.model, narrowed_alias=target.alias)
    if name == "and_":
        return replace(receiver, conditioned=True)
    if name == "label":
        return receiver
    return v.Criterion((receiver,) if name in ("is_", "__eq__") else (), shaping.applied(receiver, name, arguments))


def _many_method(
    frame: Frame, receiver: v.Many, name: str, arguments: list[v.Value], call: ex.Call, at: Span
) -> v.Value:
    if receiver.kind == "dynamic":
        return _dynamic_method(frame, receiver, name, at)
    match name:
        case _ if name in _GROWING:
            holding.grow(frame, name, arguments, call)
            return v.NONE
        case "copy" | "union" | "difference" | "intersection":
            return receiver
        case "pop" | "popleft":
            return v.taken(receiver.element)
        case _:
            return reflect.entries(receiver, name) or v.UNKNOWN


def _dynamic_method(frame: Frame, receiver: v.Many, name: str, at: Span) -> v.Value:
    if name in ("all", "count", "first", "one", "one_or_none", "paginate", "exists"):
        reads.queried(frame, receiver, at)
        return v.Many(receiver.element, "list") if name == "all" else v.UNKNOWN
    if name in ("filter", "filter_by", "order_by", "limit", "options", "join", "where", "offset"):
        return v.Many(receiver.element, "dynamic", receiver.few) if name != "options" else v.UNKNOWN
    return v.UNKNOWN


def _unknown_method(
    frame: Frame,
    receiver: v.Value,
    name: str,
    arguments: list[v.Value],
    keywords: dict[str, v.Value],
    call: ex.Call,
) -> v.Value:
    """A receiver whose type is not known, but that is used as a session: nothing else takes such arguments."""
    if name == "create_task" and arguments and isinstance(arguments[0], v.Awaitable):  # of a group or a loop
        return arguments[0]
    at = call.span
    if isinstance(receiver, v.Object | v.ClassRef | v.Super):
        said = hints.of_method(frame, receiver, name, arguments, keywords, at)
        if said is not None:
            return said
    if not isinstance(receiver, v.Unknown | v.ExternalRef | v.Object):
        return v.UNKNOWN
    first = arguments[0] if arguments else keywords.get("statement", v.UNKNOWN)
    session = v.Session(is_async=frame.awaiting, sure=False)
    if name == "query" and isinstance(first, v.ModelClass | v.Attribute):
        return sm.selected(arguments, True, frame.spot(at), session)
    if name in results.EXECUTING and isinstance(first, v.Statement):
        return results.execute(frame, session, name, arguments, keywords, at)
    if name in ("get", "get_one") and isinstance(first, v.ModelClass) and len(arguments) > 1:
        return results.execute(frame, session, name, arguments, keywords, at)
    if name in ("refresh", "expire") and isinstance(first, v.Instance):
        return results.execute(frame, session, name, arguments, keywords, at)
    if name in ("all", "scalars", "fetchall") and isinstance(receiver, v.Unknown) and receiver.rows:
        return v.Unknown(rows=True)
    owner = call.function.value if isinstance(call.function, ex.Attribute) else None
    if name in results.EXECUTING and arguments and owner is not None and leads_to_session(owner):
        results.sent(frame, name, first, arguments, at)
        return v.Unknown(rows=name in ("scalars", "stream_scalars")) if not session.is_async else v.UNKNOWN
    if name in results.QUERY_READS and _is_filtered(call):
        executions.read(frame, at, v.UNKNOWN)
        return v.Unknown(rows=True) if name == "all" else v.UNKNOWN
    return v.UNKNOWN


def _is_filtered(call: ex.Call) -> bool:
    """`query.filter(User.id == x).all()` of a query that is not known: nothing else is written like this."""
    before = call.function.value if isinstance(call.function, ex.Attribute) else None
    while isinstance(before, ex.Call) and isinstance(before.function, ex.Attribute):
        name = before.function.name
        if name == "filter_by" or (name == "filter" and any(isinstance(a, ex.Compare) for a in before.arguments)):
            return True
        before = before.function.value
    return False
