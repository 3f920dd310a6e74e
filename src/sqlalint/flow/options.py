"""Loader options as values: `joinedload(User.posts).selectinload(Post.tags)`, lists of them, and where they apply."""

from collections.abc import Iterable

from msgspec.structs import replace

from sqlalint.facts.span import Spot
from sqlalint.flow import loads as ld
from sqlalint.flow import values as v
from sqlalint.flow.questions import Questions
from sqlalint.flow.shapes import Text

# How each loader function loads.
STRATEGIES = {
    "joinedload": "joined",
    "selectinload": "selectin",
    "subqueryload": "subquery",
    "immediateload": "immediate",
    "contains_eager": "contains",
    "lazyload": "lazy",
    "defaultload": "default",
    "noload": "noload",
    "raiseload": "raise",
    "raiseload(sql_only=True)": "raise_on_sql",
    "joinedload_all": "joined",
    "subqueryload_all": "subquery",
}
COLUMN_OPTIONS = frozenset({"load_only", "defer", "undefer", "undefer_group"})
RAISES_ON_SQL = "raiseload(sql_only=True)"
LOADER_FUNCTIONS = frozenset(
    {f"sqlalchemy.orm.{name}" for name in (*STRATEGIES, *COLUMN_OPTIONS)}
    | {"sqlalchemy.orm.Load", "sqlalchemy.orm.with_loader_criteria", "sqlalchemy.orm.with_expression"}
    | {"sqlalchemy.orm.selectin_polymorphic"}
)


def make(name: str, arguments: list[v.Value], questions: Questions, at: Spot) -> v.Value:
    """The value of `name(*arguments)`, a loader function of `sqlalchemy.orm`."""
    if name == "Load":
        first = arguments[0] if arguments else v.UNKNOWN
        return v.Option(first.model, ld.NOTHING, (), first.model) if isinstance(first, v.ModelClass) else v.UNKNOWN
    if name in ("with_loader_criteria", "with_expression", "selectin_polymorphic"):
        return v.Option(None, ld.NOTHING)
    return extend(v.Option(None, ld.NOTHING), name, arguments, questions, at)


def extend(option: v.Option, name: str, arguments: list[v.Value], questions: Questions, at: Spot) -> v.Value:
    """`option.name(*arguments)`: a further step of a chain."""
    if name == "options":
        for argument in arguments:
            below = argument if isinstance(argument, v.Option) else None
            if below is None:
                return replace(option, loads=_put(option.loads, option.tip, ld.UNKNOWN_LOADS))
            texts = tuple(replace(t, model=t.model or option.tip_model) for t in below.texts)
            option = replace(option, loads=_put(option.loads, option.tip, below.loads), texts=(*option.texts, *texts))
        return option
    if name in COLUMN_OPTIONS:
        return _with_texts(_columns(option, name, arguments, at), option, name, arguments, at)
    how = STRATEGIES.get(name)
    if how is None:
        return option if name in ("of_type", "and_", "set_relationship_strategy") else v.UNKNOWN
    before = option
    for argument in arguments:
        step = _step(option, argument, how, questions, at)
        if step is None:
            return v.UNKNOWN
        option = step
    return _with_texts(option, before, name, arguments, at)


def _with_texts(option: v.Option, before: v.Option, name: str, arguments: list[v.Value], at: Spot) -> v.Option:
    """An option with the attributes that its last step names by strings."""
    texts = [a.value for a in arguments if isinstance(a, v.Literal) and isinstance(a.value, str)]
    if name == "undefer_group" or not texts:
        return replace(option, texts=before.texts) if option.texts != before.texts else option
    if before.tip and before.tip_model is None:
        return replace(option, texts=before.texts)  # whose attributes they are is not known
    alone = len(arguments) == 1 or name in COLUMN_OPTIONS
    found = [Text(at, name, t, before.tip_model, alone) for t in texts if "*" not in t]
    return replace(option, texts=(*before.texts, *found))


