"""SAL622: what strings become as defaults, run on PostgreSQL and on SQLite."""

import time

import pytest

from tests.proofs.migrating import One, Page, is_sqlite


def test_622_the_bad_example_gives_every_row_the_same_time(page: Page) -> None:
    history = page("SAL622", "Bad")
    assert history.upgrade().error is None
    for name in ("Ada", "Grace"):
        history.execute(f"INSERT INTO users (name) VALUES ('{name}')")
        time.sleep(0.01)
    assert len(set(history.execute("SELECT joined FROM users"))) == 1


@pytest.mark.parametrize("kind", ["Good", "Fixed"])
def test_622_wrapped_it_gives_each_row_its_own(page: Page, kind: str) -> None:
    history = page("SAL622", kind)
    if is_sqlite(history):  # it has no now()
        return
    assert history.upgrade().error is None
    for name in ("Ada", "Grace"):
        history.execute(f"INSERT INTO users (name) VALUES ('{name}')")
        time.sleep(0.01)
    assert len(set(history.execute("SELECT joined FROM users"))) == 2


@pytest.mark.parametrize(
    ("type_", "default"),
    [
        ("sa.DateTime", "CURRENT_TIMESTAMP"),
        ("sa.Integer", "nextval('s')"),
        ("sa.Uuid", "gen_random_uuid()"),
        ("sa.JSON", "'{}'"),
        ("sa.Integer", "'0'"),
    ],
)
def test_622_these_fail_on_postgresql(one: One, type_: str, default: str) -> None:
    history = one(f'op.create_table("t", sa.Column("x", {type_}, server_default="{default}"))')
    if not is_sqlite(history):
        assert history.upgrade().error is not None


@pytest.mark.parametrize("default", ["gen_random_uuid()", "'new'"])
def test_622_a_column_of_strings_stores_the_text(one: One, default: str) -> None:
    history = one(
        f'op.create_table("t", sa.Column("i", sa.Integer), sa.Column("x", sa.Text, server_default="{default}"))'
    )
    assert history.upgrade().error is None
    history.execute("INSERT INTO t (i) VALUES (1)")
    assert history.execute("SELECT x FROM t") == [default]


@pytest.mark.parametrize("default", ["False", "0", "1.5", "{}", "[]", "lambda: 1"])
def test_622_sqlalchemy_refuses_values(one: One, default: str) -> None:
    history = one(f'op.create_table("t", sa.Column("x", sa.Integer, server_default={default}))')
    assert type(history.upgrade().error).__name__ == "ArgumentError"
