"""Which files a tree has, on disks as they are."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from sqlalint.source.working_tree import WorkingTree

in_both = pytest.mark.parametrize("in_git", [False, True], ids=["without git", "in git"])


def write(root: Path, *paths: str, text: str = "x = 1\n") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
        cwd=root,
        check=True,
        capture_output=True,
    )


def start(root: Path, in_git: bool) -> None:
    if in_git:
        git(root, "init", "--quiet")


def python(path: str) -> bool:
    return path.endswith(".py")


def listed(root: Path, **options: object) -> list[str]:
    return WorkingTree(str(root), wanted=python, **options).paths()  # type: ignore[arg-type]


@in_both
def test_default_excludes_are_left_out(tmp_path: Path, in_git: bool) -> None:
    start(tmp_path, in_git)
    write(tmp_path, "a.py", ".venv/lib/b.py", "x/node_modules/c.py", "dist/d.py", "x/build/e.py", "notes.txt")
    assert listed(tmp_path) == ["a.py", "x/build/e.py"]


@in_both
def test_ignore_files_count_as_git_counts_them(tmp_path: Path, in_git: bool) -> None:
    start(tmp_path, in_git)
    write(tmp_path, ".gitignore", text="gen/\n/top.py\n*.tmp.py\n!keep.tmp.py\n")
    write(tmp_path, "app/.gitignore", text="local.py\n!gen2/\n")
    write(tmp_path, "top.py", "app/top.py", "app/local.py", "local.py", "gen/a.py", "app/gen/b.py", "x.tmp.py")
    write(tmp_path, "keep.tmp.py", "gen/keep.tmp.py", "app/a b/odd,b:c%d.py")
    assert listed(tmp_path) == ["app/a b/odd,b:c%d.py", "app/top.py", "keep.tmp.py", "local.py"]


@in_both
def test_ignore_files_in_folders_count_for_what_is_below_them(tmp_path: Path, in_git: bool) -> None:
    start(tmp_path, in_git)
    write(tmp_path, ".gitignore", text="*.log.py\nbuild/\n")
    write(tmp_path, "a/.gitignore", text="# all but one\n*.py\n!keep.py\n/b/top.py\n")
    write(tmp_path, "a/b/.gitignore", text="!back.py\n/keep.py\n")
    write(tmp_path, "a/b/c/.gitignore", text="!x.log.py\n!build/\n")
    write(
        tmp_path,
        "x.py",
        "a/x.py",
        "a/keep.py",
        "a/b/keep.py",
        "a/b/back.py",
        "a/b/top.py",
        "a/b/c/back.py",
        "a/b/c/keep.py",
    )
    write(tmp_path, "a/b/c/x.log.py", "a/b/c/y.log.py", "a/b/c/build/keep.py", "build/keep.py", "other/.gitignore/x.py")
    kept = [
        "a/b/back.py",
        "a/b/c/back.py",
        "a/b/c/build/keep.py",
        "a/b/c/keep.py",
        "a/b/c/x.log.py",
        "a/keep.py",
        "x.py",
    ]
    assert listed(tmp_path) == sorted([*kept, "other/.gitignore/x.py"])


@in_both
def test_an_ignore_file_with_windows_line_ends_and_a_mark(tmp_path: Path, in_git: bool) -> None:
    start(tmp_path, in_git)
    write(tmp_path, "a.py", "b.py", "c d.py")
    (tmp_path / ".gitignore").write_bytes(b"# x\r\nb.py\r\n\r\nc\\ d.py\r\n")
    assert listed(tmp_path) == ["a.py"]


def test_what_git_ignores_by_other_means_is_left_out(tmp_path: Path) -> None:
    start(tmp_path, in_git=True)
    write(tmp_path, "a.py", "b.py")
    write(tmp_path, ".git/info/exclude", text="b.py\n")
    assert listed(tmp_path) == ["a.py"]


def test_an_ignore_file_above_the_project_counts_in_git(tmp_path: Path) -> None:
    start(tmp_path, in_git=True)
    write(tmp_path, ".gitignore", text="service/gen/\n*.tmp.py\n")
    write(tmp_path, "service/a.py", "service/gen/b.py", "service/c.tmp.py", "service/.venv/d.py")
    assert listed(tmp_path / "service") == ["a.py"]


@in_both
@pytest.mark.parametrize(
    ("excludes", "left"),
    [
        (("app/gen",), ["app/a.py", "app/x/gen/c.py", "gen/d.py"]),
        (("gen",), ["app/a.py"]),
        (("gen/",), ["app/a.py"]),
        (("./gen",), ["app/a.py", "app/gen/b.py", "app/x/gen/c.py"]),
        (("app/*/gen",), ["app/a.py", "app/gen/b.py", "gen/d.py"]),
        (("app/**/gen",), ["app/a.py", "gen/d.py"]),
        (("**/gen/*.py",), ["app/a.py"]),
        (("*.py",), []),
        (("[ab].py", "{c,d}.py"), []),
        (("app/gen/b.py/",), ["app/a.py", "app/x/gen/c.py", "gen/d.py"]),
        (("ap",), ["app/a.py", "app/gen/b.py", "app/x/gen/c.py", "gen/d.py"]),
        ((), ["app/a.py", "app/gen/b.py", "app/x/gen/c.py", "gen/d.py"]),
    ],
)  # fmt: skip
def test_excludes(tmp_path: Path, in_git: bool, excludes: tuple[str, ...], left: list[str]) -> None:
    start(tmp_path, in_git)
    write(tmp_path, "app/a.py", "app/gen/b.py", "app/x/gen/c.py", "gen/d.py")
    assert listed(tmp_path, excludes=excludes) == left


def test_a_tracked_file_is_there_though_it_is_ignored(tmp_path: Path) -> None:
    start(tmp_path, in_git=True)
    write(tmp_path, "kept.py", "other.py")
    write(tmp_path, ".gitignore", text="*.py\n")
    git(tmp_path, "add", "--force", "kept.py")
    assert listed(tmp_path) == ["kept.py"]


def test_a_deleted_file_is_gone_though_git_still_tracks_it(tmp_path: Path) -> None:
    start(tmp_path, in_git=True)
    write(tmp_path, "a.py", "b.py")
    git(tmp_path, "add", ".")
    (tmp_path / "b.py").unlink()
    assert listed(tmp_path) == ["a.py"]


def test_repositories_inside_are_read_but_not_other_work_trees(tmp_path: Path) -> None:
    start(tmp_path, in_git=True)
    write(tmp_path, "a.py")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=a")
    git(tmp_path, "worktree", "add", "--quiet", "trees/other")
    (tmp_path / "vendor/inner").mkdir(parents=True)
    start(tmp_path / "vendor/inner", in_git=True)
    write(tmp_path, "vendor/inner/b.py", "vendor/inner/ignored.py")
    write(tmp_path, "vendor/inner/.gitignore", text="ignored.py\n")
    assert listed(tmp_path) == ["a.py", "vendor/inner/b.py"]


def test_a_folder_of_a_repository_lists_what_is_below_it(tmp_path: Path) -> None:
    start(tmp_path, in_git=True)
    write(tmp_path, "a.py", "service/app/b.py")
    write(tmp_path, ".gitignore", text="/service/app/c.py\n")
    write(tmp_path, "service/app/c.py")
    assert listed(tmp_path / "service") == ["app/b.py"]


def test_the_environment_of_a_hook_does_not_mislead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(tmp_path, in_git=True)
    write(tmp_path, "a.py")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))
    assert listed(tmp_path) == ["a.py"]


def test_without_the_git_program_ignore_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(tmp_path, in_git=True)
    write(tmp_path, "a.py", "b.py")
    write(tmp_path, ".gitignore", text="b.py\n")
    monkeypatch.setenv("PATH", "")
    assert listed(tmp_path) == ["a.py"]


@in_both
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a POSIX system")
def test_only_regular_files_are_listed(tmp_path: Path, in_git: bool) -> None:
    start(tmp_path, in_git)
    write(tmp_path, "a.py", "folder.py/b.py")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "dangling.py").symlink_to("nothing")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "around").symlink_to(".", target_is_directory=True)
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # a socket's path must be short
        try:
            server.bind("socket.py")
        finally:
            os.chdir(here)
        assert listed(tmp_path) == ["a.py", "folder.py/b.py"]
    with pytest.raises(OSError):
        WorkingTree(str(tmp_path)).read("pipe.py")


@in_both
def test_a_linked_file_counts_once(tmp_path: Path, in_git: bool) -> None:
    root = tmp_path / "project"
    root.mkdir()
    start(root, in_git)
    write(tmp_path, "outside.py")
    write(root, "a.py")
    (root / "again.py").symlink_to("a.py")
    (root / "shared.py").symlink_to("../outside.py")
    assert listed(root) == ["a.py", "shared.py"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
@in_both
def test_an_unreadable_folder_is_told_of(tmp_path: Path, in_git: bool) -> None:
    start(tmp_path, in_git)
    write(tmp_path, "a.py", "locked/b.py")
    (tmp_path / "locked").chmod(0)
    tree = WorkingTree(str(tmp_path), wanted=python)
    try:
        assert tree.paths() == ["a.py"]
        assert tree.unlisted == {"locked": "Permission denied"}
    finally:
        (tmp_path / "locked").chmod(0o755)


@in_both
def test_what_is_named_is_there_though_it_is_excluded(tmp_path: Path, in_git: bool) -> None:
    start(tmp_path, in_git)
    write(tmp_path, ".gitignore", text="gen/\n")
    write(tmp_path, "a.py", "gen/b.py", "gen/c.py", "dist/d.py", "dist/node_modules/e.py")
    assert listed(tmp_path, named=("gen/b.py",)) == ["a.py", "gen/b.py"]
    assert listed(tmp_path, named=("gen",)) == ["a.py", "gen/b.py", "gen/c.py"]
    assert listed(tmp_path, named=("dist",)) == ["a.py", "dist/d.py"]
    assert listed(tmp_path, named=("gen/b.py", "dist"), force_exclude=True) == ["a.py"]


def test_a_loose_file_has_no_project(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b.py")
    assert listed(tmp_path, named=("a.py",), only_named=True) == ["a.py"]


def test_odd_patterns_are_taken_without_a_word(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    write(tmp_path, "a.py", "ignored.py")
    write(tmp_path, ".gitignore", text="[[]ab]\n*[Bb]in[[x]\nignored.py\n")
    assert listed(tmp_path) == ["a.py"]
    assert not recwarn.list
