"""A suppression comment without a reason leaves it open whether the finding was understood.

## Why is this bad?
A year later nobody knows whether the line is right for a reason that does not show, or whether somebody was in a
hurry. The place for it is after two dashes: `# sqlalint: ignore[lazy-load-in-loop] -- five rows at most`.

## When not to use it
This is a matter of how a team works, so the rule is only on where it is selected.

## What it cannot see
Whether the reason is a good one. A `noqa` comment has no place for a reason and is not judged.
"""

from collections.abc import Iterator

from sqlalint.project.project import Project
from sqlalint.project.suppressions import SuppressionComment
from sqlalint.report.finding import Finding, Severity
from sqlalint.rules.registry import rule


@rule("SAL004", "suppression-without-reason", severity=Severity.INFO, default=False)
def check(written: SuppressionComment, project: Project) -> Iterator[Finding]:
    """A comment of ours that names rules and gives no reason."""
    comment = written.comment
    if comment.kind == "noqa" or comment.reason or not comment.entries:
        return
    words = ", ".join(entry.word for entry in comment.entries)
    yield Finding(
        at=written.at,
        message=f"`{comment.kind}[{words}]` gives no reason",
        help=f"Say why: `# sqlalint: {comment.kind}[{words}] -- why`",
        identity=(comment.kind, *sorted(entry.word.lower() for entry in comment.entries)),
    )
