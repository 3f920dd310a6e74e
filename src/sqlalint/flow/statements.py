"""`select()` and `Query`: how each method of a chain changes what is known of a statement."""

from msgspec.structs import replace

from sqlalint.facts.span import Spot
from sqlalint.flow import options as op
from sqlalint.flow import values as v
from sqlalint.flow.questions import Questions
from sqlalint.project.mapping import Model, Relationship

# Methods that change nothing that loading rules ask about.
_NEUTRAL = frozenset(
    """
    order_by having correlate correlate_except prefix_with suffix_with with_hint with_statement_hint
    execution_options params populate_existing enable_eagerloads autoflush enable_assertions add_cte reset_joinpoint
    set_label_style with_labels with_session merge_result offset self_group cache_ok select_entity_from
    values ordered_values inline from_select on_conflict_do_update on_conflict_do_nothing on_duplicate_key_update
    """.split()
)
ANY_PARENT = "(parent)"
_JOINS = frozenset({"join", "outerjoin", "join_from", "outerjoin_from", "select_from"})


def selected(arguments: list[v.Value], legacy: bool, at: Spot, session: v.Session | None) -> v.Statement:
    """`select(*arguments)` or `session.query(*arguments)`."""
    entities: list[v.Entity] = []
    for argument in arguments:
        found = entity(argument)
        if isinstance(argument, v.Many | v.Items | v.Unknown) and found is None:
            return v.Statement(at, None, legacy, session=session)
        entities.append(found or v.Entity(None))
    return v.Statement(at, tuple(entities), legacy, session=session)


def entity(argument: v.Value) -> v.Entity | None:
    """What a row holds for one argument of `select()`; None where that is not known."""
    match argument:
        case v.ModelClass(model=model, alias=alias, subquery=subquery):
            return v.Entity(model, alias=alias, subquery=subquery)
        case v.Attribute(name=name):
            return v.Entity(None, name=name, column=argument)
        case v.Criterion() | v.Statement() | v.Literal() | v.ExternalRef():
            return v.Entity(None)
        case _:
            return None


def method(
    statement: v.Statement, name: str, arguments: list[v.Value], keywords: dict[str, v.Value], questions: Questions
) -> v.Value | None:
    """`statement.name(...)` where that is again a statement; None where it is something else."""
    if name in _NEUTRAL:
        return _executed(statement, name, keywords)
    if name in _JOINS:
        return _joined(statement, name, arguments, keywords, questions)
    match name:
        case "where" | "filter":
            return _filtered(statement, arguments, questions)
        case "filter_by":
            return _filtered_by(statement, keywords, questions)
        case "with_parent":
            second = arguments[1] if len(arguments) > 1 else keywords.get("property")
            equal = second if isinstance(second, v.Attribute) else v.Attribute("", ANY_PARENT)
            return _equal(statement, [equal])
        case "options":
            return op.apply(statement, arguments, questions)
        case "limit":
            return _limited(statement, arguments)
        case "slice":
            return replace(statement, limited=True)
        case "distinct" | "group_by":
            return replace(statement, distinct=True)
        case "with_for_update" | "with_lockmode":
            return replace(statement, locked=True)
        case "yield_per":
            return replace(statement, stream=True, yield_per=True)
        case "with_entities" | "with_only_columns" | "returning":
            fresh = selected(arguments, statement.legacy, statement.at, statement.session)
            return replace(statement, entities=fresh.entities)
        case "add_columns" | "add_column" | "add_entity":
            fresh = selected(arguments, statement.legacy, statement.at, statement.session)
            both = None if statement.entities is None or fresh.entities is None else statement.entities + fresh.entities
            return replace(statement, entities=both)
        case "from_statement" | "union" | "union_all" | "intersect" | "except_":
            return replace(statement, from_text=True)
        case _:
            return None


def _executed(statement: v.Statement, name: str, keywords: dict[str, v.Value]) -> v.Statement:
    if name == "execution_options" and {"yield_per", "stream_results"} & keywords.keys():
        return replace(statement, stream=True, yield_per=statement.yield_per or "yield_per" in keywords)
    return statement


def _limited(statement: v.Statement, arguments: list[v.Value]) -> v.Statement:
    value = arguments[0].value if arguments and isinstance(arguments[0], v.Literal) else None
    number = value if isinstance(value, int) and not isinstance(value, bool) else None
    return replace(statement, limited=True, limit=number)


def _joined(
    statement: v.Statement, name: str, arguments: list[v.Value], keywords: dict[str, v.Value], questions: Questions
) -> v.Statement:
    joined = list(statement.joined)
    for argument in arguments:
        match argument:
            case v.ModelClass(model=model):
                joined.append(model)
            case v.Attribute(model=model, name=attribute):
                found = questions.model(model)
                relationship = found.relationships.get(attribute) if found else None
                if relationship and relationship.target:
                    joined.append(relationship.target)
            case _:
                pass
    outer = statement.outer or "outer" in name or keywords.get("isouter", v.NONE) == v.Literal(True)
    return replace(statement, joined=tuple(joined), outer=outer)


