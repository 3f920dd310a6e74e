"""An unchanged run prints what was printed; whatever changes, what is printed is what a fresh run prints."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlalint import replay
from sqlalint.analysis import is_text
from sqlalint.source.files import DEFAULT_EXCLUDES
from tests.test_hostile import GOOD

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_spawn"), reason="such runs are ordinary ones there")

REVISION = """
revision = "{0}"
down_revision = {1}

from alembic import op
import sqlalchemy as sa

def upgrade():
    op.add_column("users", sa.Column("c{0}", sa.Integer()))
"""
ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
               "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}  # fmt: skip
PROGRAM = """
import sys
import sqlalint.version
from sqlalint.__main__ import main
sqlalint.version._add_sources = lambda *_: None  # whoever edits sqlalint meanwhile is not what is tested
status = main()
print("ran" if "sqlalint.cli" in sys.modules else "replayed", file=sys.stderr)
sys.exit(status)
"""


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, env=ENVIRONMENT, check=True, capture_output=True)


def project(folder: Path, in_git: bool) -> Path:
    root = folder / "outer" / "project"
    for path, text in {
        "app/__init__.py": "",
        "app/models.py": GOOD.decode(),
        "app/ignored.py": GOOD.decode(),
        "pyproject.toml": "[tool.sqlalint]\n",
        ".gitignore": "ignored.py\n",
        "alembic.ini": "[alembic]\nscript_location = migrations\n",
        "migrations/env.py": "from app.models import Base\n",
        **{f"migrations/versions/{n:02}.py": REVISION.format(n, repr(str(n - 1)) if n else None) for n in range(12)},
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    if in_git:
        git(root, "init", "-q", "-b", "main")
        git(root, "add", ".")
        git(root, "commit", "-qm", "all")
        git(root, "commit", "-qm", "more", "--allow-empty")
    return root


def run(root: Path, *arguments: str, **variables: str) -> tuple[tuple[int, str, str], str]:
    """Status and output; and whether it was replayed."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    environment = {**ENVIRONMENT, **variables}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    *errors, how = done.stderr.splitlines()
    assert "Traceback" not in done.stderr, done.stderr
    return (done.returncode, done.stdout, "\n".join(errors)), how


def settle(root: Path, *arguments: str) -> tuple[int, str, str]:
    """Run until it is replayed."""
    first, how = run(root, *arguments)
    assert how == "ran"
    again, how = run(root, *arguments)
    assert how == "replayed"
    assert again == first
    return first


@pytest.mark.parametrize("in_git", [False, True])
@pytest.mark.parametrize(
    "arguments", [(), ("check", "app"), ("--output-format", "json"), ("app", "-q", "--cache-dir", "c")]
)
def test_an_unchanged_run_prints_the_same(tmp_path: Path, in_git: bool, arguments: tuple[str, ...]) -> None:
    root = project(tmp_path, in_git)
    status, output, _ = settle(root, *arguments)
    assert status == 1
    assert "SAL101" in output


def _edit(path: str, old: str, new: str) -> Callable[[Path], object]:
    return lambda root: (root / path).write_text((root / path).read_text().replace(old, new))


def _write(path: str, text: str) -> Callable[[Path], object]:
    def write(root: Path) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    return write


