"""A metadata without naming convention: its constraints have no names, and migrations cannot drop them.

## Why is this bad?
A constraint without a name gets one from the database, and each database makes up another. Alembic's autogenerate does
not know it: it writes `op.create_unique_constraint(None, ...)`, and in the downgrade `op.drop_constraint(None, ...)`, which
raises. On SQLite, which has no names for such constraints at all, batch mode cannot find them. With a convention every
constraint has the same name everywhere.

## Bad
```python
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)


# migrations/versions/0001_email.py
# what autogenerate writes

from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_unique_constraint(None, "users", ["email"])


def downgrade():
    op.drop_constraint(None, "users", type_="unique")
```

## Good
```python
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)


# migrations/versions/0001_email.py
# what autogenerate writes

from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_unique_constraint(op.f("uq_users_email"), "users", ["email"])


def downgrade():
    op.drop_constraint(op.f("uq_users_email"), "users", type_="unique")
```

## When not to use it
Where migrations are not written by autogenerate, or name every constraint by hand. A convention that comes late renames
nothing in the database: the constraints there have to be renamed by a migration, or the old names kept.

## What it cannot see
Constraints that types make (`Boolean(create_constraint=True)`), names that events give, and whether an `env.py` that
does not import its metadata belongs to it: such a one is taken for the only metadata's where there is only one.
"""

from collections.abc import Iterator

from sqlalint.project.models.metadata import UnnamedConstraints
from sqlalint.project.project import Project
from sqlalint.report.finding import Finding, Severity
from sqlalint.rules.registry import rule


@rule("SAL519", "no-naming-convention", severity=Severity.INFO, fix="show")
def check(metadata: UnnamedConstraints, project: Project) -> Iterator[Finding]:
    """One finding for each metadata that is migrated."""
    one = metadata.count == 1
    them = "its one unnamed constraint" if one else f"its {metadata.count} unnamed constraints"
    yield Finding(
        at=metadata.at,
        message=f"`{metadata.name}` has no `naming_convention`: autogenerate writes `None` as the name of {them}, and "
        "the `drop_constraint(None)` of a downgrade raises",
        help="`MetaData(naming_convention={...})`, with the names that the database has already",
        identity=(metadata.name,),
    )
