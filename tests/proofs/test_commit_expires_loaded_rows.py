"""SAL124: `commit()` expires what a session holds, and each object that is touched after it is selected again.

Programs are run on 10 and on 20 users with two posts each. Where the number of SELECTs grows with the rows sqlalint
says so; where it does not, sqlalint is silent.
"""

import pytest

from sqlalint.rules.registry import find_rule
from tests.examples import compose, example
from tests.harness import lint
from tests.proofs.running import run

CODE = "SAL124"
OPENED = "own = Session(session.bind)\n"
KEPT = "own = Session(session.bind, expire_on_commit=False)\n"

# The SELECTs for 10 users, 20 posts: of what is read before its turn's commit all but the first are selected again,
# and of what is read behind it as well.
GROWS = {
    "an object that is read before the commit": ("posts = own.scalars(select(Post)).all()", "print(post.title)", 20),
    "straight from the query": ("posts = own.scalars(select(Post))", "print(post.title)", 20),
    "of the legacy query": ("posts = own.query(Post)", "print(post.title)", 20),
    "by its key": ("posts = own.query(Post).all()", "print(post.id)", 20),
    "an object that is only written": ("posts = own.scalars(select(Post)).all()", "post.title = 'closed'", 20),
    "objects of a collection": (
        "posts = [p for u in own.scalars(select(User).options(selectinload(User.posts))) for p in u.posts]",
        "print(post.title)",
        21,
    ),
}
BODY = "\nfor post in posts:\n    {}\n    own.commit()\n"


@pytest.mark.parametrize(("query", "touch", "selects"), GROWS.values(), ids=list(GROWS))
def test_each_commit_costs_a_select_and_sqlalint_says_so(query: str, touch: str, selects: int) -> None:
    program = compose("proof", "loading", "bad", OPENED + query + BODY.format(touch))
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert few.selects == selects
    assert many.selects - few.selects == 20
    assert {(f.code, f.confidence.value) for f in lint(program.files)} == {(CODE, "certain")}


def test_what_is_read_behind_the_commit_is_selected_then() -> None:
    block = OPENED + "for post in own.query(Post).all():\n    own.commit()\n    print(post.title)\n"
    program = compose("proof", "loading", "bad", block)
    assert run(program, 10).selects == 21
    assert {f.code for f in lint(program.files)} == {CODE}


def test_what_is_read_before_and_behind_it_is_selected_twice() -> None:
    block = OPENED + "for post in own.query(Post).all():\n    print(post.id)\n    own.commit()\n    print(post.title)\n"
    assert run(compose("proof", "loading", "bad", block), 10).selects == 1 + 2 * 20 - 1


def test_a_commit_now_and_then_costs_as_much_from_the_first_one_on() -> None:
    block = OPENED + (
        "for number, post in enumerate(own.query(Post).all()):\n"
        "    print(post.title)\n"
        "    if number % 5 == 0:\n"
        "        own.commit()\n"
    )
    program = compose("proof", "loading", "bad", block)
    assert run(program, 10).selects == 20
    assert {(f.code, f.confidence.value) for f in lint(program.files)} == {(CODE, "likely")}


def test_what_was_loaded_eagerly_is_loaded_again_one_by_one() -> None:
    block = OPENED + (
        "for user in own.scalars(select(User).options(selectinload(User.posts))).all():\n"
        "    print(len(user.posts))\n"
        "    own.commit()\n"
    )
    program = compose("proof", "loading", "bad", block)
    assert run(program, 10).selects == 2 + 2 * 9
    assert CODE in {f.code for f in lint(program.files)}


CONSTANT = {
    "sessions that keep what they hold": KEPT
    + "for post in own.query(Post).all():\n    print(post.title)\n    own.commit()\n",
    "a commit after the loop": OPENED + "for post in own.query(Post).all():\n    post.title = 'closed'\nown.commit()\n",
    "a flush": OPENED + "for post in own.query(Post).all():\n    post.title = 'closed'\n    own.flush()\n",
    "a savepoint": OPENED
    + "for post in own.query(Post).all():\n    point = own.begin_nested()\n    print(post.title)\n    point.commit()\n",
    "rows of columns": OPENED
    + "for row in own.execute(select(Post.title)).all():\n    print(row.title)\n    own.commit()\n",
    "objects that are not touched": OPENED + "for post in own.query(Post).all():\n    own.commit()\n",
    "a commit before the way out": OPENED
    + "for post in own.query(Post).all():\n    if post.title:\n        own.commit()\n        break\n",
    "another session": OPENED
    + "for post in own.query(Post).all():\n    with Session(session.bind) as other:\n        print(post.title)\n        other.commit()\n",
}


@pytest.mark.parametrize("block", CONSTANT.values(), ids=list(CONSTANT))
def test_selects_stay_the_same_and_sqlalint_is_silent(block: str) -> None:
    program = compose("proof", "loading", "good", block)
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert few.selects == many.selects == 1
    assert lint(program.files) == []


def test_the_examples_of_the_page() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    bad, good = example(rule, "Bad"), example(rule, "Good")
    assert run(bad, 20).selects - run(bad, 10).selects == 20
    assert run(good, 20).selects == run(good, 10).selects == 1
