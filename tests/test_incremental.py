"""What was kept from an earlier run never changes what a run finds.

Each definition of a project is changed in turn, and each file removed, renamed and copied. A run that may use what the
runs before have kept must say what a run without anything kept says: findings, places, messages, tiers; and the same
must be linked, and read from migrations.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from sqlalint.cache import Cache
from sqlalint.engine import judge, read_project
from sqlalint.facts import file
from sqlalint.facts.file import Definition
from sqlalint.flow import analysis
from sqlalint.flow.callees import Following
from sqlalint.flow.events import Function
from sqlalint.flow.questions import Questions
from sqlalint.project.mapping import Model
from sqlalint.project.migrations import walk
from sqlalint.project.migrations.operations import Body
from sqlalint.project.models import evidence, link
from sqlalint.project.schema import Table
from sqlalint.project.settings import Settings
from sqlalint.report.finding import Reported
from tests.harness import FIXTURES, Fixture, MemoryTree, load_fixture, make_fixture

PROJECTS = [
    FIXTURES / "lazy_load_in_loop" / "blog",
    FIXTURES / "lazy_load_in_async" / "blog",
    FIXTURES / "joined_collection_without_unique" / "mapper.py",
    FIXTURES / "projects" / "blog",
    FIXTURES / "projects" / "two_services",
]

# Changes that give a line another meaning, where it has such words.
EDITS = (
    ("relationship(", 'relationship(lazy="selectin", '),
    ("index=True", "index=False"),
    ("Mapped[list[", "Mapped[set["),
    ("selectinload(", "lazyload("),
    ("joinedload(", "selectinload("),
    ("select(User)", "select(User).limit(5)"),
    (".unique()", ""),
    ("nullable=False", "index=True"),
    ("primary_key=True", "primary_key=True, index=True"),
    ('["id"]', '["owner_id"]'),
    (".commit()", ".rollback()"),
    ("Vehicle", "Owner"),
    (".all()", ".first()"),
)
MOST = 250  # changes of one project


# A project in which hardly a name is used in the file that defines it.
SPREAD: dict[str, str] = {
    "app/__init__.py": "",
    "app/base.py": """
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import DeclarativeBase, declared_attr, relationship


class Base(DeclarativeBase):
    pass


def reference(name):
    return Column(ForeignKey(name), nullable=False)


class Owned:
    @declared_attr
    def owner_id(cls):
        return reference("owner.id")

    @declared_attr
    def owner(cls):
        return relationship("Owner", backref=cls.__tablename__)
""",
    "app/models/__init__.py": """
from .owner import *
from app.models.car import Car as Vehicle
""",
    "app/models/owner.py": """
from sqlalchemy import Column, Integer
from app.base import Base
__all__ = ["Owner"]


class Owner(Base):
    __tablename__ = "owner"
    id = Column(Integer, primary_key=True)
""",
    "app/models/car.py": """
from sqlalchemy import Column, Integer
from app import base


class Car(base.Owned, base.Base):
    __tablename__ = "car"
    id = Column(Integer, primary_key=True)
""",
    "app/queries.py": """
from sqlalchemy import select
from app.models import Vehicle

statement = select(Vehicle)


def vehicles(session):
    return session.scalars(statement).all()


class Repository:
    def __init__(self, session):
        self.session = session

    def owned_by(self, owner):
        return self.session.query(Vehicle).filter(Vehicle.owner_id == owner.id).all()


class Cached(Repository):
    def forget(self):
        pass
""",
    "app/views.py": """
from app.models import Owner
from app.queries import Cached, vehicles


def names(session):
    return [vehicle.owner.id for vehicle in vehicles(session)]


def of_owner(session):
    return [[car.owner.id for car in Cached(session).owned_by(owner)] for owner in session.query(Owner).all()]
""",
    "migrations/env.py": """
from alembic import context
from app.base import Base
target_metadata = Base.metadata
context.configure(target_metadata=target_metadata)
""",
    "migrations/tools.py": """
from alembic import op
INDEX = "ix_car_owner"


def run(text):
    op.execute(text)
    op.get_bind().commit()
""",
    "migrations/versions/one.py": """
import sqlalchemy as sa
from alembic import op
from migrations.tools import INDEX, run
revision = "1"
down_revision = None


