"""Statements that are executed: what there is to say of their options, joins, order and limit."""

from collections.abc import Sequence

from msgspec.structs import replace

from sqlalint.facts.span import Span, Spot
from sqlalint.flow import multiplied as mp
from sqlalint.flow import shapes as sh
from sqlalint.flow import statements as sm
from sqlalint.flow import values as v
from sqlalint.flow.eager import eager_loads
from sqlalint.flow.events import EagerLoad, StatementExecuted, TextArgument
from sqlalint.flow.frame import At, Frame, query_of

# Methods that take at most one row, and those of a legacy Query that limit it.
_ONE_ROW = frozenset(
    "first one one_or_none scalar scalar_one scalar_one_or_none get get_one get_or_404 first_or_404 one_or_404".split()
)
_LIMITING = frozenset({"first", "first_or_404", "paginate"})
_SENDING = _ONE_ROW | {"all", "paginate"}


# --- where statements are executed ---


def executed(frame: Frame, result: v.Result, method: str, at: At) -> None:
    """A statement is executed by a method of a session."""
    position = _record(frame, result.statement, result.is_async, result.sure_session, method, at, None)
    if position is not None:
        frame.positions[result.batch] = position


def fetched(frame: Frame, result: v.Result, method: str, at: At) -> None:
    """Its rows are taken. Where it was executed in another function this is all that is seen of it."""
    position = frame.positions.get(result.batch)
    statement = replace(result.statement, yield_per=True) if result.batched else result.statement
    if position is None or result.batched:
        late = result.batched and result.unique
        position = _record(frame, statement, result.is_async, result.sure_session, method, at, None, late=late)
    if position is not None and method in _ONE_ROW:
        frame.executed[position] = replace(frame.executed[position], single=True)


def got(frame: Frame, session: v.Session, statement: v.Statement, at: At) -> None:
    """`session.get(User, id, options=...)`."""
    _record(frame, statement, session.is_async, session.sure, "get", at, None)


def queried(frame: Frame, query: v.Statement, method: str, at: At) -> None:
    """A legacy query is executed by a method of its own, by iterating over it, or by an index or slice."""
    if method not in _SENDING and method not in ("iterating", "slice", "index"):
        return
    session = query.session or v.Session(sure=False)
    limits = method in _LIMITING or method in ("slice", "index")
    _record(frame, query, session.is_async, session.sure, method, at, frame.seen(at).at if limits else None)


def with_options(statement: v.Value, keywords: dict[str, v.Value]) -> v.Value:
    """A statement as `session.execute(statement, execution_options={...})` executes it."""
    options = keywords.get("execution_options")
    if not isinstance(statement, v.Statement) or not isinstance(options, v.Pairs):
        return statement
    if not {"yield_per", "stream_results"} & options.by_name.keys():
        return statement
    return replace(statement, stream=True, yield_per=statement.yield_per or "yield_per" in options.by_name)


# --- what there is to say ---


def _record(
    frame: Frame,
    statement: v.Statement,
    is_async: bool,
    sure: bool,
    method: str,
    at: At,
    cut: Spot | None,
    *,
    late: bool = False,
) -> int | None:
    """Remember it if there is something to say; gives its position."""
    if statement.entities is None or not any(e.model for e in statement.entities):
        return None
    cut = cut or statement.shape.cut
    limits = cut is not None or statement.limited
    found = list(eager_loads(frame.questions, statement))
    loads = [load for load, _ in found if _matters(load, statement, limits)]
    unlinked = [
        load for load, alias in found if load.how == "contains" and not mp.is_linked(frame, statement, load, alias)
    ]
    rows = mp.multiplied(frame, statement, loads) if limits else []
    if not _is_worth(statement, loads, unlinked, rows):
        return None
    seen = frame.seen(at)
    origin = v.Origin("query", statement.at, is_async, sure, statement.stream, statement)
    event = StatementExecuted(
        at=seen.at,
        calls=seen.calls,
        qualname=frame.key,
        method=method,
        query=query_of(origin, frame.questions, frame),
        single=method in _ONE_ROW or sm.is_single(statement, frame.questions),
        loads=tuple(loads),
        unlinked=tuple(unlinked),
        multiplied=tuple(rows),
        cut=cut if limits else None,
        one_row=method in ("first", "first_or_404", "index") or statement.limit == 1,
        in_batches=statement.yield_per,
        late=late,
        is_ordered=mp.is_ordered(frame, statement) if limits else None,
    )
    if event not in frame.executed:
        frame.executed.append(event)
    return frame.executed.index(event)


def _matters(load: EagerLoad, statement: v.Statement, limits: bool) -> bool:
    plain = statement.shape.plain
    match load.how:
        case "joined" | "contains":
            return load.is_joined and load.is_collection and not (plain and load.how == "joined")
        case "subquery":
            return not plain and (limits or statement.yield_per)
        case "immediate" | "noload":
            return True
        case _:
            return False


def _is_worth(
    statement: v.Statement, loads: Sequence[EagerLoad], unlinked: Sequence[EagerLoad], rows: Sequence[object]
) -> bool:
    joined = sum(load.is_joined for load in loads)
    return bool(unlinked or rows or joined > 1 or (joined and statement.yield_per) or len(loads) > joined)


# --- strings ---


def named_by_text(frame: Frame, before: v.Statement, arguments: Sequence[v.Value]) -> None:
    """The strings in options that are given to a statement."""
    for argument in arguments:
        match argument:
            case v.Option(texts=texts) if texts:
                for text in texts:
                    _text(frame, before, text)
            case v.Items(items=items):
                named_by_text(frame, before, items)
            case _:
                pass


def joined_by_text(frame: Frame, before: v.Statement, name: str, arguments: Sequence[v.Value], at: Span) -> None:
    """`query.join("posts")`: an attribute of what was joined last, or of what is selected."""
    if not arguments or not isinstance(arguments[0], v.Literal) or not isinstance(arguments[0].value, str):
        return
    text = arguments[0].value
    owners = [*(j.target for j in reversed(before.shape.joins)), *(e.model for e in (before.entities or ())[:1])]
    having = [o for o in dict.fromkeys(owners) if o and _has(frame, o, text)]
    if before.shape.open or not having:
        return
    _text(frame, before, sh.Text(frame.spot(at), name, text, having[0], len(arguments) == 1 and len(having) == 1))


def _has(frame: Frame, model_id: str, name: str) -> bool:
    model = frame.questions.model(model_id)
    return model is not None and (name in model.relationships or name in model.columns)


def _text(frame: Frame, statement: v.Statement, text: sh.Text) -> None:
    first = statement.entities[0] if statement.entities else None
    model = frame.questions.model(text.model or (first.model if first and first.model else "") or "")
    name = text.text.partition(".")[0]
    if model is None or not _has(frame, model.id, name):
        return
    event = TextArgument(
        at=text.at,
        qualname=frame.key,
        function=text.function,
        texts=(text.text,),
        model=model.id,
        model_name=model.name,
        is_query=statement.legacy,
        is_plain=text.alone and name == text.text and not any(e.alias for e in statement.entities or ()),
    )
    for position, other in enumerate(frame.texts):
        if (other.at, other.model) == (event.at, event.model):
            texts = tuple(dict.fromkeys((*other.texts, *event.texts)))
            frame.texts[position] = replace(other, texts=texts, is_plain=other.is_plain and event.is_plain)
            return
    frame.texts.append(event)