def _filtered(statement: v.Statement, arguments: list[v.Value], questions: Questions) -> v.Statement:
    equals = [e for a in arguments if isinstance(a, v.Criterion) for e in a.equals]
    return _equal(statement, equals)


def _filtered_by(statement: v.Statement, keywords: dict[str, v.Value], questions: Questions) -> v.Statement:
    first = statement.entities[0] if statement.entities else None
    model = first.model if first else None
    if model is None:
        return statement
    # 2.0 style `filter_by` speaks of the entity joined last; the first entity is meant where nothing was joined.
    targets = [model, *statement.joined]
    equals = []
    for name in keywords:
        owner = next((t for t in reversed(targets) if _has(t, name, questions)), model)
        equals.append(v.Attribute(owner, name))
    return _equal(statement, equals)


def _has(model_id: str, name: str, questions: Questions) -> bool:
    model = questions.model(model_id)
    return bool(model and (name in model.columns or name in model.relationships))


def _equal(statement: v.Statement, equals: list[v.Attribute]) -> v.Statement:
    """A statement whose rows all have the same value of these attributes."""
    return replace(statement, equals=(*statement.equals, *equals)) if equals else statement


def pinned_by(
    equals: tuple[v.Attribute, ...], model_id: str, relationship: Relationship, questions: Questions
) -> str | None:
    """How conditions fix a many-to-one of the rows to one target: by an `object` (`Post.author == user`, which is
    in the session then), by its `key`, or not at all."""
    if relationship.direction != "many-to-one":
        return None
    own = [e for e in equals if same_class(e.model, model_id, questions)]
    if any(e.name == relationship.attribute for e in own):
        return "object"
    if any(_is_parent(e, model_id, relationship.attribute, questions) for e in equals):
        return "object"
    # The target being joined, its key is fixed.
    if any(e.model == relationship.target and _is_key(e, questions) for e in equals):
        return "key"
    model = questions.model(model_id)
    fixed = {model.columns[e.name].name for e in own if e.name in model.columns} if model else set()
    return "key" if relationship.columns and set(relationship.columns) <= fixed else None


def _is_parent(attribute: v.Attribute, model_id: str, name: str, questions: Questions) -> bool:
    """Whether `with_parent(user, User.posts)` fixes the many-to-one `name` of the rows; without a property it may be any."""
    if attribute.name == ANY_PARENT:
        return True
    owner = questions.model(attribute.model)
    through = owner.relationships.get(attribute.name) if owner else None
    return through is not None and through.target == model_id and through.reverse == name


def same_class(a: str, b: str, questions: Questions) -> bool:
    """Whether two models are one, or one inherits from the other."""
    if a == b:
        return True
    one, other = questions.model(a), questions.model(b)
    return bool((one and b in one.bases) or (other and a in other.bases))


def _is_key(attribute: v.Attribute, questions: Questions) -> bool:
    model = questions.model(attribute.model)
    return bool(model and model.keys == (attribute.name,))


def is_single(statement: v.Statement, questions: Questions) -> bool:
    """Whether a statement gives at most one row: equality on the key or on a unique column, `limit(1)`."""
    if statement.limit is not None and statement.limit <= 1:
        return True
    first = statement.entities[0] if statement.entities else None
    model = questions.model(first.model) if first and first.model else None
    if model is None or statement.joined:
        return False
    compared = (*statement.equals, *statement.perhaps)
    fixed = {e.name for e in compared if same_class(e.model, model.id, questions)}
    return covers_key(model, fixed, questions)


def covers_key(model: Model, fixed: set[str], questions: Questions) -> bool:
    """Whether these attributes of a model tell its objects apart: its primary key, or something unique, is among them."""
    if model.keys and set(model.keys) <= fixed:
        return True
    if any(model.columns[n].unique for n in fixed if n in model.columns):
        return True
    table = questions.table(model.table) if model.table else None
    names = {model.columns[n].name for n in fixed if n in model.columns}
    return table is not None and any(
        i.unique and i.partial is None and i.columns and None not in i.columns and set(i.columns) <= names
        for i in table.indexes
    )


def fixed_by(statement: v.Statement, model: Model | None, questions: Questions) -> frozenset[str]:
    """The attributes of a primary or unique key of the rows' model that conditions fix; none where no key is."""
    if model is None:
        return frozenset()
    fixed = frozenset(e.name for e in statement.equals if same_class(e.model, model.id, questions))
    if model.keys and set(model.keys) <= fixed:
        return frozenset(model.keys)
    for name in sorted(fixed & model.columns.keys()):
        if model.columns[name].unique:
            return frozenset({name})
    table = questions.table(model.table) if model.table else None
    names = {model.columns[n].name: n for n in fixed if n in model.columns}
    for index in table.indexes if table is not None else ():
        whole = index.unique and index.partial is None and index.columns and None not in index.columns
        if whole and set(index.columns) <= names.keys():
            return frozenset(names[c] for c in index.columns if c is not None)
    return frozenset()


def is_few(statement: v.Statement, questions: Questions) -> bool:
    """Whether a statement gives at most ten rows, surely."""
    return (statement.limit is not None and statement.limit <= 10) or is_single(statement, questions)