def upgrade():
    op.create_table("owner", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table("car", sa.Column("id", sa.Integer, primary_key=True))
    op.create_index(INDEX, "car", ["id"])
    run("UPDATE car SET id = 1")


def downgrade():
    pass
""",
}


Files = Mapping[str, bytes]


class Outcome(NamedTuple):
    """What a run says, and all that its rules may build on: models, tables, what migrations do."""

    findings: list[Reported]
    models: dict[str, Model]
    tables: dict[str, Table]
    bodies: dict[str, tuple[tuple[str, Body], ...]]


def outcome(files: Files, folder: Path | None = None) -> Outcome:
    """What a run comes to that uses the cache in a folder, or none."""
    if folder is None:
        return run(files, None)
    with Cache(str(folder), b"this version") as cache:
        found = run(files, cache)
    assert not cache.trouble
    return found


def run(files: Files, cache: Cache | None) -> Outcome:
    """One run as far as it can be told from another one."""
    project = read_project(MemoryTree(files), Settings(), cache=cache)
    judged = judge(project)
    assert not judged.crashes, judged.crashes[0].trace
    bodies = {r.path: project.migrations.bodies(r) for r in project.migrations.revisions}
    return Outcome(judged.findings, project.models.by_id, project.models.tables, bodies)


def changes(fixture: Fixture) -> Iterator[tuple[str, Files]]:
    """The project with each of its definitions and files changed in all ways, with what was done."""
    index = {path: file.index.definitions for path, file in fixture.project().files.items()}
    for path, definitions in index.items():
        for definition in definitions:
            for what, lines in variants(fixture.files[path].splitlines(keepends=True), definition):
                yield f"{path}: {definition.key} {what}", {**fixture.files, path: b"".join(lines)}
        others = {p: content for p, content in fixture.files.items() if p != path}
        name = path.removesuffix(".py")
        yield f"{path} removed", others
        yield f"{path} renamed", {**others, f"{name}_renamed.py": fixture.files[path]}
        yield f"{path} copied", {**fixture.files, f"{name}_copy.py": fixture.files[path]}
        yield f"{path} hidden", {**fixture.files, f"{name}/__init__.py": b"nothing = 1\n"}


def variants(lines: list[bytes], definition: Definition) -> Iterator[tuple[str, list[bytes]]]:
    """The lines of a file, changed at one definition."""
    first, last = definition.row - 1, definition.end_row
    before, own, after = lines[:first], lines[first:last], lines[last:]
    indent = own[0][: len(own[0]) - len(own[0].lstrip())]
    yield "removed", [*before, indent + b"pass\n", *after]
    yield "moved", [*before, b"# moved\n", b"\n", *own, *after]
    yield "twice", [*before, *own, b"\n", *own, *after]
    text = b"".join(own)
    if definition.kind == "function":
        yield "with a statement more", [*before, *own, indent + b"    other = None\n", *after]
        yield "followed by a function", [*before, *own, b"\n", indent + b"def added(): ...\n", *after]
    if definition.name:
        name = definition.name.encode()
        yield "renamed", [*before, text.replace(name, name + b"_renamed", 1), *after]
    for old, new in EDITS:
        if old.encode() in text:
            yield f"with {new or 'nothing'} for {old}", [*before, text.replace(old.encode(), new.encode(), 1), *after]


@pytest.mark.parametrize("path", PROJECTS, ids=lambda p: p.relative_to(FIXTURES).as_posix())
def test_a_run_after_a_change_finds_what_a_fresh_run_finds(path: Path, tmp_path: Path) -> None:
    assert change_in_turn(load_fixture(path), tmp_path) >= 5, "the changes are to matter"


def test_a_change_reaches_what_stands_on_it_in_other_files(tmp_path: Path) -> None:
    assert (
        change_in_turn(make_fixture("", "spread", {p: text.encode() for p, text in SPREAD.items()}), tmp_path) >= 20
    ), "the changes are to matter"


def change_in_turn(fixture: Fixture, folder: Path) -> int:
    """Make all changes, one after the other with the same cache; returns how many made another outcome."""
    first = outcome(fixture.files, folder)
    different = 0
    every = list(changes(fixture))
    for what, files in every[:: len(every) // MOST + 1]:
        fresh = outcome(files)
        assert outcome(files, folder) == fresh, what
        different += fresh != first
    assert outcome(fixture.files, folder) == first, "changed and changed back"
    return different


def test_an_unchanged_run_reads_and_follows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = load_fixture(FIXTURES / "projects" / "blog")
    first = outcome(fixture.files, tmp_path)

    def work(*_: object) -> None:
        raise AssertionError("nothing has changed")

    for module, name in ((analysis, "follow"), (file, "parse"), (link, "link"), (walk, "Walk"), (evidence, "_read")):
        monkeypatch.setattr(module, name, work)
    assert outcome(fixture.files, tmp_path) == first


def test_a_function_more_changes_nothing_for_those_that_do_not_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixture = load_fixture(FIXTURES / "projects" / "blog")
    outcome(fixture.files, tmp_path)
    path = "src/blog/reports.py"
    files = {
        **fixture.files,
        path: fixture.files[path] + b"\n\ndef more(session):\n    return session.query(1).all()\n",
    }
    fresh = outcome(files)
    followed: list[str] = []
    before = analysis.follow

    def follow(questions: Questions, callees: Following, path: str, key: str) -> Function:
        followed.append(key)
        return before(questions, callees, path, key)

    def work(*_: object) -> None:
        raise AssertionError("nothing that is linked has changed")

    monkeypatch.setattr(analysis, "follow", follow)
    for module, name in ((link, "link"), (walk, "Walk")):
        monkeypatch.setattr(module, name, work)
    assert outcome(files, tmp_path) == fresh
    assert followed == ["more"]
