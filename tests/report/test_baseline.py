"""The baseline: what is known, what is new, what is gone."""

import msgspec
import pytest

from sqlalint.report.baseline import Known, match, prune, read_baseline, record, write_baseline
from sqlalint.report.finding import Confidence, Reported, Suppressed
from sqlalint.report.reporter import Held, Policy, decide
from sqlalint.report.scope import ReportSet, RevisionState
from tests.report.make import finding, place


def at(path: str, row: int = 1, name: str = "f", code: str = "SAL101") -> Reported:
    return finding(code, place(path, row), identity=(name, "User.posts"))


def known(path: str, name: str = "f", count: int = 1, code: str = "SAL101") -> Known:
    return Known(path, code, (name, "User.posts"), count)


def held_against(entries: list[Known], found: list[Reported], *files: str) -> tuple[list[int], list[Known]]:
    """The rows of the findings that are new, and what is stale. Without `files` all are there."""
    result = match(entries, found, lambda path: not files or path in files)
    new = [f.place.span.row for n, f in enumerate(found) if n not in result.numbers]
    return new, list(result.stale)


# --- the file ---


def test_one_entry_a_line_in_order() -> None:
    text = write_baseline([known("b.py"), known("a.py", "g"), known("a.py", "f", 2)])
    lines = text.splitlines()
    assert (lines[0], lines[-1]) == ('{"version": 1, "findings": [', "]}")
    assert [line.partition(",")[0] for line in lines[1:-1]] == ['{"path":"a.py"', '{"path":"a.py"', '{"path":"b.py"']
    assert list(read_baseline(text.encode())) == [known("a.py", "f", 2), known("a.py", "g"), known("b.py")]
    assert read_baseline(write_baseline([]).encode()) == ()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"version": 1, "findings": [{"path": 1}]}'])
def test_what_is_no_baseline(content: bytes) -> None:
    with pytest.raises(ValueError, match="is no baseline"):
        read_baseline(content)


def test_a_newer_format() -> None:
    with pytest.raises(ValueError, match="has the format 2"):
        read_baseline(b'{"version": 2, "findings": []}')


# --- what is known ---


def test_what_is_recorded_is_known() -> None:
    found = [at("a.py", 1), at("a.py", 2), at("b.py", 1, "g")]
    assert record(found) == [known("a.py", count=2), known("b.py", "g")]
    assert held_against(record(found), found) == ([], [])


def test_it_survives_lines_that_move() -> None:
    assert held_against([known("a.py")], [at("a.py", 77)]) == ([], [])


def test_a_second_equal_defect_is_new() -> None:
    assert held_against([known("a.py")], [at("a.py", 1), at("a.py", 9)]) == ([9], [])


def test_another_rule_name_or_file_is_new() -> None:
    found = [at("a.py", 1, "g"), at("a.py", 2, code="SAL106"), at("b.py", 3)]
    assert held_against([known("a.py")], found) == ([1, 2, 3], [known("a.py")])


def test_what_is_gone_is_stale() -> None:
    assert held_against([known("a.py", count=3)], [at("a.py")]) == ([], [known("a.py", count=2)])
    assert prune([known("a.py", count=3), known("b.py")], [known("a.py", count=2), known("b.py")]) == [known("a.py")]


# --- renamed files ---


def test_a_renamed_file_is_known() -> None:
    assert held_against([known("a.py", count=2)], [at("b.py", 1), at("b.py", 2), at("b.py", 3)], "b.py") == ([3], [])


def test_a_file_that_is_still_there_was_not_renamed() -> None:
    assert held_against([known("a.py")], [at("b.py", 1)], "a.py", "b.py") == ([1], [known("a.py")])


def test_only_where_it_is_unique() -> None:
    assert held_against([known("a.py")], [at("b.py", 1), at("c.py", 2)], "b.py", "c.py") == ([1, 2], [known("a.py")])
    both = [known("a.py"), known("b.py")]
    assert held_against(both, [at("c.py", 1)], "c.py") == ([1], both)


# --- with everything else that decides ---


def decided(
    found: list[Reported], entries: list[Known], **changes: object
) -> tuple[list[int], Held, tuple[Known, ...]]:
    fields = {"selected": lambda f: f.default, "baseline": tuple(entries), **changes}
    report = decide(found, Policy(**fields))  # type: ignore[arg-type]
    return [f.place.span.row for f in report.shown], report.held, report.stale


def test_known_ones_are_counted_and_handed_on_as_suppressed() -> None:
    report = decide([at("a.py")], Policy(selected=lambda f: True, baseline=(known("a.py"),)))
    assert (report.shown, report.held) == ((), Held(baseline=1))
    assert [f.suppressed for f in report.suppressed] == [Suppressed("baseline")]


@pytest.mark.parametrize(
    "changes",
    [
        {"selected": lambda f: False},
        {"report_set": ReportSet(frozenset({"b.py"}), ())},
        {"revisions": {"a.py": RevisionState(is_open=False, is_known=True)}},
    ],
)
def test_an_entry_for_what_is_not_shown_is_not_stale(changes: dict[str, object]) -> None:
    found = msgspec.structs.replace(at("a.py"), revision="a.py", open_only=True)
    assert decided([found], [known("a.py")], **changes) == ([], Held(), ())


def test_an_entry_for_a_lower_tier_is_not_stale() -> None:
    likely = msgspec.structs.replace(at("a.py"), confidence=Confidence.LIKELY)
    assert decided([likely], [known("a.py")]) == ([], Held(), ())
    assert decided([likely], [known("a.py")], confidence=Confidence.LIKELY) == ([], Held(baseline=1), ())


def test_what_is_shown_uses_the_entry_before_what_is_not() -> None:
    likely = msgspec.structs.replace(at("a.py", 1), confidence=Confidence.LIKELY)
    assert decided([likely, at("a.py", 2)], [known("a.py")]) == ([], Held(less_sure=1, baseline=1), ())


def test_what_a_comment_suppresses_needs_no_entry() -> None:
    commented = msgspec.structs.replace(at("a.py", 1), suppressed=Suppressed("comment"))
    assert decided([commented], [known("a.py")]) == ([], Held(suppressed=1), (known("a.py"),))
    assert decided([commented, at("a.py", 2)], [known("a.py")]) == ([], Held(suppressed=1, baseline=1), ())
