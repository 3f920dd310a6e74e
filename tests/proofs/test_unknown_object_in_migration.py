"""SAL625: what is dropped and is not there, run on PostgreSQL and on SQLite; and the names that servers give."""

import pytest
import sqlalchemy as sa

from sqlalint.project.history.names import as_kept, server_name
from sqlalint.project.history.schema import Constraint, Table
from tests.proofs.migrating import One, Page, connected, is_sqlite


def test_625_the_bad_example_fails(page: Page) -> None:
    outcome = page("SAL625", "Bad").upgrade()
    assert outcome.error is not None
    assert "ix_posts_author" in str(outcome.error)


def test_625_the_good_one_works(page: Page) -> None:
    assert page("SAL625", "Good").upgrade().error is None


def test_625_unique_and_indexed_makes_no_constraint(one: One) -> None:
    history = one(
        'op.create_table("users", sa.Column("email", sa.String(100), unique=True, index=True))',
        'op.drop_constraint("users_email_key", "users", type_="unique")',
    )
    if not is_sqlite(history):
        assert 'constraint "users_email_key" of relation "users" does not exist' in str(history.upgrade().error)


def test_625_an_index_goes_with_its_column_on_postgresql(one: One) -> None:
    history = one(
        'op.create_table("t", sa.Column("a", sa.Integer), sa.Column("b", sa.Integer, index=True))',
        'op.drop_column("t", "b")',
        'op.drop_index("ix_t_b", "t")',
    )
    if not is_sqlite(history):
        assert "does not exist" in str(history.upgrade().error)


LONG = "a" * 40


@pytest.mark.parametrize("table", ["t", LONG, "x" * 60])
@pytest.mark.parametrize("columns", [("a",), ("a", "b"), (LONG,), (LONG, "b" * 50)])
def test_625_postgresql_names_constraints_as_sqlalint_says(postgres: str, table: str, columns: tuple[str, ...]) -> None:
    metadata = sa.MetaData()
    sa.Table("p", metadata, *(sa.Column(c, sa.Integer) for c in columns), sa.UniqueConstraint(*columns, name="up"))
    sa.Table(
        table,
        metadata,
        sa.Column("key", sa.Integer, primary_key=True),
        *(sa.Column(c, sa.Integer) for c in columns),
        sa.UniqueConstraint(*columns),
        sa.ForeignKeyConstraint(columns, [f"p.{c}" for c in columns]),
    )
    with connected(postgres) as connection:
        metadata.create_all(connection)
        inspector = sa.inspect(connection)
        found = {
            "primary": inspector.get_pk_constraint(table)["name"],
            "unique": inspector.get_unique_constraints(table)[0]["name"],
            "foreign": inspector.get_foreign_keys(table)[0]["name"],
        }
    told = {
        kind: server_name(
            Table(table), Constraint(kind, None, ("key",) if kind == "primary" else columns, naming="server")
        )
        for kind in found
    }
    assert told == found


def test_625_sqlalchemy_cuts_long_names_as_sqlalint_says(postgres: str) -> None:
    name = "ix_" + "long_" * 20
    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer))
    index = sa.Index(sa.sql.elements.conv(name), table.c.a)
    with connected(postgres) as connection:
        table.create(connection)
        assert [i["name"] for i in sa.inspect(connection).get_indexes("t")] == [as_kept(str(index.name))]
