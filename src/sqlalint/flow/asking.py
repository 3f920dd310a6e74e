"""The edits that let the database count rows, or tell whether there are any, in place of loading them."""

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span
from sqlalint.flow.frame import Fetch, Frame
from sqlalint.flow.used import Used
from sqlalint.report.finding import Edit

_FILTERS = frozenset({"where", "filter", "filter_by"})
_Edits = tuple[Edit, ...]
SELECT, FUNC = "{sqlalchemy.select}", "{sqlalchemy.func}"


def edits(frame: Frame, used: Used, call: ex.Call, purpose: str, fetch: Fetch) -> _Edits:
    """What is to be written for `call`, which fetches, and what is done with that; () where it is not plain."""
    whole = used.awaited(call)
    negated = False
    length = used.length(whole)
    if purpose == "count":
        if length is None or length.gaps:
            return ()
        return (
            _count_legacy(frame, call, length)
            if fetch.statement and fetch.statement.legacy
            else _count(frame, call, length)
        )
    outermost = length or whole
    compared = used.compared_with_none(whole) if fetch.how == "first" else used.compared_with_nothing(outermost)
    if compared is not None:
        outermost, negated = compared[0], not compared[1]
    if outermost.span.row != outermost.span.end_row or (length is not None and length.gaps):
        return ()
    if fetch.statement is None:
        return ()
    if fetch.statement.legacy:  # with no session it is a model's own `query`
        return _exists_legacy(frame, call, outermost, negated) if fetch.statement.session else ()
    return _exists(frame, call, whole, outermost, negated)


# --- counting ---


def _count_legacy(frame: Frame, call: ex.Call, length: ex.Call) -> _Edits:
    """`len(query.all())`: `query.count()`."""
    name = _method(call, "all")
    if name is None or not _is_tight(call, length):
        return ()
    return (
        _edit(frame, _between(length.span.start, call.span.start), ""),
        _edit(frame, name, "count"),
        _edit(frame, _between(call.span.end, length.span.end), ""),
    )


def _count(frame: Frame, call: ex.Call, length: ex.Call) -> _Edits:
    """`len(session.scalars(select(User)).all())`: `session.scalar(select(func.count()).select_from(User))`."""
    fetched = _executed(call)
    if fetched is None or not _is_tight(call, length):
        return ()
    name, statement, rest = fetched
    entity = _plain_entity(statement)
    if entity is None:
        return ()
    return (
        _edit(frame, _between(length.span.start, call.span.start), ""),
        _edit(frame, name, "scalar"),
        _edit(frame, entity.span.start, f"{FUNC}.count()).select_from("),
        _edit(frame, _between(rest, length.span.end), ""),
    )


def _is_tight(call: ex.Call, length: ex.Call) -> bool:
    """Whether `len(` and `)` stand directly around a call, on its rows."""
    before, behind = (length.span.row, length.span.column + 4), (length.span.end_row, length.span.end_column - 1)
    return before == (call.span.row, call.span.column) and behind == (call.span.end_row, call.span.end_column)


def _plain_entity(statement: ex.Expr) -> ex.Expr | None:
    """What a `select()` of one thing selects, where only conditions follow."""
    while isinstance(statement, ex.Call) and isinstance(statement.function, ex.Attribute):
        if statement.function.name == "select":
            break
        if statement.function.name not in _FILTERS:
            return None
        statement = statement.function.value
    if not isinstance(statement, ex.Call) or statement.keywords or len(statement.arguments) != 1:
        return None
    entity = statement.arguments[0]
    return entity if ex.dotted(entity) is not None and not statement.gaps else None


# --- existence ---


def _exists_legacy(frame: Frame, call: ex.Call, outermost: ex.Expr, negated: bool) -> _Edits:
    """`query.count() > 0`: `session.query(query.exists()).scalar()`."""
    name = _method(call, "all", "first", "count")
    root = call.function
    while isinstance(root, ex.Call | ex.Attribute) and not (isinstance(root, ex.Attribute) and root.name == "query"):
        root = root.function if isinstance(root, ex.Call) else root.value
    session = ex.dotted(root.value) if isinstance(root, ex.Attribute) else None
    if name is None or session is None:
        return ()
    return (
        _edit(frame, _between(outermost.span.start, call.span.start), f"{_no(negated)}{session}.query("),
        _edit(frame, name, "exists"),
        _edit(frame, _between(call.span.end, outermost.span.end), ").scalar()"),
    )


def _exists(frame: Frame, call: ex.Call, whole: ex.Expr, outermost: ex.Expr, negated: bool) -> _Edits:
    """`session.scalars(select(User)).first() is not None`: `session.scalar(select(select(User).exists()))`."""
    fetched = _executed(call)
    if fetched is None:
        return ()
    name, statement, rest = fetched
    return (
        _edit(frame, _between(outermost.span.start, whole.span.start), _no(negated)),
        _edit(frame, name, "scalar"),
        _edit(frame, statement.span.start, f"{SELECT}("),
        _edit(frame, statement.span.end, ".exists())"),
        _edit(frame, _between(rest, outermost.span.end), ""),
    )


def _no(negated: bool) -> str:
    return "not " if negated else ""


# --- the parts of a fetch ---


def _executed(call: ex.Call) -> tuple[Span, ex.Expr, Span] | None:
    """The name of the session's method, its statement, and where what fetches begins: `.all()`, `.scalars().first()`."""
    inner: ex.Expr = call
    rest = call.span.end
    while isinstance(inner, ex.Call) and isinstance(inner.function, ex.Attribute):
        name = inner.function.name_span
        if inner.function.name in ("scalars", "execute", "scalar") and len(inner.arguments) == 1:
            return (name, inner.arguments[0], rest) if not (inner.keywords or inner.gaps) else None
        if inner.arguments or inner.keywords or inner.function.name not in ("all", "first", "scalars"):
            return None
        rest = Span(name.row, name.column - 1, name.row, name.column - 1)
        inner = inner.function.value
        inner = inner.value if isinstance(inner, ex.Await) else inner
    return None


def _method(call: ex.Call, *names: str) -> Span | None:
    function = call.function
    if not isinstance(function, ex.Attribute) or function.name not in names or call.arguments or call.keywords:
        return None
    return function.name_span


def _between(start: Span, end: Span) -> Span:
    return Span(start.row, start.column, end.row, end.column)


def _edit(frame: Frame, span: Span, content: str) -> Edit:
    return Edit(frame.spot(span), content)
