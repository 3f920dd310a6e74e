"""What keeps a version that is checked by hand from being passed by two at once."""

import re
from collections.abc import Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.flow.events import VersionCheck
from sqlalint.flow.frame import Frame
from sqlalint.project.symbols import Definition

# Calls that keep others out, or wait for them, by name; and the same in SQL.
_LOCKS = re.compile(r"(?:^|_)(?:r?lock|mutex|semaphore)(?:$|_)|for_update|lockmode", re.IGNORECASE)
_LOCKS_IN_SQL = re.compile(
    r"\bselect\b.*\bfor\s+(?:no\s+key\s+)?(?:update|share)\b|\bupdlock\b|pg_\w*advisory|\block\s+table\b",
    re.IGNORECASE | re.DOTALL,
)
_DEEPEST = 3  # calls in which a lock is looked for


def protection(frame: Frame, function: st.Function, check: VersionCheck) -> str:
    """Why a check may hold all the same; "" where nothing is in sight that would make it."""
    model = frame.questions.model(check.model)
    if model is None or model.versioned:
        return "its mapper has a version_id_col"
    if model.versioned is None or not model.complete:
        return "whether its mapper has a version_id_col is not known"
    if frame.locks or check.query.locked:
        return "a row is locked"
    if check.attribute in frame.conditions or _is_condition(function, check.attribute):
        return "a statement's condition compares it"
    if _locks(frame, frame.path, function, _DEEPEST):
        return "something that is called here locks"
    return ""


def _is_condition(function: st.Function, name: str) -> bool:
    """Whether a condition of a statement seems to hold the column: `filter_by(version=)`, `t.c.version ==`, SQL."""
    word = re.compile(rf"\bupdate\b.*\bset\b.*\bwhere\b.*\b{name}\b", re.IGNORECASE | re.DOTALL)
    for expression in st.walk_expressions((function,)):
        match expression:
            case ex.Call(function=ex.Attribute(name="filter_by")) if expression.keyword(name) is not None:
                return True
            case ex.Attribute(name=last, value=ex.Attribute(name="c")) if last == name:
                return True
            case ex.Literal(value=str() as text) if word.search(text):
                return True
    return False


def _locks(frame: Frame, path: str, function: st.Function, depth: int) -> bool:
    """Whether a function, or one that it calls or is wrapped in, takes a lock. Those that give an object of a query
    have been followed with what they are given, and need not be looked at."""
    if any(_takes_lock(s) for s in st.walk_statements((function,))):
        return True
    for expression in st.walk_expressions((function,)):
        match expression:
            case ex.Literal(value=str() as text) if _LOCKS_IN_SQL.search(text):
                return True
            case ex.Call(function=called) if _LOCKS.search(_last(called)):
                return True
    inner = frame.called if depth == _DEEPEST else _resolved(frame, path, _calls(function))
    for place, key in sorted(inner | _resolved(frame, path, _wrapped_in(function))) if depth else ():
        found = frame.questions.function(place, key)
        if found is not None and _locks(frame, place, found, depth - 1):
            return True
    return False


def _takes_lock(statement: st.Statement) -> bool:
    """`with lock:`, `@locked` by such a name."""
    match statement:
        case st.With(items=items):
            return any(_LOCKS.search(_last(i.value)) for i in items)
        case st.Function(decorators=decorators):
            return any(_LOCKS.search(_last(d)) for d in decorators)
        case _:
            return False


def _last(expression: ex.Expr) -> str:
    return getattr(expression, "name", "") or getattr(expression, "id", "")


def _calls(function: st.Function) -> Iterator[ex.Expr]:
    yield from (e.function for e in st.walk_expressions((function,)) if isinstance(e, ex.Call))


def _wrapped_in(function: st.Function) -> Iterator[ex.Expr]:
    """What a function's decorators and defaults name: wrappers, and dependencies that run before it."""
    for statement in st.walk_statements((function,)):
        if isinstance(statement, st.Function):
            for expression in st.expressions(statement):
                yield from ex.walk(expression)


def _resolved(frame: Frame, path: str, named: Iterator[ex.Expr]) -> set[tuple[str, str]]:
    names = {name for e in named if (name := ex.dotted(e)) is not None}
    symbols = [frame.questions.resolve(path, name) for name in sorted(names)]
    return {(s.path, s.key) for s in symbols if isinstance(s, Definition) and not s.rest}
