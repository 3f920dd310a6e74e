"""Printing again what was printed, where nothing that it stands on has changed: in a tenth of the time of parsing.

Most of an unchanged run is starting: the command line, the configuration, the patterns of ignore files. So a run that
prints to no terminal leaves a record of what it printed, and of all that it looked at: its arguments and environment,
where the project begins, which files there are, their contents, and, where git was asked, the state of its references.
This module compares these before anything else is imported. Whatever differs, or cannot be told, is an ordinary run.
"""

import os
import sys
from collections.abc import Iterator, Sequence

from sqlalint.cache import FOLDER, Cache
from sqlalint.hashing import blake2b
from sqlalint.version import tool_version

# Folders that are never analysed: each is one of the default excludes.
NEVER_WALKED = frozenset(
    ".git .hg .svn .venv venv .tox .nox .mypy_cache .ruff_cache .pytest_cache .sqlalint_cache node_modules".split()
)
# Names of files that may be analysed, or say which are.
LISTED = (".py", ".ini", ".toml", ".cfg", ".lock", ".mako", ".txt", ".in", ".gitignore", "Pipfile")
ROOT_FILES = ("sqlalint.toml", "pyproject.toml", "sqlalint-baseline.json", ".git", "setup.cfg", "setup.py")
MAX_FOLDERS = 5_000
# Options that read and write nothing but what `Grounds` has. A run with any other is an ordinary one.
PLAIN_OPTIONS = frozenset(
    """
    --select --ignore --extend-select --per-file-ignores --confidence --severity --fail-on --history --base --output-format --exclude
    --force-exclude --isolated --cache-dir --jobs -j --exit-zero --statistics --quiet -q --verbose -v --color
    --unsafe-fixes
    """.split()
)
LS_FILES = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_UNREAD = frozenset({"_", "SHLVL", "OLDPWD", "PWD"})  # variables that change from command to command and say nothing


class Changed(Exception):
    """Something is not as it was, or cannot be told."""


class Grounds:
    """What a run stood on, apart from its arguments and environment.

    `root` and `start` are absolute: the project's folder, and the folder from which it was looked for. `paths` are the
    files that were read, relative to the root; `files` others, absolute. `git` is the folder of the repository if git
    listed the files, else ""; `base` is whether git was asked for what has changed since a base.
    """

    def __init__(self, root: str, start: str, paths: list[str], files: list[str], git: str, base: bool) -> None:
        self.root, self.start, self.paths, self.files, self.git, self.base = root, start, paths, files, git, base

    def digest(self, contents: list[bytes] | None = None) -> str:
        """The hash of all that, with `contents()` if they are known. Raises `Changed` where it cannot be told."""
        try:
            parts = [*self._beginning(), self._listing()]
            if self.git and self.base:
                parts += references(self.git)
            parts += self.contents() if contents is None else contents
            parts += [content_digest(path) for path in self.files]
        except (OSError, ValueError):
            raise Changed from None
        return blake2b(b"\0".join(parts), digest_size=16).hexdigest()

    def contents(self) -> list[bytes]:
        """The hash of each file's content. Raises `OSError`; also where one has become a link."""
        return [content_digest(os.path.join(self.root, path), _NO_LINK) for path in self.paths]

    def _beginning(self) -> Iterator[bytes]:
        """What decides where the project begins: the marks in each folder above."""
        folder = self.start
        while True:
            marks = [name for name in ROOT_FILES if os.path.lexists(os.path.join(folder, name))]
            yield f"{folder} {marks}".encode()
            for name in marks:
                path = os.path.join(folder, name)
                if name.endswith((".toml", ".json")) and os.path.isfile(path):
                    yield content_digest(path)
            parent = os.path.dirname(folder)
            if parent == folder:
                return
            folder = parent

    def _listing(self) -> bytes:
        found = blake2b(digest_size=16)
        for piece in git_listing(self.root) if self.git else _walked(self.root):
            found.update(piece)
        return found.digest()


def replay(arguments: Sequence[str]) -> int | None:
    """Print what the same run has printed before and return its status; None where it has to be run."""
    folder = cache_folder(arguments)
    if folder is None or not os.path.isdir(folder) or sys.stdout.isatty() or sys.stderr.isatty():
        return None
    raw = Cache(folder, tool_version()).load_run(question(arguments))
    if raw is None:
        return None
    import json

    try:
        record = json.loads(raw)
        grounds = Grounds(*record["grounds"])
        if grounds.digest() != record["digest"]:
            return None
        status, printed = int(record["status"]), [(str(name), str(text)) for name, text in record["printed"]]
    except (Changed, ValueError, KeyError, TypeError):
        return None
    _print(printed)
    return status


