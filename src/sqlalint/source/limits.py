"""What is refused before any parser sees it, because parsers die of it or need minutes."""

import re

from sqlalint.source.text import Unreadable

MAX_DEPTH = 3_000
MAX_OPERATORS = 10_000

_TOKENS = re.compile(
    r"""(?:[rRbBuUfFtT]{0,2})(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"|\#[^\n]*|[\[\](){}]|[+\-*/%&|^@<>=]+|\n",
    re.DOTALL,
)


def check_limits(text: str) -> None:
    """Raise `Unreadable` for brackets nested, or operators chained, beyond what the parsers survive.

    A cheap count first: only text that has that many brackets or operators at all is scanned token by token.
    """
    brackets = text.count("(") + text.count("[") + text.count("{")
    operators = sum(text.count(c) for c in "+-*/%&|^@")
    if brackets <= MAX_DEPTH and operators <= MAX_OPERATORS:
        return
    depth = chain = 0
    row = 1
    for token in _TOKENS.finditer(text):
        word = token.group()
        first = word[0]
        if first in "([{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Unreadable(f"brackets are nested more than {MAX_DEPTH:,} deep; sqlalint reads up to that", row)
        elif first in ")]}":
            depth = max(depth - 1, 0)
        elif first == "\n":
            row += 1
            if depth == 0:
                chain = 0
        elif first in "+-*/%&|^@<>=":
            chain += word != "="
            if chain > MAX_OPERATORS:
                message = f"more than {MAX_OPERATORS:,} operators in one expression; sqlalint reads up to that"
                raise Unreadable(message, row)
        else:
            row += word.count("\n")
