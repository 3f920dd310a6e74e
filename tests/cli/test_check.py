"""`sqlalint check` as users and programs meet it."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sqlalint.engine
import sqlalint.flow.analysis
from sqlalint.cli import run
from sqlalint.cli.group import COMMANDS
from sqlalint.rules.registry import all_rules
from tests.cli.run import Done, environment, in_terminal, lay_out
from tests.cli.run import sqlalint as start

BROKEN = "import sqlalchemy\nx = (\n"


def revision(name: str, parent: str | None) -> str:
    return f'from alembic import op\n\nrevision = "{name}"\ndown_revision = {parent!r}\n\n\ndef upgrade():\n    pass\n'


HEADS: dict[str, str | bytes] = {
    "sqlalint.toml": "",
    "alembic.ini": "[alembic]\nscript_location = alembic\n",
    "alembic/env.py": "from app import models\n",
    "alembic/versions/a.py": revision("aaaa1", None),
    "alembic/versions/b.py": revision("bbbb1", "aaaa1"),
    "alembic/versions/c.py": revision("cccc1", "aaaa1"),
    "app/__init__.py": "",
    "app/models.py": "import sqlalchemy\n",
    "other/x.py": "x = 1\n",
}


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    """A project whose migrations have two heads (SAL604) and nothing else."""
    return lay_out(tmp_path, HEADS)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A project with a file that cannot be read (SAL003)."""
    return lay_out(tmp_path, {"sqlalint.toml": "", "pkg/broken.py": BROKEN, "pkg/fine.py": "x = 1\n"})


def codes(done: Done) -> list[str]:
    return re.findall(r"^\S+:\d+:\d+: (SAL\d+) ", done.out, re.MULTILINE)


# --- exit status ---


def test_an_empty_folder_is_fine(tmp_path: Path) -> None:
    assert start(tmp_path) == Done(0, "No Python files found.\n", "")


def test_findings_give_1(heads: Path) -> None:
    done = start(heads, "check", ".")
    assert (done.status, codes(done)) == (1, ["SAL604"])
    assert start(heads) == done, "the word check may be left out, and the path"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--exit-zero"], 0),
        (["--fail-on", "error"], 1),
        (["--fail-on", "never"], 0),
        (["--ignore", "SAL604"], 0),
        (["--severity", "error"], 1),
        (["--select", "models"], 0),
        (["--select", "multiple-heads"], 1),
        (["app"], 1),
        (["other"], 0),
        (["alembic/versions/c.py"], 1),
    ],
)
def test_what_gives_0_and_what_1(heads: Path, arguments: list[str], status: int) -> None:
    assert start(heads, *arguments).status == status


def test_fail_on_looks_at_what_is_shown_and_as_configured(heads: Path) -> None:
    (heads / "sqlalint.toml").write_text('fail-on = "error"\nseverity = { SAL604 = "info" }\n')
    done = start(heads)
    assert (done.status, codes(done)) == (0, ["SAL604"])
    assert start(heads, "--fail-on", "info").status == 1


def test_a_file_that_cannot_be_read_gives_2_and_the_others_are_reported(broken: Path) -> None:
    done = start(broken)
    assert (done.status, codes(done)) == (2, ["SAL003"])
    assert done.out.splitlines()[-1] == "1 finding (1 error) in 1 of 2 files."
    assert start(broken, "--exit-zero").status == 2
    assert start(broken, "--fail-on", "never").status == 2
    ignored = start(broken, "--ignore", "SAL003")
    assert (ignored.status, ignored.err) == (0, "")
    assert ignored.out == "No findings in 2 files.\n  1 file could not be read: pkg/broken.py.\n"
    assert start(broken, "pkg/fine.py").status == 0


