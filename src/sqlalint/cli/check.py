"""`sqlalint check`: analyse a project, print what is found, and exit."""

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click
from msgspec import Struct
from msgspec.structs import replace

from sqlalint.cli.baseline_file import open_baseline
from sqlalint.cli.opening import Opened, open_project, open_tree, settings_of
from sqlalint.cli.printing import Printing, here
from sqlalint.cli.revisions import Revisions, base_of, revisions_of, start_after
from sqlalint.cli.selection import Selected, select, severities
from sqlalint.cli.terminal import is_terminal, write_quietly
from sqlalint.config.errors import UsageError
from sqlalint.config.select import Selectors, split_selectors
from sqlalint.report.baseline import Known
from sqlalint.report.finding import Confidence, Severity
from sqlalint.report.formats import FOR_PEOPLE, FORMATS, STATISTICS
from sqlalint.report.presentation import Presentation
from sqlalint.report.reporter import Policy, Report, decide
from sqlalint.report.style import printable

if TYPE_CHECKING:
    from sqlalint.analysis import Analysis
    from sqlalint.cli.recording import Recording
    from sqlalint.source.merge_base import Base, Baseless
    from sqlalint.source.snapshot import Snapshot
    from sqlalint.source.working_tree import WorkingTree


class CheckOptions(Struct, frozen=True, kw_only=True):
    """The options of `check` as they were given; None and empty are *not given*."""

    paths: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    confidence: str | None = None
    severity: str | None = None
    fail_on: str | None = None
    history: bool = False
    base: str | None = None
    output_format: tuple[str, ...] = ()
    output_file: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    config: str | None = None
    isolated: bool = False
    cache_dir: str | None = None
    no_cache: bool = False
    jobs: int | None = None
    exit_zero: bool = False
    quiet: bool = False
    verbose: bool = False
    color: str = "auto"
    statistics: bool = False
    show_files: bool = False
    baseline: str | None = None
    strict_baseline: bool = False


_TIERS = click.Choice([c.value for c in Confidence])


@click.command(short_help="Analyse a project and report what hurts.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--select", multiple=True, metavar="RULES", help="Only these rules: codes, prefixes, names, families, ALL."
)
@click.option("--ignore", multiple=True, metavar="RULES", help="Not these rules.")
@click.option("--extend-select", multiple=True, metavar="RULES", help="These rules too.")
@click.option("--confidence", type=_TIERS, help="The least sure findings to show. [default: certain]")
@click.option("--severity", type=click.Choice([s.value for s in Severity]), help="The least grave findings to show.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    help="Exit with 1 from this severity on. [default: info]",
)
@click.option("--history", is_flag=True, help="Judge applied revisions too.")
@click.option("--base", metavar="REF", help="Revisions that this git reference has count as applied.")
@click.option("--output-format", multiple=True, type=click.Choice(list(FORMATS)), help="[default: full]")
@click.option("--output-file", multiple=True, metavar="FILE", help="Write there; the n-th file takes the n-th format.")
@click.option("--exclude", multiple=True, metavar="PATTERNS", help="Leave out these files and folders too.")
@click.option("--force-exclude", is_flag=True, help="Leave out excluded files also when they are named.")
@click.option("--config", metavar="FILE", help="Take the configuration from this file.")
@click.option("--isolated", is_flag=True, help="Take no configuration.")
@click.option(
    "--cache-dir", metavar="DIR", help="Where to keep the cache. [default: .sqlalint_cache at the project root]"
)
@click.option("--no-cache", is_flag=True, help="Neither read nor write a cache.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes to use. [default: all cores when there is enough to do]",
)
@click.option(
    "--baseline", metavar="FILE", help="The baseline. [default: sqlalint-baseline.json beside the configuration]"
)
@click.option("--strict-baseline", is_flag=True, help="Exit with 1 if the baseline has findings that are gone.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 although there are findings.")
@click.option("--statistics", is_flag=True, help="Count findings by rule instead of printing them.")
@click.option("--show-files", is_flag=True, help="List the files that would be analysed.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@click.option("-v", "--verbose", is_flag=True, help="Print more of what was done.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="[default: auto]")
def command(**given: object) -> int:
    """Analyse the project that PATH belongs to and report what is found in PATH.

    The whole project is analysed also when only parts of it are named: paths only filter what is reported.
    """
    import msgspec

    arguments = click.get_current_context().find_root().obj
    return check(msgspec.convert(given, CheckOptions), arguments)


