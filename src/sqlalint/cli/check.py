"""`sqlalint check`: analyse a project, print what is found, and exit."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from sqlalint.cli.completion import complete_folder, complete_path, complete_selectors
from sqlalint.cli.inspection import Inspected, Inspection, open_inspection
from sqlalint.cli.opening import Buffer, Opened
from sqlalint.cli.options import CheckOptions
from sqlalint.cli.printing import Printing, here
from sqlalint.cli.terminal import is_terminal, write_quietly
from sqlalint.report.finding import Confidence, Severity
from sqlalint.report.formats import FOR_PEOPLE, FORMATS
from sqlalint.report.presentation import Presentation, Screen
from sqlalint.report.reporter import Report
from sqlalint.report.style import printable

if TYPE_CHECKING:
    from sqlalint.analysis import Analysis
    from sqlalint.cache import Cache
    from sqlalint.cli.fixing import Fixing
    from sqlalint.cli.recording import Recording
    from sqlalint.source.tree import Tree

Outputs = Sequence[tuple[str, str | None]]
_TIERS = click.Choice([c.value for c in Confidence])


@click.command(short_help="Analyse a project and report what hurts.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", shell_complete=complete_path)
@click.option(
    "--select",
    multiple=True,
    metavar="RULES",
    shell_complete=complete_selectors,
    help="Only these rules: codes, prefixes, names, families, ALL.",
)
@click.option("--ignore", multiple=True, metavar="RULES", shell_complete=complete_selectors, help="Not these rules.")
@click.option(
    "--extend-select", multiple=True, metavar="RULES", shell_complete=complete_selectors, help="These rules too."
)
@click.option("--per-file-ignores", multiple=True, metavar="PATTERN:RULE", help="Not these rules in files that match.")
@click.option("--confidence", type=_TIERS, help="The least sure findings to show. [default: certain]")
@click.option("--severity", type=click.Choice([s.value for s in Severity]), help="The least grave findings to show.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    help="Exit with 1 from this severity on. [default: info]",
)
@click.option("--history", is_flag=True, help="Judge applied revisions too.")
@click.option("--base", metavar="REF", help="Revisions that this git reference has count as applied.")
@click.option("--hook", is_flag=True, help="Named files only filter, as of a hook; leave out what git does not track.")
@click.option("--new-since", metavar="REF", help="Only what was not found where HEAD left this git reference.")
@click.option(
    "--diff-base", metavar="REF", help="Only what touches lines that are changed since HEAD left this reference."
)
@click.option("--stdin-filename", metavar="NAME", help="Check what is on standard input (`-`) as if it were this file.")
@click.option("--output-format", multiple=True, type=click.Choice(list(FORMATS)), help="[default: full]")
@click.option(
    "--output-file",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_path,
    help="Write there; the n-th file takes the n-th format.",
)
@click.option("--fix", is_flag=True, help="Apply the fixes that are safe, and report what remains.")
@click.option("--unsafe-fixes", is_flag=True, help="Count those fixes too that change what the program does.")
@click.option("--fix-only", is_flag=True, help="Apply fixes, and report nothing.")
@click.option("--diff", is_flag=True, help="Write no file; print what would be fixed, and exit with 1 if anything.")
@click.option("--exclude", multiple=True, metavar="PATTERNS", help="Leave out these files and folders too.")
@click.option("--force-exclude", is_flag=True, help="Leave out excluded files also when they are named.")
@click.option("--config", metavar="FILE", shell_complete=complete_path, help="Take the configuration from this file.")
@click.option("--isolated", is_flag=True, help="Take no configuration.")
@click.option(
    "--cache-dir",
    metavar="DIR",
    shell_complete=complete_folder,
    help="Where to keep the cache. [default: .sqlalint_cache at the project root]",
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
    "--baseline",
    metavar="FILE",
    shell_complete=complete_path,
    help="The baseline. [default: sqlalint-baseline.json beside the configuration]",
)
@click.option("--strict-baseline", is_flag=True, help="Exit with 1 if the baseline has findings that are gone.")
@click.option(
    "--add-ignore", metavar="REASON", help="Write a comment for each finding that suppresses it, with this reason."
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 although there are findings.")
@click.option("--statistics", is_flag=True, help="Count findings by rule instead of printing them.")
@click.option("--show-files", is_flag=True, help="List the files that would be analysed.")
@click.option("--show-settings", is_flag=True, help="Print the settings that hold for PATH, and where each is from.")
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
    outputs = options.outputs
    inspection = open_inspection(options)
    opened, tree = inspection.opened, inspection.tree
    if options.show_files:
        return _show_files(tree, opened)
    if options.show_settings:
        from sqlalint.cli.settings import show_settings

        return show_settings(inspection)
    if options.add_ignore is not None:
        from sqlalint.cli.ignoring import ignore_all

        return ignore_all(inspection, options.add_ignore)
    recording = _recording(options, opened, arguments)
    from sqlalint.cli.progress import Progress

    with Progress(wanted=not options.quiet) as progress, inspection.cache() as cache:
        inspected = inspection.inspect(tree, cache, progress)
        fixing = _fixing(inspection, inspected, cache)
    if options.verbose and cache.trouble:
        click.echo(f"warning: {cache.trouble}", err=True)
    screen = Screen(options.named, table=not options.quiet)
    printed = Printing(opened, tree, options.color, screen, unsafe_fixes=options.unsafe_fixes)
    if fixing is not None:
        inspected = fixing.inspected
        if options.diff or options.fix_only:
            return _only_fixing(fixing, printed, options, outputs, opened)
        if opened.buffer is not None:
            _print_buffer(fixing, opened.buffer)
    to_print, repeated = _to_print(inspected.report, options, opened, cache.folder)
    aside = fixing is not None and opened.buffer is not None  # what was standard input has standard output
    with recording.listening() if recording else redirect_stdout(sys.stderr) if aside else nullcontext():
        _print(printed, options, outputs, replace(inspected, report=to_print), repeated, fixing)
    status = _status(inspected.analysis, inspected.report, options, opened)
    if recording and not inspected.analysis.crashes and not cache.trouble:
        asked_git = bool(options.base or inspected.analysis.histories)
        recording.keep(status, opened, inspection.working_tree, inspected.snapshot, cache, git=asked_git)
    return 2 if fixing is not None and fixing.unwritten else status


def _to_print(report: Report, options: CheckOptions, opened: Opened, folder: str) -> tuple[Report, int]:
    """The report without what a batch of the same hook has shown before, and how much that is."""
    if not report.shown or not options.hook:
        return report, 0
    from sqlalint.cli.batches import is_batch, not_yet_shown

    if not is_batch(options):
        return report, 0
    shown = not_yet_shown(report.shown, opened.files, options, folder)
    return replace(report, shown=shown), len(report.shown) - len(shown)


def _print(
    printed: Printing,
    options: CheckOptions,
    outputs: Outputs,
    inspected: Inspected,
    repeated: int,
    fixing: "Fixing | None",
) -> None:
    report, analysis = inspected.report, inspected.analysis
    if options.statistics:
        printed.statistics(report, outputs)
    else:
        printed.findings(report, outputs)
    if not options.quiet:
        to_stdout = _is_for_people(outputs)
        if fixing is not None and fixing.fixed:
            from sqlalint.cli.fixing import print_fixed

            print_fixed(fixing, printed.opened, to_stdout=to_stdout)
        depends = report.held.applied or any(f.open_only for f in report.shown)
        note = inspected.revisions.note if depends else ""
        printed.summary(
            report, inspected.policy, analysis, note, options.verbose, to_stdout, repeated=repeated,
            fixing=fixing is not None,
        )  # fmt: skip
    printed.crashes(analysis.crashes, options.verbose)
    if fixing is not None:
        from sqlalint.cli.fixing import print_troubles

        print_troubles(fixing, printed.opened)


def _is_for_people(outputs: Outputs) -> bool:
    """Whether standard output is for people: then it has everything that is said."""
    return outputs[-1][1] is None and outputs[-1][0] in FOR_PEOPLE


def _fixing(inspection: Inspection, inspected: Inspected, cache: "Cache") -> "Fixing | None":
    """What fixing came to, if it is asked for."""
    if not inspection.options.fixes:
        return None
    from sqlalint.cli.fixing import fix

    return fix(inspection, inspected, cache)


def _only_fixing(fixing: "Fixing", printed: Printing, options: CheckOptions, outputs: Outputs, opened: Opened) -> int:
    """Print what was fixed, or would be, and not what remains; return the exit status."""
    from sqlalint.cli.fixing import print_diff, print_fixed, print_troubles

    status, crashes = 0, fixing.inspected.analysis.crashes
    if options.diff:
        print_diff(fixing, opened, options.color, unsafe_fixes=options.unsafe_fixes, quiet=options.quiet)
        status = int(bool(fixing.after) and not options.exit_zero)
    elif opened.buffer is not None:
        _print_buffer(fixing, opened.buffer)
        if not options.quiet:
            print_fixed(fixing, opened, to_stdout=False)
    else:
        printed.findings(Report(), outputs)
        if not options.quiet:
            print_fixed(fixing, opened, to_stdout=_is_for_people(outputs))
    printed.crashes(crashes, options.verbose)
    print_troubles(fixing, opened)
    return 2 if fixing.unwritten or crashes else status


def _print_buffer(fixing: "Fixing", buffer: Buffer) -> None:
    from sqlalint.cli.fixing import print_buffer

    print_buffer(fixing, buffer)


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


def _show_files(tree: "Tree", opened: Opened) -> int:
    """List the Python files of the report set."""
    from sqlalint.report.scope import report_set

    shown, within = Presentation(opened.root.path, here()), report_set(opened.files, opened.folders, ())
    paths = [path for path in tree.paths() if path.endswith(".py") and within.has(path)]
    write_quietly((f"{printable(shown.path(path))}\n" for path in paths), sys.stdout)
    return 0