def _same_size_and_time(root: Path) -> None:
    path = root / "app/models.py"
    before = path.stat()
    path.write_text(path.read_text().replace("user.posts", "user.nosts"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _folder(root: Path) -> None:
    (root / "app/models.py").unlink()
    (root / "app/models.py").mkdir()


def _link(root: Path) -> None:
    (root / "app/models.py").rename(root / "app/data")
    (root / "app/models.py").symlink_to("data")


def _link_to_outside(root: Path) -> None:
    (root.parent / "other.py").write_bytes(GOOD)
    (root / "app/linked.py").symlink_to(root.parent / "other.py")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file": _edit("app/models.py", "user.posts", "user.id"),
    "a file, by size and time the same": _same_size_and_time,
    "a new file": _write("app/more.py", GOOD.decode()),
    "a new file in a new folder": _write("lib/more.py", GOOD.decode()),
    "a file that is gone": lambda root: (root / "app/models.py").unlink(),
    "a file that is a folder": _folder,
    "a file that is a link": _link,
    "a link to outside": _link_to_outside,
    "what is ignored": _write(".gitignore", "models.py\n"),
    "what is no longer ignored": _write(".gitignore", ""),
    "an ignore file in a folder": _write("app/.gitignore", "models.py\n"),
    "the configuration": _edit("pyproject.toml", "[tool.sqlalint]", "[tool.sqlalint]\nignore = ['SAL101']"),
    "another configuration": _write("sqlalint.toml", "ignore = ['SAL101']"),
    "no configuration": lambda root: (root / "pyproject.toml").unlink(),
    "a migration": _edit("migrations/versions/03.py", "sa.Integer()", "sa.String()"),
    "a damaged record": lambda root: [p.write_bytes(b"x") for p in (root / ".sqlalint_cache/runs").iterdir()],
    "no cache": lambda root: shutil.rmtree(root / ".sqlalint_cache"),
}
GIT_CHANGES: dict[str, Callable[[Path], object]] = {
    "a commit": lambda root: git(root, "commit", "--allow-empty", "-qm", "x"),
    "a base": lambda root: git(root, "update-ref", "refs/remotes/origin/main", "HEAD~1"),
    "another branch": lambda root: git(root, "checkout", "-q", "-b", "other", "HEAD~1"),
    "a file taken out of git": lambda root: git(root, "rm", "-q", "--cached", "migrations/versions/11.py"),
    "packed references": lambda root: git(root, "pack-refs", "--all"),
    "git's own ignore file": _write(".git/info/exclude", "more.py\n"),
    "no git": lambda root: shutil.rmtree(root / ".git"),
}


@pytest.mark.parametrize("change", [*CHANGES, *GIT_CHANGES])
@pytest.mark.parametrize("in_git", [False, True])
def test_whatever_changes_is_seen(tmp_path: Path, in_git: bool, change: str) -> None:
    if change in GIT_CHANGES and not in_git:
        pytest.skip("without git")
    root = project(tmp_path, in_git)
    settle(root)
    (CHANGES | GIT_CHANGES)[change](root)
    after, how = run(root)
    assert how == "ran" or change == "git's own ignore file"
    assert after == run(root, "--no-cache")[0]


def test_files_that_come_back_are_seen(tmp_path: Path) -> None:
    root = project(tmp_path, in_git=True)
    (root / "app/models.py").unlink()
    run(root)
    git(root, "checkout", "-q", "app/models.py")
    assert run(root)[0] == run(root, "--no-cache")[0]


def test_other_questions_are_other_runs(tmp_path: Path) -> None:
    root = project(tmp_path, in_git=False)
    first = settle(root)
    assert run(root, "--select", "SAL501")[1] == "ran"
    assert run(root, FORCE_COLOR="1")[1] == "ran"
    assert run(root / "app", "..")[1] == "ran"
    assert run(root)[0] == first


def test_what_decides_where_the_project_begins_is_seen(tmp_path: Path) -> None:
    root = project(tmp_path, in_git=False)
    (root / "pyproject.toml").unlink()
    settle(root, "app")
    (root.parent / "sqlalint.toml").write_text("ignore = ['SAL101']")
    after, how = run(root, "app")
    assert how == "ran"
    assert "SAL101" not in after[1]


def test_extended_configuration_is_seen(tmp_path: Path) -> None:
    root = project(tmp_path, in_git=False)
    (root.parent / "base.toml").write_text("")
    (root / "pyproject.toml").write_text("[tool.sqlalint]\nextend = '../base.toml'\n")
    settle(root)
    (root.parent / "base.toml").write_text("ignore = ['SAL101']\n")
    assert "SAL101" not in run(root)[0][1]


def test_a_file_that_changes_during_a_run_is_not_recorded(tmp_path: Path) -> None:
    root = project(tmp_path, in_git=False)
    program = PROGRAM.replace(
        "status = main()",
        """
import sqlalint.cli.check as check
real = check._print
def late(*arguments):
    real(*arguments)
    with open("app/models.py", "a") as file:
        file.write("# later\\n")
check._print = late
status = main()
""",
    )
    subprocess.run([sys.executable, "-c", program], cwd=root, env=ENVIRONMENT, capture_output=True, check=False)
    assert run(root)[1] == "ran"


@pytest.mark.parametrize(
    "arguments", [("--no-cache",), ("--output-file", "out"), ("app/models.py",), ("--show-files",)]
)
def test_runs_that_are_no_plain_ones_are_not_recorded(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    root = project(tmp_path, in_git=False)
    run(root, *arguments)
    assert run(root, *arguments)[1] == "ran"


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    root = project(tmp_path, in_git=False)
    settle(root)
    process = subprocess.Popen(
        [sys.executable, "-m", "sqlalint"], cwd=root, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert b"Traceback" not in process.stderr.read()
    process.wait()


def test_what_is_never_walked_is_never_analysed() -> None:
    assert set(DEFAULT_EXCLUDES) >= replay.NEVER_WALKED


def test_every_text_that_is_read_is_listed() -> None:
    names = "a.ini a.toml a.cfg a.lock a.mako requirements.txt requirements/base.in Pipfile a.json README".split()
    assert all(name.endswith(replay.LISTED) for name in names if is_text(name))
