"""What a result was read from, so that it can be kept from run to run as long as all of that is the same.

Whatever is linked is read from definitions, and from what files bind under a name. Both are noted when they are asked
for, also where the answer is known already.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from sqlalint.hashing import blake2b

if TYPE_CHECKING:
    from sqlalint.facts.file import Definition, Index
    from sqlalint.project.project import Project

_Result = TypeVar("_Result")
_encode = msgspec.msgpack.Encoder(order="deterministic").encode

# The hashes of definitions by path and key; and of what files bind by path and name, with that of all that a file binds.
Digests = dict[str, dict[str, bytes]]
Names = dict[str, tuple[bytes, dict[str, bytes]]]

# Functions that linking finds by these words in them, wherever they stand; and by that name (see `revision_files`).
_MAPPERS = frozenset({"mapper", "map_imperatively"})
_UPGRADE = "upgrade"


class Log(NamedTuple):
    """What was asked for: names in files (`f`, `Class.method`), and definitions, each as (path, name or key)."""

    names: set[tuple[str, str]]
    definitions: set[tuple[str, str]]


class Reads:
    """Notes what is asked for."""

    def __init__(self) -> None:
        self.log = Log(set(), set())

    def record(self) -> Log:
        """Note anew from here on; returns what was noted before, for `resume`."""
        before, self.log = self.log, Log(set(), set())
        return before

    def resume(self, before: Log) -> Log:
        """Add what was noted since `record` to what was noted before it; returns what was noted since."""
        since, self.log = self.log, before
        before.names.update(since.names)
        before.definitions.update(since.definitions)
        return since


class Basis(Struct, frozen=True, array_like=True):
    """What a result stands on. `all_names` is the hash of all that all files bind: where it is the same, `names` are;
    `files` is that of which files there are, on which modules stand, and of settings."""

    all_names: bytes
    files: bytes
    names: Names
    definitions: Digests


class Ground:
    """What there is in this run, for results to stand on."""

    def __init__(self, project: "Project") -> None:
        self._project = project
        self._bindings: dict[tuple[str, str], bytes] = {}
        self._by_file: Digests = {}
        self.files = _hash((sorted(project.files), project.settings))
        self._all_bound = {path: _hash(_bound(facts.index)) for path, facts in sorted(project.files.items())}
        self.all_names = _hash((self.files, list(self._all_bound.values())))

    def outline(self) -> bytes:
        """The hash of what linking looks through in all files: classes, their methods by name, telling statements."""
        found = blake2b(self.files, digest_size=16)
        for _, facts in sorted(self._project.files.items()):
            found.update(_encode([_outlined(d) for d in facts.index.definitions if _is_linked(d)]))
        return found.digest()

    def basis(self, log: Log) -> Basis:
        """What a result stands on that was made from this."""
        return Basis(
            self.all_names,
            self.files,
            {
                path: (self._all_bound.get(path, b""), names)
                for path, names in _by_path(log.names, self.binding).items()
            },
            _by_path(log.definitions, self.definition),
        )

    def holds(self, basis: Basis) -> bool:
        """Whether all of it is the same now."""
        return self.same_names(basis) and self.same_definitions(basis.definitions)

    def same_definitions(self, digests: Digests) -> bool:
        """Whether definitions say the same."""
        return all(
            names.items() <= self._definitions(path).items() or _same({path: names}, self.definition)
            for path, names in digests.items()
        )

    def same_names(self, basis: Basis) -> bool:
        """Whether names stand for the same."""
        if basis.all_names == self.all_names:
            return True
        return basis.files == self.files and all(
            all_bound == self._all_bound.get(path, b"") or _same({path: names}, self.binding)
            for path, (all_bound, names) in basis.names.items()
        )

    def binding(self, path: str, name: str) -> bytes:
        """The hash of what a file binds under a name."""
        at = (path, name)
        if at not in self._bindings:
            self._bindings[at] = _hash(self._project.modules.binding(path, name))
        return self._bindings[at]

    def definition(self, path: str, key: str) -> bytes:
        """The hash of a definition; empty where there is none."""
        return self._definitions(path).get(key, b"")

    def _definitions(self, path: str) -> dict[str, bytes]:
        """The hashes of all definitions of a file; such as have no body have another one."""
        if path not in self._by_file:
            facts = self._project.files.get(path)
            self._by_file[path] = (
                {d.key: d.digest if d.key in facts.bodies else b"-" + d.digest for d in facts.index.definitions}
                if facts is not None
                else {}
            )
        return self._by_file[path]


def _bound(index: "Index") -> tuple[object, ...]:
    """All that a file binds, imports and exports."""
    bound = [(d.key, d.kind, d.conditional) for d in index.definitions]
    imported = [(i.module, i.level, i.name, i.alias, i.conditional, i.typing_only) for i in index.imports]
    return bound, imported, index.exported


def _is_linked(entry: "Definition") -> bool:
    if entry.kind == "statement":  # others are only read where their name is, and that is noted
        return bool(entry.mentions)
    if entry.kind == "class" or entry.owner or entry.name == _UPGRADE:
        return True
    return not _MAPPERS.isdisjoint(entry.mentions)


def _outlined(entry: "Definition") -> tuple[object, ...]:
    read = entry.kind != "function" or not _MAPPERS.isdisjoint(entry.mentions)
    return entry.key, entry.kind, entry.conditional, entry.digest if read else b""


def _hash(value: object) -> bytes:
    return blake2b(_encode(value), digest_size=8).digest()


def _by_path(asked: Iterable[tuple[str, str]], digest: Callable[[str, str], bytes]) -> Digests:
    found: Digests = {}
    for path, name in sorted(asked):
        found.setdefault(path, {})[name] = digest(path, name)
    return found


def _same(digests: Digests, digest: Callable[[str, str], bytes]) -> bool:
    return all(digest(path, name) == known for path, names in digests.items() for name, known in names.items())


class _Record(Struct, frozen=True, array_like=True):
    basis: Basis
    also: bytes
    value: msgspec.Raw


_record_decoder = msgspec.msgpack.Decoder(_Record)


class Holding(NamedTuple, Generic[_Result]):
    """A result, and the hash of what it stands on."""

    result: _Result
    basis: bytes


class Kept(Generic[_Result]):
    """Results of one kind, kept with what they were made from. `also` is the hash of anything else they stand on."""

    def __init__(self, project: "Project", kind: str, type_: type[_Result], also: bytes = b"") -> None:
        self._project = project
        self._kind = kind
        self._decoder = msgspec.msgpack.Decoder(type_)
        self._also = also

    def find(self, keys: Iterable[bytes]) -> dict[bytes, Holding[_Result]]:
        """Those that were kept under these keys and still hold."""
        records = self._project.records
        raws = records.store.get_many(self._kind, keys) if records else {}
        return {key: found for key, raw in raws.items() if (found := self._decoded(raw)) is not None}

    def _decoded(self, raw: bytes) -> Holding[_Result] | None:
        try:
            record = _record_decoder.decode(raw)
            if record.also != self._also or not self._project.ground.holds(record.basis):
                return None
            return Holding(self._decoder.decode(record.value), self._hash(record.basis))
        except msgspec.DecodeError:
            return None

    def make(self, key: bytes, work: Callable[[], _Result]) -> Holding[_Result]:
        """Make a result, and keep it."""
        records = self._project.records
        if records is None:
            return Holding(work(), b"")
        before = self._project.reads.record()
        try:
            found = work()
        finally:
            log = self._project.reads.resume(before)
        basis = self._project.ground.basis(log)
        records.store.put_many(self._kind, {key: _encode(_Record(basis, self._also, msgspec.Raw(_encode(found))))})
        return Holding(found, self._hash(basis))

    def _hash(self, basis: Basis) -> bytes:
        return _hash((self._also, basis.files, basis.names, basis.definitions))
