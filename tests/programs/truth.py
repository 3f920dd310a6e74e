"""Running a program: whether its statements grow with the rows, or what it raises."""

import asyncio
import sys
import warnings
from collections import Counter
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy import orm
from sqlalchemy.exc import InvalidRequestError, MissingGreenlet, SAWarning, StatementError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import StaticPool

from tests.programs.generate import Program
from tests.programs.watching import Line, Watch, lines_of, load_behind


@dataclass(frozen=True)
class Truth:
    """What a program does on N rows and on 2N.

    `grows` are the kinds of load of which there are more on twice the rows, with the lines where. `raises` is what it
    raises (unique, greenlet, expired, raise, streamed, other, or nothing), `raised` the lines through which that comes.
    `repeats`: of the queries that grow, whether they ask the same again. `multiplies`: the library warned of a product.
    `cut`: a limit gave fewer objects than it says though there are more.
    """

    grows: dict[str, frozenset[Line]] = field(default_factory=dict)
    raises: str = ""
    raised: frozenset[Line] = frozenset()
    statements: tuple[int, int] = (0, 0)
    repeats: bool = False
    multiplies: bool = False
    cut: bool = False


@dataclass
class _Run:
    """One run: what was sent, what was raised, what was returned and warned of."""

    watch: Watch
    error: Exception | None = None
    returned: object = None
    warned: bool = False

    @property
    def raises(self) -> str:
        """The kind of exception."""
        return _kind(self.error, self.watch.files) if self.error else ""


def truth(program: Program) -> Truth:
    """Run a program on N rows and on 2N rows."""
    module = _load(program)
    try:
        small = _run(program, module, 3)
        large = small if small.error else _run(program, module, 6)
    finally:
        module.Base.registry.dispose()
    found = large.watch
    raised = lines_of(large.error, found.files) if large.error else frozenset()
    counts = (small.watch.count, found.count)
    if large.error:
        return Truth({}, large.raises, raised, counts, multiplies=large.warned)
    grows = _grown(small.watch.seen, found.seen)
    again = [line for line in grows.get("query", ()) if len(found.asked[line]) == 1]
    return Truth(grows, "", raised, counts, bool(again), large.warned, _is_cut(large.returned))


def _grown(small: Counter[tuple[str, Line]], large: Counter[tuple[str, Line]]) -> dict[str, frozenset[Line]]:
    kinds: dict[str, set[Line]] = {}
    for (kind, line), count in large.items():
        if count > small[kind, line]:
            kinds.setdefault(kind, set()).add(line)
    return {kind: frozenset(lines) for kind, lines in kinds.items()}


def _is_cut(returned: object) -> bool:
    """Whether `(objects, limit)` was returned with fewer objects than the limit; all programs have enough of them."""
    match returned:
        case ([*objects], int(limit)):
            return len({id(one) for one in objects}) < limit
    return False


def _load(program: Program) -> ModuleType:
    """The last module of a program, with the names of the others."""
    names: dict[str, Any] = {}
    modules = {path.removesuffix(".py"): source for path, source in program.files.items()}
    try:
        for name, source in modules.items():
            module = sys.modules[name] = ModuleType(name)
            exec(compile(source, f"{name}.py", "exec"), module.__dict__)
            names |= module.__dict__
    finally:
        for name in modules:
            sys.modules.pop(name, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        orm.configure_mappers()
    module.__dict__.update(names)
    return module


def _run(program: Program, module: ModuleType, rows: int) -> _Run:
    """What `run` does."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = asyncio.run(_run_async(program, module, rows)) if program.is_async else _run_sync(program, module, rows)
    run.warned = any("cartesian product" in str(w.message) for w in caught)
    return run


def _run_sync(program: Program, module: ModuleType, rows: int) -> _Run:
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    module.Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        _fill(module, session, rows)
    watch = Watch(engine, program.files)
    run = _Run(watch)
    registry = getattr(module, "db_session", None)
    with orm.Session(engine, expire_on_commit=program.expires) as session, watch:
        if registry is not None:
            registry.registry.set(session)
        try:
            run.returned = module.run(session)
        except Exception as error:
            run.error = error
    engine.dispose()
    return run


async def _run_async(program: Program, module: ModuleType, rows: int) -> _Run:
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    async with engine.begin() as connection:
        await connection.run_sync(module.Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        await session.run_sync(lambda s: _fill(module, s, rows))
    watch = Watch(engine.sync_engine, program.files)
    run = _Run(watch)
    try:
        async with AsyncSession(engine, expire_on_commit=program.expires) as session:
            with watch:
                run.returned = await module.run(session)
    except Exception as error:
        run.error = error
    finally:
        await engine.dispose()
    return run


def _kind(error: Exception, files: frozenset[str]) -> str:
    if isinstance(error, MissingGreenlet) or (isinstance(error, StatementError) and "MissingGreenlet" in str(error)):
        return "expired" if load_behind(error, files) == "expired" else "greenlet"
    if isinstance(error, InvalidRequestError | ValidationError) and "lazy='raise" in str(error):
        return "raise"
    if isinstance(error, ValidationError) and "MissingGreenlet" in str(error):  # it keeps the text of what was raised
        return "greenlet"
    if isinstance(error, InvalidRequestError) and "yield_per" in str(error):
        return "streamed"
    if isinstance(error, InvalidRequestError) and "unique()" in str(error):
        return "unique"
    return f"other: {type(error).__name__}: {error}"


def _fill(module: ModuleType, session: orm.Session, rows: int) -> None:
    """`rows` authors, each with a profile and `rows` posts; on each post `rows` comments, by all authors, and tags."""
    ids = range(1, rows + 1)
    posts = [(author - 1) * rows + n for author in ids for n in ids]
    filled: dict[sa.Table, list[dict[str, object]]] = {
        module.Tag.__table__: [{"id": n, "name": f"tag {n}"} for n in ids],
        module.Author.__table__: [{"id": n, "name": f"author {n}"} for n in ids],
        module.Profile.__table__: [{"name": "profile", "author_id": n} for n in ids],
        module.Post.__table__: [{"id": p, "name": f"post {p}", "author_id": (p - 1) // rows + 1} for p in posts],
        module.post_tags: [{"post_id": p, "tag_id": n} for p in posts for n in ids],
        module.Comment.__table__: [{"name": "comment", "post_id": p, "author_id": n} for p in posts for n in ids],
    }
    for table, values in filled.items():
        session.execute(table.insert(), values)
    session.commit()
