"""What a terminal shows, to the character."""

import re

import pytest

from sqlalint.facts.span import Place
from sqlalint.report.finding import Note, Reported
from sqlalint.report.formats.full import render, wrap
from sqlalint.report.presentation import Presentation
from tests.report.make import finding, place

VIEWS = '''\
from app.models import User


def names(session):
    """All names."""
    users = session.scalars(select(User)).all()
    out = []

    # one by one

    for user in users:
        out.append(len(user.posts))

    return out
'''
MODELS = """\
class User(Base):
    __tablename__ = "user"

    posts: Mapped[list["Post"]] = relationship(back_populates="author")
"""
FILES = {"app/views.py": VIEWS, "app/models.py": MODELS}

LAZY = finding(
    at=place("app/views.py", 12, 24, 12, 34),
    help="Load the posts with the users: `select(User).options(selectinload(User.posts))`",
    related=(
        Note("loop", place("app/views.py", 11, 5, 12, 36), True),
        Note("the rows come from here, no option for User.posts", place("app/views.py", 6, 29, 6, 41), True),
        Note('one-to-many, lazy="select"', place("app/models.py", 4, 5, 4, 10), False),
    ),
)


def rendered(*findings: Reported, files: dict[str, str] = FILES, width: int = 80, colour: bool = False) -> str:
    def read(path: str) -> tuple[str, ...]:
        return tuple(files[path].split("\n")) if path in files else ()

    return "".join(render(findings, Presentation(read=read, width=width, colour=colour)))


def test_a_finding_with_its_cause_and_background() -> None:
    assert (
        rendered(LAZY, width=120)
        == """\
app/views.py:12:24: SAL101 One query per user: User.posts is loaded at each iteration
  11 |     for user in users:
     |     ------------------ loop
  12 |         out.append(len(user.posts))
     |                        ^^^^^^^^^^
  13 |
  14 |     return out
  app/views.py:6:29
   6 |     users = session.scalars(select(User)).all()
     |                             ------------ the rows come from here, no option for User.posts
  app/models.py:4:5
   4 |     posts: Mapped[list["Post"]] = relationship(back_populates="author")
     |     ----- one-to-many, lazy="select"
  help: Load the posts with the users: `select(User).options(selectinload(User.posts))`
  rule: lazy-load-in-loop (warning)

"""
    )


def test_a_narrow_terminal() -> None:
    assert (
        rendered(LAZY, width=60)
        == """\
app/views.py:12:24: SAL101 One query per user: User.posts is loaded at each iteration
  11 |     for user in users:
     |     ------------------ loop
  12 |         out.append(len(user.posts))
     |                        ^^^^^^^^^^
  13 |
  14 |     return out
  app/views.py:6:29
   6 |     users = session.scalars(select(User)).all()
     |                             ------------
     |     the rows come from here, no option for User.posts
  app/models.py:4:5
   4 |     posts: Mapped[list["Post"]] = relationship(bac...
     |     ----- one-to-many, lazy="select"
  help: Load the posts with the users:
        `select(User).options(selectinload(User.posts))`
  rule: lazy-load-in-loop (warning)

"""
    )


@pytest.mark.parametrize("width", [40, 80, 120])
def test_colour_changes_no_character(width: int) -> None:
    coloured = rendered(LAZY, width=width, colour=True)
    assert "\x1b[1;33mSAL101\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == rendered(LAZY, width=width)
    assert all(line.count("\x1b[0m") * 2 == line.count("\x1b") for line in coloured.splitlines())


def test_tabs_and_wide_characters_keep_the_marks_in_place() -> None:
    source = '\tprint("日本語", user.posts, "é", user.e\u0301t)\n'
    at = place("a.py", 1, 15, 1, 25)
    related = (Note("here too", place("a.py", 1, 32, 1, 40), True),)
    assert (
        rendered(finding(at=at, related=related), files={"a.py": source})
        == """\
a.py:1:15: SAL101 One query per user: User.posts is loaded at each iteration
  1 |     print("日本語", user.posts, "é", user.e\u0301t)
    |                     ^^^^^^^^^^       ------- here too
  help: Load them together.
  rule: lazy-load-in-loop (warning)

"""
    )


