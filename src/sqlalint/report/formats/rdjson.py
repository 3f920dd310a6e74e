"""reviewdog's diagnostics. Their columns count the bytes of UTF-8."""

from collections.abc import Iterator, Sequence

from sqlalint.facts.span import Place
from sqlalint.report.finding import Note, PlacedFix, Reported
from sqlalint.report.presentation import Presentation, url

Value = dict[str, object]


def render(findings: Sequence[Reported], presentation: Presentation) -> Iterator[str]:
    """One object, a diagnostic a line."""
    import json

    yield '{"source": {"name": "sqlalint", "url": "https://github.com/sqlalint/sqlalint"}, "diagnostics": ['
    for number, finding in enumerate(findings):
        yield ("\n  " if number == 0 else ",\n  ") + json.dumps(_diagnostic(finding, presentation))
    yield "\n]}\n" if findings else "]}\n"


def _diagnostic(finding: Reported, presentation: Presentation) -> Value:
    found: Value = {
        "message": f"{finding.message}\n{finding.help}",
        "location": _location(finding.place, presentation),
        "severity": finding.severity.value.upper(),
        "code": {"value": finding.code, "url": url(finding.name)},
    }
    if finding.related:
        found["related_locations"] = [_related(note, presentation) for note in finding.related]
    if finding.fix and _can_be_suggested(finding, finding.fix):
        (edit,) = finding.fix.edits
        found["suggestions"] = [{"range": _range(edit.place, presentation), "text": edit.content}]
    return found


def _can_be_suggested(finding: Reported, fix: PlacedFix) -> bool:
    """Each suggestion is taken or left by itself, in the finding's own file: only a single edit can be one."""
    return len(fix.edits) == 1 and fix.edits[0].place.path == finding.place.path


def _related(note: Note, presentation: Presentation) -> Value:
    return {"message": note.message, "location": _location(note.place, presentation)}


def _location(place: Place, presentation: Presentation) -> Value:
    return {"path": presentation.path(place.path), "range": _range(place, presentation)}


def _range(place: Place, presentation: Presentation) -> Value:
    lines, span = presentation.lines(place.path), place.span
    return {
        "start": {"line": span.row, "column": _bytes(lines, span.row, span.column)},
        "end": {"line": span.end_row, "column": _bytes(lines, span.end_row, span.end_column)},
    }


def _bytes(lines: Sequence[str], row: int, column: int) -> int:
    """A column in bytes; where the line is not there, or shorter, each character that is missing counts one."""
    before = lines[row - 1][: column - 1] if 0 < row <= len(lines) else ""
    return column - len(before) + len(before.encode("utf-8", "surrogatepass"))
