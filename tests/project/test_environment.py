"""Versions and dialects, from each kind of file that tells of them."""

import pytest

from sqlalint.engine import read_project
from sqlalint.project.dependencies import bounds, release
from sqlalint.project.environment import Environment
from sqlalint.project.settings import Settings
from tests.harness import MemoryTree


def environment(files: dict[str, str], settings: Settings | None = None) -> Environment:
    return read_project(MemoryTree(files), settings or Settings()).environment


@pytest.mark.parametrize(
    ("specifier", "lowest", "below"),
    [
        (">=2.0,<3", "2.0", "3"),
        ("==2.0.25", "2.0.25", "2.0.25.1"),
        ("==2.0.*", "2.0", "2.1"),
        ("~=2.0.1", "2.0.1", "2.1"),
        ("~=2.0", "2.0", "3"),
        ("^2.0.1", "2.0.1", "3"),
        ("^0.115.3", "0.115.3", "0.116"),
        ("~2.0.1", "2.0.1", "2.1"),
        (">1.4, !=1.4.5", "1.4", None),
        ("<=2.0.5", None, "2.0.5.1"),
        ("2.0.36", "2.0.36", "2.0.36.1"),
        ("*", None, None),
        ("", None, None),
    ],
)
def test_bounds_of_specifiers(specifier: str, lowest: str | None, below: str | None) -> None:
    found = bounds(specifier)
    assert found[:2] == (lowest and release(lowest), below and release(below))


VERSIONS = {
    "pyproject": {
        "pyproject.toml": "[project]\ndependencies = [\"sqlalchemy[asyncio]>=2.0.1,<3; python_version > '3'\"]\n"
    },
    "extra": {"pyproject.toml": '[project.optional-dependencies]\ndb = ["SQLAlchemy>=2.0.1"]\n'},
    "group": {"pyproject.toml": '[dependency-groups]\ndev = ["sqlalchemy >= 2.0.1", {include-group = "x"}]\n'},
    "poetry": {
        "pyproject.toml": '[tool.poetry.dependencies]\nsqlalchemy = {version = "^2.0.1", extras = ["asyncio"]}\n'
    },
    "requirements": {"requirements/main.txt": "# all\nsqlalchemy==2.0.1 \\\n    --hash=sha256:ab\n"},
    "lock": {"uv.lock": 'version = 1\n\n[[package]]\nname = "sqlalchemy"\nversion = "2.0.1"\n'},
    "pipfile": {"Pipfile": '[packages]\nsqlalchemy = ">=2.0.1"\n'},
    "pipfile lock": {"Pipfile.lock": '{"default": {"sqlalchemy": {"hashes": ["a"], "version": "==2.0.1"}}}'},
    "setup.cfg": {"setup.cfg": "[options]\ninstall_requires =\n    alembic\n    sqlalchemy>=2.0.1\n"},
    "setup.py": {"setup.py": 'from setuptools import setup\n\nsetup(install_requires=["sqlalchemy>=2.0.1"])\n'},
}


@pytest.mark.parametrize("files", VERSIONS.values(), ids=VERSIONS)
def test_dependency_files(files: dict[str, str]) -> None:
    found = environment(files)
    target = found.target("sqlalchemy")
    assert target is not None
    assert (target.lowest, target.certainty) == (release("2.0.1"), "known")
    assert found.sqlalchemy_at_least("2.0") is True
    assert found.sqlalchemy_at_least("1.4") is True
    assert found.sqlalchemy_at_least("3.0") is not True


def test_a_bound_on_both_sides_of_a_change_is_not_known() -> None:
    assert environment({"requirements.txt": "sqlalchemy>=1.4\n"}).sqlalchemy_at_least("2.0") is None
    assert environment({"requirements.txt": "sqlalchemy>=1.4,<2\n"}).sqlalchemy_at_least("2.0") is False


def test_the_lock_says_more_than_the_bound() -> None:
    files = {"pyproject.toml": '[project]\ndependencies = ["sqlalchemy>=1.4"]\n', **VERSIONS["lock"]}
    assert environment(files).sqlalchemy_at_least("2.0") is True


def test_two_services_with_different_versions() -> None:
    files = {"a/requirements.txt": "sqlalchemy==1.4.2\n", "b/requirements.txt": "sqlalchemy==2.0.2\n"}
    assert environment(files).sqlalchemy_at_least("2.0") is None


