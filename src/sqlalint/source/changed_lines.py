"""Which lines of the working tree differ from a commit, as git tells them apart."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from sqlalint.source.git import Git

_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_ESCAPES = dict(zip(b"abtnvfr", b"\a\b\t\n\v\f\r", strict=True))
_Ranges = tuple[tuple[int, int], ...]


class ChangedLines(Struct, frozen=True):
    """The rows that differ by file, and the files of which all do.

    A range is a first and a last row. Where lines are gone between two rows, the range is empty: the last is one
    before the first.
    """

    rows: dict[str, _Ranges] = {}
    whole: frozenset[str] = frozenset()

    def touch(self, path: str, first: int, last: int) -> bool:
        """Whether any of these rows differs, or lines between two of them are gone."""
        if path in self.whole:
            return True
        return any(start <= last and end >= first for start, end in self.rows.get(path, ()))

    def with_whole(self, path: str) -> "ChangedLines":
        """The same, but for a file that differs as a whole."""
        return ChangedLines(self.rows, self.whole | {path})

    def with_rows(self, path: str, ranges: _Ranges) -> "ChangedLines":
        """The same, but for a file that differs in these ranges."""
        return ChangedLines({**self.rows, path: ranges}, self.whole - {path})


def changed_lines(git: Git, commit: str, paths: Iterable[str]) -> ChangedLines:
    """What differs between a commit and the working tree. Raises `GitProblem`.

    `paths` are the files of interest: those that git does not track differ as a whole. A file that is renamed differs
    where its text does.
    """
    output = git.run(
        "diff", "--unified=0", "--inter-hunk-context=0", "--find-renames", "--relative", "--text", "--no-color",
        "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "--src-prefix=a/", "--dst-prefix=b/",
        commit, "--", ".",
    )  # fmt: skip
    tracked = git.tracked()
    whole = frozenset(path for path in paths if not any(p in tracked for p in _with_folders(path)))
    return ChangedLines(dict(_hunks(output.split(b"\n"))), whole)


def differing_lines(old: Sequence[bytes], new: Sequence[bytes]) -> _Ranges:
    """The ranges of lines of `new` that differ from `old`."""
    from difflib import SequenceMatcher

    found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return tuple((start + 1, end) for kind, _, _, start, end in found if kind != "equal")


def _with_folders(path: str) -> Iterator[str]:
    """A path and the folders that it is in: git lists a submodule as one."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def _hunks(lines: Sequence[bytes]) -> Iterator[tuple[str, _Ranges]]:
    """The changed ranges of each file of a diff without context."""
    path, ranges = "", list[tuple[int, int]]()
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.startswith(b"+++ "):
            if path and ranges:
                yield path, tuple(ranges)
            path, ranges = _path(line[4:]), []
        elif hunk := _HUNK.match(line):
            old, start, new = int(hunk[1] or 1), int(hunk[2]), int(hunk[3] or 1)
            ranges.append((start, start + new - 1) if new else (start + 1, start))
            number = _skip(lines, number, old + new)
    if path and ranges:
        yield path, tuple(ranges)


def _skip(lines: Sequence[bytes], number: int, count: int) -> int:
    """The number of the line after so many that are removed or added; their text may look like anything."""
    while number < len(lines) and count:
        count -= not lines[number].startswith(b"\\")  # a note that there is no newline
        number += 1
    return number


def _path(written: bytes) -> str:
    """The path of a `+++` line, "" for a file that is gone."""
    name = written.removesuffix(b"\t")  # put there after a name with a space
    if name.startswith(b'"'):
        name = _ESCAPE.sub(_unescape, name[1:-1])
    return os.fsdecode(name[2:]) if name.startswith(b"b/") else ""


def _unescape(found: re.Match[bytes]) -> bytes:
    what = found[1]
    if len(what) == 3:
        return bytes([int(what, 8)])
    return bytes([_ESCAPES.get(what[0], what[0])])
