"""SAL316: two sessions read version 1, both pass the test, both commit; one change is lost, and the version is 2.

On PostgreSQL under read committed. The second session does all of its work between the first one's read and its write.
With the version in the WHERE, the mapper's or one that is written out, the first session finds that it came too late.
A lock keeps the second from reading; repeatable read and serializable refuse the first one's write.
"""

from dataclasses import dataclass
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from sqlalint.rules.registry import find_rule
from tests.examples import Example, compose, example
from tests.harness import lint
from tests.proofs.running import load

CODE = "SAL316"
FIRST, SECOND = 10, 20  # the prices that the two sessions set

MODEL = """
class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
"""
COUNTED_BY_THE_MAPPER = '    __mapper_args__ = {"version_id_col": version}\n'
CHANGE = """

def change_price(session: Session, product_id: int, expected: int, price: int) -> bool:
    product = {load}
    if product.version != expected:
        return False
    product.price = price
{count}    session.commit()
    return True
"""
COUNT = "    product.version += 1\n"


@dataclass
class Outcome:
    """What became of two sessions that changed the same product: what each said, and the row at the end."""

    first: bool | BaseException
    second: bool | BaseException
    price: int
    version: int


def program(load: str = "session.get(Product, product_id)", count: str = COUNT, arguments: str = "") -> Example:
    """The example of the page with another way to load, to count, and other mapper arguments."""
    return compose("proof", "sessions", "bad", MODEL + arguments + CHANGE.format(load=load, count=count))


def race(url: str, program: Example, isolation: str | None = None) -> Outcome:
    """Two sessions run an example; the second begins and ends when the first is about to write."""
    module = load(program.source)
    options = {} if isolation is None else {"isolation_level": isolation}
    engine = sa.create_engine(url, poolclass=sa.NullPool, **options)
    module.Product.__table__.create(engine)
    with Session(engine) as session:
        session.add(module.Product(id=1, price=1))
        session.commit()
    said: list[bool | BaseException] = []

    def overtake(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE") and not said:
            said.append(False)
            said[0] = change(engine, module, SECOND)

    event.listen(engine, "before_cursor_execute", overtake)
    first = change(engine, module, FIRST)
    event.remove(engine, "before_cursor_execute", overtake)
    with engine.connect() as connection:
        price, version = connection.execute(sa.text("SELECT price, version FROM products")).one()
    engine.dispose()
    return Outcome(first, said[0], price, version)


def change(engine: sa.Engine, module: ModuleType, price: int) -> bool | BaseException:
    """What a session of its own says that saw version 1 and sets a price."""
    with Session(engine) as session:
        session.execute(sa.text("SET lock_timeout = '200ms'"))
        try:
            changed: bool = module.change_price(session, 1, 1, price)
        except Exception as error:
            return error
        return changed


def codes(program: Example) -> set[str]:
    """The rule's findings."""
    return {f.code for f in lint(program.files) if f.code == CODE}


def page(kind: str) -> Example:
    """The example of the page."""
    rule = find_rule(CODE)
    assert rule is not None
    return example(rule, kind)


@pytest.mark.parametrize("level", [None, "READ COMMITTED"])
def test_both_pass_and_one_change_is_lost(postgres: str, level: str | None) -> None:
    assert race(postgres, page("Bad"), level) == Outcome(first=True, second=True, price=FIRST, version=2)
    assert codes(page("Bad")) == {CODE}


@pytest.mark.parametrize(
    "load",
    [
        "session.query(Product).filter(Product.id == product_id).one()",
        "session.scalars(select(Product).where(Product.id == product_id)).first()",
        "session.get(Product, product_id, populate_existing=True)",
    ],
)
def test_however_it_is_loaded(postgres: str, load: str) -> None:
    bad = program(load)
    assert race(postgres, bad) == Outcome(first=True, second=True, price=FIRST, version=2)
    assert codes(bad) == {CODE}


def test_counting_in_the_update_loses_the_change_as_well(postgres: str) -> None:
    """It only counts right: the comparison is what fails."""
    counted = program(count="    product.version = Product.version + 1\n")
    assert race(postgres, counted) == Outcome(first=True, second=True, price=FIRST, version=3)
    assert codes(counted) == {CODE}


def test_an_update_with_the_version_in_its_where(postgres: str) -> None:
    assert race(postgres, page("Good")) == Outcome(first=False, second=True, price=SECOND, version=2)
    assert codes(page("Good")) == set()


def test_a_mapper_that_counts(postgres: str) -> None:
    good = program(count="", arguments=COUNTED_BY_THE_MAPPER)
    outcome = race(postgres, good)
    assert isinstance(outcome.first, StaleDataError)
    assert (outcome.second, outcome.price, outcome.version) == (True, SECOND, 2)
    assert codes(good) == set()


def test_a_mapper_that_counts_what_the_code_counts_too(postgres: str) -> None:
    both = program(arguments=COUNTED_BY_THE_MAPPER)
    assert isinstance(race(postgres, both).first, StaleDataError)
    assert codes(both) == set()


@pytest.mark.parametrize(
    "load",
    [
        "session.get(Product, product_id, with_for_update=True)",
        "session.query(Product).filter_by(id=product_id).with_for_update().one()",
        "session.scalars(select(Product).where(Product.id == product_id).with_for_update()).one()",
        "session.get(Product, product_id); session.refresh(product, with_for_update=True)",
    ],
)
def test_a_lock_makes_the_second_wait(postgres: str, load: str) -> None:
    locked = program(load)
    outcome = race(postgres, locked)
    assert isinstance(outcome.second, OperationalError)
    assert "lock timeout" in str(outcome.second)
    assert (outcome.first, outcome.price, outcome.version) == (True, FIRST, 2)
    assert codes(locked) == set()


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_the_database_refuses_the_first_write(postgres: str, level: str) -> None:
    outcome = race(postgres, page("Bad"), level)
    assert isinstance(outcome.first, OperationalError)
    assert "could not serialize" in str(outcome.first)
    assert (outcome.second, outcome.price, outcome.version) == (True, SECOND, 2)


def test_an_update_that_is_written_out_does_not_count_for_the_mapper(postgres: str) -> None:
    module = load(program(arguments=COUNTED_BY_THE_MAPPER).source)
    engine = sa.create_engine(postgres, poolclass=sa.NullPool)
    module.Product.__table__.create(engine)
    with Session(engine) as session:
        session.add(module.Product(id=1, price=1))
        session.commit()
        session.execute(sa.update(module.Product).values(price=2))
        session.commit()
        assert session.scalars(sa.select(module.Product.version)).one() == 1
