"""git asked about real repositories: bases, changed files, trees of commits."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sqlalint.source.git import CommitTree, Git, GitProblem
from sqlalint.source.merge_base import Base, Baseless, UnknownReference, changed_files, find_base

_WHO = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Repository:
    """A repository that a test makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def git(self, *arguments: str) -> str:
        """Run git, which must succeed."""
        environment = {**os.environ, **_WHO, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, name: str, **files: str) -> str:
        """Write files (`__` stands for `/`) and commit; the commit's id."""
        for path, text in files.items():
            place = self.folder / (path.replace("__", "/") + ".py")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", name)
        return self.git("rev-parse", "HEAD")

    @property
    def asked(self) -> Git:
        return Git(str(self.folder))

    def base(self, option: str | None = None, configured: str | None = None, **variables: str) -> Base | Baseless:
        return find_base(self.asked, option, configured, variables)


Make = Callable[[str], Repository]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def repository(name: str) -> Repository:
        made = Repository(tmp_path / name)
        made.git("init", "-q", "-b", "main")
        return made

    return repository


@pytest.fixture
def branch(make: Make) -> Repository:
    """`feature` two commits ahead of `main`."""
    made = make("repo")
    made.commit("one", a="1", b="1")
    made.git("checkout", "-q", "-b", "feature")
    made.commit("two", c="1")
    made.commit("three", a="2")
    return made


def test_the_option_comes_first(branch: Repository) -> None:
    assert branch.base("HEAD~1", "main", GITHUB_BASE_REF="main") == Base(branch.git("rev-parse", "HEAD~1"), "HEAD~1")


@pytest.mark.parametrize("reference", ["nowhere", "--help", "", "-x", "main:a.py"])
def test_an_option_that_names_no_commit_is_an_error(branch: Repository, reference: str) -> None:
    with pytest.raises(UnknownReference):
        branch.base(reference)


def test_the_configuration_comes_before_ci(branch: Repository) -> None:
    assert branch.base(None, "HEAD~1", GITHUB_BASE_REF="main") == Base(branch.git("rev-parse", "HEAD~1"), "HEAD~1")
    found = branch.base(None, "gone", GITHUB_BASE_REF="main")
    assert isinstance(found, Base)
    assert found.name == "main"


@pytest.mark.parametrize(
    "name", ["CI_MERGE_REQUEST_DIFF_BASE_SHA", "BITBUCKET_PR_DESTINATION_COMMIT", "PRE_COMMIT_FROM_REF"]
)
def test_what_other_ci_says(branch: Repository, name: str) -> None:
    one = branch.git("rev-parse", "HEAD~1")
    assert branch.base(**{name: one}) == Base(one, one)


def test_a_bare_branch_name_is_tried_below_origin(branch: Repository, tmp_path: Path) -> None:
    branch.git("branch", "release", "main")
    clone = Repository(tmp_path / "clone")
    clone.git("clone", "-q", str(branch.folder), ".")
    found = clone.base(GITHUB_BASE_REF="release")
    assert isinstance(found, Base)
    assert (found.name, found.commit) == ("origin/release", branch.git("rev-parse", "main"))


def test_the_merge_base_with_main(branch: Repository) -> None:
    assert branch.base() == Base(branch.git("rev-parse", "main"), "the merge base with main")


def test_on_main_itself_the_first_parent(make: Make) -> None:
    made = make("repo")
    one = made.commit("one", a="1")
    made.commit("two", b="1")
    assert made.base() == Base(one, "the first parent of HEAD")


def test_one_commit_has_nothing_before_it(make: Make) -> None:
    made = make("repo")
    made.commit("one", a="1")
    found = made.base()
    assert isinstance(found, Baseless)
    assert "no earlier commit" in found.reason
    assert "start-after" in found.remedy


def test_nothing_committed(make: Make) -> None:
    found = make("repo").base()
    assert isinstance(found, Baseless)
    assert "nothing is committed" in found.reason


def test_a_branch_of_another_name_only(make: Make) -> None:
    made = make("repo")
    made.git("checkout", "-q", "-b", "trunk")
    made.commit("one", a="1")
    made.commit("two", b="1")
    assert isinstance(made.base(), Baseless)
    assert isinstance(made.base(None, "HEAD~1"), Base)


def test_a_shallow_clone_says_how_to_help(branch: Repository, tmp_path: Path) -> None:
    clone = Repository(tmp_path / "clone")
    clone.git("clone", "-q", "--depth", "1", f"file://{branch.folder}", ".")
    found = clone.base(GITHUB_BASE_REF="main")
    assert isinstance(found, Baseless)
    assert "shallow" in found.reason
    assert "fetch-depth: 0" in found.remedy


def test_the_merge_commit_of_a_shallow_clone(branch: Repository, tmp_path: Path) -> None:
    branch.git("checkout", "-q", "main")
    branch.commit("more", d="1")
    branch.git("merge", "-q", "--no-ff", "-m", "merge", "feature")
    clone = Repository(tmp_path / "clone")
    clone.git("clone", "-q", "--depth", "2", f"file://{branch.folder}", ".")
    found = clone.base()
    assert found == Base(branch.git("rev-parse", "HEAD^1"), "the first parent of HEAD")


