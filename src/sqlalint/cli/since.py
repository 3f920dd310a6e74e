"""What is new since a git reference: by holding two trees against each other, or by the lines that differ."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sqlalint.cli.opening import Opened, open_commit
from sqlalint.cli.options import CheckOptions
from sqlalint.config.errors import UsageError
from sqlalint.report.finding import Reported
from sqlalint.report.reporter import Policy, before
from sqlalint.report.scope import ReportSet
from sqlalint.source.changed_lines import ChangedLines, changed_lines, differing_lines
from sqlalint.source.git import Git, GitProblem
from sqlalint.source.merge_base import Base, NoFork, find_fork
from sqlalint.source.snapshot import Snapshot
from sqlalint.source.tree import Tree

if TYPE_CHECKING:
    from sqlalint.analysis import Analysis


class Since:
    """The commits that `--new-since` and `--diff-base` compare with. Raises `UsageError` where there are none."""

    def __init__(self, options: CheckOptions, opened: Opened) -> None:
        self._options, self._opened = options, opened
        self._git = Git(opened.root.path)
        self._new_since = self._fork("--new-since", options.new_since)
        self._diff_base = self._fork("--diff-base", options.diff_base)
        self._earlier: Analysis | None = None
        self._on_disk: tuple[Snapshot, ChangedLines] | None = None

    def _fork(self, option: str, reference: str | None) -> Base | None:
        if reference is None:
            return None
        try:
            return find_fork(self._git, reference)
        except NoFork as problem:
            raise UsageError(f"{option}: {problem}") from None

    def earlier(self, analyse: "Callable[[Snapshot], Analysis]") -> "Analysis | None":
        """What analysing the project gives as it was where HEAD left `--new-since`, done once. Raises `UsageError`."""
        if self._new_since is not None and self._earlier is None:
            self._earlier = analyse(self._snapshot(self._new_since))
        return self._earlier

    def _snapshot(self, fork: Base) -> Snapshot:
        options = self._options
        try:
            with open_commit(self._git, fork.commit, self._opened, options.excluded, options.force_exclude) as tree:
                snapshot = Snapshot(tree)
        except GitProblem as problem:
            raise UsageError(f"--new-since: {problem.message}") from None
        for path in snapshot.problems:
            raise UsageError(
                f"--new-since: git does not have {path} as it was in {fork.commit[:12]}; clone without `--filter`"
            )
        return snapshot

    def only_new(self, policy: Policy, earlier: "Analysis", then: Policy) -> Policy:
        """The policy that shows what was not shown of the earlier state by the same options (`then`).

        It counts as shown wherever it was, and on whichever revision: whether one has run says what can be mended now,
        not what was there.
        """
        anywhere = replace(then, report_set=ReportSet(), history=True, baseline=())
        name = self._new_since.name if self._new_since else ""
        return replace(policy, before=before(earlier.findings, anywhere), new_since=name)

    def with_crashes(self, analysis: "Analysis", earlier: "Analysis") -> "Analysis":
        """The analysis with the crashes of both: what the earlier one lost may look new."""
        known = {(crash.rule, crash.path, crash.error) for crash in analysis.crashes}
        more = [crash for crash in earlier.crashes if (crash.rule, crash.path, crash.error) not in known]
        return replace(analysis, crashes=(*analysis.crashes, *more)) if more else analysis

    def only_touched(self, policy: Policy, snapshot: Snapshot) -> Policy:
        """The policy that shows what is on lines that differ from where HEAD left `--diff-base`. Raises `UsageError`."""
        if self._diff_base is None:
            return policy
        try:
            changed = self._changed_lines(snapshot, self._diff_base)
        except GitProblem as problem:
            raise UsageError(f"--diff-base: {problem.message}") from None
        return replace(policy, touched=lambda finding: touches(changed, finding), diff_base=self._diff_base.name)

    def _changed_lines(self, snapshot: Snapshot, fork: Base) -> ChangedLines:
        """The lines that differ. git is asked of what is on disk, which is the first snapshot, but for a buffer; of what
        is edited since it cannot be asked."""
        buffer = self._opened.buffer
        if self._on_disk is None:
            self._on_disk = snapshot, changed_lines(self._git, fork.commit, snapshot.paths())
        first, changed = self._on_disk
        known = frozenset(first.paths())
        edited = {
            path
            for path in snapshot.paths()
            if (buffer and path == buffer.path) or path not in known or snapshot.digest(path) != first.digest(path)
        }
        with open_commit(self._git, fork.commit, self._opened) as then:
            for path in sorted(edited):
                changed = _with_text(changed, path, then, snapshot)
        return changed


def _with_text(changed: ChangedLines, path: str, then: Tree, now: Tree) -> ChangedLines:
    """The lines that differ with those of a file as they are in a tree, and not as they are on disk."""
    try:
        before, after = then.read(path), now.read(path)
    except OSError:
        return changed.with_whole(path)
    return changed.with_rows(path, differing_lines(_lines(before), _lines(after)))


def _lines(content: bytes) -> list[bytes]:
    return content.replace(b"\r\n", b"\n").split(b"\n")


def touches(changed: ChangedLines, finding: Reported) -> bool:
    """Whether a line of a finding or of a related place, background too, differs."""
    places = (finding.place, *(note.place for note in finding.related))
    return any(changed.touch(place.path, place.span.row, place.span.end_row) for place in places)