def test_a_file_that_does_not_concern_us_is_only_counted(broken: Path) -> None:
    (broken / "pkg/broken.py").write_text("x = (\n")
    done = start(broken)
    assert done == Done(0, "No findings in 2 files.\n  1 file could not be read: pkg/broken.py.\n", "")
    (broken / "pkg/broken.py").write_bytes(b"x = '\xff'\n")
    assert codes(start(broken)) == ["SAL003"], "what cannot even be decoded may be anything"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--selct", "x"], "No such option '--selct'"),
        (["--select", "lazy-load-in-lop"], "--select: no rule `lazy-load-in-lop`; did you mean `lazy-load-in-loop`?"),
        (["--ignore", "SAL999"], "--ignore: no rule `SAL999`"),
        (["--confidence", "sure"], "'sure' is not one of"),
        (["nowhere"], "nowhere: no such file or folder"),
        (["app", ".."], "is outside the project"),
        (["--config", "nowhere.toml"], "the configuration cannot be read: No such file or directory"),
        (["--config", "a.toml", "--isolated"], "exclude each other"),
        (["--output-format", "json", "--output-format", "full"], "only one format goes to standard output"),
        (["--output-file", "a", "--output-file", "b"], "more files than formats"),
        (["--output-file", "nowhere/a"], "--output-file nowhere/a: No such file or directory"),
        (["--jobs", "0"], "0 is not in the range"),
    ],
)
def test_what_is_wrong_with_the_call_gives_2_and_no_output(heads: Path, arguments: list[str], message: str) -> None:
    done = start(heads, *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert done.err.startswith("sqlalint: error: ")
    assert "Traceback" not in done.err


def test_what_is_wrong_with_the_configuration_gives_2_and_no_output(heads: Path) -> None:
    (heads / "sqlalint.toml").write_text('ignore = ["multiple-head"]\n')
    done = start(heads, "app")
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        f"sqlalint: error: {heads}/sqlalint.toml: key `ignore`: no rule `multiple-head`;"
        " did you mean `multiple-heads`?\n"
    )
    assert start(heads, "--isolated").status == 1


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ('severity = { SAL6 = "info" }', "key `severity`: no rule `SAL6`"),
        ("rules = { multiple-head = {} }", "key `rules`: no rule `multiple-head`; did you mean `multiple-heads`?"),
        ('per-file-ignores = { "a" = ["nope"] }', "key `per-file-ignores.a`: no rule `nope`"),
        ('per-file-ignores = { "!a/*" = ["SAL1", "nope"] }', 'key `per-file-ignores."!a/*"`: no rule `nope`'),
        (
            "rules.multiple-heads.limit = 3",
            "key `rules.multiple-heads.limit`: the rule `multiple-heads` has no options",
        ),
    ],
)
def test_rules_are_known_wherever_they_are_named(heads: Path, key: str, message: str) -> None:
    (heads / "sqlalint.toml").write_text(key)
    assert message in start(heads).err


# --- what is reported ---


def test_a_folder_brings_its_migrations_and_the_summary_says_so(heads: Path) -> None:
    done = start(heads, "app")
    assert codes(done) == ["SAL604"]
    assert "Also reported on, as the migrations of what was named: alembic/." in done.out
    done = start(heads, "other", "app/models.py")
    assert codes(done) == []
    assert "1 finding in 1 file outside app/models.py, other/ not shown; `sqlalint .` shows it." in done.out


def test_paths_are_relative_to_the_working_directory(heads: Path) -> None:
    done = start(heads / "app", ".")
    assert done.out.startswith("../alembic/versions/c.py:4:1: SAL604 ")
    done = start(heads / "other", ".")
    assert "outside . not shown; `sqlalint ..` shows it." in done.out


def test_ignores_by_file(heads: Path) -> None:
    (heads / "sqlalint.toml").write_text('per-file-ignores = { "alembic/**" = ["migrations"] }')
    assert codes(start(heads)) == []


def test_a_test_that_is_named_is_read_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path, {"sqlalint.toml": "", "tests/test_a.py": "def f():\n    x = 1\n"})
    seen: list[tuple[str, ...]] = []
    real = sqlalint.engine.read_project

    def spy(tree: object, settings: object, *, by_hand: tuple[str, ...] = (), **more: object) -> object:
        seen.append(by_hand)
        return real(tree, settings, by_hand=by_hand, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlalint.engine, "read_project", spy)
    monkeypatch.chdir(tmp_path)
    assert run(["tests/test_a.py", "-q"]) == 0
    assert run(["tests", "-q"]) == 0
    assert seen[0] == ("tests/test_a.py",)
    assert all(by_hand == () for by_hand in seen[1:])


# --- output ---


