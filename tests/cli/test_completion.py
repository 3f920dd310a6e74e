"""What shells offer: by click's protocol, and in a real bash."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sqlalint.cli.group import COMMANDS
from sqlalint.rules.registry import all_rules
from tests.cli.run import environment, lay_out
from tests.cli.run import sqlalint as start

LAZY = {r.name for r in all_rules() if r.name.startswith("lazy-load")}


def offered(folder: Path, line: str, shell: str = "bash") -> list[str]:
    """What is offered where a line ends."""
    words = line.split(" ")
    done = start(
        folder, _SQLALINT_COMPLETE=f"{shell}_complete", COMP_WORDS=" ".join(words[:-1]) + f" {words[-1]}",
        COMP_CWORD=words[-1] if shell == "fish" else str(len(words) - 1),
    )  # fmt: skip
    assert (done.status, done.err) == (0, ""), done
    return done.out.splitlines()


def plain(folder: Path, line: str) -> set[str]:
    return {item.partition(",")[2] for item in offered(folder, line) if item.startswith("plain,")}


def test_the_first_word_is_a_command_or_a_path(tmp_path: Path) -> None:
    assert plain(tmp_path, "sqlalint ") == set(COMMANDS)
    assert plain(tmp_path, "sqlalint ru") == {"rule", "rules"}
    assert offered(tmp_path, "sqlalint ap") == ["file,ap"]
    assert "file," in offered(tmp_path, "sqlalint ")[0]


def test_options_with_and_without_check(tmp_path: Path) -> None:
    for line in ("sqlalint --s", "sqlalint check --s", "sqlalint app --s", "sqlalint --isolated --s"):
        assert {"--select", "--severity", "--statistics", "--show-files", "--strict-baseline"} <= plain(
            tmp_path, line
        ), line
    assert {"--version", "--verbose"} <= plain(tmp_path, "sqlalint --ver")
    assert plain(tmp_path, "sqlalint rules --s") == set()


@pytest.mark.parametrize("command", ["sqlalint", "sqlalint check", "sqlalint baseline", "sqlalint app"])
@pytest.mark.parametrize("option", ["--select", "--ignore", "--extend-select"])
def test_names_of_rules(tmp_path: Path, command: str, option: str) -> None:
    assert plain(tmp_path, f"{command} {option} lazy") == LAZY


def test_selectors_are_names_codes_families_and_all(tmp_path: Path) -> None:
    assert plain(tmp_path, "sqlalint --select SAL60") == {r.code for r in all_rules() if r.code.startswith("SAL60")}
    assert plain(tmp_path, "sqlalint --select sal101") == {"SAL101"}
    assert {"models", "migrations"} == plain(tmp_path, "sqlalint --select mo") | plain(
        tmp_path, "sqlalint --select mig"
    )
    assert "ALL" in plain(tmp_path, "sqlalint --select A")
    assert plain(tmp_path, "sqlalint --select SAL501,lazy") == {f"SAL501,{name}" for name in LAZY}
    assert plain(tmp_path, "sqlalint app --select=lazy") == LAZY
    assert plain(tmp_path, "sqlalint --select nothing") == set()


def test_values_of_other_options_and_arguments(tmp_path: Path) -> None:
    assert plain(tmp_path, "sqlalint rule lazy") == LAZY
    assert plain(tmp_path, "sqlalint app --confidence l") == {"likely"}
    assert plain(tmp_path, "sqlalint rules --output-format j") == {"json"}
    for line in (
        "check a",
        "app b",
        "baseline a",
        "--config a",
        "--output-file a",
        "--baseline a",
        "config a",
        "why a",
    ):
        assert offered(tmp_path, f"sqlalint {line}") == [f"file,{line[-1]}"], line
    assert offered(tmp_path, "sqlalint --cache-dir a") == ["dir,a"]


@pytest.mark.parametrize(
    ("shell", "mark"),
    [("bash", "complete -o nosort -F"), ("zsh", "#compdef sqlalint"), ("fish", "complete --no-files")],
)
def test_each_shell_has_a_script(tmp_path: Path, shell: str, mark: str) -> None:
    done = start(tmp_path, _SQLALINT_COMPLETE=f"{shell}_source")
    assert done.status == 0
    assert mark in done.out
    assert "_SQLALINT_COMPLETE" in done.out


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_show_what_a_rule_finds(tmp_path: Path, shell: str) -> None:
    out = "\n".join(offered(tmp_path, "sqlalint rule lazy-load-in-loop", shell))
    assert next(r.summary for r in all_rules() if r.name == "lazy-load-in-loop")[:40] in out


@pytest.mark.skipif(shutil.which("bash") is None or sys.platform == "win32", reason="needs bash")
def test_in_a_real_bash(tmp_path: Path) -> None:
    program = tmp_path / "bin/sqlalint"
    lay_out(tmp_path, {"bin/sqlalint": f'#!/bin/sh\nexec {sys.executable} -m sqlalint "$@"\n', "work/app/x.py": ""})
    program.chmod(0o755)
    script = """
eval "$(_SQLALINT_COMPLETE=bash_source sqlalint)"
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _sqlalint_completion sqlalint; echo "${COMPREPLY[*]}"; }
try sqlalint ru
try sqlalint check --select lazy-load-in-l
try sqlalint rule SAL10
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", script], cwd=tmp_path / "work", capture_output=True, text=True, check=True,
        env=environment(PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin"),
    )  # fmt: skip
    codes = " ".join(r.code for r in all_rules() if r.code.startswith("SAL10"))
    assert done.stdout.splitlines() == ["rule rules", "lazy-load-in-loop", codes], done.stderr


def test_completion_is_not_imported_for_a_run(tmp_path: Path) -> None:
    code = "import sys; from sqlalint.cli import run; run(['-q']); print('click.shell_completion' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
