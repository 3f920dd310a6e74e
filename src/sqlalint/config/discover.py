"""Where a project begins, and which configuration counts for it."""

import os
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from sqlalint.config.errors import UsageError, nearest
from sqlalint.config.model import Options
from sqlalint.source.glob import Anchored, Pattern

CONFIG_FILE = "sqlalint.toml"
_PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")


class Layer(Struct, frozen=True):
    """What one file says, which keys it has, and the folder (an absolute path) that its patterns count from."""

    path: str
    folder: str
    options: Options
    keys: frozenset[str]

    def anchored(self, patterns: Iterable[str], root: str) -> tuple[Pattern, ...]:
        """Its patterns for paths that are relative to a project's root."""
        return anchored(patterns, self.folder, root)

    def located(self, folders: Iterable[str], root: str) -> tuple[str, ...]:
        """Its folders relative to a project's root; as they are written where that cannot be said."""
        return tuple(self._located(folder, root) for folder in folders)

    def _located(self, folder: str, root: str) -> str:
        full = os.path.join(self.folder, folder)
        if os.path.isabs(folder) or ":" in folder or not _same_drive(full, root):
            return folder
        found = os.path.relpath(full, root).replace(os.sep, "/")
        return folder if found.startswith("..") else found


def anchored(patterns: Iterable[str], folder: str, root: str) -> tuple[Pattern, ...]:
    """Patterns that count from a folder, for paths that are relative to a project's root (both absolute).

    From a folder that is neither above the root nor inside, patterns count from the root.
    """
    way = os.path.relpath(folder, root).replace(os.sep, "/") if _same_drive(folder, root) else "."
    if way == ".":
        return tuple(patterns)
    if set(way.split("/")) != {".."}:
        return tuple(patterns) if way.startswith("..") else tuple(Anchored(p, inside=way) for p in patterns)
    below = os.path.relpath(root, folder).replace(os.sep, "/")
    return tuple(Anchored(p, below=below) for p in patterns)


def _same_drive(one: str, other: str) -> bool:
    return os.path.splitdrive(one)[0].lower() == os.path.splitdrive(other)[0].lower()


class Configuration(Struct, frozen=True):
    """The options that count, the file that they are from ("" for none), and all files that they are from.

    `layers` begins with that file; each following one is extended by the one before it.
    """

    options: Options = Options()
    path: str = ""
    layers: tuple[Layer, ...] = ()

    @property
    def extended(self) -> tuple[str, ...]:
        """The files that the first one extends."""
        return tuple(layer.path for layer in self.layers[1:])

    def layers_of(self, key: str) -> tuple[Layer, ...]:
        """The files that have a key, as it is spelled there; the nearest first."""
        return tuple(layer for layer in self.layers if key in layer.keys)

    def patterns(self, root: str) -> tuple[Pattern, ...] | None:
        """What `exclude` says for paths relative to the root; None where it is not set."""
        layers = self.layers_of("exclude")
        return layers[0].anchored(layers[0].options.exclude or (), root) if layers else None

    def script_locations(self, root: str) -> tuple[str, ...]:
        """What `script-locations` says, relative to the root."""
        layers = self.layers_of("script-locations")
        return layers[0].located(layers[0].options.script_locations or (), root) if layers else ()

    def more_patterns(self, root: str) -> tuple[Pattern, ...]:
        """What `extend-exclude` says for paths relative to the root."""
        return tuple(p for layer in self.layers for p in layer.anchored(layer.options.extend_exclude, root))


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


def read_configuration(path: str, folder: str | None = None) -> Configuration:
    """The options of a file and of those that it extends. Raises `UsageError`.

    Patterns and paths in the file count from `folder`, by default its own.
    """
    merged: dict[str, Any] = {}
    layers: list[Layer] = []
    current = path
    while True:
        if any(layer.path == current for layer in layers):
            raise UsageError(f"{layers[-1].path}: key `extend`: the files extend each other in a circle")
        table = _read_table(current, layers[-1].path if layers else "")
        layers.append(
            Layer(current, os.path.realpath(os.path.dirname(current)), _convert(current, table), frozenset(table))
        )
        merged = _extend(table, merged)
        extend = layers[-1].options.extend
        if extend is None:
            break
        current = os.path.normpath(os.path.join(os.path.dirname(current), os.path.expanduser(extend)))
    if folder is not None:
        layers[0] = msgspec.structs.replace(layers[0], folder=folder)
    return Configuration(_convert(path, merged), path, tuple(layers))


def _extend(base: dict[str, Any], nearer: dict[str, Any]) -> dict[str, Any]:
    """What a nearer file says over what the extended one says: `extend-...` lists add up, tables merge."""
    merged = {**base, **nearer}
    for key in base.keys() & nearer.keys():
        if key.startswith("extend-"):
            merged[key] = [*base[key], *nearer[key]]
        elif isinstance(base[key], dict) and isinstance(nearer[key], dict):
            merged[key] = {**base[key], **nearer[key]}
    return merged


def _read_table(path: str, extended_by: str = "") -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as problem:
        where = f"{extended_by}: key `extend`: " if extended_by else ""
        raise UsageError(f"{where}{path}: the configuration cannot be read: {problem.strerror or problem}") from None
    table: Any = _parse(path, content)
    if os.path.basename(path) == "pyproject.toml":
        tool = table.get("tool")
        table = tool.get("sqlalint", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{path}: `tool.sqlalint` is not a table")
    _check_keys(path, "", table, Options)
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
        return msgspec.convert(table, Options)
    except msgspec.ValidationError as problem:
        raise UsageError(f"{path}: {_said_plainly(problem, table)}") from None


def _said_plainly(problem: msgspec.ValidationError, table: dict[str, Any]) -> str:
    """What is wrong with which key."""
    from sqlalint.config.kinds import find_wrong

    for field in msgspec.structs.fields(Options):
        key = field.encode_name
        if key in table and (wrong := find_wrong(key, table[key], field.type)):
            return f"key `{wrong.key}`: {wrong.reason}"
    return str(problem)
