"""Workflow commands of GitHub Actions: annotations on the lines of a pull request.

GitHub shows ten of each level per step, which is why a table of all findings goes to the step's summary too
(`step_summary`).
"""

from collections.abc import Iterator, Sequence

from sqlalint.report.finding import Reported, Severity
from sqlalint.report.presentation import Presentation
from sqlalint.report.style import printable

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(findings: Sequence[Reported], presentation: Presentation) -> Iterator[str]:
    """`::warning title=...,file=...,line=...::message`, a line a finding."""
    for finding in findings:
        path, span = presentation.path(finding.place.path), finding.place.span
        properties = {"title": f"sqlalint ({finding.code})", "file": path, "line": str(span.row)}
        if span.end_row == span.row:  # GitHub takes columns only of a single line
            properties |= {"col": str(span.column), "endLine": str(span.end_row), "endColumn": str(span.end_column)}
        else:
            properties["endLine"] = str(span.end_row)
        written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
        place = f"{printable(path)}:{span.row}:{span.column}"
        message = f"{place}: {finding.code} {printable(finding.message)}\n  help: {finding.help}"
        yield f"::{_LEVELS[finding.severity]} {written}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