def test_a_long_line_is_cut_around_the_mark() -> None:
    source = "x = [" + ", ".join(f"item_{n}" for n in range(200_000)) + "]\n"
    column = source.index("item_100000") + 1
    out = rendered(finding(at=place("a.py", 1, column, 1, column + 11)), files={"a.py": source}).splitlines()
    assert all(len(line) <= 80 for line in out[1:])
    code, mark = out[1:3]
    assert code[mark.index("^") : mark.rindex("^") + 1] == "item_100000"
    assert (code[6:9], code[-3:]) == ("...", "...")


def test_a_long_line_is_shown_again_for_marks_that_are_out_of_sight() -> None:
    source = "def f(): return [" + ", ".join(f"user_{n}.posts" for n in range(100)) + "]\n"
    notes = [("first", "user_1.posts"), ("near", "user_51.posts"), ("last", "user_99.posts")]
    at = source.index("user_50.posts") + 1
    related = tuple(
        Note(label, place("a.py", 1, source.index(word) + 1, 1, source.index(word) + 1 + len(word)), True)
        for label, word in notes
    )
    out = rendered(finding(at=place("a.py", 1, at, 1, at + 13), related=related), files={"a.py": source}).splitlines()
    assert all(len(line) <= 80 for line in out[1:])
    under: dict[str, str] = {}
    code = ""
    for line in out[1:-3]:
        if line.startswith("  1 |"):
            code = line
            continue
        for mark in re.finditer(r"[-^]+", line):
            under[code[mark.start() : mark.end()]] = line[mark.end() :].strip(" -^")
        if not re.search(r"[-^]", line):
            under[line[5:].strip(" |")] = ""
    assert under == {
        "user_50.posts": "near",
        "user_51.posts": "near",
        "user_1.posts": "first",
        "user_99.posts": "",
        "last": "",
    }


def test_marks_at_the_end_of_a_line_are_in_its_one_view() -> None:
    related = (Note("here too", place("a.py", 1, 6, 1, 6), True), Note("and here", place("a.py", 1, 1), True))
    out = rendered(finding(at=place("a.py", 1, 6, 1, 7), related=related), files={"a.py": "x = 1\n"}).splitlines()
    assert out[1:5] == ["  1 | x = 1", "    |      ^", "    |      - here too", "    | - and here"]


@pytest.mark.parametrize(
    ("source", "before", "cells"),
    [
        ("print('👩\u200d👩\u200d👧', x)", "print('👩👩👧', ", 16),  # joined in every terminal differently
        ("print('\u1112\u1161\u11ab', x)", "print('\u1112\u1161\u11ab', ", 12),  # one syllable
        ("\tprint('ａ\tｂ', x)", "    print('ａ   ｂ', ", 21),
        ("print('e\u0301\u0300', x)", "print('e\u0301\u0300', ", 11),
        ("print('\u202e\u2066', x)", "print('\ufffd\ufffd', ", 12),
    ],
)
def test_marks_stand_below_what_they_mark(source: str, before: str, cells: int) -> None:
    column = source.index("x)") + 1
    code, mark = rendered(finding(at=place("a.py", 1, column)), files={"a.py": source}).splitlines()[1:3]
    assert code == f"  1 | {before}x)"
    assert mark == "    | " + " " * cells + "^"


def test_a_long_label_is_wrapped() -> None:
    label = "the rows come from here, where nothing is said of User.posts and nothing of User.comments"
    related = (Note(label, place("app/models.py", 4, 36, 4, 48), True),)
    out = rendered(finding(at=place("app/models.py", 1), related=related), width=60).splitlines()
    assert all(len(line) <= 60 for line in out[1:])
    assert [line[6:].strip() for line in out[6:9]] == [
        "------------",
        "the rows come from here, where nothing is said of",
        "User.posts and nothing of User.comments",
    ]


def test_of_very_many_places_the_last_are_only_named() -> None:
    files = {f"app/m{n}.py": "import x\n" for n in range(12)}
    related = tuple(Note(f"call {n}", place(f"app/m{n}.py"), True) for n in range(12))
    out = rendered(finding(at=place("app/views.py", 12), related=related), files=FILES | files).splitlines()
    assert out[-7:-3] == [f"  app/m{n}.py:1:1: call {n}" for n in (8, 9, 10, 11)]
    assert sum("import x" in line for line in out) == 8


