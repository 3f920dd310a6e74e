"""Results of following functions, kept from run to run while every question that they asked has the same answer.

One record a file, found by the file's path, as what has changed in it may be one function of many: which functions were
followed, the events of those that have any, and what the answers stand on. A second one, found by its hash, has the
questions that were asked with the hashes of their answers; most runs do without it. Nothing is believed that has not
been asked again, with two exceptions: where no name that was looked up on the way is bound otherwise than in the run
before, names stand for the same; and where all that linking has read is the same, so are models, tables and class
hierarchies.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, reduce
from operator import or_
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sqlalint.flow.asked import NOTHING, Asked, asked_of, numbers_in
from sqlalint.flow.events import Function
from sqlalint.flow.questions import Questions
from sqlalint.hashing import blake2b
from sqlalint.project.reads import Basis, Digests

_ABOUT_NAMES = frozenset({"resolve", "imported"})
_ABOUT_TEXT = frozenset({"statement"})
_encode = msgspec.msgpack.Encoder().encode

# A question with the hash of its answer.
Answered = tuple[str, tuple[str, ...], bytes]

# What following functions gave, by key, with what was asked for it.
_Functions = dict[str, tuple[Asked, Function]]


class Store(Protocol):
    """Where records are kept; one that loses them costs time and nothing else."""

    def get_many(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The records that there are, by key."""
        ...

    def put_many(self, kind: str, items: Mapping[bytes, bytes]) -> None:
        """Keep records."""
        ...


class _Record(Struct, frozen=True, array_like=True):
    """`all_names`, or else `names`, and `linking` are what the answers to most questions stand on; those about texts
    are always asked. `asked` is the key of the rest, which is seldom wanted.
    """

    all_names: bytes
    names: msgspec.Raw
    linking: bytes
    texts: Digests
    asked: bytes
    followed: frozenset[str]
    events: dict[str, Function]


class _Questions(Struct, frozen=True, array_like=True):
    """The questions that were asked, and the numbers of each function's, those about texts first and in their order."""

    about_names: tuple[Answered, ...]
    about_linking: tuple[Answered, ...]
    by_function: dict[str, tuple[int, ...]]


_NONE = _Questions((), (), {})
_record_decoder = msgspec.msgpack.Decoder(_Record)
_names_decoder = msgspec.msgpack.Decoder(Basis)
_questions_decoder = msgspec.msgpack.Decoder(_Questions)


class Kept:
    """The results of the run before, as far as they still hold. `keys`: the key of each file's record."""

    def __init__(self, questions: Questions, store: Store, keys: Mapping[str, bytes]) -> None:
        self._questions = questions
        self._store = store
        self._keys = keys
        self._files: dict[str, _File] = {}
        self._fresh: dict[str, _Functions] = {}
        found = store.get_many("flow", keys.values())
        for path, key in keys.items():
            if key in found:
                try:
                    self._files[path] = _File(questions, store, _record_decoder.decode(found[key]))
                except msgspec.DecodeError:
                    continue

    def get(self, path: str, key: str) -> Function | None:
        """What following a function gave, if that still holds."""
        file = self._files.get(path)
        return file.get(key) if file is not None else None

    def put(self, path: str, key: str, found: Function, asked: Asked) -> None:
        """Remember what following a function gave, and what it asked."""
        self._fresh.setdefault(path, {})[key] = asked, found

    def save(self) -> None:
        """Write the records of the files in which something is new; what still holds in them is written again."""
        records: dict[bytes, bytes] = {}
        written: dict[str, _Functions] = {}
        for path, fresh in self._fresh.items():
            old = self._files.get(path)
            written[path] = {**(old.all() if old is not None else {}), **fresh}
        asked = _joined(written.values())
        answers = sorted((_part(q[0]), q, n) for n in numbers_in(asked) for q in (self._questions.question(n),))
        ranks = {number: rank for rank, (_, _, number) in enumerate(answers)}
        ordered = [(part, (*question, self._questions.digest(number))) for part, question, number in answers]
        for path, functions in written.items():
            records[self._keys[path]] = _encode(self._record(functions, ranks, ordered))
        for path in self._files.keys() - self._fresh.keys():
            moved = self._files[path].moved()
            if moved is not None:
                records[self._keys[path]] = _encode(moved)
        if records:
            self._store.put_many("flow", records)

    def _record(
        self, functions: _Functions, ranks: Mapping[int, int], ordered: Sequence[tuple[int, Answered]]
    ) -> _Record:
        """A file's record. `ordered` are all answers, by their parts; `ranks` the places of their questions there."""
        asked = sorted(ranks[number] for number in numbers_in(_joined([functions])))
        parts: tuple[list[Answered], ...] = ([], [], [])
        for rank in asked:
            part, answered = ordered[rank]
            parts[part].append(answered)
        rows, names, linking = parts
        places = {rank: place for place, rank in enumerate(asked)}
        texts: Digests = {}
        for _, (path, key), digest in rows:
            texts.setdefault(path, {})[key] = digest
        by_function = {
            key: tuple(sorted([places[ranks[n]] for n in numbers_in(a)])) for key, (a, _) in functions.items()
        }
        questions = _encode(_Questions(tuple(names), tuple(linking), by_function))
        under = blake2b(questions, digest_size=16).digest()
        self._store.put_many("asked", {under: questions})
        return _Record(
            self._questions.project.ground.all_names,
            _basis_of(self._questions, names),
            self._questions.project.models.basis,
            texts,
            under,
            frozenset(functions),
            {key: found for key, (_, found) in functions.items() if found != Function()},
        )


