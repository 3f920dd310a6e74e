"""`--hook`: what a hook names only filters, and what git does not track is not there."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.run import Done, environment, lay_out, sqlalint
from tests.scratch import APP, PAGES, QUERIES, Repository, revision, revisions

CROSSING = {"app/queries.py": QUERIES, "app/pages.py": PAGES}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "project")
    made.commit(APP)
    return made


def found(done: Done) -> list[tuple[str, str]]:
    """The file and the code of each finding."""
    assert done.status in (0, 1), done.err
    return [(f["filename"], f["code"]) for f in json.loads(done.out)]


def check(folder: Path, *arguments: str, **more: str) -> list[tuple[str, str]]:
    return found(sqlalint(folder, "check", "--hook", "--no-cache", "--output-format", "json", *arguments, **more))


def test_a_finding_belongs_to_its_place_and_to_its_cause(repository: Repository) -> None:
    repository.commit(CROSSING)
    for named in ("app/pages.py", "app/queries.py"):
        assert check(repository.folder, named) == [("app/pages.py", "SAL101")]
    assert check(repository.folder, "app/models.py") == []


def test_a_named_test_is_judged_as_a_test(repository: Repository) -> None:
    test = QUERIES + "".join(PAGES.splitlines(keepends=True)[5:])
    repository.commit({"tests/test_pages.py": test})
    assert check(repository.folder, "tests/test_pages.py") == []
    done = sqlalint(repository.folder, "tests/test_pages.py", "--no-cache", "--output-format", "json")
    assert found(done) == [("tests/test_pages.py", "SAL101")]


def test_a_named_script_is_judged_as_a_script(repository: Repository) -> None:
    repository.commit({"scripts/all.py": QUERIES + "".join(PAGES.splitlines(keepends=True)[5:])})
    assert check(repository.folder, "scripts/all.py") == []
    assert check(repository.folder, "scripts/all.py", "--confidence", "likely") == [("scripts/all.py", "SAL101")]


def test_a_named_revision_is_not_thereby_open(repository: Repository) -> None:
    repository.commit(revisions(12))
    repository.commit({"README": ""})
    assert check(repository.folder, "migrations/versions/r003.py") == []
    done = sqlalint(repository.folder, "migrations/versions/r003.py", "--no-cache", "--output-format", "json")
    assert ("migrations/versions/r003.py", "SAL642") in found(done)


@pytest.mark.parametrize("branch", ["main", "trunk"])
def test_what_is_staged_is_new_since_head(tmp_path: Path, branch: str) -> None:
    """Also where nothing was committed before, and where no usual branch is there to compare with."""
    repository = Repository(tmp_path)
    repository.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    repository.commit({**APP, **revisions(30)})
    repository.add({"migrations/versions/r030.py": revision(30)})
    wanted = [("migrations/versions/r030.py", "SAL642")]
    assert check(tmp_path) == wanted
    assert check(tmp_path, *(f"migrations/versions/r{n:03}.py" for n in range(31))) == wanted


def test_where_nothing_is_staged_the_last_commit_is_new(repository: Repository) -> None:
    repository.commit(revisions(30))
    repository.commit({"migrations/versions/r030.py": revision(30)})
    assert check(repository.folder) == [("migrations/versions/r030.py", "SAL642")]


def test_the_branch_is_new_and_not_only_what_is_staged(repository: Repository) -> None:
    repository.commit(revisions(12))
    repository.git("switch", "--quiet", "--create=branch")
    repository.commit({"migrations/versions/r012.py": revision(12)})
    repository.add({"migrations/versions/r013.py": revision(13)})
    assert [path[-7:] for path, _ in check(repository.folder)] == ["r012.py", "r013.py"]


def test_an_untracked_draft_is_not_there(repository: Repository) -> None:
    repository.commit(revisions(12))
    repository.add({"migrations/versions/r012.py": revision(12)})
    repository.write({"migrations/versions/draft.py": revision(12, name="draft")})
    codes = {code for _, code in check(repository.folder, "migrations/versions/r012.py")}
    assert codes == {"SAL642"}
    plain = sqlalint(repository.folder, "--no-cache", "--output-format", "json")
    assert "SAL604" in {code for _, code in found(plain)}


def test_a_draft_that_git_is_only_to_expect_is_not_staged_but_tracked(repository: Repository) -> None:
    """pre-commit takes it out of the index while hooks run."""
    repository.commit(revisions(12))
    repository.write({"migrations/versions/draft.py": revision(11, parent=10, name="draft")})
    repository.git("add", "--intent-to-add", "migrations/versions/draft.py")
    assert "SAL604" in {code for _, code in check(repository.folder)}


def test_untracked_files_that_are_named_are_left_out_and_that_is_said(repository: Repository) -> None:
    name = "app/odd,b:c%d \u00e4.py"
    repository.write({**CROSSING, name: QUERIES})
    done = sqlalint(repository.folder, "check", "--hook", "--no-cache", name, "app/pages.py")
    assert (done.status, done.err) == (0, "")
    assert "No findings in 2 files." in done.out
    assert f"Left out, as git does not track them: {name}, app/pages.py." in done.out
    forced = sqlalint(repository.folder, "check", "--force-exclude", "--hook", "--no-cache", "app/pages.py", "-q")
    assert (forced.status, forced.out) == (0, "")


def test_tracked_files_are_there_though_they_are_ignored(repository: Repository) -> None:
    repository.write({".gitignore": "app/*\n", **CROSSING})
    repository.git("add", "--force", ".gitignore", "app")
    assert check(repository.folder, "--force-exclude", "app/pages.py") == [("app/pages.py", "SAL101")]


def test_excluded_files_stay_out_with_force_exclude(repository: Repository) -> None:
    repository.commit(CROSSING)
    exclude = ("--exclude", "app/pages.py", "app/pages.py")
    assert check(repository.folder, "--force-exclude", *exclude) == []
    assert check(repository.folder, *exclude) == [("app/pages.py", "SAL101")]


def test_a_folder_that_is_named_brings_nothing_untracked(repository: Repository) -> None:
    repository.write({".gitignore": "build/\n", "build/pages.py": QUERIES + PAGES})
    repository.add(CROSSING)
    repository.write({"app/other.py": PAGES})
    assert check(repository.folder, "app", "build") == [("app/pages.py", "SAL101")]


def test_without_git_everything_is_there(tmp_path: Path) -> None:
    lay_out(tmp_path, {**APP, **CROSSING})
    assert check(tmp_path, "app/pages.py") == [("app/pages.py", "SAL101")]
    assert "Left out" not in sqlalint(tmp_path, "check", "--hook", "--no-cache", "app/pages.py").out


def test_a_loose_file_is_judged(tmp_path: Path) -> None:
    lay_out(tmp_path, {"a.py": "", "b.py": ""})
    assert sqlalint(tmp_path, "check", "--hook", "--no-cache", "a.py").out == "No findings in 1 file.\n"


def test_a_project_below_the_top_of_the_work_tree(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit({f"back end/{path}": text for path, text in {**APP, **CROSSING}.items()})
    repository.write({"back end/app/other.py": PAGES})
    assert check(tmp_path, "back end/app/pages.py") == [("back end/app/pages.py", "SAL101")]
    repository.commit({"other.py": ""})
    done = sqlalint(tmp_path, "check", "--hook", "--no-cache", "back end/app/pages.py", "other.py")
    assert done.status == 2
    assert "give each project its own hook, with `files`" in done.err


def test_a_submodule_is_read_as_its_own_git_says(tmp_path: Path) -> None:
    inner = Repository(tmp_path / "inner")
    inner.commit(CROSSING)
    repository = Repository(tmp_path / "outer")
    repository.commit(APP)
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "part")
    repository.write({"part/app/other.py": PAGES})
    done = sqlalint(repository.folder, "check", "--hook", "--show-files")
    assert done.out.split() == ["app/__init__.py", "app/models.py", "part/app/pages.py", "part/app/queries.py"]


@pytest.mark.parametrize("linked", [False, True], ids=["main work tree", "linked work tree"])
def test_the_index_of_the_commit_counts(repository: Repository, linked: bool) -> None:
    """`git commit FILE` commits with an index of its own: what is staged besides is not in the commit."""
    folder = repository.folder
    if linked:
        repository.git("worktree", "add", "--quiet", "--detach", "../linked")
        folder = folder.parent / "linked"
    index = Path(repository.git("-C", str(folder), "rev-parse", "--absolute-git-dir"), "index")
    other = index.with_name("next-index-1.lock")
    other.write_bytes(index.read_bytes())
    lay_out(folder, CROSSING)
    repository.git("-C", str(folder), "add", ".")
    listing = ("check", "--hook", "--show-files")
    assert "app/pages.py" in sqlalint(folder, *listing).out.split()
    assert "app/pages.py" not in sqlalint(folder, *listing, GIT_INDEX_FILE=str(other)).out.split()
    if not linked:
        assert "app/pages.py" not in sqlalint(folder, *listing, GIT_INDEX_FILE=f".git/{other.name}").out.split()
    foreign = folder.parent / "index"
    foreign.write_bytes(other.read_bytes())
    assert "app/pages.py" in sqlalint(folder, *listing, GIT_INDEX_FILE=str(foreign)).out.split()
    assert "app/pages.py" in sqlalint(folder, *listing, GIT_INDEX_FILE="nowhere").out.split()


def batches(folder: Path, *batch: str, **more: str) -> list[Done]:
    """Runs of one parent, as pre-commit's; each argument names files, separated by commas."""
    return [sqlalint(folder, "check", "--hook", *files.split(","), PRE_COMMIT="1", **more) for files in batch]


