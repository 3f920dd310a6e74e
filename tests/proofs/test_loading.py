"""The rules on statements and their loader options: SAL107, SAL109, SAL110, SAL111, SAL114, SAL115, SAL116, SAL122.

Each is shown on SQLite with three users, each with two posts, each of these with two comments and two tags.
"""

import warnings
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, InvalidRequestError, SAWarning
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from sqlalint.rules.registry import find_rule
from tests.examples import Example, compose, example, fixed
from tests.harness import lint
from tests.proofs.running import entry, fill, load, run

USERS = 3


def given(block: str) -> Example:
    """A block as the body of an example's function."""
    return compose("proof", "loading", "bad", block)


def codes(program: Example) -> set[str]:
    return {f.code for f in lint(program.files)}


def rows_and_value(program: Example) -> tuple[int, Any]:
    """How many rows the last SELECT of a program brings, sent again as SQL, and what its function gives."""
    module = load(program.source)
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    module.Base.metadata.create_all(engine)
    sent: list[tuple[str, Any]] = []
    with Session(engine) as session:
        fill(module, session, USERS)
    with Session(engine) as session, warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        sa.event.listen(engine, "before_cursor_execute", lambda c, k, s, p, *_: sent.append((s, p)))
        value = entry(module, program)(session)
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(*sent[-1]).all()
    return len(rows), value


# --- SAL107 ---

BATCHED_RAISES = [
    "session.query(User).options(joinedload(User.posts)).yield_per(2).all()",
    "session.query(User).options(subqueryload(User.posts)).yield_per(2).all()",
    "session.query(User).join(User.posts).options(contains_eager(User.posts)).yield_per(2).all()",
    "session.query(User).options(joinedload(User.posts)).yield_per(2).first()",
    "session.query(Post).options(joinedload(Post.author).joinedload(User.posts)).yield_per(2).all()",
    "session.scalars(select(User).options(joinedload(User.posts)).execution_options(yield_per=2)).unique().all()",
    "session.scalars(select(User).options(joinedload(User.posts)), execution_options={'yield_per': 2}).all()",
]
BATCHED_RUNS = [
    "session.query(User).options(selectinload(User.posts)).yield_per(2).all()",
    "session.query(User).options(joinedload(User.profile)).yield_per(2).all()",
    "session.query(User).options(joinedload(User.posts)).enable_eagerloads(False).yield_per(2).all()",
    "session.query(User).options(selectinload(User.posts).joinedload(Post.comments)).yield_per(2).all()",
    "list(session.scalars(select(User).options(joinedload(User.posts))).unique().partitions(2))",
    "session.scalars(select(User).options(joinedload(User.posts)).execution_options(stream_results=True)).unique().all()",
]


@pytest.mark.parametrize("block", BATCHED_RAISES)
def test_sal107_raises_in_batches(block: str) -> None:
    error = run(given(block), USERS).error
    assert isinstance(error, InvalidRequestError)
    assert "yield_per with eager loaders" in str(error)
    assert codes(given(block)) == {"SAL107"}


@pytest.mark.parametrize("block", BATCHED_RUNS)
def test_sal107_is_silent_where_nothing_raises(block: str) -> None:
    assert run(given(block), USERS).error is None
    assert "SAL107" not in codes(given(block))


def test_sal107_result_in_batches_with_unique_raises_since_2_1() -> None:
    block = "session.scalars(select(User).options(joinedload(User.posts))).unique().yield_per(2).all()"
    error = run(given(block), USERS).error
    assert (error is not None) == (tuple(map(int, sa.__version__.split(".")[:2])) >= (2, 1))
    assert codes(given(block)) == {"SAL107"}


# --- SAL109 ---

PRODUCTS = {
    "session.query(Post).options(joinedload(Post.comments), joinedload(Post.tags)).all()": 6 * 2 * 2,
    "session.scalars(select(Post).options(joinedload(Post.comments), joinedload(Post.tags))).unique().all()": 24,
    "session.query(Post).join(Post.tags).options(contains_eager(Post.tags), joinedload(Post.comments)).all()": 24,
    "session.query(Post).options(joinedload(Post.author).joinedload(User.posts), joinedload(Post.tags)).all()": 24,
}
SUMS = {
    "session.query(Post).options(joinedload(Post.comments)).all()": 12,
    "session.query(User).options(joinedload(User.posts).joinedload(Post.comments)).all()": 12,
    "session.query(Post).options(joinedload(Post.comments), joinedload(Post.author)).all()": 12,
    "session.query(Post).options(joinedload(Post.comments), lazyload(Post.tags)).all()": 12,
}


