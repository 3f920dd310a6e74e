"""A file that cannot be read is not checked, so that silence about it means nothing.

## Why is this bad?
sqlalint judges what it can read. A file with a syntax error, in another encoding than it declares, or nested so deeply
that no parser survives it is left out of the analysis: its own defects are not found, and models or revisions that it
defines are missing when other files are judged. So that nobody takes this silence for approval, the run ends with
status 2.

Files that cannot be read and have nothing to do with SQLAlchemy, Alembic or SQLModel are no findings; the summary
counts them.

## When not to use it
A file that is broken on purpose, say a template or test data named `*.py`, belongs in `extend-exclude`. Ignoring this
rule altogether (`--ignore SAL003`) gives back the exit statuses 0 and 1.

## What it cannot see
Whether the file would be valid in a newer version of Python than sqlalint's parsers know.
"""

from collections.abc import Iterator

from sqlalint.project.project import Project, UnreadableFile
from sqlalint.report.finding import Finding, Severity
from sqlalint.rules.registry import rule


@rule("SAL003", "unparsable-file", severity=Severity.ERROR)
def check(file: UnreadableFile, project: Project) -> Iterator[Finding]:
    """A file that matters here and could not be read."""
    failure = file.failure
    if not (failure.mentions_library or failure.undecodable):
        return
    yield Finding(
        at=file.at,
        message=_message(failure.message, failure.row, failure.column),
        help="Mend the file, or leave it out with `extend-exclude`; nothing in it was checked",
        identity=("file",),
    )


def _message(words: str, row: int, column: int) -> str:
    """The parser's own words, with line and column where it stopped somewhere."""
    words = words.strip().rstrip(".")
    return words if (row, column) == (1, 1) else f"{words} (line {row}, column {column})"
