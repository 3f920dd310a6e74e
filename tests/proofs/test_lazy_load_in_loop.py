"""SAL101: a relationship that the query did not load costs one statement per row; loaded by an option it costs none.

Programs are run on 10 and on 20 users with two posts each. Where the number of statements grows with the rows sqlalint
says so; where it does not, sqlalint is silent.
"""

import pytest

from sqlalint.rules.registry import find_rule
from tests.examples import compose, example
from tests.harness import lint
from tests.proofs.running import run

CODE = "SAL101"

# What grows with the rows: the SELECTs for 10 users.
GROWS = {
    "a collection in a loop over users": (
        """
for user in session.scalars(select(User)):
    print(len(user.posts))
""",
        11,
    ),
    "the same over a list": (
        """
users = session.scalars(select(User)).all()
for user in users:
    print(user.posts)
""",
        11,
    ),
    "in a comprehension": (
        """
users = session.scalars(select(User)).all()
print([len(user.posts) for user in users])
""",
        11,
    ),
    "as a key of sorted": (
        """
users = session.scalars(select(User)).all()
print(sorted(users, key=lambda user: len(user.posts)))
""",
        11,
    ),
    "of rows": (
        """
for row in session.execute(select(User)):
    print(row[0].posts)
""",
        11,
    ),
    "by the legacy query": (
        """
for user in session.query(User):
    print(user.posts)
""",
        11,
    ),
    "a one-to-one without the foreign key": (
        """
for user in session.scalars(select(User)):
    print(user.profile)
""",
        11,
    ),
    "through an association table": (
        """
for post in session.scalars(select(Post)):
    print(post.tags)
""",
        21,
    ),
    "a many-to-one, once per distinct target": (
        """
posts = session.scalars(select(Post)).all()
for post in posts:
    print(post.author.name)
""",
        11,
    ),
    "a join, which loads nothing": (
        """
for post in session.scalars(select(Post).join(Post.author)).all():
    print(post.author.name)
""",
        11,
    ),
    "a hop below what the option loads": (
        """
for user in session.scalars(select(User).options(selectinload(User.posts))):
    for post in user.posts:
        print(post.comments)
""",
        22,
    ),
    "an assignment to a collection, which loads the old one": (
        """
for post in session.scalars(select(Post)).all():
    post.tags = []
""",
        21,
    ),
}

# What does not: the SELECTs for 10 users.
CONSTANT = {
    "selectinload": (
        """
for user in session.scalars(select(User).options(selectinload(User.posts))):
    print(user.posts)
""",
        2,
    ),
    "joinedload": (
        """
for user in session.scalars(select(User).options(joinedload(User.posts))).unique():
    print(user.posts)
""",
        1,
    ),
    "subqueryload": (
        """
for user in session.scalars(select(User).options(subqueryload(User.posts))):
    print(user.posts)
""",
        2,
    ),
    "contains_eager of a join": (
        """
statement = select(Post).join(Post.author).options(contains_eager(Post.author))
for post in session.scalars(statement):
    print(post.author.name)
""",
        1,
    ),
    "the way back from a loaded collection": (
        """
users = session.scalars(select(User).options(selectinload(User.posts))).all()
for user in users:
    for post in user.posts:
        print(post.author.name)
""",
        2,
    ),
    "a many-to-one pinned by the filter": (
        """
for post in session.scalars(select(Post).where(Post.author_id == 1)):
    print(post.author.name)
""",
        2,
    ),
    "the target in the same rows": (
        """
rows = session.execute(select(Post, User).join(Post.author)).all()
for post, user in rows:
    print(post.author.name)
""",
        1,
    ),
    "one row": (
        """
for user in session.scalars(select(User).where(User.id == 1)):
    print(user.posts)
""",
        2,
    ),
    "columns only": (
        """
for name, title in session.execute(select(User.name, Post.title).join(User.posts)):
    print(name, title)
""",
        1,
    ),
    "a many-to-one assigned": (
        """
author = session.get(User, 1)
for post in session.scalars(select(Post)).all():
    post.author = author
""",
        2,
    ),
    "a loop that reads columns": (
        """
for user in session.scalars(select(User)):
    print(user.name, user.email)
""",
        1,
    ),
}


