"""The configuration as users meet it: which file counts for what, and what is said of a wrong one."""

import tomllib
from pathlib import Path

import pytest

from tests.cli.run import lay_out
from tests.cli.run import sqlalint as start
from tests.cli.test_adopting import MODELS, VIEWS

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


# --- per-file-ignores and excludes of the command line ---


def test_ignores_by_file_of_the_command_line_replace_the_configured(services: Path) -> None:
    a = services / "a"
    (a / "sqlalint.toml").write_text('per-file-ignores = { "x.py" = ["self"] }')
    assert reported(a) == ["app/gen/y.py", "tests/z.py"]
    for given, left in {
        "tests/*:SAL003": ["app/gen/y.py", "app/x.py"],
        "!app/**:self": ["app/gen/y.py", "app/x.py"],
        "tests:SAL0,y.py:ALL": ["app/x.py"],
        "tests:models": ["app/gen/y.py", "app/x.py", "tests/z.py"],
    }.items():
        assert reported(a, "--per-file-ignores", given) == left, given
    assert reported(a, "--per-file-ignores", "tests:SAL003", "--per-file-ignores", "y.py:SAL003") == ["app/x.py"]


@pytest.mark.parametrize("key", ["--exclude=gen/*", "--per-file-ignores=gen/*:ALL"])
def test_patterns_of_the_command_line_count_from_the_working_directory(services: Path, key: str) -> None:
    assert reported(services / "a/app", key, "..") == ["x.py", "../tests/z.py"]
    assert len(reported(services / "a", key)) == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("tests/*", "`tests/*` is no pattern with a rule, such as `reports/*.py:SAL101`"),
        ("tests/*:", "`tests/*:` is no pattern with a rule"),
        (":SAL101", "`:SAL101` is no pattern with a rule"),
        ("tests/*:SAL777", "no rule `SAL777`"),
    ],
)
def test_ignores_by_file_that_are_none(services: Path, given: str, message: str) -> None:
    done = start(services / "a", "--per-file-ignores", given)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(f"sqlalint: error: --per-file-ignores: {message}")


# --- what is left out ---


def test_exclude_replaces_the_defaults_and_extend_exclude_adds_to_them(tmp_path: Path) -> None:
    files = dict.fromkeys(("x.py", ".venv/y.py", "gen/z.py", "build/u.py"), BROKEN)
    lay_out(tmp_path, {**files, "sqlalint.toml": ""})
    for text, left in {
        "": ["build/u.py", "gen/z.py", "x.py"],
        'extend-exclude = ["gen"]': ["build/u.py", "x.py"],
        'exclude = ["gen"]': [".venv/y.py", "build/u.py", "x.py"],
        "exclude = []": [".venv/y.py", "build/u.py", "gen/z.py", "x.py"],
        'exclude = ["gen"]\nextend-exclude = ["x.py", ".venv/*"]': ["build/u.py"],
    }.items():
        (tmp_path / "sqlalint.toml").write_text(text)
        assert reported(tmp_path) == left, text
        assert start(tmp_path, "--show-files").out.split() == left, text
    (tmp_path / "sqlalint.toml").write_text('extend-exclude = ["gen"]')
    assert reported(tmp_path, "--exclude", "x.py, build") == []
    assert reported(tmp_path, "--exclude", "x.py", "--exclude", "u.py") == []


@pytest.mark.parametrize("named", ["gen/z.py", "gen", ".venv/y.py"])
def test_what_is_excluded_and_named_counts_unless_it_is_forced(tmp_path: Path, named: str) -> None:
    lay_out(
        tmp_path, {"x.py": "", ".venv/y.py": BROKEN, "gen/z.py": BROKEN, "sqlalint.toml": 'extend-exclude = ["gen"]'}
    )
    assert len(reported(tmp_path, named)) == 1
    assert reported(tmp_path, "--force-exclude", named) == []
    done = start(tmp_path, "--force-exclude", named)
    assert done.status == 0


