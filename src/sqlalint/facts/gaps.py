"""What stands between the arguments of a call or the items of a display, where that is not plain.

Expressions have spans, but parentheses around one, commas and comments belong to none. Whoever edits a list of arguments
has to know them. A gap is plain, and so not kept, where it is an opening bracket, a comma that follows at once, or a
closing bracket, apart from white space; that is nearly all of them.
"""

from collections.abc import Sequence

from sqlalint.facts.span import Span

Gaps = tuple[tuple[int, str], ...]

# For gaps in places that make no sense: positions inside f-strings are wrong before Python 3.12.
ODD = "?"


class GapReader:
    """Reads the gaps of one definition, whose first row is `first_row` of these lines."""

    def __init__(self, lines: Sequence[str], first_row: int) -> None:
        self._lines = lines
        self._shift = first_row - 2  # from rows of the definition to numbers of lines

    def read(self, whole: Span, items: Sequence[Span], brackets: tuple[str, str]) -> Gaps:
        """The gaps that are not plain, by number: 0 is that before the first item, `len(items)` that after the last.

        `whole` runs from the first bracket, or what stands before it, to the last one.
        """
        found: list[tuple[int, str]] = []
        row, column = whole.row, whole.column
        expected, last = brackets
        for number, item in enumerate(items):
            if not self._is_plain(row, column, item.row, item.column, expected):
                found.append((number, self._text(row, column, item.row, item.column)))
            row, column, expected = item.end_row, item.end_column, ","
        last = last if items else expected + last
        if not self._ends_plainly(row, column, whole, last):
            found.append((len(items), self._text(row, column, whole.end_row, whole.end_column)))
        return tuple(found)

    def _is_plain(self, row: int, column: int, end_row: int, end_column: int, expected: str) -> bool:
        line = self._line(row)
        if row == end_row:
            text = line[column - 1 : end_column - 1]
            return text == expected or (text[:1] == expected and text[1:].isspace())
        if line[column - 1 :] != expected or end_row != row + 1:
            return False
        indent = self._line(end_row)[: end_column - 1]
        return not indent or indent.isspace()

    def _ends_plainly(self, row: int, column: int, whole: Span, closing: str) -> bool:
        text = self._text(row, column, whole.end_row, whole.end_column)
        return text == closing or (len(closing) == 1 and text.strip() == closing)

    def _text(self, row: int, column: int, end_row: int, end_column: int) -> str:
        if (end_row, end_column) < (row, column):
            return ODD
        if row == end_row:
            return self._line(row)[column - 1 : end_column - 1]
        between = [self._line(r) for r in range(row + 1, end_row)]
        return "\n".join([self._line(row)[column - 1 :], *between, self._line(end_row)[: end_column - 1]])

    def _line(self, row: int) -> str:
        number = row + self._shift
        return self._lines[number] if 0 <= number < len(self._lines) else ODD
