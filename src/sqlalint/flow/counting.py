"""Rows that are loaded to be counted, or to see whether there are any."""

from collections.abc import Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.flow import asking
from sqlalint.flow import statements as sm
from sqlalint.flow.events import Counted
from sqlalint.flow.frame import Fetch, Frame, Read
from sqlalint.flow.used import Used

COUNT, EXISTENCE = "count", "existence"
_FETCHING = frozenset({"list", "tuple"})


def counted(frame: Frame, used: Used) -> Iterator[Counted]:
    """One for each call that fetches, and for each collection that is loaded."""
    for span, fetch in frame.fetches.items():
        call = used.at(span)
        found = _judged(frame, used, call, fetch) if call is not None else None
        if found is not None:
            yield found
    for read in frame.reads:
        found = _collection(frame, used, read)
        if found is not None:
            yield found


def _judged(frame: Frame, used: Used, call: ex.Call, fetch: Fetch) -> Counted | None:
    if fetch.statement is not None and (
        fetch.statement.locked or (fetch.how != "count" and sm.is_few(fetch.statement, frame.questions))
    ):
        return None  # the rows are wanted for their lock, or are few
    how, rows = fetch.how, used.awaited(call)
    if how == "result":
        outer = used.around(rows)
        if not isinstance(outer, ex.Call) or not isinstance(outer.function, ex.Name) or len(outer.arguments) != 1:
            return None
        if outer.function.id not in _FETCHING:
            return None
        how, rows = "all", outer
    uses = used.uses(rows)
    purposes = [_purpose(used, use, how) for use in uses or ()]
    if not uses or not all(purposes):
        return None
    purpose = COUNT if COUNT in purposes else EXISTENCE
    if purpose == COUNT and how != "all":
        return None
    if purpose == EXISTENCE and how != "count" and not fetch.entity:
        return None  # columns only: that is nearly what EXISTS does
    return _event(frame, used, call, fetch, how, uses, purpose)


def _purpose(used: Used, use: ex.Expr, how: str) -> str:
    """What a value is used for; "" for anything else than counting and testing."""
    if used.is_tested(use):
        return EXISTENCE
    if how == "count":
        return EXISTENCE if used.compared_with_nothing(use) else ""
    if how == "first":
        return EXISTENCE if used.compared_with_none(use) else ""
    length = used.length(use)
    if length is None:
        return ""
    return EXISTENCE if used.is_tested(length) or used.compared_with_nothing(length) else COUNT


def _event(
    frame: Frame, used: Used, call: ex.Call, fetch: Fetch, how: str, uses: list[ex.Expr], purpose: str
) -> Counted:
    model = frame.questions.model(fetch.entity) if fetch.entity else None
    blamed = next(u for u in uses if _purpose(used, u, how) == purpose)
    statement = fetch.statement
    joined = statement is not None and (bool(statement.joined) or statement.from_text or statement.entities is None)
    direct = len(uses) == 1 and uses[0] is used.awaited(call) and statement is not None
    edits = asking.edits(frame, used, call, purpose, fetch) if direct and not (joined and purpose == COUNT) else ()
    return Counted(
        at=frame.spot((used.length(blamed) or blamed).span),
        fetched=frame.spot(call.span),
        qualname=frame.key,
        purpose=purpose,
        how=how,
        entity=model.name if model else "",
        joined=joined,
        legacy=statement is None or statement.legacy,
        edits=edits,
    )


# --- collections ---


def _collection(frame: Frame, used: Used, read: Read) -> Counted | None:
    """`len(user.posts)` outside any loop, of a collection that nothing else reads."""
    found = read.relationship
    if read.loop is not None or read.calls or read.dropped or read.raises or read.action != "read":
        return None
    if found is None or not found.collection or found.lazy in ("dynamic", "write_only"):
        return None
    if read.instance.origin.is_async or read.unsure or read.instance.loop:
        return None
    places = [a for a in used.attributes() if a.name == read.attribute]
    here = [a for a in places if a.name_span == read.at.span]
    if len(places) != 1 or len(here) != 1 or not _stays(used, here[0].value):
        return None
    purpose = _purpose(used, here[0], "all")
    if not purpose:
        return None
    return Counted(
        at=frame.spot((used.length(here[0]) or here[0]).span),
        fetched=frame.spot(here[0].name_span),
        qualname=frame.key,
        purpose=purpose,
        how="collection",
        entity=read.target.name if read.target else "",
        name=f"{read.model.name}.{read.attribute}",
        unsure=True,
    )


def _stays(used: Used, owner: ex.Expr) -> bool:
    """Whether the object of a collection is known to go nowhere else, where it may be read again."""
    if not isinstance(owner, ex.Name) or not used.bound_once(owner.id):
        return False
    for place in used.name(owner.id):
        outer = used.around(place)
        if isinstance(outer, ex.Attribute) and not _is_called(used.around(outer), outer):
            continue
        if outer is None and isinstance(used.statement(place), st.Assign) and _is_target(used.statement(place), place):
            continue
        if used.is_tested(place) or used.compared_with_none(place):
            continue
        return False
    return True


def _is_called(outer: ex.Expr | None, attribute: ex.Attribute) -> bool:
    return isinstance(outer, ex.Call) and outer.function is attribute


def _is_target(statement: st.Statement | None, place: ex.Expr) -> bool:
    return isinstance(statement, st.Assign) and any(t is place for t in statement.targets)
