"""SAL613: what adding NOT NULL columns does to tables with rows, run on PostgreSQL and on SQLite."""

import textwrap

import pytest

from tests.proofs.migrating import One, Page, is_sqlite

TABLE = 'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True))'
ROW = 'op.execute("INSERT INTO t (id) VALUES (1)")'


def test_613_the_bad_example_fails_on_a_table_with_rows(page: Page) -> None:
    history = page("SAL613", "Bad")
    assert history.upgrade("1a2b").error is None
    history.execute("INSERT INTO users (name) VALUES ('Ada')")
    outcome = history.upgrade()
    assert "null values" in str(outcome.error) or "Cannot add a NOT NULL column" in str(outcome.error)
    assert outcome.stamp == "1a2b"


def test_613_the_good_one_fills_the_rows(page: Page) -> None:
    history = page("SAL613", "Good")
    history.upgrade("1a2b")
    history.execute("INSERT INTO users (name) VALUES ('Ada')")
    assert history.upgrade().error is None
    assert history.execute("SELECT locale FROM users") == ["en"]


@pytest.mark.parametrize(
    "column",
    [
        'sa.Column("c", sa.Integer, nullable=False)',
        'sa.Column("c", sa.Integer, nullable=False, default=0)',
        'sa.Column("c", sa.Integer, nullable=False, server_default=sa.text("NULL"))',
        'sa.Column("c", sa.Integer, nullable=False, autoincrement=True)',
        'sa.Column("c", sa.Integer, sa.FetchedValue(), nullable=False)',
        'sa.Column("c", sa.Integer, sa.Sequence("s"), nullable=False)',
    ],
)
def test_613_these_fail(one: One, column: str) -> None:
    assert one(TABLE, ROW, f'op.add_column("t", {column})').upgrade().error is not None


@pytest.mark.parametrize(
    "column",
    [
        'sa.Column("c", sa.Integer, nullable=False, server_default="0")',
        'sa.Column("c", sa.Integer, sa.Computed("id + 1", persisted=persisted), nullable=False)',
        'sa.Column("c", sa.Integer)',
    ],
)
def test_613_these_work(one: One, column: str) -> None:
    history = one('persisted = op.get_bind().dialect.name == "postgresql"', TABLE, ROW, f'op.add_column("t", {column})')
    assert history.upgrade().error is None


@pytest.mark.parametrize("column", ["sa.Identity(), nullable=False", "primary_key=True"])
def test_613_the_server_counts_on_postgresql(one: One, column: str) -> None:
    table = 'op.create_table("t", sa.Column("a", sa.Integer))'
    history = one(
        table, 'op.execute("INSERT INTO t (a) VALUES (1)")', f'op.add_column("t", sa.Column("c", sa.Integer, {column}))'
    )
    if not is_sqlite(history):
        assert history.upgrade().error is None


@pytest.mark.parametrize("emptied", ["DELETE FROM t", "TRUNCATE t"])
def test_613_an_emptied_table_takes_it_on_postgresql(one: One, emptied: str) -> None:
    history = one(
        TABLE, ROW, f'op.execute("{emptied}")', 'op.add_column("t", sa.Column("c", sa.Integer, nullable=False))'
    )
    if not is_sqlite(history):
        assert history.upgrade().error is None


def test_613_a_default_in_the_same_call_does_not_fill_rows(one: One) -> None:
    altered = """
        with op.batch_alter_table("t") as batch_op:
            batch_op.alter_column("c", server_default="0", nullable=False, existing_type=sa.Integer)
    """
    table = 'op.create_table("t", sa.Column("id", sa.Integer, primary_key=True), sa.Column("c", sa.Integer))'
    assert one(table, ROW, *textwrap.dedent(altered).strip().splitlines()).upgrade().error is not None
