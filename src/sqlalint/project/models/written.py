"""What columns declare, once for each place where it is written: what a mixin says is said once, not for each table."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.facts.span import Spot
from sqlalint.project.mapping import Model, Relationship
from sqlalint.project.models.evidence import gather
from sqlalint.project.models.registry import Models
from sqlalint.project.schema import Column, ColumnType, Default, ForeignKey, Table

if TYPE_CHECKING:
    from sqlalint.project.project import Project


class WrittenDefault(Struct, frozen=True, array_like=True):
    """A default at the place where it is written, with the columns that have it (`Event.created_at`), sorted.

    `zoned` are those of them whose type has a time zone, `naive` those whose type has surely none.
    """

    at: Spot
    default: Default
    columns: tuple[str, ...]
    zoned: tuple[str, ...]
    naive: tuple[str, ...]


def written_defaults(project: "Project") -> Iterator[WrittenDefault]:
    """Every default of a column, but for those of models that migrations remember."""
    found: dict[Spot, list[tuple[Table, Column, Default]]] = {}
    for table in application_tables(project.models):
        for column in table.columns:
            for default in column.defaults:
                found.setdefault(default.at, []).append((table, column, default))
    for at, reached in found.items():
        yield WrittenDefault(
            at,
            reached[0][2],
            _names((t, c) for t, c, _ in reached),
            _names((t, c) for t, c, _ in reached if is_zoned(c.type) is True),
            _names((t, c) for t, c, _ in reached if is_zoned(c.type) is False),
        )


def application_tables(models: Models) -> Iterator[Table]:
    """The tables, but for those that migrations remember."""
    return (t for t in models.tables.values() if t.at.path not in models.snapshots)


def is_zoned(type_: ColumnType | None) -> bool | None:
    """Whether a column's type keeps a time zone; None where it is not known, or no type of dates and times."""
    if type_ is None or not type_.name.startswith("sqlalchemy."):
        return None
    if type_.name.rpartition(".")[2] not in ("DateTime", "DATETIME", "TIMESTAMP"):
        return None
    given = dict(type_.keywords).get("timezone", type_.arguments[0] if type_.arguments else False)
    return given if isinstance(given, bool) else None


def _names(reached: Iterable[tuple[Table, Column]]) -> tuple[str, ...]:
    return tuple(sorted({column_label(t, c) for t, c in reached}))


def column_label(table: Table, column: Column) -> str:
    """A column by the class that writes it, a mixin's by the mixin; by its table where no class does."""
    owner = column.owner.rpartition("::")[2].rpartition(".")[2]
    return f"{owner}.{column.attribute}" if owner else f"{table.name or '?'}.{column.name}"


class DeletedParent(Struct, frozen=True, array_like=True):
    """A one-to-many relationship over a foreign key with ON DELETE CASCADE, which the ORM forestalls when it deletes.

    `owner` is the class that writes it, `model` one that has it. `columns` of `table` are the foreign key, `required`
    if one of them is NOT NULL, `keyed` if one is part of the primary key. `cascade_deletes` tells whether the ORM
    deletes the children itself, None where that is not read. `deleted`: a session deletes such an object in sight.
    """

    at: Spot
    owner: str
    model: str
    attribute: str
    table: str
    columns: tuple[str, ...]
    required: bool
    keyed: bool
    cascade_deletes: bool | None
    deleted: bool
    collection: bool


# What a delete of the parent does not load; and what is loaded with the parent, so that there is nothing to leave.
_NOT_LOADED = frozenset({"write_only", "noload", "raise", "raise_on_sql"})
_LOADED_BEFORE = frozenset({"joined", "selectin", "subquery", "immediate"})


def deleted_parents(project: "Project") -> Iterator[DeletedParent]:
    """Every relationship that forestalls ON DELETE CASCADE, once for each place where it is written."""
    models = project.models
    found: dict[Spot, list[tuple[Model, Relationship, Table, ForeignKey]]] = {}
    for model in application_models(models):
        for relationship in model.relationships.values():
            over = _forestalled(models, relationship)
            if over is not None and not _settled_otherwise(models, model, relationship, over[0]):
                found.setdefault(relationship.at, []).append((model, relationship, over[0], over[1]))
    if not found:
        return
    deleted = gather(project, models, ()).deleted_objects
    for at, reached in found.items():
        model, relationship, table, key = reached[0]
        columns = [c for c in table.columns if c.name in key.columns]
        if any(c.nullable is None for c in columns):
            continue
        owner = models.model(relationship.owner)
        yield DeletedParent(
            at=at,
            owner=owner.name if owner else relationship.owner.rpartition("::")[2],
            model=model.name,
            attribute=relationship.attribute,
            table=table.name,
            columns=key.columns,
            required=any(c.nullable is False for c in columns),
            keyed=any(c.primary_key for c in columns),
            cascade_deletes=_cascade_deletes(relationship),
            deleted=any(m.id in deleted for m, *_ in reached),
            collection=relationship.collection is not False,
        )


