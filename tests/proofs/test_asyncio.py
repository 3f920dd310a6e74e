"""SAL205, SAL206, SAL211 (and the fix of SAL203 elsewhere): what is a coroutine and what is none, held to the library and run; and their fixes."""

import inspect
import warnings

import pytest
from sqlalchemy import Result, ScalarResult
from sqlalchemy.ext import asyncio as sa_asyncio

from sqlalint.engine import analyse
from sqlalint.fix.edits import apply_fixes
from sqlalint.flow.awaited import COROUTINES, PLAIN
from sqlalint.project.settings import Settings
from sqlalint.rules.registry import find_rule
from tests.examples import Example, compose, example
from tests.harness import MemoryTree, lint
from tests.proofs.running import run

USER = "user = await session.get(User, 1)\n"
CHANGED = USER + "user.name = 'changed'\n"
STREAM = "result = await session.stream_scalars(select(User))\n"

# A program, the code of what is said of it, and what its fix makes of its last line.
RAISES = [
    ("users = session.execute(select(User)).scalars()", "SAL205", "users = (await session.execute(select(User))).scalars()"),
    (
        "users = await session.execute(select(User)).scalars().all()",
        "SAL205",
        "users = (await session.execute(select(User))).scalars().all()",
    ),
    ("rows = session.execute(select(User)).all()[0]", "SAL205", "rows = (await session.execute(select(User))).all()[0]"),
    ("for user in session.scalars(select(User)): pass", "SAL205", "for user in await session.scalars(select(User)): pass"),
    ("users = [u for u in session.scalars(select(User))]", "SAL205", "users = [u for u in await session.scalars(select(User))]"),
    ("print((session.get(User, 1)).name)", "SAL205", "print(((await session.get(User, 1))).name)"),
    ("await session.add(User(name='x'))", "SAL206", "session.add(User(name='x'))"),
    ("await session.expire_all()", "SAL206", "session.expire_all()"),
    ("first = await (await session.execute(select(User))).first()", "SAL206", "first = (await session.execute(select(User))).first()"),
    ("rows = await (await session.scalars(select(User))).all()", "SAL206", "rows = (await session.scalars(select(User))).all()"),
    (STREAM + "for user in result: pass", "SAL211", "async for user in result: pass"),
    (STREAM + "for user in result.partitions(2): pass", "SAL211", "async for user in result.partitions(2): pass"),
    (STREAM + "for user in result.all(): pass", "SAL211", "for user in await result.all(): pass"),
    (STREAM + "print(result.one_or_none().name)", "SAL211", None),
    (STREAM + "print(result.all()[0].name)", "SAL211", "print((await result.all())[0].name)"),
    ("with session: pass", "SAL211", "async with session: pass"),
    ("with session.begin(): pass", "SAL211", "async with session.begin(): pass"),
    ("with AsyncSession(session.bind) as other: pass", "SAL211", "async with AsyncSession(session.bind) as other: pass"),
]  # fmt: skip

RUNS = [
    "session.add(User(name='x'))\nawait session.flush()",
    "users = (await session.execute(select(User))).scalars().all()",
    "for user in await session.scalars(select(User)): pass",
    "waiting = session.execute(select(User))\nusers = (await waiting).all()",
    STREAM + "async for user in result: pass",
    STREAM + "users = await result.all()",
    "await session.begin()",
    "transaction = await session.begin_nested()\nawait transaction.rollback()",
    "async with session.begin(): pass",
    "with session.no_autoflush: pass",
    "connection = await session.connection()\nrows = (await connection.execute(select(User.id))).all()",
]

CLASSES = {
    **{name: getattr(sa_asyncio, name) for name in COROUTINES if hasattr(sa_asyncio, name)},
    "AsyncScalarResult": sa_asyncio.AsyncScalarResult,
}


def program(block: str) -> Example:
    return compose("proof", "asyncio", "bad", block)


