"""Dependency files: which versions of which distributions a project allows, and which it has pinned.

Only what is needed is read: names, version bounds and pins. Lock files are scanned, not parsed, since they are long.
"""

import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from sqlalint.facts.expression import Collection, Literal, walk
from sqlalint.facts.statement import expressions
from sqlalint.project.project import Project

Release = tuple[int, ...]

_LENGTH = 4  # releases are padded, so that 2 and 2.0 compare equal
_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;#)]*)")
_CLAUSE = re.compile(r"(===|==|~=|!=|>=|<=|>|<|\^|~|=)?\s*v?(\d+(?:\.\d+)*)(\.\*)?")
_LOCKED = re.compile(r'^name = "([^"]+)"\r?\nversion = "([^"]+)"', re.MULTILINE)
_PIPFILE_LOCKED = re.compile(r'"([A-Za-z0-9][\w.-]*)":\s*\{[^{}]*?"version":\s*"==([^"]+)"')
_ASIDE = frozenset({"tests", "test", "docs", "doc", "examples", "example"})


class Requirement(Struct, frozen=True, array_like=True):
    """What one file says of one distribution: from `lowest` (inclusive) to `below` (exclusive).

    `lowest` is None where the file sets no lower bound; `pinned` tells of a lock or a pin.
    """

    name: str
    lowest: Release | None
    below: Release | None
    pinned: bool
    source: str


def release(version: str) -> Release:
    """A version's release segment, padded."""
    numbers = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    parts = [int(p) for p in numbers.group(1).split(".")][:_LENGTH] if numbers else []
    return tuple(parts + [0] * (_LENGTH - len(parts)))


def normalized(name: str) -> str:
    """A distribution's name as the package index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def bounds(specifier: str) -> tuple[Release | None, Release | None, bool]:
    """Lower bound, exclusive upper bound, and whether one version is pinned, of a specifier in any tool's spelling."""
    lowest: Release | None = None
    below: Release | None = None
    pinned = False
    for operator, number, star in _CLAUSE.findall(specifier.partition("||")[0]):
        at, given = release(number), [int(p) for p in number.split(".")][:_LENGTH]
        low: Release | None = at
        high: Release | None = None
        match operator:
            case "==" | "===" | "=" | "":
                high = _next(given) if star else _after(at)
                pinned = not star
            case "~=":
                high = _next(given[:-1] or given)
            case "^":
                leading = next((i for i, n in enumerate(given) if n), len(given) - 1)
                high = _next(given[: leading + 1])
            case "~":
                high = _next(given[:2])
            case "<":
                low, high = None, at
            case "<=":
                low, high = None, _after(at)
            case "!=":
                low = None
        lowest = low if lowest is None or (low is not None and low > lowest) else lowest
        below = high if below is None or (high is not None and high < below) else below
    return lowest, below, pinned


def _next(given: list[int]) -> Release:
    """The first release after all that begin with these numbers."""
    return release(".".join(map(str, [*given[:-1], given[-1] + 1])))


def _after(at: Release) -> Release:
    return (*at[:-1], at[-1] + 1)


def read_requirements(project: Project) -> list[Requirement]:
    """What all dependency files of a project say, those of its documentation and tests apart."""
    found: list[Requirement] = []
    for path, text in project.texts.items():
        *folders, name = path.split("/")
        if _ASIDE.isdisjoint(folders):
            found += (_requirement(n, s, path) for n, s in _specifiers(name, text))
            found += (
                Requirement(normalized(n), release(v), _after(release(v)), True, path) for n, v in _locked(name, text)
            )
    for path in project.files:
        if path.rpartition("/")[2] == "setup.py" and _ASIDE.isdisjoint(path.split("/")):
            found += (_requirement(n, s, path) for n, s in _setup_script(project, path))
    return found


def _requirement(name: str, specifier: str, source: str) -> Requirement:
    lowest, below, pinned = bounds(specifier)
    return Requirement(normalized(name), lowest, below, pinned, source)


def _locked(name: str, text: str) -> list[tuple[str, str]]:
    if name == "Pipfile.lock":
        return _PIPFILE_LOCKED.findall(text)
    return _LOCKED.findall(text.replace("\r\n", "\n")) if name.endswith(".lock") else []


def _specifiers(name: str, text: str) -> Iterator[tuple[str, str]]:
    """(distribution, specifier) of one file, by its name."""
    if name == "pyproject.toml":
        yield from _pyproject(_toml(text))
    elif name == "Pipfile":
        content = _toml(text)
        for section in ("packages", "dev-packages"):
            yield from _table(content.get(section))
    elif name == "setup.cfg":
        yield from _setup_config(text)
    elif name.endswith((".txt", ".in")):
        yield from _lines(text)


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Requirements, one a line, as pip reads them."""
    for line in text.splitlines():
        found = _REQUIREMENT.match(line)
        if found and not line.lstrip().startswith(("-", "#")):
            yield found.group(1), found.group(2).strip().rstrip("\\").strip()


def _pyproject(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    project, tool = _dict(content.get("project")), _dict(content.get("tool"))
    if isinstance(project.get("requires-python"), str):
        yield "python", project["requires-python"]
    lists: list[Any] = [project.get("dependencies"), _dict(tool.get("uv")).get("dev-dependencies")]
    groups = (project.get("optional-dependencies"), content.get("dependency-groups"))
    for group in (*groups, _dict(tool.get("pdm")).get("dev-dependencies")):
        lists += _dict(group).values()
    for entries in lists:
        yield from _lines("\n".join(e for e in entries if isinstance(e, str)) if isinstance(entries, list) else "")
    poetry = _dict(tool.get("poetry"))
    yield from _table(poetry.get("dependencies"))
    yield from _table(poetry.get("dev-dependencies"))
    for group in _dict(poetry.get("group")).values():
        yield from _table(_dict(group).get("dependencies"))


def _table(entries: Any) -> Iterator[tuple[str, str]]:
    """Poetry's and Pipenv's form: names to a specifier, or to a table that has one."""
    for name, value in _dict(entries).items():
        specifier = value.get("version", "") if isinstance(value, Mapping) else value
        yield name, specifier if isinstance(specifier, str) else ""


def _setup_config(text: str) -> Iterator[tuple[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    options = dict(parser["options"]) if parser.has_section("options") else {}
    if "python_requires" in options:
        yield "python", options["python_requires"]
    yield from _lines(options.get("install_requires", ""))
    if parser.has_section("options.extras_require"):
        for value in dict(parser["options.extras_require"]).values():
            yield from _lines(value)


def _setup_script(project: Project, path: str) -> Iterator[tuple[str, str]]:
    """The literal lists of requirements in a setup.py, wherever they stand at its top level."""
    for key in project.entries.get(path, {}):
        statement = project.statement(path, key)
        for expression in expressions(statement) if statement else ():
            for part in walk(expression):
                if isinstance(part, Collection):
                    yield from _lines("\n".join(str(i.value) for i in part.items if isinstance(i, Literal)))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
