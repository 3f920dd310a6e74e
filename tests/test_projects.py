"""Programs of several files: what is said of them altogether."""

from benchmarks.mondays import APPLICATION, DEFECTS

from tests.harness import load_fixture


def test_the_blog_has_the_five_founding_defects_and_no_other() -> None:
    findings = load_fixture(APPLICATION).analysis().findings
    assert sorted(f.code for f in findings if f.default) == sorted(DEFECTS)
    assert {f.confidence.value for f in findings if f.default} == {"certain"}
