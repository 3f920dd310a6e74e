"""Which tool this is, as far as what it keeps from run to run depends on it."""

import importlib.util
import os
import sys
from hashlib import blake2b

from sqlalint import __version__

_READERS = ("libcst", "sqlglot")  # libraries whose newer versions may read more


def tool_version() -> bytes:
    """The hash of the tool's version, of Python's and of its readers'.

    From a checkout, it is also that of when its sources changed: who works on sqlalint never sees what older code kept.
    """
    package = os.path.dirname(os.path.abspath(__file__))
    found = blake2b(f"{__version__} {sys.version_info[:2]} {sys.implementation.name}".encode(), digest_size=16)
    for name in _READERS:
        found.update(_installed(name).encode())
    if os.path.basename(os.path.dirname(package)) not in ("site-packages", "dist-packages"):
        _add_sources(package, found)
    return found.digest()


def _installed(name: str) -> str:
    """The folder of a library's metadata, whose name has its version; nothing is imported for it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return ""
    site = os.path.dirname(os.path.dirname(spec.origin))
    with os.scandir(site) as entries:
        return " ".join(sorted(e.name for e in entries if e.name.startswith(f"{name}-") and e.name.endswith("-info")))


def _add_sources(folder: str, found: blake2b) -> None:
    with os.scandir(folder) as entries:
        inside = sorted(entries, key=lambda entry: entry.name)
    for entry in inside:
        if entry.name.endswith((".py", ".toml")):
            state = entry.stat()
            found.update(f"{entry.name} {state.st_mtime_ns} {state.st_size}\n".encode())
        elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
            _add_sources(entry.path, found)
