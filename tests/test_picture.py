"""The picture of the README shows what is printed."""

import re

from docs import picture


def test_the_picture_is_not_stale() -> None:
    shown = picture.words(picture.PICTURE.read_text(encoding="utf-8"))
    assert shown == picture.words(picture.picture(picture.printed())), "run `python -m docs.picture`"


def test_the_picture_is_of_a_terminal_in_colour() -> None:
    out = picture.printed()
    plain = re.sub(r"\x1b\[[\d;]*m", "", out)
    assert plain != out
    assert "rule    " in plain
    assert "src/blog/reports.py:11:53: SAL101 " in plain
    assert all(len(line) <= picture.COLUMNS for line in plain.splitlines() if not line.startswith("src/"))
    assert picture.printed() == out


def test_the_same_text_makes_the_same_picture() -> None:
    text = "\x1b[1;31mSAL101\x1b[0m  <x> & 日本\n"
    assert picture.picture(text) == picture.picture(text)
    assert "SAL101 <x> & 日本" in picture.words(picture.picture(text))
