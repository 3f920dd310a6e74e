"""Six Mondays: somebody installs sqlalint and runs it for the first time, on an application with five defects.

    python -m benchmarks.mondays

lays the application out in six situations, runs sqlalint in each and prints the command, what it printed, and what
became of each defect: reported, or not shown with the words of the summary that say so.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPLICATION = ROOT / "fixtures" / "projects" / "blog"

DEFECTS = {
    "SAL101": "a lazy load in a loop",
    "SAL106": "a joined collection without unique()",
    "SAL501": "a foreign key without an index",
    "SAL601": "a migration without a downgrade",
    "SAL602": "a raw commit in a data migration",
}
REPORTS = "src/blog/reports.py"


@dataclass(frozen=True)
class Monday:
    """A situation: how the folder comes about (it gets an empty one, and returns where to run), and what is run there."""

    name: str
    lay_out: Callable[[Path], Path]
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Morning:
    """What came of it. `out` is what was printed for people to read, findings and summary."""

    monday: Monday
    status: int
    out: str

    @property
    def reported(self) -> list[str]:
        """The codes of the defects that were reported."""
        return [code for code in DEFECTS if f": {code} " in self.out]

    @property
    def summary(self) -> str:
        """The lines that say what was not shown and how to see it."""
        return "\n".join(line for line in self.out.splitlines() if "not shown" in line)


def main() -> None:
    """Print all six."""
    for morning in mornings():
        print(f"=== {morning.monday.name}\n$ sqlalint {' '.join(morning.monday.arguments)}\n")
        print(morning.out)
        print(f"exit status {morning.status}; reported {len(morning.reported)} of {len(DEFECTS)}")
        for code, defect in DEFECTS.items():
            if code not in morning.reported:
                print(f"  not reported: {code}, {defect}")
        print()


def mornings() -> Iterator[Morning]:
    """Each situation laid out and run."""
    for monday in MONDAYS:
        with tempfile.TemporaryDirectory() as folder:
            where = monday.lay_out(Path(folder) / "blog")
            yield run(monday, where)


def run(monday: Monday, where: Path) -> Morning:
    """Run sqlalint as a user would, without colours and without a cache left from before."""
    command = [sys.executable, "-m", "sqlalint", *monday.arguments]
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, check=False, env=environment())
    return Morning(monday, done.returncode, (done.stdout + done.stderr).strip())


def environment() -> dict[str, str]:
    """This process's environment without what a CI system says of its own repository."""
    import os

    ours = ("GITHUB_", "CI_", "BITBUCKET_", "PRE_COMMIT_", "GIT_", "SQLALINT_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | {"NO_COLOR": "1"}


# --- the situations ---


def plain_folder(folder: Path) -> Path:
    """The application without git, and without a configuration."""
    shutil.copytree(APPLICATION, folder, ignore=shutil.ignore_patterns("__pycache__", ".sqlalint_cache"))
    project = folder / "pyproject.toml"
    project.write_text(project.read_text().replace("\n[tool.sqlalint]\n", ""))
    return folder


def repository(folder: Path) -> Path:
    """A fresh git repository with everything committed on main."""
    plain_folder(folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "Everything")
    return folder


def changed_file(folder: Path) -> Path:
    """The repository with one file changed and not committed."""
    repository(folder)
    reports = folder / REPORTS
    reports.write_text(reports.read_text() + "\n\nPAGE = 20\n")
    return folder


def shallow_clone(folder: Path) -> Path:
    """A clone of depth 1 of a repository with a longer history."""
    origin = repository(folder.with_name("origin"))
    for n in range(3):
        (origin / "NOTES").write_text(f"{n}\n")
        commit(origin, f"Notes {n}")
    git(folder.parent, "clone", "--quiet", "--depth=1", origin.as_uri(), str(folder))
    return folder


def commit(folder: Path, message: str) -> None:
    """Commit everything."""
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", f"--message={message}")


def git(folder: Path, *arguments: str) -> None:
    """Run git there, without the configuration of this machine."""
    here = {**environment(), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, env=here)


def all_files() -> tuple[str, ...]:
    """Every Python file of the application, as a hook names them."""
    return tuple(sorted(p.relative_to(APPLICATION).as_posix() for p in APPLICATION.rglob("*.py")))


MONDAYS = (
    Monday("a fresh git repository, everything committed on main", repository, ()),
    Monday("a folder without git", plain_folder, ()),
    Monday("src/ named, the migrations beside it", repository, ("src/",)),
    Monday("a clone of depth 1", shallow_clone, ()),
    Monday("one changed file", changed_file, (REPORTS,)),
    Monday("all files", repository, all_files()),
)

if __name__ == "__main__":
    main()
