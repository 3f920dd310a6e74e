"""GitLab's report of code quality: a list of objects, each with a fingerprint that is unique."""

from collections.abc import Iterator, Sequence

from sqlalint.report.finding import Reported, Severity
from sqlalint.report.presentation import Presentation

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(findings: Sequence[Reported], presentation: Presentation) -> Iterator[str]:
    """The list, an item a line."""
    import json

    if not findings:
        yield "[]\n"
        return
    seen: dict[str, int] = {}
    for number, finding in enumerate(findings):
        nth = seen[finding.fingerprint] = seen.get(finding.fingerprint, 0) + 1
        fingerprint = finding.fingerprint if nth == 1 else f"{finding.fingerprint}-{nth}"
        yield ("[\n  " if number == 0 else ",\n  ") + json.dumps(_item(finding, fingerprint, presentation))
    yield "\n]\n"


def _item(finding: Reported, fingerprint: str, presentation: Presentation) -> dict[str, object]:
    """One finding. The code begins the description, as GitLab does not show `check_name`."""
    span = finding.place.span
    return {
        "description": f"{finding.code} {finding.message}",
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": presentation.path(finding.place.path),
            "positions": {
                "begin": {"line": span.row, "column": span.column},
                "end": {"line": span.end_row, "column": span.end_column},
            },
        },
    }