def check(options: CheckOptions, arguments: Sequence[str] | None = None) -> int:
    """Run `check` and return the exit status.

    With `arguments`, those of the process, what is printed may be printed again by `sqlalint.replay`.
    """
    opened = open_project(options.paths, options.config, options.isolated)
    outputs = _outputs(options)
    given = Selectors(
        split_selectors(options.select) or None, split_selectors(options.extend_select), split_selectors(options.ignore)
    )
    selected = select(opened, given)
    tree = open_tree(opened, _split(options.exclude), options.force_exclude)
    if options.show_files:
        return _show_files(tree, opened)
    baseline = open_baseline(options.baseline, opened)
    recording = _recording(options, opened, arguments)
    base = base_of(opened, options.base) if options.base else None
    from sqlalint.cli.progress import Progress
    from sqlalint.run import analyse_with_cache, open_cache
    from sqlalint.source.snapshot import Snapshot

    folder = None if options.no_cache else options.cache_dir or os.path.join(opened.root.path, ".sqlalint_cache")
    with Progress(wanted=not options.quiet) as progress, open_cache(folder) as cache:
        snapshot = Snapshot(tree)
        analysis = analyse_with_cache(
            snapshot, settings_of(opened), cache, by_hand=opened.files, jobs=options.jobs, progress=progress
        )
    if options.verbose and cache.trouble:
        click.echo(f"warning: {cache.trouble}", err=True)
    revisions = open_revisions(options, opened, analysis, base)
    policy = policy_of(options, opened, selected, analysis, revisions, baseline, snapshot)
    report = with_stale(decide(analysis.findings, policy), options, opened, analysis)
    printed = Printing(opened, tree, options.color)
    with recording.listening() if recording else nullcontext():
        _print(printed, options, outputs, report, policy, analysis, revisions)
    status = _status(analysis, report, options, opened)
    if recording and not analysis.crashes and not cache.trouble:
        recording.keep(status, opened, tree, snapshot, cache, git=bool(options.base or analysis.histories))
    return status


def _print(
    printed: Printing,
    options: CheckOptions,
    outputs: Sequence[tuple[str, str | None]],
    report: Report,
    policy: Policy,
    analysis: "Analysis",
    revisions: Revisions,
) -> None:
    if options.statistics:
        printed.statistics(report, outputs)
    else:
        printed.findings(report, outputs)
    if not options.quiet:
        to_stdout = outputs[-1][1] is None and outputs[-1][0] in FOR_PEOPLE
        depends = report.held.applied or any(f.open_only for f in report.shown)
        note = revisions.note if depends else ""
        printed.summary(report, policy, analysis, note, options.verbose, to_stdout)
    printed.crashes(analysis.crashes, options.verbose)


def _recording(options: CheckOptions, opened: Opened, arguments: Sequence[str] | None) -> "Recording | None":
    """The record of what is printed, if it may be printed again: to no terminal, and nothing else is written."""
    from sqlalint.replay import is_plain

    if arguments is None or not is_plain(arguments):
        return None
    if "github" in options.output_format:  # it also writes to the step's summary
        return None
    if is_terminal(sys.stdout) or is_terminal(sys.stderr):
        return None
    from sqlalint.cli.recording import Recording

    return Recording(arguments, opened)


