"""SARIF 2.1.0, as GitHub's code scanning and editors read it.

`primaryLocationLineHash` is what GitHub tells alerts apart by. It is the finding's own fingerprint, which stays when
lines move and when the line itself is edited. Findings that a comment or the baseline suppresses are results too, so
that an alert does not end and begin again with them; every result says whether it is suppressed, as it is all or none.
"""

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from sqlalint import __version__
from sqlalint.facts.span import Place, Span
from sqlalint.report.finding import Confidence, Note, PlacedFix, Reported, Severity, Suppressed
from sqlalint.report.presentation import Presentation, url

Value = dict[str, object]

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_PRECISIONS = {Confidence.CERTAIN: "very-high", Confidence.LIKELY: "high", Confidence.POSSIBLE: "medium"}
_LONGEST = 1_024  # of a description, on GitHub


def render(findings: Sequence[Reported], presentation: Presentation) -> Iterator[str]:
    """The log, of one run."""
    import json

    rules = {finding.code: finding for finding in findings}
    order = {code: number for number, code in enumerate(sorted(rules))}
    driver = {
        "name": "sqlalint",
        "semanticVersion": __version__,
        "informationUri": "https://github.com/sqlalint/sqlalint",
        "rules": [_rule(rules[code], presentation) for code in order],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "sqlalint/"},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(findings, order, presentation)),
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    yield json.dumps(log, indent=1) + "\n"


def _rule(finding: Reported, presentation: Presentation) -> Value:
    """A rule, told by its page; `finding` is any of it."""
    about = presentation.about(finding.code)
    summary = (about.summary if about else "") or finding.name
    page = (about.page if about else "") or summary
    severity = about.severity if about else finding.severity
    tier = about.tier if about else finding.confidence
    return {
        "id": finding.code,
        "name": finding.name,
        "shortDescription": {"text": summary[:_LONGEST]},
        "fullDescription": {"text": summary[:_LONGEST]},
        "help": {"text": page, "markdown": page},
        "helpUri": url(finding.name),
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {
            "tags": ["sqlalchemy", finding.family],
            "precision": _PRECISIONS[tier],
            "problem.severity": _PROBLEMS[severity],
        },
    }


def _results(findings: Iterable[Reported], order: dict[str, int], presentation: Presentation) -> Iterator[Value]:
    seen: dict[str, int] = {}
    for finding in findings:
        nth = seen[finding.fingerprint] = seen.get(finding.fingerprint, 0) + 1
        result: Value = {
            "ruleId": finding.code,
            "ruleIndex": order[finding.code],
            "level": _LEVELS[finding.severity],
            "message": {"text": f"{finding.message}\n{finding.help}"},
            "locations": [_location(finding.place, presentation)],
            "partialFingerprints": {"primaryLocationLineHash": f"{finding.fingerprint}:{nth}"},
            "suppressions": [_suppression(finding.suppressed, presentation)] if finding.suppressed else [],
            "properties": {"confidence": finding.confidence.value},
        }
        if finding.related:
            notes = enumerate(finding.related, start=1)
            result["relatedLocations"] = [_related(number, note, presentation) for number, note in notes]
        if finding.fix and finding.fix.edits:
            result["fixes"] = [_fix(finding.fix, presentation)]
        yield result


def _suppression(by: Suppressed, presentation: Presentation) -> Value:
    """A comment, with its reason and place, or an entry of the baseline, which has neither."""
    if by.by != "comment":
        return {"kind": "external"}
    found: Value = {"kind": "inSource", "location": _location(Place(by.path, by.span), presentation)}
    return found | {"justification": by.reason} if by.reason else found


def _related(number: int, note: Note, presentation: Presentation) -> Value:
    return {"id": number, "message": {"text": note.message}, **_location(note.place, presentation)}


def _fix(fix: PlacedFix, presentation: Presentation) -> Value:
    """A mend, its edits by file."""
    changes: dict[str, list[Value]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _region(edit.place.span), "insertedContent": {"text": edit.content}}
        changes.setdefault(edit.place.path, []).append(replacement)
    return {
        "description": {"text": fix.message},
        "artifactChanges": [
            {"artifactLocation": _artifact(path, presentation), "replacements": replacements}
            for path, replacements in changes.items()
        ],
        "properties": {"applicability": "safe" if fix.safe else "unsafe"},
    }


def _location(place: Place, presentation: Presentation) -> Value:
    artifact = _artifact(place.path, presentation)
    return {"physicalLocation": {"artifactLocation": artifact, "region": _region(place.span)}}


def _artifact(path: str, presentation: Presentation) -> Value:
    """A file's URI: whatever bytes a name has can be written, and no `:` looks like a scheme."""
    return {"uri": quote(presentation.path(path).encode("utf-8", "surrogateescape"))}


def _region(span: Span) -> Value:
    return {
        "startLine": span.row,
        "startColumn": span.column,
        "endLine": span.end_row,
        "endColumn": span.end_column,
    }
