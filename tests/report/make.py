"""Findings for tests of what is shown, and how."""

from sqlalint.facts.span import Place, Span
from sqlalint.report.finding import Confidence, Note, Reported, Severity, Suppressed


def place(path: str, row: int = 1, column: int = 1, end_row: int = 0, end_column: int = 0) -> Place:
    """A place; without an end, of one character."""
    return Place(path, Span(row, column, end_row or row, end_column or column + 1))


def finding(
    code: str = "SAL101",
    at: Place | str = "app/views.py",
    *,
    confidence: str = "certain",
    severity: str = "warning",
    related: tuple[Note, ...] = (),
    revision: str = "",
    default: bool = True,
    message: str = "One query per user: User.posts is loaded at each iteration",
    help: str = "Load them together.",
    name: str = "lazy-load-in-loop",
    identity: tuple[str, ...] = ("names",),
    suppressed: bool = False,
) -> Reported:
    """A finding; `revision` makes it one of a rule that speaks on open revisions only."""
    return Reported(
        code=code,
        name=name,
        family="loading",
        severity=Severity(severity),
        confidence=Confidence(confidence),
        default=default,
        message=message,
        help=help,
        place=place(at) if isinstance(at, str) else at,
        related=related,
        identity=identity,
        fingerprint="f" * 32,
        revision=revision,
        open_only=bool(revision),
        suppressed=Suppressed("comment") if suppressed else None,
    )
