"""SAL535: a second row for a one-to-one is stored, and SQLAlchemy warns and takes the first; a unique key refuses it."""

import warnings
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.proofs.running import configure

CODE = "SAL535"


def made(kind: str) -> tuple[ModuleType, sa.Engine]:
    """A page's example with a member, whose first card is there."""
    rule = find_rule(CODE)
    assert rule is not None
    module = configure(example(rule, kind))
    engine = sa.create_engine("sqlite://")
    module.Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(module.Member(id=1, card=module.Card(id=1)))
        session.commit()
    return module, engine


def test_a_second_row_is_stored_and_one_is_taken() -> None:
    module, engine = made("Bad")
    with Session(engine) as session:
        session.add(module.Card(id=2, member_id=1))
        session.commit()
    with Session(engine) as session, warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert session.get_one(module.Member, 1).card.id == 1
    assert any("Multiple rows returned with uselist=False" in str(w.message) for w in seen)


def test_a_unique_key_refuses_it() -> None:
    module, engine = made("Good")
    with Session(engine) as session:
        session.add(module.Card(id=2, member_id=1))
        with pytest.raises(sa.exc.IntegrityError):
            session.commit()


def test_a_unique_key_is_an_index_too() -> None:
    _, engine = made("Good")
    assert sa.inspect(engine).get_unique_constraints("cards")[0]["column_names"] == ["member_id"]
    with engine.connect() as connection:
        plan = connection.execute(sa.text("EXPLAIN QUERY PLAN SELECT * FROM cards WHERE member_id = 1")).one()
    assert "INDEX" in plan[3]
