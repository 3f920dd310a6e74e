"""SAL112: reading a relationship that raises instead of loading raises, unless something has loaded it before."""

import pytest
from sqlalchemy.exc import InvalidRequestError

from sqlalint.rules.registry import find_rule
from tests.examples import compose, example
from tests.harness import lint
from tests.proofs.running import run

CODE = "SAL112"
# Models whose relationships raise, below the blog's; `raise_on_sql` is for those whose target may be held.
MODELS = """
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    posts: Mapped[list["Post"]] = relationship(back_populates="author", lazy="raise")
    profile: Mapped["Profile | None"] = relationship(back_populates="user")

    @property
    def titles(self) -> list[str]:
        return [post.title for post in self.posts]


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    author: Mapped["User"] = relationship(back_populates="posts", lazy="raise_on_sql")
    comments: Mapped[list["Comment"]] = relationship(back_populates="post", lazy="raise_on_sql")
    tags: Mapped[list["Tag"]] = relationship(secondary=post_tags, back_populates="posts")


def of(user: User) -> int:
    return len(user.posts)
"""

# What raises, and how sure that is.
RAISES = {
    "of one object": ("print(session.get(User, 1).posts)", "certain"),
    "in a loop": ("for user in session.scalars(select(User)):\n    print(user.posts)", "certain"),
    "of a legacy query": ("print(session.query(User).first().posts)", "certain"),
    "raise_on_sql of a collection": ("print(session.scalars(select(Post)).first().comments)", "certain"),
    "raise_on_sql of a many-to-one": ("print(session.scalars(select(Post)).first().author)", "likely"),
    "an option": ("print(session.scalars(select(Post).options(raiseload(Post.tags))).first().tags)", "certain"),
    "of everything": ('print(session.scalars(select(Post).options(raiseload("*"))).first().tags)', "certain"),
    "in a property": ("print(session.get(User, 1).titles)", "certain"),
    "in a function": ("print(of(session.get(User, 1)))", "certain"),
    "appending": ("session.get(User, 1).posts.append(Post(title='new'))", "certain"),
    "assigning a collection": ("session.get(User, 1).posts = []", "certain"),
    "behind what is loaded": (
        "for user in session.scalars(select(User).options(selectinload(User.posts))):\n"
        "    print([post.comments for post in user.posts])",
        "certain",
    ),
    "raise, though all are in the session": (
        "posts = session.scalars(select(Post)).all()\nprint(session.get(User, 1).posts, posts)",
        "certain",
    ),
}

RUNS = {
    "loaded": "print(session.scalars(select(User).options(selectinload(User.posts))).first().posts)",
    "loaded by the lazy load that an option allows": (
        "print(session.scalars(select(User).options(lazyload(User.posts))).first().posts)"
    ),
    "refreshed": "user = session.get(User, 1)\nsession.refresh(user, ['posts'])\nprint(user.posts)",
    "of a new object": "print(User(name='new').posts)",
    "assigning a many-to-one": "post = session.get(Post, 1)\npost.author = session.get(User, 2)",
    "the way back": (
        "for user in session.scalars(select(User).options(selectinload(User.posts))):\n"
        "    print([post.author for post in user.posts])"
    ),
    "a column": "print(session.get(User, 1).name)",
}


@pytest.mark.parametrize(("block", "tier"), RAISES.values(), ids=list(RAISES))
def test_it_raises_and_sqlalint_says_so(block: str, tier: str) -> None:
    program = compose("proof", "loading", "bad", f"{MODELS}\n\ndef example(session):\n    {indented(block)}\n")
    error = run(program, 3).error
    assert isinstance(error, InvalidRequestError)
    assert "is not available due to lazy='raise" in str(error)
    assert {(f.code, f.confidence.value) for f in lint(program.files)} == {(CODE, tier)}


@pytest.mark.parametrize("block", RUNS.values(), ids=list(RUNS))
def test_it_runs_and_sqlalint_is_silent(block: str) -> None:
    program = compose("proof", "loading", "good", f"{MODELS}\n\ndef example(session):\n    {indented(block)}\n")
    assert run(program, 3).error is None
    assert lint(program.files) == []


def test_a_held_target_is_given_where_only_sql_raises() -> None:
    """So sqlalint is not certain of a many-to-one with `raise_on_sql`."""
    block = "users = session.scalars(select(User)).all()\nprint(session.scalars(select(Post)).first().author, users)"
    program = compose("proof", "loading", "good", f"{MODELS}\n\ndef example(session):\n    {indented(block)}\n")
    assert run(program, 3).error is None
    assert {f.confidence.value for f in lint(program.files)} <= {"likely", "possible"}


def test_the_examples_of_the_page() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    assert isinstance(run(example(rule, "Bad"), 3).error, InvalidRequestError)
    assert run(example(rule, "Good"), 3).error is None


def test_the_fixed_example() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    assert run(example(rule, "Fixed"), 3).error is None


def indented(block: str) -> str:
    """A block as the body of a function."""
    return block.replace("\n", "\n    ")
