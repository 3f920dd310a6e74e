"""Comments that suppress findings: what they name, and the rows for which they count.

    # sqlalint: ignore[name-or-code, ...] -- reason
    # sqlalint: file-ignore[name-or-code, ...] -- reason
    # noqa: SAL101, E501

Nearly no file has one, so a file is only tokenized where its text looks as if it had.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from sqlalint.facts.span import Span

if TYPE_CHECKING:
    from tokenize import TokenInfo

Kind = Literal["ignore", "file-ignore", "noqa"]

_WORTH_A_LOOK = re.compile(r"#[^\n]*(?:sqlalint\s*:|noqa\s*:[^\n]*SAL)", re.IGNORECASE)
# A comment may follow another one; in prose that tells of such comments, a quote stands before the `#`.
_OWN = re.compile(r"(?<!\S)#\s*sqlalint\s*:\s*(file-ignore|ignore)(?![\w-])[ \t]*(\[[^\]\n]*\])?", re.IGNORECASE)
_REASON = re.compile(r"[ \t]*--(.*?)[ \t]*(?=[ \t]#[ \t]|$)")
_NOQA = re.compile(r"(?<!\S)#\s*noqa\s*:[ \t]*([A-Z]+[0-9]+\w*(?:[ \t]*[,; \t][ \t]*[A-Z]+[0-9]+\w*)*)", re.IGNORECASE)
_WORD = re.compile(r"[^\s,;\[\]]+")
_OURS = re.compile(r"SAL\d\w*", re.IGNORECASE)


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """A rule as a comment names it, and its columns. Without those from `cut` to `end_cut` it is no longer named."""

    word: str
    column: int
    end_column: int
    cut: int
    end_cut: int


class Suppression(Struct, frozen=True, array_like=True, gc=False):
    """A comment that suppresses, and where it stands in its file.

    It counts from row `first` to row `last`: those of the statement on one of whose lines, or above which, it stands;
    for a whole file both are 0. `entries` are the rules that it names (of a `noqa` only ours), `others` tells whether
    a `noqa` names other tools' too. `cut` is what has to go for the comment to be gone.
    """

    kind: Kind
    entries: tuple[Entry, ...]
    span: Span
    first: int
    last: int
    reason: str
    others: bool
    cut: Span

    def covers(self, row: int) -> bool:
        """Whether it counts for what begins in that row."""
        return self.kind == "file-ignore" or self.first <= row <= self.last


def find_suppressions(text: str) -> tuple[Suppression, ...]:
    """The comments of a module that suppress. What is in a string is no comment."""
    if not _WORTH_A_LOOK.search(text):
        return ()
    found = []
    lines = text.split("\n")
    for token, first, last in _comments(text):
        for directive in _directives(token.string):
            found.append(_placed(directive, token, first, last, lines))
    return tuple(found)


def without_suppressions(comment: str) -> str:
    """What a comment says apart from what it suppresses and why."""
    parts = re.split(r"(?<!\S)(?=#)", comment)
    return "".join(part for part in parts if not any(_directives(part))).strip()


class _Directive(Struct, frozen=True):
    """What a comment says, with offsets in it. `lead` is where its words begin, after the `#`."""

    kind: Kind
    entries: tuple[tuple[str, int, int], ...]
    start: int
    lead: int
    end: int
    reason: str = ""
    others: bool = False


def _directives(comment: str) -> Iterator[_Directive]:
    for match in _OWN.finditer(comment):
        kind: Kind = "ignore" if match[1].lower() == "ignore" else "file-ignore"
        listed = [(w.group(), match.start(2) + w.start(), match.start(2) + w.end()) for w in _words(match[2])]
        reason = _REASON.match(comment, match.end())
        end = reason.end() if reason else match.end()
        lead = match.start() + len(match[0]) - len(match[0][1:].lstrip())
        yield _Directive(kind, tuple(listed), match.start(), lead, end, reason[1].strip() if reason else "")
    for match in _NOQA.finditer(comment):
        words = [(w.group(), match.start(1) + w.start(), match.start(1) + w.end()) for w in _words(match[1])]
        ours = tuple(w for w in words if _OURS.fullmatch(w[0]))
        if ours:
            lead = match.start() + len(match[0]) - len(match[0][1:].lstrip())
            yield _Directive("noqa", ours, match.start(), lead, match.end(), "", len(ours) < len(words))


def _words(text: str | None) -> Iterator[re.Match[str]]:
    return _WORD.finditer(text or "")


def _placed(directive: _Directive, token: "TokenInfo", first: int, last: int, lines: list[str]) -> Suppression:
    row, column = token.start[0], token.start[1] + 1
    entries = []
    for word, start, end in directive.entries:
        cut, end_cut = _with_comma(token.string, start, end)
        entries.append(Entry(word, column + start, column + end, column + cut, column + end_cut))
    if directive.kind == "file-ignore":
        first = last = 0
    span = Span(row, column + directive.start, row, column + directive.end)
    cut_span = _cut(directive, token, lines)
    return Suppression(
        directive.kind, tuple(entries), span, first, last, directive.reason, directive.others, cut_span
    )  # fmt: skip


def _with_comma(text: str, start: int, end: int) -> tuple[int, int]:
    """A word of a list with the comma that goes with it: the one after it, for the last word the one before it."""
    after = re.compile(r"[ \t]*[,; \t][ \t]*(?=[\w-])").match(text, end)
    if after and not text[after.end() :].startswith("--"):
        return start, after.end()
    before = re.search(r"(?<=[\w-])[ \t]*[,; \t][ \t]*$", text[:start])
    return (before.start() if before else start), end


def _cut(directive: _Directive, token: "TokenInfo", lines: list[str]) -> Span:
    row, column = token.start[0], token.start[1] + 1
    line = lines[row - 1]
    rest = token.string[directive.end :]
    if rest.strip() and not rest.lstrip().startswith("#"):  # words of another kind: they stay a comment
        blank = len(rest) - len(rest.lstrip())
        return Span(row, column + directive.lead, row, column + directive.end + blank)
    start = len(line[: column - 1 + directive.start].rstrip()) + 1
    if rest.strip():  # another comment follows, and its `#` begins the comment now
        blank = len(rest) - len(rest.lstrip())
        return Span(row, column + directive.start, row, column + directive.end + blank)
    if start == 1 and row < len(lines):
        return Span(row, 1, row + 1, 1)
    return Span(row, start, row, len(line) + 1)


def _comments(text: str) -> Iterator[tuple["TokenInfo", int, int]]:
    """Every comment with the rows of the statement that it belongs to; alone it belongs to the statement below it."""
    import io
    import tokenize

    above: list[TokenInfo] = []  # comments right above what comes next
    inside: list[TokenInfo] = []  # those of the statement that is being read
    first, decorated, row = 0, False, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = token.type
            if kind == tokenize.COMMENT:
                (inside if first else above).append(token)
            elif kind == tokenize.NL:
                if not first and not token.line.strip():
                    yield from ((c, c.start[0], c.start[0]) for c in above)
                    above = []
            elif kind == tokenize.NEWLINE:
                row = token.start[0]
                if decorated:
                    decorated = False  # until the next line begins: it may be a decorator too
                    continue
                yield from ((c, min(first, c.start[0]), row) for c in (*above, *inside))
                above, inside, first = [], [], 0
            elif kind not in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
                if not first:
                    first, decorated = token.start[0], token.string == "@"
                elif row and token.string == "@" and token.start[0] > row:
                    decorated = True
                row = 0
    except (tokenize.TokenError, SyntaxError):  # the parser that read the file knows newer syntax
        pass
    yield from ((c, min(first or c.start[0], c.start[0]), c.start[0]) for c in (*above, *inside))
