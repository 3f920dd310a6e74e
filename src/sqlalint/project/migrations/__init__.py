"""Script trees and their revisions: found, read from literals, never executed."""

import functools
from typing import TYPE_CHECKING

from sqlalint.project.migrations import graph
from sqlalint.project.migrations.revision import Reference, Revision, ScriptTree, Unidentified

if TYPE_CHECKING:  # an unchanged run only needs the graph, to tell which revisions are open
    from sqlalint.project.migrations.env_script import EnvScript
    from sqlalint.project.migrations.operations import Body
    from sqlalint.project.project import Project


class Migrations:
    """All script trees of a project; what their revisions do is read when it is asked for."""

    def __init__(self, project: "Project", trees: tuple[ScriptTree, ...]) -> None:
        self._project = project
        self._bodies: dict[tuple[str, str], Body] = {}
        self._envs: dict[str, EnvScript | None] = {}
        self.trees = trees

    @functools.cached_property
    def revisions(self) -> tuple[Revision, ...]:
        """The revisions of all trees; a file that two trees load counts once."""
        return tuple({r.path: r for t in self.trees for r in t.revisions}.values())

    def revision_at(self, path: str) -> Revision | None:
        """The revision of a file."""
        return next((r for r in self.revisions if r.path == path), None)

    def tree_of(self, path: str) -> ScriptTree | None:
        """The (first) tree that loads a file."""
        return next((t for t in self.trees for r in t.revisions if r.path == path), None)

    def upgrade(self, revision: Revision) -> "Body":
        """What `upgrade()` does."""
        return self._body(revision.path, revision.upgrade)

    def downgrade(self, revision: Revision) -> "Body":
        """What `downgrade()` does."""
        return self._body(revision.path, revision.downgrade)

    def bodies(self, revision: Revision) -> tuple[tuple[str, "Body"], ...]:
        """Both functions by name."""
        return (("upgrade", self.upgrade(revision)), ("downgrade", self.downgrade(revision)))

    def env(self, revision: Revision) -> "EnvScript | None":
        """The env.py that runs a revision."""
        tree = self.tree_of(revision.path)
        if tree is None or tree.env is None:
            return None
        if tree.env not in self._envs:
            from sqlalint.project.migrations.env_script import read_env

            self._envs[tree.env] = read_env(self._project, tree.env)
        return self._envs[tree.env]

    def _body(self, path: str, key: str | None) -> "Body":
        from sqlalint.project.migrations.operations import Body

        if key is None:
            return Body()
        at = (path, key)
        if at not in self._bodies:
            from sqlalint.project.migrations.walk import Walk

            self._bodies[at] = Walk(self._project).body(path, key)
        return self._bodies[at]


def read_migrations(project: "Project") -> Migrations:
    """All script trees of the project."""
    from sqlalint.project.migrations.read import read_trees

    return Migrations(project, read_trees(project))


__all__ = ["Migrations", "Reference", "Revision", "ScriptTree", "Unidentified", "graph", "read_migrations"]