def test_json_is_one_list_on_standard_output(heads: Path) -> None:
    done = start(heads, "--output-format", "json")
    (found,) = json.loads(done.out)
    assert (found["code"], found["filename"]) == ("SAL604", "alembic/versions/c.py")
    assert done.err == "1 finding (1 error) in 1 of 7 files.\n"
    quiet = start(heads, "--output-format", "json", "-q")
    assert (quiet.out, quiet.err) == (done.out, "")
    assert json.loads(start(heads, "--output-format", "json", "other").out) == []


def test_quiet_prints_findings_only(heads: Path) -> None:
    assert start(heads, "-q", "other") == Done(0, "", "")
    done = start(heads, "-q", "--output-format", "concise")
    assert len(done.out.splitlines()) == 1
    assert done.err == ""


def test_several_formats_in_one_run(heads: Path) -> None:
    done = start(
        heads, "--output-format", "json", "--output-file", "out.json", "--output-format", "concise", "--color", "always"
    )
    assert json.loads((heads / "out.json").read_text())[0]["code"] == "SAL604"
    assert done.out.startswith("\x1b[1malembic/versions/c.py\x1b[0m:4:1: ")
    start(heads, "--output-file", "full.txt")
    assert (heads / "full.txt").read_text().startswith("alembic/versions/c.py:4:1: SAL604 ")


def test_statistics_and_files(heads: Path) -> None:
    assert start(heads, "--statistics").out.splitlines()[0] == "     1  SAL604  multiple-heads"
    assert start(heads, "--show-files", "app").out == "app/__init__.py\napp/models.py\n"
    assert start(heads, "--show-files", "--exclude", "alembic,app").out == "other/x.py\n"


def test_colour_is_asked_for_or_forbidden(heads: Path) -> None:
    assert "\x1b" not in start(heads).out
    assert "\x1b" in start(heads, "--color", "always").out
    assert "\x1b" in start(heads, FORCE_COLOR="1").out
    assert "\x1b" not in start(heads, FORCE_COLOR="1", NO_COLOR="1").out
    assert "\x1b" not in start(heads, FORCE_COLOR="").out
    assert "\x1b" in start(heads, "--color", "always", NO_COLOR="1").out


def test_an_encoding_that_lacks_a_character_is_no_obstacle(tmp_path: Path) -> None:
    lay_out(tmp_path, {"sqlalint.toml": "", "日本.py": BROKEN + "# 日本\n"})
    done = start(tmp_path, PYTHONIOENCODING="ascii")
    assert done.status == 2
    assert "\\u65e5\\u672c.py:" in done.out


def test_odd_names(tmp_path: Path) -> None:
    names = ["odd,b:c%d.py", "a b.py", "new\nline.py", "-x.py", "tab\t.py"]
    lay_out(tmp_path, {"sqlalint.toml": "", **dict.fromkeys(names, BROKEN)})
    done = start(tmp_path, "--output-format", "json")
    assert sorted(f["filename"] for f in json.loads(done.out)) == sorted(names)
    concise = start(tmp_path, "--output-format", "concise", "-q").out.splitlines()
    assert len(concise) == len(names)
    assert start(tmp_path, "--", "-x.py").status == 2


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are text")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "sqlalint.toml").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py")).write_text(BROKEN)
    done = start(tmp_path, "-v")
    assert done.status == 0
    assert "1 path could not be read: \\udcff.py (the name is not text in this system's encoding)." in done.out


