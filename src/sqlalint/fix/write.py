"""Files written whole: a reader sees a file as it was or as it is to be, never a half of it."""

import contextlib
import os
import stat
import tempfile


def write_file(path: str, content: bytes) -> None:
    """Replace a file's content at once, and keep its mode. Where the path is a link, the file behind it is written.

    Raises `OSError` where that cannot be, whose `strerror` says why; then the file is as it was. A file that nobody may
    write to is not replaced, though its folder would allow that.
    """
    target = os.path.realpath(path)
    state = os.stat(target)
    if not stat.S_ISREG(state.st_mode):
        raise OSError(0, "is not a regular file")
    if not state.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise OSError(0, "is read-only")
    handle, draft = tempfile.mkstemp(prefix=".sqlalint-", suffix=".tmp", dir=os.path.dirname(target))
    try:
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _like(draft, state)
        os.replace(draft, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise


def _like(draft: str, state: os.stat_result) -> None:
    """Give a file the owner, as far as that is allowed, and the mode of another one."""
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(draft, state.st_uid, state.st_gid)
    os.chmod(draft, stat.S_IMODE(state.st_mode))
