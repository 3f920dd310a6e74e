"""Columns in code points and in UTF-8 bytes, which CPython's parser counts in. Linear also in lines of megabytes."""

from bisect import bisect_right
from collections.abc import Sequence


class Line:
    """Where the characters of one line that take more than one byte stand."""

    def __init__(self, line: str) -> None:
        self._points: list[int] = []  # code point offset after each wide character
        self._bytes: list[int] = []  # byte offset after it
        self._extra: list[int] = [0]  # bytes more than code points so far
        extra = 0
        for at, character in enumerate(line):
            if character > "\x7f":
                extra += 1 if character < "\u0800" else 2 if character < "\U00010000" else 3
                self._points.append(at + 1)
                self._bytes.append(at + 1 + extra)
                self._extra.append(extra)

    def to_bytes(self, points: int) -> int:
        """The byte offset of an offset in code points."""
        return points + self._extra[bisect_right(self._points, points)]

    def to_points(self, offset: int) -> int:
        """The offset in code points of a byte offset."""
        return offset - self._extra[bisect_right(self._bytes, offset)]


class Lines:
    """The lines of a file; what they need for columns is built for those that are asked for."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._plain = all(map(str.isascii, lines))
        self._wide: dict[int, Line | None] = {}

    def to_bytes(self, row: int, points: int) -> int:
        """The byte offset of an offset in code points, in a row that counts from 1."""
        line = None if self._plain else self._line(row)
        return line.to_bytes(points) if line else points

    def to_points(self, row: int, offset: int) -> int:
        """The offset in code points of a byte offset, in a row that counts from 1."""
        line = None if self._plain else self._line(row)
        return line.to_points(offset) if line else offset

    def _line(self, row: int) -> Line | None:
        if row not in self._wide:
            text = self._lines[row - 1] if 0 < row <= len(self._lines) else ""
            self._wide[row] = None if text.isascii() else Line(text)
        return self._wide[row]
