"""Running a program: whether its statements grow with the rows, or what it raises."""

import asyncio
import contextlib
import sys
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy import orm
from sqlalchemy.exc import InvalidRequestError, MissingGreenlet, SAWarning, StatementError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import StaticPool

from tests.programs.generate import Program


@dataclass(frozen=True)
class Truth:
    """What a program does. `grows`: twice the rows, more statements. `raises`: unique, greenlet, raise, other, or nothing."""

    grows: bool
    raises: str
    statements: tuple[int, int] = (0, 0)


def truth(program: Program) -> Truth:
    """Run a program on N rows and on 2N rows."""
    warnings.simplefilter("ignore")
    module = _load(program)
    try:
        small, failed = _run(program, module, 3)
        if failed:
            return Truth(False, failed)
        large, failed = _run(program, module, 6)
        return Truth(large > small, failed, (small, large))
    finally:
        module.Base.registry.dispose()


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


def _run(program: Program, module: ModuleType, rows: int) -> tuple[int, str]:
    """The number of SELECTs that `run` emits, and the kind of exception that it raises."""
    return asyncio.run(_run_async(module, rows)) if program.is_async else _run_sync(module, rows)


def _run_sync(module: ModuleType, rows: int) -> tuple[int, str]:
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    module.Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        _fill(module, session, rows)
    counter = _Counter(engine)
    with orm.Session(engine) as session:
        return counter.counted(lambda: module.run(session))


async def _run_async(module: ModuleType, rows: int) -> tuple[int, str]:
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    async with engine.begin() as connection:
        await connection.run_sync(module.Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        await session.run_sync(lambda s: _fill(module, s, rows))
    counter = _Counter(engine.sync_engine)
    try:
        async with AsyncSession(engine) as session:
            with counter:
                await module.run(session)
        return counter.count, ""
    except Exception as error:
        return counter.count, _kind(error)
    finally:
        await engine.dispose()


class _Counter:
    """Counts the SELECTs of an engine."""

    def __init__(self, engine: sa.Engine) -> None:
        self.count = 0
        self.on = False
        sa.event.listen(engine, "before_cursor_execute", self._seen)

    def _seen(self, conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        self.count += self.on

    def __enter__(self) -> None:
        self.on = True

    def __exit__(self, *details: object) -> None:
        self.on = False

    def counted(self, work: Any) -> tuple[int, str]:
        with self, contextlib.ExitStack():
            try:
                work()
            except Exception as error:
                return self.count, _kind(error)
        return self.count, ""


def _kind(error: Exception) -> str:
    if isinstance(error, StatementError) and "MissingGreenlet" in str(error):
        return "greenlet"
    if isinstance(error, MissingGreenlet):
        return "greenlet"
    if isinstance(error, InvalidRequestError | ValidationError) and "lazy='raise" in str(error):
        return "raise"
    if isinstance(error, ValidationError) and "MissingGreenlet" in str(error):  # it keeps the text of what was raised
        return "greenlet"
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
