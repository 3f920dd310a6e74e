"""Metadatas that are migrated: where each is made, and which of its constraints have no name."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span, Spot
from sqlalint.project.models.registry import is_test
from sqlalint.project.models.written import application_tables
from sqlalint.project.schema import Table

if TYPE_CHECKING:
    from sqlalint.project.migrations.revision import ScriptTree
    from sqlalint.project.project import Project

_MADE = re.compile(r"(.+)::(.*)@(\d+):(\d+)")


class UnnamedConstraints(Struct, frozen=True, array_like=True):
    """A migrated metadata without naming convention, and how many of its constraints have no name."""

    at: Spot
    name: str
    count: int


def unnamed_constraints(project: "Project") -> Iterator[UnnamedConstraints]:
    """Every metadata that has revisions, no naming convention, and constraints without a name."""
    if not project.migrations.revisions or is_named_later(project):
        return
    tables = tables_by_metadata(project)
    conventions = project.models.naming_conventions
    migrated = _migrated(project, tables)
    for metadata, own in tables.items():
        count = sum(map(_unnamed, own))
        if metadata in migrated and conventions.get(metadata) == {} and count:
            at, name = _place(project, metadata, own)
            yield UnnamedConstraints(at, name, count)


def is_named_later(project: "Project") -> bool:
    """Whether some module sets the convention of a metadata that is made already."""
    return any(
        entry.kind == "statement" and entry.name.endswith(".naming_convention")
        for facts in project.files.values()
        for entry in facts.index.definitions
    )


def _migrated(project: "Project", tables: dict[str, list[Table]]) -> set[str]:
    """The metadatas that some env.py reaches; where none reaches any, the only one."""
    found = {m for tree in project.migrations.trees for m in metadatas_of(project, tree, tables)}
    return found or (set(tables) if len(tables) == 1 else set())


def metadatas_of(project: "Project", tree: "ScriptTree", tables: dict[str, list[Table]]) -> set[str]:
    """The metadatas that the env.py of a script tree reaches, of those whose tables are given."""
    if tree.env is None or tree.env not in project.files or not tree.revisions:
        return set()
    reached = project.migrations.reached(tree.env)
    return {
        metadata
        for metadata, own in tables.items()
        if metadata.partition("::")[0] in reached or any(t.at.path in reached for t in own)
    }


def tables_by_metadata(project: "Project") -> dict[str, list[Table]]:
    """The application's tables, by their metadata."""
    tables: dict[str, list[Table]] = {}
    for table in application_tables(project.models):
        if not is_test(table.at.path):
            tables.setdefault(table.metadata, []).append(table)
    return tables


def _unnamed(table: Table) -> int:
    """How many unique constraints, foreign keys and checks of a table are given no name."""
    unique = sum(i.kind == "unique" and not i.named for i in table.indexes)
    return unique + sum(not k.named for k in table.foreign_keys) + sum(c.name is None for c in table.checks)


def _call(project: "Project", path: str, key: str, row: int, column: int) -> Span:
    """The call that begins there, whole."""
    statement = project.statement(path, key)
    for part in st.walk_expressions((statement,)) if statement is not None else ():
        if isinstance(part, ex.Call) and (part.span.row, part.span.column) == (row, column):
            return part.span
    return Span(row, column, row, column + 1)


def _place(project: "Project", metadata: str, tables: list[Table]) -> tuple[Spot, str]:
    """Where a metadata is made, and what to call it; that of a library stands at its first table."""
    made = _MADE.fullmatch(metadata.partition("#")[0])
    if made is not None:
        span = _call(project, made[1], made[2], int(made[3]), int(made[4]))
        return Spot(made[1], made[2], span), made[2].partition("@")[0]
    path, _, key = metadata.partition("#")[0].partition("::")
    lowered = project.class_(path, key)
    if lowered is not None:
        return Spot(path, key, lowered.name_span), f"{lowered.name}.metadata"
    first = min(tables, key=lambda t: t.at)
    return first.at, f"{metadata.rpartition('.')[2]}.metadata"
