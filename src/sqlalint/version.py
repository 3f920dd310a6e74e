"""Which tool this is, as far as what it keeps from run to run depends on it."""

import os
import sys

from sqlalint import __version__
from sqlalint.hashing import blake2b

_READERS = ("libcst-", "sqlglot-")  # libraries whose newer versions may read more


def tool_version() -> bytes:
    """The hash of the tool's version, of Python's and of its readers'.

    From a checkout, it is also that of when its sources changed: who works on sqlalint never sees what older code kept.
    """
    package = os.path.dirname(os.path.abspath(__file__))
    found = blake2b(f"{__version__} {sys.version_info[:2]} {sys.implementation.name}".encode(), digest_size=16)
    found.update(_readers().encode())
    if os.path.basename(os.path.dirname(package)) not in ("site-packages", "dist-packages"):
        _add_sources(package, found)
    return found.digest()


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
