"""What is new since a git reference, as users meet it: `--new-since` and `--diff-base`."""

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sqlalint.engine
from sqlalint.cli.inspection import open_inspection
from sqlalint.cli.options import CheckOptions
from sqlalint.project.project import Project, UnreadableFile
from sqlalint.report.finding import Finding, Severity
from sqlalint.rules.registry import rule
from sqlalint.source.overlay import Overlay
from tests.cli.run import Done, lay_out
from tests.cli.run import sqlalint_here as start
from tests.cli.test_adopting import LOOP, MODELS, VIEWS, codes
from tests.cli.test_revisions import git

EXCLUDES = Path(__file__).parent / "excluded.txt"
QUERY = "select(User)"
LOADED = VIEWS.replace(QUERY, "select(User).options(selectinload(User.posts))").replace(
    "import Session", "import Session, selectinload"
)
NOT_INDEXED = MODELS.replace(", index=True", "")


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the environment says what to compare with."""
    for name in ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "BITBUCKET_PR_DESTINATION_COMMIT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("PRE_COMMIT_FROM_REF", raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def repository(folder: Path, files: dict[str, str | bytes], message: str = "Before") -> Path:
    """A repository with these files on `main`, and a branch `work` checked out."""
    lay_out(folder, files)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, message)
    git(folder, "switch", "--quiet", "--create=work")
    return folder


def commit(folder: Path, message: str = "Change") -> None:
    """Commit all that there is, but for the cache."""
    git(folder, "config", "core.excludesFile", str(EXCLUDES))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", f"--message={message}")


def project_files(models: str = MODELS, views: str = VIEWS) -> dict[str, str | bytes]:
    return {"sqlalint.toml": "", "app/__init__.py": "", "app/models.py": models, "app/views.py": views}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one finding on `main`: SAL101 in app/views.py."""
    return repository(tmp_path, project_files())


@pytest.fixture
def mended(tmp_path: Path) -> Path:
    """A repository without findings."""
    return repository(tmp_path, project_files(views=LOADED))


def new(folder: Path, *arguments: str, since: str = "main") -> list[str]:
    """The findings that are new, as `path CODE`."""
    return found(start(folder, "--new-since", since, "--output-format", "concise", *arguments))


def touched(folder: Path, *arguments: str, since: str = "main") -> list[str]:
    """The findings on changed lines."""
    return found(start(folder, "--diff-base", since, "--output-format", "concise", *arguments))


def found(done: Done) -> list[str]:
    listed = re.findall(r"^(.+):\d+:\d+: (SAL\d+) ", done.out, re.MULTILINE)
    assert done.status == bool(listed), done
    return [f"{path} {code}" for path, code in listed]


def edit(folder: Path, path: str, before: str, after: str) -> None:
    text = (folder / path).read_text()
    assert before in text
    (folder / path).write_text(text.replace(before, after))


# --- by two trees ---


def test_nothing_is_new_where_nothing_has_changed(project: Path) -> None:
    for _ in range(2):
        done = start(project, "--new-since", "main")
        assert (done.status, codes(done)) == (0, [])
        assert "  1 finding that is not new since main not shown.\n" in done.out
    assert new(project, since="HEAD") == []


def test_what_is_gone_shows(mended: Path) -> None:
    (mended / "app/views.py").write_text(VIEWS)
    (mended / "app/models.py").write_text(NOT_INDEXED)
    assert new(mended) == ["app/models.py SAL501", "app/views.py SAL101"]
    commit(mended)
    assert new(mended) == ["app/models.py SAL501", "app/views.py SAL101"]
    assert touched(mended) == ["app/models.py SAL501", "app/views.py SAL101"], "the lines that it was on are changed"


def test_a_line_that_is_gone_is_in_no_line(tmp_path: Path) -> None:
    chained = LOADED.replace(QUERY + ".options", QUERY + "\n        .options")
    query = "select(User)\n        .options(selectinload(User.posts))"
    helper = f"\n\ndef users():\n    return (\n        {query}\n    )\n"
    folder = repository(
        tmp_path,
        project_files(
            views=chained.split("\n\ndef")[0] + helper + VIEWS[VIEWS.index("\n\ndef") :].replace(QUERY, "users()")
        ),
    )
    assert found(start(folder, "--output-format", "concise")) == []
    edit(folder, "app/views.py", "        .options(selectinload(User.posts))\n", "")
    assert new(folder) == ["app/views.py SAL101"]


