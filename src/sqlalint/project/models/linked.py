"""Models and tables as linking found them in this run, or in an earlier one that read the same."""

from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.project.mapping import Model
from sqlalint.project.models.registry import Models, Unresolved
from sqlalint.project.reads import Kept
from sqlalint.project.schema import Table

if TYPE_CHECKING:
    from sqlalint.project.project import Project


class Linked(Struct, frozen=True, array_like=True):
    """What linking found: see `Models`."""

    models: tuple[Model, ...]
    tables: tuple[Table, ...]
    unresolved: tuple[Unresolved, ...]
    naming_conventions: dict[str, dict[str, str] | None]
    snapshots: frozenset[str]


def link_models(project: "Project") -> Models:
    """All models and tables of a project, as they were kept or linked anew."""
    if project.records is None or project.has_classes:  # what these have read is not known any more
        return _models(_link(project))
    # The copies are told from what the whole project imports, which changes more often than what is linked.
    also = project.ground.outline() + b"\0".join(p.encode() for p in sorted(copies_beside_revisions(project)))
    kept = Kept(project, "models", Linked, also)
    key = project.ground.files
    found = kept.find([key]).get(key)
    linked, basis = found or kept.make(key, lambda: _link(project))
    return _models(linked, basis)


def _link(project: "Project") -> Linked:
    from sqlalint.project.models.link import link  # most runs after a small change do without it

    return link(project)


def _models(linked: Linked, basis: bytes = b"") -> Models:
    return Models(linked.models, linked.tables, linked.unresolved, linked.naming_conventions, linked.snapshots, basis)


def copies_beside_revisions(project: "Project") -> frozenset[str]:
    """Files in the folder of a script tree that its env.py does not reach: models that data migrations keep a copy of."""
    found: set[str] = set()
    for tree in project.migrations.trees:
        if tree.env is None or not tree.folder:
            continue
        inside = {path for path in project.files if path.startswith(f"{tree.folder}/")}
        found |= inside - project.migrations.reached(tree.env)
    return frozenset(found)
