"""Running a program: whether its statements grow with the rows, or what it raises."""

import asyncio
import contextlib
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.exc import InvalidRequestError, MissingGreenlet, SAWarning, StatementError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import StaticPool

from tests.programs.generate import Program


@dataclass(frozen=True)
class Truth:
    """What a program does. `grows`: twice the rows, more statements. `raises`: unique, greenlet, other, or nothing."""

    grows: bool
    raises: str
    statements: tuple[int, int] = (0, 0)


def truth(program: Program) -> Truth:
    """Run a program on N rows and on 2N rows."""
    small, failed = _run(program, 4)
    if failed:
        return Truth(False, failed)
    large, failed = _run(program, 8)
    return Truth(large > small, failed, (small, large))


def _load(program: Program) -> ModuleType:
    module = ModuleType(f"program_{program.seed}")
    exec(compile(program.source, module.__name__, "exec"), module.__dict__)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        orm.configure_mappers()
    return module


def _run(program: Program, rows: int) -> tuple[int, str]:
    """The number of SELECTs that `run` emits, and the kind of exception that it raises."""
    warnings.simplefilter("ignore")
    module = _load(program)
    try:
        return asyncio.run(_run_async(module, rows)) if program.is_async else _run_sync(module, rows)
    finally:
        module.Base.registry.dispose()


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
    if isinstance(error, InvalidRequestError) and "unique()" in str(error):
        return "unique"
    return f"other: {type(error).__name__}: {error}"


def _fill(module: ModuleType, session: orm.Session, rows: int) -> None:
    """`rows` authors, each with a profile and `rows` posts; on each post `rows` comments, by all authors, and tags."""
    tags = [module.Tag(name=f"tag {i}") for i in range(rows)]
    authors = [module.Author(name=f"author {i}") for i in range(rows)]
    session.add_all([*tags, *authors])
    session.flush()
    posts = []
    for author in authors:
        session.add(module.Profile(name="profile", author_id=author.id))
        posts += [module.Post(name=f"post {n}", author_id=author.id) for n in range(rows)]
    session.add_all(posts)
    session.flush()
    links = [{"post_id": p.id, "tag_id": tag.id} for p in posts for tag in tags]
    session.execute(module.post_tags.insert(), links)
    for post in posts:
        session.add_all(module.Comment(name="comment", post_id=post.id, author_id=a.id) for a in authors)
    session.commit()
