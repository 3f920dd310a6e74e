"""What is refused before any parser sees it, because parsers die of it or need minutes."""

import re

from sqlalint.source.text import Unreadable

MAX_OPERATORS = 10_000

# CPython itself refuses deeper brackets, in every version. LibCST would read them, in a time that grows with the square.
MAX_DEPTH = 200

# LibCST's time grows with the square of a chain's length too: two seconds for 1,000 calls, a minute for 5,000.
MAX_LINKS = 1_000

_TOKENS = re.compile(
    r"""(?P<string>(?:[rRbBuUfFtT]{0,2})(?:
        \"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"{3} | '{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3}
        | "[^"\\\n]*(?:\\.[^"\\\n]*)*" | '[^'\\\n]*(?:\\.[^'\\\n]*)*'))
    | \#[^\n]* | (?P<open>[\[({]) | (?P<close>[\])}]) | (?P<operator>[+\-*/%&|^@<>~]=?) | (?P<part>[,:;=]) | (?P<line>\n)
    | (?P<dot>\.) | (?P<word>[^\W\d]\w*)""",
    re.DOTALL | re.VERBOSE,
)
_LINKING = frozenset({"if", "else", "not", "lambda", "await"})


def check_limits(text: str) -> None:
    """Raise `Unreadable` for more operators in one expression than anything after reads.

    A cheap count first: only text that has that many operators at all is scanned token by token.
    """
    if sum(map(text.count, "+-*/%&|^@<>")) > MAX_OPERATORS:
        _scan(text, {"operator"}, MAX_OPERATORS, "operators", len(text))


def check_for_libcst(text: str) -> None:
    """Raise `Unreadable` for what LibCST, and only LibCST, would need minutes for."""
    _scan(text, {"operator", "open", "dot", "word"}, MAX_LINKS, "calls or operators", MAX_DEPTH)


def _scan(text: str, linking: set[str], longest: int, what: str, deepest: int) -> None:
    chains = [0]  # the length of the chain that is being read, for each bracket that is open
    row = 1
    for token in _TOKENS.finditer(text):
        kind = token.lastgroup
        if kind in linking and (kind != "word" or token.group() in _LINKING):
            chains[-1] += 1
            if chains[-1] > longest:
                raise Unreadable(f"more than {longest:,} {what} in one expression; sqlalint reads up to that", row)
        if kind == "open":
            chains.append(0)
            if len(chains) > deepest + 1:
                raise Unreadable(f"brackets are nested more than {deepest:,} deep; Python reads up to that", row)
        elif kind == "close":
            if len(chains) > 1:
                chains.pop()
        elif kind == "part":
            chains[-1] = 0
        elif kind == "line":
            row += 1
            if len(chains) == 1:
                chains[-1] = 0
        elif kind == "string":
            row += token.group().count("\n")
