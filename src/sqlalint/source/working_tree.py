"""The working tree: files as they are on disk now."""

import os
import stat
from collections.abc import Callable

from sqlalint.source.files import DEFAULT_EXCLUDES, git_files, is_regular, walked_files, work_tree_of
from sqlalint.source.glob import Pattern, Patterns


class WorkingTree:
    """The files of a project on disk (see `Tree`).

    `wanted` says by its path whether a file is of interest at all. `named` are files and folders that a user named,
    relative to the root: they belong to the tree though an ignore file or an exclude matches them, unless
    `force_exclude`. With `only_named` nothing else does: a loose file has no project around it. With `tracked`
    what git does not track does not belong, named or not; that says nothing where there is no git.
    `unlisted` has, after `paths()`, the folders that could not be listed and files without a proper name, and why;
    `untracked` the wanted files that were named but are not tracked.
    """

    def __init__(
        self,
        root: str,
        *,
        wanted: Callable[[str], bool] = lambda _: True,
        excludes: tuple[Pattern, ...] = DEFAULT_EXCLUDES,
        named: tuple[str, ...] = (),
        force_exclude: bool = False,
        only_named: bool = False,
        tracked: bool = False,
    ) -> None:
        self.root = root
        self.unlisted: dict[str, str] = {}
        self.untracked: tuple[str, ...] = ()
        self._wanted = wanted
        self._excludes = Patterns(excludes)
        self._named = named
        self._force_exclude = force_exclude
        self._only_named = only_named
        self._tracked = tracked

    def paths(self) -> list[str]:
        """The paths of all files, sorted; only regular ones."""
        listed = None if self._only_named and not self._tracked else self._listed()
        found = set() if self._only_named else set(self._project_files(listed))
        if not self._force_exclude:
            for path in self._named:
                found.update(self._named_files(path, found))
        if self._tracked and listed is not None:
            known = set(listed)
            self.untracked = tuple(p for p in self._named if p not in known and self._is_wanted_file(p))
            found &= known
        return sorted(path for path in found if self._is_text(path))

    def read(self, path: str) -> bytes:
        """A file's bytes. Raises `OSError`."""
        # non-blocking: what was a file when it was listed may be a pipe by now
        handle = os.open(
            os.path.join(self.root, path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        with open(handle, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(0, "is not a regular file")
            return file.read()

    def _is_text(self, path: str) -> bool:
        """Whether a file's name is text: no module can be imported by another, and nothing could be printed or cached."""
        try:
            path.encode()
        except UnicodeEncodeError:
            self._note(path, "the name is not text in this system's encoding")
            return False
        return True

    def _listed(self) -> list[str] | None:
        """What git lists, None where there is no git that does."""
        return git_files(self.root, self._note, tracked=self._tracked) if work_tree_of(self.root) else None

    def _project_files(self, listed: list[str] | None) -> list[str]:
        if listed is None:
            return list(walked_files(self.root, self._excludes, self._note, self._wanted))
        kept = [p for p in listed if self._wanted(p) and not self._excludes.match_below(p)]
        return [p for p in kept if is_regular(self.root, p)]

    def _named_files(self, path: str, known: set[str]) -> list[str]:
        full = os.path.join(self.root, path)
        if not os.path.isdir(full):
            return [path] if self._is_wanted_file(path) else []
        if path in ("", ".") or not self._is_left_out(path, known):
            return []
        note = lambda inner, why: self._note(f"{path}/{inner}", why)  # noqa: E731
        inside = walked_files(full, self._excludes, note, lambda inner: self._wanted(f"{path}/{inner}"))
        return [f"{path}/{inner}" for inner in inside]

    def _is_wanted_file(self, path: str) -> bool:
        return self._wanted(path) and is_regular(self.root, path)

    def _is_left_out(self, folder: str, known: set[str]) -> bool:
        """Whether a folder as a whole is ignored or excluded: nothing of it was listed."""
        return not any(p.startswith(folder + "/") for p in known)

    def _note(self, folder: str, reason: str) -> None:
        self.unlisted[folder] = reason
