"""SAL202, SAL203: what a commit, a rollback or `expire()` empties raises when it is read under asyncio."""

import textwrap

import pytest
from sqlalchemy.exc import MissingGreenlet, StatementError

from sqlalint.engine import analyse
from sqlalint.fix.edits import apply_fixes
from sqlalint.project.settings import Settings
from sqlalint.rules.registry import find_rule
from tests.examples import Example, compose, example
from tests.harness import MemoryTree, lint
from tests.proofs.running import Run, run

OPEN = "async with AsyncSession(engine) as session:\n"
KEEP = "async with AsyncSession(engine, expire_on_commit=False) as session:\n"
USER = "user = await session.get(User, 1)\n"
NEW = "user = User(name='new', posts=[Post(title='x')])\nsession.add(user)\n"

RAISES = [
    (OPEN, USER + "await session.commit()\nprint(user.id)"),
    (OPEN, USER + "user.name = 'x'\nawait session.commit()\nprint(user.name)"),
    (OPEN, NEW + "await session.commit()\nprint(user.id)"),
    (OPEN, NEW + "await session.commit()\nprint(user.posts)"),
    (OPEN, "users = (await session.scalars(select(User))).all()\nawait session.commit()\nprint([(u.id, u.name) for u in users])"),
    (
        OPEN,
        "user = (await session.scalars(select(User).options(selectinload(User.posts)))).first()\n"
        "posts = user.posts\nawait session.commit()\nprint([p.title for p in posts])",
    ),
    (KEEP, USER + "await session.rollback()\nprint(user.id)"),
    (KEEP, USER + "session.expire(user)\nprint(user.name)"),
    (KEEP, USER + "session.expire(user, ['name'])\nprint(user.name)"),
    (KEEP, USER + "session.expire_all()\nprint(user.name)"),
    (OPEN, "async with session.begin():\n    user = await session.get(User, 1)\nprint(user.name)"),
    (OPEN, "user = await session.scalar(update(User).where(User.id == 1).values(name='x').returning(User))\nawait session.commit()\nprint(user.name)"),
    (OPEN, NEW + "await session.commit()\nawait session.refresh(user, ['id'])\nprint(user.name)"),
]  # fmt: skip

RUNS = [
    (KEEP, USER + "await session.commit()\nprint(user.id, user.name)"),
    (OPEN, USER + "number = user.id\nawait session.commit()\nprint(number)"),
    (OPEN, NEW + "await session.commit()\nawait session.refresh(user)\nprint(user.id)"),
    (OPEN, NEW + "await session.commit()\nawait session.refresh(user, ['id'])\nprint(user.id)"),
    (OPEN, USER + "await session.commit()\nuser.name = 'x'\nprint(user.name)"),
    (OPEN, USER + "await session.commit()\nawait session.get(User, 1)\nprint(user.name)"),
    (OPEN, USER + "await session.commit()\n(await session.scalars(select(User))).all()\nprint(user.name)"),
    (OPEN, USER + "await session.commit()\nprint(await session.run_sync(lambda _: user.name))"),
    (OPEN, USER + "await session.commit()\nprint(user.__dict__)"),
    (OPEN, "user = User(name='new')\nawait session.commit()\nprint(user.name)"),
    (OPEN, "user = User(name='new')\nsession.add(user)\nawait session.flush()\nawait session.rollback()\nprint(user.name)"),
    (OPEN, USER + "async with session.begin_nested():\n    pass\nprint(user.name)"),
    (OPEN, USER + "session.expunge(user)\nawait session.commit()\nprint(user.name)"),
    (
        OPEN,
        "post = Post(title='x', author_id=1)\nsession.add(post)\nawait session.flush()\n"
        "await session.delete(post)\nawait session.commit()\nprint(post.title)",
    ),
    (OPEN, USER + "async with AsyncSession(engine) as other:\n    await other.commit()\nprint(user.name)"),
]  # fmt: skip


def program(opening: str, block: str) -> Example:
    body = opening + textwrap.indent(block, "    ")
    return compose(
        "proof", "asyncio", "bad", "async def example(engine: AsyncEngine):\n" + textwrap.indent(body, "    ")
    )


def raised(result: Run) -> bool:
    """Whether MissingGreenlet ended a run: some drivers wrap it."""
    error = result.error
    return isinstance(error, MissingGreenlet) or (
        isinstance(error, StatementError) and isinstance(error.orig, MissingGreenlet)
    )


@pytest.mark.parametrize(("opening", "block"), RAISES)
def test_it_raises_and_sqlalint_says_so(opening: str, block: str) -> None:
    bad = program(opening, block)
    assert raised(run(bad, 3))
    assert [(f.code, f.confidence) for f in lint(bad.files)] == [("SAL202", "certain")]


@pytest.mark.parametrize(("opening", "block"), RUNS)
def test_it_runs_and_sqlalint_is_silent(opening: str, block: str) -> None:
    good = program(opening, block)
    assert run(good, 3).error is None
    assert [f for f in lint(good.files) if f.code != "SAL203"] == []


def test_the_examples_of_the_page() -> None:
    rule = find_rule("SAL202")
    assert rule is not None
    assert raised(run(example(rule, "Bad"), 3))
    assert run(example(rule, "Good"), 3).error is None


def test_with_the_setting_the_same_program_runs() -> None:
    """The fix of SAL203 is what the program needs as soon as it reads the object."""
    reads = "async def example(engine: AsyncEngine):\n    factory = async_sessionmaker(engine)\n    async with factory() as session:\n"
    writes = "        user = User(name='new')\n        session.add(user)\n        await session.commit()\n"
    bad = compose("proof", "asyncio", "bad", reads + writes)
    found = [f for f in analyse(MemoryTree(bad.files), Settings()).findings if f.code == "SAL203"]
    fixes = [f.fix for f in found if f.fix is not None]
    assert len(fixes) == 1
    assert not fixes[0].safe
    done = apply_fixes(fixes, lambda path: bad.files[path].encode())
    text = done.contents["app.py"].decode()
    assert "async_sessionmaker(engine, expire_on_commit=False)" in text
    tail = "        print(user.id)\n"
    assert raised(run(compose("proof", "asyncio", "bad", reads + writes + tail), 1))
    assert run(Example("proof", "asyncio", "good", {"app.py": text + tail}, bad.entry), 1).error is None
