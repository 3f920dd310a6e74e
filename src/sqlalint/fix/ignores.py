"""Comments that suppress findings, written where they count: nothing else of a file changes.

A comment goes to the end of the line where a finding ends, into a comment of ours that counts for its statement already,
or onto a line of its own above the statement, where the line would grow too long or cannot end in a comment.
"""

import io
import tokenize
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from sqlalint.facts.span import Place, Span
from sqlalint.facts.suppression import Suppression, find_suppressions
from sqlalint.fix.edits import Unfit, apply_edits
from sqlalint.report.finding import PlacedEdit, Reported
from sqlalint.source.text import Unreadable, decode

LONGEST_LINE = 120
_UNREADABLE = "SAL003"  # nothing in that file is read, comments neither
_WITHOUT_REASON = "SAL004"  # what it asks for is the reason itself
_SILENT = frozenset({tokenize.COMMENT, tokenize.NL})
_BETWEEN = frozenset({tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER})
_OPENING = frozenset({"FSTRING_START", "TSTRING_START"})
_CLOSING = frozenset({"FSTRING_END", "TSTRING_END"})


class Commented(Struct, frozen=True):
    """A file's new bytes, how many comments were written or extended, and the findings that no comment can suppress."""

    content: bytes
    comments: int
    left: tuple[Reported, ...]


class _Target(Struct, frozen=True):
    """Where names of rules go: into a comment, to the end of a row, or above it."""

    row: int
    above: bool = False
    comment: Suppression | None = None


def is_reason(text: str) -> bool:
    """Whether a text may be the reason in a comment: one line, and no comment in itself."""
    if not text.isprintable():
        return False
    found = find_suppressions(f"x  # sqlalint: ignore[SAL101] -- {text}")
    return len(found) == 1 and found[0].reason == text.strip() != ""


def add_ignores(content: bytes, findings: Sequence[Reported], reason: str) -> Commented:
    """The bytes of a file with comments that suppress findings in it. `reason` is one (see `is_reason`)."""
    try:
        text = decode(content).content
        layout = _Layout(text)
    except (Unreadable, tokenize.TokenError, SyntaxError):
        return Commented(content, 0, tuple(findings))
    targets: dict[_Target, list[Reported]] = {}
    left: list[Reported] = []
    for finding in findings:
        target = None if finding.code == _UNREADABLE else layout.target(finding, reason)
        (targets.setdefault(target, []) if target else left).append(finding)
    edits = [edit for target, own in targets.items() for edit in layout.edits(target, own, reason)]
    try:
        new = apply_edits(content, edits)
        if not _is_same_code(text, decode(new).content):
            raise Unfit("a comment would become code")
    except (Unfit, tokenize.TokenError, SyntaxError):
        return Commented(content, 0, tuple(findings))
    return Commented(new, len(targets), tuple(left))


class _Layout:
    """The rows of a module: statements, those that can end in a comment, and the comments that there are."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._comments = find_suppressions(text)
        self._statements: dict[int, int] = {}  # of each row the first one of its statement
        self._open: set[int] = set()  # rows after which a comment may stand
        self._chosen: dict[int, _Target] = {}
        self._read(text)

    def _read(self, text: str) -> None:
        first = depth = 0
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            name = tokenize.tok_name[token.type]
            depth += (name in _OPENING) - (name in _CLOSING)
            if token.type in _SILENT or token.type == tokenize.NEWLINE:
                if not depth:
                    self._open.add(token.start[0])
            elif token.type not in _BETWEEN:
                first = first or token.start[0]
            if token.type == tokenize.NEWLINE:
                self._statements.update(dict.fromkeys(range(first, token.start[0] + 1), first))
                first = 0

    def target(self, finding: Reported, reason: str) -> _Target | None:
        """Where a comment for a finding goes; None where there is no place for one."""
        span = finding.place.span
        if finding.code == _WITHOUT_REASON:
            return next((_Target(c.span.row, comment=c) for c in self._comments if c.span == span), None)
        for comment in self._comments:
            if comment.kind == "ignore" and comment.entries and comment.covers(span.row):
                return _Target(comment.span.row, comment=comment)
        first = self._statements.get(span.row)
        if first is None:
            return _Target(span.row) if span.row in self._open and self._lines[span.row - 1].strip() else None
        if first not in self._chosen:
            self._chosen[first] = self._new(first, span, finding.name, reason)
        return self._chosen[first]

    def _new(self, first: int, span: Span, name: str, reason: str) -> _Target:
        for row in (span.end_row, span.row):
            if row in self._open and self._statements.get(row) == first:
                line = self._lines[row - 1].rstrip()
                if len(line) + len(_comment([name], reason)) + 2 <= LONGEST_LINE:
                    return _Target(row)
        return _Target(first, above=True)

    def edits(self, target: _Target, findings: Iterable[Reported], reason: str) -> Iterator[PlacedEdit]:
        """What is written there."""
        path = next(iter(findings)).place.path
        names = sorted({f.name for f in findings if f.code != _WITHOUT_REASON})
        if target.comment is not None:
            yield from self._into(path, target.comment, names, reason)
            return
        line = self._lines[target.row - 1]
        if target.above:
            indent = line[: len(line) - len(line.lstrip())]
            yield _insertion(path, target.row, 1, f"{indent}{_comment(names, reason)}\n")
        else:
            end, place = len(line) + 1, len(line.rstrip()) + 1
            yield PlacedEdit(Place(path, Span(target.row, place, target.row, end)), f"  {_comment(names, reason)}")

    def _into(self, path: str, comment: Suppression, names: list[str], reason: str) -> Iterator[PlacedEdit]:
        """Names and the reason into a comment that is there."""
        row, known = comment.span.row, {entry.word.lower() for entry in comment.entries}
        new = [name for name in names if name not in known]
        if new:
            yield _insertion(path, row, comment.entries[-1].end_column, "".join(f", {name}" for name in new))
        said = self._lines[row - 1][comment.span.column - 1 : comment.span.end_column - 1].rstrip()
        mark = "; " if comment.reason else " " if said.endswith("--") else " -- "
        if reason not in comment.reason:
            yield _insertion(path, row, comment.span.column + len(said), f"{mark}{reason}")


def _comment(names: Sequence[str], reason: str) -> str:
    return f"# sqlalint: ignore[{', '.join(names)}] -- {reason}"


def _insertion(path: str, row: int, column: int, text: str) -> PlacedEdit:
    return PlacedEdit(Place(path, Span(row, column, row, column)), text)


def _is_same_code(before: str, after: str) -> bool:
    return _code(before) == _code(after)


def _code(text: str) -> list[tuple[int, str]]:
    """The tokens that mean something."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [(t.type, t.string) for t in tokens if t.type not in _SILENT]
