"""SAL119: objects are loaded for one column; the column alone gives the same values, and loads none.

Programs are run on 5 users with two posts each, as they are and as they are fixed.
"""

import pytest

from sqlalint.rules.registry import find_rule
from tests.examples import compose, example, fixed
from tests.harness import lint
from tests.proofs.test_counting_by_loading import as_fixed, given

READ = {
    "scalars": "return [u.id for u in session.scalars(select(User).order_by(User.id))]",
    "scalars in a list": "return [u.name for u in session.scalars(select(User).order_by(User.id)).all()]",
    "scalars of rows": "return {u.name for u in session.execute(select(User)).scalars()}",
    "in expressions": "return {str(u.id): u.id + 1 for u in session.scalars(select(User)) if u.id > 2}",
    "of a filter by name": "return [p.title for p in session.scalars(select(Post).filter_by(author_id=1))]",
    "as often as it is joined": "return sorted(u.id for u in session.scalars(select(User).join(User.posts)))",
    "a query": "return [u.id for u in session.query(User).order_by(User.id)]",
    "a query's list": "return sorted(p.title for p in session.query(Post).filter_by(author_id=1).all())",
    "names": "query = select(Post).where(Post.author_id == 2)\nposts = session.scalars(query).all()\n"
    "return [p.title for p in posts]",
    "a list that is read twice": "posts = session.query(Post).order_by(Post.id).all()\n"
    "return [p.title for p in posts], {p.title for p in posts}",
}


@pytest.mark.parametrize("block", READ.values(), ids=list(READ))
def test_the_values_are_the_same_and_no_object_is_loaded(block: str) -> None:
    program = compose("proof", "loading", "bad", block)
    assert {f.code for f in lint(program.files)} == {"SAL119"}
    mended = as_fixed(program, "SAL119")
    (values, loaded), (same, none) = given(program), given(mended)
    assert values == same
    assert values
    assert loaded
    assert none == 0
    assert "SAL119" not in {f.code for f in lint(mended.files)}
    assert fixed(mended.files, "SAL119") == mended.files


def test_a_query_that_joins_gives_each_object_once_and_its_column_as_often_as_it_is_joined() -> None:
    bad = compose("proof", "loading", "bad", "return [u.id for u in session.query(User).join(User.posts)]")
    other = compose("proof", "loading", "good", "return [u.id for u in session.query(User.id).join(User.posts)]")
    assert (len(given(bad)[0]), len(given(other)[0])) == (5, 10)
    assert not lint(bad.files)


def test_the_examples_of_the_page() -> None:
    rule = find_rule("SAL119")
    assert rule is not None
    bad, good, mended = (given(example(rule, kind)) for kind in ("Bad", "Good", "Fixed"))
    assert bad[0] == good[0] == mended[0]
    assert bad[1] > good[1] == mended[1] == 0
