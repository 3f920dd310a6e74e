"""Which revisions are open, of what git, the configuration and the command line say together."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.cli.opening import Opened
from sqlalint.config.errors import UsageError
from sqlalint.report.scope import RevisionState

if TYPE_CHECKING:
    from sqlalint.project.migrations.opened import ChangedFiles, NoBase, Outline
    from sqlalint.source.merge_base import Base, Baseless


class Revisions(Struct, frozen=True):
    """The state of each revision by its path, and a sentence for the summary where they were assumed."""

    states: dict[str, RevisionState] = {}
    note: str = ""


def base_of(opened: Opened, reference: str | None) -> "Base | Baseless":
    """The commit against which revisions are new. Raises `UsageError` for a `--base` that names no commit."""
    from sqlalint.source.git import Git
    from sqlalint.source.merge_base import UnknownReference, find_base

    try:
        return find_base(Git(opened.root.path), reference, opened.configuration.options.base, hook=opened.hook)
    except UnknownReference as problem:
        because = f": {problem.__cause__}" if problem.__cause__ else ""
        raise UsageError(f"--base: {problem}{because}") from None


def revisions_of(
    opened: Opened,
    histories: "Sequence[Outline]",
    base: "Base | Baseless",
    *,
    by_hand: Collection[str] = (),
    history: bool = False,
) -> Revisions:
    """Which revisions are open. Raises `UsageError` for a `start-after` that no script tree has."""
    from sqlalint.project.migrations.opened import open_revisions

    found = open_revisions(
        histories, _changes(opened, base), start_after=start_after(opened), named=by_hand, history=history
    )
    if found.unknown and any(h.revisions for h in histories):
        unknown = ", ".join(f"`{identity}`" for identity in found.unknown)
        raise UsageError(f"{opened.configuration.path}: key `start-after`: no script tree has the revision {unknown}")
    states = {path: RevisionState(v.is_open, v.is_known, v.why) for path, v in found.by_path.items()}
    return Revisions(states, found.note)


def start_after(opened: Opened) -> tuple[str, ...]:
    """The revisions after which all are open, as configured."""
    given = opened.configuration.options.start_after
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def _changes(opened: Opened, base: "Base | Baseless") -> "ChangedFiles | NoBase":
    from sqlalint.project.migrations.opened import ChangedFiles, NoBase
    from sqlalint.source.git import Git, GitProblem
    from sqlalint.source.merge_base import Baseless, changed_files

    if isinstance(base, Baseless):
        return NoBase(base.reason, base.remedy)
    buffer, root = opened.buffer, opened.root.path
    unsaved = {buffer.path} if buffer and buffer.differs(root) else set()
    try:
        return ChangedFiles(base.name, changed_files(Git(root), base) | unsaved)
    except GitProblem as problem:
        return NoBase(problem.message, "set `start-after`")
