"""SAL117 and SAL118: rows are loaded, each an object, for a number or a truth that the database gives without them.

Programs are run on 5 users with two posts each, as they are and as they are fixed: both give the same, and the fixed
ones load nothing.
"""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from sqlalint.rules.registry import find_rule
from tests.examples import Example, compose, example, fixed
from tests.harness import lint
from tests.proofs.running import entry, fill, load, run

USERS = 5
NAMES = {"SAL117": "counting-by-loading", "SAL118": "existence-by-loading"}

COUNTS = {
    "a query's list": "return len(session.query(Post).filter(Post.title != '').all())",
    "a query's list in its order": "return len(session.query(Post).order_by(Post.title).all())",
    "a query's list with what is eager on it": "return len(session.query(User).options(joinedload(User.posts)).all())",
    "a part of a query": "return len(session.query(Post).limit(12).offset(2).all())",
    "different ones": "return len(session.query(Post.author_id).distinct().all())",
    "scalars": "return len(session.scalars(select(Post).where(Post.author_id == 1)).all())",
    "scalars of rows": "return len(session.execute(select(Post).filter_by(author_id=1)).scalars().all())",
}

TRUTHS = {
    "a count": "return session.query(Post).filter(Post.author_id == {}).count() > 0",
    "a count of nothing": "return session.query(Post).filter(Post.author_id == {}).count() == 0",
    "a list": "return bool(session.query(Post).filter(Post.author_id == {}).all())",
    "a list's length": "return len(session.query(Post).filter(Post.author_id == {}).all()) > 0",
    "the length of scalars": "return 0 == len(session.scalars(select(Post).where(Post.author_id == {})).all())",
    "no list": "return not session.scalars(select(Post).where(Post.author_id == {})).all()",
    "the first": "return session.query(Post).filter(Post.author_id == {}).first() is not None",
    "no first": "return session.query(Post).filter(Post.author_id == {}).first() is None",
    "the first of scalars": "return session.scalars(select(Post).where(Post.author_id == {})).first() is not None",
    "the first of rows": "return session.execute(select(Post).filter_by(author_id={})).scalars().first() is None",
    "a scalar": "return session.scalar(select(Post).where(Post.author_id == {})) is not None",
    "a scalar among others": "return 1 > 2 or session.scalar(select(Post).where(Post.author_id == {})) is None",
}


def given(program: Example) -> tuple[Any, int]:
    """What a program gives, and how many objects it loads."""
    module, loaded = load(program.source), []
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    module.Base.metadata.create_all(engine)
    with Session(engine) as session:
        fill(module, session, USERS)
    event.listen(module.Base, "load", lambda *_: loaded.append(1), propagate=True)
    with Session(engine) as session:
        value = entry(module, program)(session)
    engine.dispose()
    return value, len(loaded)


def as_fixed(program: Example, code: str) -> Example:
    files = fixed(program.files, code)
    assert files != program.files
    return Example(program.rule, program.family, "fixed", files, program.entry)


@pytest.mark.parametrize("block", COUNTS.values(), ids=list(COUNTS))
def test_a_count_is_the_same_and_loads_nothing(block: str) -> None:
    program = compose("proof", "loading", "bad", block)
    assert {f.code for f in lint(program.files)} == {"SAL117"}
    (number, loaded), (same, none) = given(program), given(as_fixed(program, "SAL117"))
    assert number == same > 0
    assert loaded or "author_id)" in block
    assert none == 0


@pytest.mark.parametrize("author", [1, 1000])
@pytest.mark.parametrize("block", TRUTHS.values(), ids=list(TRUTHS))
def test_a_truth_is_the_same_and_loads_nothing(block: str, author: int) -> None:
    program = compose("proof", "loading", "bad", block.format(author))
    assert {f.code for f in lint(program.files)} == {"SAL118"}
    (truth, _), (same, none) = given(program), given(as_fixed(program, "SAL118"))
    assert truth is same
    assert none == 0


def test_a_query_that_joins_a_collection_counts_more_rows_than_objects() -> None:
    bad = compose("proof", "loading", "bad", "return len(session.query(User).join(User.posts).all())")
    other = compose("proof", "loading", "good", "return session.query(User).join(User.posts).count()")
    assert (given(bad)[0], given(other)[0]) == (5, 10)
    (finding,) = lint(bad.files)
    assert finding.fix is None
    distinct = "return session.scalar(select(func.count(sa.distinct(User.id))).join(User.posts))"
    assert given(compose("proof", "loading", "good", f"import sqlalchemy as sa\n{distinct}"))[0] == 5


def test_a_collection_is_loaded_whole_to_be_counted() -> None:
    program = compose("proof", "loading", "bad", "user = session.get(User, 1)\nreturn len(user.posts)")
    assert given(program) == (2, 3)
    assert {(f.code, f.confidence.value) for f in lint(program.files)} == {("SAL117", "likely")}


@pytest.mark.parametrize("code", NAMES)
def test_the_examples_of_the_page(code: str) -> None:
    rule = find_rule(code)
    assert rule is not None
    bad, good, mended = (example(rule, kind) for kind in ("Bad", "Good", "Fixed"))
    assert bool(given(bad)[0]) == bool(given(good)[0]) == bool(given(mended)[0])
    assert given(good)[1] == given(mended)[1] == 0
    assert run(mended, 10).selects == 1
