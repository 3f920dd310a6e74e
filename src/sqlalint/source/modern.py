"""Files in a syntax that the running Python does not know: LibCST parses them, and its tree becomes `ast`.

LibCST's nodes have no positions, and asking its metadata for them costs three times as much as parsing. But its trees
hold every token in order, so this walk follows the text beside the tree, token by token, and knows where it is.
Everything that lowering reads is as CPython's own parser would have given it; names are all in a `Load` context, type
parameters are dropped, `type X = ...` is an assignment, and a template string is an f-string.
"""

import ast
import re
import warnings

from sqlalint.source.modern_expressions import Lost
from sqlalint.source.modern_statements import Statements
from sqlalint.source.text import Unreadable

_LAST_TOKEN = re.compile(r"(?:\w+|\W)?\Z")
_REMEDY = "sqlalint cannot read this file"


def parse_with_libcst(text: str) -> ast.Module:
    """The tree of a module, with the positions that CPython gives. Raises `Unreadable`."""
    import libcst  # half a second, paid only by projects whose syntax is newer than the running Python

    try:
        module = libcst.parse_module(text)
    except libcst.ParserSyntaxError as problem:
        raise _in_words(problem.message, problem.raw_line, text) from None
    except RecursionError:
        raise
    except Exception as problem:  # LibCST validates while it builds, with several kinds of exceptions
        raise Unreadable(f"{_REMEDY}: {problem}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Statements(text).module(module)
    except (SyntaxError, ValueError) as problem:
        raise Unreadable(f"invalid syntax: {problem}") from None
    except Lost as problem:
        raise Unreadable(f"{_REMEDY}: its text and its tree differ at {problem}", problem.row) from None


def _in_words(message: str, row: int, text: str) -> Unreadable:
    """LibCST's message without its parts that only its authors can read."""
    kind, _, rest = message.partition(": ")
    column = 1
    if kind == "parser error" and rest.startswith("error at "):
        where, _, expected = rest.removeprefix("error at ").partition(": ")
        found_row, _, found_column = where.partition(":")
        if found_row.isdigit() and found_column.isdigit():
            row = int(found_row)
            lines = text.split("\n", row)
            before = lines[row - 1][: int(found_column)].rstrip() if row <= len(lines) else ""
            token = _LAST_TOKEN.search(before)  # LibCST says where the token begins behind the bad one
            column = (token.start() if token else 0) + 1
        # A list of everything that could have stood there helps nobody; a short one does.
        rest = expected if len(expected) < 60 and "one of" not in expected else ""
    return Unreadable(f"invalid syntax: {rest}" if rest else "invalid syntax", row, column)
