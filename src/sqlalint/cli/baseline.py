"""`sqlalint baseline`: write down what `check` reports now, so that it reports only what comes new."""

import os

import click
import msgspec

from sqlalint.cli.baseline_file import baseline_path
from sqlalint.cli.check import command as check_command
from sqlalint.cli.completion import complete_path
from sqlalint.cli.inspection import Inspection, open_inspection
from sqlalint.cli.options import CheckOptions
from sqlalint.config.errors import UsageError
from sqlalint.report.baseline import Known, prune, record, write_baseline
from sqlalint.report.reporter import Report
from sqlalint.report.summary import count

# options of `check` that only say how it prints and exits
_OF_PRINTING = frozenset(
    """
    baseline strict_baseline output_format output_file exit_zero fail_on statistics show_files show_settings add_ignore
    color verbose hook stdin_filename fix unsafe_fixes fix_only diff
    """.split()
)


def baseline(options: CheckOptions, only_prune: bool) -> int:
    """Run `baseline` and return the exit status."""
    if options.reads_stdin:
        raise UsageError("the baseline is of what is on disk, not of standard input")
    inspection = open_inspection(options, baseline=only_prune)
    path = baseline_path(options.baseline, inspection.opened)
    report, crashes = _reported(inspection)
    if crashes:
        raise UsageError(f"{crashes} crashed, so nothing is written; `sqlalint check -v` tells more")
    entries = prune(inspection.baseline, report.stale) if only_prune else record(report.shown)
    try:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(write_baseline(entries))
    except OSError as problem:
        raise UsageError(f"{options.baseline or path}: {problem.strerror or problem}") from None
    if not options.quiet:
        click.echo(_said(os.path.relpath(path), entries, report, only_prune))
    return 0


def _reported(inspection: Inspection) -> tuple[Report, str]:
    """What `check` would report, and which rule crashed."""
    from sqlalint.cli.progress import Progress

    with Progress(wanted=not inspection.options.quiet) as progress, inspection.cache() as cache:
        inspected = inspection.inspect(inspection.tree, cache, progress)
    crashes = inspected.analysis.crashes
    return inspected.report, crashes[0].rule or "the analysis" if crashes else ""


def _said(path: str, entries: list[Known], report: Report, pruned: bool) -> str:
    there = count(sum(known.count for known in entries), "finding")
    if pruned:
        return f"{path}: {there} left, {sum(known.count for known in report.stale):,} dropped."
    return f"{path}: {there} written; `sqlalint check` reports what is not among them."


def _call(**given: object) -> int:
    only_prune = bool(given.pop("prune"))
    return baseline(msgspec.convert(given, CheckOptions), only_prune)


command = click.Command(
    "baseline",
    callback=_call,
    short_help="Write down what check reports now, so that it reports only what is new.",
    help=(
        "Write what `sqlalint check` would report, with the same paths and options, into the baseline.\n\n"
        "From then on `check` reports only what is not in it."
    ),
    params=[
        *(p for p in check_command.params if p.name not in _OF_PRINTING),
        click.Option(
            ["--baseline"],
            metavar="FILE",
            shell_complete=complete_path,
            help="The file to write. [default: sqlalint-baseline.json beside the configuration]",
        ),
        click.Option(["--prune"], is_flag=True, help="Only drop what is gone; add nothing."),
    ],
)
