"""The project: the facts of one tree linked, and the questions that flow and rules ask of it."""

import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from msgspec import Struct

from sqlalint.facts.file import Definition as IndexEntry
from sqlalint.facts.file import Failure, FileFacts, decode_statement
from sqlalint.facts.span import Place, Span, Spot
from sqlalint.facts.statement import Class, Function, Statement
from sqlalint.project import symbols
from sqlalint.project.libraries import Libraries, known_libraries
from sqlalint.project.modules import Modules
from sqlalint.project.reads import Ground, Reads
from sqlalint.project.settings import Settings
from sqlalint.report.places import is_test

if TYPE_CHECKING:
    from sqlalint.project.environment import Environment
    from sqlalint.project.history import Histories
    from sqlalint.project.migrations import Migrations
    from sqlalint.project.models import Models
    from sqlalint.project.models.classes import Classes
    from sqlalint.project.models.evidence import Said
    from sqlalint.project.sessions import SessionFactory


class UnreadableFile(Struct, frozen=True):
    """A file that could not be read, decoded or parsed, and why."""

    path: str
    failure: Failure

    @property
    def at(self) -> Spot:
        """Where the parser stopped."""
        row, column = self.failure.row, self.failure.column
        return Spot(self.path, "", Span(row, column, row, column + 1))


class RecordStore(Protocol):
    """Where results are kept from run to run; one that loses them costs time and nothing else."""

    def get_many(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The records that there are, by key."""
        ...

    def put_many(self, kind: str, items: Mapping[bytes, bytes]) -> None:
        """Keep records."""
        ...


class Records(NamedTuple):
    """Where what was found out about files is kept; the key of each file's path and content, and that of its path."""

    store: RecordStore
    keys: Mapping[str, bytes]
    paths: Mapping[str, bytes]


class Project:
    """One tree, linked lazily: what nobody asks for is never built.

    `files` are the facts of every readable Python file by path; `failures` those that could not be read; `texts` the
    other files that were read (ini, toml, requirements, templates) by path. Paths are relative to the project root.
    """

    def __init__(
        self,
        files: Mapping[str, FileFacts],
        failures: Mapping[str, Failure] | None = None,
        texts: Mapping[str, str] | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.files = files
        self.failures = failures or {}
        self.texts = texts or {}
        self.settings = settings or Settings()
        self.libraries: Libraries = known_libraries()
        self.reads = Reads()
        self.modules = Modules(
            {p: f.index for p, f in files.items()}, self.libraries, self.settings.import_roots, self.reads
        )
        self.records: Records | None = None
        self._statements: dict[tuple[str, str], Statement | None] = {}

    # --- definitions ---

    @functools.cached_property
    def entries(self) -> dict[str, dict[str, IndexEntry]]:
        """The index entries of each file by key."""
        return {path: {d.key: d for d in f.index.definitions} for path, f in self.files.items()}

    @functools.cached_property
    def owners_of_methods(self) -> dict[str, tuple[str, ...]]:
        """The ids of the classes that define a method of each name."""
        found: dict[str, list[str]] = {}
        for path, facts in self.files.items():
            for entry in facts.index.definitions:
                if entry.kind == "function" and entry.owner:
                    found.setdefault(entry.name, []).append(f"{path}::{entry.owner}")
        return {name: tuple(owners) for name, owners in found.items()}

    @functools.cached_property
    def callers(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """The functions, outside tests, that call anything by a name other than their own, by that name."""
        found: dict[str, list[tuple[str, str]]] = {}
        for path, facts in self.files.items():
            if not is_test(path):
                for entry in facts.index.definitions:
                    for name in entry.calls:
                        if name == entry.name:  # it is in its own first line
                            continue
                        found.setdefault(name, []).append((path, entry.key))
        return {name: tuple(owners) for name, owners in found.items()}

    @functools.cached_property
    def sets_expiry(self) -> bool:
        """Whether anything outside tests says what commits do to objects (`expire_on_commit`)."""
        return any(
            "expire_on_commit" in definition.mentions
            for path, facts in self.files.items()
            if not is_test(path)
            for definition in facts.index.definitions
        )

    def entry(self, path: str, key: str) -> IndexEntry | None:
        """The index entry of a definition."""
        self.reads.log.definitions.add((path, key))
        return self.entries.get(path, {}).get(key)

    def statement(self, path: str, key: str) -> Statement | None:
        """A definition, lowered; None where there is none, or where its body was left out (functions of tests)."""
        at = (path, key)
        self.reads.log.definitions.add(at)
        if at not in self._statements:
            facts = self.files.get(path)
            raw = facts.bodies.get(key) if facts else None
            self._statements[at] = None if raw is None else decode_statement(raw)
        return self._statements[at]

    def function(self, path: str, key: str) -> Function | None:
        """A function or method, lowered."""
        found = self.statement(path, key)
        return found if isinstance(found, Function) else None

    def class_(self, path: str, key: str) -> Class | None:
        """A class without its methods, lowered."""
        found = self.statement(path, key)
        return found if isinstance(found, Class) else None

    def place(self, spot: Spot) -> Place:
        """A spot with the rows of the file."""
        entry = self.entry(spot.path, spot.definition) if spot.definition else None
        return Place(spot.path, spot.span.down(entry.row - 1) if entry else spot.span)

    @functools.cached_property
    def ground(self) -> Ground:
        """What results stand on that are kept from run to run."""
        return Ground(self)

    # --- names ---

    def resolve(self, path: str, name: str) -> symbols.Symbol:
        """What a dotted name stands for at the level of a module."""
        return self.modules.resolve(path, name)

    # --- linked facts, each built when first asked for ---

    @functools.cached_property
    def classes(self) -> "Classes":
        """The classes of the project with their ancestors."""
        from sqlalint.project.models.classes import Classes

        return Classes(self)

    @property
    def has_classes(self) -> bool:
        """Whether somebody has asked for classes."""
        return "classes" in vars(self)

    @functools.cached_property
    def models(self) -> "Models":
        """Models and tables."""
        from sqlalint.project.models import link_models

        return link_models(self)

    @functools.cached_property
    def said(self) -> "dict[str, Said]":
        """What the functions of each file say of models, with names as they are written."""
        from sqlalint.project.models.evidence import read_said

        return read_said(self)

    @functools.cached_property
    def session_factories(self) -> "tuple[SessionFactory, ...]":
        """Where asynchronous sessions are made, tests included."""
        from sqlalint.project.sessions import read_session_factories

        return tuple(read_session_factories(self))

    @functools.cached_property
    def migrations(self) -> "Migrations":
        """Script trees and revisions."""
        from sqlalint.project.migrations import read_migrations

        return read_migrations(self)

    @functools.cached_property
    def histories(self) -> "Histories":
        """Script trees replayed."""
        from sqlalint.project.history import Histories

        return Histories(self)

    @functools.cached_property
    def environment(self) -> "Environment":
        """Versions and dialects in play."""
        from sqlalint.project.environment import read_environment

        return read_environment(self)

    @property
    def unreadable(self) -> list[UnreadableFile]:
        """The files that could not be read."""
        return [UnreadableFile(path, failure) for path, failure in sorted(self.failures.items())]


def split_id(identity: str) -> tuple[str, str]:
    """`path::key` as its two parts."""
    path, _, key = identity.partition("::")
    return path, key
