"""Where in a file one more name may be imported."""

import ast

from sqlalint.facts.lower import Lowering
from sqlalint.facts.span import Span
from sqlalint.facts.statement import ImportLine, Imports


def imports_of(body: list[ast.stmt], lowering: Lowering) -> Imports:
    """The imports before a module's first function or class: what is imported later comes too late for those."""
    defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    first = next((n for n, node in enumerate(body) if isinstance(node, defining)), len(body))
    head = body[:first]
    importing = [n for n in head if isinstance(n, ast.Import | ast.ImportFrom)]
    lines = tuple(_line(n, lowering) for n in importing if isinstance(n, ast.ImportFrom) and n.names[0].name != "*")
    if importing:
        row = _last_row(importing[-1]) + 1
        below = tuple(found for n in importing for found in _below(n, body))
        return Imports(_range(row), lines, 0 if _is_shared(body, row - 1) else row, below=below)
    if body and _is_docstring(body[0]):
        row = _last_row(body[0]) + 1
        return Imports(_range(row), (), 0 if _is_shared(body, row - 1) else row, follows=True)
    row = _first_row(body[0]) if body else 0
    return Imports(_range(row or 1), (), row, precedes=True)


def _line(node: ast.ImportFrom, lowering: Lowering) -> ImportLine:
    whole, last = lowering.span(node), lowering.span(node.names[-1])
    in_brackets = (whole.end_row, whole.end_column) > (last.end_row, last.end_column)
    before = lowering.span(node.names[-2]).end_row if len(node.names) > 1 else whole.row
    return ImportLine(node.module or "", node.level, last, in_brackets and last.row > before)


def _below(node: ast.Import | ast.ImportFrom, body: list[ast.stmt]) -> list[tuple[str, int]]:
    """The modules that an import names, with the row below it; none where something else is on its last row."""
    if isinstance(node, ast.ImportFrom):
        modules = [node.module] if node.module and not node.level and node.module != "__future__" else []
    else:
        modules = [alias.name for alias in node.names]
    row = _last_row(node)
    return [] if not modules or _is_shared(body, row) else [(module, row + 1) for module in modules]


def _range(row: int) -> Span:
    return Span(row, 1, row, 1)


def _first_row(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)])


def _last_row(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _is_shared(body: list[ast.stmt], row: int) -> bool:
    """Whether something goes on below the last row of an import: `import a; x = (`."""
    return any(_first_row(n) <= row < _last_row(n) for n in body)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