def test_moved_lines_and_new_ones(project: Path) -> None:
    views = project / "app/views.py"
    views.write_text("# moved\n\n" + views.read_text())
    assert new(project) == []
    views.write_text(views.read_text() + VIEWS[VIEWS.index("\n\ndef") :].replace("report", "two"))
    assert new(project) == ["app/views.py SAL101"]


def test_a_second_equal_one_in_the_same_function(project: Path) -> None:
    edit(project, "app/views.py", VIEWS[VIEWS.index("    for") :], 2 * VIEWS[VIEWS.index("    for") :])
    assert new(project) == ["app/views.py SAL101"]


def test_a_renamed_file(project: Path) -> None:
    git(project, "mv", "app/views.py", "app/pages.py")
    assert new(project) == []
    assert touched(project) == []
    assert new(project, "app/pages.py") == []


def test_a_renamed_folder_and_a_path_outside_of_what_is_named(project: Path) -> None:
    git(project, "mv", "app", "shop")
    edit(project, "shop/views.py", "from app.", "from shop.")
    assert new(project, "shop") == []


def test_deleted_files(mended: Path) -> None:
    (mended / "app/views.py").unlink()
    assert new(mended) == []
    assert touched(mended) == []


def test_a_new_file_that_git_does_not_know_yet(mended: Path) -> None:
    lay_out(mended, {"app/new file.py": VIEWS, "ignored/x.py": VIEWS, ".gitignore": "ignored\n"})
    assert new(mended) == touched(mended) == ["app/new file.py SAL101"]
    assert new(mended, "ignored") == touched(mended, "ignored") == ["ignored/x.py SAL101"]


def test_others_work_on_main_is_not_mine(mended: Path) -> None:
    git(mended, "switch", "--quiet", "main")
    (mended / "app/views.py").write_text(VIEWS)
    commit(mended, "Others brought a finding")
    git(mended, "switch", "--quiet", "work")
    assert new(mended) == []
    git(mended, "switch", "--quiet", "main")
    (mended / "app/views.py").write_text(LOADED)
    (mended / "app/more.py").write_text(VIEWS)
    commit(mended)
    git(mended, "switch", "--quiet", "--create=late")
    git(mended, "switch", "--quiet", "main")
    (mended / "app/more.py").unlink()
    commit(mended, "Others mended one")
    git(mended, "switch", "--quiet", "late")
    assert new(mended) == touched(mended) == []


def test_a_merge_brings_nothing_that_main_has(mended: Path) -> None:
    git(mended, "switch", "--quiet", "main")
    (mended / "app/more.py").write_text(VIEWS)
    commit(mended)
    git(mended, "switch", "--quiet", "work")
    (mended / "app/mine.py").write_text(VIEWS)
    commit(mended)
    git(mended, "merge", "--quiet", "--no-edit", "main")
    assert new(mended) == touched(mended) == ["app/mine.py SAL101"]


# --- both sides by the same options ---


def test_a_comment_that_is_taken_away_brings_the_finding(tmp_path: Path) -> None:
    suppressed = VIEWS.replace(LOOP, f"{LOOP}  # sqlalint: ignore[SAL101] -- few users")
    folder = repository(tmp_path, project_files(views=suppressed))
    assert new(folder) == []
    (folder / "app/views.py").write_text(VIEWS)
    assert new(folder) == ["app/views.py SAL101"]


def test_a_suppressed_one_is_counted_only_if_it_is_new(project: Path) -> None:
    edit(project, "app/views.py", LOOP, f"{LOOP}  # noqa: SAL101")
    assert "suppressed" not in start(project, "--new-since", "main").out
    git(project, "switch", "--quiet", "--create=other")
    commit(project)
    assert "1 finding suppressed by comments." in start(project, "--new-since", "HEAD").out


