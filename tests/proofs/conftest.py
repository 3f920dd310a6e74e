"""Databases and histories that proofs on migrations run on."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.proofs.migrating import ENV, History, history_of, revision


@pytest.fixture(params=["postgresql", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'app.db'}"
    found: str = request.getfixturevalue("postgres")
    return found


@pytest.fixture
def page(url: str, tmp_path: Path) -> Callable[[str, str], History]:
    """The bad or good example of a rule."""

    def make(code: str, kind: str) -> History:
        rule = find_rule(code)
        assert rule is not None
        return history_of(example(rule, kind), tmp_path, url)

    return make


@pytest.fixture
def one(url: str, tmp_path: Path) -> Callable[..., History]:
    """A history of one revision, `aa`, whose upgrade() has these lines."""

    def make(*lines: str, env: str = ENV) -> History:
        body = "def upgrade():\n" + textwrap.indent("\n".join(lines), "    ") + "\n"
        return History(tmp_path, url, {"env.py": env, **revision("aa", body)})

    return make
