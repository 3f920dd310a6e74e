"""Reading a tree: each file's facts, from the cache where it has them, else from its text, by several processes.

Facts are a pure function of a file's bytes, so they are kept by the hash of those. Indexes are wanted of every file and
decoded at once; the bodies of definitions stay encoded, and of files that were in the cache they stay there until
somebody asks for one.
"""

import gc
import os
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import NamedTuple

import msgspec
from msgspec import Struct

from sqlalint.cache import Cache
from sqlalint.facts.file import Failure, FileFacts, Index, read_facts
from sqlalint.report.places import is_test
from sqlalint.source.snapshot import Snapshot
from sqlalint.source.syntax import with_deep_stack

Progress = Callable[[int, int], None]

# Starting processes and handing over what they found takes as long as reading some hundred files.
_WORTH_PROCESSES = 1_500_000  # bytes, about a second
_CHUNK = 150_000  # bytes
_KILLED = Failure("reading it ended the process that did; please report this file", 1, 1, False, False)


class Read(Struct, frozen=True):
    """The facts of every readable file, why others could not be read, and a key of each file's path and content."""

    files: dict[str, FileFacts]
    failures: dict[str, Failure]
    keys: dict[str, bytes]


class Head(Struct, frozen=True, array_like=True):
    """What is wanted of every file: its index, or why it could not be read. `without`: definitions without a body."""

    index: Index | None
    failure: Failure | None
    without: tuple[str, ...] = ()


class Task(NamedTuple):
    """A file to be read: with the bodies of its functions, or without."""

    content: bytes
    bodies: bool


class Encoded(NamedTuple):
    """A file's facts as they are kept: a `Head`, and the bodies by key."""

    head: bytes
    bodies: bytes


class Bodies(Mapping[str, msgspec.Raw]):
    """The bodies of one file's definitions, encoded, which are loaded when the first is asked for."""

    def __init__(self, head: Head, load: Callable[[], Mapping[str, msgspec.Raw]]) -> None:
        self._head = head
        self._load = load

    @cached_property
    def _keys(self) -> frozenset[str]:
        index = self._head.index
        return frozenset(d.key for d in index.definitions).difference(self._head.without) if index else frozenset()

    @cached_property
    def _loaded(self) -> Mapping[str, msgspec.Raw]:
        return self._load()

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __getitem__(self, key: str) -> msgspec.Raw:
        return self._loaded[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


_encode = msgspec.msgpack.Encoder().encode
_head_decoder = msgspec.msgpack.Decoder(Head)
_bodies_decoder = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])


