"""Fixes of the rules on models: the text that comes out, and that the program then runs without the defect."""

import warnings
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.orm import Session

from sqlalint.engine import analyse
from sqlalint.fix.edits import apply_fixes
from sqlalint.project.settings import Settings
from tests.harness import MemoryTree

HEAD = """\
from datetime import datetime, timedelta
from typing import Annotated

from sqlalchemy import (
    Column, DateTime, ForeignKey, ForeignKeyConstraint, Integer, MetaData, String, Table, UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]

    __table_args__ = (UniqueConstraint("number", "id"),)


"""


def fixed(text: str, code: str) -> str:
    """A program with all fixes of one rule; they leave none of its findings that has a fix."""
    files = {"app.py": text.encode()}
    for _ in range(4):
        found = [f for f in analyse(MemoryTree(files), Settings()).findings if f.code == code]
        fixes = [f.fix for f in found if f.fix is not None]
        assert all(not fix.safe for fix in fixes)
        done = apply_fixes(fixes, files.__getitem__)
        assert not done.unfit
        if not done.contents:
            break
        files |= done.contents
    else:
        pytest.fail("fixes without end")
    return files["app.py"].decode()


def run(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        exec(compile(text, "app.py", "exec", dont_inherit=True), names)
    return names


def indexes(text: str, table: str) -> set[tuple[str, ...]]:
    """The columns of a table's indexes, in a database that the program's metadata made."""
    engine = create_engine("sqlite://")
    run(text)["Base"].metadata.create_all(engine)
    return {tuple(str(name) for name in i["column_names"]) for i in inspect(engine).get_indexes(table)}


MODEL = "class Post(Base):\n    __tablename__ = 'posts'\n"
KEY = "    id = Column(Integer, primary_key=True)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"{MODEL}{KEY}    user_id = Column(ForeignKey('users.id'))\n",
            f"{MODEL}{KEY}    user_id = Column(ForeignKey('users.id'), index=True)\n",
        ),
        (
            f"{MODEL}{KEY}    user_id = Column(\n        ForeignKey('users.id'),\n        nullable=False,  # owned\n    )\n",
            f"{MODEL}{KEY}    user_id = Column(\n        ForeignKey('users.id'),\n        nullable=False, index=True,  # owned\n    )\n",
        ),
        (
            f"{MODEL}{KEY}    user_id = Column(ForeignKey('users.id'), index=False)\n",
            f"{MODEL}{KEY}    user_id = Column(ForeignKey('users.id'), index=True)\n",
        ),
        (
            f"Owner = Annotated[int, mapped_column(ForeignKey('users.id'))]\n\n\n{MODEL}{KEY}    user_id: Mapped[Owner]\n",
            f"Owner = Annotated[int, mapped_column(ForeignKey('users.id'))]\n\n\n{MODEL}"
            f'    __table_args__ = (Index(None, "user_id"),)\n{KEY}    user_id: Mapped[Owner]\n',
        ),
        (
            f"Owner = Annotated[int, mapped_column(ForeignKey('users.id'))]\n\n\n{MODEL}{KEY}    user_id: Mapped[Owner]\n"
            "    __table_args__ = {'comment': 'p'}\n",
            f"Owner = Annotated[int, mapped_column(ForeignKey('users.id'))]\n\n\n{MODEL}{KEY}    user_id: Mapped[Owner]\n"
            "    __table_args__ = (Index(None, \"user_id\"), {'comment': 'p'})\n",
        ),
        (
            f"{MODEL}{KEY}    a = Column(Integer)\n    b = Column(Integer)\n    __table_args__ = (\n"
            "        ForeignKeyConstraint(['a', 'b'], ['users.number', 'users.id']),\n        {'comment': 'p'},\n    )\n",
            f"{MODEL}{KEY}    a = Column(Integer)\n    b = Column(Integer)\n    __table_args__ = (\n"
            "        ForeignKeyConstraint(['a', 'b'], ['users.number', 'users.id']),\n"
            "        Index(None, \"a\", \"b\"),\n        {'comment': 'p'},\n    )\n",
        ),
        (
            "posts = Table('posts', Base.metadata, Column('a', Integer), Column('b', Integer),\n"
            "    ForeignKeyConstraint(['a', 'b'], ['users.number', 'users.id']), comment='p')\n",
            "posts = Table('posts', Base.metadata, Column('a', Integer), Column('b', Integer),\n"
            "    ForeignKeyConstraint(['a', 'b'], ['users.number', 'users.id']), Index(None, \"a\", \"b\"), comment='p')\n",
        ),
    ],
)
def test_a_foreign_key_gets_an_index(before: str, after: str) -> None:
    done = fixed(HEAD + before, "SAL501")
    assert done.replace("UniqueConstraint, Index,\n", "UniqueConstraint,\n") == HEAD + after
    assert indexes(done, "posts")


