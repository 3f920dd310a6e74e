"""Fixing goes on until nothing changes, and leaves what would break a file or mend nothing."""

import re
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from sqlalint.facts.span import Place, Span
from sqlalint.fix.loop import MOST_ROUNDS, Outcome, fix_until_settled
from sqlalint.report.finding import PlacedEdit, PlacedFix, Reported
from tests.report.make import finding

Files = dict[str, bytes]
Mend = Callable[[str, int, re.Match[str]], PlacedFix | None]


def edit(path: str, row: int, column: int, end_column: int, content: str) -> PlacedEdit:
    return PlacedEdit(Place(path, Span(row, column, row, end_column)), content)


def finder(files: Files, mend: Mend, word: str = "bad") -> Callable[[Mapping[str, bytes]], list[Reported]]:
    """Finds each `bad` in the files, with the fix that `mend` makes of its path, row and match."""

    def find(contents: Mapping[str, bytes]) -> list[Reported]:
        found = []
        for path, content in {**files, **contents}.items():
            for row, line in enumerate(content.decode().split("\n"), 1):
                for match in re.finditer(word, line):
                    at = Place(path, Span(row, match.start() + 1, row, match.end() + 1))
                    found.append(replace(finding(at=at), fix=mend(path, row, match)))
        return found

    return find


def word_for_word(path: str, row: int, match: re.Match[str]) -> PlacedFix:
    return PlacedFix("Mend it", (edit(path, row, match.start() + 1, match.end() + 1, "good"),), True)


def settle(files: Files, mend: Mend, **options: Callable[[PlacedFix], bool]) -> Outcome:
    find = finder(files, mend)
    return fix_until_settled(find({}), find, files.__getitem__, options.get("wanted", lambda _: True))


def test_everything_is_fixed_in_one_round() -> None:
    outcome = settle({"a.py": b"bad = bad\n", "b.py": b"x = bad\n", "c.py": b"x = 1\n"}, word_for_word)
    assert outcome.contents == {"a.py": b"good = good\n", "b.py": b"x = good\n"}
    assert len(outcome.fixed) == 3
    assert outcome.is_settled


def test_fixes_that_overlap_take_a_round_each() -> None:
    def whole_line(path: str, row: int, match: re.Match[str]) -> PlacedFix:
        line = match.string
        mended = line[: match.start()] + "good" + line[match.end() :]
        return PlacedFix("Mend it", (edit(path, row, 1, len(line) + 1, mended),), True)

    rounds: list[Mapping[str, bytes]] = []
    files = {"a.py": b"f(bad, bad, bad)\n"}
    find = finder(files, whole_line)

    def inspect(contents: Mapping[str, bytes]) -> list[Reported]:
        rounds.append(contents)
        return find(contents)

    outcome = fix_until_settled(find({}), inspect, files.__getitem__, lambda _: True)
    assert outcome.contents == {"a.py": b"f(good, good, good)\n"}
    assert len(rounds) == 3


def test_only_wanted_fixes_are_applied() -> None:
    def by_row(path: str, row: int, match: re.Match[str]) -> PlacedFix:
        return replace(word_for_word(path, row, match), safe=row == 1)

    outcome = settle({"a.py": b"bad\nbad\n"}, by_row, wanted=lambda fix: fix.safe)
    assert outcome.contents == {"a.py": b"good\nbad\n"}


def test_a_fix_may_be_in_another_file_than_the_finding() -> None:
    files = {"a.py": b"bad\n", "b.py": b"import os\n"}

    def elsewhere(path: str, row: int, match: re.Match[str]) -> PlacedFix | None:
        return PlacedFix("Mend it", (edit(path, row, 1, 4, "good"), edit("b.py", 1, 1, 1, "x = 1\n")), True)

    outcome = settle(files, elsewhere)
    assert outcome.contents == {"a.py": b"good\n", "b.py": b"x = 1\nimport os\n"}
    assert outcome.together == (frozenset({"a.py", "b.py"}),)


