"""Every rule has a page, and its examples mean what the page says."""

import csv
import re
from pathlib import Path

import pytest

from sqlalint.rules.registry import Rule, all_rules
from tests.examples import PARTS, blocks, example, parts
from tests.harness import fixtures, lint

RULES = all_rules()
# Rules about sqlalint itself have no example in Python.
WITH_EXAMPLES = [r for r in RULES if r.family != "self"]
ROWS = Path(__file__).with_name("rows.csv")

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
each_example = pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda r: r.name)


@each_rule
def test_the_page_begins_with_a_sentence(rule: Rule) -> None:
    assert rule.summary.endswith(".")
    assert len(rule.summary) <= 120


@each_rule
def test_the_page_has_its_parts(rule: Rule) -> None:
    found = list(parts(rule.page))[1:]
    wanted = [p for p in PARTS if rule in WITH_EXAMPLES or p not in ("Bad", "Good")]
    assert [p for p in found if p in wanted] == wanted
    assert all(parts(rule.page)[p] for p in wanted)


@each_example
def test_the_page_has_one_bad_and_one_good_example(rule: Rule) -> None:
    for kind in ("Bad", "Good"):
        assert len(blocks(parts(rule.page)[kind])) == 1


@each_example
def test_the_bad_example_fires_exactly_this_rule(rule: Rule) -> None:
    findings = [f for f in lint(example(rule, "Bad").files) if f.default or f.code == rule.code]
    assert {f.code for f in findings} == {rule.code}, [f"{f.place} {f.code} {f.message}" for f in findings]
    assert rule.tier in {f.confidence for f in findings}


@each_example
def test_the_good_example_is_silent(rule: Rule) -> None:
    findings = [f for f in lint(example(rule, "Good").files) if f.default or f.code == rule.code]
    assert findings == []


@each_rule
def test_no_finding_is_surer_than_the_rule_may_be(rule: Rule) -> None:
    said = [f for case in fixtures(rule.name) for f in case.analysis().findings]
    if rule in WITH_EXAMPLES:
        said += lint(example(rule, "Bad").files)
    too_sure = [f for f in said if f.code == rule.code and f.confidence.rank < rule.tier.rank]
    assert too_sure == []


@each_rule
def test_a_message_of_one_sentence_has_no_full_stop(rule: Rule) -> None:
    said = [f for case in fixtures(rule.name) for f in case.analysis().findings if f.code == rule.code]
    for text in (text for finding in said for text in (finding.message, finding.help)):
        sentences = re.split(r"(?<=[.?]) (?=[A-Z`])", text)
        assert len(sentences) > 1 or not re.search(r"(?<!\.\.)\.$", text), text


@each_rule
def test_the_rule_keeps_its_row(rule: Rule) -> None:
    """Codes and names are never reused, and what a rule may claim is decided with care: see the table."""
    with ROWS.open() as table:
        row = {r["code"]: r for r in csv.DictReader(table)}[rule.code]
    assert row == {
        "code": rule.code,
        "name": rule.name,
        "family": rule.family,
        "on": "on" if rule.default else "opt",
        "severity": rule.severity.value,
        "fix": rule.fix,
        "speaks": rule.speaks,
        "tier": rule.tier.value,
    }


def test_codes_and_names_are_unique() -> None:
    assert len({r.code for r in RULES}) == len({r.name for r in RULES}) == len(RULES)
