"""How long a run takes and how much memory, against CPython's `ast.parse` of the same files, in the same run.

    python -m benchmarks.speed [--repeat N] [--slow] [FOLDER...]

Whole processes are measured, from start to end: CPU time of the process and of those that it started, elapsed time, and
the peak memory of the largest one. Each folder is copied, without its git directory, so that caches and changes are in
the copy. Without folders, pinned source distributions are downloaded and kept in `benchmarks/.downloads`.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DOWNLOADS = Path(__file__).parent / ".downloads"
PINNED = ("optuna==4.1.0", "ihatemoney==6.1.5", "bodhi-server==8.1.1")
WANTED = (".py", ".ini", ".toml", ".cfg", ".lock", ".mako", ".txt", ".in", ".gitignore")
PARSE = """
import ast, pathlib, sys, warnings
warnings.simplefilter("ignore")
for path in pathlib.Path(sys.argv[1]).rglob("*.py"):
    try:
        ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        pass
"""
PATIENCE = 600  # seconds for one run of another linter


@dataclass(frozen=True)
class Cost:
    """What one process used: CPU seconds, elapsed seconds, and MiB at its peak."""

    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True)
class Kind:
    """A kind of run: what is done before each, and the command."""

    name: str
    command: Sequence[str]
    before: Callable[[], None] = lambda: None


def measure(command: Sequence[str], environment: dict[str, str]) -> Cost | None:
    """The cost of a command; None where it takes too long."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        pid, _, used = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.perf_counter() - begin > PATIENCE:
            process.kill()
            process.wait()
            return None
        time.sleep(0.0005)
    process.returncode = 0
    wall = time.perf_counter() - begin
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / unit)


def kinds(tree: Path, cache: Path, slow: bool) -> Iterator[Kind]:
    """The runs that are compared on a tree, the yardstick first."""
    check = [sys.executable, "-m", "sqlalint", "check", "--quiet", "--output-format", "json", "--cache-dir", str(cache)]
    check.append(str(tree))

    def cold() -> None:
        shutil.rmtree(cache, ignore_errors=True)

    def warm() -> None:
        subprocess.run(check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def changed() -> None:
        warm()
        with typical(tree).open("ab") as file:
            file.write(f"\nCHANGED_{time.monotonic_ns()} = 1\n".encode())

    yield Kind("ast.parse", [sys.executable, "-c", PARSE, str(tree)])
    yield Kind("cold, 1 job", [*check, "--jobs", "1"], cold)
    yield Kind("cold, 2 jobs", [*check, "--jobs", "2"], cold)
    yield Kind(f"cold, all {os.cpu_count()} cores", check, cold)
    yield Kind("warm", check, warm)
    yield Kind("one file changed", check, changed)
    yield Kind("`--version`", [sys.executable, "-m", "sqlalint", "--version"])
    yield from peers(tree, slow)


def peers(tree: Path, slow: bool) -> Iterator[Kind]:
    """Other linters, as far as they are installed: all rules of ruff, the defaults of the others, without caches."""
    commands = {
        "ruff": ["check", "--isolated", "--no-cache", "--select", "ALL", "--quiet"],
        "flake8": ["--isolated", "-j1"],
    }
    if slow:
        commands["pylint"] = ["--rcfile=/dev/null", "--recursive=y", "-j1"]
    for name, options in commands.items():
        program = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        if program:
            yield Kind(name, [program, *options, str(tree)])


def typical(tree: Path) -> Path:
    """The file to change: of those that mention SQLAlchemy, the one of middle size."""
    files = [path for path in tree.rglob("*.py") if "tests" not in path.parts]
    files = [path for path in files if b"sqlalchemy" in path.read_bytes()] or files
    return sorted(files, key=lambda path: (path.stat().st_size, path))[len(files) // 2]


def compare(tree: Path, repeat: int, slow: bool) -> list[str]:
    """A table of what each kind of run costs on a tree."""
    with tempfile.TemporaryDirectory(prefix="sqlalint-speed-") as folder:
        copy, cache = Path(folder) / "tree", Path(folder) / "cache"
        copied(tree, copy)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "bytecode")  # as after an installation
        os.environ.update(environment)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        files = list(copy.rglob("*.py"))
        size = sum(path.stat().st_size for path in files) / 1e6
        lines = [
            f"### {tree.resolve().name}: {len(files)} files, {size:.1f} MB",
            "",
            "| | CPU s | x ast | elapsed s | x ast | peak MiB |",
            "|---|--:|--:|--:|--:|--:|",
        ]
        yardstick: Cost | None = None
        for kind in kinds(copy, cache, slow):
            cost = median(kind, repeat, environment)
            yardstick = yardstick or cost
            lines.append(row(kind.name, cost, yardstick))
        return [*lines, ""]


def median(kind: Kind, repeat: int, environment: dict[str, str]) -> Cost | None:
    """The median of several runs, after one that does not count."""
    costs: list[Cost] = []
    for number in range(repeat + 1):
        kind.before()
        cost = measure(kind.command, environment)
        if cost is None:
            return None
        if number or repeat == 0:
            costs.append(cost)
        if cost.wall > 30:
            costs = [cost]
            break
    return Cost(*(statistics.median(getattr(c, name) for c in costs) for name in ("cpu", "wall", "memory")))


def row(name: str, cost: Cost | None, yardstick: Cost | None) -> str:
    """A row of the table."""
    if cost is None or yardstick is None:
        return f"| {name} | > {PATIENCE} | | | | |"
    cpu, wall = cost.cpu / yardstick.cpu, cost.wall / yardstick.wall
    return f"| {name} | {cost.cpu:.2f} | {cpu:.2f} | {cost.wall:.2f} | {wall:.2f} | {cost.memory:.0f} |"


def copied(tree: Path, to: Path) -> None:
    """Copy the files that are read, or decide what is."""

    def left_out(folder: str, names: list[str]) -> list[str]:
        inside = [name for name in names if not os.path.isdir(os.path.join(folder, name))]
        files = [name for name in inside if not name.endswith(WANTED) and name != "Pipfile"]
        return [*files, *({".git", ".sqlalint_cache", "__pycache__", "node_modules"} & set(names))]

    shutil.copytree(tree, to, ignore=left_out, symlinks=True)


def downloaded() -> list[Path]:
    """The pinned source distributions, unpacked."""
    DOWNLOADS.mkdir(exist_ok=True)
    for requirement in PINNED:
        name, _, version = requirement.partition("==")
        folder = DOWNLOADS / f"{name.replace('-', '_')}-{version}"
        if folder.is_dir():
            continue
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", requirement]
        # pip also builds the metadata, which may fail; the archive is there all the same
        subprocess.run([*command, "--dest", str(DOWNLOADS)], stderr=subprocess.DEVNULL, check=False)
        for archive in DOWNLOADS.glob(f"{name.replace('-', '[-_]')}-{version}.tar.gz"):
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
    return sorted(path for path in DOWNLOADS.iterdir() if path.is_dir())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="sqlalint's speed, against ast.parse and other linters")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each kind [default: 5]")
    parser.add_argument("--slow", action="store_true", help="pylint too, which takes minutes")
    given = parser.parse_args()
    for tree in given.folders or downloaded():
        print("\n".join(compare(tree, given.repeat, given.slow)), flush=True)


if __name__ == "__main__":
    main()
