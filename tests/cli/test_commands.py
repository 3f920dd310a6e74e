"""`rule`, `rules`, `config` and `why`."""

import json
from pathlib import Path

import pytest

from sqlalint.cli.why import split_place
from sqlalint.config.errors import UsageError
from sqlalint.rules.registry import all_rules
from tests.cli.run import lay_out
from tests.cli.run import sqlalint as start

PROJECT: dict[str, str | bytes] = {
    "pyproject.toml": '[project]\nname = "p"\ndependencies = ["sqlalchemy>=2.0,<2.1", "psycopg"]\n\n'
    '[tool.sqlalint]\nextend = "base.toml"\nconfidence = "likely"\n',
    "base.toml": 'base = "origin/main"\n',
    "alembic.ini": "[alembic]\nscript_location = migrations\nsqlalchemy.url = mysql://localhost/db\n",
    "migrations/env.py": "",
    "migrations/versions/a.py": 'revision = "aaaa1"\ndown_revision = None\n',
    "src/app/__init__.py": "",
    "src/app/models.py": "import sqlalchemy\n\n\ndef f():\n    x = 1\n    return x\n",
    "broken.py": "x = (\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with a bit of everything."""
    return lay_out(tmp_path, PROJECT)


# --- rule ---


@pytest.mark.parametrize("selector", ["unparsable-file", "SAL003", "sal003", "Unparsable-File"])
def test_a_rule_is_found_by_name_and_code(tmp_path: Path, selector: str) -> None:
    done = start(tmp_path, "rule", selector)
    assert done.status == 0
    assert done.out.startswith("# unparsable-file\n\nSAL003, self, error, on by default, confidence certain, no fix")
    assert "## What it cannot see" in done.out


def test_a_page_in_colour_says_the_same(tmp_path: Path) -> None:
    done = start(tmp_path, "rule", "SAL003", "--color", "always")
    assert "\x1b[" in done.out
    assert "Why is this bad?" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["unparsable-fil"], "no rule `unparsable-fil`; did you mean `unparsable-file`?"),
        (["SAL999"], "no rule `SAL999`"),
        (["SAL515"], "the rule `SAL515` is retired; instead: SAL535 or SAL536"),
        ([], "name a rule, or say --all"),
        (["SAL003", "--all"], "name a rule, or say --all"),
    ],
)
def test_rules_that_are_none(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = start(tmp_path, "rule", *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_pages_for_programs(tmp_path: Path) -> None:
    one = json.loads(start(tmp_path, "rule", "SAL003", "--output-format", "json").out)
    every = json.loads(start(tmp_path, "rule", "--all", "--output-format", "json").out)
    assert one in every
    assert one["url"].endswith("/unparsable-file/")
    assert [r["code"] for r in every] == [r.code for r in all_rules()]
    assert every == json.loads(start(tmp_path, "rules", "--output-format", "json").out)


def test_all_rules_have_a_line(tmp_path: Path) -> None:
    lines = start(tmp_path, "rules").out.splitlines()
    for rule in all_rules():
        assert any(rule.code in line and rule.name in line for line in lines)


# --- config ---


def test_what_was_inferred_and_from_where(project: Path) -> None:
    out = start(project, "config").out
    words = {" ".join(line.split()) for line in out.splitlines()}
    assert {
        "root . has pyproject.toml with our configuration",
        "configuration pyproject.toml extends base.toml",
        "files 4 Python files 1 could not be read",
        "base none this is no git repository; set `start-after`",
        "import roots src, .",
        "sqlalchemy >=2.0,<2.1 known: pyproject.toml",
        "mysql - known: alembic.ini",
        "migrations 1 revision (1 open), 1 head aaaa1 alembic.ini [alembic]",
        'base "origin/main"',
        'confidence "likely"',
    } <= words, out


def test_what_was_inferred_for_programs(project: Path) -> None:
    found = json.loads(start(project / "src", "config", "--output-format", "json").out)
    assert found["project"][0] == {
        "what": "root",
        "value": "..",
        "source": "has pyproject.toml with our configuration",
    }
    assert found["migrations"][0]["value"] == "1 revision (1 open), 1 head aaaa1"


def test_nothing_to_infer(tmp_path: Path) -> None:
    out = start(tmp_path, "config").out
    assert "no project file at or above it" in out
    assert "set `dialects`" in out
    assert "set `script-locations`" in out


# --- why ---


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("a.py:3", ("a.py", 3)),
        ("a.py:3:7", ("a.py", 3)),
        ("odd,b:c%d.py:3", ("odd,b:c%d.py", 3)),
        ("C:\\x\\a.py:12:4", ("C:\\x\\a.py", 12)),
    ],
)
def test_places(place: str, found: tuple[str, int]) -> None:
    assert split_place(place) == found


@pytest.mark.parametrize("place", ["a.py", "a.py:", ":3", "a.py:0", "3", "a.py:x"])
def test_no_places(place: str) -> None:
    with pytest.raises(UsageError, match="is no place"):
        split_place(place)


def test_a_line_that_nothing_is_known_of(project: Path) -> None:
    done = start(project, "why", "src/app/models.py:2")
    assert (done.status, done.err) == (0, "")
    assert done.out == "Nothing is known of src/app/models.py:2: no value, call or revision that matters here.\n"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("src/app/models.py:99", "src/app/models.py has no line 99"),
        ("src/app:1", "src/app is a folder"),
        ("broken.py:1", "broken.py cannot be read: "),
        ("alembic.ini:1", "alembic.ini is no Python file"),
        ("nowhere.py:1", "nowhere.py: no such file or folder"),
    ],
)
def test_what_cannot_be_explained(project: Path, place: str, message: str) -> None:
    done = start(project, "why", place)
    assert (done.status, done.out) == (2, "")
    assert message in done.err


SHOP = """\
from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    email = Column(String, unique=True)
    posts: Mapped[list["Post"]] = relationship(back_populates="author", lazy="selectin")


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped["User"] = relationship(back_populates="posts")
"""


def test_why_tells_what_a_line_declares(project: Path) -> None:
    (project / "src/app/shop.py").write_text(SHOP)
    said = {line: start(project, "why", f"src/app/shop.py:{line}").out for line in (9, 11, 12, 13)}
    assert said[9] == "model `User` of table `users`: 2 columns, 1 relationships\n"
    assert said[11] == "column `User.id`: Integer, NOT NULL, primary key\n"
    assert said[12] == "column `User.email`: String, NULL, unique\n"
    assert said[13] == 'relationship `User.posts`: one-to-many to `Post`, lazy="selectin", back by `Post.author`\n'