def read_tree(
    tree: Snapshot,
    *,
    by_hand: Collection[str] = (),
    cache: Cache | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Read:
    """Read every Python file of a tree. Never raises for what it contains.

    `by_hand` are files that were named themselves: of other tests only the indexes are read. `jobs` is the number of
    processes; by default there are as many as cores when there is enough to do.
    """
    tasks: dict[str, Task] = {}
    failures: dict[str, Failure] = {}
    keys: dict[str, bytes] = {}
    for path in tree.paths():
        if not path.endswith(".py"):
            continue
        try:
            task = tasks[path] = Task(tree.read(path), path in by_hand or not is_test(path))
            keys[path] = tree.digest(path) + (b"+" if task.bodies else b"-")
        except OSError as problem:
            failures[path] = Failure(f"cannot be read: {problem.strerror or problem}", 1, 1, True, False)
    files: dict[str, FileFacts] = {}
    with _without_collector():
        heads = _known(cache, keys, tasks)
        missing = {path: task for path, task in tasks.items() if path not in heads}
        for path, (head, bodies) in _read(missing, jobs, progress).items():
            heads[path] = head, lambda bodies=bodies: _bodies_decoder.decode(bodies)  # type: ignore[misc]
            if cache is not None:
                cache.put("head", keys[path], _encode(head))
                cache.put("bodies", keys[path], bodies)
    for path in tasks:
        head, load = heads[path]
        if head.index is not None:
            files[path] = FileFacts(head.index, Bodies(head, load))
        else:
            failures[path] = head.failure or Failure("cannot be read", 1, 1, False, False)
    return Read(files, failures, {path: path.encode() + b"\0" + key for path, key in keys.items()})


_Loaded = tuple[Head, Callable[[], Mapping[str, msgspec.Raw]]]


def _known(cache: Cache | None, keys: Mapping[str, bytes], tasks: Mapping[str, Task]) -> dict[str, _Loaded]:
    """The files whose facts are in the cache."""
    if cache is None:
        return {}
    found = cache.get_many("head", keys.values())
    kept = _Kept(cache)
    known: dict[str, _Loaded] = {}
    for path, key in keys.items():
        if key in found:
            try:
                head = _head_decoder.decode(found[key])
            except msgspec.DecodeError:
                continue
            kept.keys.append(key)
            known[path] = head, partial(kept.bodies, key, tasks[path])
    return known


class _Kept:
    """The bodies that are in the cache. All are fetched when the first is wanted, as most then are: a query for each
    file takes longer, and they are half as large again as their sources."""

    def __init__(self, cache: Cache) -> None:
        self.keys: list[bytes] = []
        self._cache = cache

    @cached_property
    def _fetched(self) -> dict[bytes, bytes]:
        return self._cache.get_many("bodies", self.keys)

    def bodies(self, key: bytes, task: Task) -> Mapping[str, msgspec.Raw]:
        """The bodies of a file; read anew where the cache has lost them since."""
        raw = self._fetched.get(key)
        if raw is not None:
            try:
                return _bodies_decoder.decode(raw)
            except msgspec.DecodeError:
                pass
        (anew,) = read_chunk([task])
        self._cache.put("bodies", key, anew.bodies)
        return _bodies_decoder.decode(anew.bodies)


def _read(tasks: Mapping[str, Task], jobs: int | None, progress: Progress | None) -> dict[str, tuple[Head, bytes]]:
    """Files that are read from their text."""
    paths = list(tasks)
    chunks = list(_chunks([tasks[path] for path in paths]))
    number = _processes(sum(len(t.content) for t in tasks.values()), len(chunks), jobs)
    if number > 1:
        from sqlalint.processes import in_processes

        results = in_processes(read_chunk, chunks, number, encoded(_KILLED))
    else:
        results = ((n, read_chunk(chunk)) for n, chunk in enumerate(chunks))
    done = 0
    found: dict[int, list[Encoded]] = {}
    if progress and paths:
        progress(0, len(paths))
    for n, ones in results:
        found[n] = ones
        done += len(ones)
        if progress:
            progress(done, len(paths))
    everything = [one for n in range(len(chunks)) for one in found[n]]
    return {path: (_head_decoder.decode(one.head), one.bodies) for path, one in zip(paths, everything, strict=True)}


def _chunks(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    chunk: list[Task] = []
    size = 0
    for task in tasks:
        chunk.append(task)
        size += len(task.content) + 1_000
        if size > _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _processes(size: int, chunks: int, jobs: int | None) -> int:
    """How many processes are worth while."""
    if jobs is not None:
        return min(jobs, chunks)
    if size < _WORTH_PROCESSES:
        return 1
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(cores, chunks)


def read_chunk(tasks: Sequence[Task]) -> list[Encoded]:
    """Read files. Never raises for what they contain."""
    return with_deep_stack(lambda: [_read_one(task) for task in tasks])


def _read_one(task: Task) -> Encoded:
    try:
        facts = read_facts(task.content, bodies=task.bodies)
    except Exception as error:  # broad on purpose: a defect of ours must not cost the other files
        facts = Failure(
            f"sqlalint failed to read it, please report this: {type(error).__name__}: {error}", 1, 1, False, False
        )
    return encoded(facts)


def encoded(facts: FileFacts | Failure) -> Encoded:
    """A file's facts as they are kept."""
    if isinstance(facts, Failure):
        return Encoded(_encode(Head(None, facts)), _encode({}))
    without = tuple(d.key for d in facts.index.definitions if d.key not in facts.bodies)
    return Encoded(_encode(Head(facts.index, None, without)), _encode(facts.bodies))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Facts and syntax trees have no cycles: looking for some takes a third of the time of reading."""
    if threading.current_thread() is not threading.main_thread() or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
