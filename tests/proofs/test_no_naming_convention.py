"""SAL519: without a convention autogenerate names a constraint None, and its downgrade raises.

Alembic compares a database without the constraint to the page's models, and what it writes is run, up and down.
"""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.proofs.running import configure

CODE = "SAL519"


def written(postgres: str, kind: str) -> tuple[sa.Engine, str, str]:
    """What autogenerate writes for the constraint that a page's example adds: upgrade and downgrade."""
    rule = find_rule(CODE)
    assert rule is not None
    metadata: sa.MetaData = configure(example(rule, kind)).Base.metadata
    engine = sa.create_engine(postgres, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE users (id SERIAL PRIMARY KEY, email VARCHAR NOT NULL)"))
    with engine.connect() as connection:
        script = produce_migrations(MigrationContext.configure(connection), metadata)
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    return engine, render_python_code(script.upgrade_ops), render_python_code(script.downgrade_ops)


def run(engine: sa.Engine, code: str) -> None:
    """Run what autogenerate wrote."""
    lines = [line.strip() for line in code.splitlines() if line.strip().startswith("op.")]
    with engine.begin() as connection:
        op = Operations(MigrationContext.configure(connection))
        for line in lines:
            exec(line, {"op": op, "sa": sa})


def test_without_a_convention_the_downgrade_raises(postgres: str) -> None:
    engine, upgrade, downgrade = written(postgres, "Bad")
    assert "op.create_unique_constraint(None, 'users', ['email'])" in upgrade
    assert "op.drop_constraint(None, 'users', type_='unique')" in downgrade
    run(engine, upgrade)
    with pytest.raises(Exception, match=r"(?i)name"):
        run(engine, downgrade)


def test_with_one_it_goes_back(postgres: str) -> None:
    engine, upgrade, downgrade = written(postgres, "Good")
    assert "uq_users_email" in upgrade
    run(engine, upgrade)
    run(engine, downgrade)
    assert sa.inspect(engine).get_unique_constraints("users") == []
