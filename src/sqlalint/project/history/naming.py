"""The naming convention under which a script tree is run."""

from typing import TYPE_CHECKING

from sqlalint.project.models.metadata import is_named_later, metadatas_of, tables_by_metadata

if TYPE_CHECKING:
    from sqlalint.project.migrations.revision import ScriptTree
    from sqlalint.project.project import Project


def convention_of(project: "Project", tree: "ScriptTree") -> dict[str, str] | None:
    """The convention of the metadata that its env.py migrates; empty where it has none, None where that is not known."""
    if is_named_later(project):
        return None
    tables = tables_by_metadata(project)
    found = metadatas_of(project, tree, tables) or (set(tables) if len(tables) == 1 else set())
    conventions = [project.models.naming_conventions.get(m) for m in sorted(found)]
    if not conventions or any(c != conventions[0] for c in conventions):
        return None
    return conventions[0]
