"""Programs are run with the real library, and what they do is counted.

A proof runs the bad and the good example of a rule's page, on N rows and on 2N, and compares: the statements that
reach the database, and the exception that ends the run.
"""

import asyncio
import gc
import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from tests.examples import Example


@dataclass
class Run:
    """What a run did: the statements in their order, and the exception that ended it."""

    statements: list[str] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def selects(self) -> int:
        """How many SELECTs were sent."""
        return sum(s.lstrip().upper().startswith("SELECT") for s in self.statements)


@contextmanager
def recorded(engine: sa.Engine) -> Iterator[Run]:
    """Record the statements that an engine sends inside the block, and the exception that leaves it, which is kept."""
    run = Run()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        run.statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield run
    except Exception as error:
        run.error = error
    finally:
        event.remove(engine, "before_cursor_execute", note)


def load(source: str, name: str = "example") -> ModuleType:
    """A source as a module of its own: executed anew, so that its classes are its own."""
    module = ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    return module


def fill(module: ModuleType, session: Session, rows: int) -> None:
    """So many users of the blog, each with a profile and two posts of its own, each of these with comments and tags."""
    tags = [module.Tag(name="a"), module.Tag(name="b")]
    for n in range(rows):
        posts = [
            module.Post(
                title=f"Post {n}.{m}", tags=tags, comments=[module.Comment(body="yes"), module.Comment(body="no")]
            )
            for m in range(2)
        ]
        user = module.User(name=f"User {n}", email=f"{n}@example.org", posts=posts, profile=module.Profile())
        session.add(user)
    session.commit()


def run_sync(example: Example, rows: int) -> Run:
    """Run a loading example on a fresh database with so many users."""
    module = load(example.source)
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    module.Base.metadata.create_all(engine)
    with Session(engine) as session:
        fill(module, session, rows)
    call = entry(module, example)
    with recorded(engine) as run, Session(engine) as session:
        call(session)
    engine.dispose()
    return run


def run_async(example: Example, rows: int) -> Run:
    """Run an asyncio example on a fresh database with so many users."""
    with warnings.catch_warnings():
        # a lazy load begins a coroutine that nobody can await, which is what such an example shows
        warnings.simplefilter("ignore", RuntimeWarning)
        run = asyncio.run(_run_async(example, rows))
        gc.collect()
    return run


async def _run_async(example: Example, rows: int) -> Run:
    module = load(example.source)
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    async with engine.begin() as connection:
        await connection.run_sync(module.Base.metadata.create_all)
    async with AsyncSession(engine) as session:
        await session.run_sync(lambda plain: fill(module, plain, rows))
    call = entry(module, example)
    with recorded(engine.sync_engine) as run:
        async with AsyncSession(engine) as session:
            await call(session)
    await engine.dispose()
    return run


def entry(module: ModuleType, example: Example) -> Callable[[object], Any]:
    """The function that runs an example, still without its session. A parameter that is an id, or an int, is given 1."""
    function: Callable[..., Any] = getattr(module, example.entry)
    session, *others = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    strange = [p.name for p in others if not p.name.endswith("_id") and p.annotation is not int]
    assert not strange, f"what is {example.entry} to be given for {strange}?"
    wants_engine = getattr(session.annotation, "__name__", "") == "AsyncEngine"

    def call(given: Any) -> Any:
        first = given.bind if wants_engine else given
        return function(**{session.name: first}, **dict.fromkeys([p.name for p in others], 1))

    return call


def run(example: Example, rows: int) -> Run:
    """Run an example of a rule on loading or asyncio."""
    return run_async(example, rows) if example.family == "asyncio" else run_sync(example, rows)


def configure(example: Example) -> ModuleType:
    """Define an example's models: mappers are configured, tables are made in SQLite."""
    module = load(example.source)
    module.Base.registry.configure()
    engine = sa.create_engine("sqlite://")
    module.Base.metadata.create_all(engine)
    engine.dispose()
    return module
