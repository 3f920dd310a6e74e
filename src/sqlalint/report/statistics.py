"""`--statistics`: how many findings each rule has, the most first, and how many of them can be mended."""

from collections.abc import Iterator, Sequence

from sqlalint.report.by_rule import ByRule, by_rule
from sqlalint.report.finding import Reported


def render(findings: Sequence[Reported], name: str, *, unsafe: bool = False) -> Iterator[str]:
    """The counts in a format that has them: a table for people, or a list of objects.

    `unsafe` says whether unsafe fixes count as those that `--fix` applies.
    """
    rows = sorted(by_rule(findings), key=lambda row: (-row.count, row.code, row.name))
    if name == "json":
        import json

        fields = ("code", "name", "count", "files", "fixable")
        yield json.dumps([{field: getattr(row, field) for field in fields} for row in rows], indent=2) + "\n"
        return
    marked = any(_applied(row, unsafe) for row in rows)
    for row in rows:
        mark = f"{_mark(row, unsafe)} " if marked else ""
        yield f"{row.count:>6,}  {row.code}  {mark}{row.name}{_fixable(row, unsafe)}\n"
    if marked:
        option = "--fix --unsafe-fixes" if unsafe else "--fix"
        yield f"[*] fixable with `sqlalint check {option}`, [-] some of them\n"


def _applied(row: ByRule, unsafe: bool) -> int:
    """How many `--fix` mends."""
    return row.fixable if unsafe else row.fixable - row.unsafe


def _mark(row: ByRule, unsafe: bool) -> str:
    """As in ruff: what `--fix` mends, all of it or some."""
    applied = _applied(row, unsafe)
    return "[*]" if applied == row.count else "[-]" if applied else "[ ]"


def _fixable(row: ByRule, unsafe: bool) -> str:
    """`(3 fixable, 1 of them with --unsafe-fixes)`."""
    if not row.fixable:
        return ""
    which = " with --unsafe-fixes" if row.unsafe and not unsafe else ""
    if which and row.unsafe < row.fixable:
        which = f", {row.unsafe:,} of them{which}"
    return f"  ({row.fixable:,} fixable{which})"
