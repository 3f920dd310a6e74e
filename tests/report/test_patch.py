"""A fix as a diff below its finding."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlalint.facts.span import Place, Span
from sqlalint.fix.edits import Unfit, apply_edits
from sqlalint.report.finding import PlacedEdit, PlacedFix, Reported
from sqlalint.report.formats.full import render
from sqlalint.report.patch import Line, hunks
from sqlalint.report.presentation import Presentation
from tests.report.make import finding, place

MODELS = """\
from sqlalchemy import Column


class Post(Base):
    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id"))
    title = Column(String)
"""
TABLES = "import os\nimport sys\n"
FILES = {"app/models.py": MODELS, "app/tables.py": TABLES}


def edit(path: str, row: int, column: int, content: str, end_row: int = 0, end_column: int = 0) -> PlacedEdit:
    return PlacedEdit(place(path, row, column, end_row or row, end_column or column), content)


def with_fix(*edits: PlacedEdit, safe: bool = False, message: str = "add `index=True`") -> Reported:
    made = finding("SAL501", at=place("app/models.py", 6, 22, 6, 44))
    return msgspec.structs.replace(made, fix=PlacedFix(message, edits, safe))


def shown(fixed: Reported, width: int = 80, colour: bool = False, files: dict[str, str] = FILES) -> list[str]:
    """What stands between the help and the rule."""

    def read(path: str) -> tuple[str, ...]:
        return tuple(files[path].split("\n")) if path in files else ()

    out = "".join(render((fixed,), Presentation(read=read, width=width, colour=colour))).splitlines()
    first = next(n for n, line in enumerate(out) if "help:" in line)
    return out[first + 1 : -2]


INDEX = edit("app/models.py", 6, 44, ", index=True")
IMPORT = edit("app/models.py", 1, 30, ", Index")


def test_a_changed_line() -> None:
    assert shown(with_fix(INDEX)) == [
        "  fix (unsafe): add `index=True`",
        '  6 -     user_id = Column(ForeignKey("users.id"))',
        '  6 +     user_id = Column(ForeignKey("users.id"), index=True)',
    ]
    assert shown(with_fix(INDEX, safe=True))[0] == "  fix: add `index=True`"


def test_lines_that_are_put_in_have_the_line_before_them() -> None:
    table = "    __table_args__ = (\n        Index(None, 'user_id'),\n    )\n"
    assert shown(with_fix(IMPORT, edit("app/models.py", 8, 1, table))) == [
        "  fix (unsafe): add `index=True`",
        "   1 - from sqlalchemy import Column",
        "   1 + from sqlalchemy import Column, Index",
        "  ...",
        "   7 |     title = Column(String)",
        "   8 +     __table_args__ = (",
        "   9 +         Index(None, 'user_id'),",
        "  10 +     )",
    ]


def test_lines_that_are_taken_away() -> None:
    gone = edit("app/models.py", 2, 1, "", 4, 1)
    assert shown(with_fix(gone))[1:] == ["  2 -", "  3 -"]
    whole = edit("app/models.py", 5, 1, "", 6, 1)
    assert shown(with_fix(whole))[1:] == ["  5 -     id = Column(Integer, primary_key=True)"]


def test_other_files_have_their_path_and_rows_count_on() -> None:
    other = edit("app/tables.py", 1, 1, "import ast\nimport io\n")
    last = edit("app/tables.py", 3, 1, "x = 1\n")
    assert shown(with_fix(other, last, INDEX))[1:] == [
        "  app/tables.py",
        "  1 + import ast",
        "  2 + import io",
        "  ...",
        "  2 | import sys",
        "  5 + x = 1",
        "  app/models.py",
        '  6 -     user_id = Column(ForeignKey("users.id"))',
        '  6 +     user_id = Column(ForeignKey("users.id"), index=True)',
    ]
    assert shown(with_fix(other))[1] == "  app/tables.py"


def test_a_long_diff_ends_before_it_hides_the_rest() -> None:
    many = edit("app/models.py", 8, 1, "x = 1\n" * 40)
    out = shown(with_fix(many))
    assert len(out) == 14
    assert out[-1] == "  ... and 29 more lines, which --diff --unsafe-fixes shows"
    assert shown(with_fix(many, INDEX, safe=True))[-1] == "  ... and 31 more lines, which --diff shows"
    assert shown(with_fix(edit("app/models.py", 8, 1, "x = 1\n" * 12)))[-1].startswith("  ... and 1 more line, ")


def test_what_cannot_be_applied_is_only_said() -> None:
    for wrong in (
        (edit("app/models.py", 99, 1, "x"),),
        (edit("app/models.py", 1, 99, "x"),),
        (edit("app/models.py", 3, 1, "x", 2, 1),),
        (edit("app/models.py", 6, 1, "x", 6, 9), edit("app/models.py", 6, 5, "y", 6, 6)),
        (edit("gone.py", 1, 1, "x"),),
        (),
    ):
        assert shown(with_fix(*wrong)) == ["  fix (unsafe): add `index=True`"]


def test_a_long_line_is_cut_where_it_changes() -> None:
    long = "x = [" + ", ".join(f"item_{n}" for n in range(20_000)) + "]"
    column = long.index("item_10000") + 1
    fixed = with_fix(edit("app/models.py", 1, column, "thing", 1, column + 10))
    _, gone, come = shown(fixed, files={"app/models.py": long})
    assert len(gone) <= 80 >= len(come)
    assert "item_10000" in gone
    assert "thing" in come
    assert "item_9999," in come


def test_a_line_that_is_cut_begins_where_what_it_becomes_does() -> None:
    line = '    user_id = Column("user", Integer, ForeignKey("users.id", ondelete="CASCADE"))'
    fixed = with_fix(edit("app/models.py", 1, len(line), ", index=True"))
    _, gone, come = shown(fixed, files={"app/models.py": line})
    assert gone == '  1 - ...user", Integer, ForeignKey("users.id", ondelete="CASCADE"))'
    assert come == '  1 + ...user", Integer, ForeignKey("users.id", ondelete="CASCADE"), index=True)'
    assert len(come) == 80


def test_colour_changes_no_character_and_nothing_moves_the_cursor() -> None:
    fixed = with_fix(edit("app/models.py", 6, 44, "\x1b[2J\t日本"), IMPORT)
    coloured = shown(fixed, colour=True)
    assert "\x1b[31m- " in coloured[1]
    assert "\x1b[32m+ " in coloured[2]
    plain = shown(fixed)
    assert [re.sub(r"\x1b\[[\d;]*m", "", line) for line in coloured] == plain
    assert not set("".join(plain)) & set("\x1b\t")
    assert all(line.count("\x1b[0m") * 2 == line.count("\x1b") for line in coloured)


@pytest.mark.parametrize("content", ["a\r\nb\r\n", "a\nb\n"])
def test_line_ends_of_windows_are_none_of_the_text(content: str) -> None:
    (hunk,) = hunks([edit("a.py", 1, 1, content)], ("c",))
    assert hunk == [Line("+", 1, "a"), Line("+", 2, "b")]


TEXTS = st.text(alphabet="ab\n", max_size=12)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[PlacedEdit]]:
    """A text, and edits of it that do not overlap."""
    text = draw(st.text(alphabet="abc\n", max_size=40))
    bounds = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=8).filter(lambda b: len(b) % 2 == 0)))
    edits = []
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        (row, column), (end_row, end_column) = _position(text, start), _position(text, end)
        edits.append(PlacedEdit(Place("a.py", Span(row, column, end_row, end_column)), draw(TEXTS)))
    return text, edits


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


@given(edited())
def test_the_diff_is_what_the_fix_does(made: tuple[str, list[PlacedEdit]]) -> None:
    text, edits = made
    try:
        wanted = apply_edits(text.encode(), edits).decode()
    except Unfit:
        return
    lines = text.split("\n")
    found = [line for hunk in hunks(edits, lines) for line in hunk]
    assert all(lines[line.row - 1] == line.text for line in found if line.sign in "-|")
    gone = {line.row for line in found if line.sign == "-"}
    rest = iter([line for row, line in enumerate(lines, start=1) if row not in gone])
    come = {line.row: line.text for line in found if line.sign == "+"}
    total = len(lines) - len(gone) + len(come)
    assert "\n".join(come[row] if row in come else next(rest) for row in range(1, total + 1)) == wanted
