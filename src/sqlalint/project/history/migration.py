"""One revision in its history: what rules on migrations judge."""

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalint.facts.span import Spot
from sqlalint.project.history.operations import AnyOperation, Script, Unknown
from sqlalint.project.history.replay import Moment, Replay
from sqlalint.project.history.schema import Schema, Table
from sqlalint.project.migrations.revision import Revision

if TYPE_CHECKING:
    from sqlalint.project.project import Project

WAYS = ("upgrade", "downgrade")


class Migration:
    """A revision with the schema that it meets, for the dialect on which its tree is run (`dialect`, None: not known).

    `way` is "upgrade" or "downgrade" throughout.
    """

    def __init__(self, revision: Revision, replay: Replay) -> None:
        self.revision = revision
        self.replay = replay
        self.dialect = replay.dialect

    def runs_on(self, dialect: str) -> bool | None:
        """Whether the tree is run on a dialect: True where that is known, None where a driver infers it."""
        return self.replay.runs_on(dialect)

    @functools.cached_property
    def before(self) -> Schema:
        """The schema that the upgrade meets."""
        return self.replay.before(self.revision.id)

    @functools.cached_property
    def after(self) -> Schema:
        """The schema that the upgrade leaves."""
        return self.replay.after(self.revision.id)

    @functools.cached_property
    def undone(self) -> Schema:
        """The schema after the upgrade and then the downgrade."""
        return self.replay.undone(self.revision)

    @functools.cached_property
    def upgrade(self) -> tuple[Moment, ...]:
        """The operations of `upgrade()`, each with the schema that it meets."""
        return tuple(self.replay.moments(self.revision, "upgrade", self.before))

    @functools.cached_property
    def downgrade(self) -> tuple[Moment, ...]:
        """Those of `downgrade()`, after the upgrade."""
        return tuple(self.replay.moments(self.revision, "downgrade", self.after))

    def script(self, way: str) -> Script:
        """What a function does, whether it runs or not."""
        return self.replay.script(self.revision, way)

    def moments(self, way: str) -> tuple[Moment, ...]:
        """The operations of one way."""
        return self.upgrade if way == "upgrade" else self.downgrade

    @property
    def both(self) -> Iterator[tuple[str, tuple[Moment, ...]]]:
        """Both ways by name."""
        yield from ((way, self.moments(way)) for way in WAYS)

    def is_new(self, table: Table | None) -> bool:
        """Whether a table is made by this revision: it has no rows, and nobody reads it yet."""
        return table is not None and table.made is not None and table.made.revision == self.revision.id

    def here(self, operation: AnyOperation, at: Spot | None = None) -> Spot:
        """Where an operation is in the file of the revision: a part of it, itself, or the call there that leads to it."""
        path = self.revision.path
        if at is not None and at.path == path:
            return at
        if operation.at.path == path:
            return operation.at
        return next((c for c in operation.scope.calls if c.path == path), operation.at)


def may_have_made(moments: tuple[Moment, ...], table: str) -> bool:
    """Whether operations that are not understood may have made or emptied a table."""
    return any(
        isinstance(m.operation, Unknown) and (m.operation.tables is None or table in m.operation.tables)
        for m in moments
    )


def migrations(project: "Project") -> Iterator[Migration]:
    """Every revision of every tree; a file that two trees load counts once."""
    for revision in project.migrations.revisions:
        yield Migration(revision, project.histories.of(revision))