def test_what_is_excluded_is_not_analysed_at_all(tmp_path: Path) -> None:
    lay_out(tmp_path, {"sqlalint.toml": "", "app/__init__.py": "", "app/models.py": MODELS, "app/views.py": VIEWS})
    assert reported(tmp_path) == ["app/views.py"]
    assert reported(tmp_path, "--exclude", "models.py") == [], "the model is out of sight"
    (tmp_path / "sqlalint.toml").write_text('per-file-ignores = { "models.py" = ["ALL"] }')
    assert reported(tmp_path) == ["app/views.py"], "ignored rules are another thing"


# --- show-settings ---

SHARED = """
extend-exclude = ["a/gen"]
severity = { SAL101 = "info", SAL501 = "warning" }
start-after = ["x", "y"]
fail-on = "warning"
per-file-ignores = { "!a/*" = ["SAL5"] }
"""
OWN = """
extend = "../shared.toml"
ignore = ["SAL6"]
extend-exclude = ['odd "name"']
severity.SAL501 = "error"
target-versions.postgresql = "15"
"""


def shown(folder: Path, *arguments: str) -> str:
    done = start(folder, "--show-settings", *arguments)
    assert (done.status, done.err) == (0, "")
    return done.out


def test_settings_are_shown_with_where_they_are_from(services: Path) -> None:
    lay_out(services, {"shared.toml": SHARED, "a/sqlalint.toml": OWN})
    out = shown(services / "a", "--confidence", "likely", "--exclude", "q", "--ignore", "SAL3")
    assert {
        "# settings for: .",
        "# project root: . (has sqlalint.toml with our configuration)",
        "# configuration: sqlalint.toml, which extends ../shared.toml",
        "# baseline: none",
        "# select: not set",
        'confidence = "likely"  # command line',
        'fail-on = "warning"  # ../shared.toml',
        'start-after = ["x", "y"]  # ../shared.toml',
        'SAL501 = "error"  # sqlalint.toml',
        'SAL101 = "info"  # ../shared.toml',
        "exclude = [  # default",
        '    "SAL3",  # command line',
        "#   SAL101  lazy-load-in-loop  info",
        "#   SAL501  foreign-key-without-index  error",
    } <= set(out.splitlines()), out
    assert "SAL601" not in out
    read = tomllib.loads(out)
    assert read["extend-exclude"] == ["a/gen", 'odd "name"', "q"]
    assert read["ignore"] == ["SAL6", "SAL3"]
    assert read["per-file-ignores"] == {"!a/*": ["SAL5"]}
    assert read["target-versions"] == {"postgresql": "15"}


def test_shown_settings_are_a_configuration(services: Path) -> None:
    lay_out(services, {"shared.toml": "", "a/sqlalint.toml": OWN})
    first = shown(services / "a")
    (services / "a/sqlalint.toml").write_text(first)
    again = shown(services / "a")
    assert tomllib.loads(again) == tomllib.loads(first)
    (services / "a/sqlalint.toml").unlink()
    assert "configuration: none" in shown(services / "a", "--isolated")


def test_what_is_off_in_a_file_that_is_named(services: Path) -> None:
    lay_out(services, {"a/sqlalint.toml": 'per-file-ignores = { "tests/*" = ["SAL0"] }', "a/new\nline.py": ""})
    assert "# rules that are off in tests/z.py: SAL001, SAL002, SAL003" in shown(
        services / "a", "tests/z.py", "app/x.py"
    )
    assert "off in app" not in shown(services / "a", "tests/z.py", "app/x.py")
    assert "# settings for: new\\nline.py\n" in shown(services / "a", "new\nline.py")


def test_nothing_is_analysed_for_settings(services: Path) -> None:
    shown(services / "a")
    assert not (services / "a/.sqlalint_cache").exists()
    (services / "a/sqlalint.toml").write_text("ignore = ['nope']")
    assert start(services / "a", "--show-settings").status == 2