def _print(printed: Sequence[tuple[str, str]]) -> None:
    for name, text in printed:
        stream = sys.stdout if name == "stdout" else sys.stderr
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
        try:
            stream.write(text)
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def question(arguments: Sequence[str]) -> bytes:
    """What is asked: the arguments, the folder in which, and the environment."""
    environment = sorted(item for item in os.environ.items() if item[0] not in _UNREAD)
    return b"replay" + repr((list(arguments), os.getcwd(), environment)).encode("utf-8", "surrogateescape")


def is_plain(arguments: Sequence[str]) -> bool:
    """Whether all options are such that a run may be printed again."""
    return all(a.partition("=")[0] in PLAIN_OPTIONS for a in arguments if a.startswith("-"))


def cache_folder(arguments: Sequence[str]) -> str | None:
    """Where a record of a run with these arguments is, if there is one.

    A guess where the arguments are not as usual: then none is found, or none that answers the question.
    """
    first = None
    for number, argument in enumerate(arguments):
        if argument == "--no-cache":
            return None
        if argument == "--cache-dir" and number + 1 < len(arguments):
            return arguments[number + 1]
        if argument.startswith("--cache-dir="):
            return argument.partition("=")[2]
        if first is None and not argument.startswith("-") and os.path.exists(argument):
            first = argument
    folder = os.path.realpath(first or ".")
    while not os.path.isdir(os.path.join(folder, FOLDER)):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return os.path.join(folder, FOLDER)


def content_digest(path: str, flags: int = 0) -> bytes:
    """The hash of a file's content. Raises `OSError`, also for what is no regular file."""
    handle = os.open(path, os.O_RDONLY | _NO_WAIT | flags)
    try:
        state = os.fstat(handle)
        if state.st_mode & 0o170000 != 0o100000:
            raise OSError(0, "is not a regular file")
        content = os.read(handle, state.st_size + 1)
        while len(content) > state.st_size or (piece := os.read(handle, 1 << 20)):
            if len(content) > state.st_size:
                raise OSError(0, "it is being written")
            content += piece
    finally:
        os.close(handle)
    return blake2b(content, digest_size=16).digest()


def git_listing(root: str) -> Iterator[bytes]:
    """What git lists. Raises `Changed` where it cannot be asked as cheaply as here."""
    if not hasattr(os, "posix_spawn"):
        raise Changed
    environment = {k: v for k, v in os.environ.items() if k not in FOREIGN} | {"LC_ALL": "C"}
    reader, writer = os.pipe()
    try:
        command = ("git", "-C", root, *LS_FILES[1:])
        quiet = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
        actions = ((os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_CLOSE, reader), quiet)
        process = os.posix_spawnp("git", command, environment, file_actions=actions)
    finally:
        os.close(writer)
    with os.fdopen(reader, "rb") as output:
        while piece := output.read(1 << 20):
            yield piece
    _, status = os.waitpid(process, 0)
    if status:
        raise Changed


def _walked(root: str) -> Iterator[bytes]:
    """The folders that may be analysed, and the names in them that matter, with what each is."""
    pending = [root]
    count = 0
    while pending:
        folder = pending.pop()
        count += 1
        if count > MAX_FOLDERS:
            raise Changed
        inside = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in NEVER_WALKED:
                        pending.append(entry.path)
                        inside.append(f"{entry.name}/")
                elif entry.name.endswith(LISTED):
                    link = f" -> {os.path.realpath(entry.path)}" if entry.is_symlink() else ""
                    inside.append(f"{entry.name} {entry.is_file()}{link}")
                    if entry.name == ".gitignore" and entry.is_file():
                        yield content_digest(entry.path)
        pending.sort()
        yield "\n".join([folder[len(root) :], *sorted(inside), ""]).encode("utf-8", "surrogateescape")


def references(repository: str) -> list[bytes]:
    """The state of a repository's references: which commits there are to compare with."""
    git = os.path.join(repository, ".git")
    if not os.path.isdir(git):
        raise Changed  # a linked work tree or a submodule
    found = []
    for name in ("HEAD", "packed-refs", "shallow", "config", "index"):
        path = os.path.join(git, name)
        if name == "index" and os.path.exists(path):
            state = os.stat(path)
            found.append(f"{state.st_mtime_ns} {state.st_size}".encode())
        elif os.path.exists(path):
            found.append(content_digest(path))
        else:
            found.append(b"")
    pending = [os.path.join(git, "refs")]
    while pending:
        folder = pending.pop()
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    found += [entry.path.encode("utf-8", "surrogateescape"), content_digest(entry.path)]
        if len(found) > MAX_FOLDERS:
            raise Changed
    return found
