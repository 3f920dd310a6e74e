"""SAL106: rows of a joined collection, taken without `unique()`, raise InvalidRequestError when they are fetched.

It is raised by every way of taking them but a few, and also where no parent has more than one child.
"""

from dataclasses import replace

import pytest
from sqlalchemy.exc import InvalidRequestError, MultipleResultsFound

from sqlalint.rules.registry import find_rule
from tests.examples import compose, example, fixed
from tests.harness import lint
from tests.proofs.running import run

CODE = "SAL106"
STATEMENT = "statement = select(User).options(joinedload(User.posts))\n"

RAISES = [
    STATEMENT + "session.scalars(statement).all()",
    STATEMENT + "session.scalars(statement).one_or_none()",
    STATEMENT + "session.scalars(statement.where(User.id == 1)).one()",
    STATEMENT + "session.execute(statement).scalars().all()",
    STATEMENT + "session.execute(statement).all()",
    STATEMENT + "session.execute(statement).fetchone()",
    STATEMENT + "session.execute(statement).fetchmany(2)",
    STATEMENT + "session.execute(statement).scalar_one_or_none()",
    STATEMENT + "session.execute(statement).mappings().all()",
    STATEMENT + "list(session.scalars(statement))",
    STATEMENT + "for user in session.scalars(statement):\n    print(user.name)",
    STATEMENT + "print([user.name for user in session.scalars(statement)])",
    "statement = select(User).join(User.posts).options(contains_eager(User.posts))\nsession.scalars(statement).all()",
    "statement = select(Post).options(joinedload(Post.author).joinedload(User.posts))\nsession.scalars(statement).all()",
    "statement = select(Post).options(joinedload(Post.tags))\nsession.scalars(statement).all()",
]

RUNS = [
    STATEMENT + "session.scalars(statement).unique().all()",
    STATEMENT + "session.execute(statement).unique().scalars().all()",
    STATEMENT + "session.execute(statement).scalars().unique().all()",
    STATEMENT + "session.scalars(statement).first()",
    STATEMENT + "session.execute(statement).first()",
    STATEMENT + "session.execute(statement).scalar()",
    STATEMENT + "session.scalar(statement)",
    STATEMENT + "session.execute(statement).freeze()",
    "session.get(User, 1, options=[joinedload(User.posts)])",
    "session.query(User).options(joinedload(User.posts)).all()",
    "session.scalars(select(Post).options(joinedload(Post.author))).all()",
    "session.scalars(select(User).options(joinedload(User.profile))).all()",
    "session.scalars(select(User).options(selectinload(User.posts).joinedload(Post.comments))).all()",
    "session.scalars(select(Post).options(joinedload(Post.author).selectinload(User.posts))).all()",
    "session.scalars(select(User).options(selectinload(User.posts))).all()",
    "session.scalars(select(User).join(User.posts)).all()",
    "session.execute(select(User.id, User.name)).all()",
]


@pytest.mark.parametrize("block", RAISES)
def test_it_raises_and_sqlalint_says_so(block: str) -> None:
    program = compose("proof", "loading", "bad", block)
    error = run(program, 3).error
    assert isinstance(error, InvalidRequestError)
    assert "unique() method must be invoked" in str(error)
    assert {f.code for f in lint(program.files)} == {CODE}
    mended = replace(program, files=fixed(program.files))
    after = run(mended, 3).error  # three users are too many for one()
    assert after is None or isinstance(after, MultipleResultsFound)
    assert lint(mended.files) == []


@pytest.mark.parametrize("block", RUNS)
def test_it_runs_and_sqlalint_is_silent(block: str) -> None:
    program = compose("proof", "loading", "good", block)
    assert run(program, 3).error is None
    assert CODE not in {f.code for f in lint(program.files)}


def test_it_raises_also_where_every_parent_has_one_child() -> None:
    block = "session.execute(select(Post).where(Post.id == 1).options(joinedload(Post.tags).load_only(Tag.id))).one()"
    assert isinstance(run(compose("proof", "loading", "bad", block), 1).error, InvalidRequestError)


def test_the_examples_of_the_page() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    assert isinstance(run(example(rule, "Bad"), 3).error, InvalidRequestError)
    assert run(example(rule, "Good"), 3).error is None
    assert run(example(rule, "Fixed"), 3).error is None


UNFIXED = [
    "session.execute(select(User, User.settings).options(joinedload(User.posts))).all()",
    "session.execute(select(User).options(joinedload(User.posts)).execution_options(yield_per=2)).all()",
]


@pytest.mark.parametrize("block", UNFIXED)
def test_where_unique_would_raise_too_there_is_no_fix(block: str) -> None:
    models = """
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    settings: Mapped[list[str]] = mapped_column(JSON, default=list)
    posts: Mapped[list["Post"]] = relationship(back_populates="author")
    profile: Mapped["Profile | None"] = relationship(back_populates="user")
"""
    program = compose("proof", "loading", "bad", f"{models}\n\ndef example(session):\n    return {block}\n")
    program.files["app.py"] = "from sqlalchemy import JSON\n" + program.files["app.py"]
    assert isinstance(run(program, 3).error, InvalidRequestError)
    assert fixed(program.files) == program.files
    with_unique = program.files["app.py"].replace(").all()", ").unique().all()")
    assert isinstance(run(replace(program, files={"app.py": with_unique}), 3).error, InvalidRequestError)
