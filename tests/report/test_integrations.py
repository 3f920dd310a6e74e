"""What readers are told to look for is what is printed: problem matchers and snippets, over real output."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from sqlalint.report.formats import FORMATS
from tests.cli.run import Done, environment, lay_out, sqlalint, sqlalint_here
from tests.harness import ROOT
from tests.scratch import APP, PAGES, QUERIES, Repository

PAGE = (ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")
PROJECT = "fixtures/projects/blog"
RULES = "SAL101,SAL106,SAL501,SAL601,SAL602"


def snippets(language: str) -> list[str]:
    """The blocks of a language on the page."""
    return [textwrap.dedent(b) for b in re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)]


def run(*arguments: str, project: str = PROJECT) -> Done:
    return sqlalint(ROOT, project, "--no-cache", "--select", RULES, *arguments)


def listed() -> list[tuple[str, str, str, str, str]]:
    """File, line, column, code and message of each finding, by the format for programs."""
    found = json.loads(run("--output-format", "json").out)
    return [
        (f["filename"], str(f["location"]["row"]), str(f["location"]["column"]), f["code"], f["message"]) for f in found
    ]


def texts() -> list[str]:
    """What people are told of each finding, from its code on."""
    return [text_of(f) for f in json.loads(run("--output-format", "json").out)]


def text_of(finding: dict[str, Any]) -> str:
    """The code, a mark where the finding has a safe fix, and the message."""
    fixable = finding["fix"] is not None and finding["fix"]["applicability"] == "safe"
    return f"{finding['code']} {'[*] ' if fixable else ''}{finding['message']}"


def patterns() -> dict[str, dict[str, Any]]:
    """The patterns of both problem matchers."""
    (github,) = json.loads((ROOT / ".github/matchers/sqlalint.json").read_text())["problemMatcher"]
    (tasks,) = [json.loads(snippet) for snippet in snippets("json")]
    (task,) = tasks["tasks"]
    assert github["owner"] == task["problemMatcher"]["owner"] == "sqlalint"
    (pattern,) = github["pattern"]
    return {"github": pattern, "vscode": task["problemMatcher"]["pattern"]}


@pytest.mark.parametrize("output_format", ["concise", "full"])
@pytest.mark.parametrize("reader", ["github", "vscode"])
def test_problem_matchers_match_each_finding_and_nothing_else(reader: str, output_format: str) -> None:
    pattern = patterns()[reader]
    expression = re.compile(pattern["regexp"], flags=re.ASCII)
    groups = [pattern[name] for name in ("file", "line", "column", "code", "message")]
    lines = run("--output-format", output_format, "--color", "never").out.splitlines()
    matches = [match for match in map(expression.search, lines) if match]
    assert [match.group(*groups) for match in matches] == listed()


@pytest.mark.parametrize("path", ["odd,b:c%d.py", "with space/ä 日本.py"])
def test_problem_matchers_take_odd_names(path: str) -> None:
    for pattern in patterns().values():
        match = re.search(pattern["regexp"], f"{path}:12:5: SAL101 One query per user: `a:1:2`")
        assert match
        assert match.groups() == (path, "12", "5", "SAL101", "One query per user: `a:1:2`")


@pytest.mark.parametrize("kind", ["External Tool", "File Watcher"])
def test_the_filters_of_pycharm_match_each_finding(kind: str) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    for snippet in snippets("ini"):
        parser.read_string(snippet)
    tool = parser[kind]
    macros = {"$FILE_PATH$": r"(\S.*?)", "$LINE$": r"(\d+)", "$COLUMN$": r"(\d+)", "$MESSAGE$": r"(.+)"}
    expression = tool["Output filters"]
    for macro, meaning in macros.items():
        expression = expression.replace(macro, meaning)
    command, *arguments = tool["Arguments"].split()
    assert (tool["Program"], command) == ("sqlalint", "check")
    file = f"{PROJECT}/src/blog/reports.py"
    arguments = [a.replace("$FilePathRelativeToProjectRoot$", file) for a in arguments]
    in_file = file in arguments
    lines = run(*arguments, "-q", project=file if in_file else PROJECT).out.splitlines()
    found = [match.groups()[:3] for match in (re.fullmatch(expression, line) for line in lines) if match]
    assert found == [finding[:3] for finding in listed() if not in_file or finding[0] == file]
    assert found


def test_the_linter_of_neovim_shows_what_is_in_the_file() -> None:
    lupa = pytest.importorskip("lupa")
    lua = lupa.LuaRuntime()
    file = f"{PROJECT}/src/blog/reports.py"
    lua.globals().decode = lambda text: lua.table_from(json.loads(text), recursive=True)
    lua.globals().full = lambda name, _: str(ROOT / name)
    lua.globals().edited = str(ROOT / file)
    lua.execute(
        "lint = { linters = {}, linters_by_ft = {} }; require = function(name) assert(name == 'lint'); return lint end;"
        " vim = { json = { decode = decode }, fn = { fnamemodify = full },"
        " api = { nvim_buf_get_name = function(buffer) assert(buffer == 7 or buffer == 0); return edited end },"
        " diagnostic = { severity = { ERROR = 1, WARN = 2, INFO = 3, HINT = 4 } } }"
    )
    _, snippet = snippets("lua")
    lua.execute(snippet)
    linter = lua.globals().lint.linters.sqlalint
    assert (linter.cmd, linter.append_fname, linter.stdin) == ("sqlalint", False, True)
    command, *arguments = (a() if callable(a) else a for a in linter.args.values())
    assert command == "check"
    text = (ROOT / file).read_bytes()
    printed = sqlalint_here(ROOT, command, "--no-cache", "--select", RULES, *arguments, stdin=text).out
    shown = [dict(item) for item in linter.parser(printed, 7).values()]
    everything = run("--output-format", "json").out
    assert [dict(item) for item in linter.parser(everything, 7).values()] == shown, "those of other files are left out"
    wanted = [finding for finding in listed() if finding[0] == file]
    assert [(i["lnum"] + 1, i["col"] + 1, i["code"], i["message"]) for i in shown] == [
        (int(row), int(column), code, message) for _, row, column, code, message in wanted
    ]
    assert {(i["code"], i["severity"]) for i in shown} == {("SAL101", 2), ("SAL106", 1)}
    assert all((i["end_lnum"], i["end_col"]) > (i["lnum"], i["col"]) for i in shown)
    assert list(linter.parser("", 7).values()) == []
    assert list(lua.globals().lint.linters_by_ft.python.values()) == ["sqlalint"]


def compiler() -> dict[str, str]:
    """The settings of the compiler for Vim."""
    (snippet,) = snippets("vim")
    found = re.findall(r"^CompilerSet (\w+)=(.*)$", snippet, flags=re.MULTILINE)
    return {name: text.replace("\\ ", " ") for name, text in found}


def test_the_error_format_of_vim_matches_each_finding() -> None:
    expression = re.escape(compiler()["errorformat"])
    for item, meaning in (("%f", r"(\S.*?)"), ("%l", r"(\d+)"), ("%c", r"(\d+)"), ("%m", "(.+)")):
        expression = expression.replace(item, meaning)
    program, _, *arguments = compiler()["makeprg"].split()
    assert program == "sqlalint"
    lines = run(*arguments).out.splitlines()
    found = [match.groups() for match in (re.fullmatch(expression, line) for line in lines) if match]
    assert found == [(*finding[:3], text) for finding, text in zip(listed(), texts(), strict=True)]
    assert len(found) == len(lines)


@pytest.mark.skipif(shutil.which("vim") is None, reason="there is no Vim")
def test_vim_fills_its_list(tmp_path: Path) -> None:
    (snippet,) = snippets("vim")
    lay_out(tmp_path, {"vim/compiler/sqlalint.vim": snippet})
    project = tmp_path / "a project"
    shutil.copytree(ROOT / PROJECT, project)
    write = (
        "call writefile([json_encode(map(getqflist(), '[bufname(v:val.bufnr), v:val.lnum, v:val.col, v:val.text]'))]"
    )
    commands = ["compiler sqlalint", "silent make!", f"{write}, '../list.json')", "qall!"]
    subprocess.run(
        ["vim", "-es", "-N", "-u", "NONE", "-i", "NONE", "--cmd", f"set runtimepath^={tmp_path}/vim",
         *(word for command in commands for word in ("-c", command))],
        cwd=project, env=with_programs(tmp_path / "bin"), check=False, capture_output=True, timeout=120,
    )  # fmt: skip
    done = sqlalint(project, "--no-cache", "--output-format", "json")
    wanted = [[f["filename"], f["location"]["row"], f["location"]["column"], text_of(f)] for f in json.loads(done.out)]
    assert wanted
    assert json.loads((tmp_path / "list.json").read_text()) == wanted


def with_programs(folder: Path) -> dict[str, str]:
    """An environment in which `sqlalint` is this checkout, and `pip` does nothing."""
    programs = {"sqlalint": f'exec "{sys.executable}" -m sqlalint "$@"', "pip": "exit 0"}
    for name, text in programs.items():
        lay_out(folder, {name: f"#!/bin/sh\n{text}\n"})
        (folder / name).chmod(0o755)
    return environment(PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_the_command_of_neovim_fills_the_list() -> None:
    lupa = pytest.importorskip("lupa")
    lua = lupa.LuaRuntime()
    asked: list[str] = []

    def systemlist(command: str) -> object:
        asked.append(command)
        program, _, *arguments = command.split()
        assert program == "sqlalint"
        return lua.table_from(run(*arguments).out.splitlines())

    lua.globals().systemlist = systemlist
    lua.execute(
        "vim = { api = { nvim_create_user_command = function(name, body) command = body end },"
        " fn = { systemlist = systemlist, setqflist = function(_, _, what) result = what end } }"
    )
    snippet, _ = snippets("lua")
    lua.execute(snippet)
    lua.execute("command()")
    items = [dict(item) for item in lua.globals().result["items"].values()]
    wanted = [(file, int(row), int(column), f"{code} {text}") for file, row, column, code, text in listed()]
    assert [(i["filename"], i["lnum"], i["col"], i["text"]) for i in items] == wanted
    assert asked


def commands(value: object) -> list[str]:
    """Every line of a pipeline that runs sqlalint."""
    if isinstance(value, dict):
        return [c for inner in value.values() for c in commands(inner)]
    if isinstance(value, list):
        return [c for inner in value for c in commands(inner)]
    return [value] if isinstance(value, str) and value.startswith("sqlalint check") else []


def test_pipelines_parse_and_their_commands_are_understood() -> None:
    found = [c for snippet in snippets("yaml") for c in commands(yaml.safe_load(snippet))]
    assert len(found) == 5
    for command in found:
        done = sqlalint(ROOT, *shlex.split(command)[1:], "--show-files", PROJECT)
        assert done.status == 0, done.err


def steps(value: object) -> list[str]:
    """The scripts of a pipeline."""
    if isinstance(value, dict):
        own = [value["run"]] if isinstance(value.get("run"), str) else list(value.get("script", ()))
        return [*own, *(s for inner in value.values() for s in steps(inner))]
    return [s for inner in value for s in steps(inner)] if isinstance(value, list) else []


PIPELINES = [found for found in (steps(yaml.safe_load(snippet)) for snippet in snippets("yaml")) if found]


@pytest.mark.skipif(os.name == "nt", reason="these run on Linux")
@pytest.mark.parametrize("script", PIPELINES, ids=lambda lines: lines[-1].split()[-1])
def test_the_lines_of_pipelines_run(script: list[str], tmp_path: Path) -> None:
    repository = Repository(tmp_path / "a project")
    repository.commit({**APP, "app/queries.py": QUERIES, "app/old.py": PAGES})
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    base = repository.git("rev-parse", "HEAD")
    repository.git("switch", "--quiet", "--create=branch")
    repository.commit({"app/pages.py": PAGES})
    project, of_ci = repository.folder, {"GITHUB_BASE_REF": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    results = []
    for line in script:
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", line],
            cwd=project, env=with_programs(tmp_path / "bin") | of_ci, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        results.append(done)
    assert [done.returncode for done in results] == [0] * (len(script) - 1) + [1]
    out = results[-1].stdout
    assert "app/pages.py" in out
    assert ("app/old.py" in out) is ("--new-since" not in script[-1])
    if "gl-code-quality-report.json" in script[-1]:
        found = json.loads((project / "gl-code-quality-report.json").read_text())
        assert [f["check_name"] for f in found] == ["SAL101"] * 2
        assert "SAL101" in (project / "sqlalint.xml").read_text()


def test_there_is_something_to_run() -> None:
    assert len(PIPELINES) == 5


def test_what_is_named_by_a_version_is_of_this_one() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for page in ("README.md", "docs/integrations.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        named = re.findall(r"sqlalint/sqlalint(?:@|\n\s+rev: )v([\d.]+)", text)
        assert named == [version] * 2, page


def test_the_page_names_each_format() -> None:
    rows = "".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    assert all(f"`{name}`" in rows for name in FORMATS)
