"""Work shared by several processes. One that dies costs nothing but the item that killed it."""

import gc
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Work = Callable[[list[_Item]], list[_Result]]


def in_processes(
    work: _Work[_Item, _Result], chunks: Sequence[list[_Item]], number: int, killed: _Result
) -> Iterator[tuple[int, list[_Result]]]:
    """What `work` gives for each chunk, with its number, as it is done; `killed` for an item that ends the process."""
    pending = set(range(len(chunks)))
    try:
        for n, found in _pooled(work, chunks, number):
            pending.discard(n)
            yield n, found
    except (BrokenProcessPool, OSError):  # a process died, or there may be no more of them
        for n in sorted(pending):
            yield n, _alone(work, chunks[n], killed)


def _pooled(
    work: _Work[_Item, _Result], chunks: Sequence[list[_Item]], number: int
) -> Iterator[tuple[int, list[_Result]]]:
    pool = ProcessPoolExecutor(number, mp_context=_context(), initializer=_prepare)
    try:
        numbers: dict[Future[list[_Result]], int] = {pool.submit(work, c): n for n, c in enumerate(chunks)}
        for done in as_completed(numbers):
            yield numbers[done], done.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _alone(work: _Work[_Item, _Result], items: list[_Item], killed: _Result) -> list[_Result]:
    """A chunk of which an item may have killed a process: done in another one; where that dies too, in two halves."""
    try:
        with ProcessPoolExecutor(1, mp_context=_context(), initializer=_prepare) as pool:
            return pool.submit(work, items).result()
    except BrokenProcessPool:
        if len(items) == 1:
            return [killed]
        middle = len(items) // 2
        return _alone(work, items[:middle], killed) + _alone(work, items[middle:], killed)
    except OSError:  # no processes to be had
        return work(items)


def _context() -> BaseContext:
    """Forked processes need no imports; where that is not safe (macOS, or beside other threads), fresh ones."""
    if sys.platform == "linux" and threading.active_count() == 1:
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context("spawn")


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and says so once
    gc.disable()
