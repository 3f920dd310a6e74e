"""Linking: from the classes of a project to its models."""

from typing import TYPE_CHECKING

from sqlalint.project.mapping import Model, Relationship
from sqlalint.project.models.apart import Apart
from sqlalint.project.models.drafting import Drafting
from sqlalint.project.models.drafts import DraftModel
from sqlalint.project.models.joins import Names
from sqlalint.project.models.linked import Linked, copies_beside_revisions
from sqlalint.project.models.registry import Unresolved
from sqlalint.project.models.relationships import RelationshipReader
from sqlalint.project.models.tables import TableMaker
from sqlalint.project.schema import Table

if TYPE_CHECKING:
    from sqlalint.project.project import Project


def link(project: "Project") -> Linked:
    """All models and tables of a project, linked anew."""
    drafting = Drafting(project)
    drafting.draft_all()
    apart = Apart(project, drafting)
    apart.add_mappings()
    apart.add_attributes()
    _draft_secondaries(drafting)
    snapshots = revision_files(project) | copies_beside_revisions(project)
    names = Names(drafting, snapshots)
    apart.add_indexes(names)
    maker = TableMaker(names, drafting.tables)
    tables = {key: maker.make(draft) for key, draft in drafting.tables.items()}
    reader = RelationshipReader(drafting, names, tables, maker.ids)
    relationships = _relationships(drafting, reader)
    models = [_model(drafting, draft, tables, relationships[draft.id]) for draft in drafting.models.values()]
    conventions = {m.id: m.naming_convention for m in drafting.declarative.metadatas.values()}
    return Linked(
        tuple(models),
        tuple(tables.values()),
        tuple(_unresolved(drafting, tables, models)),
        conventions,
        snapshots,
    )


def revision_files(project: "Project") -> frozenset[str]:
    """The files of migrations: their models are what the schema once was."""
    return frozenset(
        path for path, entries in project.entries.items() if "revision" in entries and "upgrade" in entries
    )


def _draft_secondaries(drafting: Drafting) -> None:
    """Association tables that a relationship makes in place."""
    for draft in list(drafting.models.values()):
        for relationship in draft.relationships.values():
            given = relationship.call.keywords.get("secondary") if relationship.call else None
            call = drafting.values.call(given) if given is not None else None
            if call is not None:
                drafting.core_table(call, draft.root)


def _relationships(drafting: Drafting, reader: RelationshipReader) -> dict[str, dict[str, Relationship]]:
    """The relationships of every model, with those that backrefs put there; an inherited one is its owner's."""
    found: dict[str, dict[str, Relationship]] = {i: {} for i in drafting.models}
    backrefs: list[tuple[str, Relationship]] = []
    for draft in drafting.models.values():
        parent = drafting.models.get(draft.parent or "")
        for name, relationship in draft.relationships.items():
            if parent is not None and parent.relationships.get(name) is relationship and name in found[parent.id]:
                found[draft.id][name] = found[parent.id][name]
                continue
            resolved = reader.resolve(draft, relationship)
            found[draft.id][name] = resolved.relationship
            if resolved.backref is not None and not draft.abstract:
                other = reader.reversed_by(draft, resolved)
                if other is not None:
                    backrefs.append((other.owner, other))
    for owner, made in backrefs:
        found[owner].setdefault(made.attribute, made)
        for draft in drafting.models.values():
            if draft.id != owner and _descends(drafting, draft, owner):
                found[draft.id].setdefault(made.attribute, made)
    return found


def _descends(drafting: Drafting, draft: DraftModel, ancestor: str) -> bool:
    seen: set[str] = set()
    parent = draft.parent
    while parent is not None and parent not in seen:
        if parent == ancestor:
            return True
        seen.add(parent)
        parent = drafting.models[parent].parent if parent in drafting.models else None
    return False


def _model(
    drafting: Drafting, draft: DraftModel, tables: dict[str, Table], relationships: dict[str, Relationship]
) -> Model:
    table = tables.get(draft.table.key) if draft.table else None
    primary = {c.name: c for c in table.columns} if table else {}
    columns = {}
    for attribute, declared in draft.columns.items():
        known = primary.get(declared.column.name)
        same = known is not None and known.at == declared.column.at and known.attribute == attribute
        columns[attribute] = known if same and known is not None else declared.column
    return Model(
        id=draft.id,
        name=draft.name,
        root=draft.root,
        table=table.id if table else None,
        abstract=draft.abstract,
        complete=draft.complete,
        bases=drafting.classes.mro(draft.id).ids,
        mapped_base=draft.parent,
        columns=columns,
        relationships=relationships,
        proxies=draft.proxies,
        methods=draft.methods,
        properties=tuple(draft.properties),
        hybrids=tuple(draft.hybrids),
        column_properties=tuple(draft.column_properties),
        deferred_properties=tuple(draft.deferred_properties),
        own_columns=tuple(draft.own_columns) if draft.parent else (),
        polymorphic_load=draft.polymorphic_load,
        at=draft.at,
        versioned=draft.versioned,
    )


def _unresolved(drafting: Drafting, tables: dict[str, Table], models: list[Model]) -> list[Unresolved]:
    """What could not be settled, each with a reason."""
    found: list[Unresolved] = []
    for draft in drafting.models.values():
        if not draft.complete and not draft.abstract:
            found.append(Unresolved("model", draft.name, draft.why or "not read", draft.at))
        elif draft.table is not None and draft.own_table and draft.table.name is None:
            found.append(Unresolved("table name", draft.name, "the name is not read", draft.at))
        elif draft.table is not None and draft.own_table and not draft.table.complete:
            found.append(Unresolved("table arguments", draft.name, "an argument is not read", draft.at))
    for identity, name, at in drafting.declarations.unread:
        if identity in drafting.models:
            label = f"{drafting.models[identity].name}.{name}"
            found.append(Unresolved("attribute", label, "what it declares is not read", at))
    for table in tables.values():
        for key in table.foreign_keys:
            if key.target is None:
                why = f"no table `{key.target_table}`" if key.target_table else "its target is not read"
                found.append(Unresolved("foreign key", f"{table.name}.{', '.join(key.columns)}", why, key.at))
    for model in models:
        for relationship in model.relationships.values():
            name = f"{model.name}.{relationship.attribute}"
            if relationship.target is None:
                why = f"no model `{relationship.target_name}`" if relationship.target_name else "its target is not read"
                found.append(Unresolved("relationship target", name, why, relationship.at))
            elif relationship.direction is None and not model.abstract:
                found.append(Unresolved("relationship direction", name, "no single foreign key", relationship.at))
    return found
