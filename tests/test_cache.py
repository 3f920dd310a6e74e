"""The cache: what it keeps, what it survives, and that it never changes what is found."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlalint import __version__
from sqlalint import version as tool
from sqlalint.cache import Cache

VERSION = b"1"


def filled(folder: Path) -> Path:
    with Cache(str(folder), VERSION) as cache:
        cache.put_many("head", {b"a": b"1" * 5000, b"b": b""})
        cache.save_run(b"r", b"result")
    return folder


def read(folder: Path, version: bytes = VERSION) -> tuple[dict[bytes, bytes], bytes | None, str]:
    with Cache(str(folder), version) as cache:
        return cache.get_many("head", [b"a", b"b", b"c"]), cache.load_run(b"r"), cache.trouble


def test_what_was_put_is_there_again(tmp_path: Path) -> None:
    assert read(filled(tmp_path / "c")) == ({b"a": b"1" * 5000, b"b": b""}, b"result", "")


def test_what_was_put_is_there_before_it_is_written(tmp_path: Path) -> None:
    with Cache(str(tmp_path / "c"), VERSION) as cache:
        cache.put("head", b"a", b"1")
        assert cache.get("head", b"a") == b"1"
        assert cache.get("bodies", b"a") is None


def test_another_version_finds_nothing(tmp_path: Path) -> None:
    assert read(filled(tmp_path / "c"), b"2") == ({}, None, "")


def test_git_ignores_it(tmp_path: Path) -> None:
    assert (filled(tmp_path / "c") / ".gitignore").read_text() == "*\n"


def test_a_cache_that_was_moved_is_warm(tmp_path: Path) -> None:
    shutil.move(filled(tmp_path / "c"), tmp_path / "elsewhere")
    assert read(tmp_path / "elsewhere")[1] == b"result"


def test_a_disabled_cache_keeps_and_touches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Cache("", b"", enabled=False) as cache:
        cache.put("head", b"a", b"1")
        cache.save_run(b"r", b"1")
        assert cache.get("head", b"a") is None
        assert cache.load_run(b"r") is None
    assert not list(tmp_path.iterdir())


def _overwritten(folder: Path) -> None:
    for file in (folder / "records.sqlite", *(folder / "runs").iterdir()):
        file.write_bytes(b"nonsense" * 100)


def _truncated(folder: Path) -> None:
    for file in (folder / "records.sqlite", *(folder / "runs").iterdir()):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _emptied(folder: Path) -> None:
    for file in (folder / "records.sqlite", *(folder / "runs").iterdir()):
        file.write_bytes(b"")


def _flipped(folder: Path) -> None:
    for file in (folder / "records.sqlite", *(folder / "runs").iterdir()):
        content = bytearray(file.read_bytes())
        for at in range(200, len(content), 97):
            content[at] ^= 0x55
        file.write_bytes(bytes(content))


def _other_tables(folder: Path) -> None:
    (folder / "records.sqlite").unlink()
    database = sqlite3.connect(folder / "records.sqlite")
    database.execute("create table record (other)")
    database.close()


DAMAGE = [_overwritten, _truncated, _emptied, _flipped, _other_tables]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_lies_never_and_mends_itself(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = filled(tmp_path / "c")
    damage(folder)
    records, run, _ = read(folder)
    assert records.get(b"a") in (None, b"1" * 5000)
    assert run in (None, b"result")
    filled(folder)
    assert read(folder)[:2] == ({b"a": b"1" * 5000, b"b": b""}, b"result")


def _is_a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("no folder")


def _database_is_a_folder(folder: Path) -> None:
    (folder / "records.sqlite").unlink()
    (folder / "records.sqlite").mkdir()
    shutil.rmtree(folder / "runs")
    (folder / "runs").write_text("no folder")


@pytest.mark.parametrize("damage", [_is_a_file, _database_is_a_folder])
def test_a_cache_that_cannot_be_used_says_why(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = filled(tmp_path / "c")
    damage(folder)
    with Cache(str(folder), VERSION) as cache:
        assert cache.get("head", b"a") is None
        cache.put("head", b"a", b"1")
        cache.save_run(b"r", b"1")
        assert cache.load_run(b"r") is None
        assert cache.get("head", b"a") == b"1"  # of this run itself
    assert "is not used" in cache.trouble


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_cache_is_read(tmp_path: Path) -> None:
    folder = filled(tmp_path / "c")
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        with Cache(str(folder), VERSION) as cache:
            assert cache.get("head", b"b") == b""
            cache.put("head", b"c", b"1")
            cache.save_run(b"s", b"1")
        assert "is not used" in cache.trouble
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)


def test_a_locked_cache_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = filled(tmp_path / "c")
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout, **rest: real(path, timeout=0.01, **rest))
    other = real(folder / "records.sqlite", isolation_level=None)
    other.execute("begin exclusive")
    assert read(folder)[0] == {}
    with Cache(str(folder), VERSION) as cache:
        cache.put("head", b"c", b"1")
    assert "locked" in cache.trouble
    other.execute("rollback")
    other.close()
    assert read(folder)[0] == {b"a": b"1" * 5000, b"b": b""}


def test_a_full_disk_costs_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = filled(tmp_path / "c")
    real = sqlite3.connect

    def small(*arguments: object, **rest: object) -> sqlite3.Connection:
        database = real(*arguments, **rest)  # type: ignore[call-overload]
        database.execute("pragma max_page_count = 8")
        assert isinstance(database, sqlite3.Connection)
        return database

    monkeypatch.setattr(sqlite3, "connect", small)
    with Cache(str(folder), VERSION) as cache:
        cache.put("head", b"big", b"x" * 1_000_000)
    assert "full" in cache.trouble
    assert read(folder)[0] == {b"a": b"1" * 5000, b"b": b""}


def test_the_oldest_go_first_and_the_file_shrinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(tmp_path / "c")
    for day in range(10):
        monkeypatch.setattr("sqlalint.cache._today", lambda day=day: day)
        with Cache(folder, VERSION, max_bytes=500_000) as cache:
            cache.put("head", str(day).encode(), bytes(100_000))
            cache.get("head", b"0")  # used every day
    with Cache(folder, VERSION) as cache:
        left = cache.get_many("head", [str(day).encode() for day in range(10)])
    assert {b"0", b"8", b"9"} <= left.keys()
    assert b"1" not in left
    assert (tmp_path / "c" / "records.sqlite").stat().st_size < 700_000


def test_few_results_of_runs_are_kept(tmp_path: Path) -> None:
    with Cache(str(tmp_path / "c"), VERSION) as cache:
        for number in range(50):
            cache.save_run(str(number).encode(), b"x")
    assert len(list((tmp_path / "c" / "runs").iterdir())) == 20


WRITER = """
import sys
from sqlalint import __version__
from sqlalint import version as tool
from sqlalint.cache import Cache
for number in range(20):
    with Cache(sys.argv[1], b"1") as cache:
        cache.put_many("head", {b"%d" % n: b"%d" % n * 1000 for n in range(number * 10, number * 10 + 20)})
        cache.save_run(b"r", b"result")
        assert cache.get("head", b"0") in (None, b"0" * 1000)
    assert not cache.trouble, cache.trouble
