"""SAL105: a query that is the same at each turn costs one statement per turn, and gives the same rows every time."""

import pytest

from sqlalint.rules.registry import find_rule
from tests.examples import compose, example
from tests.harness import lint
from tests.proofs.running import run

CODE = "SAL105"

# The same query at each turn, and the SELECTs for 10 users.
REPEATED = {
    "a list": (
        """
for user in session.scalars(select(User)).all():
    print(user.name, session.scalars(select(Tag).order_by(Tag.name)).all())
""",
        11,
    ),
    "a number": (
        """
users = session.scalars(select(User)).all()
print([f"{user.id} {user.name} of {session.scalar(select(func.count(Post.id)))}" for user in users])
""",
        11,
    ),
    "a statement from before": (
        """
statement = select(Post.title).where(Post.author_id == 1)
for user in session.scalars(select(User)).all():
    print(user.name, session.scalars(statement).all())
""",
        11,
    ),
}

# Loops that ask again because the answer changes: the SELECTs for 10 users do not matter, what they give does.
CHANGING = {
    "each turn adds": """
seen = []
for user in session.scalars(select(User)).all():
    seen.append(session.scalar(select(func.count(Tag.id))))
    session.add(Tag(name=f"new {user.id}"))
assert len(set(seen)) == len(seen)
""",
    "each turn assigns": """
seen = []
for user in session.scalars(select(User)).all():
    seen.append(session.scalar(select(func.count(User.id)).where(User.name == "same")))
    user.name = "same"
assert len(set(seen)) == len(seen)
""",
    "each turn takes the next": """
last = 0
for user in session.scalars(select(User)).all():
    row = session.scalars(select(User.id).where(User.id > last).order_by(User.id)).first()
    assert row == user.id
    last = row
""",
    "once before": """
tags = session.scalars(select(Tag)).all()
for user in session.scalars(select(User)).all():
    print(user.name, tags)
""",
}


@pytest.mark.parametrize(("block", "selects"), REPEATED.values(), ids=list(REPEATED))
def test_statements_grow_with_the_rows_and_sqlalint_says_so(block: str, selects: int) -> None:
    program = compose("proof", "loading", "bad", block)
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert (few.selects, many.selects) == (selects, selects + 10)
    assert {f.code for f in lint(program.files)} == {CODE}


@pytest.mark.parametrize("block", CHANGING.values(), ids=list(CHANGING))
def test_the_answer_changes_and_sqlalint_is_silent(block: str) -> None:
    program = compose("proof", "loading", "good", block)
    assert run(program, 10).error is None
    assert [f for f in lint(program.files) if f.code == CODE] == []


def test_the_examples_of_the_page() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    bad, good = example(rule, "Bad"), example(rule, "Good")
    assert run(bad, 20).selects > run(bad, 10).selects
    assert run(good, 20).selects == run(good, 10).selects == 2
