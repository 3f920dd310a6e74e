import ast

from sqlalint.source.text import Unreadable


def parse_with_libcst(text: str) -> ast.Module:
    raise Unreadable("not yet")
