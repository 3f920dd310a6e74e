"""SAL501: without an index that starts with the foreign key, PostgreSQL reads the whole child table.

It does so for each parent that is deleted, to find rows that still point to it, and for each load of the parent's
children. Counted by the server itself, in a table of 20,000 rows: rows read by scanning, and scans of an index.
"""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.proofs.running import configure

CODE = "SAL501"
ROWS = 20_000

COVERS = [
    "CREATE INDEX ON posts (author_id)",
    "CREATE INDEX ON posts (author_id DESC)",
    "CREATE INDEX ON posts USING hash (author_id)",
    "CREATE INDEX ON posts (author_id, title)",
    "CREATE INDEX ON posts (author_id) WHERE author_id IS NOT NULL",
    "ALTER TABLE posts ADD UNIQUE (author_id, id)",
]
DOES_NOT_COVER = [
    "",
    "CREATE INDEX ON posts (id, author_id)",
    "ALTER TABLE posts ADD UNIQUE (id, author_id)",
    "CREATE INDEX ON posts ((author_id + 0))",
    "CREATE INDEX ON posts (author_id) WHERE title = 'draft'",
]


@pytest.fixture
def connection(postgres: str) -> Iterator[sa.Connection]:
    """A connection to a database with 100 users and 20,000 posts of the second half of them."""
    engine = sa.create_engine(postgres, poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in (
            "CREATE TABLE users (id integer PRIMARY KEY)",
            "CREATE TABLE posts (id integer PRIMARY KEY, title text, author_id integer REFERENCES users (id))",
            "INSERT INTO users SELECT generate_series(0, 99)",
            f"INSERT INTO posts SELECT n, 'post ' || n, 50 + n % 50 FROM generate_series(1, {ROWS}) AS n",
        ):
            connection.execute(sa.text(statement))
        connection.commit()
        yield connection


def reads(connection: sa.Connection, statement: str) -> tuple[int, int]:
    """Rows of posts that a statement read by scanning the table, and how often it scanned an index of it."""
    counters = sa.text("SELECT seq_tup_read, idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'posts'")
    before = connection.execute(counters).one()
    connection.execute(sa.text(statement))
    after = connection.execute(counters).one()
    return after[0] - before[0], (after[1] or 0) - (before[1] or 0)


def prepare(connection: sa.Connection, index: str) -> None:
    """Make the index, and let the server know its tables."""
    if index:
        connection.execute(sa.text(index))
    connection.execute(sa.text("ANALYZE users"))
    connection.execute(sa.text("ANALYZE posts"))
    connection.commit()


@pytest.mark.parametrize("index", DOES_NOT_COVER)
def test_deleting_a_parent_reads_the_whole_child_table(connection: sa.Connection, index: str) -> None:
    prepare(connection, index)
    assert reads(connection, "DELETE FROM users WHERE id = 1") == (ROWS, 0)


@pytest.mark.parametrize("index", COVERS)
def test_an_index_spares_it(connection: sa.Connection, index: str) -> None:
    prepare(connection, index)
    scanned, index_scans = reads(connection, "DELETE FROM users WHERE id = 1")
    assert scanned == 0
    assert index_scans == 1


@pytest.mark.parametrize(("index", "scanned"), [(DOES_NOT_COVER[0], ROWS), (COVERS[0], 0)])
def test_loading_the_children_of_one_parent(connection: sa.Connection, index: str, scanned: int) -> None:
    prepare(connection, index)
    assert reads(connection, "SELECT * FROM posts WHERE author_id = 60")[0] == scanned


@pytest.mark.parametrize(("kind", "covered"), [("Bad", False), ("Good", True), ("Fixed", True)])
def test_the_examples_of_the_page(postgres: str, kind: str, covered: bool) -> None:
    rule = find_rule(CODE)
    assert rule is not None
    metadata: sa.MetaData = configure(example(rule, kind)).Base.metadata
    engine = sa.create_engine(postgres, poolclass=sa.NullPool)
    metadata.create_all(engine)
    inspector = sa.inspect(engine)
    assert all(key in leading(inspector, table) for table, key in foreign_keys(inspector)) is covered


def foreign_keys(inspector: sa.Inspector) -> Iterator[tuple[str, str]]:
    """Each table's foreign key columns (the first of composite ones)."""
    for table in inspector.get_table_names():
        for key in inspector.get_foreign_keys(table):
            yield table, key["constrained_columns"][0]


def leading(inspector: sa.Inspector, table: str) -> set[str | None]:
    """The first columns of a table's key, unique constraints and indexes."""
    keys = [inspector.get_pk_constraint(table)["constrained_columns"]]
    keys += [u["column_names"] for u in inspector.get_unique_constraints(table)]
    return {k[0] for k in keys if k} | {i["column_names"][0] for i in inspector.get_indexes(table)}
