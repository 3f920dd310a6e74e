"""What was kept from an earlier run never changes what a run finds.

Each definition of a fixture project is changed in turn. A run that may use what the run before has kept must say what a
run without anything kept says: findings, places, messages, tiers.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sqlalint.cache import Cache
from sqlalint.engine import analyse
from sqlalint.facts import file
from sqlalint.facts.file import Definition
from sqlalint.flow import analysis
from sqlalint.project.settings import Settings
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


Files = Mapping[str, bytes]


def findings(files: Files, folder: Path | None = None) -> tuple[Reported, ...]:
    """What a run says that uses the cache in a folder, or none."""
    tree, settings = MemoryTree(files), Settings()
    if folder is None:
        result = analyse(tree, settings)
    else:
        with Cache(str(folder), b"this version") as cache:
            result = analyse(tree, settings, cache=cache)
        assert not cache.trouble
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
def test_a_run_after_a_change_finds_what_a_fresh_run_finds(path: Path, tmp_path: Path) -> None:
    fixture = load_fixture(path)
    first = findings(fixture.files, tmp_path)
    different = 0
    for what, files in changes(fixture):
        fresh = findings(files)
        assert findings(files, tmp_path) == fresh, what
        different += [f.message for f in fresh] != [f.message for f in first]
    assert findings(fixture.files, tmp_path) == first, "changed and changed back"
    assert different >= 5, "the changes are to matter"


def test_an_unchanged_run_reads_and_follows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fixture = load_fixture(PROJECTS[0])
    first = findings(fixture.files, tmp_path)

    def work(*_: object) -> None:
        raise AssertionError("nothing has changed")

    monkeypatch.setattr(analysis, "follow", work)
    monkeypatch.setattr(file, "parse", work)
    assert findings(fixture.files, tmp_path) == first
