"""Values in words, for people who ask what is believed of a line."""

from sqlalint.flow import loads as ld
from sqlalint.flow import values as v
from sqlalint.flow.questions import Questions


def describe(value: v.Value, questions: Questions) -> str:
    """`list[User], loads {posts}`; "unknown" for what is not known."""
    kind = _type(value, questions)
    loads = _loads(value)
    return kind if loads is None else f"{kind}, loads {ld.describe(loads)}"


def _type(value: v.Value, questions: Questions) -> str:
    match value:
        case v.Instance(model=model, optional=optional):
            return _model(model, questions) + (" | None" if optional else "")
        case v.Many(element=element, kind=kind):
            return f"{kind}[{_type(element, questions)}]"
        case v.Items(items=items):
            return f"tuple[{', '.join(_type(i, questions) for i in items)}]"
        case v.Pairs(key=key, value=inner):
            return f"dict[{_type(key, questions)}, {_type(inner, questions)}]"
        case v.ModelClass(model=model):
            return f"type[{_model(model, questions)}]"
        case v.Attribute(model=model, name=name):
            return f"{_model(model, questions)}.{name}"
        case v.Statement():
            return f"{'Query' if value.legacy else 'Select'}[{_entities(value, questions)}]"
        case v.Result(shape=shape):
            kind = {"scalars": "ScalarResult", "mappings": "MappingResult"}.get(shape, "Result")
            prefix = "Async" if value.streamed else ""
            return f"{prefix}{kind}[{_entities(value.statement, questions)}]"
        case v.Session(is_async=is_async, core=core):
            return ("Async" if is_async else "") + ("Connection" if core else "Session")
        case v.Factory(session=session):
            return f"factory of {_type(session, questions)}"
        case v.Awaitable(value=inner):
            return f"awaitable {_type(inner, questions)}"
        case v.Object(class_id=class_id):
            return class_id.rpartition("::")[2]
        case v.Option():
            return "loader option"
        case v.Literal(value=literal):
            return repr(literal)
        case v.Unknown(rows=True):
            return "rows of an unknown entity"
        case _:
            return "unknown"


def _model(model_id: str, questions: Questions) -> str:
    model = questions.model(model_id)
    return model.name if model else model_id.rpartition("::")[2]


def _entities(statement: v.Statement, questions: Questions) -> str:
    if statement.entities is None:
        return "?"
    names = [_model(e.model, questions) if e.model else e.name or "column" for e in statement.entities]
    return ", ".join(names)


def _loads(value: v.Value) -> ld.Loads | None:
    """What is loaded of the objects in a value; None where there are none."""
    match value:
        case v.Instance(origin=v.Origin(kind="query" | "get"), loads=loads):
            return loads
        case v.Many(element=element):
            return _loads(element)
        case v.Pairs(value=inner):
            return _loads(inner)
        case v.Statement(entities=entities):
            return next((e.loads for e in entities or () if e.model), None)
        case v.Result(statement=statement):
            return _loads(statement)
        case v.Awaitable(value=inner):
            return _loads(inner)
        case v.Option(loads=loads):
            return loads
        case _:
            return None


def origin_of(value: v.Value) -> v.Origin | None:
    """Where the objects in a value come from."""
    match value:
        case v.Instance(origin=origin):
            return origin
        case v.Many(element=element):
            return origin_of(element)
        case v.Pairs(value=inner):
            return origin_of(inner)
        case _:
            return None
