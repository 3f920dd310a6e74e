"""Loops over iterables: what an element is, what varies with the loop, and what is loaded when it is over."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalint.facts import expression as ex
from sqlalint.flow import reads, results
from sqlalint.flow import values as v
from sqlalint.flow.events import Loop
from sqlalint.flow.frame import ActiveLoop, At, Frame


def elements(frame: Frame, value: v.Value, at: At) -> tuple[v.Value, bool]:
    """What one element of an iterable is, and whether there are at most ten. Iterating a query executes it."""
    queried = results.iterate_rows(frame, value, at)
    if queried is not None:
        return queried
    if isinstance(value, v.Unknown) and frame.reads:
        reads.is_collection(frame, at)
    few = isinstance(value, v.Items) or (isinstance(value, v.Many) and value.few)
    return v.element_of(value), few


@contextmanager
def loop(
    frame: Frame, source: v.Value, at: At, kind: str, item: str, target: ex.Expr | None = None
) -> Iterator[v.Value]:
    """Follow a loop over an iterable; gives its element, which varies with the loop unless there are few."""
    element, few = elements(frame, source, at)
    if v.is_rows(source):
        frame.loops_over_rows += 1
        frame.loops_understood += not isinstance(element, v.Unknown)
    active = None
    if not few:
        found = Loop(frame.number(), frame.seen(at).at, kind, item)
        active = ActiveLoop(found, frame.depth, _batch(element), source=source, names=_names(target))
        frame.loops.append(active)
        element = v.varying(element, found.number)
    try:
        yield element
    finally:
        if active is not None:
            frame.loops.remove(active)
            held = isinstance(source, v.Many) and source.kind in ("list", "collection")
            if held and not active.left_early:
                frame.touched |= active.touched
                frame.finished.add(active.loop.number)


def looked_up(frame: Frame, element: v.Value, index: ex.Expr) -> v.Value:
    """What `rows[index]` gives: another element at each turn of a loop whose variable the index is made of."""
    for active in reversed(frame.loops):
        if active.names and any(isinstance(part, ex.Name) and part.id in active.names for part in ex.walk(index)):
            return v.varying(element, active.loop.number)
    return element


def _names(target: ex.Expr | None) -> frozenset[str]:
    return frozenset(part.id for part in ex.walk(target) if isinstance(part, ex.Name)) if target else frozenset()


def _batch(value: v.Value) -> int:
    match value:
        case v.Instance(batch=batch):
            return batch
        case v.Items(items=items):
            return next((_batch(i) for i in items if _batch(i)), 0)
        case _:
            return 0