def test_without_a_word_the_oldest_is_meant_and_all_after_it() -> None:
    found = environment({})
    target = found.target("sqlalchemy")
    assert target is not None
    assert (target.certainty, target.lowest) == ("default", release("1.4"))
    assert found.sqlalchemy_at_least("2.0") is None
    assert found.at_least("postgresql", "14") is True


def test_names_that_only_newer_versions_have() -> None:
    found = environment({"app.py": "from sqlalchemy.orm import DeclarativeBase\n"})
    assert found.sqlalchemy_at_least("2.0") is True
    maybe = "try:\n    from sqlalchemy.orm import DeclarativeBase\nexcept ImportError:\n    pass\n"
    assert environment({"app.py": maybe}).sqlalchemy_at_least("2.0") is None


def test_the_configuration_is_the_last_word() -> None:
    settings = Settings(target_versions={"sqlalchemy": "1.4", "mysql": "8.0"})
    found = environment(VERSIONS["lock"], settings)
    assert found.sqlalchemy_at_least("2.0") is False
    assert found.at_least("mysql", "8.0") is True


DIALECTS = {
    "ini": {"alembic.ini": "[alembic]\nsqlalchemy.url = postgresql+psycopg://u:p@localhost/x\n"},
    "env.py": {"migrations/env.py": 'from alembic import context\n\nURL = "postgresql://localhost/x"\n'},
    "create_engine": {"db.py": 'from sqlalchemy import create_engine\n\nengine = create_engine("postgresql://x/y")\n'},
    "keyword": {
        "db.py": 'import sqlalchemy as sa\n\n\ndef make():\n    return sa.create_engine(url="postgresql://x")\n'
    },
    "constant": {
        "settings.py": 'URL = f"postgresql+asyncpg://{HOST}/x"\n',
        "db.py": "from settings import URL\nfrom sqlalchemy.ext.asyncio import create_async_engine\n\ne = create_async_engine(URL)\n",
    },
    "default": {
        "db.py": 'import os\nfrom sqlalchemy import create_engine\n\ne = create_engine(os.getenv("U", "postgres://x"))\n'
    },
    "url": {
        "db.py": 'from sqlalchemy import URL, create_engine\n\ne = create_engine(URL.create("postgresql+psycopg"))\n'
    },
    "import": {"models.py": "from sqlalchemy.dialects.postgresql import JSONB\n"},
    "module import": {"models.py": "from sqlalchemy.dialects import postgresql\n"},
}


@pytest.mark.parametrize("files", DIALECTS.values(), ids=DIALECTS)
def test_known_dialects(files: dict[str, str]) -> None:
    found = environment(files)
    assert [d.name for d in found.dialects] == ["postgresql"]
    assert found.knows("postgresql")


def test_a_driver_only_infers() -> None:
    found = environment({"requirements.txt": "psycopg2-binary==2.9\n"})
    assert not found.knows("postgresql")
    assert found.may_use("postgresql")


@pytest.mark.parametrize(
    "files",
    [
        {"tests/conftest.py": 'from sqlalchemy import create_engine\n\ne = create_engine("sqlite://")\n'},
        {"alembic.ini": "[alembic]\nsqlalchemy.url = driver://user:pass@localhost/dbname\n"},
        {"web.py": 'URL = "https://example.org"\n'},
        {"docs/conf.ini": "x = mysql://a\n"},
    ],
)
def test_what_tells_of_no_dialect(files: dict[str, str]) -> None:
    assert environment(files).dialects == ()


def test_configured_dialects_are_all() -> None:
    found = environment(DIALECTS["ini"], Settings(dialects=("sqlite",)))
    assert [(d.name, d.certainty) for d in found.dialects] == [("sqlite", "known")]


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "not toml = ["},
        {"pyproject.toml": "project = 3\n[tool]\npoetry = 4\n"},
        {"setup.cfg": "no section\n"},
        {"requirements.txt": "\x00\n;;;\n"},
        {"Pipfile": "[packages]\nsqlalchemy = 3\n"},
    ],
)
def test_broken_files_say_nothing(files: dict[str, str]) -> None:
    assert environment(files).sqlalchemy_at_least("2.0") is None
