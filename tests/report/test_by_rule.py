"""The table by rule, and the counts of `--statistics`."""

import msgspec
import pytest

from sqlalint.report import statistics
from sqlalint.report.by_rule import ByRule, by_rule, table
from sqlalint.report.finding import PlacedFix, Reported, Severity
from sqlalint.report.presentation import Presentation
from sqlalint.rules.registry import all_rules
from tests.report.make import finding


def fixed(made: Reported, *, safe: bool) -> Reported:
    return msgspec.structs.replace(made, fix=PlacedFix("Mend it", (), safe))


FINDINGS = (
    finding("SAL501", name="foreign-key-without-index"),
    fixed(finding("SAL501", at="b.py", name="foreign-key-without-index"), safe=False),
    fixed(finding("SAL101", severity="info"), safe=True),
    fixed(finding("SAL101", severity="warning"), safe=True),
    finding("SAL604", severity="error", name="multiple-heads"),
    fixed(finding("SAL603", severity="info", name="commit"), safe=True),
    fixed(finding("SAL603", severity="info", name="commit"), safe=False),
    finding("SAL603", severity="info", name="commit"),
)


def lines(width: int = 80, findings: tuple[Reported, ...] = FINDINGS) -> list[str]:
    return "".join(table(by_rule(findings), Presentation(width=width))).splitlines()


def test_a_row_a_rule_by_severity_then_family() -> None:
    assert lines() == [
        "rule                              count  files  fixable",
        "SAL604 multiple-heads                 1      1        0",
        "SAL101 lazy-load-in-loop              2      1        2",
        "SAL501 foreign-key-without-index      2      2        1 (unsafe)",
        "SAL603 commit                         3      1        2 (1 unsafe)",
    ]


def test_what_was_found_of_a_rule() -> None:
    assert by_rule(FINDINGS)[-1] == ByRule("SAL603", "commit", Severity.INFO, count=3, files=1, fixable=2, unsafe=1)
    assert by_rule(()) == []


def test_codes_are_in_the_order_of_families() -> None:
    rules = sorted(all_rules(), key=lambda rule: rule.code)
    families = list(dict.fromkeys(rule.family for rule in rules))
    assert [r.family for r in rules] == sorted((r.family for r in rules), key=families.index)


@pytest.mark.parametrize("width", [40, 80])
def test_the_table_fits_the_screen(width: int) -> None:
    long = finding("SAL212", name="async-scoped-session-without-task-scope" * 2)
    out = lines(width, (*FINDINGS, long))
    assert all(len(line) <= width + len(" (1 unsafe)") for line in out)
    assert out[-1].endswith("3      1        2 (1 unsafe)")
    assert len(lines(80, (long,) * 12_000)[1]) <= 80


def test_statistics_have_marks_where_something_is_mended_by_fix() -> None:
    assert "".join(statistics.render(FINDINGS, "full")).splitlines() == [
        "     3  SAL603  [-] commit  (2 fixable, 1 of them with --unsafe-fixes)",
        "     2  SAL101  [*] lazy-load-in-loop  (2 fixable)",
        "     2  SAL501  [ ] foreign-key-without-index  (1 fixable with --unsafe-fixes)",
        "     1  SAL604  [ ] multiple-heads",
        "[*] fixable with `sqlalint check --fix`, [-] some of them",
    ]
    assert "".join(statistics.render(FINDINGS[:2], "concise")).splitlines() == [
        "     2  SAL501  foreign-key-without-index  (1 fixable with --unsafe-fixes)"
    ]
    assert "".join(statistics.render((), "full")) == ""


def test_statistics_with_unsafe_fixes_count_them_as_applied() -> None:
    assert "".join(statistics.render(FINDINGS[:2], "full", unsafe=True)).splitlines() == [
        "     2  SAL501  [-] foreign-key-without-index  (1 fixable)",
        "[*] fixable with `sqlalint check --fix --unsafe-fixes`, [-] some of them",
    ]
