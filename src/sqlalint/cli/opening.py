"""From paths and options to a project that can be analysed: its root, its configuration, its tree."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.config.discover import Configuration, Root, anchored, config_file, project_root, read_configuration
from sqlalint.config.errors import UsageError
from sqlalint.source.files import DEFAULT_EXCLUDES, is_below

if TYPE_CHECKING:
    from sqlalint.project.settings import Settings
    from sqlalint.source.git import CommitTree, Git
    from sqlalint.source.glob import Pattern
    from sqlalint.source.working_tree import WorkingTree


class Buffer(Struct, frozen=True):
    """What a file is to have instead of its content on disk, where it need not exist. `shown` is how it is printed, ""
    for its path; `path` is relative to the root."""

    path: str
    content: bytes
    shown: str = ""

    def differs(self, root: str) -> bool:
        """Whether the file has another content on disk, or is not there."""
        try:
            with open(os.path.join(root, self.path), "rb") as file:
                return file.read() != self.content
        except OSError:
            return True


class Opened(Struct, frozen=True):
    """A project on disk. `files` and `folders` are what was named, relative to the root ("" is the root).

    `hook`: a hook named them, which says nothing of what they are to the user, and what git does not track is not there.
    `buffer`: standard input stands for the one file that is named.
    """

    root: Root
    configuration: Configuration
    files: tuple[str, ...]
    folders: tuple[str, ...]
    hook: bool = False
    buffer: Buffer | None = None

    @property
    def by_hand(self) -> tuple[str, ...]:
        """The files that a user named: they are application code, and open revisions."""
        return () if self.hook or self.buffer else self.files

    @property
    def is_loose(self) -> bool:
        """Whether only files were named and there is no project around them."""
        return not self.folders and self.root.is_default


def open_project(
    paths: Sequence[str], config: str | None = None, isolated: bool = False, *, hook: bool = False
) -> Opened:
    """Find the project of the paths, and its configuration. Raises `UsageError`."""
    full = [_existing(path) for path in paths or (".",)]
    root = project_root(full[0])
    named = [_relative(path, root.path, hook) for path in full]
    files = tuple(n for n, path in zip(named, full, strict=True) if not os.path.isdir(path))
    folders = tuple(n for n, path in zip(named, full, strict=True) if os.path.isdir(path))
    return Opened(root, configuration_of(root.path, config, isolated), files, folders, hook)


def open_tree(opened: Opened, exclude: Sequence[str] = (), force_exclude: bool = False) -> "WorkingTree":
    """The working tree of a project, with the files that the engine reads."""
    from sqlalint.source.working_tree import WorkingTree

    return WorkingTree(
        opened.root.path,
        wanted=_is_wanted,
        excludes=excludes_of(opened, exclude),
        named=(*opened.files, *opened.folders),
        force_exclude=force_exclude,
        only_named=opened.is_loose,
        tracked=opened.hook,
    )


def open_commit(
    git: "Git", commit: str, opened: Opened, exclude: Sequence[str] = (), force_exclude: bool = False
) -> "CommitTree":
    """The same files as they are in a commit."""
    from sqlalint.source.git import CommitTree

    return CommitTree(
        git,
        commit,
        wanted=_is_wanted,
        excludes=excludes_of(opened, exclude),
        named=(*opened.files, *opened.folders),
        force_exclude=force_exclude,
        only_named=opened.is_loose,
    )


def excludes_of(opened: Opened, exclude: Sequence[str]) -> "tuple[Pattern, ...]":
    """The patterns of the configuration, and those of `exclude`, which count from the working directory."""
    root = opened.root.path
    configured = opened.configuration.patterns(root)
    base = DEFAULT_EXCLUDES if configured is None else configured
    return (*base, *opened.configuration.more_patterns(root), *anchored(exclude, _here(), root))


def _is_wanted(path: str) -> bool:
    from sqlalint.analysis import is_text

    return path.endswith(".py") or is_text(path)


def settings_of(opened: Opened) -> "Settings":
    """What linking needs of the configuration."""
    from msgspec import to_builtins

    from sqlalint.project.settings import Settings

    options = opened.configuration.options
    return Settings(
        script_locations=opened.configuration.script_locations(opened.root.path),
        dialects=tuple(options.dialects or ()),
        target_versions=to_builtins(options.target_versions),
        small_tables=tuple(options.small_tables),
        returns=options.returns,
        attributes=options.attributes,
        sessions=tuple(options.sessions),
        preloads=options.preloads,
    )


def configuration_of(root: str, config: str | None, isolated: bool) -> Configuration:
    """The configuration that is named, or that of a root. Raises `UsageError`."""
    if config is not None and isolated:
        raise UsageError("--config and --isolated exclude each other")
    if isolated:
        return Configuration()
    if config is not None:
        return read_configuration(os.path.abspath(config), _here())
    path = config_file(root)
    return read_configuration(path) if path else Configuration()


def _here() -> str:
    return os.path.realpath(os.getcwd())


def _existing(path: str) -> str:
    """The real absolute path of a file or folder; of a link to a file, that of the link."""
    if not os.path.lexists(path):
        raise UsageError(f"{path}: no such file or folder")
    if os.path.isdir(path):
        return os.path.realpath(path)
    full = os.path.abspath(path)
    return os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))


def _relative(path: str, root: str, hook: bool) -> str:
    if not is_below(path, root):
        advice = "give each project its own hook, with `files`" if hook else "check it by itself"
        raise UsageError(f"{path} is outside the project {root}, which the first path belongs to; {advice}")
    return "" if path == root else os.path.relpath(path, root).replace(os.sep, "/")
