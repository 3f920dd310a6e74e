"""What is said of fixes: how many there are, which were applied, and what they would change."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalint.report.finding import Reported
from sqlalint.report.presentation import Presentation
from sqlalint.report.style import paint, printable

_STYLES = {"+": "added", "-": "removed", "@": "related"}


def fixable(findings: Sequence[Reported], *, unsafe: bool, fixing: bool = False) -> str:
    """How many findings `--fix` can mend, a line for the summary; "" for none.

    `unsafe`: with `--unsafe-fixes`. `fixing`: with `--fix`, after which there are only others.
    """
    safe = sum(1 for f in findings if f.fix and f.fix.safe)
    others = sum(1 for f in findings if f.fix and not f.fix.safe)
    if fixing:
        return f"{others:,} more fixable with --unsafe-fixes." if others and not unsafe else ""
    if unsafe:
        return f"[*] {safe + others:,} fixable with --fix --unsafe-fixes." if safe + others else ""
    if safe:
        return f"[*] {safe:,} fixable with --fix{f' ({others:,} more with --unsafe-fixes)' if others else ''}."
    return f"{others:,} fixable with --fix --unsafe-fixes." if others else ""


def fixed(findings: Sequence[Reported], presentation: Presentation, *, would: bool = False) -> Iterator[str]:
    """What was fixed, by file and rule; `would`: what would be."""
    number = f"{len(findings):,} finding{'' if len(findings) == 1 else 's'}"
    yield (
        f"{'Would fix' if would else 'Fixed'} {number}:\n"
        if findings
        else f"{'Nothing to fix' if would else 'Nothing fixed'}.\n"
    )
    by_file: dict[str, Counter[tuple[str, str]]] = {}
    for finding in findings:
        by_file.setdefault(finding.place.path, Counter())[finding.code, finding.name] += 1
    width = max((len(f"{count:,}") for counts in by_file.values() for count in counts.values()), default=1)
    for path, counts in sorted(by_file.items()):
        yield f"- {printable(presentation.path(path))}:\n"
        for (code, name), count in sorted(counts.items()):
            yield f"    {count:>{width},} × {code} ({name})\n"


def unified(before: str, after: str, name: str, *, colour: bool = False) -> Iterator[str]:
    """The unified diff of a file's text, as `patch -p0` takes it. Lines end as they do in the file."""
    shown = printable(name) + ("\t" if " " in name else "")  # without a tab a name would end at its space
    for number, line in enumerate(difflib.unified_diff(_lines(before), _lines(after), shown, shown)):
        text = line.rstrip("\r\n")
        style = "path" if number < 2 else _STYLES.get(line[0])
        yield (paint(text, style, colour) if style else text) + (line[len(text) :] or "\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Lines with their ends; a form feed ends none."""
    *lines, rest = text.split("\n")
    return [*(f"{line}\n" for line in lines), *([rest] if rest else ())]
