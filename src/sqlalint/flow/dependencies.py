"""Sessions that a framework gives to a function, as the function that it asks for them makes them."""

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.flow import values as v
from sqlalint.flow.frame import Frame
from sqlalint.project.symbols import Definition, External

_DEEPEST = 4  # aliases of aliases


def session(frame: Frame, parameter: ex.Parameter, promised: v.Session) -> v.Session:
    """The session of a parameter, with what is known of its factory where a dependency makes it."""
    asked = _asked_for(frame, parameter.default, frame.path) or _annotated(frame, parameter.annotation, frame.path)
    if asked is None or frame.callees is None:
        return promised
    value = v.awaited(frame.callees.called(frame, parameter.span, v.FunctionRef(*asked), [], {}))
    if isinstance(value, v.Many):
        value = value.element
    if isinstance(value, v.Session) and value.is_async == promised.is_async and not value.core:
        return replace(promised, expiry=value.expiry, made=value.made)
    return promised


def _asked_for(frame: Frame, expression: ex.Expr | None, path: str) -> tuple[str, str] | None:
    """`Depends(get_session)`: the function."""
    match expression:
        case ex.Call(function=function, arguments=(ex.Name() | ex.Attribute() as asked, *_)):
            name, dotted = ex.dotted(function), ex.dotted(asked)
            known = frame.questions.resolve(path, name) if name else None
            if dotted is None or not isinstance(known, External) or known.name.rpartition(".")[2] != "Depends":
                return None
            found = frame.questions.resolve(path, dotted)
            if isinstance(found, Definition) and not found.rest and frame.questions.function(found.path, found.key):
                return found.path, found.key
    return None


def _annotated(frame: Frame, annotation: ex.Expr | None, path: str, depth: int = 0) -> tuple[str, str] | None:
    """`Annotated[AsyncSession, Depends(get_session)]`, by itself or by an alias."""
    match annotation:
        case ex.Subscript(index=ex.Collection(items=items)):
            return next((a for i in items[1:] if (a := _asked_for(frame, i, path))), None)
        case ex.Name() | ex.Attribute() if depth < _DEEPEST and (name := ex.dotted(annotation)) is not None:
            found = frame.questions.resolve(path, name)
            alias = frame.questions.statement(found.path, found.key) if isinstance(found, Definition) else None
            if isinstance(found, Definition) and isinstance(alias, st.Assign):
                return _annotated(frame, alias.value, found.path, depth + 1)
    return None
