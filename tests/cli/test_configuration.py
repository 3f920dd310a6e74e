"""The configuration as users meet it: which file counts for what, and what is said of a wrong one."""

from pathlib import Path

import pytest

from tests.cli.run import lay_out
from tests.cli.run import sqlalint as start

BROKEN = "import sqlalchemy\nx = (\n"


@pytest.fixture
def services(tmp_path: Path) -> Path:
    """Two services below one folder with a shared configuration. Every file is a finding (SAL003)."""
    files = dict.fromkeys(("a/app/x.py", "a/app/gen/y.py", "a/tests/z.py", "b/app/x.py"), BROKEN)
    return lay_out(
        tmp_path / "services", {**files, "shared.toml": "", "a/sqlalint.toml": 'extend = "../shared.toml"\n'}
    )


def reported(folder: Path, *arguments: str) -> list[str]:
    out = start(folder, "-q", "--output-format", "concise", "--no-cache", *arguments).out
    return [line.partition(":")[0] for line in out.splitlines()]


def test_patterns_of_an_extended_file_count_from_its_folder(services: Path) -> None:
    a = services / "a"
    assert reported(a) == ["app/gen/y.py", "app/x.py", "tests/z.py"]
    for key in ('extend-exclude = ["{}"]', 'exclude = ["{}"]', 'per-file-ignores = {{ "{}" = ["self"] }}'):
        for pattern, left in {
            "a/app/gen": ["app/x.py", "tests/z.py"],
            "*/app/**": ["tests/z.py"],
            "app/gen": ["app/gen/y.py", "app/x.py", "tests/z.py"],
            "**/app/gen": ["app/x.py", "tests/z.py"],
            "gen": ["app/x.py", "tests/z.py"],
            "b/app/x.py": ["app/gen/y.py", "app/x.py", "tests/z.py"],
        }.items():
            (services / "shared.toml").write_text(key.format(pattern))
            assert reported(a) == left, (key, pattern)


def test_patterns_of_a_file_in_a_folder_of_the_project(services: Path) -> None:
    lay_out(
        services / "a", {"sqlalint.toml": 'extend = "app/own.toml"\n', "app/own.toml": 'extend-exclude = ["./gen"]\n'}
    )
    assert reported(services / "a") == ["app/x.py", "tests/z.py"]
    (services / "a/app/own.toml").write_text('extend-exclude = ["gen/*"]\n')
    assert reported(services / "a") == ["app/x.py", "tests/z.py"]
    (services / "a/app/own.toml").write_text('per-file-ignores = { "!gen/*" = ["self"] }\n')
    assert reported(services / "a") == ["app/gen/y.py"]


def test_patterns_of_a_file_elsewhere_count_from_the_root(services: Path, tmp_path: Path) -> None:
    lay_out(tmp_path, {"other/shared.toml": 'extend-exclude = ["app/gen"]\n'})
    (services / "a/sqlalint.toml").write_text('extend = "../../other/shared.toml"\n')
    assert reported(services / "a") == ["app/x.py", "tests/z.py"]


def test_patterns_of_a_file_that_is_named_count_from_the_working_directory(services: Path, tmp_path: Path) -> None:
    lay_out(tmp_path, {"other/named.toml": 'extend-exclude = ["a/app"]\n'})
    assert reported(services, "--config", "../other/named.toml", "a") == ["a/tests/z.py"]
    assert len(reported(services / "a", "--config", "../../other/named.toml")) == 3


def test_lists_add_up_and_tables_are_merged(services: Path) -> None:
    lay_out(
        services,
        {
            "shared.toml": 'extend-exclude = ["a/tests"]\nper-file-ignores = { "x.py" = ["self"], "y.py" = ["self"] }\n',
            "a/sqlalint.toml": 'extend = "../shared.toml"\nextend-exclude = ["none"]\nper-file-ignores = { "x.py" = [] }\n',
        },
    )
    assert reported(services / "a") == ["app/x.py"]


def test_what_is_wrong_is_said_of_the_file_that_says_it(services: Path) -> None:
    shared = services / "shared.toml"
    for text, message in {
        'ignore = ["nope"]': "key `ignore`: no rule `nope`",
        "rules.unparsable-file.x = 1": "key `rules.unparsable-file.x`: the rule `unparsable-file` has no options",
        'severity = { nope = "info" }': "key `severity`: no rule `nope`",
        "confidence = 1": "key `confidence`: 1 is a number",
        "selct = []": "unknown key `selct`; did you mean `select`?",
    }.items():
        shared.write_text(text)
        done = start(services / "a")
        assert (done.status, done.out) == (2, "")
        assert done.err.startswith(f"sqlalint: error: {shared}: {message}"), done.err
    shared.unlink()
    done = start(services / "a")
    assert done.err.startswith(
        f"sqlalint: error: {services}/a/sqlalint.toml: key `extend`: {shared}: the configuration"
    )


def test_script_locations_of_an_extended_file(services: Path) -> None:
    lay_out(
        services,
        {
            "a/history/env.py": "",
            "a/history/versions/one.py": 'revision = "aaaa1"\ndown_revision = None\n',
            "shared.toml": 'script-locations = ["a/history", "b/history"]\n',
        },
    )
    (line,) = [x for x in start(services / "a", "config").out.splitlines() if x.startswith("  history ")]
    assert line.endswith(" configuration"), "env.py imports nothing of Alembic: nothing else tells"
