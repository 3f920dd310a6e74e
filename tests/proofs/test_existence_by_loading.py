"""SAL118: `count() > 0` reads every row that `EXISTS` does not; see also the proof of SAL117, which runs all forms of it."""

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.proofs.running import run

CODE = "SAL118"


def test_the_fixed_example_asks_with_exists() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    bad, fixed = run(example(rule, "Bad"), 10), run(example(rule, "Fixed"), 10)
    assert "count(" in bad.statements[0]
    assert "EXISTS" in fixed.statements[0]
    assert bad.selects == fixed.selects == 1
