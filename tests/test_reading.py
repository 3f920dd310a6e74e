"""Reading a tree: the same facts from text, from several processes and from the cache, whatever happens to those."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import pytest

import sqlalint
from sqlalint import processes, reading
from sqlalint.analysis import Analysis
from sqlalint.cache import Cache
from sqlalint.facts.file import read_facts
from sqlalint.project.settings import Settings
from sqlalint.reading import Read, Task, read_chunk, read_tree
from sqlalint.run import analyse_with_cache
from sqlalint.source.snapshot import Snapshot
from tests.harness import MemoryTree
from tests.test_hostile import GOOD

PACKAGE = Path(sqlalint.__file__).parent
FILES = {str(p.relative_to(PACKAGE)).replace(os.sep, "/"): p.read_bytes() for p in sorted(PACKAGE.rglob("*.py"))}
FILES |= {
    "tests/test_a.py": b"def test(): a()\n",
    "broken.py": b"x = (\n",
    "bytes.py": b"x = '\xff'\n",
    "a.ini": b"[a]\n",
}


def plain(read: Read) -> object:
    """What was read, with everything loaded."""
    files = {
        path: (facts.index, {key: bytes(facts.bodies[key]) for key in facts.bodies})
        for path, facts in read.files.items()
    }
    return files, read.failures, read.keys


def snapshot() -> Snapshot:
    return Snapshot(MemoryTree(FILES))


@pytest.fixture(scope="module")
def expected() -> object:
    return plain(read_tree(snapshot(), jobs=1))


def test_several_processes_read_the_same(expected: object) -> None:
    assert plain(read_tree(snapshot(), jobs=2)) == expected


def test_the_cache_has_the_same(expected: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Cache(str(tmp_path), b"1") as cache:
        assert plain(read_tree(snapshot(), cache=cache)) == expected
    monkeypatch.setattr(reading, "read_facts", lambda *_, **__: pytest.fail("a file is read anew"))
    with Cache(str(tmp_path), b"1") as cache:
        assert plain(read_tree(snapshot(), cache=cache)) == expected


def test_one_changed_file_is_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Cache(str(tmp_path), b"1") as cache:
        read_tree(snapshot(), cache=cache)
    seen: list[bytes] = []

    def counted(content: bytes, *, bodies: bool) -> object:
        seen.append(content)
        return read_facts(content, bodies=bodies)

    monkeypatch.setattr(reading, "read_facts", counted)
    changed = Snapshot(MemoryTree({**FILES, "engine.py": b"new = 1\n"}))
    with Cache(str(tmp_path), b"1") as cache:
        read_tree(changed, cache=cache)
    assert seen == [b"new = 1\n"]


def test_bodies_that_the_cache_lost_are_read_again(expected: object, tmp_path: Path) -> None:
    class Forgetful(Cache):
        def get_many(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
            return {} if kind == "bodies" else super().get_many(kind, keys)

    with Cache(str(tmp_path), b"1") as cache:
        read_tree(snapshot(), cache=cache)
    with Forgetful(str(tmp_path), b"1") as cache:
        assert plain(read_tree(snapshot(), cache=cache)) == expected


def test_records_of_another_form_are_read_again(expected: object, tmp_path: Path) -> None:
    with Cache(str(tmp_path), b"1") as cache:
        keys = [key.partition(b"\0")[2] for key in read_tree(snapshot()).keys.values()]
        cache.put_many("head", dict.fromkeys(keys, b"\xc1"))
        cache.put_many("bodies", dict.fromkeys(keys, b"\x93\x01"))
    with Cache(str(tmp_path), b"1") as cache:
        assert plain(read_tree(snapshot(), cache=cache)) == expected


def _deadly(tasks: list[Task]) -> list[reading.Encoded]:
    if any(b"deadly" in task.content for task in tasks):
        os._exit(9)
    return read_chunk(tasks)


@pytest.mark.skipif(sys.platform == "win32", reason="the patched function is only there after a fork")
def test_a_file_that_kills_its_process_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"m{n}.py": b"def f(): pass\n" * 3000 for n in range(8)}
    files["m4.py"] += b"deadly = 1\n"
    monkeypatch.setattr(reading, "read_chunk", _deadly)
    read = read_tree(Snapshot(MemoryTree(files)), jobs=2)
    assert set(read.failures) == {"m4.py"}
    assert "please report" in read.failures["m4.py"].message
    assert set(read.files) == files.keys() - {"m4.py"}


def test_without_processes_there_is_one(expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError("no more processes")

    monkeypatch.setattr(processes, "ProcessPoolExecutor", refuse)
    assert plain(read_tree(snapshot(), jobs=2)) == expected


def test_a_defect_of_ours_costs_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def defective(content: bytes, *, bodies: bool) -> object:
        if b"defect" in content:
            raise KeyError("oops")
        return read_facts(content, bodies=bodies)

    monkeypatch.setattr(reading, "read_facts", defective)
    read = read_tree(Snapshot(MemoryTree({"a.py": b"x = 1\n", "b.py": b"defect = 1\n"})))
    assert set(read.files) == {"a.py"}
    assert "please report this: KeyError: 'oops'" in read.failures["b.py"].message


def test_fresh_processes_read_as_well_as_forked_ones(tmp_path: Path) -> None:
    """As on Windows and macOS."""
    program = """
