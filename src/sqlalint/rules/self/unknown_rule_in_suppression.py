"""A suppression comment that names no rule, or one that there is not, suppresses nothing.

## Why is this bad?
Whoever wrote it believes that a finding is suppressed, or that the line has been looked at. With a misspelled name the
finding is still there; with none at all (`# sqlalint: ignore`) nothing is suppressed, as sqlalint never suppresses
whatever may be wrong with a line.

## When not to use it
Where another tool has codes that begin with SAL and a digit, ignore this rule.

## What it cannot see
Comments that are no suppressions at all, such as `# sqlalint: ignroe[...]`. Codes of other tools in a `noqa` list, and
a bare `# noqa`, which is for other tools. A code that is retired is what `unused-suppression` tells of.
"""

import difflib
from collections.abc import Iterator

from sqlalint.config.select import RETIRED
from sqlalint.project.project import Project
from sqlalint.project.suppressions import SuppressionComment
from sqlalint.report.finding import Finding, Severity
from sqlalint.rules.registry import all_rules, rule


@rule("SAL002", "unknown-rule-in-suppression", severity=Severity.WARNING)
def check(written: SuppressionComment, project: Project) -> Iterator[Finding]:
    """Names that are no rule's, and comments without any."""
    comment = written.comment
    if not comment.entries:
        yield Finding(
            at=written.at,
            message=f"`sqlalint: {comment.kind}` names no rule and suppresses nothing",
            help=f"Name the rules: `# sqlalint: {comment.kind}[lazy-load-in-loop] -- why`",
            identity=(comment.kind, ""),
        )
    names = [r.name for r in all_rules()]
    codes = [r.code for r in all_rules()]
    known = {word.lower() for word in (*names, *codes, *RETIRED)}
    for entry in comment.entries:
        if entry.word.lower() not in known:
            yield Finding(
                at=written.entry_at(entry),
                message=f"No rule {entry.word}{_nearest(entry.word, names, codes)}",
                help="`sqlalint rules` lists them all",
                identity=(comment.kind, entry.word.lower()),
            )


def _nearest(word: str, names: list[str], codes: list[str]) -> str:
    is_code = word[:3].upper() == "SAL" and word[3:4].isdigit()
    found = difflib.get_close_matches(word.upper() if is_code else word.lower(), codes if is_code else names, n=1)
    return f"; did you mean {found[0]}?" if found else ""
