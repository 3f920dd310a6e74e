"""What a program sends to the database while it runs: which kind of load each statement is, and at which line."""

import sys
import traceback
from collections import Counter
from collections.abc import Iterable
from types import CodeType
from typing import Any

import sqlalchemy as sa

Line = tuple[str, int]
# The library's functions that load, by the kind of load that they are. The outermost one counts: what a lazy load
# brings eagerly belongs to it.
_LOADERS = {
    "_LazyLoader._load_for_state": "lazy",
    "_DeferredColumnLoader._load_for_state": "deferred",
    "_LoadDeferredColumns.__call__": "deferred",
    "InstanceState._load_expired": "expired",
    "_ImmediateLoader._load_for_path": "immediate",
    "_SelectInLoader._load_for_path": "eager",
    "_SubqCollections._load": "eager",
    "_SubqueryLoader._load": "eager",
    "Session.refresh": "refresh",
    "_AppenderMixin._iter": "lazy",
    "_AppenderMixin.__iter__": "lazy",
    "_AppenderMixin.count": "lazy",
}


def kind_of(code: CodeType) -> str:
    """The kind of load that a function of the library is, or ""."""
    return _LOADERS.get(".".join(code.co_qualname.split(".")[-2:]), "")


class Watch:
    """The statements of an engine by kind, line and parameters."""

    def __init__(self, engine: sa.Engine, files: Iterable[str]) -> None:
        self.files = frozenset(files)
        self.on = False
        self.seen: Counter[tuple[str, Line]] = Counter()
        self.asked: dict[Line, set[str]] = {}
        sa.event.listen(engine, "before_cursor_execute", self._sent)

    def _sent(self, conn: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if not self.on:
            return
        kind, line = "query", ("", 0)
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename in self.files:
                line = frame.f_code.co_filename, frame.f_lineno
                break
            found = kind_of(frame.f_code)
            kind = found if found and (found != "eager" or kind == "query") else kind
            frame = frame.f_back  # type: ignore[assignment]
        if kind == "query" and not statement.startswith("SELECT"):
            kind = "write"
        self.seen[kind, line] += 1
        self.asked.setdefault(line, set()).add(f"{statement}{parameters}" if kind == "query" else "")

    @property
    def count(self) -> int:
        """All statements."""
        return sum(self.seen.values())

    def __enter__(self) -> None:
        self.on = True

    def __exit__(self, *details: object) -> None:
        self.on = False


def lines_of(error: BaseException, files: frozenset[str]) -> frozenset[Line]:
    """The lines of the program through which an exception came."""
    stack = traceback.extract_tb(error.__traceback__)
    return frozenset((frame.filename, frame.lineno or 0) for frame in stack if frame.filename in files)


def load_behind(error: BaseException, files: frozenset[str]) -> str:
    """The kind of load in which an exception was raised: the outermost one below the program."""
    kind, frames = "", list(traceback.walk_tb(error.__traceback__))
    for frame, _ in frames:
        if frame.f_code.co_filename in files:
            kind = ""
        elif not kind:
            kind = kind_of(frame.f_code)
    return kind
