"""The graph of revisions: heads, bases, order, cycles, labels. Pure functions over revisions.

Where one id stands in two files, all parents that either names count: nothing is said that only one of them bears out.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalint.project.migrations.revision import Revision

Parents = Mapping[str, tuple[str, ...]]


def parents(revisions: Iterable[Revision]) -> dict[str, tuple[str, ...]]:
    """The ids that each id names as `down_revision`, those that do not exist included."""
    found: dict[str, tuple[str, ...]] = {}
    for revision in revisions:
        named = tuple(p.id for p in revision.parents or ())
        found[revision.id] = tuple(dict.fromkeys((*found.get(revision.id, ()), *named)))
    return found


def heads(graph: Parents) -> tuple[str, ...]:
    """The ids that no other names as its parent, in the order given. What only `depends_on` names stays a head."""
    named = {p for revision, above in graph.items() for p in above if p != revision}
    return tuple(r for r in graph if r not in named)


def bases(graph: Parents) -> tuple[str, ...]:
    """The ids without a parent."""
    return tuple(r for r, above in graph.items() if not above)


def ancestors(graph: Parents, start: str) -> set[str]:
    """The ids above `start`, itself included, as far as they exist."""
    found: set[str] = set()
    pending = [start]
    while pending:
        here = pending.pop()
        if here in graph and here not in found:
            found.add(here)
            pending.extend(graph[here])
    return found


def oldest_first(graph: Parents) -> list[str]:
    """The ids with parents before their children; what is in or after a cycle comes last, in the order given."""
    order = _ordered(graph)
    done = set(order)
    return order + [r for r in graph if r not in done]


def _ordered(graph: Parents) -> list[str]:
    """The ids that are in no cycle and after none, with parents before their children."""
    missing = {r: sum(p in graph for p in set(above)) for r, above in graph.items()}
    children: dict[str, list[str]] = {}
    for revision, above in graph.items():
        for parent in set(above):
            children.setdefault(parent, []).append(revision)
    ready = [r for r, count in missing.items() if not count]
    order: list[str] = []
    while ready:
        here = ready.pop(0)
        order.append(here)
        for child in children.get(here, ()):
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
    return order


def cycles(graph: Parents) -> list[tuple[str, ...]]:
    """Each cycle once, from its first member in the order given: every id in it names the next as its parent."""
    found: list[tuple[str, ...]] = []
    seen: set[str] = set(_ordered(graph))
    for start in graph:
        path = _way_back(graph, start) if start not in seen else None
        if path:
            seen.update(path)
            found.append(path)
    return found


def _way_back(graph: Parents, start: str) -> tuple[str, ...] | None:
    """The shortest way from an id over parents back to itself."""
    before: dict[str, str] = {}
    pending = [start]
    while pending:
        here = pending.pop(0)
        for parent in graph.get(here, ()):
            if parent == start:
                way = [here]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return tuple(reversed(way))
            if parent in graph and parent not in before:
                before[parent] = here
                pending.append(parent)
    return None


def labels_of(revisions: Sequence[Revision], graph: Parents, head: str) -> set[str]:
    """The branch labels of a head: its own and those of the revisions above it."""
    above = ancestors(graph, head)
    return {label for r in revisions if r.id in above for label in r.labels or ()}


def unintended_heads(revisions: Sequence[Revision]) -> tuple[str, ...]:
    """The heads that have no branch label of their own, in order of file name, where there are several."""
    graph = parents(sorted(revisions, key=lambda r: (r.file, r.path)))
    found = heads(graph)
    if len(found) < 2:
        return ()
    labels = {h: labels_of(revisions, graph, h) for h in found}
    plain = [h for h in found if not any(_own(label, h, labels) for label in labels[h])]
    return tuple(plain) if len(plain) > 1 else ()


def _own(label: str, head: str, labels: Mapping[str, set[str]]) -> bool:
    return not any(label in others for other, others in labels.items() if other != head)
