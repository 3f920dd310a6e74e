"""What was kept from an earlier run never changes what a run finds.

Each definition of a fixture project is changed in turn. A run that may use what the run before has kept must say what a
run without anything kept says: findings, places, messages, tiers.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest

import sqlalint.engine
from sqlalint.facts.file import Definition
from sqlalint.flow import analysis
from sqlalint.project.project import Settings
from sqlalint.report.finding import Reported
from tests.harness import FIXTURES, Fixture, MemoryTree, load_fixture

PROJECTS = [
    FIXTURES / "lazy_load_in_loop" / "blog",
    FIXTURES / "lazy_load_in_async" / "blog",
    FIXTURES / "joined_collection_without_unique" / "mapper.py",
    FIXTURES / "projects" / "blog",
    FIXTURES / "projects" / "two_services",
]

# Changes that give a line another meaning, where it has such words.
EDITS = (
    ("relationship(", 'relationship(lazy="selectin", '),
    ("index=True", "index=False"),
    ("Mapped[list[", "Mapped[set["),
    ("selectinload(", "lazyload("),
    ("joinedload(", "selectinload("),
    ("select(User)", "select(User).limit(5)"),
    (".unique()", ""),
    (".all()", ".first()"),
)


class MemoryStore:
    """Records that are kept in memory."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, bytes], bytes] = {}

    def get_many(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The records that there are."""
        return {key: self.records[kind, key] for key in keys if (kind, key) in self.records}

    def put_many(self, kind: str, items: Mapping[bytes, bytes]) -> None:
        """Keep records."""
        self.records.update({(kind, key): value for key, value in items.items()})


Files = Mapping[str, bytes]


def findings(files: Files, store: MemoryStore | None, monkeypatch: pytest.MonkeyPatch) -> tuple[Reported, ...]:
    """What a run says, with what the store has kept or without."""
    keys = {path: hashlib.sha256(path.encode() + b"\0" + content).digest() for path, content in files.items()}
    with monkeypatch.context() as patch:
        patch.setattr(sqlalint.engine, "follow_all", partial(analysis.follow_all, store=store, keys=keys))
        result = sqlalint.engine.analyse(MemoryTree(files), Settings())
    assert not result.crashes, result.crashes[0].trace
    return result.findings


def changes(fixture: Fixture) -> Iterator[tuple[str, Files]]:
    """The project with each of its definitions moved, removed and given another meaning, with what was done."""
    index = {path: file.index.definitions for path, file in fixture.project().files.items()}
    for path, definitions in index.items():
        for definition in definitions:
            for what, lines in variants(fixture.files[path].splitlines(keepends=True), definition):
                yield f"{path}: {definition.key} {what}", {**fixture.files, path: b"".join(lines)}


def variants(lines: list[bytes], definition: Definition) -> Iterator[tuple[str, list[bytes]]]:
    """The lines of a file, changed at one definition."""
    first, last = definition.row - 1, definition.end_row
    before, own, after = lines[:first], lines[first:last], lines[last:]
    indent = own[0][: len(own[0]) - len(own[0].lstrip())]
    yield "removed", [*before, indent + b"pass\n", *after]
    yield "moved", [*before, b"# moved\n", b"\n", *own, *after]
    text = b"".join(own)
    for old, new in EDITS:
        if definition.kind != "class" and old.encode() in text:
            yield f"with {new or 'nothing'} for {old}", [*before, text.replace(old.encode(), new.encode(), 1), *after]


@pytest.mark.parametrize("path", PROJECTS, ids=lambda p: p.relative_to(FIXTURES).as_posix())
def test_a_run_after_a_change_finds_what_a_fresh_run_finds(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = load_fixture(path)
    store = MemoryStore()
    first = findings(fixture.files, store, monkeypatch)
    different = 0
    for what, files in changes(fixture):
        fresh = findings(files, None, monkeypatch)
        assert findings(files, store, monkeypatch) == fresh, what
        different += [f.message for f in fresh] != [f.message for f in first]
    assert findings(fixture.files, store, monkeypatch) == first, "changed and changed back"
    assert different >= 5, "the changes are to matter"


def test_an_unchanged_run_follows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = load_fixture(PROJECTS[0])
    store = MemoryStore()
    first = findings(fixture.files, store, monkeypatch)

    def follow(*_: object) -> None:
        raise AssertionError("nothing has changed")

    with monkeypatch.context() as patch:
        patch.setattr(analysis, "follow", follow)
        assert findings(fixture.files, store, monkeypatch) == first
