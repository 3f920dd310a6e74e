"""Names of constraints and indexes that nobody wrote: a naming convention's, or the server's own."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalint.project.history.schema import Constraint, Table

Convention = Mapping[str, str]

_KEYS = {"primary": "pk", "unique": "uq", "foreign": "fk", "check": "ck", "exclude": "ex", "index": "ix"}
_DEFAULT: Convention = {"ix": "ix_%(column_0_label)s"}
_LABELS = {"primary": "pkey", "unique": "key", "foreign": "fkey", "check": "check", "exclude": "excl"}
_LONGEST = 63  # PostgreSQL's NAMEDATALEN - 1


def by_convention(
    convention: Convention,
    kind: str,
    table: str,
    columns: Sequence[str | None],
    *,
    name: str | None = None,
    target: str | None = None,
    target_columns: Sequence[str] = (),
) -> str | None:
    """The name that a convention gives, where `name` is None or part of its pattern; None where it gives none, or where
    the pattern asks for something that is not known."""
    pattern = convention.get(_KEYS[kind]) or _DEFAULT.get(_KEYS[kind])
    if pattern is None or (name is not None and "%(constraint_name)" not in pattern):
        return name
    if None in columns:
        return None
    words = [c for c in columns if c is not None]
    schema, _, plain = table.rpartition(".")
    prefix = f"{schema.replace('.', '_')}_{plain}" if schema else plain
    known = {"table_name": plain}
    if name is not None:
        known["constraint_name"] = name
    if target is not None:
        known["referred_table_name"] = target.rpartition(".")[2]
    labels = [f"{prefix}_{word}" for word in words]
    for key, values in (("name", words), ("key", words), ("label", labels)):
        known |= _numbered("column", key, values)
    known |= _numbered("referred_column", "name", target_columns)
    try:
        return pattern % known
    except (KeyError, ValueError, TypeError):
        return None


def _numbered(stem: str, key: str, values: Sequence[str]) -> dict[str, str]:
    found = {f"{stem}_{number}_{key}": value for number, value in enumerate(values)}
    if values:
        found[f"{stem}_0_N_{key}"] = "_".join(values)
        found[f"{stem}_0N_{key}"] = "".join(values)
    return found


def as_kept(name: str) -> str:
    """A name as PostgreSQL keeps it: SQLAlchemy cuts those that are too long and puts a hash at their end."""
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{name[: _LONGEST - 8]}_{digest[-4:]}"


def server_name(table: "Table", constraint: "Constraint") -> str | None:
    """The name that PostgreSQL makes up for a constraint without one; None where that is not known."""
    label = _LABELS[constraint.kind]
    plain = table.name.rpartition(".")[2]
    if constraint.naming != "server":
        return None
    if constraint.kind == "check":
        return None  # it names a column only where the check reads just one
    middle = "" if constraint.kind == "primary" else "_".join(constraint.columns)
    return _shortened(plain, middle, label)


def may_be_called(table: "Table", constraint: "Constraint", dialect: str | None) -> bool:
    """Whether a constraint has a name that is not known here."""
    if constraint.name is not None:
        return False
    return dialect != "postgresql" or server_name(table, constraint) is None


def _shortened(first: str, second: str, label: str) -> str:
    """As PostgreSQL's `makeObjectName`: the longer part gives way."""
    room = _LONGEST - len(label) - 1 - (1 if second else 0)
    one, two = len(first), len(second)
    while one + two > room:
        if one > two:
            one -= 1
        else:
            two -= 1
    return "_".join(part for part in (first[:one], second[:two], label) if part)