def test_no_batch_shows_again_what_another_has_shown(repository: Repository) -> None:
    repository.commit(CROSSING)
    first, second = batches(repository.folder, "app/pages.py,app/models.py", "app/queries.py")
    assert (first.status, first.out.count("SAL101")) == (1, 1)
    assert (second.status, second.out.count("SAL101")) == (1, 0), "the exit status stands"
    assert "No other findings in 4 files." in second.out
    assert "1 finding on these files is shown above: the hook got its files in several parts." in second.out
    (again,) = batches(repository.folder, "app/queries.py")
    assert again.out.count("SAL101") == 1, "a file that comes again is of another run"


def test_runs_that_are_no_batches_show_everything(repository: Repository) -> None:
    repository.commit(CROSSING)
    batches(repository.folder, "app/pages.py")
    for arguments in (
        ("check", "--hook", "app/queries.py"),
        ("check", "app/queries.py"),
    ):
        assert sqlalint(repository.folder, *arguments).out.count("SAL101") == 1
    (other,) = batches(repository.folder, "--confidence=likely,app/queries.py")
    assert other.out.count("SAL101") == 1


@pytest.mark.parametrize("content", [b"", b"{}", b'{"run": 1}', b"\xff", None], ids=repr)
def test_a_damaged_note_of_a_batch_is_none(repository: Repository, content: bytes | None) -> None:
    repository.commit(CROSSING)
    batches(repository.folder, "app/pages.py")
    note = repository.folder / ".sqlalint_cache" / "hook.json"
    if content is None:
        note.unlink()
        note.mkdir()
    else:
        note.write_bytes(content)
    (done,) = batches(repository.folder, "app/queries.py")
    assert (done.status, done.err, done.out.count("SAL101")) == (1, "", 1)


def test_an_old_note_of_a_batch_is_none(repository: Repository) -> None:
    repository.commit(CROSSING)
    batches(repository.folder, "app/pages.py")
    os.utime(repository.folder / ".sqlalint_cache" / "hook.json", (1, 1))
    (done,) = batches(repository.folder, "app/queries.py")
    assert done.out.count("SAL101") == 1


def test_the_environment_of_tests_has_no_pre_commit() -> None:
    assert "PRE_COMMIT" not in environment()