def test_one_that_was_less_sure_is_new_and_one_that_is_less_sure_is_counted_if_it_would_be_new(tmp_path: Path) -> None:
    files = project_files(views="")
    folder = repository(tmp_path, {**files, "scripts/a.py": VIEWS})
    assert new(folder) == []
    assert "more" not in start(folder, "--new-since", "main").out, "it would not be new either"
    assert "in scripts" not in start(folder, "--new-since", "main").out
    (folder / "scripts/b.py").write_text(VIEWS)
    assert "1 more shows with --confidence likely." in start(folder, "--new-since", "main").out
    assert new(folder, "--confidence", "likely") == ["scripts/b.py SAL101"]
    (folder / "scripts/b.py").unlink()
    git(folder, "mv", "scripts/a.py", "app/a.py")
    assert new(folder) == ["app/a.py SAL101"], "it was no application code"


def test_selection_and_severity_hold_on_both_sides(project: Path) -> None:
    lay_out(project, {"app/more.py": VIEWS, "app/models.py": NOT_INDEXED})
    assert new(project) == ["app/models.py SAL501", "app/more.py SAL101"]
    assert new(project, "--select", "SAL501") == ["app/models.py SAL501"]
    assert new(project, "--severity", "error") == []
    assert new(project, "app/more.py") == ["app/more.py SAL101"]
    (project / "sqlalint.toml").write_text('per-file-ignores = { "more.py" = ["SAL101"] }\nignore = ["SAL501"]\n')
    assert new(project) == []
    (project / "sqlalint.toml").write_text('severity = { SAL101 = "error" }\n')
    assert new(project, "--severity", "error") == ["app/more.py SAL101"], "the configuration of today counts for both"


def test_excludes_hold_on_both_sides(project: Path) -> None:
    lay_out(project, {"vendored/a.py": VIEWS})
    commit(project)
    git(project, "branch", "--force", "main", "HEAD")
    (project / "vendored/b.py").write_text(VIEWS)
    assert new(project) == ["vendored/b.py SAL101"]
    assert new(project, "--exclude", "vendored") == []
    (project / "sqlalint.toml").write_text('extend-exclude = ["vendored"]\n')
    assert new(project) == []
    assert new(project, "vendored") == new(project, "vendored/b.py") == ["vendored/b.py SAL101"]
    assert new(project, "vendored/a.py") == []
    assert new(project, "vendored", "--force-exclude") == []


def test_both_the_baseline_and_the_reference_hold(project: Path) -> None:
    (project / "app/more.py").write_text(VIEWS)
    start(project, "baseline")
    lay_out(project, {"app/third.py": VIEWS})
    assert new(project) == touched(project) == ["app/third.py SAL101"]
    (project / "sqlalint-baseline.json").unlink()
    assert new(project) == ["app/more.py SAL101", "app/third.py SAL101"]
    done = start(project, "baseline", "--new-since", "main")
    assert "2 findings written" in done.out, "what check would report with the same options"


def test_an_unused_suppression_is_told_of_where_it_is_new_and_never_by_lines(project: Path) -> None:
    edit(project, "app/models.py", "primary_key=True)", "primary_key=True)  # noqa: SAL501")
    assert new(project) == ["app/models.py SAL001", "app/models.py SAL001"]
    assert touched(project) == []
    commit(project)
    assert new(project, since="HEAD") == []


# --- what there may be instead of a reference ---


@pytest.mark.parametrize("option", ["--new-since", "--diff-base"])
def test_references_that_are_none(project: Path, option: str) -> None:
    for name in ("nowhere", "", "-x", "main:app/views.py"):
        done = start(project, f"{option}={name}")
        assert (done.status, done.out, done.err) == (2, "", f"sqlalint: error: {option}: `{name}` names no commit\n")
    git(project, "switch", "--quiet", "--orphan", "alone")
    assert f"{option}: nothing is committed yet\n" in start(project, option, "main").err
    lay_out(project, project_files())
    commit(project)
    assert f"{option}: `main` and HEAD have no commit in common\n" in start(project, option, "main").err


