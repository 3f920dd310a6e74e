"""How the methods of a statement change its shape, and what conditions are about."""

from collections.abc import Iterable

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span
from sqlalint.flow import sending
from sqlalint.flow import shapes as sh
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame

_JOINING = frozenset({"join", "outerjoin", "join_from", "outerjoin_from"})
_CUTTING = frozenset({"limit", "offset", "slice", "fetch"})
# Their first argument stands for what is joined from.
_FROM = frozenset({"join_from", "outerjoin_from"})
_REPLACING = frozenset({"select_entity_from", "from_statement", "union", "union_all", "intersect", "except_"})


def shaped(
    frame: Frame,
    before: v.Statement,
    after: v.Value,
    name: str,
    arguments: list[v.Value],
    keywords: dict[str, v.Value],
    call: ex.Call,
) -> v.Value:
    """`after`, which `before.name(...)` gave, with the shape that it has now."""
    if not isinstance(after, v.Statement):
        return after
    shape = before.shape
    if name == "options":
        sending.named_by_text(frame, before, arguments)
    elif name in _JOINING:
        sending.joined_by_text(frame, before, name, arguments, call.span)
        shape = _joined(frame, before, name, arguments, keywords, call)
    elif name == "select_from":
        entities = {(e.model, e.alias) for e in before.entities or ()}
        same = all(isinstance(a, v.ModelClass) and (a.model, a.alias) in entities for a in arguments)
        shape = shape if same and arguments else replace(shape, open=True)
    elif name in ("where", "filter", "having"):
        shape = sh.with_condition(shape, about(arguments))
    elif name == "filter_by":
        owner = shape.joins[-1].target if shape.joins else _entity(before)
        terms = tuple(sh.Term(owner, n) for n in keywords) if owner else ()
        shape = sh.with_condition(shape, sh.Condition(terms, (), not terms or call.has_open_keywords))
    elif name == "with_parent":
        shape = sh.with_condition(shape, sh.NO_CONDITION)
    elif name == "order_by":
        shape = _ordered(shape, arguments)
    elif name in _CUTTING:
        shape = replace(shape, cut=frame.spot(_blame(call)), offset=shape.offset or name != "limit")
    elif name == "enable_eagerloads":
        shape = replace(shape, plain=arguments[:1] == [v.Literal(False)])
    elif name in _REPLACING:
        shape = replace(shape, open=True)
    return after if shape is before.shape else replace(after, shape=shape)


def _blame(call: ex.Call) -> Span:
    return call.function.name_span if isinstance(call.function, ex.Attribute) else call.span


def _entity(statement: v.Statement) -> str | None:
    return statement.entities[0].model if statement.entities else None


# --- joins ---


def _joined(
    frame: Frame,
    before: v.Statement,
    name: str,
    arguments: list[v.Value],
    keywords: dict[str, v.Value],
    call: ex.Call,
) -> sh.Shape:
    shape = before.shape
    if name in _FROM:
        arguments = arguments[1:]
    if call.has_open_keywords or "target" in keywords:
        return replace(shape, open=True)
    clause = arguments[1] if len(arguments) > 1 else keywords.get("onclause")
    found = _join(frame, arguments[0] if arguments else v.UNKNOWN, clause)
    if found is None or len(arguments) > 2:
        return replace(shape, open=True)
    return replace(shape, joins=(*shape.joins, found))


def _join(frame: Frame, target: v.Value, clause: v.Value | None) -> sh.Join | None:
    """One join; None where it is not understood."""
    match target, clause:
        case v.Attribute(), None:
            return _by_relationship(frame, target, None)
        case v.ModelClass(), v.Attribute():
            return _by_relationship(frame, clause, target)
        case v.ModelClass(model=model, alias=alias, subquery=subquery), _:
            on = condition(clause) if clause is not None else None
            return sh.Join(model, alias, None, on, subquery)
        case _:
            return None


def _by_relationship(frame: Frame, by: v.Attribute, target: v.ModelClass | None) -> sh.Join | None:
    model = frame.questions.model(by.model)
    relationship = model.relationships.get(by.name) if model else None
    if relationship is None or not relationship.target:
        return None
    on = sh.OPAQUE if by.conditioned else None
    term = sh.Term(by.model, by.name, by.alias)
    if target is not None:
        return sh.Join(target.model, target.alias, term, on, target.subquery)
    return sh.Join(by.narrowed or relationship.target, by.narrowed_alias, term, on)


# --- conditions ---


def about(arguments: Iterable[v.Value]) -> sh.Condition:
    """What conditions are about, all of them together."""
    found = sh.NO_CONDITION
    for argument in arguments:
        found = sh.both(found, condition(argument))
    return found


def condition(value: v.Value) -> sh.Condition:
    """What a value that is used as a condition is about."""
    match value:
        case v.Criterion(condition=found):
            return found
        case v.Attribute(model=model, name=name, alias=alias):
            return sh.Condition((sh.Term(model, name, alias),), (), False)
        case v.Literal():
            return sh.NO_CONDITION
        case v.Items(items=items):
            return about(items)
        case _:
            return sh.OPAQUE


def compared(expression: ex.Compare, sides: list[v.Value]) -> sh.Condition:
    """What a comparison is about."""
    written = (expression.left, *expression.comparators)
    found = sh.NO_CONDITION
    for side, text in zip(sides, written, strict=True):
        found = sh.both(found, sh.NO_CONDITION if _is_plain(side, text) else condition(side))
    columns = [s for s in sides if isinstance(s, v.Attribute)]
    if len(columns) == 2 and len(sides) == 2:
        a, b = (sh.Term(c.model, c.name, c.alias) for c in columns)
        return replace(found, links=(*found.links, (a, b)))
    return found


def applied(receiver: v.Attribute, name: str, arguments: list[v.Value]) -> sh.Condition:
    """What `Post.title.like(...)` is about. What `any()` and `has()` ask is asked in a statement of its own."""
    found = condition(receiver)
    if name in ("any", "has"):
        return found
    for argument in arguments:
        if isinstance(argument, v.Statement | v.Criterion | v.Attribute):
            found = sh.both(found, condition(argument))
    return found


def _is_plain(value: v.Value, written: ex.Expr) -> bool:
    """Whether one side of a comparison is a value of the program, no column of something that is not known."""
    if isinstance(value, v.Instance):
        return True
    dotted = ex.dotted(written)
    return isinstance(value, v.Unknown) and dotted is not None and "c" not in dotted.split(".")


# --- order ---


def _ordered(shape: sh.Shape, arguments: list[v.Value]) -> sh.Shape:
    if arguments[:1] == [v.NONE]:
        return replace(shape, order=(), ordered=False, order_open=False)
    terms: list[sh.Term] = []
    is_open = shape.order_open
    for argument in arguments:
        match argument:
            case v.Attribute(model=model, name=name, alias=alias):
                terms.append(sh.Term(model, name, alias))
            case v.Criterion(condition=found):
                terms += found.terms
                is_open = is_open or found.opaque
            case _:
                is_open = True
    return replace(shape, order=(*shape.order, *terms), ordered=True, order_open=is_open)
