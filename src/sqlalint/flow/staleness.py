"""What is known of objects that a commit, a rollback or `expire()` has emptied: when, and what was loaded since.

Everything has a number from one count, so that what came later has the larger one.
"""

from dataclasses import dataclass, field

from msgspec import Struct

from sqlalint.facts.span import Spot

# A session as it is written, and which of those that the name has stood for.
Key = tuple[str, int]


class Expiry(Struct, frozen=True):
    """All objects of a session are emptied, or (`batches`, and of those `names`) some.

    `how`: commit, rollback, expire, expire_all; or closed: they are not the session's any more. `session` is None where
    that is another function's. `setting` tells what is known of `expire_on_commit`: True, or None where the factory is
    not resolved; `factory` is where the session is made. `sure`: the session's type is resolved. `added`: the new objects
    that were in the session by then. `calls` lead to the place, outermost first.
    """

    number: int
    how: str
    at: Spot
    calls: tuple[Spot, ...] = ()
    session: Key | None = None
    setting: bool | None = None
    factory: Spot | None = None
    sure: bool = True
    conditional: bool = False
    added: frozenset[int] = frozenset()
    batches: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()


class StaleRead(Struct, frozen=True):
    """A read of an object that has been emptied. `written` is the object as the function calls it."""

    expiry: Expiry
    at: Spot
    calls: tuple[Spot, ...]
    written: str
    model: str
    attribute: str
    sure: bool
    conditional: bool
    field: str


@dataclass
class Staleness:
    """The state of one function in this respect."""

    expiries: list[Expiry] = field(default_factory=list)
    generations: dict[str, int] = field(default_factory=dict)  # by the name of a session
    own: set[Key] = field(default_factory=set)  # sessions that the function opens itself
    used: set[Key] = field(default_factory=set)  # what has been used as a session
    session_of: dict[int, Key] = field(default_factory=dict)  # by batch
    added: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)  # deleted or expunged
    fresh: dict[tuple[int, str], int] = field(default_factory=dict)  # by batch and attribute, "" for all
    selected: dict[str, int] = field(default_factory=dict)  # by model, when one was queried last
    reads: dict[tuple[int, int, Spot], StaleRead] = field(default_factory=dict)
    parting: list[Expiry] = field(default_factory=list)  # on ways that leave the function

    def key(self, written: str) -> Key:
        """The session that a name stands for now."""
        return written, self.generations.get(written, 0)

    def bound(self, name: str) -> None:
        """A name stands for another session from here on."""
        self.generations[name] = self.generations.get(name, 0) + 1
