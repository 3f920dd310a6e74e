"""The harness itself: a rule that is only here, and fixtures whose comments are right and wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

import sqlalint.engine
import tests.harness
from sqlalint.facts.span import Span, Spot
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Severity
from sqlalint.rules.registry import rule
from tests.harness import Fixture, difference, make_fixture, silent_cases


class Guilt(Struct, frozen=True):
    """A fact of these tests: a function whose name says that it is guilty."""

    at: Spot


def guilt(project: Project) -> Iterator[Guilt]:
    for path, file in project.files.items():
        for definition in file.index.definitions:
            if definition.name == "guilty":
                yield Guilt(Spot(path, definition.key, Span(1, 1, 1, 4)))


@rule("SAL999", "guilty-name", severity=Severity.ERROR)
def check(subject: Guilt, project: Project) -> Iterator[Finding]:
    yield Finding(at=subject.at, message="guilty", help="", identity=(), confidence=Confidence.LIKELY)


@rule("SAL998", "crashing", severity=Severity.ERROR)
def crash(subject: Guilt, project: Project) -> Iterator[Finding]:
    yield Finding(at=subject.at, message="first", help="", identity=())
    raise ZeroDivisionError


@pytest.fixture(autouse=True)
def _only_these_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlalint.engine, "subjects", guilt)
    monkeypatch.setattr(sqlalint.engine, "all_rules", lambda: (check,))


def fixture_of(source: str) -> Fixture:
    return make_fixture("guilty_name", "case", {"case.py": source.encode()})


def test_a_right_comment_leaves_no_difference() -> None:
    fixture = fixture_of("x = 1\n# expect-next: SAL999 likely\ndef guilty(): pass\n")
    assert difference(fixture, fixture.analysis().findings) == ""


@pytest.mark.parametrize(
    ("comment", "wrong"),
    [
        ("", "surplus  case.py:2: SAL999 likely  guilty"),
        ("# expect: SAL999", "missing  case.py:2: SAL999 certain"),
        ("# expect: SAL999 likely; SAL101", "missing  case.py:2: SAL101 certain"),
        ("# expect-next: SAL999 likely", "missing  case.py:3: SAL999 likely"),
    ],
)
def test_a_wrong_comment_is_told(comment: str, wrong: str) -> None:
    fixture = fixture_of(f"x = 1\ndef guilty(): pass  {comment}\n")
    assert wrong in difference(fixture, fixture.analysis().findings).splitlines()


def test_a_rule_that_crashes_costs_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlalint.engine, "all_rules", lambda: (check, crash))
    analysis = fixture_of("def guilty(): pass\n").analysis()
    assert [f.code for f in analysis.findings] == ["SAL999"]
    assert [(c.rule, c.path) for c in analysis.crashes] == [("crashing", "case.py")]


def test_silent_cases_are_marked_lines_and_functions_without_comments() -> None:
    source = """
def fires():
    x  # expect: SAL101

def quiet():
    y

class A:
    a = 1  # silent: a constant
    b = 2

    def quiet(self):
        z
"""
    assert silent_cases(fixture_of(source)) == 3


def test_a_revision_is_one_case() -> None:
    source = "def upgrade():\n    x\n\ndef downgrade():\n    x{}\n"
    assert silent_cases(fixture_of(source.format(""))) == 1
    assert silent_cases(fixture_of(source.format("  # expect: SAL601"))) == 0


def test_shared_files_are_part_of_the_fixture_and_no_case_of_it() -> None:
    source = "# uses: blog\nfrom models import User\ndef innocent(): pass\n"
    fixture = fixture_of(source)
    assert set(fixture.files) == {"case.py", "models.py"}
    assert fixture.shared == {"models.py"}
    assert silent_cases(fixture) == 1


def test_shared_files_do_not_take_the_place_of_own_ones() -> None:
    with pytest.raises(AssertionError, match="files of its own that it uses"):
        make_fixture("guilty_name", "case", {"models.py": b"# uses: blog\n"})


def test_shared_files_have_to_be_there() -> None:
    with pytest.raises(AssertionError, match="fixtures/shared/nothing has no files"):
        fixture_of("# uses: nothing\n")


def test_shared_files_state_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tests.harness, "FIXTURES", tmp_path)
    (tmp_path / "shared" / "loud").mkdir(parents=True)
    (tmp_path / "shared" / "loud" / "models.py").write_text("x = 1  # expect: SAL999\n")
    with pytest.raises(AssertionError, match=r"shared/loud/models.py states something"):
        fixture_of("# uses: loud\n")