@pytest.mark.parametrize(
    "body",
    [
        # another index has the name already
        f"{MODEL}{KEY}    other = Column(Integer)\n    user_id = Column(ForeignKey('users.id'))\n"
        "    __table_args__ = (Index('ix_posts_user_id', 'other'),)\n",
        # a partial index is there
        f"{MODEL}{KEY}    user_id = Column(ForeignKey('users.id'))\n"
        "    __table_args__ = (Index('part', 'user_id', sqlite_where=text('id > 1')),)\n",
        # arguments that come from elsewhere
        f"Owner = Annotated[int, mapped_column(ForeignKey('users.id'))]\n\n\n{MODEL}{KEY}    user_id: Mapped[Owner]\n"
        "    __table_args__ = tuple(UniqueConstraint(name) for name in ('id',))\n",
    ],
)
def test_no_index_where_it_is_not_plain_how(body: str) -> None:
    text = HEAD.replace("    Column,", "    Column, Index, text,") + body
    assert fixed(text, "SAL501") == text


def test_without_a_convention_for_indexes_they_are_given_names() -> None:
    head = HEAD.replace("    pass\n", '    metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s"})\n', 1)
    done = fixed(f"{head}{MODEL}{KEY}    user_id = Column(ForeignKey('users.id'))\n", "SAL501")
    assert '    __table_args__ = (Index("ix_posts_user_id", "user_id"),)\n' in done
    assert indexes(done, "posts") == {("user_id",)}
    with pytest.raises(AssertionError):
        indexes(f"{head}{MODEL}{KEY}    user_id = Column(ForeignKey('users.id'), index=True)\n", "posts")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    id = Column(Integer, primary_key=True, index=True)\n", "    id = Column(Integer, primary_key=True)\n"),
        ("    id = Column(Integer, index=True, primary_key=True)\n", "    id = Column(Integer, primary_key=True)\n"),
        (
            "    id = Column(\n        Integer,\n        primary_key=True,\n        index=True,\n    )\n",
            "    id = Column(\n        Integer,\n        primary_key=True,\n    )\n",
        ),
        (
            f"{KEY}    a = Column(String, unique=True)\n    __table_args__ = (Index('x', 'a'),)\n",
            f"{KEY}    a = Column(String, unique=True)\n    __table_args__ = ()\n",
        ),
        (
            f"{KEY}    a = Column(String)\n    __table_args__ = (Index('x', 'a'), UniqueConstraint('a', 'id'))\n",
            f"{KEY}    a = Column(String)\n    __table_args__ = (UniqueConstraint('a', 'id'),)\n",
        ),
        (
            f"{KEY}    a = Column(String)\n    __table_args__ = (UniqueConstraint('a', 'id'), Index('x', 'a'))\n",
            f"{KEY}    a = Column(String)\n    __table_args__ = (UniqueConstraint('a', 'id'),)\n",
        ),
        (
            f"{KEY}    a = Column(String)\n    __table_args__ = (\n        # by name\n        Index('x', 'a'),  # fast\n"
            "        UniqueConstraint('a', 'id'),\n    )\n",
            f"{KEY}    a = Column(String)\n    __table_args__ = (\n        # by name\n        # fast\n"
            "        UniqueConstraint('a', 'id'),\n    )\n",
        ),
    ],
)
def test_a_redundant_index_goes(before: str, after: str) -> None:
    head = HEAD.replace("    Column,", "    Column, Index,")
    assert fixed(head + MODEL + before, "SAL502") == head + MODEL + after
    assert indexes(head + MODEL + before, "posts")
    assert not indexes(head + MODEL + after, "posts")


