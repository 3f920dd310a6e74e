"""The schema along the revisions of a script tree: before and after each, and before each operation."""

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from sqlalint.project.history.applying import Setting, apply, chance
from sqlalint.project.history.naming import convention_of
from sqlalint.project.history.operations import AnyOperation, Script
from sqlalint.project.history.schema import Schema
from sqlalint.project.migrations import graph
from sqlalint.project.migrations.revision import Revision, ScriptTree

if TYPE_CHECKING:
    from sqlalint.project.history.history import Histories


class Moment(NamedTuple):
    """An operation with the schema that it meets. `runs` is None where a condition around it is not read."""

    operation: AnyOperation
    before: Schema
    runs: bool | None


class Replay:
    """The revisions of one tree replayed for one dialect (None: not known)."""

    def __init__(self, histories: "Histories", tree: ScriptTree, dialect: str | None) -> None:
        self._histories = histories
        self.tree = tree
        self.dialect = dialect
        self._revisions: dict[str, list[Revision]] = {}
        for revision in tree.revisions:
            self._revisions.setdefault(revision.id, []).append(revision)
        self._graph = _with_dependencies(tree)
        self._after: dict[str, Schema] = {}
        self._order = graph.oldest_first(self._graph)
        self._place = {identity: number for number, identity in enumerate(self._order)}

    @functools.cached_property
    def convention(self) -> dict[str, str] | None:
        """The naming convention under which the tree is run; None where it is not known."""
        return convention_of(self._histories.project, self.tree)

    def runs_on(self, dialect: str) -> bool | None:
        """As `Histories.runs_on`."""
        return self._histories.runs_on(self.tree, dialect)

    @functools.cached_property
    def head(self) -> Schema:
        """The schema after all revisions."""
        schema = Schema()
        for identity in self._order:
            schema = self._done(identity, schema)
        return schema

    def before(self, identity: str) -> Schema:
        """The schema that a revision meets: that of all revisions above it."""
        above = [p for p in self._graph.get(identity, ()) if p in self._graph and p != identity]
        if not above:
            return Schema()
        schema = self.after(above[0])
        if len(above) > 1:
            done = graph.ancestors(self._graph, above[0])
            missing = {a for p in above[1:] for a in graph.ancestors(self._graph, p)} - done
            for other in sorted(missing, key=self._place.__getitem__):
                schema = self._done(other, schema)
        return schema

    def after(self, identity: str) -> Schema:
        """The schema that a revision leaves."""
        if identity not in self._after:
            pending = [i for i in self._order if i not in self._after and i in graph.ancestors(self._graph, identity)]
            for here in pending:  # from the oldest, so that no chain is too long for the stack
                if here not in self._after:
                    self._after[here] = Schema()  # a cycle ends here
                    self._after[here] = self._done(here, self.before(here))
        return self._after[identity]

    def _done(self, identity: str, schema: Schema) -> Schema:
        for revision in self._revisions.get(identity, ())[:1]:
            for moment in self.moments(revision, "upgrade", schema):
                schema = apply(moment.before, moment.operation, self._setting(revision))
        return schema

    def _setting(self, revision: Revision) -> Setting:
        return Setting(revision.id, self.dialect, self.convention)

    # --- one revision ---

    def script(self, revision: Revision, which: str) -> Script:
        """What `upgrade` or `downgrade` of a revision does."""
        return self._histories.script(revision, which, self.dialect)

    def moments(self, revision: Revision, which: str = "upgrade", start: Schema | None = None) -> Iterator[Moment]:
        """The operations of a revision that may run, each with the schema that it meets.

        A downgrade starts from what the upgrade leaves.
        """
        if start is None:
            start = self.before(revision.id) if which == "upgrade" else self.after(revision.id)
        schema, setting = start, self._setting(revision)
        for operation in self.script(revision, which).operations:
            runs = chance(operation.scope, self.dialect)
            if runs is not False:
                yield Moment(operation, schema, runs)
                schema = apply(schema, operation, setting)

    def undone(self, revision: Revision) -> Schema:
        """The schema after a revision's upgrade and then its downgrade."""
        schema, setting = self.after(revision.id), self._setting(revision)
        for moment in self.moments(revision, "downgrade"):
            schema = apply(moment.before, moment.operation, setting)
        return schema


def _with_dependencies(tree: ScriptTree) -> dict[str, tuple[str, ...]]:
    """Parents and what a revision depends on, branch labels resolved."""
    found = graph.parents(tree.revisions)
    labelled = {label: r.id for r in tree.revisions for label in r.labels or ()}
    for revision in tree.revisions:
        for reference in revision.depends_on or ():
            target = labelled.get(reference.id, reference.id)
            if target in found and target != revision.id:
                found[revision.id] = tuple(dict.fromkeys((*found[revision.id], target)))
    return found
