"""A list of objects, one a finding: the stable interface for programs."""

from collections.abc import Iterator, Sequence

from sqlalint.facts.span import Place, Span
from sqlalint.report.finding import Note, PlacedFix, Reported
from sqlalint.report.presentation import Presentation, url

Value = object


def render(findings: Sequence[Reported], presentation: Presentation) -> Iterator[str]:
    """The list, an item a line."""
    import json

    if not findings:
        yield "[]\n"
        return
    for number, finding in enumerate(findings):
        yield ("[\n  " if number == 0 else ",\n  ") + json.dumps(item(finding, presentation))
    yield "\n]\n"


def item(finding: Reported, presentation: Presentation) -> dict[str, Value]:
    """One finding."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "message": finding.message,
        "help": finding.help,
        "url": url(finding.name),
        **_place(finding.place, presentation),
        "related": [_related(note, presentation) for note in finding.related],
        "fix": _fix(finding.fix, presentation) if finding.fix else None,
        "fingerprint": finding.fingerprint,
        "noqa_row": finding.place.span.end_row,
    }


def _place(place: Place, presentation: Presentation) -> dict[str, Value]:
    return {"filename": presentation.path(place.path), **_span(place.span)}


def _span(span: Span) -> dict[str, Value]:
    return {
        "location": {"row": span.row, "column": span.column},
        "end_location": {"row": span.end_row, "column": span.end_column},
    }


def _related(note: Note, presentation: Presentation) -> dict[str, Value]:
    return {"message": note.message, **_place(note.place, presentation), "cause": note.cause}


def _fix(fix: PlacedFix, presentation: Presentation) -> dict[str, Value]:
    return {
        "applicability": "safe" if fix.safe else "unsafe",
        "message": fix.message,
        "edits": [{"content": e.content, **_place(e.place, presentation)} for e in fix.edits],
    }
