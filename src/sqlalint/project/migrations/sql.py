"""SQL text as far as one needs to know what kind of statement it is, and which table it is about."""

import re
from collections.abc import Iterator

_PIECE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(\$\w*\$).*?\1|;|[^;'\"$/\-]+|.", re.DOTALL)
_SCHEMA = frozenset({"CREATE", "ALTER", "DROP", "RENAME", "COMMENT", "REINDEX"})
_DATA = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "COPY", "TRUNCATE", "LOAD"})
_TRANSACTION = frozenset({"COMMIT", "ROLLBACK", "BEGIN", "START", "END", "SAVEPOINT", "RELEASE", "ABORT"})
_NONE = frozenset(
    {
        "SELECT",
        "SHOW",
        "SET",
        "RESET",
        "PRAGMA",
        "EXPLAIN",
        "LOCK",
        "ANALYZE",
        "ANALYSE",
        "VACUUM",
        "VALUES",
        "USE",
        "WITH",
    }
)
_NAME = r'((?:"[^"]+"|`[^`]+`|[\w$]+)(?:\s*\.\s*(?:"[^"]+"|`[^`]+`|[\w$]+))?)'
_OBJECT = re.compile(
    r"^(CREATE|DROP|ALTER)\s+(?:OR\s+REPLACE\s+)?(?:GLOBAL\s+|LOCAL\s+|TEMP(?:ORARY)?\s+|UNLOGGED\s+|UNIQUE\s+)*"
    r"(MATERIALIZED\s+VIEW|FOREIGN\s+TABLE|EVENT\s+TRIGGER|\w+)\s+(?:CONCURRENTLY\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?"
    + _NAME,
    re.IGNORECASE,
)
_ON = re.compile(r"\bON\s+(?:ONLY\s+)?" + _NAME, re.IGNORECASE)
_TABLES = re.compile(
    r"\b(?:FROM|JOIN|UPDATE|INTO|TABLE)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?" + _NAME, re.IGNORECASE
)

_ADD_VALUE = re.compile(
    r"^ALTER\s+TYPE\s+" + _NAME + r"\s+ADD\s+VALUE\s+(?:IF\s+NOT\s+EXISTS\s+)?'((?:[^']|'')*)'", re.IGNORECASE
)


def statements(sql: str) -> list[str]:
    """The statements of a text, without comments; quotes and dollar quotes are respected."""
    found: list[str] = []
    here = ""
    for piece in _PIECE.finditer(sql):
        text = piece.group()
        if text == ";":
            found.append(here)
            here = ""
        elif not text.startswith(("--", "/*")) or text == "-":
            here += text
    return [s.strip() for s in (*found, here) if s.strip()]


def kind(statement: str) -> str:
    """`schema`, `data`, `transaction`, `none` (it changes nothing) or `unknown`, of one statement."""
    words = statement.lstrip("( \n\t").split(None, 1)
    first = words[0].upper() if words else ""
    if first == "WITH":
        return "data" if re.search(r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM)\b", statement, re.IGNORECASE) else "none"
    for name, group in (("schema", _SCHEMA), ("data", _DATA), ("transaction", _TRANSACTION), ("none", _NONE)):
        if first in group:
            return name
    return "unknown"


def schema_object(statement: str) -> tuple[str, str, str, str | None] | None:
    """Verb, kind of object, its name and, for an index, its table, of a CREATE, DROP or ALTER."""
    found = _OBJECT.match(statement)
    if not found:
        return None
    verb, what, name = found.group(1).lower(), " ".join(found.group(2).lower().split()), plain(found.group(3))
    on = _ON.search(statement) if what in ("index", "trigger") else None
    return verb, what, name, plain(on.group(1)) if on else None


def enum_value(statement: str) -> tuple[str, str] | None:
    """Type and value of an `ALTER TYPE ... ADD VALUE`."""
    found = _ADD_VALUE.match(statement)
    return (plain(found.group(1)), found.group(2).replace("''", "'")) if found else None


def only_validates(statement: str) -> bool:
    """Whether a statement checks a constraint that is there already: there is nothing to undo."""
    return bool(re.match(r"ALTER\s+TABLE\s.*\bVALIDATE\s+CONSTRAINT\b[^,]*$", statement, re.IGNORECASE | re.DOTALL))


def tables(statement: str) -> Iterator[str]:
    """The tables that a statement names after FROM, JOIN, UPDATE, INTO or TABLE."""
    for found in _TABLES.finditer(statement):
        yield plain(found.group(1))


def plain(name: str) -> str:
    """A name without its quotes."""
    return ".".join(part.strip().strip('"`') for part in name.split("."))
