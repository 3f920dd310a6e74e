"""Files written whole: a reader sees a file as it was or as it is to be, never a half of it."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping

from msgspec import Struct


class Change(Struct, frozen=True):
    """What a file has, as far as is known, and what it is to have."""

    before: bytes
    after: bytes


def write_file(path: str, content: bytes) -> None:
    """Replace a file's content at once, and keep its mode. Where the path is a link, the file behind it is written.

    Raises `OSError` where that cannot be: its `strerror` says why, its `filename` is the path. Then the file is as it
    was. A file that nobody may write to is not replaced, though its folder would allow that.
    """
    with _naming(path):
        draft = _Draft(path, content)
        with draft.dropped_on_failure():
            draft.put()


def write_together(changes: Mapping[str, Change]) -> None:
    """Replace the content of several files, or of none of them. Raises `OSError` as `write_file` does.

    It is also raised, and nothing written, where a file has not the content any more that it is thought to have.
    """
    with contextlib.ExitStack() as drafts:
        ready = []
        for path, change in changes.items():
            with _naming(path):
                with open(path, "rb") as file:
                    if file.read() != change.before:
                        raise OSError(0, "has changed since it was read; run again")
                draft = _Draft(path, change.after)
                drafts.enter_context(draft.dropped_on_failure())
                ready.append((path, draft))
        done: list[str] = []
        try:
            for path, draft in ready:
                with _naming(path):
                    draft.put()
                done.append(path)
        except OSError:
            for path in done:
                write_file(path, changes[path].before)
            raise


class _Draft:
    """The new content of a file in a file beside it."""

    def __init__(self, path: str, content: bytes) -> None:
        self._target = os.path.realpath(path)
        state = os.stat(self._target)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(0, "is not a regular file")
        if not state.st_mode & 0o222 or not os.access(self._target, os.W_OK):
            raise OSError(0, "is read-only")
        handle, self._path = tempfile.mkstemp(prefix=".sqlalint-", suffix=".tmp", dir=os.path.dirname(self._target))
        with self.dropped_on_failure():
            with open(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _like(self._path, state)

    @contextlib.contextmanager
    def dropped_on_failure(self) -> Iterator[None]:
        """Leave no draft behind where something is raised inside."""
        try:
            yield
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(self._path)
            raise

    def put(self) -> None:
        """Let the draft take the place of the file."""
        os.replace(self._path, self._target)


@contextlib.contextmanager
def _naming(path: str) -> Iterator[None]:
    """Let every `OSError` inside name this path, not a draft of ours."""
    try:
        yield
    except OSError as problem:
        raise OSError(problem.errno or 0, problem.strerror or str(problem), path) from None


def _like(draft: str, state: os.stat_result) -> None:
    """Give a file the owner, as far as that is allowed, and the mode of another one."""
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(draft, state.st_uid, state.st_gid)
    os.chmod(draft, stat.S_IMODE(state.st_mode))
