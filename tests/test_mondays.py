"""On the first day the five founding defects are reported, or the summary says why not and how to see them."""

from pathlib import Path

import pytest

from benchmarks.mondays import DEFECTS, MONDAYS, Monday, run

# What is named on the command line decides what is reported: of one file, its own defects.
SHOWN = {"one changed file": {"SAL101", "SAL106"}}


@pytest.mark.parametrize("monday", MONDAYS, ids=lambda m: m.name)
def test_each_defect_is_reported_or_said_to_be_left_out(monday: Monday, tmp_path: Path) -> None:
    morning = run(monday, monday.lay_out(tmp_path / "blog"))
    assert morning.status == 1, morning.out
    assert set(morning.reported) == SHOWN.get(monday.name, set(DEFECTS)), morning.out
    if monday.name in SHOWN:
        assert "not shown" in morning.summary, morning.out
        assert "`sqlalint .` shows them" in morning.summary, morning.out