def test_no_repository(tmp_path: Path) -> None:
    found = find_base(Git(str(tmp_path)), variables={})
    assert isinstance(found, Baseless)
    assert "no git repository" in found.reason


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_base(Git(str(tmp_path)), variables={})
    assert isinstance(found, Baseless)
    assert "no git program" in found.reason


def test_git_refuses_a_folder_of_another_user(branch: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    found = branch.base()
    assert isinstance(found, Baseless)
    assert "refuses" in found.reason
    assert "safe.directory" in found.remedy


def test_git_that_hangs(branch: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    with pytest.raises(GitProblem, match="more than"):
        Git(str(branch.folder), timeout=0.2).run("status")


def test_changed_files(branch: Repository) -> None:
    (branch.folder / "b.py").write_text("2")
    (branch.folder / "new ü.py").write_text("1")
    (branch.folder / ".gitignore").write_text("ignored.py\n")
    (branch.folder / "ignored.py").write_text("1")
    found = branch.base()
    assert isinstance(found, Base)
    assert changed_files(branch.asked, found) == {"a.py", "b.py", "c.py", "new ü.py", ".gitignore"}


def test_changed_files_below_a_folder(make: Make) -> None:
    made = make("repo")
    made.commit("one", server__a="1", other__b="1")
    made.commit("two", server__a="2", other__b="2", server__c="1")
    asked = Git(str(made.folder / "server"))
    found = find_base(asked, variables={})
    assert isinstance(found, Base)
    assert changed_files(asked, found) == {"a.py", "c.py"}


def test_a_deleted_and_remade_file_is_changed_not_new(branch: Repository) -> None:
    branch.git("rm", "-q", "--cached", "b.py")
    (branch.folder / "b.py").write_text("2")
    assert "b.py" in changed_files(branch.asked, Base(branch.git("rev-parse", "main"), "main"))


def test_what_only_the_base_has_changed_is_not_new(branch: Repository) -> None:
    branch.git("checkout", "-q", "main")
    branch.commit("later", b="3", z="1")
    branch.git("checkout", "-q", "feature")
    found = branch.base("main")
    assert isinstance(found, Base)
    assert changed_files(branch.asked, found) == {"a.py", "c.py"}


def test_hooks_and_monitors_are_not_run(branch: Repository, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {mark}\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "core.pager"):
        branch.git("config", key, str(script))
    (branch.folder / "b.py").write_text("2")
    changed_files(branch.asked, Base(branch.git("rev-parse", "main"), "main"))
    assert not mark.exists()


def test_the_tree_of_a_commit(branch: Repository) -> None:
    os.symlink("a.py", branch.folder / "link.py")
    (branch.folder / "venv").mkdir()
    (branch.folder / "venv" / "x.py").write_text("1")
    branch.commit("four", **{"pkg__ü": "# ü\n", "empty": ""})
    (branch.folder / "a.py").write_text("changed since")
    with CommitTree(branch.asked, "HEAD", wanted=lambda p: p.endswith(".py")) as tree:
        assert tree.paths() == ["a.py", "b.py", "c.py", "empty.py", "pkg/ü.py"]
        assert [tree.read(p) for p in ("a.py", "pkg/ü.py", "empty.py", "b.py")] == [b"2", "# ü\n".encode(), b"", b"1"]
        with pytest.raises(OSError):
            tree.read("nowhere.py")
    with CommitTree(Git(str(branch.folder / "pkg")), "HEAD") as below:
        assert below.paths() == ["ü.py"]


def test_a_hook_compares_with_head_where_nothing_is_before(make: Make) -> None:
    """Without a hook that is the first parent of HEAD: HEAD is what is looked at."""
    one = make("one")
    first = one.commit("first", a="1")
    assert find_base(one.asked, variables={}, hook=True) == Baseless(
        "there is no earlier commit to compare with", "set `start-after`"
    )
    (one.folder / "untracked.py").write_text("1")
    assert not one.asked.is_changed(first)
    (one.folder / "a.py").write_text("2")
    assert one.asked.is_changed(first)
    assert find_base(one.asked, variables={}, hook=True) == Base(first, "HEAD")
    second = one.commit("second", a="2")
    assert find_base(one.asked, variables={}, hook=True) == Base(first, "the first parent of HEAD")
    one.git("rm", "-q", "a.py")
    assert find_base(one.asked, variables={}, hook=True) == Base(second, "HEAD")
    assert find_base(one.asked, variables={}) == Base(first, "the first parent of HEAD")
    assert find_base(one.asked, variables={"PRE_COMMIT_FROM_REF": first}, hook=True) == Base(first, first)


def test_a_hook_compares_with_the_branch_point_where_there_is_one(make: Make) -> None:
    one = make("one")
    first = one.commit("first", a="1")
    one.git("switch", "-q", "-c", "branch")
    one.commit("second", a="2")
    (one.folder / "a.py").write_text("3")
    assert find_base(one.asked, variables={}, hook=True) == Base(first, "the merge base with main")
