"""What a statement loads beside its rows: each relationship, by an option or by the mapper's setting, with its path."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalint.flow import loads as ld
from sqlalint.flow import values as v
from sqlalint.flow.events import EagerLoad
from sqlalint.flow.questions import Questions
from sqlalint.flow.statements import pinned_by
from sqlalint.project.mapping import Relationship

# Strategies that load, or, as `noload`, leave something there that looks loaded.
_WANTED = frozenset({"joined", "contains", "selectin", "subquery", "immediate", "noload"})
_DEEPEST = 3  # how far mappers' settings are followed; each model comes once on a path


class _Way(NamedTuple):
    """How the walk has come to a model. `in_row`: all steps are joined, so that its columns are in the rows.

    `seldom`: a step on the way is not loaded with the rows, or is one object for all of them.
    """

    entity: int
    path: tuple[str, ...]
    models: tuple[str, ...]
    sure: bool
    in_row: bool
    many: bool
    seldom: bool = False
    classes: ld.Way = ld.Way(())


def eager_loads(questions: Questions, statement: v.Statement) -> Iterator[tuple[EagerLoad, int]]:
    """The relationships that are loaded with the rows of a statement, those on the way to others first.

    Each comes with the number of the alias of its target that its option names, -1 where that is not known.
    """
    for position, entity in enumerate(statement.entities or ()):
        if entity.model is not None and not entity.subquery:
            if not entity.loads.entries and not _has_eager(questions, entity.model):
                continue
            way = _Way(position, (), (), True, True, False)
            yield from _below(questions, entity.model, entity.loads, way, statement.equals)


def _has_eager(questions: Questions, model_id: str) -> bool:
    model = questions.model(model_id)
    return model is not None and any(r.lazy in _WANTED for r in model.relationships.values())


def _below(
    questions: Questions, model_id: str, loads: ld.Loads, way: _Way, equals: tuple[v.Attribute, ...] = ()
) -> Iterator[tuple[EagerLoad, int]]:
    model = questions.model(model_id)
    classes = way.classes if way.classes.models else ld.Way((model_id,))
    for name, relationship in model.relationships.items() if model is not None else ():
        found = _strategy(relationship, name, loads, classes)
        if found is None:
            continue
        how, entry, sure = found
        is_named = name in loads.entries
        if not is_named and (model_id in way.models or len(way.models) > _DEEPEST):
            continue
        inner = _Way(
            way.entity,
            (*way.path, name),
            (*way.models, model_id),
            way.sure and sure,
            way.in_row and how in ld.JOINED,
            way.many or relationship.collection is not False,
            way.seldom or how not in _WANTED or pinned_by(equals, model_id, relationship, questions) is not None,
            classes.on(relationship.target or "", how),
        )
        if how in _WANTED:
            label = f"{model.name}.{name}" if model is not None else name
            yield _load(relationship, label, how, entry, inner, way), entry.alias if entry is not None else 0
        if relationship.target and (is_named or how in _WANTED) and how != "noload":
            yield from _below(questions, relationship.target, loads.below(name), inner)


def _load(relationship: Relationship, name: str, how: str, entry: ld.Entry | None, way: _Way, above: _Way) -> EagerLoad:
    return EagerLoad(
        relationship=relationship,
        name=name,
        model=way.models[-1],
        path=way.path,
        how=how,
        sure=way.sure,
        option=entry.at if entry is not None else None,
        entity=way.entity,
        in_row=above.in_row,
        many_above=above.many,
        seldom=above.seldom
        or (relationship.direction == "many-to-one" and relationship.target in above.classes.models),
    )


def _strategy(
    relationship: Relationship, name: str, loads: ld.Loads, classes: ld.Way
) -> tuple[str, ld.Entry | None, bool] | None:
    """How a relationship is loaded, the entry of the option that says so, and whether that is sure."""
    entry = loads.entry(name)
    if classes.stops(relationship, loads):
        return ("select", entry, True) if entry is not None else None
    if entry is not None and entry.how != "default":
        return entry.how, entry, entry.sure
    if relationship.lazy in _WANTED:
        return relationship.lazy, None, not loads.wild
    return ("select", entry, True) if entry is not None else None
