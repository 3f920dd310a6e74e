"""SAL104: a query that depends on the loop costs one statement per element; one query for all of them costs one.

Programs are run on 10 and on 20 users with two posts each. Where the number of statements grows with the rows sqlalint
says so; where it does not, sqlalint is silent.
"""

import pytest

from sqlalint.rules.registry import find_rule
from tests.examples import compose, example
from tests.harness import lint
from tests.proofs.running import run

CODE = "SAL104"

# What grows with the rows: the SELECTs for 10 users.
GROWS = {
    "get, of a target that nothing holds: the same one is fetched again": (
        """
for post in session.scalars(select(Post).order_by(Post.id)).all():
    print(session.get(User, post.author_id).name)
""",
        21,
    ),
    "get, of rows of a filtered query": (
        """
for post in session.scalars(select(Post).where(Post.title != "").order_by(Post.id)).all():
    print(session.get(User, post.author_id).name)
""",
        21,
    ),
    "get, in a comprehension over ids": (
        """
ids = session.scalars(select(Post.author_id).distinct()).all()
print([session.get(User, author_id).name for author_id in ids])
""",
        11,
    ),
    "equality with the key": (
        """
for post in session.scalars(select(Post)).all():
    print(session.scalars(select(User).where(User.id == post.author_id)).one().name)
""",
        21,
    ),
    "equality with the key, of an object that is held": (
        """
for user in session.scalars(select(User)).all():
    print(session.scalars(select(User).where(User.id == user.id)).one().name)
""",
        11,
    ),
    "equality with a unique column": (
        """
for email in session.scalars(select(User.email)).all():
    print(session.scalar(select(User).filter_by(email=email)).name)
""",
        11,
    ),
    "by the legacy query": (
        """
for post in session.query(Post).all():
    print(session.query(User).filter(User.id == post.author_id).one().name)
""",
        21,
    ),
    "counted": (
        """
for user in session.scalars(select(User)).all():
    print(session.scalar(select(func.count(Post.id)).where(Post.author_id == user.id)))
""",
        11,
    ),
    "through a local function": (
        """
titles = lambda author_id: session.scalars(select(Post.title).where(Post.author_id == author_id)).all()
for user in session.scalars(select(User)).all():
    print(titles(user.id))
""",
        11,
    ),
}

# What does not: the SELECTs for 10 users.
CONSTANT = {
    "one query for all": (
        """
posts = session.scalars(select(Post)).all()
users = {u.id: u for u in session.scalars(select(User).where(User.id.in_({p.author_id for p in posts})))}
for post in posts:
    print(users[post.author_id].name)
""",
        2,
    ),
    "the loop's own query": (
        """
for user in session.scalars(select(User)):
    print(user.name)
""",
        1,
    ),
    "get of objects that came in the same rows": (
        """
for post, user in session.execute(select(Post, User).join(Post.author)).all():
    print(session.get(User, post.author_id).name)
""",
        1,
    ),
    "get of objects that an option loaded": (
        """
for post in session.scalars(select(Post).options(joinedload(Post.author))).all():
    print(session.get(User, post.author_id).name)
""",
        1,
    ),
    "get of objects that are held": (
        """
users = session.scalars(select(User)).all()
for post in session.scalars(select(Post)).all():
    print(session.get(User, post.author_id).name, len(users))
""",
        2,
    ),
    "get of the row itself": (
        """
for user in session.scalars(select(User)).all():
    print(session.get(User, user.id).name)
""",
        1,
    ),
    "kept in a dict": (
        """
users = {}
for post in session.scalars(select(Post).where(Post.author_id == 1)).all():
    if post.author_id not in users:
        users[post.author_id] = session.get(User, post.author_id)
    print(users[post.author_id].name)
""",
        2,
    ),
    "the first that fits": (
        """
for post in session.scalars(select(Post).order_by(Post.id)).all():
    user = session.get(User, post.author_id)
    if user is not None:
        print(user.name)
        break
""",
        2,
    ),
    "in lists of a size": (
        """
ids = session.scalars(select(User.id)).all()
for start in range(0, len(ids), 100):
    print(session.scalars(select(User).where(User.id.in_(ids[start : start + 100]))).all())
""",
        2,
    ),
}


@pytest.mark.parametrize(("block", "selects"), GROWS.values(), ids=list(GROWS))
def test_statements_grow_with_the_rows_and_sqlalint_says_so(block: str, selects: int) -> None:
    program = compose("proof", "loading", "bad", block)
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert few.selects == selects
    assert many.selects - few.selects >= 10
    assert {f.code for f in lint(program.files) if f.code != "SAL105"} == {CODE}


@pytest.mark.parametrize(("block", "selects"), CONSTANT.values(), ids=list(CONSTANT))
def test_statements_do_not_grow_and_sqlalint_is_silent(block: str, selects: int) -> None:
    program = compose("proof", "loading", "good", block)
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert few.selects == many.selects == selects
    assert [f for f in lint(program.files) if f.code == CODE and f.confidence.value != "possible"] == []


def test_the_examples_of_the_page() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    bad, good = example(rule, "Bad"), example(rule, "Good")
    assert run(bad, 20).selects - run(bad, 10).selects == 20
    assert run(good, 20).selects == run(good, 10).selects == 2
