"""`sqlalint baseline`: write down what `check` reports now, so that it reports only what comes new."""

import os

import click
import msgspec

from sqlalint.cli.baseline_file import baseline_path, open_baseline
from sqlalint.cli.check import CheckOptions, open_revisions, policy_of, with_stale
from sqlalint.cli.check import command as check_command
from sqlalint.cli.opening import Opened, open_project, open_tree, settings_of
from sqlalint.cli.revisions import base_of
from sqlalint.cli.selection import select
from sqlalint.config.errors import UsageError
from sqlalint.config.select import Selectors, split_selectors
from sqlalint.report.baseline import Known, prune, record, write_baseline
from sqlalint.report.reporter import Report, decide
from sqlalint.report.summary import count

# options of `check` that only say how it prints and exits
_OF_PRINTING = frozenset(
    "baseline strict_baseline output_format output_file exit_zero fail_on statistics show_files color verbose".split()
)


def baseline(options: CheckOptions, only_prune: bool) -> int:
    """Run `baseline` and return the exit status."""
    opened = open_project(options.paths, options.config, options.isolated)
    path = baseline_path(options.baseline, opened)
    known = open_baseline(options.baseline, opened) if only_prune else ()
    report, crashes = _reported(options, opened, known)
    if crashes:
        raise UsageError(f"{crashes} crashed, so nothing is written; `sqlalint check -v` tells more")
    entries = prune(known, report.stale) if only_prune else record(report.shown)
    try:
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(write_baseline(entries))
    except OSError as problem:
        raise UsageError(f"{options.baseline or path}: {problem.strerror or problem}") from None
    if not options.quiet:
        click.echo(_said(os.path.relpath(path), entries, report, only_prune))
    return 0


def _reported(options: CheckOptions, opened: Opened, known: tuple[Known, ...]) -> tuple[Report, str]:
    """What `check` would report, and which rule crashed."""
    from sqlalint.cli.progress import Progress
    from sqlalint.run import analyse_with_cache, open_cache
    from sqlalint.source.snapshot import Snapshot

    split = split_selectors
    given = Selectors(split(options.select) or None, split(options.extend_select), split(options.ignore))
    selected = select(opened, given)
    excludes = [word.strip() for value in options.exclude for word in value.split(",") if word.strip()]
    snapshot = Snapshot(open_tree(opened, excludes, options.force_exclude))
    base = base_of(opened, options.base) if options.base else None
    folder = None if options.no_cache else options.cache_dir or os.path.join(opened.root.path, ".sqlalint_cache")
    with Progress(wanted=not options.quiet) as progress, open_cache(folder) as cache:
        analysis = analyse_with_cache(
            snapshot, settings_of(opened), cache, by_hand=opened.files, jobs=options.jobs, progress=progress
        )
    revisions = open_revisions(options, opened, analysis, base)
    policy = policy_of(options, opened, selected, analysis, revisions, known, snapshot)
    report = with_stale(decide(analysis.findings, policy), options, opened, analysis)
    return report, analysis.crashes[0].rule or "the analysis" if analysis.crashes else ""


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
            help="The file to write. [default: sqlalint-baseline.json beside the configuration]",
        ),
        click.Option(["--prune"], is_flag=True, help="Only drop what is gone; add nothing."),
    ],
)
