"""Every fixture is as its comments say."""

from collections import Counter

import pytest

from sqlalint.rules.registry import Rule, all_rules
from tests.harness import FIXTURES, PRELUDE, PROJECTS, SHARED, Fixture, difference, explained, fixtures, silent_cases

ALL = fixtures()
RULES = all_rules()


@pytest.mark.parametrize("fixture", ALL, ids=str)
def test_findings_are_those_that_the_comments_state(fixture: Fixture) -> None:
    analysis = fixture.analysis()
    assert not analysis.crashes, analysis.crashes[0].trace
    wrong = difference(fixture, analysis.findings)
    assert not wrong, f"{fixture}\n{wrong}"


@pytest.mark.parametrize("fixture", [f for f in ALL if f.facts], ids=str)
def test_facts_are_those_that_the_comments_state(fixture: Fixture) -> None:
    project = fixture.project()
    wrong = []
    for fact in fixture.facts:
        said = explained(fixture, project, fact)
        if not any(fact.text in line for line in said):
            wrong.append(f"{fact.path}:{fact.row}: is not {fact.text}\n" + "\n".join(f"    {line}" for line in said))
    assert not wrong, "\n".join(wrong)


def test_every_folder_of_fixtures_is_of_a_rule() -> None:
    names = {rule.name.replace("-", "_") for rule in RULES}
    folders = {f.name for f in FIXTURES.iterdir() if f.is_dir()}
    assert folders - names - {PRELUDE, PROJECTS, SHARED} == set()


def test_what_is_shared_is_used_by_several_fixtures() -> None:
    shared = {f.name: {p.name for p in f.iterdir()} for f in (FIXTURES / SHARED).iterdir() if f.is_dir()}
    for name in shared:
        uses = [f for f in ALL if any(f"# uses: {name}\n".encode() in content for content in f.files.values())]
        assert len(uses) > 1, f"fixtures/{SHARED}/{name} is used by {[str(f) for f in uses]}"


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_silent_cases_outnumber_firing_ones(rule: Rule) -> None:
    cases = fixtures(rule.name)
    firing = Counter(e.code for f in cases for e in f.expected)[rule.code]
    silent = sum(silent_cases(f) for f in cases)
    assert firing, f"no fixture of {rule.name} fires"
    assert silent > firing, f"{rule.name}: {silent} silent cases, {firing} firing; mark lines with `# silent: why`"