def test_a_fix_that_breaks_the_file_is_left_out_and_the_others_are_applied() -> None:
    def breaks_the_second_row(path: str, row: int, match: re.Match[str]) -> PlacedFix:
        content = "if" if row == 2 else "good"
        return PlacedFix("Mend it", (edit(path, row, 1, 4, content),), True)

    outcome = settle({"a.py": b"bad\nbad\nbad\n", "b.py": b"bad\n"}, breaks_the_second_row)
    assert outcome.contents == {"a.py": b"good\nbad\ngood\n", "b.py": b"good\n"}
    (trouble,) = outcome.troubles
    assert trouble.is_defect
    assert trouble.finding.place.span.row == 2
    assert "parsed" in trouble.reason
    assert outcome.is_settled


def test_of_fixes_that_break_the_file_only_together_the_first_is_applied() -> None:
    def each_fits_alone(path: str, row: int, match: re.Match[str]) -> PlacedFix:
        if match.start() == 2:
            return PlacedFix("Mend it", (edit(path, row, 3, 6, "1 for x in y"),), True)
        return PlacedFix(
            "Mend it", (edit(path, row, match.string.index(")") + 1, match.string.index(")") + 1, ", 2"),), True
        )

    outcome = settle({"a.py": b"f(bad)  # bad\n"}, each_fits_alone)
    assert outcome.contents == {"a.py": b"f(1 for x in y)  # bad\n"}
    (trouble,) = outcome.troubles
    assert trouble.finding.place.span.column > 10
    assert outcome.is_settled


def test_a_fix_that_leaves_its_finding_is_taken_back() -> None:
    def says_it_again(path: str, row: int, match: re.Match[str]) -> PlacedFix:
        at = match.end() + 1
        return PlacedFix("Mend it", (edit(path, row, at, at, ".again"),), True)

    outcome = settle({"a.py": b"bad\n"}, says_it_again)
    assert outcome.contents == {}
    assert outcome.fixed == ()
    (trouble,) = outcome.troubles
    assert trouble.is_defect
    assert "still" in trouble.reason


def test_a_fix_that_brings_up_the_next_finding_of_the_same_kind_is_none_of_those() -> None:
    """Of several equal causes one is reported at a time."""
    files = {"a.py": b"bad\nbad\nbad\n"}
    find = finder(files, word_for_word)
    outcome = fix_until_settled(find({})[:1], lambda c: find(c)[:1], files.__getitem__, lambda _: True)
    assert outcome.contents == {"a.py": b"good\ngood\ngood\n"}
    assert outcome.troubles == ()


def test_what_never_settles_comes_to_an_end_and_says_so() -> None:
    files = {"a.py": b"bad\n"}

    def find(contents: Mapping[str, bytes]) -> list[Reported]:
        number = len(contents.get("a.py", b"")) + 1
        at = Place("a.py", Span(1, 1, 1, 4))
        insert = PlacedFix("Mend it", (edit("a.py", 1, 1, 1, "#"),), True)
        return [replace(finding(at=at, identity=(str(number),)), fix=insert)]

    outcome = fix_until_settled(find({}), find, files.__getitem__, lambda _: True)
    assert not outcome.is_settled
    assert outcome.contents["a.py"].startswith(b"#" * (MOST_ROUNDS - 1))


def test_an_edit_that_cannot_be_made_is_told_once_and_is_no_defect() -> None:
    files = {"a.py": b"# coding: ascii\nbad\nbad\n"}

    def foreign(path: str, row: int, match: re.Match[str]) -> PlacedFix:
        return PlacedFix("Mend it", (edit(path, row, 1, 4, "gööd" if row == 2 else "good"),), True)

    outcome = settle(files, foreign)
    assert outcome.contents == {"a.py": b"# coding: ascii\nbad\ngood\n"}
    (trouble,) = outcome.troubles
    assert not trouble.is_defect
    assert "ascii" in trouble.reason
