"""SAL505: PostgreSQL takes the naive time of `datetime.utcnow` for one in the zone of the connection.

Rows are inserted over a connection whose zone is New York's; how far the stored time is from now is counted in hours.
"""

import warnings
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.proofs.running import configure

CODE = "SAL505"


def hours_off(postgres: str, kind: str, zone: str) -> int:
    """How many hours the time that a page's example stores is from now, over connections of a zone."""
    rule = find_rule(CODE)
    assert rule is not None
    module = configure(example(rule, kind))
    engine = sa.create_engine(postgres, poolclass=sa.NullPool, connect_args={"options": f"-c timezone={zone}"})
    module.Base.metadata.create_all(engine)
    with Session(engine) as session, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        event = module.Event()
        session.add(event)
        session.commit()
        stored: datetime = event.created_at
    assert stored.tzinfo is not None
    return round(abs((stored - datetime.now(UTC)).total_seconds()) / 3600)


@pytest.mark.parametrize("zone", ["America/New_York", "Etc/GMT+5"])
def test_the_time_is_hours_off(postgres: str, zone: str) -> None:
    assert hours_off(postgres, "Bad", zone) in (4, 5)


@pytest.mark.parametrize(
    ("kind", "zone"),
    [("Good", "America/New_York"), ("Fixed", "America/New_York"), ("Good", "UTC"), ("Bad", "UTC")],
)
def test_the_servers_time_or_a_connection_in_utc_is_right(postgres: str, kind: str, zone: str) -> None:
    assert hours_off(postgres, kind, zone) == 0


def test_in_a_column_without_zone_it_comes_back_naive() -> None:
    engine = sa.create_engine("sqlite://")
    table = sa.Table("t", sa.MetaData(), sa.Column("at", sa.DateTime, default=datetime.utcnow))
    with engine.begin() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        table.create(connection)
        connection.execute(table.insert())
        stored = connection.scalar(sa.select(table.c.at))
    assert stored is not None
    assert stored.tzinfo is None
    with pytest.raises(TypeError, match="offset-naive and offset-aware"):
        assert stored < datetime.now(UTC)
