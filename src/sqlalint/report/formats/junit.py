"""JUnit's XML: a suite a file, a failed test case a finding; one that passes where there is nothing."""

import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from sqlalint.report.finding import Reported
from sqlalint.report.presentation import Presentation
from sqlalint.report.style import printable


def render(findings: Sequence[Reported], presentation: Presentation) -> Iterator[str]:
    """The document."""
    total = len(findings)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="sqlalint" tests="{total or 1}" failures="{total}" errors="0">\n'
    if not findings:
        yield '  <testsuite name="sqlalint" tests="1" failures="0" errors="0" skipped="0" time="0">\n'
        yield '    <testcase name="No findings" classname="sqlalint" time="0"/>\n'
        yield "  </testsuite>\n"
    for path, group in groupby(findings, key=lambda finding: finding.place.path):
        yield from _suite(presentation.path(path), list(group))
    yield "</testsuites>\n"


def _suite(path: str, findings: list[Reported]) -> Iterator[str]:
    count = f'tests="{len(findings)}" failures="{len(findings)}" errors="0" skipped="0" time="0"'
    yield f"  <testsuite name={_attribute(path)} {count}>\n"
    for finding in findings:
        yield from _case(path, finding)
    yield "  </testsuite>\n"


def _case(path: str, finding: Reported) -> Iterator[str]:
    span = finding.place.span
    where = f'line="{span.row}" column="{span.column}"'
    name = f"{finding.code} {finding.name} ({span.row}:{span.column})"
    stem = _attribute(os.path.splitext(path)[0])
    yield f'    <testcase name="{name}" classname={stem} file={_attribute(path)} {where} time="0">\n'
    yield f'      <failure type="{finding.severity.value}" message={_attribute(finding.message)}>'
    lines = (f"{path}:{span.row}:{span.column}: {finding.code} {finding.message}", *f"help: {finding.help}".split("\n"))
    yield "\n".join(escape(printable(line)) for line in lines)
    yield "</failure>\n    </testcase>\n"


def _attribute(text: str) -> str:
    """A text between quotes. XML has no way to write control characters: they become escapes of Python."""
    return quoteattr(printable(text))
