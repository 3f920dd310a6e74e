"""Revisions are run with the real Alembic against a real database, as `alembic upgrade` runs them."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=None)
    with context.begin_transaction():
        context.run_migrations()
"""

HEAD = """
import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session, sessionmaker

revision = "{revision}"
down_revision = {down!r}
"""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: the exception that ended it, the stamp, and the tables."""

    error: BaseException | None
    stamp: str | None
    tables: frozenset[str]


class History:
    """A script tree in a folder of its own, on a database."""

    def __init__(self, folder: Path, url: str, files: Mapping[str, str], env: str = ENV) -> None:
        self.url = url
        versions = folder / "versions"
        versions.mkdir(parents=True, exist_ok=True)
        (folder / "env.py").write_text(env)
        for name, text in files.items():
            (versions / name).write_text(text)
        self.config = Config()
        self.config.set_main_option("script_location", str(folder))
        self.config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))

    def upgrade(self, to: str = "head") -> Outcome:
        """`alembic upgrade`."""
        return self._run(command.upgrade, to)

    def downgrade(self, to: str) -> Outcome:
        """`alembic downgrade`."""
        return self._run(command.downgrade, to)

    def heads(self) -> BaseException | None:
        """What `alembic heads` raises."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                command.heads(self.config)
        except Exception as error:
            return error
        return None

    def _run(self, run: object, to: str) -> Outcome:
        error: BaseException | None = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                run(self.config, to)  # type: ignore[operator]
        except Exception as problem:
            error = problem
        with connected(self.url) as connection:
            tables = frozenset(sa.inspect(connection).get_table_names())
            stamped = "alembic_version" in tables
            stamp = connection.scalar(sa.text("SELECT version_num FROM alembic_version")) if stamped else None
        return Outcome(error, stamp, tables - {"alembic_version"})


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection of the proof's own."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def revision(name: str, body: str, down: str | None = None) -> dict[str, str]:
    """A revision file."""
    return {f"{name}.py": HEAD.format(revision=name, down=down) + body}
