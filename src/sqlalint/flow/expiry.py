"""Whether `commit()` expires what a session holds: as its factory says, where that is in sight."""

from collections.abc import Mapping

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.flow import values as v
from sqlalint.flow.values import EXPIRES, KEEPS

_SETTING = "expire_on_commit"


def made(
    function: v.Value, call: ex.Call, arguments: list[v.Value], keywords: Mapping[str, v.Value], value: v.Value
) -> v.Value:
    """A session, or a factory of sessions, that a call has made, with what the call says of commits."""
    if not isinstance(value, v.Session | v.Factory):
        return value
    session = value.session if isinstance(value, v.Factory) else value
    if session.core or not isinstance(function, v.ExternalRef | v.Factory):
        return value
    session = replace(session, expiry=_expiry(function, call, arguments, keywords, session))
    return v.Factory(session) if isinstance(value, v.Factory) else session


def _expiry(
    function: v.Value,
    call: ex.Call,
    arguments: list[v.Value],
    keywords: Mapping[str, v.Value],
    session: v.Session,
) -> str:
    given = keywords.get(_SETTING)
    if given is not None:
        literal = given.value if isinstance(given, v.Literal) else None
        return EXPIRES if literal is True else KEEPS if literal is False else ""
    if call.has_open_keywords or call.has_open_arguments:
        return ""
    if isinstance(function, v.Factory):
        return session.expiry
    first = arguments[0] if arguments else v.UNKNOWN
    if isinstance(function, v.ExternalRef) and "scoped" in function.name.rpartition(".")[2]:
        return first.session.expiry if isinstance(first, v.Factory) else ""
    return EXPIRES if session.sure and isinstance(function, v.ExternalRef) and not _is_own_class(keywords) else ""


def _is_own_class(keywords: Mapping[str, v.Value]) -> bool:
    """Whether sessions are of a class of the project, which may have a setting of its own."""
    return "class_" in keywords and not isinstance(keywords["class_"], v.ExternalRef)
