"""One cause, however many functions lead to it: a loop and a query, or a query and an attribute, are reported once."""

from collections.abc import Iterable
from typing import TypeVar

from sqlalint.facts.span import Spot
from sqlalint.flow.events import (
    AsyncRead,
    ExpiredRead,
    Function,
    LazyRead,
    LoopReads,
    RaisedRead,
    RepeatedQuery,
    SerializedReads,
    StatementExecuted,
)

_Read = TypeVar("_Read", LoopReads, SerializedReads, AsyncRead, RaisedRead, ExpiredRead)


class Causes:
    """The reads of all functions, of each cause those that the fewest calls lead to."""

    def __init__(self) -> None:
        self._loops: dict[tuple[Spot, Spot, frozenset[str]], LoopReads] = {}
        self._serialized: dict[tuple[Spot, Spot], SerializedReads] = {}
        self._async: dict[tuple[Spot, Spot], AsyncRead] = {}
        self._expired: dict[tuple[Spot, Spot], ExpiredRead] = {}
        self._raised: dict[tuple[Spot, Spot], RaisedRead] = {}
        self._repeated: dict[tuple[Spot, Spot], RepeatedQuery] = {}
        self._executed: list[StatementExecuted] = []

    def add(self, found: Function) -> None:
        """Take what following one function gave."""
        self._executed += found.executed
        for reads in found.reads:
            names = frozenset(read.name for read in reads.reads)
            loop = reads.loop.at, reads.query.at, names
            self._loops[loop] = _nearer(reads, self._loops.get(loop))
        for stale in found.expired:
            key = stale.at, stale.expired
            self._expired[key] = _nearer(stale, self._expired.get(key))
        for serialized in found.serialized:
            key = serialized.at, serialized.reads.query.at
            self._serialized[key] = _nearer(serialized, self._serialized.get(key))
        for read in found.async_reads:
            key = read.read.at, read.read.query.at
            self._async[key] = _nearer(read, self._async.get(key))
        for raised in found.raised:
            key = raised.read.at, raised.read.query.at
            self._raised[key] = _nearer(raised, self._raised.get(key))
        for query in found.repeated:
            other = self._repeated.get((query.loop.at, query.place))
            if other is None or len(query.calls) < len(other.calls):
                self._repeated[query.loop.at, query.place] = query

    @property
    def expired(self) -> Iterable[ExpiredRead]:
        """One for each read and what has emptied its object."""
        return self._expired.values()

    @property
    def reads(self) -> Iterable[LoopReads]:
        """One for each loop over the rows of one query, and what it reads: that may be for its caller to say."""
        return self._loops.values()

    @property
    def serialized(self) -> Iterable[SerializedReads]:
        """One for each serialization of the rows of one query."""
        return self._serialized.values()

    @property
    def async_reads(self) -> Iterable[AsyncRead]:
        """One for each read of what one query gave."""
        return self._async.values()

    @property
    def raised(self) -> Iterable[RaisedRead]:
        """One for each read of what one query gave."""
        return self._raised.values()

    @property
    def repeated(self) -> Iterable[RepeatedQuery]:
        """One for each loop and place in it where a query is made."""
        return self._repeated.values()

    @property
    def executed(self) -> Iterable[StatementExecuted]:
        """Every execution, the nearest to its statement first: rules may say the same of several."""
        return sorted(self._executed, key=lambda e: (len(e.calls), e.place, e.at))


def _nearer(one: _Read, other: _Read | None) -> _Read:
    return one if other is None or _distance(one) < _distance(other) else other


def _distance(found: LoopReads | SerializedReads | AsyncRead | RaisedRead | ExpiredRead) -> tuple[int, Spot]:
    first: LazyRead
    if isinstance(found, ExpiredRead):
        return len(found.calls) + len(found.expired_calls), found.at
    match found:
        case LoopReads(reads=(first, *_)) | SerializedReads(reads=LoopReads(reads=(first, *_))):
            pass
        case AsyncRead(read=first) | RaisedRead(read=first):
            pass
    return len(first.calls), found.at
