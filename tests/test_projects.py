"""Programs of several files: what is said of them altogether."""

from benchmarks.mondays import APPLICATION, DEFECTS
from tests.harness import FIXTURES, difference, load_fixture


def test_the_blog_has_the_five_founding_defects_and_no_other() -> None:
    findings = load_fixture(APPLICATION).analysis().findings
    assert sorted(f.code for f in findings if f.default) == sorted(DEFECTS)
    assert {f.confidence.value for f in findings if f.default} == {"certain"}


def test_two_services_with_the_same_module_names_are_kept_apart() -> None:
    fixture = load_fixture(FIXTURES / "projects" / "two_services")
    findings = [f for f in fixture.analysis().findings if f.default]
    assert difference(fixture, findings) == ""
    assert {f.code for f in findings} == fixture.mentioned
