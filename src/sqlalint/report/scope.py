"""What a run reports on: the report set of the paths that were named."""

from collections.abc import Sequence

from msgspec import Struct

from sqlalint.report.finding import Reported
from sqlalint.report.places import below


class MigrationTree(Struct, frozen=True, array_like=True):
    """A script tree as far as reporting needs it: its folders, and the files that its env.py imports (None: unknown)."""

    folders: tuple[str, ...]
    imports: tuple[str, ...] | None


class RevisionState(Struct, frozen=True, array_like=True):
    """Whether a revision is judged as open (not yet run), whether that is known or assumed, and why."""

    is_open: bool
    is_known: bool
    note: str = ""


class ReportSet(Struct, frozen=True):
    """The files and folders that were named, relative to the project root, and the migrations that they bring."""

    files: frozenset[str] = frozenset()
    folders: tuple[str, ...] = ("",)
    brought: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole project."""
        return any(folder in ("", ".") for folder in self.folders)

    def has(self, path: str) -> bool:
        """Whether a file belongs."""
        return self.is_whole or path in self.files or any(below(path, f) for f in (*self.folders, *self.brought))

    def covers(self, finding: Reported) -> bool:
        """Whether a finding belongs: by its place, or by a related place that is part of the cause."""
        return self.has(finding.place.path) or any(n.cause and self.has(n.place.path) for n in finding.related)


def report_set(files: Sequence[str], folders: Sequence[str], trees: Sequence[MigrationTree]) -> ReportSet:
    """The report set of what was named. Only a folder brings migrations with it."""
    brought: list[str] = []
    for tree in trees:
        if any(_belongs(tree, named, trees) for named in folders):
            for folder in tree.folders:
                if not any(below(folder, other) for other in (*folders, *brought)):
                    brought.append(folder)
    return ReportSet(frozenset(files), tuple(folders), tuple(brought))


def _belongs(tree: MigrationTree, folder: str, trees: Sequence[MigrationTree]) -> bool:
    if tree.imports is None:
        return len(trees) == 1
    return any(below(path, folder) for path in tree.imports)
