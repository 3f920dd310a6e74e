"""Which functions are followed, and what all of them give."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sqlalint.facts.file import Definition
from sqlalint.flow.events import Function
from sqlalint.flow.kept import Kept, Store
from sqlalint.flow.questions import Questions
from sqlalint.project.project import Project

if TYPE_CHECKING:  # a run in which hardly anything has changed follows nothing
    from sqlalint.flow.callees import Following

# A function that mentions none of these executes no statement that is in sight.
_ROOTS = frozenset(
    "select query scalars scalar execute stream stream_scalars exec get_one Query fetchall all first one flush".split()
)
_GET = frozenset({"session", "Session", "AsyncSession"})

# In a project that uses asyncio, what a function does with sessions beyond executing matters as well.
_ASYNC_MODULE = ".ext.asyncio"
_ASYNC = frozenset(
    """
    commit rollback refresh merge delete expire expire_all add_all begin connect dispose AsyncSession async_sessionmaker
    async_scoped_session AsyncConnection AsyncEngine
    """.split()
)

# How many calls up from a query functions are looked at, and names that say nothing about who is called.
_CALLERS = 2
_COMMON = frozenset(
    "__init__ get all first one run main list dict set str add update delete create filter join".split()
)


def roots(project: Project) -> list[tuple[str, str]]:
    """The functions to start from: those that query, and those that call one that does and gives something back.

    Who calls whom is told by name alone: it only decides what is looked at. Their bodies are asked for, nobody else's.
    """
    functions = [
        (path, entry)
        for path, facts in sorted(project.files.items())
        for entry in facts.index.definitions
        if entry.kind == "function" and entry.key in facts.bodies
    ]
    also = _ASYNC if _uses_asyncio(project) else frozenset[str]()
    hinted = _hinted(project)
    querying = {
        (path, entry.key)
        for path, entry in functions
        if _queries(entry) or not also.isdisjoint(entry.mentions) or not hinted.isdisjoint(entry.calls)
    }
    for _ in range(_CALLERS):
        names = {entry.name for path, entry in functions if (path, entry.key) in querying} - _COMMON
        querying |= {(path, entry.key) for path, entry in functions if not names.isdisjoint(entry.calls)}
    querying |= set(_filled(project, functions))
    return [(path, entry.key) for path, entry in functions if (path, entry.key) in querying]


def _filled(project: Project, functions: list[tuple[str, Definition]]) -> Iterator[tuple[str, str]]:
    """Functions to which a framework may give what others query: they name what does, or are routes."""
    libraries = project.libraries
    injectors = frozenset(name.rpartition(".")[2] for name in libraries.injectors)
    methods = frozenset(m for router in libraries.routers.values() for m in router.methods)
    modules = frozenset(name.partition(".")[0] for name in libraries.injectors)
    routed = {p for p, f in project.files.items() if any(i.module.split(".")[0] in modules for i in f.index.imports)}
    for path, entry in functions:
        may_be_route = path in routed and not entry.owner and not methods.isdisjoint(entry.calls)
        if may_be_route or not injectors.isdisjoint(entry.calls):
            yield path, entry.key


def _queries(entry: Definition) -> bool:
    mentions = set(entry.mentions)
    return bool(mentions & _ROOTS) or ("get" in mentions and bool(mentions & _GET))


def _hinted(project: Project) -> frozenset[str]:
    """The last names of functions that hints, or the data of libraries which the project imports, say to give rows."""
    names = [name.partition("(")[0] for name, text in project.settings.returns.items() if "row" in text]
    known = {n: n.partition(".")[0] for n, r in project.libraries.returns.items() if "row" in r.text}
    tops = set(known.values())
    imported = {
        top
        for facts in project.files.values()
        for i in facts.index.imports
        if (top := project.libraries.canonical(i.module).partition(".")[0]) in tops
    }
    names += [name for name, top in known.items() if top in imported]
    return frozenset(name.rpartition(".")[2] for name in names)


def _uses_asyncio(project: Project) -> bool:
    """Whether any file imports SQLAlchemy's asyncio extension, or what a library makes of it."""
    return any(
        _ASYNC_MODULE in i.module or (i.name or "").startswith("Async")
        for facts in project.files.values()
        if facts.index.mentions_library
        for i in facts.index.imports
    )


def follow_all(
    project: Project, store: Store | None = None, keys: Mapping[str, bytes] | None = None
) -> Iterator[tuple[str, Function | Exception]]:
    """What following each function that queries gives, with its path; an exception where a defect of ours stopped it.

    What `store` still holds is not followed anew; `keys` are the keys of the files' records there.
    """
    questions = Questions(project)
    callees: Following | None = None
    kept = Kept(questions, store, keys or {}) if store is not None else None
    for path, key in roots(project):
        known = kept.get(path, key) if kept is not None else None
        if known is None:
            questions.record()
            callees = callees or _following(questions)
            try:
                known = follow(questions, callees, path, key)
            except Exception as error:  # broad on purpose: one function must cost nothing else
                yield path, error
                continue
            if kept is not None:
                kept.put(path, key, known, questions.asked())
        yield path, known
    if kept is not None:
        kept.save()


def _following(questions: Questions) -> "Following":
    from sqlalint.flow.callees import Following

    return Following(questions)


def follow(questions: Questions, callees: "Following", path: str, key: str) -> Function:
    """What following one function gives."""
    from sqlalint.flow.events_of import events_of
    from sqlalint.flow.follow import Follower

    function = questions.function(path, key)
    if function is None:
        return Function()
    return events_of(Follower(questions, path, key, callees).run(function), callees.text(path, key, function))
