"""Which lines differ from a commit: what git prints, read."""

import pytest

from sqlalint.source.changed_lines import ChangedLines, changed_lines, differing_lines
from tests.source.test_git import Make, Repository, make  # noqa: F401 (a fixture)

OLD = "one\ntwo\nthree\nfour\nfive\n"


@pytest.mark.parametrize(
    ("new", "ranges"),
    [
        ("one\nTWO\nthree\nfour\nfive\n", ((2, 2),)),
        ("zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\n", ((1, 1), (7, 8))),
        ("one\nfour\nfive\n", ((2, 1),)),
        ("three\nfour\nfive\n", ((1, 0),)),
        ("one\ntwo\nthree\nfour\n", ((5, 4),)),
        ("one\ntwo\nthree\nfour\nfive", ((5, 5),)),
        ("+++ b/other.py\n@@ -1 +1 @@\n--- a/x\n\\ x\nthree\nfour\nfive\n", ((1, 4),)),
    ],
)
def test_ranges_of_rows(make: Make, new: str, ranges: tuple[tuple[int, int], ...]) -> None:  # noqa: F811
    made = make("repo")
    made.commit("one", a=OLD, b=OLD)
    (made.folder / "a.py").write_text(new)
    (made.folder / "b.py").write_text(OLD.upper())
    found = changed_lines(made.asked, "HEAD", ["a.py", "b.py"])
    assert found == ChangedLines({"a.py": ranges, "b.py": ((1, 5),)})
    if new.endswith("\n"):
        assert differing_lines(OLD.encode().splitlines(), new.encode().splitlines()) == ranges


def test_lines_that_are_gone_touch_what_was_around_them() -> None:
    changed = ChangedLines({"a.py": ((3, 2),)})
    assert changed.touch("a.py", 2, 3)
    assert changed.touch("a.py", 1, 9)
    assert not changed.touch("a.py", 3, 3)
    assert not changed.touch("a.py", 1, 2)
    assert not changed.touch("b.py", 1, 9)


def test_renamed_untracked_and_removed_from_the_index(make: Make) -> None:  # noqa: F811
    made = make("repo")
    long = "".join(f"line {n}\n" for n in range(40))
    made.commit("one", old=long, gone=long.upper(), kept=OLD)
    made.git("mv", "old.py", "new.py")
    made.git("rm", "-q", "gone.py")
    made.git("rm", "-q", "--cached", "kept.py")
    (made.folder / "new.py").write_text(long.replace("line 7\n", "seven\n"))
    (made.folder / "untracked.py").write_text(OLD)
    found = changed_lines(made.asked, "HEAD", ["kept.py", "new.py", "untracked.py"])
    assert found == ChangedLines({"new.py": ((8, 8),)}, frozenset({"kept.py", "untracked.py"}))


def test_a_submodule_is_not_looked_into(make: Make) -> None:  # noqa: F811
    inner, outer = make("inner"), make("outer")
    inner.commit("one", a=OLD)
    outer.git("submodule", "--quiet", "add", str(inner.folder), "sub")
    outer.commit("one")
    (outer.folder / "sub/a.py").write_text("x")
    assert changed_lines(outer.asked, "HEAD", ["sub/a.py"]) == ChangedLines()


def test_only_what_is_below_the_folder_relative_to_it(make: Make) -> None:  # noqa: F811
    made = make("repo")
    made.commit("one", a=OLD, inner__a=OLD)
    (made.folder / "a.py").write_text("x")
    (made.folder / "inner/a.py").write_text("x\n")
    found = changed_lines(Repository(made.folder / "inner").asked, "HEAD", ["a.py"])
    assert found == ChangedLines({"a.py": ((1, 1),)})
