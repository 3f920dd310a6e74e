"""Records what a run prints, for `sqlalint.replay`: of plain runs that print to no terminal, and only what is certain."""

import json
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from sqlalint.cli.baseline_file import baseline_path
from sqlalint.cli.opening import Opened
from sqlalint.replay import LISTED, Changed, Grounds, git_listing, question, references
from sqlalint.source.files import work_tree_of
from sqlalint.source.snapshot import Snapshot

if TYPE_CHECKING:
    from sqlalint.cache import Cache
    from sqlalint.source.working_tree import WorkingTree


class _Tee:
    """A stream that also remembers what is written to it."""

    def __init__(self, stream: TextIO, name: str, into: list[tuple[str, str]]) -> None:
        self._stream, self._name, self._into = stream, name, into

    def write(self, text: str) -> int:
        self._into.append((self._name, text))
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Recording:
    """What one run, with these arguments, prints."""

    def __init__(self, arguments: Sequence[str], opened: Opened) -> None:
        self._question = question(arguments)
        self._printed: list[tuple[str, str]] = []
        self._references = _references(opened)  # before git is asked

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Record what is printed here."""
        before = sys.stdout, sys.stderr
        streams: list[Any] = [_Tee(before[0], "stdout", self._printed), _Tee(before[1], "stderr", self._printed)]
        sys.stdout, sys.stderr = streams
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before

    def keep(
        self, status: int, opened: Opened, tree: "WorkingTree", seen: Snapshot, cache: "Cache", *, git: bool
    ) -> None:
        """Keep the record, if all is still as the run has seen it. `git`: it was asked for what changed since a base."""
        repository = work_tree_of(opened.root.path) or ""
        try:
            if not _is_plain(opened, tree, seen, repository) or (git and self._references != _references(opened)):
                return
            grounds = _grounds(opened, seen, repository, git)
            # All hashes are of after the run: what has changed meanwhile must not be taken for what it saw.
            contents = grounds.contents()
            digest = grounds.digest(contents)
            if contents != [seen.digest(path) for path in seen.paths()] or tree.paths() != seen.paths():
                return
        except (Changed, OSError):
            return
        fields = [grounds.root, grounds.start, grounds.paths, grounds.files, grounds.git, grounds.base]
        record = {"grounds": fields, "digest": digest, "status": status, "printed": _joined(self._printed)}
        cache.save_run(self._question, json.dumps(record).encode())


def _is_plain(opened: Opened, tree: "WorkingTree", seen: Snapshot, repository: str) -> bool:
    """Whether a run can be looked at again in the way of `sqlalint.replay`, which is not for everything."""
    if opened.files or opened.is_loose or opened.configuration.options.exclude is not None:
        return False
    if seen.problems or tree.unlisted or not opened.folders:
        return False
    paths = seen.paths()
    if any(folder and not any(p.startswith(f"{folder}/") for p in paths) for folder in opened.folders):
        return False  # an ignored folder that was named
    if not repository:
        return True
    if os.path.exists(os.path.join(repository, ".gitmodules")):
        return False
    # git also lists what is deleted, and links: whether they are read does not show in its list.
    listed = os.fsdecode(b"".join(git_listing(opened.root.path))).split("\0")
    others = {path for path in listed if path.endswith((*LISTED, "/"))} - set(paths)
    return all(stat.S_ISREG(os.lstat(os.path.join(opened.root.path, path)).st_mode) for path in others)


def _grounds(opened: Opened, seen: Snapshot, repository: str, git: bool) -> Grounds:
    root, configuration = opened.root.path, opened.configuration
    baseline = baseline_path(None, opened)
    files = [path for path in (configuration.path, *configuration.extended) if path]
    files += [baseline] if os.path.exists(baseline) else []
    return Grounds(root, os.path.join(root, opened.folders[0]).rstrip(os.sep), seen.paths(), files, repository, git)


def _references(opened: Opened) -> list[bytes] | None:
    repository = work_tree_of(opened.root.path)
    try:
        return references(repository) if repository else None
    except (Changed, OSError):
        return None


def _joined(printed: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pieces for one stream after another made one."""
    joined: list[tuple[str, str]] = []
    for name, text in printed:
        if joined and joined[-1][0] == name:
            joined[-1] = (name, joined[-1][1] + text)
        else:
            joined.append((name, text))
    return joined
