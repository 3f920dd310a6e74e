"""Where script trees are: what ini files, `pyproject.toml`, env.py and the configuration say of it."""

import configparser
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from sqlalint.project.project import Project

_ELSEWHERE = frozenset({"tests", "test", "templates", "site-packages"})


class Location(Struct, frozen=True, array_like=True):
    """A script location. `versions` are the folders that it names itself; None stands for `versions` below it.

    `complete` is False where one of the versions folders it names could not be found out.
    """

    folder: str
    source: str
    versions: tuple[str, ...] | None = None
    recursive: bool = False
    complete: bool = True


class Folders:
    """The folders that hold a Python file at any depth, and how what configuration calls a folder is found among them."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._paths = {*project.files, *project.failures}
        self.all: set[str] = set()
        for path in self._paths:
            folder = path.rpartition("/")[0]
            while folder and folder not in self.all:
                self.all.add(folder)
                folder = folder.rpartition("/")[0]

    def is_file(self, path: str) -> bool:
        """Whether the project has this Python file."""
        return path in self._paths

    def find(self, written: str, base: str) -> str | None:
        """The folder that a configuration file in `base` means; a path of another machine by its last parts."""
        written = written.strip().replace("\\", "/")
        package, colon, inner = written.partition(":")
        if colon and not inner.startswith("/"):
            return self._in_package(package, inner, base)
        here = written.replace("%(here)s", base or ".")
        if not written.startswith("/"):
            for start in ("",) if "%(here)s" in written else _upwards(base):
                found = _joined(start, here)
                if found in self.all:
                    return found
            return None
        parts = [p for p in written.split("/") if p]
        for first in range(len(parts)):
            inner = "/".join(parts[first:])
            for start in _upwards(base):
                found = _joined(start, inner)
                if self.is_file(f"{found}/env.py"):
                    return found
        return None

    def _in_package(self, package: str, inner: str, base: str) -> str | None:
        modules = self._project.modules
        path = modules.find(package, f"{base}/_" if base else "_")
        places = [path.rpartition("/")[0]] if path else []
        places += [_joined(root, package.replace(".", "/")) for root in (base, *modules.roots)]
        return next((f for f in (_joined(p, inner) for p in places) if f in self.all), None)


def find_locations(project: Project, folders: Folders) -> Iterator[Location]:
    """The script locations that are named somewhere, and those where an env.py stands; the more explicit come first."""
    for written in project.settings.script_locations:
        folder = folders.find(written, "")
        if folder:
            yield Location(folder, "configuration")
    for path, text in sorted(project.texts.items()):
        if not _ELSEWHERE.isdisjoint(path.split("/")) or "{" in path:
            continue
        if path.endswith(".ini") and "script_location" in text:
            yield from _of_ini(path, text, folders)
        elif path.rpartition("/")[2] == "pyproject.toml" and "tool.alembic" in text:
            yield from _of_pyproject(path, text, folders)
    for path, facts in sorted(project.files.items()):
        folder, _, name = path.rpartition("/")
        if name == "env.py" and _ELSEWHERE.isdisjoint(folder.split("/")) and "{" not in path:
            alembic = any(i.module.split(".")[0] == "alembic" and not i.level for i in facts.index.imports)
            if alembic or f"{folder}/versions" in folders.all:
                yield Location(folder, "env.py")


def _of_ini(path: str, text: str, folders: Folders) -> Iterator[Location]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for section in parser.sections():
        options = {k: _interpolated(v, dict(parser[section])) for k, v in parser[section].items()}
        yield from _location(options, f"{path} [{section}]", path, folders)


def _of_pyproject(path: str, text: str, folders: Folders) -> Iterator[Location]:
    try:
        options = tomllib.loads(text).get("tool", {}).get("alembic", {})
    except (tomllib.TOMLDecodeError, AttributeError, RecursionError):
        return
    if isinstance(options, dict):
        yield from _location(options, f"{path} [tool.alembic]", path, folders)


def _location(options: dict[str, Any], source: str, path: str, folders: Folders) -> Iterator[Location]:
    base = path.rpartition("/")[0]
    written = options.get("script_location")
    folder = folders.find(written, base) if isinstance(written, str) and written.strip() else None
    if folder is None:
        return
    recursive = str(options.get("recursive_version_locations", "")).lower() in ("true", "1", "yes", "on")
    listed = _listed(options)
    found = [folders.find(w, base) for w in listed]
    hidden = any(f is None and _is_distant(w) for f, w in zip(found, listed, strict=True))
    versions = tuple(dict.fromkeys(f for f in found if f)) if listed else None
    yield Location(folder, source, versions, recursive, not hidden)


def _listed(options: dict[str, Any]) -> list[str]:
    """`version_locations`, by the separator that the file names."""
    value = options.get("version_locations")
    if isinstance(value, list):
        return [v for v in value if isinstance(v, str)]
    if not isinstance(value, str):
        return []
    separator = str(options.get("path_separator", options.get("version_path_separator", ""))).strip()
    by_name = {"os": r"[:\n]", "space": r"\s+", "newline": r"\n", ":": ":", ";": ";"}
    pattern = by_name.get(separator, r", *|\s+")
    if separator == "os" and re.search(r"\w:\w", value):  # `pkg:dir` beside the separator of the system
        pattern = r"\s+"
    return [v.strip() for v in re.split(pattern, value) if v.strip()]


def _is_distant(written: str) -> bool:
    """Whether a folder that was not found may hold revisions elsewhere; a plain relative one is just empty."""
    return ":" in written or written.startswith("/") or "%(" in written.replace("%(here)s", "")


def _interpolated(value: str, options: dict[str, str]) -> str:
    """`%(name)s` filled in from the section; `%(here)s` stays."""
    for _ in range(3):
        value = re.sub(r"%\((\w+)\)s", lambda m: options.get(m.group(1).lower(), m.group(0)), value)
    return value.replace("%%", "%")


def _upwards(base: str) -> Iterable[str]:
    """A folder and those around it, up to the root."""
    yield base
    while base:
        base = base.rpartition("/")[0]
        yield base


def _joined(folder: str, inner: str) -> str:
    """`folder/inner` without `.` and `..`."""
    parts: list[str] = []
    for part in f"{folder}/{inner}".split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
