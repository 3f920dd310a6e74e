"""Patterns mean what they mean to ruff."""

import pytest

from sqlalint.source.glob import Patterns, glob


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.py", "a/b.py", True),
        ("**/b.py", "b.py", True),
        ("**/b.py", "a/c/b.py", True),
        ("a/**/b.py", "a/b.py", True),
        ("a/**/b.py", "ab.py", False),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("{a,bc}.py", "bc.py", True),
        ("{a,bc}.py", "c.py", False),
        ("a?c", "abc", True),
        ("a.c", "abc", False),
        ("odd,b:c%d.py", "odd,b:c%d.py", True),
        ("[", "[", True),
    ],
)
def test_glob(pattern: str, path: str, matches: bool) -> None:
    assert bool(glob(pattern).match(path)) is matches


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("build", "a/build/x.py", True),
        ("build", "a/rebuild/x.py", False),
        ("build/", "build/x.py", True),
        ("a/b", "a/b/c.py", True),
        ("a/b", "x/a/b/c.py", False),
        ("./a/b", "a/b/c.py", True),
        ("a/*.py", "a/c.py", True),
        ("*_pb2.py", "a/c_pb2.py", True),
        ("other.py", "a/other.py", True),
    ],
)
def test_a_pattern_covers_what_lies_in_a_folder_that_it_names(pattern: str, path: str, matches: bool) -> None:
    assert Patterns((pattern,)).match_below(path) is matches
