"""The loader option that a lazy load wants, complete with its chain, as code to paste."""

import itertools
import re
from collections.abc import Iterable

from sqlalint.facts.span import Spot
from sqlalint.flow.events import LazyRead, Query
from sqlalint.project.mapping import Relationship


def option(read: LazyRead) -> str | None:
    """`selectinload(User.posts).joinedload(Post.author)`; None where no option helps (dynamic relationships)."""
    if read.relationship is None or read.relationship.lazy in ("dynamic", "write_only"):
        return None
    text = ""
    steps = list(zip(read.path_models, read.path, strict=False))
    for model, attribute in steps[read.own_query :]:
        text += ("." if text else "") + f"selectinload({model}.{attribute})"
    if len(read.path_models) != len(read.path):
        return None
    text += ("." if text else "") + _step(read, read.relationship)
    for below in read.further:
        if below.relationship is not None and len(below.path) == len(read.path) + 1:
            text += "." + _step(below, below.relationship)
            break
    return text


def _step(read: LazyRead, relationship: Relationship) -> str:
    strategy = "selectinload" if relationship.collection or prefers_selectin(read.query) else "joinedload"
    return f"{strategy}({read.model_name}.{read.attribute})"


def prefers_selectin(query: Query) -> bool:
    """Whether a join is out of place: LIMIT, DISTINCT, locks, streams, and 2.0-style results without `unique()`."""
    return not query.legacy or query.limited or query.distinct or query.locked or query.stream


def advice(reads: list[LazyRead]) -> list[str]:
    """What to write for options, and at which query."""
    texts = []
    for owner in dict.fromkeys(_owner(r) for r in reads):
        options = list(dict.fromkeys(o for r in reads if _owner(r) == owner and (o := option(r)) is not None))
        if not options:
            continue
        query = reads[0].query
        code = (".options({})" if owner else where(query)).format(", ".join(options))
        alias = f", with the alias that it selects in place of `{query.entity}`" if query.aliased and not owner else ""
        texts.append(f"load it with the query{owner}: `{code}`{alias}")
    return texts


def way(reads: Iterable[LazyRead]) -> list[tuple[str, Spot]]:
    """The calls that lead to reads in other functions, and the reads, each with what happens there."""
    found: dict[Spot, str] = {}
    for read in reads:
        places = [*read.calls[1:], read.at] if read.calls else []
        for place, then in itertools.pairwise(places):
            found.setdefault(place, f"`{place.definition}` calls `{then.definition}`")
        if places:
            found.setdefault(read.at, f"`{read.at.definition}` reads {read.name}")
    return [(text, place) for place, text in found.items()]


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


def plural(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