EVENT = "class Event(Base):\n    __tablename__ = 'events'\n    id = Column(Integer, primary_key=True)\n"
NAIVE = "lambda: datetime.now(timezone.utc).replace(tzinfo=None)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("default=datetime.now()", "default=datetime.now"),
        ("default=(datetime.now())", "default=(datetime.now)"),
        ("default=datetime.now() + timedelta(1)", "default=lambda: datetime.now() + timedelta(1)"),
        ("default=datetime.utcnow()", f"default={NAIVE}"),
        ("insert_default=datetime.now()", "insert_default=datetime.now"),
    ],
)
def test_a_default_is_called_for_each_row(before: str, after: str) -> None:
    text = f"{HEAD}{EVENT}    at = Column(DateTime, {before})\n"
    done = fixed(text, "SAL503").replace("datetime, timedelta, timezone\n", "datetime, timedelta\n")
    assert done == text.replace(before, after)
    assert len(set(two_rows(fixed(text, "SAL503"), "at"))) == 2
    assert len(set(two_rows(text, "at"))) == 1


def two_rows(text: str, attribute: str) -> list[Any]:
    names = run(text)
    engine = create_engine("sqlite://")
    names["Base"].metadata.create_all(engine)
    with Session(engine) as session:
        for _ in range(2):
            session.add(names["Event"]())
            session.flush()
        return [getattr(event, attribute) for event in session.query(names["Event"])]


@pytest.mark.parametrize(
    "body",
    [
        # a lambda does not see the names of its class
        f"{EVENT}    span = timedelta(1)\n    at = Column(DateTime, default=datetime.now() + span)\n",
        # that which stands for the value is assigned elsewhere
        f"STARTED = datetime.now()\n\n\n{EVENT}    at = Column(DateTime, default=STARTED)\n",
        # a dataclass takes the function itself for the value
        "class Event(MappedAsDataclass, Base):\n    __tablename__ = 'events'\n"
        "    id: Mapped[int] = mapped_column(primary_key=True, init=False)\n"
        "    at: Mapped[datetime] = mapped_column(default=datetime.now())\n",
    ],
)
def test_no_default_is_mended_by_halves(body: str) -> None:
    assert fixed(HEAD + body, "SAL503") == HEAD + body


def test_a_time_gets_its_zone_where_the_column_has_one() -> None:
    columns = "    at = Column(DateTime(timezone=True), default=datetime.utcnow)\n    on = Column(DateTime, default=datetime.utcnow)\n"
    done = fixed(HEAD + EVENT + columns, "SAL505")
    assert "    at = Column(DateTime(timezone=True), default=lambda: datetime.now(timezone.utc))\n" in done
    assert "    on = Column(DateTime, default=datetime.utcnow)\n" in done
    made = run(done)["Event"].__table__.c.at.default.arg(None)
    assert made.tzinfo is not None


@pytest.mark.parametrize(
    "body",
    [
        f"timezone = 'UTC'\n\n\n{EVENT}    at = Column(DateTime(timezone=True), default=datetime.utcnow)\n",
        f"def now():\n    return datetime.utcnow()\n\n\n{EVENT}    at = Column(DateTime(timezone=True), default=now)\n",
    ],
)
def test_no_time_gets_a_zone_where_it_is_not_plain_how(body: str) -> None:
    assert fixed(HEAD + body, "SAL505") == HEAD + body
