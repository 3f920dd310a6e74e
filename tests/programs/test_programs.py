"""A few hundred random programs: what sqlalint says of them is what they do."""

import pytest

from tests.programs.compare import Figures, compare

SEEDS = range(200)
LEAST_CERTAIN, LEAST_LIKELY = 0.98, 0.9


@pytest.fixture(scope="module")
def figures() -> dict[str, Figures]:
    """The figures of a fixed range of programs."""
    return compare(SEEDS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("claim", ["grows", "unique", "greenlet"])
def test_verdict_and_truth(figures: dict[str, Figures], claim: str) -> None:
    """What is certain is so, and most of what is so is found."""
    found = figures[claim]
    assert found.occurred >= 10, "too few programs for a verdict"
    assert found.precision("certain") >= LEAST_CERTAIN
    assert found.precision("certain", "likely") >= LEAST_LIKELY
    assert found.recall("certain") >= 0.9
    assert found.recall("certain", "likely") >= 0.95
