"""Joins: whether rows are linked to those that are loaded with them, and whether a join gives several rows for one."""

from collections.abc import Iterable, Sequence

from sqlalint.flow import shapes as sh
from sqlalint.flow import statements as sm
from sqlalint.flow import values as v
from sqlalint.flow.events import EagerLoad, MultipliedRows
from sqlalint.flow.frame import Frame
from sqlalint.flow.questions import Questions
from sqlalint.project.mapping import Relationship


def is_linked(frame: Frame, statement: v.Statement, load: EagerLoad, alias: int) -> bool:
    """Whether anything links the target of a `contains_eager` to the rows; also where that is not known."""
    questions, shape, target = frame.questions, statement.shape, load.relationship.target
    if target is None or alias < 0 or not load.sure or shape.open or shape.where.opaque or statement.from_text:
        return True
    if alias == 0 and (load.relationship.self_referential or sm.same_class(target, load.model, questions)):
        return True
    if any(entity.subquery or entity.model is None for entity in statement.entities or ()):
        return True
    for join in shape.joins:
        on = join.on.terms if join.on is not None else ()
        named = [sh.Term(join.target, "", join.alias), *on]
        if (join.on is not None and join.on.opaque) or _names(named, target, alias, questions):
            return True
    return any(_names(pair, target, alias, questions) for pair in shape.where.links)


def _names(terms: Iterable[sh.Term], target: str, alias: int, questions: Questions) -> bool:
    return any(t.alias == alias and sm.same_class(t.model, target, questions) for t in terms)


def multiplied(frame: Frame, statement: v.Statement, loads: Sequence[EagerLoad]) -> list[MultipliedRows]:
    """The collections whose joins give several rows for one object; none where rows are counted, or are of one parent."""
    questions, shape, entities = frame.questions, statement.shape, statement.entities or ()
    entity = entities[0] if len(entities) == 1 else v.Entity(None)
    if entity.model is None or entity.subquery or statement.distinct or statement.from_text or shape.open:
        return []
    if _is_fixed(statement, entity.model, (), questions):
        return []
    filtered = _is_filtered(shape, [join.target for join in shape.joins], questions)
    found: list[MultipliedRows] = []
    targets = [entity.model]
    for join in shape.joins:
        relationship = _relationship(join, targets, questions)
        if relationship is None or join.subquery:
            return []
        targets.append(join.target)
        if not relationship.collection or _is_fixed(statement, join.target, relationship.over, questions):
            continue
        if _asks_for_key(shape, join.target, questions):
            continue
        child, owner = questions.model(join.target), questions.model(join.by.model if join.by else relationship.owner)
        if child is None or owner is None:
            return []
        name = f"{owner.name}.{relationship.attribute}"
        found.append(
            MultipliedRows(
                name=name,
                children=child.name,
                relationship=relationship,
                filtered=filtered,
                is_loaded=any(x.how == "contains" and x.name == name for x in loads),
            )
        )
    return found


def _asks_for_key(shape: sh.Shape, model_id: str, questions: Questions) -> bool:
    """Whether a condition is about the key of what is joined: `Post.id.is_(None)` leaves those that have none."""
    model = questions.model(model_id)
    keys = model.keys if model is not None else ()
    return any(t.name in keys and sm.same_class(t.model, model_id, questions) for t in shape.where.terms)


def _is_filtered(shape: sh.Shape, joined: Sequence[str], questions: Questions) -> bool:
    """Whether conditions may leave one child each."""
    if shape.where.opaque or any(j.on is not None and (j.on.opaque or not _is_link(j.on)) for j in shape.joins):
        return True
    return any(sm.same_class(t.model, target, questions) for t in shape.where.terms for target in joined)


def _is_link(on: sh.Condition) -> bool:
    return set(on.terms) <= {term for pair in on.links for term in pair}


def _relationship(join: sh.Join, owners: Sequence[str], questions: Questions) -> Relationship | None:
    """The relationship that a join goes along; None where it is not known."""
    if join.by is not None:
        model = questions.model(join.by.model)
        found = model.relationships.get(join.by.name) if model else None
        return found if found is not None and found.collection is not None else None
    candidates = [
        r
        for owner in owners
        if (model := questions.model(owner)) is not None
        for r in model.relationships.values()
        if r.target == join.target and not r.viewonly
    ]
    if len(candidates) != 1 or candidates[0].secondary or candidates[0].self_referential:
        return None
    (found,) = candidates
    if found.collection is None or (join.on is not None and not _goes_along(join.on, join.target, found, questions)):
        return None
    return found


def _goes_along(on: sh.Condition, target: str, relationship: Relationship, questions: Questions) -> bool:
    """Whether an ON clause compares the foreign key of a relationship."""
    child = questions.model(target)
    owner = questions.model(relationship.owner)
    names = set[str]()
    for model in (child, owner):
        names |= {a for a, c in model.columns.items() if c.name in relationship.over} if model is not None else set()
    return any(term.name in names for pair in on.links for term in pair)


def _is_fixed(statement: v.Statement, model_id: str, joined: Iterable[str], questions: Questions) -> bool:
    """Whether conditions leave at most one object of a model, those columns being compared by the join."""
    model = questions.model(model_id)
    if model is None:
        return True
    compared = (*statement.equals, *statement.perhaps)
    fixed = {e.name for e in compared if sm.same_class(e.model, model_id, questions)}
    columns = set(joined)
    fixed |= {a for a, c in model.columns.items() if c.name in columns}
    return bool(fixed) and sm.covers_key(model, fixed, questions)


def is_ordered(frame: Frame, statement: v.Statement) -> bool | None:
    """Whether rows are ordered by something unique; None where it is not known what they are ordered by."""
    shape, entities = statement.shape, statement.entities or ()
    model = frame.questions.model(entities[0].model or "") if entities else None
    if model is None or shape.order_open:
        return None
    if _is_fixed(statement, model.id, (), frame.questions):
        return True
    names = {t.name for t in shape.order if sm.same_class(t.model, model.id, frame.questions)}
    return bool(names) and sm.covers_key(model, names, frame.questions)
