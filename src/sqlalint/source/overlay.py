"""A tree in which some files have other contents than they have there: a buffer of an editor, the text after a fix."""

from collections.abc import Mapping

from sqlalint.source.tree import Tree


class Overlay:
    """A tree with other contents for some paths (see `Tree`), which need not exist in it."""

    def __init__(self, tree: Tree, contents: Mapping[str, bytes]) -> None:
        self._tree = tree
        self._contents = contents

    def paths(self) -> list[str]:
        """The paths of all files, sorted."""
        return sorted({*self._tree.paths(), *self._contents})

    def read(self, path: str) -> bytes:
        """A file's bytes. Raises `OSError`."""
        content = self._contents.get(path)
        return self._tree.read(path) if content is None else content
