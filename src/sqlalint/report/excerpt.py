"""Excerpts of source with marks below the lines: where a finding is, and what belongs to it."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sqlalint.facts.span import Span
from sqlalint.report.cells import Window, shown, width, window, wrap
from sqlalint.report.style import paint, printable

_CONTEXT = 2  # lines around the place of a finding
_GAP = 2  # so many lines between two marked ones are shown rather than skipped
_ROWS = 4  # a place of more rows is marked in its first one only


class Mark(Struct, frozen=True, order=True):
    """A place to be marked. The one that the finding is about is `main` and has carets."""

    span: Span
    label: str
    main: bool
    style: str

    @property
    def rows(self) -> range:
        """The rows below which it is drawn."""
        last = self.span.end_row
        if last > self.span.row and self.span.end_column <= 1:
            last -= 1
        many = last - self.span.row >= _ROWS or not self.main
        return range(self.span.row, (self.span.row if many else last) + 1)


class Excerpt(Struct, frozen=True):
    """Rows that stand together, with the marks in them."""

    first: int
    last: int
    marks: tuple[Mark, ...]

    @property
    def is_main(self) -> bool:
        """Whether the finding itself is in it."""
        return any(mark.main for mark in self.marks)


def excerpts(marks: Sequence[Mark], lines: Sequence[str]) -> list[Excerpt]:
    """The excerpts that show all marks of a file, that of the finding first, the others in order."""
    rows: set[int] = set()
    for mark in marks:
        rows.update(mark.rows)
        if mark.main and mark.span.row <= len(lines):
            rows.update(_context(mark, lines))
    runs: list[list[int]] = []
    for row in sorted(r for r in rows if 1 <= r <= len(lines)):
        if runs and row - runs[-1][-1] <= _GAP + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    found = [Excerpt(r[0], r[-1], tuple(m for m in marks if r[0] <= m.span.row <= r[-1])) for r in runs]
    return sorted(found, key=lambda e: (not e.is_main, e.first))


def _context(mark: Mark, lines: Sequence[str]) -> range:
    """The rows around a mark, without blank ones at the edges."""
    first, last = max(mark.rows[0] - _CONTEXT, 1), min(mark.rows[-1] + _CONTEXT, len(lines))
    while first < mark.rows[0] and not lines[first - 1].strip():
        first += 1
    while last > mark.rows[-1] and not lines[last - 1].strip():
        last -= 1
    return range(first, last + 1)


def draw(excerpt: Excerpt, lines: Sequence[str], gutter: int, room: int, colour: bool) -> Iterator[str]:
    """The lines of an excerpt: source with its number, marks below it."""
    bar = paint(" " * gutter + " |", "gutter", colour)
    room -= gutter + 3
    for row in range(excerpt.first, excerpt.last + 1):
        marks = sorted((m for m in excerpt.marks if row in m.rows), key=lambda m: (not m.main, -m.span.column, m.label))
        number = paint(f"{row:>{gutter}} |", "gutter", colour)
        for view, below in _views(lines[row - 1], [(m, *_cells(m, row, lines[row - 1])) for m in marks], room):
            yield f"{number} {view.text}".rstrip() + "\n"
            for line in _underlines(below, row, room, colour):
                yield f"{bar} {line}\n"


_Marked = tuple[Mark, int, int]  # with the cells that it covers


def _views(line: str, marks: list[_Marked], room: int) -> Iterator[tuple[Window, list[_Marked]]]:
    """The line with its marks, by cells of what is shown; a long one again for marks that are out of sight."""
    text = shown(line)
    while True:
        start, end = marks[0][1:] if marks else (0, 0)
        view = window(text, room, start, end)
        seen = [m for m in marks if m is marks[0] or view.shows(m[1], m[2])]
        yield view, [(mark, *view.clip(*cells)) for mark, *cells in seen]
        marks = [m for m in marks if m not in seen]
        if not marks:
            return


def _underlines(marks: Sequence[tuple[Mark, int, int]], row: int, room: int, colour: bool) -> Iterator[str]:
    """The lines below a row. A mark without a label leaves room for the next one, if that stands to its right."""
    line, end = "", 0
    for mark, first, last in marks:
        if line and first <= end:
            yield line
            line, end = "", 0
        line += " " * (first - end) + paint(("^" if mark.main else "-") * (last - first), mark.style, colour)
        end = last
        label = printable(mark.label) if row == mark.rows[-1] else ""
        if label and last + 1 + width(label) <= room:
            yield f"{line} {paint(label, mark.style, colour)}"
        elif label:
            yield line
            pieces = wrap(label, room)
            indent = " " * max(min(first, room - max(map(width, pieces))), 0)
            for piece in pieces:
                yield indent + paint(piece, mark.style, colour)
        if label:
            line, end = "", 0
    if line:
        yield line


def _cells(mark: Mark, row: int, line: str) -> tuple[int, int]:
    """The cells of a row that a mark covers: of a place of several rows, the text of each."""
    view = shown(line)
    begin = mark.span.column if row == mark.span.row else len(line) - len(line.lstrip()) + 1
    end = mark.span.end_column if row == mark.span.end_row else len(line.rstrip()) + 1
    return view.cell(begin), max(view.cell(end), view.cell(begin) + 1)