def test_numbers_of_long_files() -> None:
    source = "\n".join(f"x{n}" for n in range(1, 10_002))
    out = rendered(finding(at=place("a.py", 9_999)), files={"a.py": source}).splitlines()
    assert out[1:7] == [
        "   9997 | x9997",
        "   9998 | x9998",
        "   9999 | x9999",
        "        | ^",
        "  10000 | x10000",
        "  10001 | x10001",
    ]


def test_a_place_of_several_lines() -> None:
    source = "op.add_column(\n    'user',\n    sa.Column('n'),\n)\nmore()\n"
    assert rendered(finding(at=place("a.py", 1, 1, 4, 2)), files={"a.py": source}).splitlines()[1:9] == [
        "  1 | op.add_column(",
        "    | ^^^^^^^^^^^^^^",
        "  2 |     'user',",
        "    |     ^^^^^^^",
        "  3 |     sa.Column('n'),",
        "    |     ^^^^^^^^^^^^^^^",
        "  4 | )",
        "    | ^",
    ]
    longer = "def upgrade():\n" + "    step()\n" * 20
    out = rendered(finding(at=place("a.py", 1, 1, 21, 11)), files={"a.py": longer}).splitlines()
    assert out[1:5] == ["  1 | def upgrade():", "    | ^^^^^^^^^^^^^^", "  2 |     step()", "  3 |     step()"]


def test_marks_of_one_line_share_a_line_where_they_can() -> None:
    source = "return [post for post in user.posts for user in users]\n"
    related = (Note("loop", place("a.py", 1, 41, 1, 45), True), Note("inner loop", place("a.py", 1, 18, 1, 22), True))
    lazy = finding(at=place("a.py", 1, 31, 1, 36), related=related)
    assert rendered(lazy, files={"a.py": source}).splitlines()[1:4] == [
        "  1 | return [post for post in user.posts for user in users]",
        "    |                               ^^^^^     ---- loop",
        "    |                  ---- inner loop",
    ]


def test_a_note_on_the_very_place_is_its_label() -> None:
    at = place("app/models.py", 4, 5, 4, 10)
    assert "^^^^^ the table" in rendered(finding(at=at, related=(Note("the table", at, False),)))


def test_without_source_the_places_are_still_named() -> None:
    gone = finding(at="gone.py", related=(Note("loop", place("gone.py", 7), True),))
    assert rendered(gone).splitlines()[:2] == [
        "gone.py:1:1: SAL101 One query per user: User.posts is loaded at each iteration",
        "  gone.py:7:1: loop",
    ]
    beyond = finding(at=place("app/models.py", 90))
    assert len(rendered(beyond).splitlines()) == 4


def test_an_empty_file_and_the_end_of_a_file() -> None:
    assert "1 |" in rendered(finding(at=Place("e.py", place("e.py").span.start)), files={"e.py": ""})
    assert "    | ^\n" in rendered(finding(at=place("app/models.py", 5, 1)))


def test_nothing_in_source_or_message_moves_the_cursor() -> None:
    nasty = finding(at="a\x1b[2J.py", message="a\r\nb \x1b[31m \u202e", help="tab\tand\x07")
    out = rendered(nasty, files={"a\x1b[2J.py": "x = '\x1b[2J\u202e\x0c'\n"})
    assert not set(out) & set("\x1b\r\x07\x0c\u202e\t")
    assert out.startswith("a\\x1b[2J.py:1:1: SAL101 a\\r\\nb ")


def test_the_tier_is_told_where_it_is_not_certain() -> None:
    assert "  rule: lazy-load-in-loop (warning, likely)\n" in rendered(finding(confidence="likely"))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("one two three four", ["one two", "three", "four"]),
        ("see `a b c d e f g` now", ["see", "`a b c d e f g`", "now"]),
        ("日本 日本 日本", ["日本", "日本", "日本"]),
        ("unbalanced ` tick here", ["unbalanced", "` tick here"]),
        ("", [""]),
    ],
)
def test_help_is_wrapped_but_code_is_not(text: str, lines: list[str]) -> None:
    assert wrap(text, 8) == lines
