"""A tree held in memory: every file read once, whoever asks how often, and known by the hash of its content."""

from sqlalint.hashing import blake2b
from sqlalint.source.tree import Tree


class Snapshot:
    """All files of a tree as they were when this was made (see `Tree`)."""

    def __init__(self, tree: Tree) -> None:
        self._contents: dict[str, bytes] = {}
        self._problems: dict[str, OSError] = {}
        self._digests: dict[str, bytes] = {}
        for path in tree.paths():
            try:
                content = self._contents[path] = tree.read(path)
                self._digests[path] = blake2b(content, digest_size=16).digest()
            except OSError as problem:
                self._problems[path] = problem
        self._paths = [*self._contents, *self._problems]
        self._paths.sort()

    @property
    def problems(self) -> dict[str, OSError]:
        """The files that could not be read."""
        return self._problems

    def paths(self) -> list[str]:
        """The paths of all files, sorted."""
        return self._paths

    def read(self, path: str) -> bytes:
        """A file's bytes. Raises the `OSError` that kept it from being read."""
        if path in self._problems:
            raise self._problems[path]
        return self._contents[path]

    def digest(self, path: str) -> bytes:
        """The hash of a file's content; of the reason where it could not be read."""
        problem = self._problems.get(path)
        return self._digests[path] if problem is None else blake2b(str(problem.strerror).encode()).digest()
