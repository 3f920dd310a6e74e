"""Revisions and script trees as values."""

from msgspec import Struct

from sqlalint.facts.span import START, Spot

FILES = "revision files"  # the source of trees that no configuration in sight names


class Reference(Struct, frozen=True, array_like=True):
    """An id or label that a revision names, and where."""

    id: str
    at: Spot


class Revision(Struct, frozen=True, array_like=True, kw_only=True):
    """A revision file, from its literals.

    `at` is the value of `revision`, the other spots those of the values of `down_revision`, `branch_labels` and
    `depends_on` (None where there is none). `parents`, `labels` and `depends_on` are None where they are no literals.
    `upgrade` and `downgrade` are the keys of the functions in the file, None where the file defines none;
    `binds` are all names that the module binds or imports at its top level ("*" for a star import).
    """

    id: str
    path: str
    parents: tuple[Reference, ...] | None = ()
    labels: tuple[str, ...] | None = ()
    depends_on: tuple[Reference, ...] | None = ()
    at: Spot
    down_at: Spot | None = None
    labels_at: Spot | None = None
    depends_at: Spot | None = None
    doc: str = ""
    upgrade: str | None = None
    downgrade: str | None = None
    binds: frozenset[str] = frozenset()

    @property
    def is_merge(self) -> bool:
        """Whether it joins several revisions."""
        return self.parents is not None and len(self.parents) > 1

    @property
    def file(self) -> str:
        """The name of its file."""
        return self.path.rpartition("/")[2]


class Unidentified(Struct, frozen=True, array_like=True):
    """A file in a versions folder that gives no literal `revision`. `absent`: it surely has none."""

    path: str
    absent: bool

    @property
    def at(self) -> Spot:
        """The beginning of the file."""
        return Spot(self.path, "", START)


class ScriptTree(Struct, frozen=True, array_like=True, kw_only=True):
    """A folder of migrations with its revisions, as one configuration of Alembic sees it.

    `id` tells it from other trees; `folder` is the script location; `source` where it was found (`alembic.ini
    [alembic]`); `versions` the folders of revisions; `env` the path of its env.py. `revisions` are in order of path.
    `heads` and `bases` are ids. `resolved` is False where a file or an id in it could not be read, or a versions folder
    is out of sight: then nothing may be said of what is missing.
    """

    id: str
    folder: str
    source: str
    versions: tuple[str, ...]
    env: str | None
    revisions: tuple[Revision, ...]
    unidentified: tuple[Unidentified, ...] = ()
    heads: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    resolved: bool = True

    @property
    def is_configured(self) -> bool:
        """Whether anything but the revision files themselves tells that Alembic loads these folders."""
        return self.source != FILES

    @property
    def labels(self) -> frozenset[str]:
        """All branch labels."""
        return frozenset(label for r in self.revisions for label in r.labels or ())
