"""Which files a folder has, as git sees it: ignored ones left out, and never one that is no regular file."""

import os
import re
import stat
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from sqlalint.source.glob import Patterns

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# ruff's, and our own cache
DEFAULT_EXCLUDES = tuple(
    """
    .bzr .direnv .eggs .git .git-rewrite .hg .ipynb_checkpoints .mypy_cache .nox .pants.d .pyenv .pytest_cache .pytype
    .ruff_cache .sqlalint_cache .svn .tox .venv .vscode __pypackages__ _build buck-out dist node_modules
    site-packages venv
    """.split()
)

_T = TypeVar("_T")
OnError = Callable[[str, str], None]  # a folder's path, and why it could not be listed


def work_tree_of(folder: str) -> str | None:
    """The top of the work tree of git that a folder is, or is in."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def git_files(root: str, on_error: OnError, *, tracked: bool = False) -> list[str] | None:
    """The files below `root` that git tracks or would add, relative to it; None where git does not say.

    With `tracked` only those that it tracks: those of the commit that is being made, where a hook of git asks.

    Repositories inside (submodules, clones) are listed by their own git; linked work trees are not, which are other
    states of the same project.
    """
    output = _ls_files(root, on_error, tracked)
    if output is None:
        return None
    found: dict[str, None] = {}
    has_submodules = os.path.exists(os.path.join(work_tree_of(root) or root, ".gitmodules"))
    for path in output:
        if path.endswith("/") or (has_submodules and os.path.isdir(os.path.join(root, path))):
            if _is_repository(os.path.join(root, path)):
                folder = path.rstrip("/")
                note = lambda p, why, f=folder: on_error(f"{f}/{p}", why)  # noqa: E731
                inner = git_files(os.path.join(root, folder), note, tracked=tracked)
                found |= dict.fromkeys(f"{folder}/{p}" for p in inner or ())
        else:
            found[path] = None
    return list(found)


def _ls_files(root: str, on_error: OnError, tracked: bool) -> list[str] | None:
    import subprocess

    # a hook of git sets these for its own repository, which need not be the one that is looked at
    environment = {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")}
    index = _index_of_commit(root) if tracked else None
    if index is not None:
        environment["GIT_INDEX_FILE"] = index
    others = () if tracked else ("--others", "--exclude-standard")
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z", "--cached", *others],
            cwd=root,
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        return None
    if done.returncode:
        return None
    for line in done.stderr.decode(errors="replace").splitlines():
        if line.startswith("warning: could not open directory '"):
            folder, _, reason = line[len("warning: could not open directory '") :].rpartition("': ")
            on_error(folder.rstrip("/"), reason)
    return [os.fsdecode(p) for p in done.stdout.split(b"\0") if p]


def _index_of_commit(root: str) -> str | None:
    """The index that git gives to its hooks, if it is one of this repository: `git commit FILE` commits another than
    the usual one."""
    file, top = os.environ.get("GIT_INDEX_FILE"), work_tree_of(root)
    if not file or top is None:
        return None
    folder = os.path.join(top, ".git")
    try:
        if not os.path.isdir(folder):  # a linked work tree, or a submodule
            with open(folder, encoding="utf-8", errors="surrogateescape") as marker:
                folder = os.path.join(top, marker.read(4096).removeprefix("gitdir:").strip())
    except OSError:
        return None
    full = os.path.join(top, file)
    is_ours = os.path.realpath(os.path.dirname(full)) == os.path.realpath(folder)
    return full if is_ours and os.path.isfile(full) else None


def _is_repository(folder: str) -> bool:
    """Whether a folder is a repository of its own, and no linked work tree."""
    marker = os.path.join(folder, ".git")
    if os.path.isdir(marker):
        return True
    try:
        with open(marker, encoding="utf-8", errors="replace") as file:
            return "/worktrees/" not in file.read(4096).replace("\\", "/")
    except OSError:
        return False


def walked_files(
    root: str, excludes: Patterns, on_error: OnError, wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[str]:
    """The wanted regular files below `root`, relative to it, without those that a `.gitignore` below `root` ignores.

    Ignored and excluded folders are not entered, as git does not enter them; links to folders are not followed.
    """
    pending: list[tuple[str, list[_Ignore]]] = [("", [])]
    while pending:
        folder, ignores = pending.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as entries:
                inside = sorted(entries, key=lambda e: e.name)
        except OSError as problem:
            on_error(folder or ".", problem.strerror or str(problem))
            continue
        if any(e.name == ".gitignore" for e in inside):
            ignores = [*ignores, *_read_ignore(root, folder)]
        for entry in inside:
            path = f"{folder}/{entry.name}" if folder else entry.name
            is_folder = _is_folder(entry)
            if not is_folder and not wanted(path):
                continue
            if excludes.match(path) or _ignored(path, is_folder, ignores):
                continue
            if is_folder:
                pending.append((path, ignores))
            elif entry.is_file(follow_symlinks=False) or (entry.is_symlink() and is_regular(root, path)):
                yield path


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


class _Ignore:
    """The patterns of one `.gitignore`."""

    def __init__(self, folder: str, spec: "GitIgnoreSpec") -> None:
        self._prefix = len(folder) + 1 if folder else 0
        self._spec = spec
        self._any = _any_of(spec)

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """True: ignored. False: taken back by a `!` pattern. None: nothing said."""
        inner = path[self._prefix :] + ("/" if is_folder else "")
        return self._spec.check_file(inner).include if self._any.search(inner) else None


def _quietly(work: Callable[[], _T]) -> _T:
    """What `work` gives, without the warnings of patterns such as `[[]`, which mean what they say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work()


def _any_of(spec: "GitIgnoreSpec") -> re.Pattern[str]:
    """One expression for all patterns: most paths match none, and that is told at a tenth of the cost."""
    found = [p.regex.pattern for p in spec.patterns if p.include is not None and p.regex is not None]
    try:
        return _quietly(
            lambda: re.compile("|".join(f"(?:{re.sub('[(][?]P<[^>]*>', '(?:', str(p))})" for p in found) or r"(?!)")
        )
    except re.error:
        return re.compile("")


def _read_ignore(root: str, folder: str) -> "list[_Ignore]":
    from pathspec import GitIgnoreSpec

    try:
        with open(os.path.join(root, folder, ".gitignore"), encoding="utf-8", errors="surrogateescape") as file:
            return [_Ignore(folder, _quietly(lambda: GitIgnoreSpec.from_lines(file.read().splitlines())))]
    except (OSError, ValueError):  # a folder of that name, or a pattern that git would skip as well
        return []


def _ignored(path: str, is_folder: bool, ignores: "list[_Ignore]") -> bool:
    for ignore in reversed(ignores):
        verdict = ignore.verdict(path, is_folder)
        if verdict is not None:
            return verdict
    return False


def is_regular(root: str, path: str) -> bool:
    """Whether a path is a regular file, or a link to one that is not below `root` (those are listed themselves)."""
    full = os.path.join(root, path)
    try:
        mode = os.lstat(full).st_mode
        if stat.S_ISLNK(mode):
            target = os.path.realpath(full)
            return stat.S_ISREG(os.stat(full).st_mode) and not is_below(target, root)
        return stat.S_ISREG(mode)
    except (OSError, ValueError):
        return False


def is_below(path: str, folder: str) -> bool:
    """Whether an absolute path is a folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
