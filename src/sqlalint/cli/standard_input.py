"""Standard input in the place of a file: what an editor has not saved yet."""

import os
import sys

from sqlalint.cli.opening import Buffer, Opened, configuration_of, excludes_of
from sqlalint.cli.options import CheckOptions
from sqlalint.config.discover import Root, project_root
from sqlalint.config.errors import UsageError
from sqlalint.source.git import Git, GitProblem
from sqlalint.source.glob import Patterns
from sqlalint.source.overlay import Overlay
from sqlalint.source.tree import Tree
from sqlalint.source.working_tree import WorkingTree

_NAMELESS = "stdin.py"


def open_buffer(options: CheckOptions) -> Opened:
    """Read standard input, and find the project of the file that it is to stand for.

    Without a name it is a file in no project, shown as `-`; the configuration is that of the working directory. Raises
    `UsageError`.
    """
    if options.paths not in ((), ("-",)):
        raise UsageError("standard input is a file by itself: no other paths can be named besides")
    if options.add_ignore is not None:
        raise UsageError("--add-ignore: standard input is no file that a comment can be written to")
    name, here = options.stdin_filename, os.path.realpath(os.getcwd())
    if name is None:
        root, path = Root(project_root(here).path, "standard input", is_default=True), _NAMELESS
    else:
        root, path = _placed(name, here)
    content = sys.stdin.buffer.read() if sys.stdin is not None else b""
    configuration = configuration_of(root.path, options.config, options.isolated)
    return Opened(root, configuration, (path,), (), buffer=Buffer(path, content, "-" if name is None else ""))


def _placed(name: str, here: str) -> tuple[Root, str]:
    """The project that a file belongs to, which need not exist, and its path there."""
    full = os.path.join(here, name)
    if not name or os.path.isdir(full):
        raise UsageError(f"--stdin-filename: `{name}` names no file")
    full = os.path.join(os.path.realpath(os.path.dirname(full)), os.path.basename(full))
    root = project_root(full)
    folder = root.path
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return Root(folder, root.reason, root.is_default), os.path.relpath(full, folder).replace(os.sep, "/")


def overlaid(opened: Opened, buffer: Buffer, tree: WorkingTree, options: CheckOptions) -> Tree:
    """The working tree with the buffer in it; an empty one where the file is left out and `--force-exclude` says so."""
    if options.force_exclude and _is_left_out(opened, buffer.path, tree, options):
        return Nothing()
    return Overlay(tree, {buffer.path: buffer.content})


def _is_left_out(opened: Opened, path: str, tree: WorkingTree, options: CheckOptions) -> bool:
    if opened.is_loose or os.path.isfile(os.path.join(opened.root.path, path)):
        return not opened.is_loose and path not in tree.paths()
    return Patterns(excludes_of(opened, options.excluded)).match_below(path) or _is_ignored(opened, path)


def _is_ignored(opened: Opened, path: str) -> bool:
    """Whether git would ignore a file that is not there yet."""
    try:
        Git(opened.root.path).run("--no-literal-pathspecs", "check-ignore", "--quiet", "--", f"./{path}")
    except GitProblem:
        return False
    return True


class Nothing:
    """A tree without files (see `Tree`)."""

    def paths(self) -> list[str]:
        """None."""
        return []

    def read(self, path: str) -> bytes:
        """Raises `OSError`."""
        raise FileNotFoundError(2, "no such file", path)
