"""Text as a terminal shows it: tabs, wide and invisible characters, and lines longer than the screen."""

from msgspec import Struct

TAB = 4
_CUT = "..."
_JOINERS = "\u200c\u200d"  # how they join emoji is different in every terminal: they are left out
_ENOUGH = 24  # cells of a marked place that tell what it is; for more a line is not shifted


class Shown(Struct, frozen=True):
    """A line as it is printed. `starts[i]` is the cell at which its i-th character begins; one more for the end."""

    text: str
    starts: list[int]

    def cell(self, column: int) -> int:
        """The cell of a column that counts code points from 1."""
        return self.starts[min(max(column - 1, 0), len(self.starts) - 1)]


def shown(line: str) -> Shown:
    """A line with tabs expanded, and without characters that would move the cursor or hide others."""
    if line.isascii() and line.isprintable():
        return Shown(line, list(range(len(line) + 1)))
    pieces, starts, cell = [], [0], 0
    for char in line:
        piece = " " * (TAB - cell % TAB) if char == "\t" else _visible(char)
        pieces.append(piece)
        cell += width(piece)
        starts.append(cell)
    return Shown("".join(pieces), starts)


def _visible(char: str) -> str:
    if char in _JOINERS:
        return ""
    return char if char.isprintable() else "\ufffd"


def width(text: str) -> int:
    """The number of cells that a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff"  # the latter are joined to what is before
        else 2 if east_asian_width(char) in ("W", "F") else 1 for char in text
    )  # fmt: skip


class Window(Struct, frozen=True):
    """The part of a line that fits the screen, from the cell `left` to `right`; `seen` is that without `...`."""

    text: str
    left: int
    right: int
    seen: tuple[int, int]

    def shows(self, start: int, end: int) -> bool:
        """Whether cells of the line are seen, or a part of them that tells what they are."""
        first, last = self.seen
        return first <= start < last and (end <= last or last - start >= min(end - start, _ENOUGH // 3))

    def clip(self, start: int, end: int) -> tuple[int, int]:
        """Cells of the line as cells of the window, at least one wide."""
        first = min(max(start - self.left, 0), max(self.right - self.left - 1, 0))
        return first, max(min(end, self.right) - self.left, first + 1)


def window(line: Shown, room: int, start: int, end: int, left: int = 0) -> Window:
    """The line cut to `room` cells, so that the cells from `start` to `end` are seen, or as many of them as fit.

    `left` is the least cell to begin at, as another line does above or below.
    """
    total = line.starts[-1]
    room = max(room, 20)
    left = max(left, first_cell(line, room, start, end))
    if not left and total <= room:
        return Window(line.text, 0, max(total, end), (0, 1 << 30))
    head = _CUT if left else ""
    tail = _CUT if left + room < total else ""
    inner = left + len(head), left + room - len(tail)
    return Window(head + _between(line, *inner) + tail, left, left + room, inner)


def first_cell(line: Shown, room: int, start: int, end: int) -> int:
    """The first cell of the line that a window of it shows, so that the cells from `start` to `end` are seen."""
    total, room = line.starts[-1], max(room, 20)
    seen = min(end, start + _ENOUGH)
    if total <= room or seen <= room - len(_CUT):
        return 0
    return max(min(start - room // 4, total - room), 0)


def _between(line: Shown, start: int, end: int) -> str:
    """The text of the cells from start to end; half a wide character is a blank."""
    out: list[str] = []
    at = start
    for char, cell in _characters(line, start):
        after = cell + width(char)
        if after > end:
            break
        out.append(" " * (cell - at) + char)
        at = after
    return "".join(out) + " " * (end - at)


def _characters(line: Shown, start: int) -> list[tuple[str, int]]:
    """The characters that begin at or after a cell, each with its cell."""
    found, cell = [], 0
    for char in line.text:
        if cell >= start:
            found.append((char, cell))
        cell += width(char)
        if cell > start + 2000:
            break
    return found


def wrap(text: str, room: int) -> list[str]:
    """A text in lines of at most `room` cells where it can be broken; between backticks it cannot."""
    if width(text) <= room:
        return [text]
    lines, current = [], ""
    for word in _words(text):
        if current and width(current) + 1 + width(word) > room:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    return [*lines, current]


def _words(text: str) -> list[str]:
    words: list[str] = []
    inside = False
    for word in text.split(" "):
        if inside:
            words[-1] += " " + word
        else:
            words.append(word)
        inside ^= word.count("`") % 2 == 1
    return words
