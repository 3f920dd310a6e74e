"""What kind of value a key takes, in words, and where in a value something of another kind stands.

Only needed where something is wrong, and for the pages that are generated.
"""

import enum
import json
import re
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from sqlalint.config.errors import nearest

_BARE = re.compile(r"[\w-]+", re.ASCII)
_NAMES = {str: "string", bool: "boolean", int: "number", float: "number"}


class Wrong(Struct, frozen=True):
    """Something of the wrong kind: the key where it stands, as it is written in TOML, and what is wrong with it."""

    key: str
    reason: str


def find_wrong(key: str, value: object, kind: Any) -> Wrong | None:
    """The first thing in the value of a key that is not of the kind that belongs there."""
    for inner, item, expected in _inside(key, value, kind):
        if wrong := find_wrong(inner, item, expected):
            return wrong
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return Wrong(key, _reason(value, kind))
    return None


def _inside(key: str, value: object, kind: Any) -> Iterator[tuple[str, object, Any]]:
    """The entries of a list or table, each with its key and kind, where the value is one and may be one."""
    for choice in choices(kind):
        origin, arguments = get_origin(choice), get_args(choice)
        if origin is list and isinstance(value, list):
            yield from ((f"{key}[{n}]", item, arguments[0]) for n, item in enumerate(value))
        elif origin is dict and isinstance(value, dict):
            yield from ((f"{key}.{quoted(name)}", item, arguments[1]) for name, item in value.items())
        elif is_table(choice) and isinstance(value, dict):
            fields = {field.encode_name: field.type for field in msgspec.structs.fields(choice)}
            yield from ((f"{key}.{name}", value[name], fields[name]) for name in fields.keys() & value.keys())


def _reason(value: object, kind: Any) -> str:
    words = allowed(kind)
    if words and isinstance(value, str):
        return f"`{value}` is none of {', '.join(words)}{nearest(value, words)}"
    return f"{_short(value)} is {_named(value)}, not {described(kind)}{_remedy(value, kind)}"


def _remedy(value: object, kind: Any) -> str:
    kinds = [get_origin(choice) or choice for choice in choices(kind)]
    if isinstance(value, str) and list in kinds:
        return f"; write [{_short(value)}]"
    if isinstance(value, int | float) and not isinstance(value, bool) and str in kinds:
        return f'; write "{value}"'
    return ""


def choices(kind: Any) -> tuple[Any, ...]:
    """The kinds that an annotation allows, without None."""
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(inner for choice in get_args(kind) for inner in choices(choice))
    return () if kind is type(None) else (kind,)


def allowed(kind: Any) -> list[str]:
    """The words that a kind consists of; none where it is not made of words."""
    found: list[str] = []
    for choice in choices(kind):
        if get_origin(choice) is Literal:
            found += get_args(choice)
        elif isinstance(choice, type) and issubclass(choice, enum.StrEnum):
            found += [word.value for word in choice]
    return found


def is_table(kind: Any) -> bool:
    """Whether a kind is a table with fixed keys."""
    return isinstance(kind, type) and issubclass(kind, Struct)


def described(kind: Any, several: bool = False) -> str:
    """A kind in words, not None: `a list of strings`, of several `lists of strings`."""
    if words := allowed(kind):
        listed = ", ".join(words)
        return f"strings, each one of {listed}" if several else f"one of {listed}"
    *others, last = dict.fromkeys(_described(choice, several) for choice in choices(kind))
    return f"{', '.join(others)} or {last}" if others else last


def _described(kind: Any, several: bool) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is list:
        name, of = "list", f" of {described(arguments[0], several=True)}"
    elif origin is dict:
        name, of = "table", f" of {described(arguments[1], several=True)}"
    else:
        name, of = _NAMES.get(kind, "table"), ""
    return f"{name}s{of}" if several else f"a {name}{of}"


def quoted(name: str) -> str:
    """A key as TOML writes it."""
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _named(value: object) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    return f"a {_NAMES[type(value)]}" if type(value) in _NAMES else "a date or time"


def _short(value: object) -> str:
    if isinstance(value, dict):
        return "this"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:36]} ..."
