"""The histories of a project: its script trees replayed."""

from typing import TYPE_CHECKING

from sqlalint.project.history.operations import Script
from sqlalint.project.history.replay import Replay
from sqlalint.project.migrations.revision import Revision, ScriptTree
from sqlalint.project.reads import Kept

if TYPE_CHECKING:
    from sqlalint.project.project import Project


_DIALECTS = ("postgresql", "sqlite", "mysql", "mariadb", "oracle", "mssql")


class Histories:
    """The script trees of a project, replayed when that is asked for."""

    def __init__(self, project: "Project") -> None:
        self.project = project
        self._replays: dict[tuple[str, str | None], Replay] = {}
        self._scripts: dict[tuple[str, str, str | None], Script] = {}
        self._kept: dict[str | None, Kept[Script]] = {}

    def replay(self, tree: ScriptTree, dialect: str | None = None) -> Replay:
        """A tree replayed for a dialect, that which it is run on where none is given."""
        dialect = dialect or self.dialect(tree)
        at = (tree.id, dialect)
        if at not in self._replays:
            self._replays[at] = Replay(self, tree, dialect)
        return self._replays[at]

    def of(self, revision: Revision) -> Replay:
        """The replay of the tree that loads a revision."""
        tree = self.project.migrations.tree_of(revision.path)
        assert tree is not None, "a revision belongs to a tree"
        return self.replay(tree)

    def dialect(self, tree: ScriptTree) -> str | None:
        """The dialect that a tree is run on: one that its folder names, else that in play, PostgreSQL before others."""
        dialects = self.project.environment.dialects
        names = [d.name for d in dialects if d.certainty == "known"] or [d.name for d in dialects]
        named = self._named(tree)
        if named is not None:
            return named
        return "postgresql" if "postgresql" in names else names[0] if names else None

    def runs_on(self, tree: ScriptTree, dialect: str) -> bool | None:
        """Whether a tree is run on a dialect: True where that is known, None where it is inferred from a driver."""
        if self.dialect(tree) != dialect and self._named(tree) is not None:
            return False
        if self._named(tree) == dialect or self.project.environment.knows(dialect):
            return True
        return None if self.project.environment.may_use(dialect) else False

    @staticmethod
    def _named(tree: ScriptTree) -> str | None:
        """The one dialect that the folders of a tree name."""
        folders = {part for path in (tree.folder, *tree.versions) for part in path.lower().split("/")}
        named = [n for n in _DIALECTS if n in folders]
        return named[0] if len(named) == 1 else None

    def script(self, revision: Revision, which: str, dialect: str | None) -> Script:
        """What `upgrade` or `downgrade` of a revision does; nothing where there is none."""
        key = revision.upgrade if which == "upgrade" else revision.downgrade
        if key is None:
            return Script()
        at = (revision.path, key, dialect)
        if at not in self._scripts:
            self._scripts[at] = self._made(revision, key, dialect)
        return self._scripts[at]

    def _made(self, revision: Revision, key: str, dialect: str | None) -> Script:
        """The script that was kept, all of a dialect being fetched with the first; else it is lowered."""
        migrations = self.project.migrations
        if dialect not in self._kept:
            self._kept[dialect] = Kept(self.project, "script", Script, (dialect or "").encode())
            functions = [(r.path, k) for r in migrations.revisions for k in (r.upgrade, r.downgrade) if k is not None]
            found = self._kept[dialect].find([migrations.key(*f) for f in functions])
            for path, name in functions:
                held = found.get(migrations.key(path, name))
                if held is not None:
                    self._scripts[path, name, dialect] = held.result
            if (revision.path, key, dialect) in self._scripts:
                return self._scripts[revision.path, key, dialect]

        def work() -> Script:
            from sqlalint.project.history.lowering import lower

            return lower(self.project, migrations.walked(revision.path, key), dialect)

        return self._kept[dialect].make(migrations.key(revision.path, key), work).result