"""


def test_many_runs_at_once(tmp_path: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "c")]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    with Cache(str(tmp_path / "c"), VERSION) as cache:
        assert len(cache.get_many("head", [b"%d" % n for n in range(210)])) == 210
        assert cache.load_run(b"r") == b"result"


def test_a_killed_run_leaves_a_cache_that_works(tmp_path: Path) -> None:
    folder = filled(tmp_path / "c")
    program = """
import os, signal, sys
from sqlalint import __version__
from sqlalint import version as tool
from sqlalint.cache import Cache
cache = Cache(sys.argv[1], b"1")
cache.put_many("head", {b"%d" % n: bytes(100_000) for n in range(100)})
cache._drop_oldest = lambda: os._exit(9)
cache.close()
"""
    assert subprocess.run([sys.executable, "-c", program, str(folder)], check=False).returncode == 9
    assert read(folder) == ({b"a": b"1" * 5000, b"b": b""}, b"result", "")


def test_two_builds_of_one_version_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = tmp_path / f"sqlalint-{__version__}.dist-info" / "RECORD"
    record.parent.mkdir()
    monkeypatch.setattr(tool, "__file__", str(tmp_path / "sqlalint" / "version.py"))

    def installed(digest: str, elsewhere: str = "") -> bytes:
        lines = f"sqlalint/engine.py,sha256={digest},1\nsqlalint/__pycache__/engine.pyc,,\n../../bin/sqlalint,sha256={elsewhere},1\n"
        record.write_text(lines)
        return tool.tool_version()

    assert installed("one") != installed("other")
    assert installed("one") == installed("one", "another machine's")
