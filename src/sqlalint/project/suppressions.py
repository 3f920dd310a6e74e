"""Comments that suppress findings, as rules judge them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.facts.span import Span, Spot
from sqlalint.facts.suppression import Entry, Suppression

if TYPE_CHECKING:
    from sqlalint.project.project import Project


class SuppressionComment(Struct, frozen=True):
    """A comment that is meant to suppress findings."""

    path: str
    comment: Suppression

    @property
    def at(self) -> Spot:
        """The comment, of several in one only this."""
        return Spot(self.path, "", self.comment.span)

    def entry_at(self, entry: Entry) -> Spot:
        """One of the rules that it names."""
        row = self.comment.span.row
        return Spot(self.path, "", Span(row, entry.column, row, entry.end_column))


class UnusedSuppression(Struct, frozen=True):
    """A rule that a comment names, and of which nothing is found there. `rest`: other entries of it are of use."""

    written: SuppressionComment
    entry: Entry
    rest: bool

    @property
    def at(self) -> Spot:
        """The rule as it is named there."""
        return self.written.entry_at(self.entry)


def suppression_comments(project: "Project") -> Iterator[SuppressionComment]:
    """All of them."""
    for path, facts in project.files.items():
        for comment in facts.index.suppressions:
            yield SuppressionComment(path, comment)