@pytest.mark.parametrize(("block", "rows"), PRODUCTS.items())
def test_sal109_rows_are_the_product(block: str, rows: int) -> None:
    assert rows_and_value(given(f"return {block}"))[0] == rows
    assert codes(given(f"return {block}")) == {"SAL109"}


@pytest.mark.parametrize(("block", "rows"), SUMS.items())
def test_sal109_is_silent_where_rows_are_those_of_one_collection(block: str, rows: int) -> None:
    assert rows_and_value(given(f"return {block}"))[0] == rows
    assert "SAL109" not in codes(given(f"return {block}"))


def test_sal109_three_parents_with_three_and_three_are_27_rows() -> None:
    more = "for user in session.query(User):\n    user.posts.append(Post(title='third'))\nsession.flush()\n"
    badge = """
class Badge(Base):
    __tablename__ = "badges"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    posts: Mapped[list["Post"]] = relationship(back_populates="author")
    badges: Mapped[list["Badge"]] = relationship()
    profile: Mapped["Profile | None"] = relationship(back_populates="user")
"""
    body = more + "for user in session.query(User):\n    user.badges += [Badge(), Badge(), Badge()]\nsession.flush()\n"
    body += "return session.query(User).options(joinedload(User.posts), joinedload(User.badges)).all()"
    function = "\n\ndef example(session):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    assert rows_and_value(given(badge + function))[0] == 27


def test_sal109_the_fix_leaves_one_joined_collection() -> None:
    rule = find_rule("SAL109")
    assert rule is not None
    bad, mended = example(rule, "Bad"), example(rule, "Fixed")
    assert run(bad, USERS).selects == 1
    assert run(mended, USERS).selects == 2
    assert codes(mended) == set()


# --- SAL110 ---

UNLINKED = [
    "session.query(User).options(contains_eager(User.posts)).all()",
    "session.query(User).filter(User.name != '').options(contains_eager(User.posts)).all()",
    "other = aliased(Post)\n"
    "return session.query(User).join(User.posts.of_type(other)).options(contains_eager(User.posts)).all()",
]
LINKED = [
    "session.query(User).join(User.posts).options(contains_eager(User.posts)).all()",
    "session.query(User).join(Post).options(contains_eager(User.posts)).all()",
    "session.query(User).filter(Post.author_id == User.id).options(contains_eager(User.posts)).all()",
    "other = aliased(Post)\nnamed = User.posts.of_type(other)\n"
    "return session.query(User).join(named).options(contains_eager(named)).all()",
]


def _with_alias(block: str) -> Example:
    text = block if "return" in block else f"return {block}"
    program = given(text)
    program.files["app.py"] = "from sqlalchemy.orm import aliased\n" + program.files["app.py"]
    return program


@pytest.mark.parametrize("block", UNLINKED)
def test_sal110_every_parent_gets_all_rows(block: str) -> None:
    _, users = rows_and_value(_with_alias(block))
    assert [len(user.posts) for user in users] == [6, 6, 6]
    assert codes(_with_alias(block)) == {"SAL110"}


@pytest.mark.parametrize("block", LINKED)
def test_sal110_is_silent_where_something_links(block: str) -> None:
    _, users = rows_and_value(_with_alias(block))
    assert [len(user.posts) for user in users] == [2, 2, 2]
    assert "SAL110" not in codes(_with_alias(block))


def test_sal110_a_nested_hop_counts_by_itself() -> None:
    block = (
        "session.query(User).join(User.posts).options(contains_eager(User.posts).contains_eager(Post.comments)).all()"
    )
    _, users = rows_and_value(given(f"return {block}"))
    assert {len(post.comments) for user in users for post in user.posts} == {12}
    assert "SAL110" in codes(given(f"return {block}"))


# --- SAL111 ---


def test_sal111_a_legacy_query_gives_fewer_parents() -> None:
    program = given("return session.query(User).join(User.posts).order_by(User.id).limit(4).all()")
    assert len(rows_and_value(program)[1]) == 2
    assert codes(program) == {"SAL111"}


def test_sal111_a_select_gives_parents_again() -> None:
    program = given("return session.scalars(select(User).join(User.posts).order_by(User.id).limit(3)).all()")
    assert [user.id for user in rows_and_value(program)[1]] == [1, 1, 2]
    assert codes(program) == {"SAL111"}


