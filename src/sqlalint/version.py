"""Which tool this is, as far as what it keeps from run to run depends on it."""

import os
import sys

from sqlalint import __version__
from sqlalint.hashing import blake2b

_READERS = ("libcst-", "sqlglot-")  # libraries whose newer versions may read more


def tool_version() -> bytes:
    """The hash of the tool's version, of Python's and of its readers'.

    Two builds may have one version: of an installed one it is also the hash of its files as the installer recorded
    them, of a checkout that of when its sources changed. So nobody sees what other code kept.
    """
    package = os.path.dirname(os.path.abspath(__file__))
    found = blake2b(f"{__version__} {sys.version_info[:2]} {sys.implementation.name}".encode(), digest_size=16)
    found.update(_readers().encode())
    record = _record(os.path.dirname(package))
    if record is None:
        _add_sources(package, found)
    else:
        found.update(record)
    return found.digest()


def _record(folder: str) -> bytes | None:
    """The installer's list of the package's files with their hashes; None where it was not installed there."""
    path = os.path.join(folder, f"sqlalint-{__version__}.dist-info", "RECORD")
    try:
        with open(path, "rb") as file:
            return b"".join(line for line in file if line.startswith(b"sqlalint/") and b"__pycache__" not in line)
    except OSError:
        return None


def _readers() -> str:
    """The folders of the readers' metadata, whose names have their versions; nothing is imported for it."""
    found: list[str] = []
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:  # an archive, or not there
            continue
        found += [name for name in names if name.startswith(_READERS) and name.endswith("-info")]
    return " ".join(sorted(found))


def _add_sources(folder: str, found: blake2b) -> None:
    with os.scandir(folder) as entries:
        inside = sorted(entries, key=lambda entry: entry.name)
    for entry in inside:
        if entry.name.endswith((".py", ".toml")):
            state = entry.stat()
            found.update(f"{entry.name} {state.st_mtime_ns} {state.st_size}\n".encode())
        elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
            _add_sources(entry.path, found)
