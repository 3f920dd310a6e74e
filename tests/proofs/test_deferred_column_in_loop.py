"""SAL123: a column that the query left out costs one statement for each row of which it is read.

Programs are run on 10 and on 20 users with two posts each; the blog's `User.bio` is deferred by its model.
"""

from dataclasses import replace

import pytest

from sqlalint.rules.registry import find_rule
from tests.examples import compose, example, fixed
from tests.harness import lint
from tests.proofs.running import run

CODE = "SAL123"

# What grows: the SELECTs for 10 users, and whether the query can be mended by an edit.
GROWS = {
    "not named": ("[user.email for user in session.scalars(select(User).options(load_only(User.name)))]", 11, True),
    "left out": ("[user.email for user in session.scalars(select(User).options(defer(User.email)))]", 11, True),
    "one of two that are left out": (
        "[user.email for user in session.scalars(select(User).options(defer(User.name), defer(User.email)))]",
        11,
        True,
    ),
    "by the model": ("[user.bio for user in session.scalars(select(User))]", 11, True),
    "by the model, legacy": ("[user.bio for user in session.query(User)]", 11, True),
    "by the model, beside one that is left out": (
        "[user.bio for user in session.scalars(select(User).options(defer(User.email)))]",
        11,
        True,
    ),
    "on both ways": (
        "[user.bio for user in session.scalars("
        "select(User).options(load_only(User.name) if session.bind else load_only(User.email)))]",
        11,
        True,
    ),
    "among methods of a chain": (
        "[[post.title for post in user.posts] for user in session.scalars("
        "select(User).options(selectinload(User.posts).defer(Post.title)))]",
        22,
        True,
    ),
    "behind a relationship, left out by its model": (
        "[post.author.bio for post in session.scalars(select(Post).options(joinedload(Post.author)))]",
        11,
        False,
    ),
    "two columns": (
        "[(user.email, user.bio) for user in session.scalars(select(User).options(load_only(User.name)))]",
        21,
        True,
    ),
    "behind a relationship": (
        "[[post.title for post in user.posts] for user in session.scalars("
        "select(User).options(selectinload(User.posts).load_only(Post.author_id)))]",
        22,
        True,
    ),
    "as a key": (
        "sorted(session.query(User).options(load_only(User.name)).all(), key=lambda user: user.email)",
        11,
        True,
    ),
}

CONSTANT = {
    "named": ("[user.email for user in session.scalars(select(User).options(load_only(User.email)))]", 1),
    "another one": ("[user.name for user in session.scalars(select(User).options(defer(User.email)))]", 1),
    "the key": ("[user.id for user in session.scalars(select(User).options(load_only(User.name)))]", 1),
    "the foreign key that its relationship loads by": (
        "[post.author.name for post in session.scalars(select(Post).options(load_only(Post.title), joinedload(Post.author)))]",
        1,
    ),
    "one object": ("session.get(User, 1).bio", 2),
}


@pytest.mark.parametrize(("expression", "selects", "mended"), GROWS.values(), ids=list(GROWS))
def test_statements_grow_with_the_rows_and_sqlalint_says_so(expression: str, selects: int, mended: bool) -> None:
    program = compose("proof", "loading", "bad", f"print({expression})")
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert few.selects == selects
    assert many.selects - few.selects >= 10
    assert {f.code for f in lint(program.files)} == {CODE}
    after = replace(program, files=fixed(program.files))
    assert (after != program) is mended
    if mended:
        few, many = run(after, 10), run(after, 20)
        assert few.error is many.error is None
        assert few.selects == many.selects <= 2
        assert lint(after.files) == []


@pytest.mark.parametrize(("expression", "selects"), CONSTANT.values(), ids=list(CONSTANT))
def test_statements_stay_the_same_and_sqlalint_is_silent(expression: str, selects: int) -> None:
    program = compose("proof", "loading", "good", f"print({expression})")
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert few.selects == many.selects == selects
    assert lint(program.files) == []


def test_the_examples_of_the_page() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    bad, good = example(rule, "Bad"), example(rule, "Good")
    assert run(bad, 20).selects - run(bad, 10).selects >= 10
    assert run(good, 20).selects == run(good, 10).selects == 1


def test_the_fixed_example() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    fixed_one = example(rule, "Fixed")
    few, many = run(fixed_one, 10), run(fixed_one, 20)
    assert few.error is many.error is None
    assert few.selects == many.selects == 1
