"""What readers are told to look for is what is printed: problem matchers and snippets, over real output."""

import configparser
import json
import re
import shlex
import textwrap
from typing import Any

import pytest
import yaml

from sqlalint.report.formats import FORMATS
from tests.cli.run import Done, sqlalint
from tests.harness import ROOT

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


def test_the_filter_of_pycharm_matches_each_finding() -> None:
    (snippet,) = snippets("ini")
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(snippet)
    tool = parser["External Tool"]
    macros = {"$FILE_PATH$": r"(\S.*?)", "$LINE$": r"(\d+)", "$COLUMN$": r"(\d+)"}
    expression = tool["Output filters"]
    for macro, meaning in macros.items():
        expression = expression.replace(macro, meaning)
    command, *arguments = tool["Arguments"].split()
    assert (tool["Program"], command) == ("sqlalint", "check")
    lines = run(*arguments, "-q").out.splitlines()
    found = [match.groups() for match in (re.fullmatch(expression, line) for line in lines) if match]
    assert found == [finding[:3] for finding in listed()]


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
    (snippet,) = snippets("lua")
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


def test_the_page_names_each_format() -> None:
    rows = "".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    assert all(f"`{name}`" in rows for name in FORMATS)
