"""SAL638: a default that does not follow its column to another type, run on PostgreSQL."""

import pytest

from tests.proofs.migrating import One, Page, is_sqlite


def test_638_the_bad_example_fails_though_it_says_using(page: Page) -> None:
    history = page("SAL638", "Bad")
    if not is_sqlite(history):
        assert 'default for column "name" cannot be cast automatically' in str(history.upgrade().error)


def test_638_the_good_one_takes_the_default_away_first(page: Page) -> None:
    history = page("SAL638", "Good")
    if not is_sqlite(history):
        assert history.upgrade().error is None


@pytest.mark.parametrize("default", ["server_default=None", 'server_default="1"'])
def test_638_a_default_in_the_same_call_comes_too_late(one: One, default: str) -> None:
    history = one(
        'op.create_table("t", sa.Column("x", sa.Text, server_default="0"))',
        f'op.alter_column("t", "x", type_=sa.Integer, postgresql_using="x::integer", {default})',
    )
    if not is_sqlite(history):
        assert "cannot be cast automatically" in str(history.upgrade().error)
