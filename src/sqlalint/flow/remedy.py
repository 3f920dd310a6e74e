"""The loader option that a lazy load wants, complete with its chain, as code to paste."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping

from sqlalint.facts.span import Spot
from sqlalint.flow.events import LazyRead, Query
from sqlalint.project.mapping import Relationship

_QUERIED = ("dynamic", "write_only")
_PREPOSITIONS = ("by", "to", "from", "for", "of", "in", "at", "on")


class Branch:
    """One relationship of the options that reads want, and those behind it. `how` is the loader function."""

    def __init__(self, model: str, model_id: str, attribute: str) -> None:
        self.model, self.model_id, self.attribute = model, model_id, attribute
        self.how = "defaultload"  # keeps what the query says of it
        self.below: dict[str, Branch] = {}

    def code(self, models: Mapping[str, str], functions: Mapping[str, str], *, chained: bool = False) -> str:
        """The option as code, with the names that models and loader functions have there, by their own names.

        In a chain the function is a method.
        """
        text = self.how if chained else functions.get(self.how, self.how)
        text += f"({models.get(self.model, self.model)}.{self.attribute})"
        inner = list(self.below.values())
        if len(inner) == 1:
            return f"{text}.{inner[0].code(models, functions, chained=True)}"
        return text + (f".options({', '.join(b.code(models, functions) for b in inner)})" if inner else "")

    def functions(self) -> set[str]:
        """The loader functions that are called by name."""
        found, branch = {self.how}, self
        while len(branch.below) == 1:
            (branch,) = branch.below.values()
        return found.union(*(b.functions() for b in branch.below.values()))

    def branches(self) -> "Iterator[Branch]":
        """This one and all behind it."""
        yield self
        for branch in self.below.values():
            yield from branch.branches()


def options(reads: Iterable[LazyRead]) -> list[Branch]:
    """The options that load what is read, and what is read behind that; none for what no option helps (dynamic ones)."""
    found: dict[str, Branch] = {}
    for read in (r for first in reads for r in (first, *first.further)):
        relationship = read.relationship
        if relationship is None or relationship.lazy in _QUERIED or len(read.path_models) != len(read.path):
            continue
        above = zip(read.path_models, read.path_ids, read.path, strict=True)
        level = found
        for model, model_id, attribute in [*above, (read.model_name, read.model, read.attribute)][read.own_query :]:
            branch = level.setdefault(attribute, Branch(model, model_id, attribute))
            level = branch.below
        if branch.how == "defaultload":
            branch.how = _strategy(read, relationship)
    return list(found.values())


def _strategy(read: LazyRead, relationship: Relationship) -> str:
    return "selectinload" if relationship.collection or prefers_selectin(read.query) else "joinedload"


def prefers_selectin(query: Query) -> bool:
    """Whether a join is out of place: LIMIT, DISTINCT, locks, streams, and 2.0-style results without `unique()`."""
    return not query.legacy or query.limited or query.distinct or query.locked or query.stream


def advice(reads: list[LazyRead]) -> list[str]:
    """What to write for options, and at which query."""
    texts = []
    for owner in dict.fromkeys(_owner(r) for r in reads):
        found = [branch.code({}, {}) for branch in options(r for r in reads if _owner(r) == owner)]
        if not found:
            continue
        query = reads[0].query
        code = (".options({})" if owner else where(query)).format(", ".join(found))
        alias = f", with the alias that it selects in place of `{query.entity}`" if query.aliased and not owner else ""
        texts.append(f"load it with the query{owner}: `{code}`{alias}")
    return texts


def way(reads: Iterable[LazyRead]) -> list[tuple[str, Spot]]:
    """The calls that lead to reads in other functions, and the reads, each with what happens there."""
    found: dict[Spot, str] = {}
    for read in reads:
        for text, place in way_to(read.calls, read.at, f"reads {read.name}"):
            found.setdefault(place, text)
    return [(text, place) for place, text in found.items()]


def setting(read: LazyRead) -> str:
    """A relationship as the mapper has it, and where its setting stops."""
    assert read.relationship is not None
    lazy, target = read.relationship.lazy or "select", read.relationship.target
    back = lazy in ("joined", "selectin", "subquery") and target in (*read.path_ids, read.model)
    text = f'{read.name}: {read.relationship.direction or "direction not known"}, lazy="{lazy}"'
    return f"{text}, which stops at a class that it came through" if back and not read.has_option else text


def is_per_distinct(read: LazyRead) -> bool:
    """Whether rows share what is read: then the session loads each target once."""
    relationship = read.relationship
    return relationship is not None and relationship.direction == "many-to-one" and not read.query.stream


def owner(read: LazyRead) -> str:
    """What the object is called that has the relationship; `distinct user` where rows may share one."""
    return f"distinct {words(read.model_name)}" if read.shared else words(read.model_name)


def source(query: Query, text: str) -> list[tuple[str, Spot]]:
    """The query, and the calls that lead to it; `text` says what it is."""
    return [("through this call", call) for call in query.calls] + [(text, query.at)]


def way_to(calls: tuple[Spot, ...], at: Spot, does: str) -> list[tuple[str, Spot]]:
    """The calls behind the first one, and the place that they lead to; nothing where it is in the function itself."""
    if not calls:
        return []
    steps = itertools.pairwise((*calls[1:], at))
    return [
        *((f"`{place.definition}` calls `{then.definition}`", place) for place, then in steps),
        (f"`{at.definition}` {does}", at),
    ]


def _owner(read: LazyRead) -> str:
    """` of User.posts` where the rows come from a dynamic relationship's own query."""
    if not read.own_query or len(read.path_models) != len(read.path):
        return ""
    return f" of {read.path_models[read.own_query - 1]}.{read.path[read.own_query - 1]}"


def where(query: Query) -> str:
    """How options are given to a query."""
    return "options=[{}]" if query.kind == "get" and not query.legacy else ".options({})"


def words(name: str) -> str:
    """`OrgSubscription` or `org_subscription` as people say it: "org subscription"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.replace("_", " "))
    return spaced.strip().lower()


def target(attribute: str) -> str:
    """What an attribute of one object is called where one is meant of several: "author"; `added_by` as it is written."""
    said = words(attribute)
    return f"`{attribute}`" if said.rpartition(" ")[2] in _PREPOSITIONS else said


def plural(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
