"""The naming convention under which a script tree is run."""

from typing import TYPE_CHECKING

from sqlalint.facts.expression import Literal, Name
from sqlalint.project.models.metadata import is_named_later, metadatas_of, tables_by_metadata

if TYPE_CHECKING:
    from sqlalint.project.migrations.revision import ScriptTree
    from sqlalint.project.project import Project


def convention_of(project: "Project", tree: "ScriptTree") -> dict[str, str] | None:
    """The convention of the metadata that its env.py migrates; empty where it has none, None where that is not known."""
    if is_named_later(project):
        return None
    if _has_none(project, tree):
        return {}
    tables = tables_by_metadata(project)
    found = metadatas_of(project, tree, tables) or (set(tables) if len(tables) == 1 else set())
    conventions = [project.models.naming_conventions.get(m) for m in sorted(found)]
    if not conventions or any(c != conventions[0] for c in conventions):
        return None
    return conventions[0]


def _has_none(project: "Project", tree: "ScriptTree") -> bool:
    """Whether env.py says `target_metadata=None`, wherever it runs migrations."""
    env = project.migrations.env_of(tree)
    if env is None:
        return False
    given = [c.option("target_metadata") for c in env.configures]
    named = [env.target_metadata if isinstance(g, Name) and g.id == "target_metadata" else g for g in given]
    return bool(named) and all(isinstance(n, Literal) and n.value is None for n in named)
