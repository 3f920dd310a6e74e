"""What a file is for decides which rules speak in it, and how surely."""

import pytest

from sqlalint.report.places import Standing, is_less_sure, is_off, standing


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("app/models.py", Standing.APPLICATION),
        ("tests/unit/a.py", Standing.TEST),
        ("app/test_a.py", Standing.TEST),
        ("app/a_test.py", Standing.TEST),
        ("conftest.py", Standing.TEST),
        ("app/latest.py", Standing.APPLICATION),
        ("scripts/a.py", Standing.SCRIPT),
        ("app/management/commands/a.py", Standing.SCRIPT),
        ("app/cli/a.py", Standing.SCRIPT),
        ("app/cli.py", Standing.SCRIPT),
        ("app/backfill_users.py", Standing.SCRIPT),
        ("app/backfills/users.py", Standing.SCRIPT),
        ("app/client.py", Standing.APPLICATION),
        ("app/scripts.py", Standing.APPLICATION),
        ("alembic/versions/1a2b.py", Standing.MIGRATION),
        ("alembic/versions/test_1a2b.py", Standing.TEST),
    ],
)
def test_standing(path: str, where: Standing) -> None:
    assert standing(path, ("alembic",)) is where


@pytest.mark.parametrize(
    ("code", "off"),
    [("SAL101", 1), ("SAL201", 1), ("SAL399", 1), ("SAL406", 0), ("SAL407", 1), ("SAL429", 1), ("SAL430", 0),
     ("SAL003", 0), ("SAL501", 0), ("SAL613", 0), ("SAL801", 0), ("SAL901", 1)],
)  # fmt: skip
def test_rules_that_are_off_in_tests(code: str, off: int) -> None:
    assert is_off(code, Standing.TEST) is bool(off)
    assert not is_off(code, Standing.SCRIPT)


@pytest.mark.parametrize(
    ("code", "lower"),
    [("SAL101", 1), ("SAL105", 1), ("SAL106", 0), ("SAL109", 1), ("SAL110", 0), ("SAL115", 1), ("SAL116", 0),
     ("SAL117", 1), ("SAL124", 1), ("SAL125", 0), ("SAL201", 0), ("SAL501", 0)],
)  # fmt: skip
def test_rules_that_are_less_sure_in_scripts(code: str, lower: int) -> None:
    assert is_less_sure(code, Standing.SCRIPT) is bool(lower)
    assert is_less_sure(code, Standing.MIGRATION) is bool(lower)
    assert not is_less_sure(code, Standing.APPLICATION)
