"""One run: what was found in the run before if nothing has changed since, else an analysis with what the cache has.

An unchanged run imports neither rules nor flow nor linking: it reads the files, hashes them, and finds the result.
"""

from collections.abc import Collection

import msgspec

from sqlalint.analysis import Analysis
from sqlalint.cache import Cache
from sqlalint.hashing import blake2b
from sqlalint.project.settings import Settings
from sqlalint.source.snapshot import Snapshot
from sqlalint.source.tree import Tree
from sqlalint.version import tool_version

TYPE_CHECKING = False  # importing typing is not free
if TYPE_CHECKING:
    from sqlalint.reading import Progress


def open_cache(folder: str | None) -> Cache:
    """The cache in a folder; None is a cache that keeps nothing."""
    return Cache(folder, tool_version()) if folder is not None else Cache("", b"", enabled=False)


def analyse_with_cache(
    tree: Tree,
    settings: Settings,
    cache: Cache,
    *,
    by_hand: Collection[str] = (),
    jobs: int | None = None,
    progress: "Progress | None" = None,
) -> Analysis:
    """Analyse a whole tree. Never raises for what the tree or the cache contains; see `sqlalint.engine.analyse`."""
    snapshot = tree if isinstance(tree, Snapshot) else Snapshot(tree)
    key = _key(snapshot, settings, by_hand)
    known = cache.load_run(key)
    if known is not None:
        try:
            return msgspec.msgpack.decode(known, type=Analysis)
        except msgspec.DecodeError:
            pass
    from sqlalint.engine import analyse

    analysis = analyse(snapshot, settings, by_hand=by_hand, progress=progress, cache=cache, jobs=jobs)
    if not analysis.crashes:
        cache.save_run(key, msgspec.msgpack.encode(analysis))
    return analysis


def _key(snapshot: Snapshot, settings: Settings, by_hand: Collection[str]) -> bytes:
    """The hash of all that the result stands on."""
    found = blake2b(msgspec.msgpack.encode((settings, sorted(by_hand)), order="deterministic"), digest_size=16)
    for path in snapshot.paths():
        found.update(path.encode("utf-8", "surrogateescape") + b"\0" + snapshot.digest(path))
    return found.digest()
