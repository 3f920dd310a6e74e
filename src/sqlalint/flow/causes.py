"""One cause, however many functions lead to it: a loop and a query, or a query and an attribute, are reported once."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias, TypeVar

from sqlalint.facts.span import Spot
from sqlalint.flow.events import (
    AsyncRead,
    ExpiredRead,
    Function,
    LoopReads,
    RaisedRead,
    RepeatedQuery,
    RowsExpired,
    SerializedReads,
    StatementExecuted,
)

_Caused: TypeAlias = LoopReads | SerializedReads | AsyncRead | RaisedRead | ExpiredRead | RepeatedQuery | RowsExpired
_Kind = TypeVar("_Kind", bound=_Caused)


class Causes:
    """What all functions gave that has a cause, of each cause what the fewest calls lead to."""

    def __init__(self) -> None:
        self._nearest: dict[tuple[object, ...], _Caused] = {}
        self._executed: list[StatementExecuted] = []

    def add(self, found: Function) -> None:
        """Take what following one function gave."""
        self._executed += found.executed
        for event in _caused(found):
            key = type(event), *_cause(event)
            other = self._nearest.get(key)
            if other is None or _distance(event) < _distance(other):
                self._nearest[key] = event

    def of(self, kind: type[_Kind]) -> tuple[_Kind, ...]:
        """One for each cause."""
        return tuple(event for event in self._nearest.values() if isinstance(event, kind))

    @property
    def executed(self) -> Iterable[StatementExecuted]:
        """Every execution, the nearest to its statement first: rules may say the same of several."""
        return sorted(self._executed, key=lambda e: (len(e.calls), e.place, e.at))


def _caused(found: Function) -> Iterator[_Caused]:
    yield from found.expired
    yield from found.reads
    yield from found.serialized
    yield from found.async_reads
    yield from found.raised
    yield from found.repeated
    yield from found.rows_expired


def _cause(event: _Caused) -> tuple[object, ...]:
    """What two of a kind have in common where one mend serves both."""
    match event:
        case LoopReads(loop=loop, query=query, reads=reads):  # what a loop reads may be for its caller to say
            return loop.at, query.at, frozenset(read.name for read in reads)
        case SerializedReads(reads=loop_reads):
            return event.at, loop_reads.query.at
        case AsyncRead(read=read) | RaisedRead(read=read):
            return read.at, read.query.at, read.name
        case ExpiredRead():
            return event.at, event.expired
        case RepeatedQuery():
            return event.loop.at, event.place
        case RowsExpired():
            return event.loop.at, event.entity


def _distance(event: _Caused) -> tuple[int, Spot]:
    match event:
        case LoopReads(reads=reads) | SerializedReads(reads=LoopReads(reads=reads)):
            return len(reads[0].calls), event.at
        case AsyncRead(read=read) | RaisedRead(read=read):
            return len(read.calls), event.at
        case ExpiredRead():
            return len(event.calls) + len(event.expired_calls), event.at
        case RepeatedQuery():
            return len(event.calls), event.place
        case RowsExpired():
            return len(event.calls), event.at
