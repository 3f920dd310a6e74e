"""Edits change what they name and nothing else: bytes, line ends, encodings, and all of a fix or nothing of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlalint.facts.span import Place, Span
from sqlalint.fix.edits import Unfit, apply_edits, apply_fixes
from sqlalint.report.finding import PlacedEdit, PlacedFix


def edit(row: int, column: int, end_row: int, end_column: int, content: str, path: str = "a.py") -> PlacedEdit:
    return PlacedEdit(Place(path, Span(row, column, end_row, end_column)), content)


def fix(*edits: PlacedEdit) -> PlacedFix:
    return PlacedFix("Mend it", edits, True)


def test_replacing_inserting_and_deleting() -> None:
    edits = [edit(2, 5, 2, 6, "two"), edit(1, 1, 1, 1, "# first\n"), edit(3, 1, 4, 1, "")]
    assert apply_edits(b"a = 1\nb = 2\nc = 3\nd = 4\n", edits) == b"# first\na = 1\nb = two\nd = 4\n"


def test_columns_count_code_points() -> None:
    assert apply_edits('a = "ä🎉"; b\n'.encode(), [edit(1, 11, 1, 12, "c")]) == 'a = "ä🎉"; c\n'.encode()


def test_insertions_at_one_place_come_in_their_order() -> None:
    assert apply_edits(b"x\n", [edit(1, 2, 1, 2, "1"), edit(1, 2, 1, 2, "2")]) == b"x12\n"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_inserted_lines_end_as_the_file_s_own(end: bytes) -> None:
    content = end.join([b"a = 1", b"b = 2", b""])
    changed = apply_edits(content, [edit(2, 1, 2, 1, "x = 0\ny = 0\n")])
    assert changed == end.join([b"a = 1", b"x = 0", b"y = 0", b"b = 2", b""])


def test_of_mixed_line_ends_that_of_the_line_is_taken() -> None:
    assert apply_edits(b"a\r\nb\nc", [edit(1, 2, 1, 2, "\nx")]) == b"a\r\nx\r\nb\nc"
    assert apply_edits(b"a\r\nb\nc", [edit(3, 2, 3, 2, "\nx")]) == b"a\r\nb\nc\nx"


def test_form_feeds_and_other_separators_end_no_line() -> None:
    content = "a = 1\x0c\nb = '\u2028\x85'\nc = 3\n".encode()
    assert apply_edits(content, [edit(3, 5, 3, 6, "4")]) == content.replace(b"3", b"4")


def test_a_byte_order_mark_stays_and_counts_for_no_column() -> None:
    assert apply_edits(b"\xef\xbb\xbfa = 1\r\n", [edit(1, 1, 1, 2, "b")]) == b"\xef\xbb\xbfb = 1\r\n"


def test_a_declared_encoding_is_kept() -> None:
    content = "# -*- coding: latin-1 -*-\nname = 'é'; x = 1\n".encode("latin-1")
    expected = "# -*- coding: latin-1 -*-\nname = 'é'; ü = 1\n".encode("latin-1")
    assert apply_edits(content, [edit(2, 13, 2, 14, "ü")]) == expected


def test_text_that_the_encoding_does_not_have_is_refused() -> None:
    with pytest.raises(Unfit, match="latin-1 does not have"):
        apply_edits(b"# coding: latin-1\nx = 1\n", [edit(2, 1, 2, 2, "日")])


def test_a_file_that_would_not_come_back_as_it_was_is_refused() -> None:
    content = b"# coding: utf-7\nx = '+AGE-'\n"  # a letter written in a way in which nothing writes it
    with pytest.raises(Unfit, match="utf-7"):
        apply_edits(content, [edit(2, 1, 2, 2, "y")])


@pytest.mark.parametrize(
    "place", [(0, 1, 1, 1), (1, 1, 9, 1), (1, 7, 1, 8), (1, 0, 1, 1), (2, 1, 1, 1)], ids=lambda p: "-".join(map(str, p))
)
def test_places_that_are_not_there_are_refused(place: tuple[int, int, int, int]) -> None:
    with pytest.raises(Unfit):
        apply_edits(b"a = 1\nb = 2\n", [edit(*place, "x")])


def test_the_end_of_a_file_without_a_line_end() -> None:
    assert apply_edits(b"a = 1", [edit(1, 6, 1, 6, "\nb = 2\n")]) == b"a = 1\nb = 2\n"
    assert apply_edits(b"", [edit(1, 1, 1, 1, "a = 1\n")]) == b"a = 1\n"


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(Unfit, match="overlap"):
        apply_edits(b"abcdef\n", [edit(1, 1, 1, 4, "x"), edit(1, 3, 1, 5, "y")])


# --- several fixes ---


def test_of_two_fixes_that_overlap_the_first_is_done_and_the_other_waits() -> None:
    fixes = [fix(edit(1, 1, 1, 4, "x")), fix(edit(1, 3, 1, 5, "y")), fix(edit(1, 6, 1, 7, "z"))]
    applied = apply_fixes(fixes, lambda _: b"abcdef\n")
    assert (applied.done, applied.waiting, dict(applied.unfit)) == ((0, 2), (1,), {})
    assert applied.contents == {"a.py": b"xdez\n"}


def test_edits_that_only_touch_do_not_overlap() -> None:
    applied = apply_fixes([fix(edit(1, 1, 1, 3, "x")), fix(edit(1, 3, 1, 5, "y"))], lambda _: b"abcdef\n")
    assert applied.contents == {"a.py": b"xyef\n"}


def test_two_insertions_at_one_place_wait_for_each_other() -> None:
    applied = apply_fixes([fix(edit(1, 3, 1, 3, "x")), fix(edit(1, 3, 1, 3, "y"))], lambda _: b"abcdef\n")
    assert (applied.done, applied.waiting) == ((0,), (1,))


def test_two_fixes_with_the_same_edits_are_done_once() -> None:
    applied = apply_fixes([fix(edit(1, 3, 1, 3, "x")), fix(edit(1, 3, 1, 3, "x"))], lambda _: b"abcdef\n")
    assert applied.done == (0, 1)
    assert applied.contents == {"a.py": b"abxcdef\n"}


def test_a_fix_over_two_files_is_done_in_both_or_in_none() -> None:
    both = fix(edit(1, 1, 1, 2, "x"), edit(1, 1, 1, 2, "y", "b.py"))
    files = {"a.py": b"abc\n", "b.py": b"def\n"}
    assert apply_fixes([both], files.__getitem__).contents == {"a.py": b"xbc\n", "b.py": b"yef\n"}
    blocked = apply_fixes([fix(edit(1, 1, 1, 3, "z", "b.py")), both], files.__getitem__)
    assert blocked.contents == {"b.py": b"zf\n"}
    assert blocked.waiting == (1,)


def test_a_fix_that_cannot_be_is_told_with_its_reason_and_costs_no_other() -> None:
    def read(path: str) -> bytes:
        if path == "b.py":
            raise OSError(0, "is gone")
        return b"abc\n"

    half = fix(edit(1, 1, 1, 2, "x"), edit(1, 1, 1, 2, "y", "b.py"))
    outside = fix(edit(7, 1, 7, 2, "x"))
    applied = apply_fixes([half, outside, fix(), fix(edit(1, 3, 1, 4, "z"))], read)
    assert applied.unfit == {0: "b.py: is gone", 1: "there is no line 7", 2: "it has no edits"}
    assert applied.contents == {"a.py": b"abz\n"}


def test_a_fix_that_changes_nothing_changes_no_file() -> None:
    assert apply_fixes([fix(edit(1, 1, 1, 2, "a"))], lambda _: b"abc\n").contents == {}


# --- against a reference ---

LINES = st.lists(st.text(alphabet="ab ä🎉\x0c\u2028", max_size=6), min_size=1, max_size=5)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@given(LINES, ENDS, st.booleans(), st.data())
def test_random_edits_against_a_reference(lines: list[str], end: str, mark: bool, data: st.DataObject) -> None:
    """The reference works on a list of characters, each line end being one, from the last edit to the first."""
    places = [(r, c) for r, line in enumerate(lines, 1) for c in range(1, len(line) + 2)]
    chosen = sorted(data.draw(st.sets(st.integers(0, len(places) - 1), max_size=8)))
    pairs = list(zip(chosen[::2], chosen[1::2], strict=False))
    texts = [data.draw(st.text(alphabet="xy\n", max_size=4)) for _ in pairs]
    edits = [edit(*places[a], *places[b], text) for (a, b), text in zip(pairs, texts, strict=True)]
    characters = list("\n".join(lines))
    for (a, b), text in reversed(list(zip(pairs, texts, strict=True))):
        characters[a:b] = list(text)
    expected = "".join(characters).replace("\n", end if len(lines) > 1 else "\n")
    before, prefix = end.join(lines).encode(), b"\xef\xbb\xbf" if mark else b""
    shuffled = data.draw(st.permutations(edits))
    assert apply_edits(prefix + before, shuffled) == prefix + expected.encode()
    each = apply_fixes([fix(one) for one in shuffled], lambda _: prefix + before)
    assert len(each.done) + len(each.waiting) == len(edits)
    if not each.waiting:
        assert each.contents.get("a.py", prefix + before) == prefix + expected.encode()
