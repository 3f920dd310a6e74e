"""What only a terminal gets: long lists folded, and a table by rule."""

import re
import sys
from pathlib import Path

import pytest

from tests.cli.run import in_terminal, lay_out, sqlalint
from tests.harness import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

BLOG = str(ROOT / "fixtures/projects/blog")
MODELS = """\
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
"""
OTHER = """

class Post{n}(Base):
    __tablename__ = "posts{n}"
    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id"))
"""
MORE = "SAL501: 20 more; --select SAL501\n"
TABLE = re.compile(r"count +files +fixable")
HEADING = re.compile(r"^models\.py:\d+:\d+: SAL501 ", flags=re.MULTILINE)
ROW = re.compile(r"^SAL501 foreign-key-without-index +25 +1 +\d+", flags=re.MULTILINE)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with twenty-five findings of one rule."""
    models = MODELS + "".join(OTHER.format(n=n) for n in range(25))
    return lay_out(tmp_path_factory.mktemp("many"), {"models.py": models, "sqlalint.toml": ""})


def seen(folder: Path, *arguments: str, columns: int = 80, **more: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", in_terminal(folder, columns, *arguments, **more))


def test_more_than_twenty_of_a_rule_are_folded_after_five(many: Path) -> None:
    out = seen(many)
    assert len(HEADING.findall(out)) == 5
    assert out.count(MORE) == 1
    assert len(ROW.findall(out)) == 1
    assert "25 findings (" in out


@pytest.mark.parametrize("named", ["SAL501", "sal501", "foreign-key-without-index", "SAL1,SAL501"])
def test_what_is_asked_for_by_itself_is_shown(many: Path, named: str) -> None:
    out = seen(many, "--select", named)
    assert (len(HEADING.findall(out)), MORE in out) == (25, False)


@pytest.mark.parametrize("wide", ["SAL5", "models", "ALL"])
def test_what_is_asked_for_with_others_is_folded(many: Path, wide: str) -> None:
    assert MORE in seen(many, "--select", wide)


@pytest.mark.parametrize("colour", ["always", "never"])
def test_colour_decides_nothing_of_it(many: Path, colour: str) -> None:
    assert MORE in seen(many, "--color", colour)
    piped = sqlalint(many, "--color", colour, FORCE_COLOR="1").out
    assert piped.count("foreign-key-without-index") == 25
    assert "more; --select" not in piped
    assert not TABLE.search(piped)


def test_neither_a_file_nor_a_format_for_programs_is_folded(many: Path) -> None:
    seen(many, "--output-format", "full", "--output-file", "out.txt")
    assert len(HEADING.findall((many / "out.txt").read_text())) == 25
    for name in ("json", "github", "sarif", "gitlab", "junit", "rdjson", "concise"):
        out = seen(many, "--output-format", name, "-q", columns=500)
        assert "more; --select" not in out
        assert "rule    " not in out


def test_findings_only_has_no_table(many: Path) -> None:
    out = seen(many, "-q")
    assert MORE in out
    assert not ROW.search(out)


def test_the_table_of_a_real_run(many: Path) -> None:
    out = seen(many, BLOG, "--isolated", "--no-cache", "--select", "SAL1,SAL5,SAL60")
    rows = re.findall(r"^SAL(?:602|106|101|501|601) [a-z-]+ +1 +1 +\d.*$", out, flags=re.MULTILINE)
    assert [row[:6] for row in rows] == ["SAL106", "SAL602", "SAL101", "SAL501", "SAL601"]


def test_one_finding_needs_no_table(many: Path) -> None:
    assert not TABLE.search(seen(many, BLOG, "--isolated", "--no-cache", "--select", "SAL106"))