def application_models(models: Models) -> Iterator[Model]:
    """The mapped classes, but for those that migrations remember and those that are only inherited from."""
    return (m for m in models.by_id.values() if not m.abstract and m.at.path not in models.snapshots)


def _forestalled(models: Models, relationship: Relationship) -> tuple[Table, ForeignKey] | None:
    """The cascading foreign key that a relationship goes over without leaving it to the database."""
    if relationship.direction != "one-to-many" or relationship.secondary is not None or relationship.viewonly:
        return None
    if relationship.passive_deletes is not False or relationship.lazy is None or relationship.lazy in _NOT_LOADED:
        return None
    if relationship.lazy in _LOADED_BEFORE and _cascade_deletes(relationship) is not False:
        return None  # what is loaded is deleted by the ORM, with `passive_deletes` too
    found = key_of_children(models, relationship)
    return found if found and (found[1].ondelete or "").upper() == "CASCADE" else None


def _settled_otherwise(models: Models, model: Model, relationship: Relationship, table: Table) -> bool:
    """Whether another relationship of the model deletes the same rows: as its `secondary`, or by its own cascade."""
    for other in model.relationships.values():
        if other.attribute == relationship.attribute or other.viewonly:
            continue
        if other.secondary == table.id:
            return True
        same = other.target == relationship.target and other.over == relationship.over
        if same and other.direction == "one-to-many" and _cascade_deletes(other) is not False:
            return _cascade_deletes(relationship) is False
    return False


def key_of_children(models: Models, relationship: Relationship) -> tuple[Table, ForeignKey] | None:
    """The table and foreign key on the other side of a one-to-many relationship; None where it is not known."""
    child = models.model(relationship.target)
    seen: set[str] = set()
    while child is not None and child.id not in seen and relationship.over:
        seen.add(child.id)
        table = models.tables.get(child.table or "")
        keys = [k for k in table.foreign_keys if k.columns == relationship.over] if table else []
        if table is not None and len(keys) == 1:
            return table, keys[0]
        child = models.model(child.mapped_base)
    return None


def _cascade_deletes(relationship: Relationship) -> bool | None:
    if "cascade" not in relationship.given:
        return False
    if relationship.cascade is None:
        return None
    return bool({"all", "delete", "delete-orphan"} & {c.strip() for c in relationship.cascade.split(",")})


class OneToOne(Struct, frozen=True, array_like=True):
    """A scalar relationship on the side without the foreign key, whose `columns` of `table` may repeat.

    `stated`: it says `uselist=False`; else only its annotation makes it one object.
    """

    at: Spot
    owner: str
    model: str
    attribute: str
    table: str
    columns: tuple[str, ...]
    stated: bool = True


def open_one_to_ones(project: "Project") -> Iterator[OneToOne]:
    """Every one-to-one whose second row nothing stops, once for each place where it is written."""
    models = project.models
    seen: set[Spot] = set()
    for model in application_models(models):
        for relationship in model.relationships.values():
            found = _repeatable(models, relationship)
            if found is None or relationship.at in seen:
                continue
            seen.add(relationship.at)
            owner = models.model(relationship.owner)
            name = owner.name if owner else relationship.owner.rpartition("::")[2]
            table, key = found
            stated = "uselist" in relationship.given
            yield OneToOne(relationship.at, name, model.name, relationship.attribute, table.name, key.columns, stated)


def _repeatable(models: Models, relationship: Relationship) -> tuple[Table, ForeignKey] | None:
    """The key of a one-to-one that no key, unique constraint or unique index keeps from repeating."""
    if relationship.direction != "one-to-many" or relationship.collection is not False or relationship.viewonly:
        return None
    if relationship.secondary is not None or (
        relationship.self_referential and "remote_side" not in relationship.given
    ):
        return None
    if "primaryjoin" in relationship.given and relationship.order_by:
        return None
    found = key_of_children(models, relationship)
    if found is None or not found[0].complete or any(not m.complete for m in models.of_table(found[0].id)):
        return None
    table, key = found
    flags = [f for c in table.columns if c.name in key.columns for f in (c.unique, c.primary_key)]
    unique = [{c for c in i.columns if c} for i in table.indexes if i.unique and i.columns]
    joined = "primaryjoin" in relationship.given  # it may pick one by more than the key
    if None in flags or any(u <= set(key.columns) or (joined and u & set(key.columns)) for u in unique):
        return None
    return found
