"""Rows that are loaded as objects where a comprehension reads one column of each, and nothing else has them."""

from collections.abc import Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Span
from sqlalint.flow import loads as ld
from sqlalint.flow import statements as sm
from sqlalint.flow import values as v
from sqlalint.flow.events import OneColumn
from sqlalint.flow.frame import Frame
from sqlalint.flow.used import Used
from sqlalint.project.mapping import Model
from sqlalint.report.finding import Edit

_FETCHING = frozenset({"all", "scalars"})
_SENDING = frozenset({"scalars", "execute"})
_SHAPING = frozenset(
    "where filter filter_by order_by join outerjoin limit offset select_from execution_options params".split()
)
_FEW_COLUMNS = 2  # a row of so few is no wider as an object


def note_rows(frame: Frame, whole: ex.Comprehension, row: v.Value) -> None:
    """Remember a comprehension over the objects of a query."""
    if isinstance(row, v.Instance) and len(whole.clauses) == 1 and row.origin.statement is not None and not row.path:
        frame.comprehended[whole.span] = row


def one_column(frame: Frame, used: Used) -> Iterator[OneColumn]:
    """One for each query whose rows only such comprehensions have."""
    seen: set[Span] = set()
    for span, row in frame.comprehended.items():
        statement = row.origin.statement
        if statement is None or statement.at.span in seen or not _is_plain(frame, statement):
            continue
        found = _judged(frame, used, span, statement)
        if found is not None:
            seen.add(statement.at.span)
            yield found


def _is_plain(frame: Frame, statement: v.Statement) -> bool:
    """Whether a statement is of this function, and gives many rows of one entity as they are in the table."""
    if (statement.at.path, statement.at.definition) != (frame.path, frame.key) or statement.calls:
        return False
    if statement.distinct or statement.locked or statement.from_text or sm.is_few(statement, frame.questions):
        return False
    if statement.legacy and statement.joined:
        return False  # a query gives each object once, and a column as often as it is joined
    entities = statement.entities or ()
    return len(entities) == 1 and entities[0].loads == ld.NOTHING and not entities[0].subquery


def _judged(frame: Frame, used: Used, span: Span, statement: v.Statement) -> OneColumn | None:
    whole = used.comprehension(span)
    model = frame.questions.model((statement.entities or ())[0].model or "")
    if whole is None or model is None:
        return None
    iterable = whole.clauses[0].iterable
    rows: list[ex.Comprehension] | None = [whole]
    if isinstance(iterable, ex.Name):
        value = used.given(iterable.id)
        rows = _comprehensions(used, used.uses(value)) if value is not None else None
        iterable = value if value is not None else iterable
    made = _made(used, iterable, statement.at.span)
    if made is None or rows is None:
        return None
    read = [attribute for each in rows for attribute in _read(each)]
    names = {a.name if a is not None else "" for a in read}
    if len(names) != 1 or not _is_column(model, column := names.pop()):
        return None
    return OneColumn(
        at=frame.spot(whole.span),
        query=statement.at,
        qualname=frame.key,
        entity=model.name,
        column=column,
        written=_entity(made) or model.name,
        form="query" if isinstance(made, ex.Attribute) else "legacy" if statement.legacy else "select",
        edits=_edits(frame, used, made, statement, column, [a for a in read if a is not None]),
    )


def _is_column(model: Model, name: str) -> bool:
    found = model.columns.get(name)
    return found is not None and not found.deferred and len(model.columns) > _FEW_COLUMNS


def _comprehensions(used: Used, uses: list[ex.Expr] | None) -> list[ex.Comprehension] | None:
    """The comprehensions over a value; None where it goes anywhere else."""
    found = [used.comprehension_over(use) for use in uses or ()]
    return [c for c in found if c is not None] if found and None not in found else None


def _read(whole: ex.Comprehension) -> Iterator[ex.Attribute | None]:
    """What is read of a comprehension's objects; None for any other use of one, or what cannot be told."""
    clause = whole.clauses[0]
    if len(whole.clauses) != 1 or clause.is_async or not isinstance(clause.target, ex.Name):
        yield None
        return
    name, found = clause.target.id, False
    pending = [whole.element, *([whole.value] if whole.value is not None else []), *clause.conditions]
    while pending:
        here = pending.pop()
        match here:
            case ex.Attribute(value=ex.Name(id=owner)) if owner == name:
                found = True
                yield here
            case ex.Name(id=owner) if owner == name:
                yield None
            case ex.Call(function=ex.Attribute(value=ex.Name(id=owner))) if owner == name:
                yield None
            case ex.Opaque():
                yield None
            case _:
                pending += ex.children(here)
    if not found:
        yield None


# --- the query ---


def _made(used: Used, rows: ex.Expr, at: Span) -> ex.Expr | None:
    """The `select(...)`, `query(...)` or `Model.query` that rows are of, if nothing else has what is between."""
    here: ex.Expr | None = rows
    while here is not None and here.span != at:
        match here:
            case ex.Name(id=name):
                value = used.given(name)
                here = value if value is not None and used.uses(value) == [here] else None
            case ex.Await(value=value):
                here = value
            case ex.Call(function=ex.Attribute(value=value, name=name), arguments=(), keywords=()) if name in _FETCHING:
                here = value
            case ex.Call(function=ex.Attribute(name=name), arguments=(statement,), keywords=()) if name in _SENDING:
                here = statement
            case ex.Call(function=ex.Attribute(value=value, name=name)) if name in _SHAPING:
                here = value
            case ex.Call(function=ex.Name(id="list" | "tuple"), arguments=(value,), keywords=()):
                here = value
            case _:
                return None
    return here


def _entity(made: ex.Expr) -> str | None:
    """What is selected, as it is written."""
    match made:
        case ex.Call(arguments=(entity,), keywords=()):
            return ex.dotted(entity)
        case ex.Attribute(value=value):
            return ex.dotted(value)
        case _:
            return None


def _edits(
    frame: Frame, used: Used, made: ex.Expr, statement: v.Statement, column: str, read: list[ex.Attribute]
) -> tuple[Edit, ...]:
    """Select the column; rows of a legacy query have it by its name, scalars are its values."""
    entity = _entity(made)
    if entity is None:
        return ()
    if isinstance(made, ex.Attribute):
        return (_insert(frame, made.span.end, f".with_entities({entity}.{column})"),)
    assert isinstance(made, ex.Call)
    selected = _insert(frame, made.arguments[0].span.end, f".{column}")
    if statement.legacy:
        return (selected,)
    if any(used.is_in_text(a) for a in read):
        return ()  # where in the text it stands is not known
    return (selected, *(_without_name(frame, a) for a in read))


def _without_name(frame: Frame, attribute: ex.Attribute) -> Edit:
    """`user.id`: `user`."""
    end, whole = attribute.value.span, attribute.span
    return Edit(frame.spot(Span(end.end_row, end.end_column, whole.end_row, whole.end_column)), "")


def _insert(frame: Frame, at: Span, text: str) -> Edit:
    return Edit(frame.spot(at), text)
