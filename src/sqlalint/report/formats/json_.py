"""A list of objects, one a finding: the stable interface for programs. The types here are also its JSON schema."""

from collections.abc import Iterator, Sequence
from typing import Literal, TypedDict

from sqlalint.facts.span import Place, Span
from sqlalint.report.finding import Confidence, Note, PlacedFix, Reported, Severity
from sqlalint.report.presentation import Presentation, url


class Location(TypedDict):
    """A position: both count from 1, columns in code points."""

    row: int
    column: int


class Range(TypedDict):
    """A range of a file; its end is exclusive. `filename` is relative to the working directory."""

    filename: str
    location: Location
    end_location: Location


class RelatedPlace(Range):
    """A place that belongs to a finding; `cause` where it is part of the cause, not only background."""

    message: str
    cause: bool


class JsonEdit(Range):
    """Replace the range by `content`."""

    content: str


class JsonFix(TypedDict):
    """A mend; all its edits belong together."""

    applicability: Literal["safe", "unsafe"]
    message: str
    edits: list[JsonEdit]


class JsonFinding(Range):
    """A finding. A comment on the line of `noqa_row` suppresses it."""

    code: str
    name: str
    severity: Severity
    confidence: Confidence
    message: str
    help: str
    url: str
    related: list[RelatedPlace]
    fix: JsonFix | None
    fingerprint: str
    noqa_row: int


def render(findings: Sequence[Reported], presentation: Presentation) -> Iterator[str]:
    """The list, an item a line."""
    import json

    if not findings:
        yield "[]\n"
        return
    for number, finding in enumerate(findings):
        yield ("[\n  " if number == 0 else ",\n  ") + json.dumps(item(finding, presentation))
    yield "\n]\n"


def item(finding: Reported, presentation: Presentation) -> JsonFinding:
    """One finding."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "message": finding.message,
        "help": finding.help,
        "url": url(finding.name),
        **_place(finding.place, presentation),
        "related": [_related(note, presentation) for note in finding.related],
        "fix": _fix(finding.fix, presentation) if finding.fix else None,
        "fingerprint": finding.fingerprint,
        "noqa_row": finding.place.span.end_row,
    }


def _place(place: Place, presentation: Presentation) -> Range:
    start, end = _positions(place.span)
    return {"filename": presentation.path(place.path), "location": start, "end_location": end}


def _positions(span: Span) -> tuple[Location, Location]:
    return {"row": span.row, "column": span.column}, {"row": span.end_row, "column": span.end_column}


def _related(note: Note, presentation: Presentation) -> RelatedPlace:
    return {"message": note.message, **_place(note.place, presentation), "cause": note.cause}


def _fix(fix: PlacedFix, presentation: Presentation) -> JsonFix:
    return {
        "applicability": "safe" if fix.safe else "unsafe",
        "message": fix.message,
        "edits": [{"content": e.content, **_place(e.place, presentation)} for e in fix.edits],
    }
