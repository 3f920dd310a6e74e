"""Text to syntax trees.

CPython's own parser is ten times faster than LibCST and reads nearly every file. What it refuses, because the running
Python is older than the syntax, LibCST reads, and its tree is converted: everything after this module sees `ast`.
"""

import ast
import sys
import threading
import warnings
from collections.abc import Callable
from typing import TypeVar

from sqlalint.source.handlers import parse_with_parentheses
from sqlalint.source.limits import check_for_libcst, check_limits
from sqlalint.source.text import Unreadable

_STACKS = (512 * 1024 * 1024, 64 * 1024 * 1024)  # virtual memory: pages that are not touched cost nothing
_RECURSION = 60_000
_T = TypeVar("_T")


def parse(text: str, *, only_libcst: bool = False) -> ast.Module:
    """The tree of a module. Raises `Unreadable`. Call it inside `with_deep_stack`."""
    check_limits(text)
    refusal = None
    if not only_libcst:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(text)
        except SyntaxError as error:
            refusal = error
            if error.msg.startswith("multiple exception types"):
                tree = parse_with_parentheses(text)
                if tree is not None:
                    return tree
        except (RecursionError, MemoryError):
            raise Unreadable("nested too deeply to be read") from None
        except ValueError as error:
            raise Unreadable(str(error)) from None
    check_for_libcst(text)
    from sqlalint.source.modern import parse_with_libcst

    try:
        return parse_with_libcst(text)
    except Unreadable as problem:
        raise _better(problem, refusal, text) from None


def _better(problem: Unreadable, refusal: SyntaxError | None, text: str) -> Unreadable:
    """CPython's message, unless LibCST came further: then CPython stumbled over syntax that it does not know yet."""
    if refusal is None or refusal.lineno is None or (problem.row > refusal.lineno and problem.column > 1):
        return problem
    row, offset = refusal.lineno, refusal.offset or 1
    lines = text.split("\n", row)
    return Unreadable(refusal.msg, row, min(offset, len(lines[row - 1]) + 1 if row <= len(lines) else 1))


def with_deep_stack(work: Callable[[], _T]) -> _T:
    """Run `work` where neither parser runs out of stack, and return what it returns or raise what it raises.

    LibCST dies with the whole process, uncatchably, on some 1,500 nested brackets on an ordinary stack.
    """
    outcome: list[_T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # handed over to the caller's thread, not swallowed
            failure.append(error)

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION))
    try:
        thread = _started(run)
        if thread is None:
            sys.setrecursionlimit(before)
            run()
        else:
            thread.join()
    finally:
        sys.setrecursionlimit(before)
    if failure:
        raise failure[0]
    return outcome[0]


def _started(run: Callable[[], None]) -> threading.Thread | None:
    """A running thread with the largest stack that can be had; None where there is no thread to be had at all."""
    before = threading.stack_size()
    try:
        for size in _STACKS:
            thread = threading.Thread(target=run, name="sqlalint-deep", daemon=True)
            try:
                threading.stack_size(size)
                thread.start()
                return thread
            except (ValueError, RuntimeError):  # a lower maximum, or too little memory: virtual memory may be limited
                continue
    finally:
        threading.stack_size(before)
    return None


__all__ = ["Unreadable", "parse", "with_deep_stack"]
