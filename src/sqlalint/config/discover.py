"""Where a project begins, and which configuration counts for it."""

import os
from typing import Any

import msgspec
from msgspec import Struct

from sqlalint.config.errors import UsageError, nearest
from sqlalint.config.model import Options

CONFIG_FILE = "sqlalint.toml"
_PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_DIALECTS = tuple(
    "postgresql mysql mariadb sqlite oracle mssql cockroachdb redshift snowflake bigquery duckdb clickhouse".split()
)


class Configuration(Struct, frozen=True):
    """The options that count, the file that they are from ("" for none), and the files that it extends."""

    options: Options = Options()
    path: str = ""
    extended: tuple[str, ...] = ()


class Root(Struct, frozen=True):
    """A project's top folder, and what made it that. `is_default`: nothing did, it is the path itself."""

    path: str
    reason: str
    is_default: bool = False


def project_root(first: str) -> Root:
    """The root of the project that a file or folder (an absolute path) belongs to.

    The nearest folder at or above it with our configuration, else with `.git`, else with a file of a Python project,
    else the folder itself; never the home folder or what is above that.
    """
    folder = first if os.path.isdir(first) else os.path.dirname(first)
    above = list(_folders_above(folder))
    for candidate in above:
        if found := config_file(candidate):
            return Root(candidate, f"has {os.path.basename(found)} with our configuration")
    for candidate in above:
        if os.path.lexists(os.path.join(candidate, ".git")):
            return Root(candidate, "has .git")
    for candidate in above:
        for name in _PROJECT_FILES:
            if os.path.isfile(os.path.join(candidate, name)):
                return Root(candidate, f"has {name}")
    return Root(folder, "no project file at or above it", is_default=True)


def _folders_above(folder: str) -> list[str]:
    home = os.path.realpath(os.path.expanduser("~"))
    found = []
    while folder != home and not home.startswith(folder.rstrip(os.sep) + os.sep):
        found.append(folder)
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    return found


def config_file(folder: str) -> str:
    """The configuration file of a folder, "" if it has none."""
    own = os.path.join(folder, CONFIG_FILE)
    if os.path.isfile(own):
        return own
    shared = os.path.join(folder, "pyproject.toml")
    try:
        with open(shared, "rb") as file:
            content = file.read()
    except OSError:
        return ""
    return shared if b"sqlalint" in content and _has_table(shared, content) else ""


def _has_table(path: str, content: bytes) -> bool:
    """Whether a pyproject.toml has our table. A broken one has it if it seems to: then the user is told."""
    if b"[tool.sqlalint" in content:
        return True
    tool = _parse(path, content).get("tool")
    return isinstance(tool, dict) and "sqlalint" in tool


def read_configuration(path: str) -> Configuration:
    """The options of a file and of those that it extends. Raises `UsageError`."""
    merged: dict[str, Any] = {}
    chain: list[str] = []
    current = path
    while True:
        if current in chain:
            raise UsageError(f"{current}: key `extend`: the files extend each other in a circle")
        chain.append(current)
        table = _read_table(current)
        merged = _extend(table, merged)
        extend = table.get("extend")
        if extend is None:
            break
        current = os.path.normpath(os.path.join(os.path.dirname(current), os.path.expanduser(extend)))
    return Configuration(_convert(path, merged), path, tuple(chain[1:]))


def _extend(base: dict[str, Any], nearer: dict[str, Any]) -> dict[str, Any]:
    """What a nearer file says over what the extended one says: `extend-...` lists add up, tables merge."""
    merged = {**base, **nearer}
    for key in base.keys() & nearer.keys():
        if key.startswith("extend-"):
            merged[key] = [*base[key], *nearer[key]]
        elif isinstance(base[key], dict) and isinstance(nearer[key], dict):
            merged[key] = {**base[key], **nearer[key]}
    return merged


def _read_table(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as problem:
        raise UsageError(f"{path}: the configuration cannot be read: {problem.strerror or problem}") from None
    table: Any = _parse(path, content)
    if os.path.basename(path) == "pyproject.toml":
        tool = table.get("tool")
        table = tool.get("sqlalint", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{path}: `tool.sqlalint` is not a table")
    _check_keys(path, "", table, Options)
    _convert(path, table)
    return table


def _parse(path: str, content: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError(f"{path}: the configuration is not UTF-8") from None
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"{path}: the configuration is no valid TOML: {problem}") from None
    except RecursionError:
        raise UsageError(f"{path}: the configuration is nested too deeply") from None


def _check_keys(path: str, prefix: str, table: dict[str, Any], kind: type[Struct]) -> None:
    known = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{path}: unknown key `{prefix}{key}`{nearest(key, list(known))}")
        inner = known[key]
        if isinstance(inner, type) and issubclass(inner, Struct) and isinstance(value, dict):
            _check_keys(path, f"{prefix}{key}.", value, inner)


def _convert(path: str, table: dict[str, Any]) -> Options:
    try:
        options = msgspec.convert(table, Options)
    except msgspec.ValidationError as problem:
        raise UsageError(f"{path}: {_said_plainly(problem, table)}") from None
    for dialect in options.dialects or ():
        if dialect not in _DIALECTS:
            raise UsageError(f"{path}: key `dialects`: unknown dialect `{dialect}`{nearest(dialect, list(_DIALECTS))}")
    return options


def _said_plainly(problem: msgspec.ValidationError, table: dict[str, Any]) -> str:
    """msgspec's words with the key in front, and the nearest valid word for one that is none."""
    import re

    reason, _, where = str(problem).partition(" - at ")
    key = where.strip("`").removeprefix("$").lstrip(".").removesuffix("[...]")
    top, reason = key.partition("[")[0].partition(".")[0], reason.replace("`", "")
    if found := re.fullmatch(r"Invalid enum value '(.*)'", reason):
        known = {"confidence": ["certain", "likely", "possible"], "severity": ["error", "warning", "info"]}
        allowed = known.get(top, ["error", "warning", "info", "never"])
        word = found.group(1)
        reason = f"`{word}` is none of {', '.join(allowed)}{nearest(word, allowed)}"
    return f"key `{top if top in table else key}`: {reason}"
