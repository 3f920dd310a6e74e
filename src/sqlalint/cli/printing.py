"""Prints what a run found: findings, summary, crashes."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from sqlalint.cli.opening import Opened
from sqlalint.cli.terminal import complain, has_colour, is_terminal, terminal_width, write, write_quietly
from sqlalint.config.errors import UsageError
from sqlalint.report.formats import listed, renderer
from sqlalint.report.presentation import About, Presentation, Screen
from sqlalint.report.reporter import Policy, Report
from sqlalint.report.style import printable
from sqlalint.report.summary import Fraction, Run, summary
from sqlalint.source.text import Unreadable, decode

if TYPE_CHECKING:
    from sqlalint.analysis import Analysis, Crash
    from sqlalint.source.tree import Tree

ISSUES = "https://github.com/sqlalint/sqlalint/issues"


def here() -> str:
    """The working directory, without links."""
    return os.path.realpath(os.getcwd())


class Printing:
    """Prints for one project. `screen` is how a terminal is written to, where standard output is one."""

    def __init__(
        self,
        opened: Opened,
        tree: "Tree",
        colour: str = "auto",
        screen: Screen | None = None,
        *,
        unsafe_fixes: bool = False,
    ) -> None:
        self.opened = opened
        self._tree = tree
        self._colour = colour
        self._screen = screen or Screen()
        self._unsafe_fixes = unsafe_fixes

    def findings(self, report: Report, outputs: Sequence[tuple[str, str | None]]) -> None:
        """Print the findings in each format to where it goes."""
        for name, file in outputs:
            if file is None:
                shown = self._presentation(has_colour(self._colour, sys.stdout), terminal_width(), sys.stdout)
                write_quietly(renderer(name)(listed(name, report), shown), sys.stdout)
            else:
                written = self._presentation(self._colour == "always", 120)
                _write_file(file, renderer(name)(listed(name, report), written))
            if name == "github":
                self._step_summary(report)

    def statistics(self, report: Report, outputs: Sequence[tuple[str, str | None]]) -> None:
        """Print how many findings each rule has, the most first, to where each format goes."""
        from sqlalint.report.statistics import render

        for name, file in outputs:
            if file is None:
                write_quietly(render(report.shown, name, unsafe=self._unsafe_fixes), sys.stdout)
            else:
                _write_file(file, render(report.shown, name, unsafe=self._unsafe_fixes))

    def _step_summary(self, report: Report) -> None:
        """Add a table to the summary of a step of GitHub Actions, if it has one."""
        file = os.environ.get("GITHUB_STEP_SUMMARY")
        if not file:
            return
        from sqlalint.report.formats.step_summary import render

        try:
            with open(file, "a", encoding="utf-8") as stream:
                write(render(report.shown, self._presentation(False, 120)), stream)
        except OSError as problem:  # the findings are printed all the same
            complain(f"GITHUB_STEP_SUMMARY {file}: {problem.strerror or problem}")

    def summary(
        self,
        report: Report,
        policy: Policy,
        analysis: "Analysis",
        note: str,
        verbose: bool,
        to_stdout: bool,
        *,
        repeated: int = 0,
        fixing: bool = False,
    ) -> None:
        """Print what was shown, held back and understood; `note` says what was assumed of the revisions.

        `repeated` findings were shown by an earlier process of the same hook.
        """
        shown = self._presentation(False, 120)
        run = Run(
            files=analysis.files,
            confidence=policy.confidence,
            paths=tuple(_folder(shown.path(p)) for p in (*self.opened.files, *self.opened.folders)),
            whole=shown.path(""),
            brought=tuple(_folder(shown.path(p)) for p in policy.report_set.brought),
            understood=tuple(Fraction(u.what, u.known, u.total) for u in analysis.understood),
            unreadable=_unreported(report, analysis, shown),
            unlisted=tuple((shown.path(p), why) for p, why in _unlisted(self._tree)),
            notes=(f"{note[0].upper()}{note[1:]}.",) if note else (),
            repeated=repeated,
            untracked=tuple(shown.path(p) for p in getattr(self._tree, "untracked", ())),
            new_since=printable(policy.new_since),
            diff_base=printable(policy.diff_base),
            fixable=self._fixable(report, fixing),
            verbose=verbose,
        )
        write_quietly(summary(report, run), sys.stdout if to_stdout else sys.stderr)

    def _fixable(self, report: Report, fixing: bool) -> str:
        if not any(f.fix for f in report.shown):
            return ""
        from sqlalint.report.fixing import fixable

        return fixable(report.shown, unsafe=self._unsafe_fixes, fixing=fixing)

    def crashes(self, crashes: "Iterable[Crash]", verbose: bool) -> None:
        """Tell of rules that crashed; everything else was reported as usual."""
        for crash in crashes:
            where = f" on {self._presentation(False, 120).path(crash.path)}" if crash.path else ""
            what = f"the rule {crash.rule}" if crash.rule else "the analysis"
            complain(f"{what} crashed{where}: {crash.error}")
            complain(f"this is a bug in sqlalint; please report it at {ISSUES} with the output of `sqlalint -v`")
            if verbose:
                write_quietly([crash.trace], sys.stderr)

    def _presentation(self, colour: bool, width: int, stream: TextIO | None = None) -> Presentation:
        screen = self._screen if stream and is_terminal(stream) else None
        buffer = self.opened.buffer
        return Presentation(
            self.opened.root.path,
            here(),
            read=self._lines,
            about=_about,
            width=width,
            colour=colour,
            screen=screen,
            names={buffer.path: buffer.shown} if buffer and buffer.shown else {},
            unsafe_fixes=self._unsafe_fixes,
        )

    def _lines(self, path: str) -> tuple[str, ...]:
        try:
            content = self._tree.read(path)
        except OSError:
            return ()
        try:
            return tuple(decode(content).lines)
        except Unreadable:
            return tuple(content.decode("utf-8", "replace").replace("\r\n", "\n").split("\n"))


def _about(code: str) -> About | None:
    """A rule's page; importing all rules is left to the formats that print pages."""
    from sqlalint.rules.registry import find_rule

    rule = find_rule(code)
    return About(rule.summary, rule.page, rule.severity, rule.tier) if rule else None


def _folder(path: str) -> str:
    return f"{path}/" if os.path.isdir(path) and path != "." else path


def _unlisted(tree: "Tree") -> Iterator[tuple[str, str]]:
    found: dict[str, str] = getattr(tree, "unlisted", {})
    yield from sorted(found.items())


def _unreported(report: Report, analysis: "Analysis", shown: Presentation) -> tuple[tuple[str, str], ...]:
    """The files that could not be read and that no finding tells of."""
    told = {f.place.path for f in report.shown if f.code == "SAL003"}
    return tuple((shown.path(p), why) for p, why in sorted(analysis.unreadable.items()) if p not in told)


def _write_file(file: str, pieces: Iterable[str]) -> None:
    try:
        with open(file, "w", encoding="utf-8") as stream:
            write(pieces, stream)
    except OSError as problem:
        raise UsageError(f"--output-file {file}: {problem.strerror or problem}") from None
