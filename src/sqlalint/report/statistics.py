"""`--statistics`: how many findings each rule has, the most first, and how many of them can be mended."""

from collections.abc import Iterator, Sequence

from sqlalint.report.by_rule import ByRule, by_rule
from sqlalint.report.finding import Reported


def render(findings: Sequence[Reported], name: str) -> Iterator[str]:
    """The counts in a format that has them: a table for people, or a list of objects."""
    rows = sorted(by_rule(findings), key=lambda row: (-row.count, row.code, row.name))
    if name == "json":
        import json

        fields = ("code", "name", "count", "files", "fixable")
        yield json.dumps([{field: getattr(row, field) for field in fields} for row in rows], indent=2) + "\n"
        return
    marked = any(row.fixable > row.unsafe for row in rows)
    for row in rows:
        mark = f"{_mark(row)} " if marked else ""
        yield f"{row.count:>6,}  {row.code}  {mark}{row.name}{_fixable(row)}\n"
    if marked:
        yield "[*] fixable with `sqlalint check --fix`, [-] some of them\n"


def _mark(row: ByRule) -> str:
    """As in ruff: what `--fix` mends, all of it or some."""
    safe = row.fixable - row.unsafe
    return "[*]" if safe == row.count else "[-]" if safe else "[ ]"


def _fixable(row: ByRule) -> str:
    """`(3 fixable, 1 of them with --unsafe-fixes)`."""
    if not row.fixable:
        return ""
    which = "" if not row.unsafe else " with --unsafe-fixes"
    if row.unsafe and row.unsafe < row.fixable:
        which = f", {row.unsafe:,} of them{which}"
    return f"  ({row.fixable:,} fixable{which})"
