"""SAL616: which type changes PostgreSQL makes by itself, for values and for defaults."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from sqlalint.project.history.types import casts_by_itself
from sqlalint.project.schema import ColumnType
from tests.proofs.migrating import Page, connected, is_sqlite

# A type of each family as SQL and as sqlalint knows it, with a default of it.
TYPES = {
    "integer": ("integer", "sqlalchemy.Integer", "1"),
    "numeric": ("numeric", "sqlalchemy.Numeric", "1"),
    "float": ("double precision", "sqlalchemy.Float", "1"),
    "boolean": ("boolean", "sqlalchemy.Boolean", "true"),
    "string": ("text", "sqlalchemy.Text", "'x'"),
    "date": ("date", "sqlalchemy.Date", "'2020-01-01'"),
    "datetime": ("timestamp", "sqlalchemy.DateTime", "now()"),
    "time": ("time", "sqlalchemy.Time", "'10:00'"),
    "interval": ("interval", "sqlalchemy.Interval", "'1 day'"),
    "json": ("json", "sqlalchemy.JSON", "'{}'"),
    "jsonb": ("jsonb", "sqlalchemy.dialects.postgresql.JSONB", "'{}'"),
    "uuid": ("uuid", "sqlalchemy.Uuid", "gen_random_uuid()"),
    "enum": ("one", "sqlalchemy.Enum", "'a'"),
    "binary": ("bytea", "sqlalchemy.LargeBinary", "''"),
    "inet": ("inet", "sqlalchemy.dialects.postgresql.INET", "'10.0.0.1'"),
}


@pytest.mark.parametrize("default", [False, True], ids=["values", "default"])
def test_616_638_postgresql_casts_what_sqlalint_says(postgres: str, default: bool) -> None:
    wrong = []
    with connected(postgres) as connection:
        for name in ("one", "two"):
            connection.execute(sa.text(f"CREATE TYPE {name} AS ENUM ('a')"))
        connection.commit()
        for old, (old_sql, old_name, value) in TYPES.items():
            for new, (new_sql, new_name, _) in TYPES.items():
                target = "two" if new == "enum" else new_sql
                made = f"CREATE TABLE t (x {old_sql} {f'DEFAULT {value}' if default else ''})"
                changed = f"ALTER TABLE t ALTER x TYPE {target} {'USING NULL' if default else ''}"
                said = casts_by_itself(
                    ColumnType(old_name, ("a",), (("name", "one"),)), ColumnType(new_name, ("a",), (("name", "two"),))
                )
                try:
                    connection.execute(sa.text(made))
                    connection.execute(sa.text(changed))
                    works = True
                except sa.exc.ProgrammingError:
                    works = False
                connection.rollback()
                if said is not works:
                    wrong.append((old, new, said))
    assert not wrong


def test_616_the_bad_example_fails_on_an_empty_table(page: Page) -> None:
    history = page("SAL616", "Bad")
    if not is_sqlite(history):
        assert "cannot be cast automatically to type integer" in str(history.upgrade().error)


def test_616_the_good_one_changes_the_type(page: Page) -> None:
    history = page("SAL616", "Good")
    if not is_sqlite(history):
        history.upgrade("1a2b")
        history.execute("INSERT INTO users (name) VALUES ('7')")
        assert history.upgrade().error is None
        assert history.execute("SELECT name FROM users") == [7]


def test_616_the_types_that_sqlalint_compares_are_those_of_the_dialect() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    assert sa.Float().compile(dialect) == "FLOAT"
    assert sa.LargeBinary().compile(dialect) == "BYTEA"
    assert sa.Uuid().compile(dialect) == "UUID"
