"""An association table that may hold one pair twice: then the pair cannot be removed.

## Why is this bad?
Two requests at once, or a list with the same object in it twice, store one pair two times. The collection shows it once,
and whoever removes it gets `StaleDataError: DELETE statement on table ... expected to delete 1 row(s); Only 2 were
matched`. Joins over the table count such rows twice. A primary key over both columns makes that impossible, and is the
index that the table needs anyway.

## Bad
```python
group_users = Table(
    "group_users",
    Base.metadata,
    Column("group_id", ForeignKey("groups.id"), index=True),
    Column("user_id", ForeignKey("users.id"), index=True),
)


class Group(Base):
    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    users: Mapped[list["User"]] = relationship(secondary=group_users)
```

## Good
```python
group_users = Table(
    "group_users",
    Base.metadata,
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("user_id", ForeignKey("users.id"), primary_key=True, index=True),
)


class Group(Base):
    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    users: Mapped[list["User"]] = relationship(secondary=group_users)
```

## When not to use it
Where one pair is meant to be there several times: then the rows need a model of their own, and `secondary` a
`viewonly=True`.

## What it cannot see
A key that only a migration makes, and rows that are there twice already: look before you add the key.
"""

from collections.abc import Iterator

from sqlalint.project.mapping import Model, Relationship
from sqlalint.project.models.registry import Models
from sqlalint.project.project import Project
from sqlalint.project.schema import Table
from sqlalint.report.finding import Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL523", "association-table-without-key", severity=Severity.WARNING, fix="show")
def check(table: Table, project: Project) -> Iterator[Finding]:
    """One finding for each association table whose pairs may repeat."""
    if table.id not in project.models.association_tables or not table.complete or not table.name:
        return
    user = _written_over(project.models, table)
    pair = tuple(dict.fromkeys(c for key in table.foreign_keys for c in key.columns))
    if user is None or len(table.foreign_keys) < 2 or _is_kept_apart(table, set(pair)):
        return
    model, relationship = user
    shown = ", ".join(f"`{c}`" for c in pair)
    name = f"`{model.name}.{relationship.attribute}`"
    quoted = ", ".join(f'"{c}"' for c in pair)
    keyed = any(c.primary_key for c in table.columns)
    yield Finding(
        at=table.at,
        message=f"nothing stops `{table.name}` from holding one pair ({shown}) twice: {name} then shows it once, and "
        "removing it raises StaleDataError",
        help=f"`UniqueConstraint({quoted})`" if keyed else "`primary_key=True` on both columns",
        identity=(table.name,),
        related=(Related(f"{name} is stored in it", relationship.at),),
    )


def _written_over(models: Models, table: Table) -> tuple[Model, Relationship] | None:
    """A relationship that writes the table's rows: the one that does not come of a backref, where there are two."""
    found = [
        (model, relationship)
        for model in models.by_id.values()
        if not model.abstract
        for relationship in model.relationships.values()
        if relationship.secondary == table.id and not relationship.viewonly
    ]
    return min(found, key=lambda f: (f[1].from_backref, f[0].id, f[1].attribute), default=None)


def _is_kept_apart(table: Table, pair: set[str]) -> bool:
    """Whether a key makes pairs differ, or means to by more columns; or may: a flag of a column is not read."""
    own = [c for c in table.columns if c.name in pair]
    if any(flag is None for c in own for flag in (c.unique, c.primary_key)):
        return True
    keys = [set(i.columns) for i in table.indexes if i.unique and i.columns and i.partial is None]
    return any(k <= pair or k >= pair for k in keys)
