"""One project under one set of options: its trees analysed, and what is to be reported of them decided."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from sqlalint.cli.baseline_file import open_baseline
from sqlalint.cli.opening import Opened, open_project, open_tree, settings_of
from sqlalint.cli.options import CheckOptions
from sqlalint.cli.revisions import Revisions, base_of, revisions_of, start_after
from sqlalint.cli.selection import select, severities
from sqlalint.config.select import Selectors, split_selectors
from sqlalint.report.finding import Confidence, Severity
from sqlalint.report.reporter import Policy, Report, decide

if TYPE_CHECKING:
    from sqlalint.analysis import Analysis
    from sqlalint.cache import Cache
    from sqlalint.cli.progress import Progress
    from sqlalint.cli.since import Since
    from sqlalint.source.snapshot import Snapshot
    from sqlalint.source.tree import Tree
    from sqlalint.source.working_tree import WorkingTree


class Inspected(Struct, frozen=True):
    """A tree as it was read, what its analysis gave, and what is reported of it."""

    snapshot: "Snapshot"
    analysis: "Analysis"
    revisions: Revisions
    policy: Policy
    report: Report


class Inspection:
    """Analyses trees of one project, and decides what is reported. Raises `UsageError` for options that cannot be.

    `tree` is the working tree, with standard input in its place in it. `baseline` says whether findings that are in the
    baseline are held back.
    """

    def __init__(self, options: CheckOptions, opened: Opened, *, baseline: bool = True) -> None:
        split = split_selectors
        given = Selectors(split(options.select) or None, split(options.extend_select), split(options.ignore))
        self.options, self.opened = options, opened
        self.selected = select(opened, given, options.per_file_ignores)
        self.working_tree = open_tree(opened, options.excluded, options.force_exclude)
        self.tree = self._with_buffer(self.working_tree)
        is_nameless = opened.buffer is not None and opened.is_loose
        self.baseline = open_baseline(options.baseline, opened) if baseline and not is_nameless else ()
        self.base = base_of(opened, options.base) if options.base else None

    @contextmanager
    def cache(self) -> "Iterator[Cache]":
        """The cache that the options name."""
        from sqlalint.run import open_cache

        options, root = self.options, self.opened.root.path
        folder = None if options.no_cache else options.cache_dir or os.path.join(root, ".sqlalint_cache")
        with open_cache(folder) as cache:
            yield cache

    def inspect(self, tree: "Tree", cache: "Cache", progress: "Progress | None" = None) -> Inspected:
        """Analyse a tree of the project, and decide what is reported of it."""
        from sqlalint.source.snapshot import Snapshot

        since = self._since  # before anything takes time: there may be no such reference
        snapshot = Snapshot(tree)
        analysis = self._analyse(snapshot, cache, progress)
        revisions = self._revisions(analysis)
        policy = self._policy(analysis, revisions, snapshot)
        if since is not None:
            earlier = since.earlier(lambda then: self._analyse(then, cache, progress))
            if earlier is not None:
                policy = since.only_new(policy, earlier, self._policy(earlier, Revisions(), snapshot))
                analysis = since.with_crashes(analysis, earlier)
            policy = since.only_touched(policy, snapshot)
        report = self._with_stale(decide(analysis.findings, policy), analysis)
        return Inspected(snapshot, analysis, revisions, policy, report)

    def _analyse(self, snapshot: "Snapshot", cache: "Cache", progress: "Progress | None") -> "Analysis":
        from sqlalint.run import analyse_with_cache

        settings, by_hand = settings_of(self.opened), self.opened.by_hand
        return analyse_with_cache(snapshot, settings, cache, by_hand=by_hand, jobs=self.options.jobs, progress=progress)

    def _with_buffer(self, tree: "WorkingTree") -> "Tree":
        if self.opened.buffer is None:
            return tree
        from sqlalint.cli.standard_input import overlaid

        return overlaid(self.opened, self.opened.buffer, tree, self.options)

    @cached_property
    def _since(self) -> "Since | None":
        """What findings are held against, if they are."""
        if self.options.new_since is None and self.options.diff_base is None:
            return None
        from sqlalint.cli.since import Since

        return Since(self.options, self.opened)

    def _revisions(self, analysis: "Analysis") -> Revisions:
        """Which revisions are open; git is only asked if a finding depends on it."""
        migrations = {path for history in analysis.histories for path, _, _ in history.revisions}
        matters = any(
            f.open_only or (f.fix and any(e.place.path in migrations for e in f.fix.edits)) for f in analysis.findings
        )
        opened, history = self.opened, self.options.history
        if not matters and not start_after(opened):
            return Revisions()
        base = self.base or base_of(opened, None)
        return revisions_of(opened, analysis.histories, base, by_hand=opened.by_hand, history=history)

    def _policy(self, analysis: "Analysis", revisions: Revisions, snapshot: "Snapshot") -> Policy:
        """What the options, the configuration and the baseline say of what is to be shown."""
        from sqlalint.report.scope import report_set

        options, opened = self.options, self.opened
        return Policy(
            selected=self.selected,
            severities=severities(opened),
            confidence=Confidence(options.confidence or opened.configuration.options.confidence or "certain"),
            severity=Severity(options.severity or "info"),
            report_set=report_set(opened.files, opened.folders, analysis.trees),
            by_hand=frozenset(opened.by_hand),
            migrations=tuple(folder for tree in analysis.trees for folder in tree.folders),
            revisions=revisions.states,
            history=options.history,
            full=self._is_full(analysis),
            baseline=self.baseline,
            exists=frozenset(snapshot.paths()).__contains__,
            only_named=opened.hook or opened.buffer is not None,
        )

    def _is_full(self, analysis: "Analysis") -> bool:
        """Whether the whole project is judged by all rules that are on."""
        options = self.options
        partly = options.select or options.ignore or options.exclude or options.diff_base or analysis.crashes
        return not partly and "" in self.opened.folders

    def _with_stale(self, report: Report, analysis: "Analysis") -> Report:
        """The report with what the baseline has for nothing, as far as this run can tell: a buffer says nothing of it."""
        opened = self.opened
        if not report.stale or self.options.exclude or opened.is_loose or opened.buffer or analysis.crashes:
            return replace(report, stale=())
        return replace(report, stale=tuple(known for known in report.stale if known.path not in analysis.unreadable))


def open_inspection(options: CheckOptions, *, baseline: bool = True) -> Inspection:
    """The inspection of the project that the paths belong to. Raises `UsageError`."""
    if options.reads_stdin:
        from sqlalint.cli.standard_input import open_buffer

        opened = open_buffer(options)
    else:
        opened = open_project(options.paths, options.config, options.isolated, hook=options.hook)
    return Inspection(options, opened, baseline=baseline)
