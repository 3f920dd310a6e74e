"""What analysing a tree gives. A run in which nothing has changed reads it from the cache, and imports nothing else."""

from msgspec import Struct

from sqlalint.project.migrations.opened import Outline
from sqlalint.report.finding import Reported
from sqlalint.report.scope import MigrationTree


class Crash(Struct, frozen=True, array_like=True):
    """A defect of sqlalint: a rule that raised, or ("") what rules stand on. It costs only the word on that subject."""

    rule: str
    path: str
    error: str
    trace: str


class Understood(Struct, frozen=True, array_like=True):
    """How much of one kind of thing was understood, for the summary: "96 of 97 models"."""

    what: str
    known: int
    total: int


class Analysis(Struct, frozen=True, array_like=True, kw_only=True):
    """All that a tree gives: findings of every rule and tier, before any selection.

    `trees` are the script trees as far as reporting needs them, `histories` their revisions; `unreadable` is why a file
    could not be read, by path.
    """

    findings: tuple[Reported, ...] = ()
    crashes: tuple[Crash, ...] = ()
    understood: tuple[Understood, ...] = ()
    files: int = 0
    unreadable: dict[str, str] = {}
    trees: tuple[MigrationTree, ...] = ()
    histories: tuple[Outline, ...] = ()


def is_text(path: str) -> bool:
    """Whether a file that is not Python tells versions, dialects, or where migrations are."""
    name = path.rpartition("/")[2]
    return name.endswith((".ini", ".toml", ".cfg", ".lock", ".mako")) or (
        name.endswith((".txt", ".in")) and "requirements" in path
    ) or name == "Pipfile"  # fmt: skip
