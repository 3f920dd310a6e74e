"""SAL201: reading what the query did not load, on an object of an AsyncSession, raises MissingGreenlet.

It needs no loop: every access that would send a statement raises, every other one does not.
"""

import pytest
from sqlalchemy.exc import MissingGreenlet, StatementError

from sqlalint.rules.registry import find_rule
from tests.examples import compose, example
from tests.harness import lint
from tests.proofs.running import Run, run

CODE = "SAL201"
ONE = "user = await session.get(User, 1)\n"
POST = "post = (await session.scalars(select(Post).where(Post.id == 1))).one()\n"

RAISES = [
    ONE + "print(user.posts)",
    ONE + "print(user.profile)",
    ONE + "print(user.bio)",
    ONE + "user.posts.append(Post(title='new'))",
    ONE + "user.posts = []",
    POST + "print(post.author.name)",
    POST + "print(post.tags)",
    "for user in await session.scalars(select(User)):\n    print(user.posts)",
    "users = (await session.execute(select(User))).scalars().all()\nprint([user.posts for user in users])",
    "user = User(name='new')\nsession.add(user)\nawait session.flush()\nprint(user.posts)",
]

RUNS = [
    "user = await session.get(User, 1, options=[selectinload(User.posts)])\nprint(user.posts)",
    "for user in await session.scalars(select(User).options(selectinload(User.posts))):\n    print(user.posts)",
    "users = (await session.scalars(select(User).options(joinedload(User.posts)))).unique()\nprint([u.posts for u in users])",
    ONE + "print(user.id, user.name)",
    ONE + "print(user.__dict__)",
    ONE + "await session.refresh(user, ['posts'])\nprint(user.posts)",
    ONE + "print(await session.run_sync(lambda _: len(user.posts)))",
    "user = User(name='new')\nprint(user.posts)",
    "user = User(name='new', posts=[])\nsession.add(user)\nawait session.flush()\nprint(user.posts)",
    "user = User(name='new')\nsession.add(user)\nawait session.flush()\nprint(user.id)",
    POST + "post.author = User(name='new')",
    POST + "print(post.author_id)",
    "post = (await session.scalars(select(Post).options(joinedload(Post.author)))).first()\nprint(post.author.name)",
]


def raised(result: Run) -> bool:
    """Whether MissingGreenlet ended a run: some drivers wrap it."""
    error = result.error
    return isinstance(error, MissingGreenlet) or (
        isinstance(error, StatementError) and isinstance(error.orig, MissingGreenlet)
    )


@pytest.mark.parametrize("block", RAISES)
def test_it_raises_and_sqlalint_says_so(block: str) -> None:
    program = compose("proof", "asyncio", "bad", block)
    assert raised(run(program, 3))
    assert {f.code for f in lint(program.files)} == {CODE}


@pytest.mark.parametrize("block", RUNS)
def test_it_runs_and_sqlalint_is_silent(block: str) -> None:
    program = compose("proof", "asyncio", "good", block)
    assert run(program, 3).error is None
    assert lint(program.files) == []


def test_the_examples_of_the_page() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    assert raised(run(example(rule, "Bad"), 3))
    assert run(example(rule, "Good"), 3).error is None


def test_the_fixed_example() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    assert run(example(rule, "Fixed"), 3).error is None
