"""What is kept between runs. A cache that cannot be used costs time and nothing else: no method here raises.

Two stores in one folder. Results of whole runs are small files, so that a run in which nothing has changed opens one of
them and no database. Everything else are records in SQLite: written in one transaction at the end of a run, read by
many runs at once, and every record has a checksum, as a damaged page is otherwise taken for what was written.

Keys are hashes of contents and of the tool's version, never paths of this machine or times: a cache that is restored
in another folder is fully warm.
"""

import os
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence

from sqlalint.hashing import blake2b

TYPE_CHECKING = False  # importing typing is a fifth of what an unchanged run takes
if TYPE_CHECKING:
    import sqlite3
    from types import TracebackType

FOLDER = ".sqlalint_cache"
MAX_BYTES = 512 * 1024 * 1024
_MAX_RUNS = 20
_BATCH = 500  # SQLite takes at most 999 parameters everywhere
_DAY = 24 * 60 * 60
_CREATE = """
    create table if not exists record (
        key blob primary key, day integer not null, size integer not null, value blob not null
    );
    create index if not exists record_day on record (day, size);
"""


class Cache:
    """The cache in a folder, for one version of the tool. `trouble` says why it is not, or not fully, used."""

    def __init__(self, folder: str, version: bytes, *, max_bytes: int = MAX_BYTES, enabled: bool = True) -> None:
        self.folder = folder
        self.trouble = ""
        self._version = version
        self._max_bytes = max_bytes
        self._database: sqlite3.Connection | None = None
        self._enabled = enabled
        self._is_open = not enabled
        self._used: set[bytes] = set()
        self._pending: dict[bytes, bytes] = {}

    def __enter__(self) -> "Cache":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.close()

    # --- results of whole runs ---

    def load_run(self, key: bytes) -> bytes | None:
        """What `save_run` kept."""
        if not self._enabled:
            return None
        try:
            with open(self._run_file(key), "rb") as file:
                return _verified(file.read())
        except OSError:
            return None

    def save_run(self, key: bytes, value: bytes) -> None:
        """Keep the result of a run; only the newest ones stay."""
        if not self._enabled:
            return
        path = self._run_file(key)
        partial = f"{path}.{os.getpid()}.tmp"
        try:
            self._make_folder()
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(partial, "wb") as file:
                file.write(_sealed(value))
            os.replace(partial, path)
            self._forget_runs(os.path.dirname(path))
        except OSError as problem:
            self._give_up(problem)

    def _run_file(self, key: bytes) -> str:
        return os.path.join(self.folder, "runs", self._full("run", key).hex())

    def _forget_runs(self, folder: str) -> None:
        """Drop all but the newest; another run may be doing the same."""
        files = []
        for entry in os.scandir(folder):
            try:
                files.append((entry.stat().st_mtime, entry.path))
            except FileNotFoundError:
                continue
        for _, path in sorted(files, reverse=True)[_MAX_RUNS:]:
            try:
                os.remove(path)
            except FileNotFoundError:
                continue

    # --- records ---

    def get(self, kind: str, key: bytes) -> bytes | None:
        """A record, or None."""
        return self.get_many(kind, (key,)).get(key)

    def get_many(self, kind: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The records that there are, by key."""
        wanted = {self._full(kind, key): key for key in keys}
        found = {wanted[full]: self._pending[full] for full in wanted.keys() & self._pending.keys()}
        rest = [full for full, key in wanted.items() if key not in found]
        for start in range(0, len(rest), _BATCH):
            batch = rest[start : start + _BATCH]
            marks = ",".join("?" * len(batch))
            for full, day, value in self._rows(f"select key, day, value from record where key in ({marks})", batch):
                plain = _verified(value) if isinstance(value, bytes) else None
                if plain is not None and full in wanted:
                    found[wanted[full]] = plain
                    if day != _today():
                        self._used.add(full)
        return found

    def put(self, kind: str, key: bytes, value: bytes) -> None:
        """Keep a record."""
        self.put_many(kind, {key: value})

    def put_many(self, kind: str, items: Mapping[bytes, bytes]) -> None:
        """Keep records. They are written when the cache is closed."""
        if not self._enabled:
            return
        for key, value in items.items():
            self._pending[self._full(kind, key)] = value

    def close(self) -> None:
        """Write what is new, drop what is old."""
        if (self._pending or self._used) and self._opened() is not None:
            rows = [(key, _today(), len(value), _sealed(value)) for key, value in self._pending.items()]
            self._write("insert or replace into record values (?, ?, ?, ?)", rows)
            self._write("update record set day = ? where key = ?", [(_today(), key) for key in sorted(self._used)])
            self._drop_oldest()
            self._commit()
        self._pending, self._used = {}, set()
        if self._database is not None:
            self._database.close()
        self._database, self._is_open = None, not self._enabled

    # --- the database ---

    def _opened(self) -> "sqlite3.Connection | None":
        if not self._is_open:
            self._is_open = True
            self._connect()
        return self._database

    def _connect(self, again: bool = True) -> None:
        import sqlite3

        path = os.path.join(self.folder, "records.sqlite")
        database = None
        try:
            self._make_folder()
            database = sqlite3.connect(path, timeout=5, isolation_level=None)
            # What a loss of power takes with it is computed again; the checksums tell.
            database.execute("pragma synchronous = off")
            if not database.execute("select 1 from sqlite_master where name = 'record_day'").fetchone():
                database.execute("pragma auto_vacuum = incremental")
                database.executescript(_CREATE)
            database.execute("select key, day, size, value from record limit 1").fetchone()
            self._database = database
        except (sqlite3.Error, OSError) as problem:
            if database is not None:
                database.close()
            if again and _is_damage(problem):
                self._start_anew(path)
            else:
                self._give_up(problem)

    def _start_anew(self, path: str) -> None:
        """Throw a damaged database away."""
        try:
            for file in (path, f"{path}-journal", f"{path}-wal", f"{path}-shm"):
                if os.path.lexists(file):
                    os.remove(file)
        except OSError as problem:
            self._give_up(problem)
            return
        self._connect(again=False)

    def _rows(self, query: str, parameters: list[bytes]) -> list[tuple[bytes, int, bytes]]:
        database = self._opened()
        if database is None:
            return []
        import sqlite3

        try:
            return database.execute(query, parameters).fetchall()
        except sqlite3.Error as problem:
            self._failed(problem)
            return []

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if self._database is None or not rows:
            return
        import sqlite3

        try:
            if not self._database.in_transaction:
                self._database.execute("begin immediate")
            self._database.executemany(statement, rows)
        except sqlite3.Error as problem:
            self._failed(problem)

    def _commit(self) -> None:
        if self._database is None or not self._database.in_transaction:
            return
        import sqlite3

        try:
            self._database.execute("commit")
        except sqlite3.Error as problem:
            self._failed(problem)

    def _drop_oldest(self) -> None:
        if self._database is None:
            return
        import sqlite3

        try:
            (used,) = self._database.execute("select coalesce(sum(size), 0) from record").fetchone()
            if used <= self._max_bytes:
                return
            for day, size in self._database.execute(
                "select day, sum(size) from record group by day order by day"
            ).fetchall():
                self._drop_day(day, used - self._max_bytes * 9 // 10)
                used -= size
                if used <= self._max_bytes * 9 // 10:
                    break
            self._database.execute("commit")
            self._database.execute("pragma incremental_vacuum").fetchall()
        except sqlite3.Error as problem:
            self._failed(problem)

    def _drop_day(self, day: int, too_much: int) -> None:
        """Delete the records that were last used on a day, as far as they are too much."""
        assert self._database is not None
        doomed: list[tuple[bytes]] = []
        for key, size in self._database.execute("select key, size from record where day = ? order by rowid", (day,)):
            if too_much <= 0:
                break
            too_much -= size
            doomed.append((key,))
        self._database.executemany("delete from record where key = ?", doomed)

    def _failed(self, problem: "sqlite3.Error") -> None:
        """A query failed: the database is not used again in this run, and if it is damaged, not in the next either."""
        if self._database is not None:
            self._database.close()
            self._database = None
        if _is_damage(problem):
            self._start_anew(os.path.join(self.folder, "records.sqlite"))
        else:
            self._give_up(problem)

    # --- both ---

    def _full(self, kind: str, key: bytes) -> bytes:
        return blake2b(b"%s\0%s\0%s" % (self._version, kind.encode(), key), digest_size=16).digest()

    def _make_folder(self) -> None:
        if os.path.isdir(self.folder):
            return
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, ".gitignore"), "w", encoding="utf-8") as file:
            file.write("*\n")

    def _give_up(self, problem: Exception) -> None:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        self.trouble = self.trouble or f"the cache {self.folder} is not used: {reason}"


def _is_damage(problem: Exception) -> bool:
    """Whether a database is no database any more, rather than locked, full or not ours to write."""
    import sqlite3

    damaged = ("malformed", "not a database", "no such table", "no such column", "has no column")
    return isinstance(problem, sqlite3.Error) and any(words in str(problem) for words in damaged)


def _today() -> int:
    return int(time.time() // _DAY)


def _sealed(value: bytes) -> bytes:
    return zlib.crc32(value).to_bytes(4, "big") + value


def _verified(sealed: bytes) -> bytes | None:
    """What was sealed, or None where something happened to it since."""
    value = sealed[4:]
    return value if len(sealed) >= 4 and zlib.crc32(value) == int.from_bytes(sealed[:4], "big") else None
