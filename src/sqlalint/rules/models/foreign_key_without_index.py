"""A foreign key that no index starts with: deleting a parent, and loading its children, reads the whole table.

## Why is this bad?
A foreign key does not make an index, except in MySQL and MariaDB. Whenever a row of the parent table is deleted, or its
key changes, the database looks for rows that still point to it; without an index that starts with the foreign key it
reads all of the child table each time, and holds its locks meanwhile. The same goes for loading a parent's children and
for joins from the parent. In tests this is never seen: it grows with the table.

## Bad
```python
class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
```

## Good
```python
class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
```

## When not to use it
Where parents are never deleted, and nobody asks for the rows of one parent, the index costs writes for nothing; the
same where the table stays small. Audit columns (`created_by`) and references to small lookup tables are reported as
likely only, unless something in the project shows that rows are looked up by them.

## What it cannot see
Indexes that nobody wrote into the models or the migrations. Being the second column of a key or of an index is no
cover, nor is an index over an expression, a partial one (unless all that it leaves out is NULL), or one of a kind that
cannot find single values (GIN, GiST, BRIN). Of a composite foreign key, an index over one of its columns may be enough or
not: it depends on how many rows share a value, and the finding is likely only.
"""

import re
from collections.abc import Iterator

from sqlalint.project.models.keys import UnindexedKey
from sqlalint.project.models.mends import index_column, index_table, names_indexes
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Fix, Severity
from sqlalint.rules.registry import rule

_AUDIT = re.compile(r"(\w+_)?(created|updated|modified|deleted|changed|edited|archived)_by(_\w+)?")
_LOOKUP = re.compile(r"(\w+_)?(types?|status(es)?|kinds?)")
_TEXT_TYPES = ("String", "Text", "Unicode", "UnicodeText", "VARCHAR", "CHAR", "TEXT", "Enum", "ENUM")
_INDEXES_KEYS_ITSELF = frozenset({"mysql", "mariadb"})


@rule("SAL501", "foreign-key-without-index", severity=Severity.WARNING, fix="unsafe")
def check(key: UnindexedKey, project: Project) -> Iterator[Finding]:
    """One finding for each place where a foreign key is written, however many tables it reaches."""
    dialects = {d.name for d in project.environment.dialects}
    if dialects and dialects <= _INDEXES_KEYS_ITSELF:
        return
    minor = (_is_audit(key) or _is_lookup(key, project)) and not key.use.in_sight
    yield Finding(
        at=key.at,
        message=f"{_subject(key)}: {_effects(key)}",
        help=_help(key, names_indexes(project, key.tables) is not False),
        identity=(key.mixin, key.attribute) if key.mixin else (key.labels[0], *key.key.columns),
        confidence=Confidence.LIKELY if minor or key.leading else Confidence.CERTAIN,
        fix=_fix(project, key),
    )


def _fix(project: Project, key: UnindexedKey) -> Fix | None:
    """None where some index is there already, which is better looked at: a partial one, one over a part of the key."""
    if key.partial or key.leading:
        return None
    columns = key.key.columns
    if len(columns) > 1:
        edits = () if key.mixin or len(key.tables) > 1 else index_table(project, key.tables[0], columns)
    else:
        edits = index_column(project, key.tables, columns[0])
    return Fix("Add an index; it needs a migration", edits, safe=False) if edits else None


def _is_audit(key: UnindexedKey) -> bool:
    """Who made or changed a row: hardly ever what rows are looked up by."""
    return all(_AUDIT.fullmatch(c.lower()) for c in key.key.columns)


def _is_lookup(key: UnindexedKey, project: Project) -> bool:
    """A reference to one of few values: a table of types or states, or one whose key is a word."""
    if key.target is None:
        return False
    bare = key.target.rpartition(".")[2].lower()
    kind = (key.target_type or "").rpartition(".")[2]
    return bool(_LOOKUP.fullmatch(bare)) or kind in _TEXT_TYPES or bare in project.settings.small_tables


def _subject(key: UnindexedKey) -> str:
    columns = ", ".join(key.key.columns)
    several = len(key.key.columns) > 1
    verb = "them" if several else "it"
    if len(key.tables) > 1:
        name = f"{key.mixin}.{key.attribute}" if key.mixin else columns
        return (
            f"`{name}` has no index that starts with {verb} in any of {len(key.tables)} tables ({_listed(key.labels)})"
        )
    name = f"{key.labels[0]}.({columns})" if several else f"{key.labels[0]}.{columns}"
    if key.leading:
        return f"`{name}` has no index that starts with them, only one that starts with `{key.leading}`"
    if key.partial:
        return f"`{name}` has only the partial index `{key.partial}`"
    return f"`{name}` has no index that starts with {verb}"


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{n}`" for n in names[:3])
    return f"{shown}, ..." if len(names) > 3 else shown


def _effects(key: UnindexedKey) -> str:
    use = key.use
    parent = f"{_article(use.parent)} `{use.parent}`" if use.parent else _row(key.target)
    clears = f" (ON DELETE {use.ondelete})" if use.ondelete else ""
    effects = [f"deleting {parent}{clears}"]
    effects += [f"loading {_some(use.loads)}"] if use.loads else []
    filters, joins = (tuple(n for n in names if n not in use.loads) for names in (use.filters, use.joins))
    effects += [f"filtering by {_some(filters)}"] if filters else []
    effects += [f"joining over {_some(joins)}"] if joins and not filters else []
    *first, last = effects
    said = f"{', '.join(first)} and {last}" if first else last
    whole = "all of each" if len(key.tables) > 1 else f"all of `{key.labels[0]}`"
    if key.leading:
        whole = f"all rows of `{key.labels[0]}` with the same `{key.leading}`"
    return f"{said} {'scan' if first else 'scans'} {whole}"


def _article(name: str) -> str:
    return "an" if name[:1] in "AEIO" else "a"


def _row(table: str | None) -> str:
    return f"a row of `{table}`" if table else "a parent"


def _some(names: tuple[str, ...]) -> str:
    return f"`{names[0]}`" if len(names) == 1 else f"`{names[0]}` and `{names[1]}`"


def _help(key: UnindexedKey, named: bool) -> str:
    many = len(key.key.columns) > 1
    names = ", ".join(f'"{c}"' for c in key.key.columns)
    if named:
        how = f"add `Index(None, {names})`" if many else "add `index=True`"
    else:  # a naming convention that has no `ix` leaves such an index without a name: the table cannot be made
        how = f"add an `Index` with a name over {names}"
    return f"{how}; it needs a migration, and on a running PostgreSQL a concurrent one (SAL701)"
