"""What a query loads beside its own columns: a trie of relationships, with *must*, *may* and *unknown*.

An entry says how a relationship is loaded by an option. `sure` is False where only some way through the function puts
the option there. `wild` means that options were given that are not known: anything may be loaded, or nothing.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sqlalint.facts.span import Spot
from sqlalint.project.mapping import Relationship

# Options after which reading the relationship emits nothing. `raise` and `noload` do not load, but emit nothing either.
LOADING = frozenset({"joined", "selectin", "subquery", "immediate", "contains", "raise", "raise_on_sql", "noload"})
JOINED = frozenset({"joined", "contains"})
EVERYTHING = "*"
# Settings that go no further where the class that they lead to is on the way already.
_STOPPING = frozenset({"joined", "selectin", "subquery"})


class Entry(Struct, frozen=True):
    """How one relationship is loaded: `how` is lazy or one of `LOADING`; `default` keeps the mapper's setting.

    `alias`: the number of the alias of the target that is named, -1 where that is not known.
    """

    how: str
    sure: bool = True
    below: "Loads" = msgspec.field(default_factory=lambda: _nothing())
    at: Spot | None = None
    alias: int = 0


class Loads(Struct, frozen=True):
    """Relationships by name, and columns that are left out.

    `only`: the columns that `load_only` names, None without one. `deferred`, `undeferred`: columns by name.
    `leaving_out`: the calls of `load_only` and `defer` that say so.
    """

    entries: dict[str, Entry] = {}
    wild: bool = False
    only: frozenset[str] | None = None
    deferred: frozenset[str] = frozenset()
    undeferred: frozenset[str] = frozenset()
    leaving_out: frozenset[Spot] = frozenset()

    def entry(self, name: str) -> Entry | None:
        """The entry of a relationship, or the one of `"*"`."""
        return self.entries.get(name) or self.entries.get(EVERYTHING)

    def setting(self, found: Relationship) -> str | None:
        """How a relationship is loaded: by an option, or as the mapper has it; None where that is not known."""
        entry = self.entry(found.attribute)
        return entry.how if entry is not None and entry.how != "default" else found.lazy

    def below(self, name: str) -> "Loads":
        """What is loaded of the objects behind a relationship."""
        entry = self.entries.get(name)
        inner = entry.below if entry else NOTHING
        star = self.entries.get(EVERYTHING)
        if star is not None and EVERYTHING not in inner.entries:
            inner = replace(inner, entries={**inner.entries, EVERYTHING: star})
        return replace(inner, wild=True) if self.wild and not inner.wild else inner


class Way(Struct, frozen=True):
    """The models on the way of eager loads from a query's entity, and how many of them lie before the last statement."""

    models: tuple[str, ...]
    before: int = 0

    def on(self, model: str, how: str | None) -> "Way":
        """The way with one more model, loaded like this."""
        return Way((*self.models, model), self.before if how in JOINED else len(self.models))

    def stops(self, found: Relationship, loads: Loads) -> bool:
        """Whether a relationship of the last model is not loaded because it leads back: by the mapper's setting, or by an
        option for all. One that is named is followed."""
        how = loads.setting(found)
        named = loads.entries.get(found.attribute)
        if how not in _STOPPING or "join_depth" in found.given or (named is not None and named.how != "default"):
            return False
        return found.target in (self.models[self.before :] if how == "joined" else self.models)


NOTHING = Loads()
UNKNOWN_LOADS = Loads(wild=True)


def _nothing() -> Loads:
    return NOTHING


def single(name: str, how: str, at: Spot | None, below: Loads = NOTHING, alias: int = 0) -> Loads:
    """A trie with one relationship."""
    return Loads(entries={name: Entry(how, True, below, at, alias)})


def add(base: Loads, more: Loads) -> Loads:
    """Options given on top of others: the later one wins, chains below the same relationship are merged."""
    if more is NOTHING:
        return base
    if base is NOTHING:
        return more
    entries = dict(base.entries)
    for name, entry in more.entries.items():
        old = entries.get(name)
        if old is None:
            entries[name] = entry
        else:
            how = old.how if entry.how == "default" else entry.how
            at = old.at if entry.how == "default" else entry.at
            alias = old.alias if entry.how == "default" else entry.alias
            entries[name] = Entry(how, old.sure or entry.sure, add(old.below, entry.below), at, alias)
    only = more.only if base.only is None else base.only if more.only is None else base.only | more.only
    return Loads(
        entries,
        base.wild or more.wild,
        only,
        (base.deferred | more.deferred) - more.undeferred,
        (base.undeferred | more.undeferred) - more.deferred,
        base.leaving_out | more.leaving_out,
    )


def join(a: Loads, b: Loads) -> Loads:
    """What is loaded where two ways meet: sure only what both load."""
    if a is b or a == b:
        return a
    entries: dict[str, Entry] = {}
    for name in a.entries.keys() | b.entries.keys():
        one, other = a.entries.get(name), b.entries.get(name)
        if one is None or other is None:
            found = one or other
            assert found is not None
            entries[name] = replace(found, sure=False)
        else:
            same = one.how == other.how
            louder = one if one.how in LOADING else other
            sure = one.sure and other.sure and same
            alias = one.alias if one.alias == other.alias else -1
            entries[name] = Entry(louder.how, sure, join(one.below, other.below), louder.at, alias)
    only = None if a.only is None or b.only is None else a.only | b.only
    undeferred, leaving_out = a.undeferred | b.undeferred, a.leaving_out | b.leaving_out
    return Loads(entries, a.wild or b.wild, only, a.deferred & b.deferred, undeferred, leaving_out)


def join_all(loads: Iterable[Loads]) -> Loads:
    """`join` of several, nothing for none."""
    result: Loads | None = None
    for one in loads:
        result = one if result is None else join(result, one)
    return NOTHING if result is None else result


def describe(loads: Loads) -> str:
    """For people: `{posts, posts.tags?, ...}`; `?` marks what is loaded on some way only, `...` unknown options."""
    words = _words(loads, "")
    if loads.wild:
        words.append("...")
    return "{" + ", ".join(words) + "}"


def _words(loads: Loads, prefix: str) -> list[str]:
    words: list[str] = []
    for name, entry in sorted(loads.entries.items()):
        if entry.how in LOADING:
            words.append(f"{prefix}{name}{'' if entry.sure else '?'}")
        words += _words(entry.below, f"{prefix}{name}.")
    return words