@pytest.mark.parametrize(
    "block",
    [
        "query.limit(3).all()",
        "query[:3]",
    ],
)
def test_sal111_the_last_collection_is_cut(block: str) -> None:
    query = "query = session.query(User).join(User.posts).options(contains_eager(User.posts)).order_by(User.id)\n"
    program = given(f"{query}return {block}")
    assert [len(user.posts) for user in rows_and_value(program)[1]] == [2, 1]
    assert codes(program) == {"SAL111"}


def test_sal111_first_gives_a_parent_with_one_child() -> None:
    program = given("return session.query(User).join(User.posts).options(contains_eager(User.posts)).first()")
    assert len(rows_and_value(program)[1].posts) == 1
    assert codes(program) == {"SAL111"}


@pytest.mark.parametrize(
    "block",
    [
        "session.query(User).options(joinedload(User.posts)).order_by(User.id).limit(2).all()",
        "session.query(User).join(User.posts).group_by(User.id).limit(2).all()",
        "session.query(User).join(User.posts).distinct().limit(2).all()",
        "session.query(User).join(User.profile).limit(2).all()",
        "session.query(User).filter(User.posts.any()).limit(2).all()",
        "session.query(Post).join(Post.author).limit(2).all()",
        "session.query(Post).join(Post.tags).filter(Tag.name == 'a').limit(2).all()",
    ],
)
def test_sal111_is_silent_where_the_limit_counts_parents(block: str) -> None:
    found = rows_and_value(given(f"return {block}"))[1]
    assert len(set(found)) == 2
    assert "SAL111" not in codes(given(f"return {block}"))


# --- SAL114 ---


def test_sal114_nothing_is_loaded_whatever_is_stored() -> None:
    block = "users = session.scalars(select(User).options(noload(User.posts))).all()\nreturn [u.posts for u in users]"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert rows_and_value(given(block))[1] == [[], [], []]
    assert codes(given(block)) == {"SAL114"}


# --- SAL115 ---


@pytest.mark.parametrize("attribute", ["posts", "profile"])
def test_sal115_one_query_per_row(attribute: str) -> None:
    program = given(f"session.scalars(select(User).options(immediateload(User.{attribute}))).all()")
    assert [run(program, rows).selects for rows in (3, 6)] == [4, 7]
    assert codes(program) == {"SAL115"}
    mended = replace(program, files=fixed(program.files))
    assert [run(mended, rows).selects for rows in (3, 6)] == [2, 2]
    assert codes(mended) == set()


def test_sal115_a_many_to_one_costs_one_per_distinct_target() -> None:
    program = given("session.scalars(select(Post).options(immediateload(Post.author))).all()")
    assert run(program, USERS).selects == 1 + USERS  # six posts of three users
    assert Counter(f.confidence.value for f in lint(program.files)) == {"likely": 1}


def test_sal115_is_silent_for_one_row() -> None:
    program = given("session.get(User, 1, options=[immediateload(User.posts)])")
    assert run(program, USERS).selects == 2
    assert codes(program) == set()


# --- SAL116 ---


@pytest.mark.parametrize(
    "block",
    [
        "session.query(User).options(joinedload('posts')).all()",
        "session.query(User).options(load_only('name')).all()",
        "session.query(User).options(defer('name')).all()",
        "session.query(User).options(joinedload(User.posts).joinedload('tags')).all()",
        "session.query(User).join(User.posts).options(contains_eager('posts')).all()",
        "session.query(User).join('posts').all()",
        "session.query(User).from_statement(select(User).join('posts')).all()",
    ],
)
def test_sal116_strings_raise(block: str) -> None:
    program = given(block)
    assert isinstance(run(program, USERS).error, ArgumentError)
    assert codes(program) == {"SAL116"}
    mended = replace(program, files=fixed(program.files))
    assert run(mended, USERS).error is None
    assert "SAL116" not in codes(mended)


@pytest.mark.parametrize("block", ["session.query(User).options(lazyload('*')).all()"])
def test_sal116_is_silent_for_what_may_be_a_string(block: str) -> None:
    assert run(given(block), USERS).error is None
    assert codes(given(block)) == set()


# --- SAL122 ---


def test_sal122_the_second_statement_repeats_the_limited_one() -> None:
    program = given("session.scalars(select(User).options(subqueryload(User.posts)).limit(2)).all()")
    statements = [s for s in run(program, USERS).statements if s.startswith("SELECT")]
    assert len(statements) == 2
    assert "LIMIT" in statements[1]
    assert "ORDER BY" not in statements[1]
    assert codes(program) == {"SAL122"}


def test_sal122_is_silent_where_a_key_orders() -> None:
    program = given("session.scalars(select(User).options(subqueryload(User.posts)).order_by(User.id).limit(2)).all()")
    assert codes(program) == set()
