"""Commits in loops over objects that the session holds: each expires them all, and whoever is touched next is selected again.

What is noted while a function is followed are the commits, with the loops that they are in, and which loop's objects
are touched. The two are put together when it has been followed.
"""

import re
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Spot
from sqlalint.flow import values as v
from sqlalint.flow.events import RowsExpired
from sqlalint.flow.frame import ActiveLoop, At, CommitTurn, Frame, Seen, Touch, query_of
from sqlalint.flow.given import Commit, Summary
from sqlalint.flow.used import Used, names_in

_METHODS = frozenset({"commit", "expire_all"})
_SESSION = re.compile(r"session$|^db$|_db$", re.IGNORECASE)


# --- noting ---


def note_commit(frame: Frame, function: v.Value, call: ex.Call) -> None:
    """Remember a call that expires what a session holds."""
    if not isinstance(function, v.Method) or function.name not in _METHODS or call.arguments:
        return
    receiver = function.receiver
    written = ex.dotted(call.function.value) if isinstance(call.function, ex.Attribute) else None
    if written is None:
        return
    match receiver:
        case v.Session(core=False, is_async=False, expiry=expiry) if "Transaction" not in receiver.kind:
            pass
        case v.Unknown() | v.ExternalRef() | v.Object() if _SESSION.search(written.rpartition(".")[2]):
            expiry = ""
        case _:
            return
    if expiry == v.KEEPS and function.name == "commit":
        return
    seen = frame.seen(call.span)
    commit = Commit(seen.at, seen.calls, function.name, written, expiry, frame.depth > 0)
    frame.commits.append(CommitTurn(commit, frame))


def note_touch(frame: Frame, instance: v.Instance, at: At) -> None:
    """Remember that an object of a loop is read or written, at each turn."""
    if not instance.loop or instance.given or instance.origin.is_async or not _is_held(instance):
        return
    key = instance.loop, instance.batch
    known = frame.row_uses.get(key)
    if known is not None and not known.conditional:
        return
    active = frame.active(instance.loop)
    conditional = active is not None and frame.depth > active.depth
    if known is None or not conditional:
        loops = tuple(a.loop.number for a in frame.loops)
        frame.row_uses[key] = Touch(instance, frame.seen(at), loops, conditional)


def _is_held(instance: v.Instance) -> bool:
    """Whether an object is one of several that were loaded, by a query or behind an object."""
    return instance.origin.kind == "query" or (instance.origin.kind == "get" and bool(instance.path))


# --- through calls ---


def told(summary: Summary, frame: Frame, function: st.Function) -> Summary:
    """A summary with the commits of sessions that are not the function's own, one of each kind."""
    if not frame.commits:
        return summary
    own = {n for s in st.walk_statements(function.body) for n in _names_bound(s)}
    passed: dict[tuple[object, ...], Commit] = {}
    for turn in frame.commits:
        commit = turn.commit
        if _is_shared(commit, own):
            loops = tuple(a.loop.number for a in turn.loops if a.loop.number not in turn.left)
            kind = commit.method, commit.session, commit.expiry, commit.conditional, loops
            passed.setdefault(kind, replace(commit, loops=loops))
    return replace(summary, commits=tuple(passed.values())) if passed else summary


def _is_shared(commit: Commit, own: set[str]) -> bool:
    """Whether a session is one of the module or of the object, and none that the function has made."""
    return commit.session not in own and commit.session.partition(".")[0] not in own


def take(frame: Frame, at: Seen, commits: tuple[Commit, ...], loops: Mapping[int, ActiveLoop]) -> None:
    """The commits of a function that is called; `loops` are its loops over what it is given, as they are done here."""
    for commit in commits:
        calls = (*at.calls, at.at, *commit.calls)
        conditional = commit.conditional or frame.depth > 0
        turn = CommitTurn(replace(commit, calls=calls, conditional=conditional, loops=()), frame)
        turn.loops += [loops[n] for n in commit.loops if n in loops]
        turn.depth += commit.conditional
        frame.commits.append(turn)


# --- judging ---


def expired(frame: Frame, used: Used) -> list[RowsExpired]:
    """One for each query whose rows a commit at each turn of it, or around it, expires."""
    turned = [turn for turn in frame.commits if turn.loops]
    if not turned or _lets_go(used):
        return []
    events: dict[tuple[Spot, Spot], RowsExpired] = {}
    for touch in frame.row_uses.values():
        if touch.instance.origin.stream:
            continue
        found = [
            (turn, active)
            for turn in turned
            for active in turn.loops
            if _expires(touch, turn, active) and not _is_own_session(used, turn.commit, active)
        ]
        if found:
            event = _event(frame, used, touch, *min(found, key=lambda f: f[0].depth - f[1].depth))
            events.setdefault((event.at, event.query.at), event)
    return list(events.values())


def _expires(touch: Touch, turn: CommitTurn, active: ActiveLoop) -> bool:
    """Whether a commit at the turns of a loop expires objects that later turns touch."""
    number = active.loop.number
    if number in turn.left:
        return False
    if number == touch.instance.loop:
        return True
    around = number in touch.loops and not any(a.loop.number == touch.instance.loop for a in turn.loops)
    return around and 0 < touch.instance.batch % v.PER_ENTITY < number and not touch.instance.path


def _lets_go(used: Used) -> bool:
    """Whether objects are taken out of the session."""
    return any(a.name.startswith("expunge") or a.name == "make_transient" for a in used.attributes())


def _is_own_session(used: Used, commit: Commit, active: ActiveLoop) -> bool:
    """Whether the session that commits is made anew at each turn of a loop."""
    loop = used.loop(active.loop.at.span)
    if loop is None:
        return False
    inside = [s for s in st.walk_statements(used.function.body) if isinstance(s, st.Function)]
    bound = {n for s in st.walk_statements((*loop.body, *inside)) for n in _names_bound(s)}
    return any(name.partition(".")[0] in bound for name in _sessions(used, commit))


def _sessions(used: Used, commit: Commit) -> Iterator[str]:
    """How the session that commits is written in the function: where it does that, or where it hands it on."""
    call = used.at(commit.calls[0].span) if commit.calls else None
    if call is None:
        yield commit.session
        return
    for given in (*call.arguments, *(k.value for k in call.keywords)):
        name = ex.dotted(given)
        if name is not None and _SESSION.search(name.rpartition(".")[2]):
            yield name


def _names_bound(statement: st.Statement) -> Iterator[str]:
    match statement:
        case st.Assign(targets=targets):
            yield from names_in(targets)
            yield from (name for t in targets if (name := ex.dotted(t)) is not None)
        case st.With(items=items):
            yield from names_in(tuple(i.target for i in items if i.target is not None))
        case _:
            pass


def _event(frame: Frame, used: Used, touch: Touch, turn: CommitTurn, active: ActiveLoop) -> RowsExpired:
    commit, instance = turn.commit, touch.instance
    model = frame.questions.model(instance.model)
    rows = next((a.loop for a in turn.loops if a.loop.number == instance.loop), active.loop)
    return RowsExpired(
        at=commit.calls[0] if commit.calls else commit.at,
        committed=commit.at,
        calls=commit.calls,
        qualname=frame.key,
        method=commit.method,
        expiry=commit.expiry,
        loop=active.loop,
        each=used.iterated(rows.at.span) if rows.number == instance.loop else "",
        entity=model.name if model else "",
        query=query_of(instance.origin, frame.questions, frame),
        touched=touch.at.at,
        conditional=turn.depth > active.depth or touch.conditional,
    )
