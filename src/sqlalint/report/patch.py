"""A fix as a small diff below its finding: the lines that it takes away and puts in, by file."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from sqlalint.facts.span import Span
from sqlalint.report.cells import Shown, first_cell, shown, window
from sqlalint.report.finding import PlacedEdit, PlacedFix
from sqlalint.report.presentation import Presentation
from sqlalint.report.style import paint, printable

_MOST = 12  # lines of one fix
_STYLES = {"-": "removed", "+": "added"}


class Line(Struct, frozen=True):
    """A line of a diff: `-` with its old row, `+` with its new one, `|` for one that stays, with its old row.

    `start` and `end` are the characters that differ.
    """

    sign: str
    row: int
    text: str
    start: int = 0
    end: int = 0


def draw_fix(fix: PlacedFix, here: str, presentation: Presentation) -> Iterator[str]:
    """The diff of a fix; nothing for a file of which the edits do not fit. `here` is the file of the finding."""
    by_file: dict[str, list[PlacedEdit]] = {}
    for edit in fix.edits:
        by_file.setdefault(edit.place.path, []).append(edit)
    left = _MOST
    more = 0
    for path, edits in by_file.items():
        found = hunks(edits, presentation.lines(path))
        if found and left > 0 and (path != here or len(by_file) > 1):
            yield f"  {paint(printable(presentation.path(path)), 'path', presentation.colour)}\n"
        gutter = 2 + max((len(str(line.row)) for hunk in found for line in hunk), default=1)
        for number, hunk in enumerate(found):
            if number and left > 0:
                yield paint(f"{'...':>{max(gutter, 5)}}", "gutter", presentation.colour) + "\n"
            begin = _beginning(hunk, presentation.width - gutter - 3)
            for line in hunk[: max(left, 0)]:
                yield _drawn(line, gutter, begin, presentation)
            more += len(hunk) - len(hunk[: max(left, 0)])
            left -= len(hunk)
    if more:
        option = "--diff" if fix.safe else "--diff --unsafe-fixes"
        yield f"  ... and {more:,} more line{'s' * (more != 1)}, which {option} shows\n"


def _beginning(hunk: Sequence[Line], room: int) -> int:
    """The cell that the lines of a hunk begin at: the same for a line that is changed and what it becomes."""
    if [line.sign for line in hunk] != ["-", "+"]:
        return 0
    return max(first_cell(view, room, *_cells(view, line)) for line in hunk for view in (shown(line.text),))


def _drawn(line: Line, gutter: int, begin: int, presentation: Presentation) -> str:
    view = shown(line.text)
    text = window(view, presentation.width - gutter - 3, *_cells(view, line), begin).text
    sign, colour = line.sign, presentation.colour
    if sign == "|":
        return f"{paint(f'{line.row:>{gutter}} |', 'gutter', colour)} {text}".rstrip() + "\n"
    number = paint(f"{line.row:>{gutter}}", "gutter", colour)
    return f"{number} {paint(f'{sign} {text}'.rstrip(), _STYLES[sign], colour)}\n"


def _cells(view: Shown, line: Line) -> tuple[int, int]:
    start = view.cell(line.start + 1)
    return start, max(view.cell(line.end + 1), start + 1)


def hunks(edits: Sequence[PlacedEdit], lines: Sequence[str]) -> list[list[Line]]:
    """What edits of one file change, lines that are next to each other together; none where the edits do not fit."""
    ordered = sorted(edits, key=lambda e: (_start(e.place.span), _stop(e.place.span)))
    if any(not _fits(e.place.span, lines) for e in ordered):
        return []
    if any(_stop(a.place.span) > _start(b.place.span) for a, b in pairwise(ordered)):
        return []
    found: list[list[Line]] = []
    moved = 0  # how many more rows there are after the edits so far
    for group in _groups(ordered):
        first = group[0].place.span.row
        old = list(lines[first - 1 : group[-1].place.span.end_row])
        new = _applied(group, old, first)
        hunk = _compared(old, new, first, moved, lines)
        if hunk:
            found.append(hunk)
        moved += len(new) - len(old)
    return found


def _start(span: Span) -> tuple[int, int]:
    return span.row, span.column


def _stop(span: Span) -> tuple[int, int]:
    return span.end_row, span.end_column


def _fits(span: Span, lines: Sequence[str]) -> bool:
    return (
        1 <= span.row <= span.end_row <= len(lines)
        and 1 <= span.column <= len(lines[span.row - 1]) + 1
        and 1 <= span.end_column <= len(lines[span.end_row - 1]) + 1
        and _start(span) <= _stop(span)
    )


def _groups(edits: Sequence[PlacedEdit]) -> list[list[PlacedEdit]]:
    """Edits of which no row that stays is between the rows that they touch."""
    groups: list[list[PlacedEdit]] = []
    for edit in edits:
        if groups and edit.place.span.row <= groups[-1][-1].place.span.end_row + 1:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


def _applied(edits: Sequence[PlacedEdit], old: Sequence[str], first: int) -> list[str]:
    """The rows from `first` on after the edits."""
    parts, row, column = [], first, 1
    for edit in edits:
        span = edit.place.span
        parts += [_between(old, first, (row, column), _start(span)), edit.content.replace("\r\n", "\n")]
        row, column = _stop(span)
    last = first + len(old) - 1
    parts.append(_between(old, first, (row, column), (last, len(old[-1]) + 1)))
    return "".join(parts).split("\n")


def _between(old: Sequence[str], first: int, start: tuple[int, int], end: tuple[int, int]) -> str:
    rows = list(old[start[0] - first : end[0] - first + 1])
    rows[-1] = rows[-1][: end[1] - 1]
    rows[0] = rows[0][start[1] - 1 :]
    return "\n".join(rows)


def _compared(old: list[str], new: list[str], first: int, moved: int, lines: Sequence[str]) -> list[Line]:
    """The lines of a hunk. What is only put in has the line before it, to say where."""
    before = _common(old, new)
    after = _common(old[before:][::-1], new[before:][::-1])
    gone, come = old[before : len(old) - after], new[before : len(new) - after]
    row = first + before
    pairs = [_differ(a, b) for a, b in zip(gone, come, strict=False)] if len(gone) == len(come) else []
    found = [Line("-", row + n, text, *(pairs[n][0] if pairs else ())) for n, text in enumerate(gone)]
    found += [Line("+", row + moved + n, text, *(pairs[n][1] if pairs else ())) for n, text in enumerate(come)]
    if come and not gone and row > 1:
        found.insert(0, Line("|", row - 1, lines[row - 2]))
    return found


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many first lines are the same."""
    number = 0
    while number < min(len(one), len(other)) and one[number] == other[number]:
        number += 1
    return number


def _differ(one: str, other: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """The characters of each of two lines that the other does not have."""
    start = _common(one, other)
    same = _common(one[start:][::-1], other[start:][::-1])
    return (start, len(one) - same), (start, len(other) - same)