def _joined(functions: Iterable[_Functions]) -> Asked:
    return reduce(or_, (asked for by_key in functions for asked, _ in by_key.values()), NOTHING)


def _basis_of(questions: Questions, names: Iterable[Answered]) -> msgspec.Raw:
    return msgspec.Raw(_encode(questions.basis_of([(kind, arguments) for kind, arguments, _ in names])))


def _part(kind: str) -> int:
    return 0 if kind in _ABOUT_TEXT else 1 if kind in _ABOUT_NAMES else 2


class _File:
    """One file's record, and what of it still holds."""

    def __init__(self, questions: Questions, store: Store, record: _Record) -> None:
        self._questions = questions
        self._store = store
        self._record = record

    def get(self, key: str) -> Function | None:
        """What following a function gave, if that still holds."""
        if key not in self._record.followed or not (self._holds or self._are_same(self._asked_by(key))):
            return None
        return self._record.events.get(key, Function())

    def all(self) -> _Functions:
        """All that still holds, with what it asked; nothing where that has been lost."""
        if self._asked is _NONE:
            return {}
        return {
            key: (asked_of(self._questions.number((k, arguments)) for k, arguments, _ in self._asked_by(key)), found)
            for key in sorted(self._record.followed)
            if (found := self.get(key)) is not None
        }

    def moved(self) -> _Record | None:
        """The record as it is to be written if all of it holds, though not for what it stood on."""
        if not self._holds or (self._same_names and self._same_linking):
            return None
        record = replace(self._record, linking=self._linking)
        if self._same_names:
            return record
        names = _basis_of(self._questions, self._asked.about_names)
        return replace(record, all_names=self._questions.project.ground.all_names, names=names)

    @cached_property
    def _holds(self) -> bool:
        """Whether every answer is the same, so that no function need be looked at."""
        return (
            self._questions.project.ground.same_definitions(self._record.texts)
            and (self._same_names or self._are_same(self._asked.about_names))
            and (self._same_linking or self._are_same(self._asked.about_linking))
        )

    @cached_property
    def _same_names(self) -> bool:
        ground = self._questions.project.ground
        return self._record.all_names == ground.all_names or ground.same_names(
            _names_decoder.decode(self._record.names)
        )

    @cached_property
    def _same_linking(self) -> bool:
        return bool(self._record.linking) and self._record.linking == self._linking

    @property
    def _linking(self) -> bytes:
        return self._questions.project.models.basis

    def _are_same(self, asked: Iterable[Answered]) -> bool:
        """Whether answers are the same; not where the questions have been lost."""
        return self._asked is not _NONE and all(map(self._is_same, asked))

    def _is_same(self, asked: Answered) -> bool:
        kind, arguments, digest = asked
        if kind not in _ABOUT_TEXT and (self._same_names if kind in _ABOUT_NAMES else self._same_linking):
            return True
        return self._questions.digest(self._questions.number((kind, arguments))) == digest

    def _asked_by(self, key: str) -> list[Answered]:
        return [self._rows[n] for n in self._asked.by_function.get(key, ())]

    @cached_property
    def _rows(self) -> tuple[Answered, ...]:
        texts = (("statement", (p, key), d) for p, keys in self._record.texts.items() for key, d in keys.items())
        return (*texts, *self._asked.about_names, *self._asked.about_linking)

    @cached_property
    def _asked(self) -> _Questions:
        raw = self._store.get_many("asked", (self._record.asked,)).get(self._record.asked)
        try:
            return _questions_decoder.decode(raw) if raw is not None else _NONE
        except msgspec.DecodeError:
            return _NONE
