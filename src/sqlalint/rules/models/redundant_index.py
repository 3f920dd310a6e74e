"""An index that another index or key already is, or begins with: every write keeps both up to date.

## Why is this bad?
A primary key and a unique constraint are indexes already, and an index over `(a, b)` finds rows by `a` as well as one
over `a` alone. The second index is never needed, but every INSERT, and most UPDATEs, write it too; it takes room on disk
and in memory, and time to vacuum and to back up.

## Bad
```python
class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True, index=True)
    name: Mapped[str]
```

## Good
```python
class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
```

## When not to use it
A narrow index beside a wide one that begins with it may pay where it is read all the time and the wide one is many
times larger. That is for measuring.

## What it cannot see
Indexes that only migrations make. Two constraints over the same columns (`primary_key=True, unique=True`): PostgreSQL and
SQLite make one index of them. Indexes that differ in a condition, a method, an operator class, an order or in
included columns are not compared, and of a unique index no prefix is called redundant, for it says more.
"""

from collections.abc import Iterator

from sqlalint.facts.span import Spot
from sqlalint.project.models.mends import remove_index
from sqlalint.project.models.registry import Models
from sqlalint.project.models.written import application_tables
from sqlalint.project.project import Project
from sqlalint.project.schema import Index, Table
from sqlalint.report.finding import Finding, Fix, Related, Severity
from sqlalint.rules.registry import rule

Pair = tuple[Table, Index, Index]


@rule("SAL502", "redundant-index", severity=Severity.INFO, fix="unsafe")
def check(models: Models, project: Project) -> Iterator[Finding]:
    """One finding for each place where an index is written that is redundant in every table that it reaches."""
    found: dict[Spot, list[Pair]] = {}
    needed: set[Spot] = set()
    for table in application_tables(models):
        whole = table.complete and all(m.complete for m in models.of_table(table.id))
        pairs = _redundant(table) if whole else {}
        for number, index in enumerate(table.indexes):
            if number in pairs:
                found.setdefault(index.at, []).append((table, index, pairs[number]))
            elif index.kind != "primary":
                needed.add(index.at)
    for at, reached in found.items():
        # a column with `index=True, unique=True` in one place has one index: another of its table is not its own
        if at not in needed:
            yield _finding(project, at, reached)


def _redundant(table: Table) -> dict[int, Index]:
    """The redundant indexes by number, each with what makes it so. Of two equals the later one is redundant."""
    found: dict[int, Index] = {}
    indexes = table.indexes
    for number, index in enumerate(indexes):
        if index.kind == "primary" or not _is_comparable(index):
            continue
        for other_number, other in enumerate(indexes):
            if other_number == number or other_number in found or not _is_comparable(other):
                continue
            if _repeats(index, other, number > other_number):
                found[number] = other
                break
    return found


def _is_comparable(index: Index) -> bool:
    plain = index.partial is None and index.method == "" and index.plain
    return plain and bool(index.columns) and None not in index.columns


def _repeats(index: Index, other: Index, later: bool) -> bool:
    """Whether one does nothing that the other does not. Of two by one name the database has only one."""
    if index.name is not None and index.name == other.name:
        return False
    if index.kind == "unique" and other.kind != "index":
        return False  # of two constraints in one CREATE TABLE PostgreSQL and SQLite make one index
    if index.columns == other.columns:
        if index.unique == other.unique:
            return later or other.kind == "primary"
        return other.unique
    return not index.unique and other.columns[: len(index.columns)] == index.columns


def _finding(project: Project, at: Spot, reached: list[Pair]) -> Finding:
    table, index, other = reached[0]
    thing = "constraint" if index.kind == "unique" else "index"
    edits = remove_index(project, table, index)
    several = len({t.id for t, *_ in reached}) > 1
    what = _other(table, index, other)
    where = f"`{table.name}`"
    if several:
        where += f" and {len(reached) - 1} more tables" if len(reached) > 2 else " and one more table"
    return Finding(
        at=at,
        message=f"{_name(table, index)} repeats {what} of {where}: every write maintains both",
        help=f"leave the {thing} out; it needs a migration",
        identity=(table.name, index.kind, *(c or "" for c in index.columns)),
        related=() if other.at == at else (Related("already here", other.at),),
        fix=Fix(f"Leave the {thing} out; it needs a migration", edits, safe=False) if edits else None,
    )


def _name(table: Table, index: Index) -> str:
    if index.name:
        return f"`{index.name}`"
    kind = "the unique constraint" if index.kind == "unique" else "the index"
    return f"{kind} on `{', '.join(c or '' for c in index.columns)}`"


def _other(table: Table, index: Index, other: Index) -> str:
    """What is repeated: the primary key, a constraint, the first columns of something."""
    kinds = {"primary": "primary key", "unique": "unique constraint", "index": "index"}
    columns = ", ".join(c or "" for c in other.columns)
    shown = f"`{other.name}`" if other.name else f"the {kinds[other.kind]}"
    shown += f" on `{columns}`" if not other.name and other.kind != "primary" else ""
    if index.columns != other.columns:
        return f"the first {_counted(len(index.columns))} of {shown}"
    return shown


def _counted(number: int) -> str:
    return "column" if number == 1 else f"{number} columns"
