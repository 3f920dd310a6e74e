"""Which revisions are open: not yet run anywhere, so that they can still be mended.

Pure: what git says comes in as `ChangedFiles` or `NoBase` (see `source.merge_base`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct

from sqlalint.project.migrations import graph
from sqlalint.project.migrations.revision import ScriptTree

NEWEST = 10  # so many revisions of a tree are assumed to be open where nothing is known; a tree of so many is all open


class ChangedFiles(Struct, frozen=True, array_like=True):
    """A base was resolved: `name` is how it was found (`origin/main`), `paths` the files that are absent from it or
    have changed since."""

    name: str
    paths: frozenset[str]


class NoBase(Struct, frozen=True, array_like=True):
    """No base was resolved: why, and what helps."""

    reason: str
    remedy: str


class Outline(Struct, frozen=True, array_like=True):
    """A script tree as far as it matters here: `revisions` are (path, id, parents)."""

    folder: str
    revisions: tuple[tuple[str, str, tuple[str, ...]], ...]


class Verdict(Struct, frozen=True, array_like=True):
    """Whether a revision is judged as open, whether that is known or assumed, and why."""

    is_open: bool
    is_known: bool
    why: str


class Verdicts(Struct, frozen=True):
    """The verdict of each revision by its path. `note` is a sentence for the summary where it was assumed, else "";
    `unknown` are those ids of `start-after` that no tree has."""

    by_path: dict[str, Verdict]
    note: str = ""
    unknown: tuple[str, ...] = ()


def outline(tree: ScriptTree) -> Outline:
    """What verdicts need of a tree."""
    return Outline(tree.folder, tuple((r.path, r.id, tuple(p.id for p in r.parents or ())) for r in tree.revisions))


def open_revisions(
    trees: Sequence[Outline],
    changes: ChangedFiles | NoBase,
    *,
    start_after: Collection[str] = (),
    named: Collection[str] = (),
    history: bool = False,
) -> Verdicts:
    """The verdict of every revision.

    What is named on the command line is open; then `start-after` decides over what it can be compared with; then the
    base, or without one the newest revisions. A small tree is open as a whole, unless `start-after` says otherwise. `history` opens what is left, and does
    not make it known.
    """
    verdicts: dict[str, Verdict] = {}
    assumed = False
    for tree in trees:
        for path, verdict in _of_tree(tree, changes, frozenset(start_after)).items():
            assumed = assumed or verdict.why == _ASSUMED
            before = verdicts.get(path)
            if before is None or (verdict.is_open, verdict.is_known) > (before.is_open, before.is_known):
                verdicts[path] = verdict
    for path in verdicts:
        if path in named:
            verdicts[path] = Verdict(True, True, "named on the command line")
        elif history and not verdicts[path].is_open:
            verdicts[path] = Verdict(True, False, "--history")
    ids = {identity for tree in trees for _, identity, _ in tree.revisions}
    note = _note(changes) if assumed and isinstance(changes, NoBase) and not history else ""
    return Verdicts(verdicts, note, tuple(sorted(set(start_after) - ids)))


_ASSUMED = "among the newest of its tree, without a base"


def _note(changes: NoBase) -> str:
    return f"{changes.reason}: the newest {NEWEST} revisions of each tree are taken as open; {changes.remedy}"


def _of_tree(tree: Outline, changes: ChangedFiles | NoBase, start_after: frozenset[str]) -> dict[str, Verdict]:
    lines: dict[str, tuple[str, ...]] = {}
    for _, identity, parents in tree.revisions:
        lines[identity] = (*lines.get(identity, ()), *parents)
    compared = _compared(lines, [i for i in lines if i in start_after])
    newest = set(newest_first(tree)[:NEWEST])
    verdicts: dict[str, Verdict] = {}
    for path, identity, _ in tree.revisions:
        after = compared.get(identity)
        if after is not None:
            verdict = Verdict(after, after, f"{'after' if after else 'not after'} `start-after`")
        elif isinstance(changes, ChangedFiles) and path in changes.paths:
            verdict = Verdict(True, True, f"new or changed since {changes.name}")
        elif len(tree.revisions) <= NEWEST:
            verdict = Verdict(True, False, f"in a tree of at most {NEWEST} revisions")
        elif isinstance(changes, ChangedFiles):
            verdict = Verdict(False, False, f"unchanged since {changes.name}")
        else:
            verdict = Verdict(
                path in newest, False, _ASSUMED if path in newest else "older than the newest, without a base"
            )
        verdicts[path] = verdict
    return verdicts


def _compared(lines: Mapping[str, tuple[str, ...]], starts: Iterable[str]) -> dict[str, bool]:
    """Which ids come after the given ones; ids that neither lead to them nor from them are left out.

    What joins them later, by a merge, comes after as well.
    """
    starts = list(starts)
    before = {i for s in starts for i in graph.ancestors(lines, s)}
    found = dict.fromkeys(before, False)
    for identity in lines:
        if identity not in before:
            above = graph.ancestors(lines, identity)
            if not above.isdisjoint(starts):
                found.update(dict.fromkeys(above - before, True))
    return found


def newest_first(tree: Outline) -> list[str]:
    """The paths of a tree's revisions, those farthest from the bases first; of equals the later by file name."""
    lines = {identity: parents for _, identity, parents in tree.revisions}
    generation: dict[str, int] = {}
    for identity in graph.oldest_first(lines):
        generation[identity] = 1 + max((generation.get(p, 0) for p in lines[identity]), default=0)
    ranked = sorted(tree.revisions, key=lambda r: (generation[r[1]], r[0].rpartition("/")[2]), reverse=True)
    return [path for path, _, _ in ranked]
