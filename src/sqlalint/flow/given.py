"""What a function does with the objects that it is given: its summary for whoever calls it.

A function is followed with objects of which only the models are known. What it reads of them is remembered step by
step, and is done again at each call with the objects that are really given there: only there is it known what is loaded.
"""

from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.facts.span import Spot
from sqlalint.flow import values as v
from sqlalint.flow.events import Loop, ResultConsumed, StatementExecuted
from sqlalint.flow.loads import Loads
from sqlalint.flow.staleness import Expiry

if TYPE_CHECKING:
    from sqlalint.flow.frame import Read


class Call(Struct, frozen=True):
    """A function that was given is called with these values, in a loop of the function that some of them vary with."""

    function: int
    arguments: tuple[v.Value, ...]
    at: Spot
    loop: Loop | None
    conditional: bool


class Expire(Struct, frozen=True):
    """The objects of a session that the function did not open itself are emptied."""

    expiry: Expiry
    conditional: bool
    loop: Loop | None = None


class Access(Struct, frozen=True):
    """One thing that is done with an object: it is read, assigned, appended to, iterated, refreshed or expired.

    `of` is the number of the object: those that were given come first, from 1 on, and each access gives what has its
    own number. `loop` is the loop of the function with which the object varies. `conditional`: perhaps it is not done.
    `calls` lead from the function to the place, outermost first; `field` is the field of a serializer that does it.
    """

    number: int
    of: int
    name: str
    action: str
    at: Spot
    loop: Loop | None
    conditional: bool
    calls: tuple[Spot, ...]
    field: str = ""


class Commit(Struct, frozen=True):
    """A `commit()` or `expire_all()` of the session that is written as `session`; `calls` lead there, outermost first.

    `expiry` is the session's. `conditional`: perhaps it is not done. `loops` are those of the function that it is in at
    each turn, by number.
    """

    at: Spot
    calls: tuple[Spot, ...]
    method: str
    session: str
    expiry: str
    conditional: bool
    loops: tuple[int, ...] = ()


class Summary(Struct, frozen=True):
    """All that is done, in order. `reads`, `consumed` and `executed` are of the rows of statements that were given.

    `finished` are the loops over something that is held which no turn leaves early, by their numbers: after them all
    its objects are as each turn left one. `loaded` is what queries of the function load behind objects, by model;
    `selected` are the models that they ask for.
    """

    steps: "tuple[Access | Call | Expire, ...]" = ()
    reads: "tuple[Read, ...]" = ()
    consumed: tuple[ResultConsumed, ...] = ()
    finished: frozenset[int] = frozenset()
    loaded: tuple[tuple[str, Loads], ...] = ()
    selected: frozenset[str] = frozenset()
    executed: tuple[StatementExecuted, ...] = ()
    commits: tuple[Commit, ...] = ()


NOTHING_DONE = Summary()