def open_revisions(
    options: CheckOptions, opened: Opened, analysis: "Analysis", base: "Base | Baseless | None"
) -> Revisions:
    """Which revisions are open; git is only asked if a finding depends on it."""
    migrations = {path for history in analysis.histories for path, _, _ in history.revisions}
    matters = any(f.open_only or (f.fix and f.place.path in migrations) for f in analysis.findings)
    if not matters and not start_after(opened):
        return Revisions()
    base = base or base_of(opened, None)
    return revisions_of(opened, analysis.histories, base, by_hand=opened.files, history=options.history)


def policy_of(
    options: CheckOptions,
    opened: Opened,
    selected: Selected,
    analysis: "Analysis",
    revisions: Revisions,
    baseline: tuple[Known, ...],
    snapshot: "Snapshot",
) -> Policy:
    """What the options, the configuration and the baseline say of what is to be shown."""
    from sqlalint.report.scope import report_set

    configured = opened.configuration.options
    return Policy(
        selected=selected,
        severities=severities(opened),
        confidence=Confidence(options.confidence or configured.confidence or "certain"),
        severity=Severity(options.severity or "info"),
        report_set=report_set(opened.files, opened.folders, analysis.trees),
        by_hand=frozenset(opened.files),
        migrations=tuple(folder for tree in analysis.trees for folder in tree.folders),
        revisions=revisions.states,
        history=options.history,
        full=_is_full(options, opened, analysis),
        baseline=baseline,
        exists=lambda path: path in snapshot.paths(),
    )


def with_stale(report: Report, options: CheckOptions, opened: Opened, analysis: "Analysis") -> Report:
    """The report with what the baseline has for nothing, as far as this run can tell."""
    if not report.stale or options.exclude or opened.is_loose or analysis.crashes:
        return replace(report, stale=())
    return replace(report, stale=tuple(known for known in report.stale if known.path not in analysis.unreadable))


def _is_full(options: CheckOptions, opened: Opened, analysis: "Analysis") -> bool:
    """Whether the whole project is judged by all rules that are on."""
    partly = options.select or options.ignore or options.exclude or analysis.crashes
    return not partly and "" in opened.folders


def _status(analysis: "Analysis", report: Report, options: CheckOptions, opened: Opened) -> int:
    """0, 1 or 2 as the findings that are shown say."""
    if analysis.crashes or any(f.code == "SAL003" for f in report.shown):
        return 2
    if options.exit_zero:
        return 0
    if options.strict_baseline and report.stale:
        return 1
    threshold = options.fail_on or opened.configuration.options.fail_on or "info"
    if threshold == "never":
        return 0
    grave = list(Severity)[: list(Severity).index(Severity(threshold)) + 1]
    return int(any(f.severity in grave for f in report.shown))


def _outputs(options: CheckOptions) -> list[tuple[str, str | None]]:
    """Each format with its file; None is standard output. Raises `UsageError`."""
    formats, files = options.output_format or ("full",), options.output_file
    if len(files) > len(formats):
        raise UsageError("--output-file: there are more files than formats; the n-th file takes the n-th format")
    if len(formats) > len(files) + 1:
        raise UsageError("--output-format: only one format goes to standard output; give the others an --output-file")
    unfit = [name for name in formats if options.statistics and name not in STATISTICS]
    if unfit:
        raise UsageError(f"--statistics: not in the format {unfit[0]}; full, concise and json have it")
    return [(name, files[n] if n < len(files) else None) for n, name in enumerate(formats)]


def _show_files(tree: "WorkingTree", opened: Opened) -> int:
    """List the Python files of the report set."""
    from sqlalint.report.scope import report_set

    shown, within = Presentation(opened.root.path, here()), report_set(opened.files, opened.folders, ())
    paths = [path for path in tree.paths() if path.endswith(".py") and within.has(path)]
    write_quietly((f"{printable(shown.path(path))}\n" for path in paths), sys.stdout)
    return 0


def _split(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())
