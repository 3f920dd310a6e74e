"""Where a project makes asynchronous sessions, and whether they expire their objects on commit."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Spot
from sqlalint.project.symbols import Definition, External, Symbol

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_ASYNC_SESSION = "sqlalchemy.ext.asyncio.AsyncSession"
_FACTORY = "sqlalchemy.ext.asyncio.async_sessionmaker"
_NAMES = frozenset({"async_sessionmaker", "sessionmaker", "AsyncSession"})
_WRITING = frozenset({"commit", "begin"})


class SessionFactory(Struct, frozen=True, array_like=True):
    """A call that makes asynchronous sessions, or a factory of them.

    `what` is the name that is called. `expires`: `expire_on_commit`, None where that is not in sight. `commits`: whether
    code that may have its sessions commits.
    """

    at: Spot
    what: str
    expires: bool | None
    commits: bool


def read_session_factories(project: "Project") -> Iterator[SessionFactory]:
    """All of them, tests included."""
    commits: bool | None = None
    for path, facts in sorted(project.files.items()):
        for entry in facts.index.definitions if facts.index.mentions_library else ():
            named = entry.calls if entry.kind == "function" else entry.mentions
            if entry.kind == "class" or _NAMES.isdisjoint(named) or entry.key not in facts.bodies:
                continue
            for what, call in _calls(project, path, project.statement(path, entry.key)):
                if what == _ASYNC_SESSION:
                    some = not _WRITING.isdisjoint(entry.mentions)
                else:
                    commits = some = _commits(project) if commits is None else commits
                name = what.rpartition(".")[2]
                yield SessionFactory(Spot(path, entry.key, call.span), name, _expires(call), some)


def _commits(project: "Project") -> bool:
    return any(not _WRITING.isdisjoint(e.mentions) for f in project.files.values() for e in f.index.definitions)


def _calls(project: "Project", path: str, statement: st.Statement | None) -> Iterator[tuple[str, ex.Call]]:
    for found in st.walk_expressions((statement,)) if statement is not None else ():
        if isinstance(found, ex.Call) and (what := _made(project, path, found)):
            yield what, found


def _made(project: "Project", path: str, call: ex.Call) -> str:
    """The name of what a call makes, if that is an asynchronous session or a factory of them."""
    name = ex.dotted(call.function)
    if name is None or name.rpartition(".")[2] not in _NAMES:
        return ""
    symbol = project.resolve(path, name)
    if not isinstance(symbol, External):
        return ""
    if symbol.name in (_ASYNC_SESSION, _FACTORY):
        return symbol.name
    class_ = ex.dotted(call.keyword("class_")) if symbol.name == "sqlalchemy.orm.sessionmaker" else None
    return symbol.name if class_ and _is_async(project, project.resolve(path, class_)) else ""


def _is_async(project: "Project", symbol: Symbol) -> bool:
    match symbol:
        case External(name=name):
            return name == _ASYNC_SESSION
        case Definition(path=path, key=key, rest=()):
            return _ASYNC_SESSION in project.classes.mro(f"{path}::{key}").externals
        case _:
            return False


def _expires(call: ex.Call) -> bool | None:
    given = call.keyword("expire_on_commit")
    if given is None:
        return None if call.has_open_keywords else True
    return given.value if isinstance(given, ex.Literal) and isinstance(given.value, bool) else None
