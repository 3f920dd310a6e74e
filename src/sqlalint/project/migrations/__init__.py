"""Script trees and their revisions: found, read from literals, never executed."""

import functools
from typing import TYPE_CHECKING

from sqlalint.project.migrations import graph
from sqlalint.project.migrations.revision import Reference, Revision, ScriptTree, Unidentified
from sqlalint.project.reads import Kept

if TYPE_CHECKING:  # an unchanged run only needs the graph, to tell which revisions are open
    from sqlalint.project.migrations.env_script import EnvScript
    from sqlalint.project.migrations.operations import Body
    from sqlalint.project.project import Project


class Migrations:
    """All script trees of a project; what their revisions do is read when it is asked for."""

    def __init__(self, project: "Project", trees: tuple[ScriptTree, ...]) -> None:
        self._project = project
        self._bodies: dict[tuple[str, str], Body] = {}
        self._kept: Kept[Body] | None = None
        self._reached: dict[str, frozenset[str]] = {}
        self._envs: dict[str, EnvScript | None] = {}
        self.trees = trees

    @functools.cached_property
    def revisions(self) -> tuple[Revision, ...]:
        """The revisions of all trees; a file that two trees load counts once."""
        return tuple({r.path: r for t in self.trees for r in t.revisions}.values())

    @functools.cached_property
    def _at(self) -> dict[str, tuple[ScriptTree, Revision]]:
        """The first tree that loads each file, and the revision."""
        return {r.path: (t, r) for t in reversed(self.trees) for r in t.revisions}

    def revision_at(self, path: str) -> Revision | None:
        """The revision of a file."""
        return self._at.get(path, (None, None))[1]

    def tree_of(self, path: str) -> ScriptTree | None:
        """The (first) tree that loads a file."""
        return self._at.get(path, (None, None))[0]

    def upgrade(self, revision: Revision) -> "Body":
        """What `upgrade()` does."""
        return self.body(revision.path, revision.upgrade)

    def downgrade(self, revision: Revision) -> "Body":
        """What `downgrade()` does."""
        return self.body(revision.path, revision.downgrade)

    def bodies(self, revision: Revision) -> tuple[tuple[str, "Body"], ...]:
        """Both functions by name."""
        return (("upgrade", self.upgrade(revision)), ("downgrade", self.downgrade(revision)))

    def env(self, revision: Revision) -> "EnvScript | None":
        """The env.py that runs a revision."""
        tree = self.tree_of(revision.path)
        return None if tree is None else self.env_of(tree)

    def env_of(self, tree: ScriptTree) -> "EnvScript | None":
        """The env.py of a tree."""
        if tree.env is None:
            return None
        if tree.env not in self._envs:
            from sqlalint.project.migrations.env_script import read_env

            self._envs[tree.env] = read_env(self._project, tree.env)
        return self._envs[tree.env]

    def reached(self, path: str) -> frozenset[str]:
        """A file, and the files of the project that its imports reach, however far."""
        if path not in self._reached:
            from sqlalint.project.migrations.reach import find_reached

            kept = Kept(self._project, "reached", frozenset[str])
            key = self.key(path, "")
            found = kept.find([key]).get(key) or kept.make(key, lambda: find_reached(self._project, path))
            self._reached[path] = found.result
        return self._reached[path]

    def body(self, path: str, key: str | None) -> "Body":
        """What a function does; nothing where there is none."""
        from sqlalint.project.migrations.operations import Body

        if key is None:
            return Body()
        at = (path, key)
        if at not in self._bodies:
            self._bodies[at] = self._made(path, key)
        return self._bodies[at]

    def _made(self, path: str, key: str) -> "Body":
        """The body that was kept, all revisions' being fetched with the first one; else it is walked through."""
        if self._kept is None:
            self._fetch()
            if (path, key) in self._bodies:
                return self._bodies[path, key]
        assert self._kept is not None
        return self._kept.make(self.key(path, key), lambda: self.walked(path, key)).result

    def walked(self, path: str, key: str) -> "Body":
        """What a function does, walked through anew: for results that are kept with all that they were read from."""
        from sqlalint.project.migrations.walk import Walk

        return Walk(self._project).body(path, key)

    def _fetch(self) -> None:
        from sqlalint.project.migrations.operations import Body

        self._kept = Kept(self._project, "body", Body)
        functions = [(r.path, key) for r in self.revisions for key in (r.upgrade, r.downgrade) if key is not None]
        found = self._kept.find([self.key(*at) for at in functions])
        self._bodies = {at: held.result for at in functions if (held := found.get(self.key(*at))) is not None}

    def key(self, path: str, key: str) -> bytes:
        """Under what results of a function of a revision are kept."""
        records = self._project.records
        return records.keys.get(path, path.encode()) + b"\0" + key.encode() if records else b""


def read_migrations(project: "Project") -> Migrations:
    """All script trees of the project."""
    from sqlalint.project.migrations.read import read_trees

    return Migrations(project, read_trees(project))


__all__ = ["Migrations", "Reference", "Revision", "ScriptTree", "Unidentified", "graph", "read_migrations"]