import multiprocessing
from sqlalint import processes
from sqlalint.reading import read_tree
from sqlalint.source.snapshot import Snapshot
class Tree:
    def paths(self): return ["m%d.py" % n for n in range(6)]
    def read(self, path): return b"def f(): pass\\n" * 3000
if __name__ == "__main__":
    processes._context = lambda: multiprocessing.get_context("spawn")
    print(len(read_tree(Snapshot(Tree()), jobs=2).files))
"""
    (tmp_path / "spawning.py").write_text(program)
    done = subprocess.run([sys.executable, str(tmp_path / "spawning.py")], capture_output=True, text=True, check=False)
    assert done.stdout == "6\n", done.stderr


TREE = MemoryTree({"app/__init__.py": b"", "app/models.py": GOOD})


def run(
    folder: Path, tree: MemoryTree = TREE, settings: Settings | None = None, hand: tuple[str, ...] = ()
) -> Analysis:
    with Cache(str(folder), b"1") as cache:
        return analyse_with_cache(tree, settings or Settings(), cache, by_hand=hand)


def test_an_unchanged_run_gives_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(tmp_path)
    assert first.findings
    monkeypatch.setattr("sqlalint.engine.analyse", lambda *_, **__: pytest.fail("it is analysed anew"))
    assert run(tmp_path) == first


@pytest.mark.parametrize(
    "changed",
    [
        {"tree": MemoryTree({"app/__init__.py": b"", "app/models.py": GOOD + b"#"})},
        {"tree": MemoryTree({"app/models.py": GOOD})},
        {"tree": MemoryTree({"app/__init__.py": b"", "app/other.py": GOOD})},
        {"tree": MemoryTree({"app/__init__.py": b"", "app/models.py": GOOD, "alembic.ini": b""})},
        {"settings": Settings(dialects=("sqlite",))},
        {"hand": ("app/models.py",)},
    ],
)
def test_whatever_changes_is_analysed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, object]
) -> None:
    run(tmp_path)
    monkeypatch.setattr("sqlalint.engine.analyse", lambda *_, **__: Analysis(files=77))
    assert run(tmp_path, **changed).files == 77  # type: ignore[arg-type]


def test_a_stored_result_of_another_form_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(tmp_path)
    monkeypatch.setattr(Cache, "load_run", lambda *_: b"\x93\x01\x02\x03")
    assert run(tmp_path) == first


def test_an_unchanged_run_imports_next_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_bytes(GOOD)
    program = """
import sys
import sqlalint.version
from sqlalint.__main__ import main
sqlalint.version._add_sources = lambda *_: None  # whoever edits sqlalint meanwhile is not what is tested
sys.argv = ["sqlalint", sys.argv[1], "-q"]
main()
heavy = {"libcst", "sqlalchemy", "alembic", "sqlglot", "jinja2", "rich", "sqlite3", "multiprocessing", "logging"}
ours = {"sqlalint.engine", "sqlalint.rules", "sqlalint.flow", "sqlalint.facts.file", "sqlalint.project.models"}
print(sorted((heavy | ours) & sys.modules.keys()), file=sys.stderr)
"""
    for expectation in (False, True):
        command = [sys.executable, "-c", program, str(tmp_path)]
        environment = {**os.environ, "RUN": str(expectation)}  # another environment, so that nothing is just replayed
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
        assert "SAL101" in done.stdout
        assert (done.stderr == "[]\n") is expectation, done.stderr