@pytest.mark.parametrize(("block", "selects"), GROWS.values(), ids=list(GROWS))
def test_statements_grow_with_the_rows_and_sqlalint_says_so(block: str, selects: int) -> None:
    program = compose("proof", "loading", "bad", block)
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert few.selects == selects
    assert many.selects - few.selects >= 10
    assert {f.code for f in lint(program.files)} == {CODE}


@pytest.mark.parametrize(("block", "selects"), CONSTANT.values(), ids=list(CONSTANT))
def test_statements_stay_the_same_and_sqlalint_is_silent(block: str, selects: int) -> None:
    program = compose("proof", "loading", "good", block)
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert few.selects == many.selects == selects
    assert lint(program.files) == []


def test_targets_that_an_earlier_query_holds_cost_nothing_and_sqlalint_is_not_certain() -> None:
    block = """
users = session.scalars(select(User)).all()
for post in session.scalars(select(Post)):
    print(post.author.name)
print(users)
"""
    program = compose("proof", "loading", "good", block)
    assert run(program, 10).selects == run(program, 20).selects == 2
    assert {f.confidence.value for f in lint(program.files)} == {"possible"}


def test_a_later_query_with_the_option_fills_in_the_objects_of_the_earlier_one() -> None:
    block = """
users = session.scalars(select(User)).all()
session.scalars(select(User).options(selectinload(User.posts))).all()
for user in users:
    print(user.posts)
"""
    program = compose("proof", "loading", "good", block)
    assert run(program, 10).selects == run(program, 20).selects == 3
    assert lint(program.files) == []


def test_rows_that_are_not_held_cost_one_statement_each() -> None:
    """20 posts of 10 authors: 11 statements where the list holds the authors, 21 where each batch lets them go."""
    block = """
for post in session.scalars(select(Post).execution_options(yield_per=1)):
    print(post.author.name)
"""
    assert run(compose("proof", "loading", "bad", block), 10).selects == 21


def test_what_rows_share_is_loaded_once_and_called_distinct() -> None:
    """20 posts of 10 authors: the authors in one statement more, and one for the posts of each of them."""
    block = """
for post in session.scalars(select(Post).options(selectinload(Post.author))).all():
    print(post.author.profile)
"""
    program = compose("proof", "loading", "bad", block)
    assert run(program, 10).selects == 12
    assert [f.message for f in lint(program.files)] == [
        "One query per distinct user: User.profile is loaded at each iteration"
    ]


def test_the_examples_of_the_page() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    bad, good = example(rule, "Bad"), example(rule, "Good")
    assert run(bad, 20).selects - run(bad, 10).selects >= 10
    assert run(good, 20).selects == run(good, 10).selects


def test_the_fixed_example() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    fixed = example(rule, "Fixed")
    few, many = run(fixed, 10), run(fixed, 20)
    assert few.error is many.error is None
    assert few.selects == many.selects


HELPS = {
    "an alias is named in place of its class": (
        """
other = aliased(User)
for user in session.query(other):
    print(user.posts)
""",
        "load it with the query: `.options(selectinload(User.posts))`, with the alias that it selects in place of `User`",
    ),
    "a dynamic relationship's own query takes the option": (
        """
account = session.scalars(select(Account).where(Account.id == 1)).one()
for user in account.users.all():
    print(user.posts)
""",
        "load it with the query of Account.users: `.options(selectinload(User.posts))`",
    ),
}
MODELS = """
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, DynamicMapped, Mapped, Session, aliased, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    users: DynamicMapped["User"] = relationship()


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    posts: Mapped[list["Post"]] = relationship()


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)


def report(session: Session) -> None:
"""


@pytest.mark.parametrize(("block", "said"), HELPS.values(), ids=list(HELPS))
def test_options_are_given_where_the_library_takes_them(block: str, said: str) -> None:
    lines = "".join(f"    {line}\n" for line in block.strip().splitlines())
    assert [f.help for f in lint({"app.py": MODELS + lines})] == [said]
