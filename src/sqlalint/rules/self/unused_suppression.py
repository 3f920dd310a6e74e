"""A suppression comment that suppresses nothing hides the next defect on its line.

## Why is this bad?
The defect that the comment was written for is mended, or has moved. Whoever reads the line takes it for known to be
bad, and if the same defect comes back later, nobody is told.

Each rule that a comment names is judged by itself: a comment that names three, one of them for nothing, should lose
that one name. It is held against everything that sqlalint could say: a comment is of use too where it suppresses a
finding that this run would not show, of lower confidence, of a rule that is not selected, on a revision that has run.

## When not to use it
The finding needs a full run, and is silent in any other: with `--select` or `--ignore`, where the named paths do not
cover the whole project, and after a crash of a rule.

## What it cannot see
Codes of other tools in a `noqa` list. Rules that are silent in tests are not judged in a test: whoever names the file
gets their findings.
"""

from collections.abc import Iterator

from sqlalint.config.select import RETIRED
from sqlalint.facts.span import Span, Spot
from sqlalint.project.project import Project
from sqlalint.project.suppressions import UnusedSuppression
from sqlalint.report.finding import Edit, Finding, Fix, Severity
from sqlalint.rules.registry import rule


@rule("SAL001", "unused-suppression", severity=Severity.WARNING, fix="safe")
def check(unused: UnusedSuppression, project: Project) -> Iterator[Finding]:
    """A named rule that suppresses nothing."""
    comment, word = unused.written.comment, unused.entry.word
    named = f"noqa: {word}" if comment.kind == "noqa" else f"{comment.kind}[{word}]"
    successor = _successor(word)
    retired = f"; {word} is retired, instead: {successor}" if successor else ""
    yield Finding(
        at=unused.at,
        message=f"`{named}` suppresses nothing{retired}",
        help="Take it out of the comment" if unused.rest else "Remove the comment",
        identity=(comment.kind, word.lower()),
        fix=_fix(unused),
    )


def _successor(word: str) -> str:
    return next((instead for name, instead in RETIRED.items() if name.lower() == word.lower()), "")


def _fix(unused: UnusedSuppression) -> Fix:
    comment, entry = unused.written.comment, unused.entry
    if not unused.rest:
        return Fix("Remove the comment", (Edit(Spot(unused.written.path, "", comment.cut), ""),), True)
    row = comment.span.row
    span = Span(row, entry.cut, row, entry.end_cut)
    return Fix(f"Remove {entry.word} from the comment", (Edit(Spot(unused.written.path, "", span), ""),), True)
