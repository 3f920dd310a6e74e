"""SAL523: one pair is stored twice, the collection shows it once, and removing it raises StaleDataError."""

from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.proofs.running import configure

CODE = "SAL523"


def made(kind: str) -> tuple[ModuleType, sa.Engine]:
    """A page's example with a group of one user."""
    rule = find_rule(CODE)
    assert rule is not None
    module = configure(example(rule, kind))
    engine = sa.create_engine("sqlite://")
    module.Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(module.Group(id=1, users=[module.User(id=1, name="a")]))
        session.commit()
    return module, engine


def add_again(module: ModuleType, engine: sa.Engine) -> None:
    """What a second request does that has read the group before the first has stored the pair."""
    with engine.begin() as connection:
        connection.execute(module.group_users.insert().values(group_id=1, user_id=1))


def test_a_pair_that_is_there_twice_cannot_be_removed() -> None:
    module, engine = made("Bad")
    add_again(module, engine)
    with Session(engine) as session:
        group = session.get_one(module.Group, 1)
        assert len(group.users) == 1
        group.users.clear()
        with pytest.raises(StaleDataError, match="expected to delete 1 row"):
            session.commit()


def test_a_key_refuses_it() -> None:
    module, engine = made("Good")
    with pytest.raises(sa.exc.IntegrityError):
        add_again(module, engine)


def test_one_object_twice_in_a_list_is_enough() -> None:
    module, engine = made("Bad")
    with Session(engine) as session:
        user = module.User(id=2, name="b")
        session.add(module.Group(id=2, users=[user, user]))
        session.commit()
        count = sa.select(sa.func.count()).select_from(module.group_users).where(module.group_users.c.group_id == 2)
        assert session.scalar(count) == 2