def fixed(files: dict[str, str], code: str) -> str:
    """The program with all its fixes, which are safe."""
    found = [f for f in analyse(MemoryTree(files), Settings()).findings if f.code == code]
    fixes = [f.fix for f in found if f.fix is not None]
    assert fixes
    assert all(fix.safe for fix in fixes)
    done = apply_fixes(fixes, lambda path: files[path].encode())
    assert not done.unfit
    return done.contents["app.py"].decode()


@pytest.mark.parametrize("name", sorted(COROUTINES))
def test_coroutines_are_coroutines(name: str) -> None:
    class_ = getattr(sa_asyncio, name)
    wrong = [m for m in COROUTINES[name] if hasattr(class_, m) and not inspect.iscoroutinefunction(getattr(class_, m))]
    assert not wrong
    missing = [m for m, f in inspect.getmembers(class_, inspect.iscoroutinefunction) if not m.startswith("_")]
    assert set(missing) <= COROUTINES[name]


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_plain_methods_are_plain(name: str) -> None:
    classes = [Result, ScalarResult] if name == "Result" else [getattr(sa_asyncio, name)]
    for class_ in classes:
        assert not [m for m in PLAIN[name] if inspect.iscoroutinefunction(getattr(class_, m, None))]


@pytest.mark.parametrize(("block", "code", "mended"), RAISES)
def test_it_raises_and_sqlalint_says_so(block: str, code: str, mended: str | None) -> None:
    bad = program(block)
    assert isinstance(run(bad, 1).error, TypeError | AttributeError)
    assert [f.code for f in lint(bad.files)] == [code]
    if mended is None:
        return
    text = fixed(bad.files, code)
    assert text.rstrip().rpartition("\n")[2].strip() == mended
    good = Example("proof", "asyncio", "good", {"app.py": text}, bad.entry)
    assert run(good, 1).error is None
    assert lint(good.files) == []


@pytest.mark.parametrize("block", RUNS)
def test_it_runs_and_sqlalint_is_silent(block: str) -> None:
    good = program(block)
    assert run(good, 3).error is None
    assert lint(good.files) == []


@pytest.mark.parametrize("method", ["commit()", "flush()", "delete(user)"])
def test_nothing_happens_without_await(method: str) -> None:
    """The only trace is a RuntimeWarning; with the fix the statement is sent."""
    bad = program(CHANGED + f"session.{method}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        did = run(bad, 1)
    assert did.error is None
    assert not [s for s in did.statements if s.startswith(("UPDATE", "DELETE"))]
    assert [f.code for f in lint(bad.files)] == ["SAL205"]
    text = fixed(bad.files, "SAL205")
    done = run(Example("proof", "asyncio", "good", {"app.py": text}, bad.entry), 1)
    assert done.error is None
    assert method.startswith("delete") or [s for s in done.statements if s.startswith("UPDATE")]


@pytest.mark.parametrize("code", ["SAL205", "SAL206", "SAL211"])
def test_the_examples_of_the_pages(code: str) -> None:
    rule = find_rule(code)
    assert rule is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        bad = run(example(rule, "Bad"), 3)
    assert (bad.error is None) == (code == "SAL205")
    assert run(example(rule, "Good"), 3).error is None


@pytest.mark.parametrize(
    "block",
    [
        "print([u for u in (session.scalars(q) for q in [select(User)])])",  # a generator: await would make it another
        "run = lambda: session.execute(select(User)).all()",
        "rows = await  session.execute(select(User)).all()",  # two spaces
        "rows = await (session.add(User(name='x')))",
        "with session, session.begin(): pass",
    ],
)
def test_where_the_edit_is_not_plain_there_is_none(block: str) -> None:
    assert not [f for f in lint(program(block).files) if f.fix is not None]


@pytest.mark.parametrize("code", ["SAL203", "SAL205", "SAL206", "SAL211"])
def test_the_fixed_example_runs(code: str) -> None:
    rule = find_rule(code)
    assert rule is not None
    assert run(example(rule, "Fixed"), 1).error is None
