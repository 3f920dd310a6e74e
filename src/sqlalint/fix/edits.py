"""Edits applied to the bytes of files: what is not edited stays as it is, to the byte.

Encoding, byte order mark and line ends are the file's own. The edits of one fix belong together, over all files that
they touch: they are all applied, or none of them is.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from sqlalint.report.finding import PlacedEdit, PlacedFix
from sqlalint.source.text import Unreadable, decode_as_it_is, mark_and_encoding

_LINE_END = re.compile(r"\r\n|\r|\n")


class Unfit(Exception):
    """Edits that cannot be applied, and why."""


class _Piece(Struct, frozen=True, order=True):
    """Replace the text from one offset to another."""

    start: int
    end: int
    content: str


class Source:
    """A file's text and where its rows begin. Raises `Unfit` for bytes that would not come back as they were."""

    def __init__(self, content: bytes) -> None:
        self._mark, self._encoding = mark_and_encoding(content)
        try:
            self.text = decode_as_it_is(content)
        except Unreadable as problem:
            raise Unfit(problem.message) from None
        if self._encoded(self.text) != content:
            raise Unfit(f"text in {self._encoding} cannot be written again as it is")
        ends = list(_LINE_END.finditer(self.text))
        self._starts = [0, *(end.end() for end in ends)]
        self._ends = [end.group() for end in ends]

    def offset(self, row: int, column: int) -> int:
        """Where a position (rows and columns count from 1) is in the text. Raises `Unfit` where there is no such."""
        if not 1 <= row <= len(self._starts):
            raise Unfit(f"there is no line {row}")
        start = self._starts[row - 1]
        last = self._starts[row] - len(self._ends[row - 1]) if row <= len(self._ends) else len(self.text)
        if not 0 <= column - 1 <= last - start:
            raise Unfit(f"there is no column {column} in line {row}")
        return start + column - 1

    def position(self, offset: int) -> tuple[int, int]:
        """The row and column of an offset."""
        row = bisect_right(self._starts, offset)
        return row, offset - self._starts[row - 1] + 1

    def line_end(self, offset: int) -> str:
        """The line end in use there: that of the line, of the one above for a last line that has none."""
        if not self._ends:
            return "\n"
        return self._ends[min(bisect_right(self._starts, offset), len(self._ends)) - 1]

    def piece(self, edit: PlacedEdit) -> _Piece:
        """An edit by offsets, with the file's line ends. Raises `Unfit`."""
        span = edit.place.span
        start, end = self.offset(span.row, span.column), self.offset(span.end_row, span.end_column)
        if start > end:
            raise Unfit("an edit ends before it begins")
        return _Piece(start, end, _LINE_END.sub(self.line_end(start), edit.content))

    def edited(self, pieces: Iterable[_Piece]) -> bytes:
        """The bytes after edits that do not overlap, in order. Raises `Unfit` for text that cannot be encoded."""
        parts, done = [], 0
        for piece in pieces:
            parts += [self.text[done : piece.start], piece.content]
            done = piece.end
        return self._encoded("".join((*parts, self.text[done:])))

    def _encoded(self, text: str) -> bytes:
        try:
            return self._mark + text.encode(self._encoding)
        except (UnicodeError, LookupError):
            raise Unfit(f"there is text that {self._encoding} does not have") from None


def apply_edits(content: bytes, edits: Iterable[PlacedEdit]) -> bytes:
    """The bytes of a file after edits of it. Insertions at one place come in the order in which they are given.

    Raises `Unfit` where edits overlap, are outside the text, or have characters that the file's encoding does not have.
    """
    source = Source(content)
    pieces = sorted((source.piece(edit) for edit in edits), key=lambda p: (p.start, p.end))
    for one, other in pairwise(pieces):
        if one.end > other.start:
            raise Unfit("edits overlap")
    return source.edited(pieces)


def moved(content: bytes, edits: Iterable[PlacedEdit], row: int, column: int) -> set[tuple[int, int]]:
    """Where a position stands after edits that can be applied; two places where text is inserted right there."""
    source = Source(content)
    pieces, at = [source.piece(edit) for edit in edits], source.offset(row, column)
    after = Source(source.edited(sorted(set(pieces))))
    offsets = set()
    for include in (True, False):
        before = {p for p in pieces if (p.end <= at if include else p.start < at)}
        offsets.add(sum((len(p.content) - min(p.end, at) + p.start for p in before), at))
    return {after.position(min(offset, len(after.text))) for offset in offsets}


class Applied(Struct, frozen=True):
    """What applying fixes gave: the new bytes of each file that is another now, and what became of each fix.

    `done`, `waiting` and `unfit` have the numbers of fixes. One that is `waiting` overlaps another that was done:
    once the rest has been analysed again, it may be applied. `unfit` also says why it can never be.
    """

    contents: Mapping[str, bytes] = {}
    done: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()
    unfit: Mapping[int, str] = {}


def apply_fixes(fixes: Sequence[PlacedFix], read: Callable[[str], bytes]) -> Applied:
    """Apply the fixes that fit, the earlier ones first; each as a whole or not at all.

    `read` gives the bytes of a file by its path, or raises `OSError`. A fix whose edits are all among those that are
    done already is done with them; any other that touches text which is edited already has to wait.
    """
    files = _Files(read)
    done: list[int] = []
    waiting: list[int] = []
    unfit: dict[int, str] = {}
    for number, fix in enumerate(fixes):
        try:
            fits = files.take(fix)
        except Unfit as problem:
            unfit[number] = str(problem)
            continue
        (done if fits else waiting).append(number)
    return Applied(files.contents(), tuple(done), tuple(waiting), unfit)


class _Files:
    """The files that fixes touch, and the edits of each that are to be made."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read
        self._before: dict[str, bytes] = {}
        self._sources: dict[str, Source] = {}
        self._taken: dict[str, list[_Piece]] = {}

    def take(self, fix: PlacedFix) -> bool:
        """Note the edits of a fix; False where others are in the way. Raises `Unfit`."""
        if not fix.edits:
            raise Unfit("it has no edits")
        pieces: dict[str, list[_Piece]] = {}
        for edit in fix.edits:
            path = edit.place.path
            pieces.setdefault(path, []).append(self._source(path).piece(edit))
        for path, own in pieces.items():
            own.sort(key=lambda p: (p.start, p.end))
            if any(one.end > other.start for one, other in pairwise(own)):
                raise Unfit("its edits overlap")
            self._sources[path].edited(own)
        if all(piece in self._taken.get(path, ()) for path, own in pieces.items() for piece in own):
            return True
        if any(_collide(a, b) for path, own in pieces.items() for a in own for b in self._taken.get(path, ())):
            return False
        for path, own in pieces.items():
            self._taken.setdefault(path, []).extend(own)
        return True

    def contents(self) -> dict[str, bytes]:
        """The new bytes of each file that is another now."""
        after = {
            path: self._sources[path].edited(sorted(taken, key=lambda p: (p.start, p.end)))
            for path, taken in self._taken.items()
        }
        return {path: content for path, content in after.items() if content != self._before[path]}

    def _source(self, path: str) -> Source:
        if path not in self._sources:
            try:
                self._before[path] = self._read(path)
            except OSError as problem:
                raise Unfit(f"{path}: {problem.strerror or problem}") from None
            self._sources[path] = Source(self._before[path])
        return self._sources[path]


def _collide(one: _Piece, other: _Piece) -> bool:
    """Whether two edits touch the same text, or insert at the same place, where their order would be a guess."""
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end
    return one.start < other.end and other.start < one.end
