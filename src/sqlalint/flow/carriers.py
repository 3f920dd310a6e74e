"""Classes that only carry values: dataclasses and named tuples without methods. What they are made with comes out again."""

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame
from sqlalint.project.symbols import External

_DECORATOR = External("dataclasses.dataclass")
_BASE = External("typing.NamedTuple")


def carrier(frame: Frame, class_id: str, arguments: list[v.Value], keywords: dict[str, v.Value]) -> v.Pairs | None:
    """What a call of a class gives by the names of its fields; None where it may do more than carry them."""
    names = frame.questions.once(("carried", class_id), lambda: _fields(frame, class_id))
    if not names or len(arguments) > len(names) or not keywords.keys() <= names.keys():
        return None
    given = dict(zip(names, arguments, strict=False)) | keywords
    if all(isinstance(value, v.Unknown | v.Literal) for value in given.values()):
        return None
    path = class_id.partition("::")[0]
    promised = {
        n: frame.annotations.value(a, path) for n, a in names.items() if isinstance(given.get(n), v.Unknown | None)
    }
    return v.Pairs(v.UNKNOWN, v.UNKNOWN, given | promised)


def _fields(frame: Frame, class_id: str) -> dict[str, ex.Expr]:
    """The annotations of the fields of a class that has nothing else, in order; none for any other class."""
    path, _, key = class_id.partition("::")
    class_ = frame.questions.class_(path, key)
    if class_ is None or class_.methods or class_.keywords:
        return {}
    marks = [d.function if isinstance(d, ex.Call) else d for d in class_.decorators]
    kinds = {frame.questions.resolve(path, ex.dotted(mark) or "") for mark in (*marks, *class_.bases)}
    if len(kinds) != 1 or not kinds <= {_DECORATOR, _BASE}:
        return {}
    fields: dict[str, ex.Expr] = {}
    for statement in class_.body:
        if isinstance(statement, st.Assign) and statement.annotation is not None:
            fields[ex.dotted(statement.targets[0]) or ""] = statement.annotation
        elif not (isinstance(statement, st.Evaluate) and isinstance(statement.value, ex.Literal)):
            return {}
    return fields
