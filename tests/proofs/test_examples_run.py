"""The examples on the pages are programs: good ones run; bad ones run too, or raise what their proof says."""

import pytest

from sqlalint.rules.registry import Rule, all_rules
from tests.examples import example
from tests.harness import ROOT
from tests.proofs.running import configure, run

RULES = [r for r in all_rules() if r.family != "self"]
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)


# Good examples of migrations are run by their proofs, on each database.
@pytest.mark.parametrize("rule", [r for r in RULES if r.family != "migrations"], ids=lambda r: r.name)
def test_the_good_example_runs(rule: Rule) -> None:
    good = example(rule, "Good")
    if good.entry:
        assert run(good, rows=3).error is None
    else:
        configure(good)


@each_rule
def test_the_rule_has_a_proof(rule: Rule) -> None:
    proofs = ROOT / "tests" / "proofs"
    names = [f"test_{rule.name.replace('-', '_')}.py", f"test_{rule.family}.py"]
    assert any(rule.code in (proofs / n).read_text() for n in names if (proofs / n).exists()), f"none of {names}"
