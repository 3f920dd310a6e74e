"""A few hundred random programs: what sqlalint says of them is what they do."""

import pytest

from tests.programs.compare import READ, Figures, compare

SEEDS = range(360)
LEAST_CERTAIN, LEAST_LIKELY = 0.98, 0.95
# Of what is so, the share that is to be said: with certainty, and as likely or better.
LEAST_RECALL = {
    "loop": (0.8, 0.95),
    "serializer": (0.2, 0.85),  # most of what they read is a many-to-one, or behind a condition
    "column": (0.8, 0.9),
    "unique": (0.6, 0.8),
    "raise": (0.6, 0.8),
    "greenlet": (0.6, 0.85),
    "expired": (0.4, 0.85),
    "immediate": (0.4, 0.85),
    "query": (0.0, 0.6),  # as long as a key's is the only one that is certain
    "again": (0.4, 0.85),
    "commit": (0.0, 0.6),  # the session comes from out of sight
    "streamed": (0.6, 0.8),
    "product": (0.6, 0.8),
    "cut": (0.6, 0.8),
}
FEWEST = 3


@pytest.fixture(scope="module")
def figures() -> dict[str, Figures]:
    """The figures of a fixed range of programs."""
    return compare(SEEDS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("claim", LEAST_RECALL)
def test_verdict_and_truth(figures: dict[str, Figures], claim: str) -> None:
    """What is certain is so, and most of what is so is found."""
    found = figures[claim]
    certain, likely = LEAST_RECALL[claim]
    assert found.occurred >= FEWEST, "too few programs for a verdict"
    assert found.precision("certain") >= LEAST_CERTAIN
    assert found.precision("certain", "likely") >= LEAST_LIKELY
    assert found.recall("certain") >= certain
    assert found.recall("certain", "likely") >= likely


@pytest.mark.filterwarnings("ignore")
def test_most_of_what_grows_with_the_rows_is_found(figures: dict[str, Figures]) -> None:
    """Of all three rules together."""
    found = Figures()
    for claim in READ:
        found.true += figures[claim].true
    assert found.occurred >= 50, "too few programs for a verdict"
    assert found.recall("certain") >= 0.4
    assert found.recall("certain", "likely") >= 0.85
