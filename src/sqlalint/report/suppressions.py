"""Which findings comments suppress, and which comments suppress nothing.

Told of all findings, before anything is selected: whether one is shown has no bearing on it.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from sqlalint.facts.suppression import Entry, Suppression
from sqlalint.report.finding import Reported, Suppressed
from sqlalint.report.places import Standing, is_off, is_test

Comments = Mapping[str, Sequence[Suppression]]


class Written(Struct, frozen=True, array_like=True):
    """One rule that a comment names: the file, the comment, and which of its entries."""

    path: str
    comment: Suppression
    entry: Entry


class Suppressions:
    """The comments of a project; `used` are the entries that have suppressed something of what `mark` was given."""

    def __init__(self, comments: Comments) -> None:
        self._comments = {path: tuple(found) for path, found in comments.items() if found}
        self.used: set[Written] = set()

    def mark(self, findings: Iterable[Reported]) -> list[Reported]:
        """The findings, with those marked that a comment suppresses at their place or at a related one."""
        return [self._marked(f) for f in findings] if self._comments else list(findings)

    def _marked(self, finding: Reported) -> Reported:
        matching = []
        for path, row in _rows(finding):
            for comment in self._comments.get(path, ()):
                if comment.covers(row):
                    matching += [Written(path, comment, e) for e in comment.entries if _names(e.word, finding)]
        if not matching:
            return finding
        self.used.update(matching)
        first = matching[0]
        reason = next((w.comment.reason for w in matching if w.comment.reason), "")
        return msgspec.structs.replace(
            finding, suppressed=Suppressed("comment", reason, first.path, first.comment.span)
        )

    def unused(self, codes: Mapping[str, str]) -> list[Written]:
        """The entries that have suppressed nothing. `codes` are those of all rules, by each of their names and codes.

        What names no rule is not one of them, nor what names a rule that is silent in tests where it stands in one.
        """
        return [
            Written(path, comment, entry)
            for path, comments in self._comments.items()
            for comment in comments
            for entry in comment.entries
            if (code := codes.get(entry.word.lower())) is not None
            and not (is_test(path) and is_off(code, Standing.TEST))
            and Written(path, comment, entry) not in self.used
        ]


def _rows(finding: Reported) -> set[tuple[str, int]]:
    places = (finding.place, *(note.place for note in finding.related))
    return {(place.path, place.span.row) for place in places}


def _names(word: str, finding: Reported) -> bool:
    return word.lower() in (finding.name, finding.code.lower())
