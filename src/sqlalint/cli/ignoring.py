"""`check --add-ignore`: write a comment for each finding that would be reported, so that the next run is silent."""

import os
from collections.abc import Sequence

import click
from msgspec import Struct

from sqlalint.cli.inspection import Inspection
from sqlalint.cli.printing import here
from sqlalint.cli.progress import Progress
from sqlalint.cli.terminal import complain
from sqlalint.config.errors import UsageError
from sqlalint.fix.ignores import Commented, add_ignores, is_reason
from sqlalint.fix.write import write_file
from sqlalint.report.finding import Reported
from sqlalint.report.presentation import Presentation
from sqlalint.report.style import printable
from sqlalint.report.summary import count


class _Written(Struct):
    """What came of it, over all files."""

    files: int = 0
    comments: int = 0
    findings: int = 0
    left: list[tuple[Reported, str]] = []


def ignore_all(inspection: Inspection, reason: str) -> int:
    """Write the comments and return the exit status: 0 if nothing is left to report."""
    reason = reason.strip()
    if not is_reason(reason):
        raise UsageError("--add-ignore: the reason is to be one line of text, without a comment of its own")
    quiet = inspection.options.quiet
    with Progress(wanted=not quiet) as progress, inspection.cache() as cache:
        inspected = inspection.inspect(inspection.tree, cache, progress)
    by_path: dict[str, list[Reported]] = {}
    for finding in inspected.report.shown:
        by_path.setdefault(finding.place.path, []).append(finding)
    written = _Written(left=[])
    for path, findings in sorted(by_path.items()):
        _write(inspection, path, inspected.snapshot.read(path), findings, reason, written)
    shown = Presentation(inspection.opened.root.path, here())
    for finding, why in written.left:
        place = f"{printable(shown.path(finding.place.path))}:{finding.place.span.row}:{finding.place.span.column}"
        complain(f"{place}: {finding.code} is not suppressed: {why}")
    if not quiet:
        click.echo(_said(written))
    for crash in inspected.analysis.crashes:
        complain(f"{crash.rule or 'the analysis'} crashed, so there may be more; `sqlalint check -v` tells more")
    if inspected.analysis.crashes or any(f.code == "SAL003" for f, _ in written.left):
        return 2
    return int(bool(written.left))


def _write(
    inspection: Inspection, path: str, content: bytes, findings: Sequence[Reported], reason: str, written: _Written
) -> None:
    """Write the comments of one file, and note what came of it."""
    made = add_ignores(content, findings, reason) if path.endswith(".py") else Commented(content, 0, tuple(findings))
    if made.comments:
        try:
            if inspection.tree.read(path) != content:
                raise OSError(0, "the file has changed since it was read; run again")
            write_file(os.path.join(inspection.opened.root.path, path), made.content)
        except OSError as problem:
            written.left += [(f, f"the file cannot be written: {problem.strerror or problem}") for f in findings]
            return
        written.files += 1
        written.comments += made.comments
        written.findings += len(findings) - len(made.left)
    written.left += [(f, "no comment can stand there; use `per-file-ignores` or the baseline") for f in made.left]


def _said(written: _Written) -> str:
    if not written.findings:
        return "Nothing to suppress." if not written.left else "Nothing was written."
    verb = "is" if written.findings == 1 else "are"
    comments, files = count(written.comments, "comment"), count(written.files, "file")
    return f"{count(written.findings, 'finding')} {verb} suppressed now, by {comments} in {files}."
