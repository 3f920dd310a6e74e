"""A tree of files: the working tree, or a commit. Nothing after this module knows which."""

from typing import Protocol


class Tree(Protocol):
    """Files by path relative to the project root, with `/` between folders."""

    def paths(self) -> list[str]:
        """The paths of all files that are neither excluded nor ignored, sorted. Only regular files."""
        ...

    def read(self, path: str) -> bytes:
        """A file's bytes. Raises `OSError` with a message for people where it cannot be read."""
        ...
