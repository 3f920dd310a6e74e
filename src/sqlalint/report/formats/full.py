"""For people at a terminal: each finding with its source, the places that belong to it, and what to do."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalint.report.by_rule import by_rule, table
from sqlalint.report.cells import wrap
from sqlalint.report.excerpt import Excerpt, Mark, draw, excerpts
from sqlalint.report.finding import Note, Reported
from sqlalint.report.patch import draw_fix
from sqlalint.report.presentation import Presentation, Screen
from sqlalint.report.style import heading, paint, printable, severity_style

_MANY = 20  # of one rule; more are folded on a terminal
_SHOWN = 5  # of what is folded
_EXCERPTS = 8  # of one finding, besides its own; what is further away is only named


def render(findings: Sequence[Reported], presentation: Presentation) -> Iterator[str]:
    """The findings, a blank line after each; on a terminal long lists folded, and a table by rule at the end."""
    screen = presentation.screen
    folded = _folded(findings, screen) if screen else {}
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.code] += 1
        if finding.code not in folded or seen[finding.code] <= _SHOWN:
            yield from _finding(finding, presentation)
    for code, more in folded.items():
        yield f"{paint(code, 'path', presentation.colour)}: {more:,} more; --select {code}\n"
    if folded:
        yield "\n"
    if screen and screen.table and len(findings) > 1:
        yield from table(by_rule(findings), presentation)
        yield "\n"


def _folded(findings: Sequence[Reported], screen: Screen) -> dict[str, int]:
    """How many findings of which rules are left out: never of a rule that was asked for by itself."""
    counts = Counter(f.code for f in findings if not {f.code.lower(), f.name} & screen.named)
    return {code: count - _SHOWN for code, count in sorted(counts.items()) if count > _MANY}


def _finding(finding: Reported, presentation: Presentation) -> Iterator[str]:
    yield heading(finding, presentation) + "\n"
    yield from _places(finding, presentation)
    yield from _said("help", finding.help, presentation, "help")
    if finding.fix:
        word = "fix" if finding.fix.safe else "fix (unsafe)"
        yield from _said(word, finding.fix.message, presentation, "help")
        yield from draw_fix(finding.fix, finding.place.path, presentation)
    tier = "" if finding.confidence.rank == 0 else f", {finding.confidence.value}"
    yield from _said("rule", f"{finding.name} ({finding.severity.value}{tier})", presentation)
    yield "\n"


def _places(finding: Reported, presentation: Presentation) -> Iterator[str]:
    """The place of the finding, then the related ones that do not stand beside it, each with its path."""
    by_file = _marks(finding)
    found = [
        (path, excerpt) for path, marks in by_file.items() for excerpt in excerpts(marks, presentation.lines(path))
    ]
    found = found[: _EXCERPTS + 1]
    gutter = 2 + max((len(str(excerpt.last)) for _, excerpt in found), default=1)
    for path, excerpt in found:
        if not excerpt.is_main:
            yield _where(path, excerpt.marks[0], presentation) + "\n"
        yield from draw(excerpt, presentation.lines(path), gutter, presentation.width, presentation.colour)
    drawn = {mark for _, excerpt in found for mark in excerpt.marks}
    for path, marks in by_file.items():  # too many, or the source is gone, or shorter than it was
        for mark in marks:
            if mark not in drawn and mark.label:
                yield f"{_where(path, mark, presentation)}: {printable(mark.label)}\n"


def _where(path: str, mark: Mark, presentation: Presentation) -> str:
    shown = paint(printable(presentation.path(path)), "path", presentation.colour)
    return f"  {shown}:{mark.span.row}:{mark.span.column}"


def _marks(finding: Reported) -> dict[str, list[Mark]]:
    """The marks of each file, the finding's own first; a note on its very place is its label."""
    here = finding.place
    same = [note for note in finding.related if note.place == here]
    label = "; ".join(note.message for note in same)
    marks = {here.path: [Mark(here.span, label, True, severity_style(finding.severity))]}
    for note in finding.related:
        if note not in same:
            marks.setdefault(note.place.path, []).append(_mark(note))
    return marks


def _mark(note: Note) -> Mark:
    return Mark(note.place.span, note.message, False, "related")


def _said(word: str, text: str, presentation: Presentation, style: str = "dim") -> Iterator[str]:
    """`help: ...`, wrapped between words but never inside code, further lines below the first."""
    indent = " " * (len(word) + 4)
    first = True
    for line in text.split("\n"):
        for piece in wrap(line, presentation.width - len(indent)):
            lead = f"  {paint(word + ':', style, presentation.colour)} "
            yield (lead if first else indent) + printable(piece) + "\n"
            first = False


__all__ = ["Excerpt", "render", "wrap"]