def _step(option: v.Option, argument: v.Value, how: str, questions: Questions, at: Spot) -> v.Option | None:
    """One relationship further down the chain."""
    match argument:
        case v.Attribute(model=model, name=name, narrowed=narrowed, narrowed_alias=alias):
            root = option.model if option.tip or option.model else model
            found = questions.model(model)
            relationship = found.relationships.get(name) if found else None
            target = narrowed or (relationship.target if relationship else None)
            loads = _put(option.loads, option.tip, ld.single(name, how, at, alias=alias))
            return v.Option(root, loads, (*option.tip, name), target)
        case v.Mapped(model=model, kind="attribute", names=names):
            loads = option.loads
            for name in names:
                loads = _put(loads, option.tip, ld.single(name, how, at))
            return v.Option(option.model or model, loads, (*option.tip, "*"))
        case v.Literal(value=str() as text):
            for name in text.split("."):
                option = _named(option, name, how, questions, at)
            return option
        case _:
            return None


def _named(option: v.Option, name: str, how: str, questions: Questions, at: Spot) -> v.Option:
    """A step by a string: `joinedload("posts")`, `raiseload("*")`."""
    model = questions.model(option.tip_model) if option.tip_model else None
    relationship = model.relationships.get(name) if model else None
    loads = _put(option.loads, option.tip, ld.single(name, how, at))
    return v.Option(option.model, loads, (*option.tip, name), relationship.target if relationship else None)


def _columns(option: v.Option, name: str, arguments: list[v.Value], at: Spot) -> v.Option:
    """`load_only`, `defer`, `undefer` at the end of the chain."""
    model, names = option.model, set()
    for argument in arguments:
        if isinstance(argument, v.Attribute):
            names.add(argument.name)
            model = model if option.tip or model else argument.model
        elif isinstance(argument, v.Literal) and isinstance(argument.value, str):
            names.add(argument.value)
        elif not isinstance(argument, v.Literal):
            return replace(option, loads=_put(option.loads, option.tip, ld.UNKNOWN_LOADS))
    found = frozenset(names)
    if name == "load_only":
        loads = ld.Loads(only=found, leaving_out=frozenset({at}))
    elif name == "defer":
        loads = ld.Loads(deferred=found, leaving_out=frozenset({at}))
    else:
        loads = ld.Loads(undeferred=found or frozenset({ld.EVERYTHING}))
    return replace(option, model=model, loads=_put(option.loads, option.tip, loads))


def _put(base: ld.Loads, tip: tuple[str, ...], more: ld.Loads) -> ld.Loads:
    """`more` at the end of a chain of relationships."""
    for name in reversed(tip):
        more = ld.Loads(entries={name: ld.Entry("default", True, more)})
    return ld.add(base, more)


def apply(statement: v.Statement, options: Iterable[v.Value], questions: Questions) -> v.Statement:
    """`statement.options(*options)`. An option that is not known may load anything."""
    for option in options:
        match option:
            case v.Option():
                statement = _apply_one(statement, option, questions)
            case v.Many(element=element) if element == v.EMPTY:
                pass
            case v.Many(element=element):
                known = element if isinstance(element, v.Option) else None
                statement = _wild(statement) if known is None else _apply_one(statement, known, questions)
            case v.Items(items=items):
                statement = apply(statement, items, questions)
            case v.Literal(value=None):
                pass
            case _:
                statement = _wild(statement)
    return statement


def _apply_one(statement: v.Statement, option: v.Option, questions: Questions) -> v.Statement:
    if statement.entities is None:
        return statement
    entities = []
    taken = False
    for position, entity in enumerate(statement.entities):
        fits = entity.model is not None and (
            (option.model is None and (position == 0 or ld.EVERYTHING in option.loads.entries))
            or (option.model is not None and _related(entity.model, option.model, questions))
        )
        if fits:
            taken = True
            entity = replace(entity, loads=ld.add(entity.loads, option.loads))
        entities.append(entity)
    if not taken and option.model is not None:  # an alias, or a mistake: nothing is known any more
        return _wild(statement)
    return replace(statement, entities=tuple(entities))


def _related(entity: str, model: str, questions: Questions) -> bool:
    """Whether an option on `model` applies to an entity: the same class, a base or a subclass of it."""
    if entity == model:
        return True
    one, other = questions.model(entity), questions.model(model)
    return bool((one and model in one.bases) or (other and entity in other.bases))


def _wild(statement: v.Statement) -> v.Statement:
    if statement.entities is None:
        return statement
    entities = tuple(replace(e, loads=replace(e.loads, wild=True)) for e in statement.entities)
    return replace(statement, entities=entities)
