"""Colours of the terminal, and the line that every finding for people begins with."""

from sqlalint.report.finding import Reported, Severity
from sqlalint.report.presentation import Presentation

STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "info": "1;36",
    "path": "1",
    "dim": "2",
    "gutter": "34",
    "related": "1;34",
    "help": "1;32",
    "added": "32",
    "removed": "31",
}


def paint(text: str, style: str, colour: bool) -> str:
    """The text in a style, if there is colour."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if colour and text else text


def heading(finding: Reported, presentation: Presentation) -> str:
    """`path:line:col: CODE message`, for people, problem matchers and editors alike: always one line.

    Before the message of a finding that `--fix` would mend stands `[*]`.
    """
    span, colour = finding.place.span, presentation.colour
    path = paint(printable(presentation.path(finding.place.path)), "path", colour)
    code = paint(finding.code, severity_style(finding.severity), colour)
    fix = paint("[*]", "help", colour) + " " if finding.fix and (finding.fix.safe or presentation.unsafe_fixes) else ""
    return f"{path}:{span.row}:{span.column}: {code} {fix}{printable(finding.message)}"


def severity_style(severity: Severity) -> str:
    """The style of a severity."""
    return severity.value


def printable(text: str) -> str:
    """The text with control characters, which could move the cursor or break the line, written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == " " else c.encode("unicode_escape").decode() for c in text)
