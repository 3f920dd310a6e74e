"""Results of following functions, kept from run to run while every question that they asked has the same answer.

One record a file, found by the file's path and content: for each function that was followed, the numbers of its
questions and its encoded events; and a table of the questions with the hashes of their answers. Nothing is believed
that has not been asked again, but for names: where no file binds, imports or exports another name than in the run
before (`names_of`), what names stand for is the same, and these questions are not repeated.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec
from msgspec import Struct

from sqlalint.flow.events import Function
from sqlalint.flow.questions import Question, Questions
from sqlalint.project.project import Project

_ABOUT_NAMES = frozenset({"resolve", "imported", "member"})
_encode = msgspec.msgpack.Encoder().encode


class Store(Protocol):
    """Where records are kept; one that loses them costs time and nothing else."""

    def get_many(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The records that there are, by key."""
        ...

    def put_many(self, kind: str, items: Mapping[bytes, bytes]) -> None:
        """Keep records."""
        ...


class _Followed(Struct, frozen=True, array_like=True):
    key: str
    questions: tuple[int, ...]
    events: msgspec.Raw


class _Record(Struct, frozen=True, array_like=True):
    names: bytes
    questions: tuple[tuple[str, tuple[str, ...], bytes], ...]
    followed: tuple[_Followed, ...]


_record_decoder = msgspec.msgpack.Decoder(_Record)
_events_decoder = msgspec.msgpack.Decoder(Function)


class Kept:
    """The results of the run before, as far as they still hold. `keys`: the key of each file's record."""

    def __init__(self, questions: Questions, store: Store, keys: Mapping[str, bytes]) -> None:
        self._questions = questions
        self._store = store
        self._keys = keys
        self._names = names_of(questions.project)
        self._records = {path: self._decoded(raw) for path, raw in self._read().items()}
        self._holds: dict[tuple[Question, bytes], bool] = {}
        self._fresh: dict[str, dict[str, tuple[dict[Question, bytes], bytes]]] = {}
        self._stale: set[str] = set()

    def _read(self) -> dict[str, bytes]:
        found = self._store.get_many("flow", self._keys.values())
        return {path: found[key] for path, key in self._keys.items() if key in found}

    def _decoded(self, raw: bytes) -> _Record | None:
        try:
            return _record_decoder.decode(raw)
        except msgspec.DecodeError:
            return None

    def get(self, path: str, key: str) -> Function | None:
        """What following a function gave, if that still holds."""
        record = self._records.get(path)
        followed = next((f for f in record.followed if f.key == key), None) if record else None
        if record is None or followed is None or not self._still(record, followed):
            self._stale.add(path)
            return None
        try:
            return _events_decoder.decode(followed.events)
        except msgspec.DecodeError:
            self._stale.add(path)
            return None

    def _still(self, record: _Record, followed: _Followed) -> bool:
        same_names = record.names == self._names
        for number in followed.questions:
            kind, arguments, digest = record.questions[number]
            if same_names and kind in _ABOUT_NAMES:
                continue
            at = ((kind, arguments), digest)
            if at not in self._holds:
                self._holds[at] = self._questions.digest((kind, arguments)) == digest
            if not self._holds[at]:
                return False
        return True

    def put(self, path: str, key: str, found: Function, asked: dict[Question, bytes]) -> None:
        """Remember what following a function gave, and what it asked."""
        self._fresh.setdefault(path, {})[key] = (asked, _encode(found))

    def save(self) -> None:
        """Write the records of the files in which something is new; what still holds in them is written again."""
        records: dict[bytes, bytes] = {}
        for path in self._stale & self._keys.keys():
            functions = dict(self._fresh.get(path, {}))
            old = self._records.get(path)
            for followed in old.followed if old else ():
                if followed.key not in functions and old is not None and self._still(old, followed):
                    asked = {(q[0], q[1]): q[2] for q in (old.questions[n] for n in followed.questions)}
                    functions[followed.key] = (asked, bytes(followed.events))
            records[self._keys[path]] = _encode(self._record(functions))
        if records:
            self._store.put_many("flow", records)

    def _record(self, functions: Mapping[str, tuple[dict[Question, bytes], bytes]]) -> _Record:
        numbers: dict[tuple[str, tuple[str, ...], bytes], int] = {}
        followed = []
        for key, (asked, events) in functions.items():
            rows = [(kind, arguments, digest) for (kind, arguments), digest in asked.items()]
            own = tuple(numbers.setdefault(row, len(numbers)) for row in rows)
            followed.append(_Followed(key, own, msgspec.Raw(events)))
        return _Record(self._names, tuple(numbers), tuple(followed))


def names_of(project: Project) -> bytes:
    """The hash of all that names stand on: which files there are, what they bind, import and export."""
    found = hashlib.blake2b(digest_size=16)
    for path, facts in sorted(project.files.items()):
        index = facts.index
        bound = [(d.key, d.kind, d.conditional) for d in index.definitions]
        imported = [(i.module, i.level, i.name, i.alias, i.conditional, i.typing_only) for i in index.imports]
        found.update(_encode((path, bound, imported, index.exported)))
    return found.digest()
