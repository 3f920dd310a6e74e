"""How a function uses something of which no type is known, and what of the project could be meant."""

from collections.abc import Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.flow.questions import Questions
from sqlalint.flow.results import EXECUTING
from sqlalint.flow.text import Text

_SYNC = "sqlalchemy.orm.Session"
_ASYNC = "sqlalchemy.ext.asyncio.AsyncSession"
_DEEPEST = 8  # names that stand for names


def used(text: Text, what: str) -> tuple[set[str], set[str]]:
    """The attributes that a function reads of something, as it is written, and of the elements of it."""
    read: set[str] = set()
    elements: set[str] = set()
    for part in st.walk_expressions(text.function.body):
        if not isinstance(part, ex.Attribute):
            continue
        if _stands_for(text, part.value, what, 0):
            read.add(part.name)
        elif isinstance(part.value, ex.Name) and _iterates(text, part.value.id, what):
            elements.add(part.name)
    return read, elements


def session(text: Text, what: str) -> str:
    """The type of session that something is used as, "" where it is used as none."""
    executed = [
        call
        for call in text.calls
        if isinstance(call.function, ex.Attribute)
        and call.function.name in (*EXECUTING, "query", "commit", "rollback")
        and _stands_for(text, call.function.value, what, 0)
    ]
    if not executed:
        return ""
    awaited = {e.value.span for e in st.walk_expressions(text.function.body) if isinstance(e, ex.Await)}
    return _ASYNC if any(call.span in awaited for call in executed) else _SYNC


def part(text: Text, what: str) -> str:
    """The name of the part of something that is iterated (`page.items`, `page["items"]`); "" for the whole."""
    for iterable in iterated(text):
        match iterable:
            case ex.Attribute(value=inner, name=name) | ex.Subscript(value=inner, index=ex.Literal(value=str(name))):
                if _stands_for(text, inner, what, 0):
                    return name
            case _:
                pass
    return ""


def iterated(text: Text) -> Iterator[ex.Expr]:
    """What loops and comprehensions of a function iterate."""
    for statement in st.walk_statements(text.function.body):
        if isinstance(statement, st.For):
            yield statement.iterable
        for expression in st.expressions(statement):
            for inner in ex.walk(expression):
                if isinstance(inner, ex.Comprehension):
                    yield from (clause.iterable for clause in inner.clauses)


def _stands_for(text: Text, expression: ex.Expr, what: str, depth: int) -> bool:
    match expression:
        case ex.Await(value=inner):
            return _stands_for(text, inner, what, depth)
        case ex.Call(function=function):
            return ex.dotted(function) == what
        case ex.Name(id=name) if depth < _DEEPEST and name != what:
            values = [e for e in text.bound(name) if text.turn(e.span) is None]
            return any(_stands_for(text, e, what, depth + 1) for e in values)
        case _:
            return ex.dotted(expression) == what


def _iterates(text: Text, name: str, what: str) -> bool:
    values = (e for e in text.bound(name) if text.turn(e.span) is not None)
    return any(_stands_for(text, e, what, 0) for e in values)


def only_class(questions: Questions, names: set[str]) -> str:
    """The id of the only class of the project, no model, that has all these methods; "" where there is none."""
    owners = questions.project.owners_of_methods
    found = [set(owners.get(name, ())) for name in sorted(names)]
    classes = set.intersection(*found) if found else set()
    classes = {c for c in classes if questions.model(c) is None}
    return classes.pop() if len(classes) == 1 else ""


def only_model(questions: Questions, names: set[str]) -> str:
    """The id of the only model that has all these attributes; "" where there is none."""
    models = questions.project.models.by_id if names else {}
    found = [
        i
        for i, m in models.items()
        if names <= m.columns.keys() | m.relationships.keys() | m.methods.keys() | set(m.properties)
    ]
    return found[0] if len(found) == 1 else ""
