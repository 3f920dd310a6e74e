"""Where a file stands in its project, and what that means for findings in it."""

import enum
import re
from collections.abc import Sequence

# rules that are silent in tests, and those that are one tier less sure in scripts and migrations (the catalogue's text)
_OFF_IN_TESTS = re.compile(r"SAL(?:[1239]\d\d|40[7-9]|41\d|42\d)")
_LOWER_IN_SCRIPTS = re.compile(r"SAL(?:10[1-59]|115|11[7-9]|12[0-4])")


class Standing(enum.StrEnum):
    """What a file is for."""

    APPLICATION = "application"
    TEST = "test"
    SCRIPT = "script"
    MIGRATION = "migration"


def is_test(path: str) -> bool:
    """Whether a path, relative to the project root, is one of tests."""
    *folders, name = path.split("/")
    return "tests" in folders or name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"


def standing(path: str, migrations: Sequence[str] = ()) -> Standing:
    """What a file is for, by its path relative to the project root. `migrations` are the folders of revisions."""
    if is_test(path):
        return Standing.TEST
    if any(below(path, folder) for folder in migrations):
        return Standing.MIGRATION
    parts = path.split("/")
    if parts[-1] == "cli.py" or any(p in ("scripts", "management", "cli") or p.startswith("backfill") for p in parts):
        return Standing.SCRIPT
    return Standing.APPLICATION


def is_off(code: str, where: Standing) -> bool:
    """Whether a rule is silent in such files."""
    return where is Standing.TEST and bool(_OFF_IN_TESTS.fullmatch(code))


def is_less_sure(code: str, where: Standing) -> bool:
    """Whether findings of a rule are one tier lower in such files."""
    return where in (Standing.SCRIPT, Standing.MIGRATION) and bool(_LOWER_IN_SCRIPTS.fullmatch(code))


def below(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; "" and "." are the root."""
    return folder in ("", ".") or path == folder or path.startswith(folder + "/")
