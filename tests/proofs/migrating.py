"""Revisions are run with the real Alembic against a real database, as `alembic upgrade` runs them."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from tests.examples import Example

ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""

ENV_BEGINS = ENV.replace("engine.connect()", "engine.begin()").replace(
    "    with context.begin_transaction():\n        context.run_migrations()", "    context.run_migrations()"
)
ENV_COMMITS = ENV + "    connection.commit()\n"

HEAD = """
import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session, sessionmaker

revision = "{revision}"
down_revision = {down!r}

"""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: the exception that ended it, the stamp, tables and indexes."""

    error: BaseException | None
    stamp: str | None
    tables: frozenset[str]
    indexes: frozenset[str]


class History:
    """A script tree in a folder of its own, on a database. `files` are paths below the script location."""

    def __init__(self, folder: Path, url: str, files: Mapping[str, str]) -> None:
        self.url = url
        self.folder = folder / "migrations"
        for path, text in {"env.py": ENV, **files}.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)
        self.config = Config()
        self.config.set_main_option("script_location", str(self.folder))
        self.config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))

    def upgrade(self, to: str = "head") -> Outcome:
        """`alembic upgrade`."""
        return self._run(command.upgrade, to)

    def downgrade(self, to: str) -> Outcome:
        """`alembic downgrade`."""
        return self._run(command.downgrade, to)

    def execute(self, sql: str) -> list[Any]:
        """A statement of the proof's own, committed; the first column of its rows."""
        with connected(self.url) as connection:
            result = connection.execute(sa.text(sql))
            rows = list(result.scalars()) if result.returns_rows else []
            connection.commit()
            return rows

    def raised_by_history(self) -> BaseException | None:
        """What `alembic history` raises."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                command.history(self.config)
        except Exception as error:
            return error
        return None

    def _run(self, run: Callable[[Config, str], None], to: str) -> Outcome:
        error: BaseException | None = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run(self.config, to)
        except Exception as problem:
            error = problem
        with connected(self.url) as connection:
            inspector = sa.inspect(connection)
            tables = frozenset(inspector.get_table_names())
            indexes = frozenset(str(i["name"]) for t in tables for i in inspector.get_indexes(t))
            stamped = "alembic_version" in tables
            stamp = connection.scalar(sa.text("SELECT version_num FROM alembic_version")) if stamped else None
        return Outcome(error, stamp, tables - {"alembic_version"}, indexes)


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection of the proof's own."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def revision(name: str, body: str, down: str | None = None) -> dict[str, str]:
    """A revision file."""
    return {f"versions/{name}.py": HEAD.format(revision=name, down=down) + body}


def history_of(example: Example, folder: Path, url: str) -> History:
    """The history of a rule's example."""
    prefix = "migrations/"
    return History(folder, url, {p.removeprefix(prefix): t for p, t in example.files.items() if p.startswith(prefix)})


Page = Callable[[str, str], History]  # the bad or good example of a rule, by its code
One = Callable[..., History]  # a history of one revision, `aa`, whose upgrade() has these lines


def is_sqlite(history: History) -> bool:
    """Whether a history is run on SQLite."""
    return history.url.startswith("sqlite")
