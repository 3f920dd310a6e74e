"""Open and applied revisions: the pure part."""

import pytest

from sqlalint.project.migrations.opened import ChangedFiles, NoBase, Outline, newest_first, open_revisions

NO_BASE = NoBase("the clone is too shallow to compare with", "fetch the whole history (`fetch-depth: 0`)")


def chain(length: int, folder: str = "m", first: int = 0) -> Outline:
    """`r0` to `r<length - 1>`, each on the one before."""
    ids = [f"r{n}" for n in range(first, first + length)]
    return Outline(folder, tuple((path(i, folder), i, (ids[n - 1],) if n else ()) for n, i in enumerate(ids)))


def path(identity: str, folder: str = "m") -> str:
    return f"{folder}/versions/{identity}.py"


def opened(verdicts: object) -> set[str]:
    by_path = getattr(verdicts, "by_path")  # noqa: B009
    return {p.rpartition("/")[2].removesuffix(".py") for p, v in by_path.items() if v.is_open}


LONG = chain(15)


def test_what_is_new_or_changed_since_the_base_is_open_and_known() -> None:
    found = open_revisions([LONG], ChangedFiles("origin/main", frozenset({path("r14"), path("r3"), "app/models.py"})))
    assert opened(found) == {"r14", "r3"}
    assert found.by_path[path("r3")].is_known
    assert "origin/main" in found.by_path[path("r3")].why
    assert found.note == ""


def test_without_a_base_the_newest_ten_are_assumed_open() -> None:
    found = open_revisions([LONG], NO_BASE)
    assert opened(found) == {f"r{n}" for n in range(5, 15)}
    assert not any(v.is_known for v in found.by_path.values())
    assert found.note.startswith("the clone is too shallow")
    assert "fetch-depth: 0" in found.note


def test_the_newest_ten_of_each_tree() -> None:
    found = open_revisions([LONG, chain(12, "other")], NO_BASE)
    assert len([v for v in found.by_path.values() if v.is_open]) == 20


@pytest.mark.parametrize("changes", [NO_BASE, ChangedFiles("main", frozenset())])
def test_a_small_tree_is_judged_as_if_open(changes: ChangedFiles | NoBase) -> None:
    found = open_revisions([chain(10)], changes)
    assert len(opened(found)) == 10
    assert not any(v.is_known for v in found.by_path.values())
    assert found.note == ""


def test_what_changed_in_a_small_tree_is_known() -> None:
    found = open_revisions([chain(3)], ChangedFiles("main", frozenset({path("r2")})))
    assert [p for p, v in found.by_path.items() if v.is_known] == [path("r2")]


@pytest.mark.parametrize("changes", [NO_BASE, ChangedFiles("main", frozenset({path("r2")}))])
def test_start_after_takes_precedence(changes: ChangedFiles | NoBase) -> None:
    found = open_revisions([LONG], changes, start_after=["r12"])
    assert opened(found) == {"r13", "r14"}
    assert found.by_path[path("r13")].is_known
    assert found.note == ""


def test_start_after_the_head_leaves_nothing_open() -> None:
    assert opened(open_revisions([LONG], NO_BASE, start_after=["r14"])) == set()


def test_start_after_of_one_tree_leaves_the_other_to_the_base() -> None:
    other = chain(12, "other", first=100)
    found = open_revisions([LONG, other], ChangedFiles("main", frozenset({path("r111", "other")})), start_after=["r13"])
    assert opened(found) == {"r14", "r111"}


def test_an_id_that_no_tree_has_is_told() -> None:
    assert open_revisions([LONG], NO_BASE, start_after=["nope"]).unknown == ("nope",)


def test_what_a_merge_brings_comes_after() -> None:
    rows = [*LONG.revisions, (path("side"), "side", ("r3",)), (path("merge"), "merge", ("r14", "side"))]
    found = open_revisions([Outline("m", tuple(rows))], NO_BASE, start_after=["r14"])
    assert opened(found) == {"side", "merge"}


def test_what_is_named_is_open_and_known() -> None:
    found = open_revisions([LONG], ChangedFiles("main", frozenset()), named=[path("r0")])
    assert opened(found) == {"r0"}
    assert found.by_path[path("r0")].is_known


def test_history_opens_all_and_makes_nothing_known() -> None:
    found = open_revisions([LONG], ChangedFiles("main", frozenset({path("r14")})), history=True)
    assert len(opened(found)) == 15
    assert [p for p, v in found.by_path.items() if v.is_known] == [path("r14")]


def test_the_newest_are_those_farthest_from_the_base_whatever_their_names() -> None:
    rows = (("v/z.py", "a", ()), ("v/y.py", "b", ("a",)), ("v/x.py", "c", ("b",)))
    assert newest_first(Outline("v", rows)) == ["v/x.py", "v/y.py", "v/z.py"]


def test_cycles_and_missing_parents_do_no_harm() -> None:
    rows = (("v/a.py", "a", ("b",)), ("v/b.py", "b", ("a",)), ("v/c.py", "c", ("zz",)), ("v/d.py", "d", ("d",)))
    assert len(open_revisions([Outline("v", rows)], NO_BASE, start_after=["a"]).by_path) == 4