def test_a_reader_that_leaves_early(tmp_path: Path) -> None:
    lay_out(tmp_path, {"sqlalint.toml": "", **{f"f{n}.py": BROKEN for n in range(400)}})
    with subprocess.Popen(
        [sys.executable, "-m", "sqlalint", "--ignore", "SAL1"],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_an_interrupted_run_ends_quietly(tmp_path: Path) -> None:
    import signal

    lay_out(tmp_path, {"sqlalint.toml": "", **{f"f{n}.py": "x = [1, 2, 3]\n" * 3000 for n in range(60)}})
    with subprocess.Popen(
        [sys.executable, "-m", "sqlalint"],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stderr
        time.sleep(0.6)
        process.send_signal(signal.SIGINT)
        error = process.stderr.read()
        status = process.wait()
    assert (status, error.strip()) == (130, b"Interrupted.")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_gets_colour_and_lines_that_fit(heads: Path, columns: int) -> None:
    out = in_terminal(heads, columns)
    assert "\x1b[1;31mSAL604\x1b[0m" in out
    plain = re.sub(r"\x1b\[[\d;]*m", "", out).splitlines()
    assert all(len(line) <= columns for line in plain[1:])
    assert plain == start(heads, COLUMNS=str(columns)).out.splitlines()


# --- defects of sqlalint itself ---


def test_a_rule_that_crashes_costs_nothing_else(
    heads: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import dataclasses

    def explode(subject: object, project: object) -> None:
        raise KeyError("surprise")

    broken_rule = dataclasses.replace(
        next(r for r in all_rules() if r.code == "SAL003"), name="exploding", code="SAL099", check=explode  # type: ignore[arg-type]
    )  # fmt: skip
    (heads / "app/models.py").write_text(BROKEN)
    monkeypatch.setattr(sqlalint.engine, "all_rules", lambda: (*all_rules(), broken_rule))
    monkeypatch.chdir(heads)
    assert run(["--no-cache", "--jobs", "1", "--ignore", "SAL003"]) == 2
    printed = capsys.readouterr()
    assert "SAL604" in printed.out
    assert printed.err.splitlines() == [
        "sqlalint: the rule exploding crashed on app/models.py: KeyError: 'surprise'",
        "sqlalint: this is a bug in sqlalint; please report it at"
        " https://github.com/sqlalint/sqlalint/issues with the output of `sqlalint -v`",
    ]
    run(["--no-cache", "--jobs", "1", "-v"])
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("broken_part", ["script_trees", "understood", "unindexed_keys", "follow"])
def test_an_analysis_that_crashes_costs_nothing_else(
    heads: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken_part: str
) -> None:
    def explode(*_: object) -> None:
        raise RuntimeError("surprise")

    if broken_part == "unindexed_keys":
        monkeypatch.setattr(sqlalint.engine, "SOURCES", (explode, *sqlalint.engine.SOURCES))
    elif broken_part == "follow":
        monkeypatch.setattr(sqlalint.flow.analysis, "follow", explode)
        monkeypatch.setattr(sqlalint.flow.analysis, "roots", lambda _: [("app/models.py", "f")])
    else:
        monkeypatch.setattr(sqlalint.engine, broken_part, explode)
    monkeypatch.chdir(heads)
    assert run(["--no-cache", "--jobs", "1"]) == 2
    printed = capsys.readouterr()
    assert "SAL604" in printed.out
    where = " on app/models.py" if broken_part == "follow" else ""
    assert f"sqlalint: the analysis crashed{where}: RuntimeError: surprise" in printed.err


def test_any_other_defect_is_told_in_one_line(
    heads: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("surprise")

    monkeypatch.setattr(sqlalint.engine, "analyse", explode)
    monkeypatch.chdir(heads)
    assert run([]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "RuntimeError: surprise" in printed.err
    assert "Traceback" not in printed.err


# --- the command itself ---


@pytest.mark.parametrize("arguments", [["-h"], *([c, "--help"] for c in COMMANDS)])
def test_help(tmp_path: Path, arguments: list[str]) -> None:
    done = start(tmp_path, *arguments)
    assert done.status == 0
    assert done.out.startswith("Usage: sqlalint")


def test_the_version_is_told_at_once(tmp_path: Path) -> None:
    done = start(tmp_path, "--version")
    assert re.fullmatch(r"sqlalint \d+\.\d+\.\d+\n", done.out)
    check = "import sys, sqlalint.__main__ as m; sys.argv = ['sqlalint', '--version']; m.main(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout.split()
    assert not {"click", "msgspec", "libcst", "sqlalchemy", "alembic", "sqlglot", "jinja2", "rich"} & set(loaded)


def test_what_is_slow_to_import_is_not_imported_for_a_run(heads: Path) -> None:
    check = "import sys; from sqlalint.cli import run; run(['-q']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], cwd=heads, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split("\n")[-2].split())
    assert not {"libcst", "sqlalchemy", "alembic", "sqlglot", "jinja2", "rich", "pathspec"} & loaded
