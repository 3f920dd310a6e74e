"""What a framework gives a function: `Depends(get_user)` as a default or in `Annotated` gives what `get_user` gives."""

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import START, Span
from sqlalint.flow import hints
from sqlalint.flow import values as v
from sqlalint.flow.frame import At, Frame
from sqlalint.project.symbols import Definition, External, Symbol

_DEEPEST = 6  # aliases of aliases, and what is asked for by what is asked for


def session(frame: Frame, parameter: ex.Parameter, promised: v.Session) -> v.Session:
    """The session of a parameter, with what is known of its factory where a dependency makes it."""
    asked = provider(frame, parameter, frame.path)
    if asked is None or not isinstance(asked, Definition) or frame.callees is None:
        return promised
    function = frame.questions.function(asked.path, asked.key)
    value = _called(frame, asked, function, parameter.span, {}) if function is not None else v.UNKNOWN
    if isinstance(value, v.Session) and value.is_async == promised.is_async and not value.core:
        return replace(promised, expiry=value.expiry, made=value.made)
    return promised


def injected(
    frame: Frame, function: st.Function, path: str, at: At | None = None, depth: int = 0
) -> dict[str, v.Value]:
    """What a framework gives the parameters of a function where that says more than their annotations do.

    `at`: where the function that is called itself for a parameter is called, else each parameter's own place.
    """
    found: dict[str, v.Value] = {}
    if not frame.questions.project.libraries.injectors or depth > _DEEPEST:
        return found
    for parameter in function.parameters:
        asked = provider(frame, parameter, path)
        if asked is None or isinstance(frame.annotations.value(parameter.annotation, path), v.Session):
            continue
        value = _provided(frame, asked, at or parameter.span, depth)
        if not isinstance(value, v.Unknown | v.Literal):
            found[parameter.name] = value
    return found


def provider(frame: Frame, parameter: ex.Parameter, path: str) -> Symbol | None:
    """What is called for a parameter; None where a framework calls nothing for it."""
    if (found := _asked_for(frame, parameter.default, parameter.annotation, path)) is not None:
        return found
    annotation = parameter.annotation
    for _ in range(_DEEPEST):  # `CurrentUser = Annotated[...]`
        if not isinstance(annotation, ex.Name | ex.Attribute):
            break
        symbol = _named(frame, annotation, path)
        alias = frame.questions.statement(symbol.path, symbol.key) if isinstance(symbol, Definition) else None
        if not isinstance(symbol, Definition) or not isinstance(alias, st.Assign):
            return None
        annotation, path = alias.value, symbol.path
    if isinstance(annotation, ex.Subscript) and isinstance(annotation.index, ex.Collection) and annotation.index.items:
        of, *said = annotation.index.items
        return next((found for s in said if (found := _asked_for(frame, s, of, path)) is not None), None)
    return None


def _named(frame: Frame, expression: ex.Expr | None, path: str) -> Symbol | None:
    name = ex.dotted(expression) if expression is not None else None
    symbol = frame.questions.resolve(path, name) if name else None
    return None if isinstance(symbol, Definition) and symbol.rest else symbol


def _asked_for(frame: Frame, expression: ex.Expr | None, of: ex.Expr | None, path: str) -> Symbol | None:
    """What `Depends(get_user)` names; `Depends()` stands for the class that the parameter is of."""
    if not isinstance(expression, ex.Call):
        return None
    known = _named(frame, expression.function, path)
    if not isinstance(known, External) or known.name not in frame.questions.project.libraries.injectors:
        return None
    return _named(frame, expression.arguments[0] if expression.arguments else of, path)


def _provided(frame: Frame, asked: Symbol, at: At, depth: int) -> v.Value:
    """What calling a provider gives, which is given what it names itself; of a generator what it yields."""
    questions = frame.questions
    if isinstance(asked, External):
        place = at if isinstance(at, Span) else START
        return v.awaited(hints.of_call(frame, asked.name, None, [], {}, place) or v.UNKNOWN)
    if not isinstance(asked, Definition) or frame.callees is None:
        return v.UNKNOWN
    function = questions.statement(asked.path, asked.key)
    if isinstance(function, st.Class):
        return v.Object(f"{asked.path}::{asked.key}", is_exact=True)
    if not isinstance(function, st.Function):
        return v.UNKNOWN
    return _called(frame, asked, function, at, injected(frame, function, asked.path, at, depth + 1))


def _called(frame: Frame, asked: Definition, function: st.Function, at: At, given: dict[str, v.Value]) -> v.Value:
    assert frame.callees is not None
    value = v.awaited(frame.callees.called(frame, at, v.FunctionRef(asked.path, asked.key), [], given))
    return value.element if function.is_generator and isinstance(value, v.Many) else value
