"""Foreign keys as they are written, each with the tables that it reaches and what is known of its use."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from sqlalint.facts.span import Spot
from sqlalint.project.mapping import Model, Relationship
from sqlalint.project.models.covering import begun_by_revisions, covering, leading, partly_covering, served_by_revision
from sqlalint.project.models.evidence import Evidence, gather
from sqlalint.project.models.registry import Models
from sqlalint.project.schema import ForeignKey, Table

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_CLEARING = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})


class Use(Struct, frozen=True, array_like=True):
    """What shows that rows are looked up by a foreign key.

    `parent` is the class it points to, None where that is no model. `loads` are the attributes (`User.posts`) that load
    over it from the other side, `filters` and `joins` what functions filter and join by (`Post.author_id`, `Post.author`).
    `deletes`: the project deletes a parent. `ondelete` is what its deletion does to the rows, where the database does it.
    """

    parent: str | None
    loads: tuple[str, ...]
    filters: tuple[str, ...]
    joins: tuple[str, ...]
    deletes: bool
    ondelete: str | None

    @property
    def in_sight(self) -> bool:
        """Whether there is any."""
        return bool(self.loads or self.filters or self.joins or self.deletes or self.ondelete)


class UnindexedKey(Struct, frozen=True, array_like=True):
    """A foreign key that no index starts with, at the place where it is written.

    `tables` are those that it reaches and leaves open: several for one in a mixin or an abstract base, whose class is
    `mixin`. `partial` names an index that covers a part of the rows, `leading` the column of a composite key that
    some index begins with; `target` is the referenced table, `target_type` the
    canonical name of the referenced column's type.
    """

    at: Spot
    tables: tuple[Table, ...]
    labels: tuple[str, ...]
    key: ForeignKey
    mixin: str | None
    attribute: str
    use: Use
    partial: str | None
    leading: str | None
    target: str | None
    target_type: str | None


def unindexed_keys(project: "Project") -> Iterator[UnindexedKey]:
    """Every foreign key without an index, once for each place where one is written."""
    models = project.models
    open_keys = _open_keys(project, models)
    if not open_keys:
        return
    evidence = gather(project, models, {attribute for key in open_keys for _, attribute in key.ways.pairs})
    for at, reached in _by_place(open_keys).items():
        yield _written(models, evidence, at, reached)


class _Ways(NamedTuple):
    """How rows may be looked up by a key: relationships of parents, and pairs of a model's id and an attribute."""

    loads: list[tuple[Model, Relationship]]
    pairs: set[tuple[str, str]]


class _Open(NamedTuple):
    """A key of a table that no index starts with."""

    table: Table
    key: ForeignKey
    ways: _Ways


def _open_keys(project: "Project", models: Models) -> list[_Open]:
    twins = _twins(models)
    found = [
        (table, key)
        for table in models.tables.values()
        if table.indexed and table.at.path not in models.snapshots and not _is_partly_seen(models, table)
        for key in table.foreign_keys
        if not any(covering(twin, key) for twin in twins[_full_name(table)])
    ]
    if not found:
        return []
    begun = begun_by_revisions(project, models.snapshots)
    return [
        _Open(table, key, _ways(models, table, key))
        for table, key in found
        if not served_by_revision(project, begun, table, key)
    ]


def _twins(models: Models) -> dict[tuple[str, str | None, str], list[Table]]:
    """The declarations of one table: a second one extends the first (`extend_existing`)."""
    found: dict[tuple[str, str | None, str], list[Table]] = {}
    for table in models.tables.values():
        found.setdefault(_full_name(table), []).append(table)
    return found


def _full_name(table: Table) -> tuple[str, str | None, str]:
    return (table.metadata, table.schema, table.name or table.id)


def _is_partly_seen(models: Models, table: Table) -> bool:
    """Whether a class that is mapped to the table has something out of sight, so that its arguments may be."""
    return any(not m.complete for m in models.of_table(table.id))


def _by_place(keys: Iterable[_Open]) -> dict[Spot, list[_Open]]:
    found: dict[Spot, list[_Open]] = {}
    for key in keys:
        found.setdefault(_place(key.key), []).append(key)
    return found


