"""SAL503: the result of a call is one value for all rows; the function itself is called for each.

Two rows are inserted, and what the library put into them is compared.
"""

import uuid
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.proofs.running import configure

CODE = "SAL503"


def inserted(table: sa.Table, changed: bool = False) -> list[Any]:
    """The column `x` of two rows, after both were changed if asked for."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        table.create(connection)
        for n in range(2):
            connection.execute(table.insert().values(id=n))
            if changed:
                connection.execute(table.update().where(table.c.id == n).values(y=n))
        return list(connection.scalars(sa.select(table.c.x)))


def table(**keywords: Any) -> sa.Table:
    """A table whose column `x` has these defaults."""
    return sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("x", sa.String, **keywords),
        sa.Column("y", sa.Integer),
    )


@pytest.mark.parametrize("keyword", ["default", "insert_default", "onupdate"])
def test_a_result_is_shared_by_all_rows(keyword: str) -> None:
    first, second = inserted(table(**{keyword: str(uuid.uuid4())}), changed=keyword == "onupdate")
    assert first is not None
    assert first == second


@pytest.mark.parametrize("keyword", ["default", "insert_default", "onupdate"])
def test_a_function_is_called_for_each(keyword: str) -> None:
    first, second = inserted(table(**{keyword: lambda: str(uuid.uuid4())}), changed=keyword == "onupdate")
    assert first != second


def test_a_unique_column_refuses_the_second_row() -> None:
    with pytest.raises(sa.exc.IntegrityError):
        inserted(table(default=str(uuid.uuid4()), unique=True))


@pytest.mark.parametrize(("kind", "times"), [("Bad", 1), ("Good", 2), ("Fixed", 2)])
def test_the_examples_of_the_page(kind: str, times: int) -> None:
    rule = find_rule(CODE)
    assert rule is not None
    module = configure(example(rule, kind))
    engine = sa.create_engine("sqlite://")
    module.Base.metadata.create_all(engine)
    found: set[datetime] = set()
    with Session(engine) as session:
        for _ in range(2):
            event = module.Event()
            session.add(event)
            session.commit()
            found.add(event.created_at)
    assert len(found) == times
