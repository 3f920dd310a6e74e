"""One line a finding: `path:line:col: CODE message`."""

from collections.abc import Iterator, Sequence

from sqlalint.report.finding import Reported
from sqlalint.report.presentation import Presentation
from sqlalint.report.style import heading


def render(findings: Sequence[Reported], presentation: Presentation) -> Iterator[str]:
    """Each finding's heading."""
    for finding in findings:
        yield heading(finding, presentation) + "\n"
