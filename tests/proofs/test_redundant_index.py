"""SAL502: PostgreSQL makes both indexes, writes both for each row, and uses either for the same lookup.

The indexes of a table are counted in the catalogue, and what a lookup reads is counted with and without the second one.
"""

import pytest
import sqlalchemy as sa

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.proofs.running import configure

CODE = "SAL502"


def indexes(engine: sa.Engine, table: str) -> list[str]:
    """The definitions of all indexes of a table, those of keys and constraints among them."""
    with engine.connect() as connection:
        found = sa.text("SELECT indexdef FROM pg_indexes WHERE tablename = :table ORDER BY indexname")
        return list(connection.scalars(found, {"table": table}))


@pytest.mark.parametrize(("kind", "count"), [("Bad", 2), ("Good", 1), ("Fixed", 1)])
def test_the_examples_of_the_page(postgres: str, kind: str, count: int) -> None:
    rule = find_rule(CODE)
    assert rule is not None
    metadata: sa.MetaData = configure(example(rule, kind)).Base.metadata
    engine = sa.create_engine(postgres, poolclass=sa.NullPool)
    metadata.create_all(engine)
    found = indexes(engine, "products")
    assert len(found) == count
    assert all(d.endswith("USING btree (id)") for d in found)


def table(*arguments: sa.schema.SchemaItem, **flags: bool) -> sa.MetaData:
    """A table of columns a and b."""
    unique, index = flags.get("unique"), flags.get("index")
    columns = [sa.Column("id", sa.Integer, primary_key=True), sa.Column("a", sa.Integer, unique=unique, index=index)]
    metadata = sa.MetaData()
    sa.Table("t", metadata, *columns, sa.Column("b", sa.Integer), *arguments)
    return metadata


def test_each_is_an_index_of_its_own(postgres: str) -> None:
    engine = sa.create_engine(postgres, poolclass=sa.NullPool)
    cases = [
        (table(unique=True, index=True), 1),
        (table(sa.Index("again", "a"), unique=True), 2),
        (table(sa.Index("wide", "a", "b"), index=True), 2),
    ]
    for metadata, count in cases:
        metadata.create_all(engine)
        assert len(indexes(engine, "t")) == count + 1
        metadata.drop_all(engine)


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_two_constraints_make_one(postgres: str, dialect: str) -> None:
    engine = sa.create_engine(postgres if dialect == "postgresql" else "sqlite://", poolclass=sa.StaticPool)
    metadata = table(sa.UniqueConstraint("a", name="again"), unique=True)
    sa.Table("u", metadata, sa.Column("id", sa.String, primary_key=True, unique=True))
    metadata.create_all(engine)
    with engine.connect() as connection:
        catalogue = "pg_indexes" if dialect == "postgresql" else "sqlite_master"
        where = "schemaname = 'public'" if dialect == "postgresql" else "type = 'index'"
        made = connection.scalar(sa.text(f"SELECT count(*) FROM {catalogue} WHERE {where}"))
    engine.dispose()
    # SQLite needs no index for an integer primary key
    assert made == (3 if dialect == "postgresql" else 2)


def test_a_wider_index_finds_rows_by_its_first_column(postgres: str) -> None:
    engine = sa.create_engine(postgres, poolclass=sa.NullPool)
    table(sa.Index("wide", "a", "b")).create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO t (id, a, b) SELECT n, n, n FROM generate_series(1, 20000) n"))
        connection.execute(sa.text("ANALYZE t"))
        plan = connection.scalars(sa.text("EXPLAIN SELECT * FROM t WHERE a = 77")).all()
    assert "using wide on t" in plan[0]
