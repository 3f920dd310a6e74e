"""SAL516: what the ORM does to two children when it deletes their parent, before the database may cascade.

The foreign key has ON DELETE CASCADE throughout, and SQLite keeps to it. A NOT NULL key: IntegrityError. A key that may be
NULL: a SELECT, an UPDATE, and both rows stay. `cascade="all, delete-orphan"` alone: they are loaded and deleted. With
`passive_deletes=True`: one DELETE, and they are gone.
"""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, declarative_base, relationship

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.proofs.running import Run, configure, recorded

CODE = "SAL516"


def deleted(nullable: bool, key: bool = False, **keywords: Any) -> tuple[Run, int]:
    """What deleting a parent of two children does, and how many children stay."""
    base: Any = declarative_base()

    class Child(base):  # type: ignore[misc]  # the classic base has no static type
        __tablename__ = "children"
        id = sa.Column(sa.Integer, primary_key=True)
        parent_id: Any = sa.Column(sa.ForeignKey("parents.id", ondelete="CASCADE"), nullable=nullable, primary_key=key)

    class Parent(base):  # type: ignore[misc]
        __tablename__ = "parents"
        id = sa.Column(sa.Integer, primary_key=True)
        children = relationship(Child, **keywords)

    engine = sa.create_engine("sqlite://")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
    base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Parent(id=1))
        session.flush()
        session.add_all([Child(id=n, parent_id=1) for n in range(2)])
        session.commit()
    with recorded(engine) as run, Session(engine) as session:
        session.delete(session.get(Parent, 1))
        session.commit()
    with Session(engine) as session:
        return run, session.scalar(sa.select(sa.func.count()).select_from(Child)) or 0


def kinds(run: Run) -> list[str]:
    """The first words of the statements, but for the SELECT of the parent."""
    return [s.split()[0] for s in run.statements][1:]


def test_a_key_that_is_not_null_raises() -> None:
    run, left = deleted(nullable=False)
    assert isinstance(run.error, sa.exc.IntegrityError)
    assert kinds(run) == ["SELECT", "UPDATE"]
    assert left == 2


def test_a_part_of_the_primary_key_raises() -> None:
    run, _ = deleted(nullable=False, key=True)
    assert isinstance(run.error, AssertionError)
    assert "blank-out primary key" in str(run.error)


@pytest.mark.parametrize("lazy", ["select", "selectin", "joined", "dynamic"])
def test_a_key_that_may_be_null_leaves_orphans(lazy: str) -> None:
    run, left = deleted(nullable=True, lazy=lazy)
    assert run.error is None
    assert kinds(run)[-2:] == ["UPDATE", "DELETE"]
    assert left == 2


def test_a_cascade_of_the_orm_deletes_what_it_has_loaded() -> None:
    run, left = deleted(nullable=False, cascade="all, delete-orphan")
    assert kinds(run) == ["SELECT", "DELETE", "DELETE"]
    assert left == 0


@pytest.mark.parametrize("lazy", ["selectin", "joined", "subquery", "immediate"])
def test_children_that_are_loaded_with_the_parent_are_deleted_in_any_case(lazy: str) -> None:
    for passive in (False, True):
        run, left = deleted(nullable=False, lazy=lazy, cascade="all, delete-orphan", passive_deletes=passive)
        assert run.error is None
        assert kinds(run)[-2:] == ["DELETE", "DELETE"]
        assert left == 0


@pytest.mark.parametrize("cascade", ["save-update, merge", "all, delete-orphan"])
def test_passive_deletes_leave_it_to_the_database(cascade: str) -> None:
    run, left = deleted(nullable=False, cascade=cascade, passive_deletes=True)
    assert kinds(run) == ["DELETE"]
    assert left == 0


@pytest.mark.parametrize(("kind", "error"), [("Bad", sa.exc.IntegrityError), ("Good", type(None))])
def test_the_examples_of_the_page(kind: str, error: type) -> None:
    rule = find_rule(CODE)
    assert rule is not None
    module = configure(example(rule, kind))
    engine = sa.create_engine("sqlite://")
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys = ON"))
    module.Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(module.Account(id=1, entries=[module.Entry(), module.Entry()]))
        session.commit()
    with recorded(engine) as run, Session(engine) as session:
        module.close(session, 1)
    assert isinstance(run.error, error)