@pytest.mark.parametrize("option", ["--new-since", "--diff-base"])
def test_without_git(tmp_path: Path, option: str) -> None:
    lay_out(tmp_path, project_files())
    done = start(tmp_path, option, "main")
    assert (done.status, done.out) == (2, "")
    assert done.err == f"sqlalint: error: {option}: this is no git repository\n"


@pytest.mark.parametrize("option", ["--new-since", "--diff-base"])
def test_a_shallow_clone_says_what_helps(project: Path, tmp_path_factory: pytest.TempPathFactory, option: str) -> None:
    (project / "app/more.py").write_text(VIEWS)
    commit(project)
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "--quiet", "--depth=1", f"file://{project}", ".")
    remedy = "the clone is shallow: fetch the whole history (`fetch-depth: 0` in actions/checkout)\n"
    assert start(clone, option, "main").err == f"sqlalint: error: {option}: `main` names no commit; {remedy}"
    git(clone, "fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    done = start(clone, option, "main")
    assert (done.status, done.out) == (2, "")
    assert done.err == f"sqlalint: error: {option}: `origin/main` and HEAD have no commit in common; {remedy}"


def test_a_clone_without_contents_says_so(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (project / "app/views.py").write_text(LOADED)
    commit(project)
    git(project, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "--quiet", "--filter=blob:none", f"file://{project}", ".")
    done = start(clone, "--new-since", "main")
    assert (done.status, done.out) == (2, "")
    assert "git does not have app/views.py as it was in" in done.err
    assert "clone without `--filter`" in done.err


def test_a_branch_of_origin_by_its_bare_name(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "--quiet", str(project), ".")
    assert "not new since origin/main not shown" in start(clone, "--new-since", "main").out


def test_a_project_that_was_not_there(project: Path) -> None:
    lay_out(project / "services/two", project_files())
    assert new(project / "services/two") == touched(project / "services/two") == ["app/views.py SAL101"]
    commit(project)
    git(project, "branch", "--force", "main", "HEAD")
    assert new(project / "services/two") == touched(project / "services/two") == []


def test_a_file_that_could_not_be_read_then_or_cannot_now(project: Path) -> None:
    broken = "import sqlalchemy\nx = (\n"
    (project / "app/broken.py").write_text(broken)
    done = start(project, "--new-since", "main")
    assert (done.status, codes(done)) == (2, ["SAL003"])
    commit(project)
    done = start(project, "--new-since", "HEAD")
    assert (done.status, codes(done)) == (0, [])
    (project / "app/broken.py").write_text(VIEWS)
    assert new(project, since="HEAD") == ["app/broken.py SAL101"]


@rule("SAL699", "crashes", severity=Severity.ERROR)
def on_what_cannot_be_read(file: UnreadableFile, project: Project) -> Iterator[Finding]:
    """Crashes where there is a file that cannot be read."""
    raise ValueError(file.path)


def test_a_crash_of_then_puts_the_run_in_question(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "app/broken.py").write_text("x = (")
    commit(project)
    (project / "app/broken.py").write_text("")
    monkeypatch.setattr(sqlalint.engine, "all_rules", lambda: (on_what_cannot_be_read,))
    assert start(project, "--new-since", "main", "--no-cache").status == 0
    done = start(project, "--new-since", "HEAD", "--no-cache")
    assert done.status == 2
    assert "the rule crashes crashed on app/broken.py: ValueError" in done.err


# --- by lines ---


def test_background_counts_by_lines_and_any_line_of_a_finding(project: Path) -> None:
    edit(
        project, "app/models.py", '    posts: Mapped[list["Post"]] =', '    # many\n    posts: Mapped[list["Post"]]  ='
    )
    assert touched(project) == ["app/views.py SAL101"]
    assert new(project) == []
    git(project, "checkout", "--quiet", ".")
    edit(project, "app/views.py", LOOP, LOOP.replace("user.posts", "user.posts, 1"))
    assert touched(project) == ["app/views.py SAL101"]
    git(project, "checkout", "--quiet", ".")
    edit(project, "app/views.py", "def report", "x = 1\n\n\ndef report")
    assert touched(project) == []
    assert (
        "1 finding on lines unchanged since main not shown; --new-since also finds what removed lines bring up."
        in start(project, "--diff-base", "main").out
    )


def test_rows_are_those_of_what_is_edited_in_memory(project: Path) -> None:
    edit(project, "app/views.py", "def report", "x = 1\n\n\ndef report")
    with contextlib.chdir(project):
        inspection = open_inspection(CheckOptions(diff_base="main", no_cache=True))
    longer = (project / "app/views.py").read_bytes().replace(b"from sqlalchemy.orm", b"\n\n\n\nfrom sqlalchemy.orm")
    with inspection.cache() as cache:
        for content in (None, longer, longer.replace(b"user.posts", b"user.posts, 1")):
            tree = Overlay(inspection.tree, {"app/views.py": content} if content else {})
            report = inspection.inspect(tree, cache).report
            assert len(report.shown) == (content is not None and b", 1" in content)


def test_both_options_hold(project: Path) -> None:
    edit(project, "app/views.py", LOOP, LOOP.replace("user.posts", "user.posts, 1"))
    assert touched(project, "--new-since", "main") == []
    (project / "app/more.py").write_text(VIEWS)
    assert touched(project, "--new-since", "main") == ["app/more.py SAL101"]


def test_line_ends_of_windows(project: Path) -> None:
    views = project / "app/views.py"
    views.write_bytes(VIEWS.encode().replace(b"\n", b"\r\n"))
    assert new(project) == []
    commit(project)
    git(project, "branch", "--force", "main", "HEAD")
    views.write_bytes(b"# more\r\n" + views.read_bytes())
    assert new(project) == touched(project) == []


@pytest.mark.skipif(sys.platform == "win32", reason="such names are not allowed there")
def test_odd_names(mended: Path) -> None:
    names = ['odd,b:c%d "quoted".py', "tab\there.py", "日本.py", "-x.py", "back\\slash.py"]
    lay_out(mended, dict.fromkeys(names, f"{LOADED}\nx = 1\n"))
    commit(mended)
    git(mended, "branch", "--force", "main", "HEAD")
    assert new(mended) == touched(mended) == []
    lay_out(mended, dict.fromkeys(names, f"{VIEWS}\nx = 1\n"))
    assert len(new(mended)) == len(touched(mended)) == len(names)


def test_what_git_is_configured_to_print_does_not_matter(project: Path) -> None:
    for key, value in (
        ("diff.noprefix", "true"),
        ("color.diff", "always"),
        ("diff.external", "false"),
        ("core.pager", "false"),
        ("diff.context", "9"),
        ("diff.interHunkContext", "9"),
    ):
        git(project, "config", key, value)
    edit(project, "app/views.py", "def report", "x = 1\n\n\ndef report")
    assert touched(project) == []


def test_submodules_belong_to_both_states(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    inner = repository(tmp_path_factory.mktemp("inner"), {"more.py": VIEWS})
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "app/sub")
    commit(project)
    git(project, "branch", "--force", "main", "HEAD")
    assert "SAL101" in start(project, "app/sub").out
    assert new(project) == touched(project) == []
    (project / "app/sub/again.py").write_text(VIEWS)
    assert new(project) == ["app/sub/again.py SAL101"]
    commit(project / "app/sub")
    commit(project)
    assert new(project) == ["app/sub/again.py SAL101"]
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "--quiet", str(project), ".")
    assert new(clone, since="HEAD~1") == [], "it is not checked out"


def test_only_what_is_new_is_fixed(tmp_path: Path) -> None:
    folder = repository(tmp_path, project_files(models=NOT_INDEXED, views=LOADED))
    more = NOT_INDEXED[NOT_INDEXED.index("class Post") :].replace("Post", "Note").replace("posts", "notes")
    more = "".join(line for line in more.splitlines(keepends=True) if "relationship" not in line)
    (folder / "app/models.py").write_text(f"{NOT_INDEXED}\n\n{more}")
    assert new(folder) == ["app/models.py SAL501"]
    start(folder, "--fix", "--unsafe-fixes", "--new-since", "main")
    assert "index=True" in (folder / "app/models.py").read_text().partition("class Note")[2]
    assert (folder / "app/models.py").read_text().startswith(NOT_INDEXED)