def _place(key: ForeignKey) -> Spot:
    """The key itself where it stands in the column's own definition, else the column: a helper's is every caller's."""
    return key.at if key.at.is_beside(key.column_at) else key.column_at


def _written(models: Models, evidence: Evidence, at: Spot, reached: list[_Open]) -> UnindexedKey:
    table, key, _ = reached[0]
    partial = [i.name or "" for o in reached if (i := partly_covering(o.table, o.key)) is not None]
    target = models.tables.get(key.target or "")
    column = target.column(key.target_columns[0]) if target and key.target_columns else None
    owner = models.model(key.owner)
    is_mixin = bool(key.owner) and (owner is None or owner.abstract)
    own = table.column(key.columns[0])
    return UnindexedKey(
        at=at,
        tables=tuple(o.table for o in reached),
        labels=tuple(_label(models, o.table) for o in reached),
        key=key,
        mixin=key.owner.rpartition("::")[2] if is_mixin else None,
        attribute=own.attribute if own else key.columns[0],
        use=_use(models, evidence, reached),
        partial=partial[0] if len(partial) == len(reached) else None,
        leading=leading(table, key),
        target=target.name if target else key.target_table,
        target_type=column.type.name if column and column.type else None,
    )


def _label(models: Models, table: Table) -> str:
    """The table's name; where that is not read, its model's."""
    if table.name:
        return table.name
    return next((m.name for m in models.of_table(table.id)), "?")


def _use(models: Models, evidence: Evidence, reached: list[_Open]) -> Use:
    uses = [_use_of(models, evidence, o) for o in reached]
    return Use(
        parent=uses[0].parent,
        loads=_merged(u.loads for u in uses),
        filters=_merged(u.filters for u in uses),
        joins=_merged(u.joins for u in uses),
        deletes=any(u.deletes for u in uses),
        ondelete=uses[0].ondelete,
    )


def _merged(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part))


def _use_of(models: Models, evidence: Evidence, open_key: _Open) -> Use:
    _, key, ways = open_key
    parents = [m for m in models.of_table(key.target or "") if not m.abstract]
    ondelete = (key.ondelete or "").upper()
    return Use(
        parent=parents[0].name if parents else None,
        loads=tuple(dict.fromkeys(f"{_declaring(models, m, r)}.{r.attribute}" for m, r in ways.loads)),
        filters=_shown(models, evidence.filtered & ways.pairs),
        joins=_shown(models, evidence.joined & ways.pairs),
        deletes=any(m.id in evidence.deleted for m in parents),
        ondelete=ondelete if ondelete in _CLEARING else None,
    )


def _ways(models: Models, table: Table, key: ForeignKey) -> _Ways:
    """A key's columns, the relationships along it and those against it."""
    children = [m for m in models.of_table(table.id) if not m.abstract]
    names = {(m.id, a) for m in children for a, c in m.columns.items() if c.name in key.columns}
    forward = {(m.id, r.attribute) for m in children for r in m.relationships.values() if r.columns == key.columns}
    parents = [m for m in models.of_table(key.target or "") if not m.abstract]
    loads = [(m, r) for m in parents for r in m.relationships.values() if _loads_over(models, table, key, r)]
    return _Ways(loads, names | forward | {(m.id, r.attribute) for m, r in loads})


def _loads_over(models: Models, table: Table, key: ForeignKey, relationship: Relationship) -> bool:
    """Whether loading a relationship of the parent looks the key's rows up."""
    if relationship.secondary is not None:
        return relationship.secondary == table.id
    child = models.model(relationship.target)
    if child is None or child.table != table.id or relationship.direction != "one-to-many":
        return False
    same = [k for k in table.foreign_keys if k.target == key.target]
    return relationship.over == key.columns or (not relationship.over and same == [key])


def _declaring(models: Models, model: Model, relationship: Relationship) -> str:
    owner = models.model(relationship.owner)
    return owner.name if owner is not None and not owner.abstract else model.name


def _shown(models: Models, pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{models.by_id[i].name}.{a}" for i, a in pairs))
