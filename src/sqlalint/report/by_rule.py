"""Findings by rule: how many, in how many files, and how many can be mended."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from sqlalint.report.finding import Reported, Severity
from sqlalint.report.presentation import Presentation
from sqlalint.report.style import paint, severity_style

_SEVERITIES = list(Severity)  # from the gravest


class ByRule(Struct, frozen=True):
    """What was found of a rule. `severity` is the gravest; of the `fixable` ones so many are `unsafe`."""

    code: str
    name: str
    severity: Severity
    count: int
    files: int
    fixable: int
    unsafe: int


def by_rule(findings: Iterable[Reported]) -> list[ByRule]:
    """The rules of the findings by severity, then family and code: the first digit of a code is its family."""
    groups: dict[tuple[str, str], list[Reported]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.name), []).append(finding)
    rows = [_row(code, name, found) for (code, name), found in groups.items()]
    return sorted(rows, key=lambda row: (_SEVERITIES.index(row.severity), row.code, row.name))


def _row(code: str, name: str, found: Sequence[Reported]) -> ByRule:
    fixes = [f.fix for f in found if f.fix]
    return ByRule(
        code,
        name,
        min((f.severity for f in found), key=_SEVERITIES.index),
        count=len(found),
        files=len({f.place.path for f in found}),
        fixable=len(fixes),
        unsafe=sum(not fix.safe for fix in fixes),
    )


def table(rows: Sequence[ByRule], presentation: Presentation) -> Iterator[str]:
    """A row a rule, below a heading. It fits 80 cells, whatever a rule is called."""
    numbers = [(f"{row.count:,}", f"{row.files:,}", _fixable(row)) for row in rows]
    sizes = [max(map(len, column)) for column in zip(("count", "files", "fixable"), *numbers, strict=True)]
    room = max(presentation.width, 40) - sum(sizes) - 2 * len(sizes)
    size = min(max(len(row.code) + 1 + len(row.name) for row in rows), room)
    heading = "".join(f"  {word:>{n}}" for word, n in zip(("count", "files"), sizes, strict=False)) + "  fixable"
    yield paint(f"{'rule':{size}}{heading}", "dim", presentation.colour) + "\n"
    for row, (count, files, fixable) in zip(rows, numbers, strict=True):
        code = paint(row.code, severity_style(row.severity), presentation.colour)
        name = f" {row.name}"[: size - len(row.code)]
        blank = " " * (size - len(row.code) - len(name))
        yield f"{code}{name}{blank}  {count:>{sizes[0]}}  {files:>{sizes[1]}}  {fixable}\n"


def _fixable(row: ByRule) -> str:
    """`4`, `4 (1 unsafe)`."""
    number = f"{row.fixable:>7,}"
    if not row.unsafe:
        return number
    return f"{number} (unsafe)" if row.unsafe == row.fixable else f"{number} ({row.unsafe:,} unsafe)"
