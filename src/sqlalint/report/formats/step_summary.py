"""A table in Markdown, for the summary of a step of GitHub Actions: written beside `github`, not chosen by itself."""

from collections.abc import Iterator, Sequence

from sqlalint.report.finding import Reported
from sqlalint.report.presentation import Presentation, url
from sqlalint.report.style import printable

MOST = 1_000  # GitHub refuses a summary of more than 1 MiB


def render(findings: Sequence[Reported], presentation: Presentation) -> Iterator[str]:
    """A heading, and a row a finding."""
    if not findings:
        yield "### sqlalint: no findings\n\n"
        return
    yield f"### sqlalint: {len(findings):,} finding{'s' * (len(findings) != 1)}\n\n"
    yield "| Place | Rule | Severity | Finding |\n|---|---|---|---|\n"
    for finding in findings[:MOST]:
        place = f"{presentation.path(finding.place.path)}:{finding.place.span.row}"
        rule = f"[{finding.code}]({url(finding.name)}) {finding.name}"
        yield f"| {_cell(place)} | {rule} | {finding.severity.value} | {_cell(finding.message)} |\n"
    if len(findings) > MOST:
        yield f"\n{len(findings) - MOST:,} more are not shown here.\n"
    yield "\n"


def _cell(text: str) -> str:
    """A text as it is to be read; what stands between backticks stays code."""
    parts = printable(text).split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner
        return _plain("`".join(parts)).replace("`", "\\`")
    return "`".join(part.replace("|", "\\|") if n % 2 else _plain(part) for n, part in enumerate(parts))


def _plain(text: str) -> str:
    for character in "\\*_[]|~":
        text = text.replace(character, "\\" + character)
    return text.replace("&", "&amp;").replace("<", "&lt;")
