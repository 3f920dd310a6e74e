"""Standard input in the place of a file, as editors send it."""

import json
import os
import sys
import xml.etree.ElementTree
from pathlib import Path

import pytest

from tests.cli.run import Done, environment, lay_out
from tests.cli.run import sqlalint_here as start
from tests.cli.test_adopting import LOOP, MODELS, VIEWS
from tests.cli.test_revisions import git
from tests.cli.test_since import LOADED, commit, found, no_ci, project_files, repository  # noqa: F401 (a fixture)

FORMATS = ("full", "concise", "json", "github", "sarif", "gitlab", "junit", "rdjson")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project without findings."""
    return lay_out(tmp_path, project_files(views=LOADED))


def buffer(folder: Path, text: str | bytes, name: str, *arguments: str) -> Done:
    """A run with a buffer in the place of a file."""
    content = text if isinstance(text, bytes) else text.encode()
    return start(folder, "--output-format", "concise", *arguments, "--stdin-filename", name, "-", stdin=content)


def test_the_buffer_replaces_the_file_in_the_whole_project(project: Path) -> None:
    assert found(start(project, "--output-format", "concise")) == []
    assert found(buffer(project, VIEWS, "app/views.py")) == ["app/views.py SAL101"]
    assert (project / "app/views.py").read_text() == LOADED
    (project / "app/views.py").write_text(VIEWS)
    assert found(buffer(project, LOADED, "app/views.py")) == []
    assert found(start(project, "--output-format", "concise")) == ["app/views.py SAL101"], "the cache is not deceived"


def test_the_dash_may_be_left_out_and_the_name_absolute(project: Path) -> None:
    done = start(project, "--stdin-filename", "app/views.py", "-q", "--output-format", "concise", stdin=VIEWS.encode())
    assert found(done) == ["app/views.py SAL101"]
    assert found(buffer(project, VIEWS, str(project / "app/views.py"))) == ["app/views.py SAL101"]
    assert found(buffer(project / "app", VIEWS, "views.py")) == ["views.py SAL101"]
    elsewhere = project.parent / f"{project.name}-elsewhere"
    elsewhere.mkdir()
    shown = f"../{project.name}/app/views.py SAL101"
    assert found(buffer(elsewhere, VIEWS, str(project / "app/views.py"))) == [shown], "the project is the file's"


def test_the_file_need_not_exist_nor_its_folder(project: Path) -> None:
    assert found(buffer(project, VIEWS, "app/other.py")) == ["app/other.py SAL101"]
    assert found(buffer(project, VIEWS, "app/new/folder/other.py")) == ["app/new/folder/other.py SAL101"]
    assert not (project / "app/new").exists()


def test_only_what_is_in_the_file_or_has_a_cause_there(project: Path) -> None:
    lay_out(project, {"app/more.py": VIEWS})
    done = buffer(project, LOADED, "app/views.py")
    assert found(done) == []
    assert "1 finding in 1 file outside app/views.py not shown" in done.out
    not_indexed = MODELS.replace(", index=True", "")
    assert found(buffer(project, not_indexed, "app/models.py")) == ["app/models.py SAL501"]
    query = "from sqlalchemy import select\nfrom app.models import User\n\n\ndef users():\n    return select(User)\n"
    views = VIEWS.replace("select(User)", "users()").replace(
        "import User", "import User\nfrom app.queries import users"
    )
    lay_out(project, {"app/more.py": views, "app/queries.py": "def users(): ...\n"})
    assert found(buffer(project, query, "app/queries.py")) == ["app/more.py SAL101"], "the query is a part of the cause"


def test_a_test_is_a_test_and_a_script_a_script(project: Path) -> None:
    for name, where in (("tests/test_a.py", "tests"), ("scripts/a.py", "scripts")):
        done = buffer(project, VIEWS, name)
        assert found(done) == [], name
        if where == "scripts":
            assert "1 finding in scripts not shown" in done.out
        lay_out(project, {name: VIEWS})
        assert found(start(project, "--output-format", "concise", name)) == [f"{name} SAL101"], "named by hand"
        assert found(buffer(project, VIEWS, name)) == []


def test_without_a_name_it_is_a_file_by_itself(project: Path) -> None:
    alone = MODELS.replace(", index=True", "") + VIEWS[VIEWS.index("\n\ndef") :]
    (project / "app/views.py").write_text(VIEWS)
    done = start(project, "--output-format", "concise", "-", stdin=alone.encode())
    assert found(done) == ["- SAL501", "- SAL101"]
    assert "in 1 of 1 file." in done.out
    assert found(start(project, "--output-format", "concise", "-", stdin=VIEWS.encode())) == [], "it knows no models"
    (project / "sqlalint.toml").write_text('ignore = ["SAL501"]\n')
    assert found(start(project, "--output-format", "concise", "-", stdin=alone.encode())) == ["- SAL101"]
    (item,) = json.loads(start(project, "--output-format", "json", "-", stdin=alone.encode()).out)
    assert item["filename"] == "-"
    full = start(project, "-", stdin=alone.encode()).out
    assert "print(user.posts)" in full


def test_source_is_that_of_the_buffer(project: Path) -> None:
    moved = "# a\n# b\n" + VIEWS.replace("print(user.posts)", "print(user.posts, 'unsaved')")
    done = start(project, "--stdin-filename", "app/views.py", "-", stdin=moved.encode())
    assert "app/views.py:11:20: SAL101" in done.out
    assert "print(user.posts, 'unsaved')" in done.out


@pytest.mark.parametrize("name", FORMATS)
def test_formats(project: Path, name: str) -> None:
    one = start(project, "-q", "--output-format", name, "--stdin-filename", "app/views.py", "-", stdin=VIEWS.encode())
    (project / "app/views.py").write_text(VIEWS)
    other = start(project, "-q", "--output-format", name, "app/views.py")
    assert one == other
    assert one.status == 1


def test_excluded_files(project: Path) -> None:
    (project / "sqlalint.toml").write_text('extend-exclude = ["generated"]\n')
    for _ in range(2):
        assert found(buffer(project, VIEWS, "generated/a.py")) == ["generated/a.py SAL101"]
        done = buffer(project, VIEWS, "generated/a.py", "--force-exclude")
        assert done == Done(0, "No Python files found.\n", "")
        lay_out(project, {"generated/a.py": VIEWS})
    quiet = start(
        project,
        "--force-exclude",
        "--output-format",
        "json",
        "--stdin-filename",
        "generated/a.py",
        stdin=b"import sqlalchemy\nx = (",
    )
    assert (quiet.status, json.loads(quiet.out)) == (0, [])
    assert found(buffer(project, VIEWS, "app/views.py", "--force-exclude")) == ["app/views.py SAL101"]


def test_ignored_files(tmp_path: Path) -> None:
    folder = repository(tmp_path, {**project_files(views=LOADED), ".gitignore": "build\n"})
    for _ in range(2):
        assert found(buffer(folder, VIEWS, "build/a.py")) == ["build/a.py SAL101"]
        assert found(buffer(folder, VIEWS, "build/a.py", "--force-exclude")) == []
        lay_out(folder, {"build/a.py": VIEWS})
    assert found(buffer(folder, VIEWS, "app/b.py", "--force-exclude")) == ["app/b.py SAL101"]


@pytest.mark.parametrize("content", [b"import sqlalchemy\nx = '\xff'\n", b"import sqlalchemy\nx = (\n", b"\0"])
def test_what_cannot_be_read(project: Path, content: bytes) -> None:
    done = buffer(project, content, "app/views.py")
    assert done.status == 2
    assert "app/views.py:" in done.out
    assert " SAL003 " in done.out
    loose = start(project, "--output-format", "concise", "-", stdin=content)
    assert loose.status == 2
    assert loose.out.startswith("-:")


def test_odd_contents(project: Path) -> None:
    assert found(buffer(project, "", "app/views.py")) == []
    assert found(buffer(project, VIEWS.replace("\n", "\r\n"), "app/views.py")) == ["app/views.py SAL101"]
    assert found(buffer(project, b"\xef\xbb\xbf" + VIEWS.encode(), "app/views.py")) == ["app/views.py SAL101"]
    assert found(buffer(project, "not python (", "README.md")) == []
    assert found(buffer(project, VIEWS, "app/odd,b:c%d.py")) == ["app/odd,b:c%d.py SAL101"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--stdin-filename", "app/views.py", "app"], "no other paths can be named besides"),
        (["-", "app"], "no other paths can be named besides"),
        (["--stdin-filename", "app", "-"], "--stdin-filename: `app` names no file"),
        (["--stdin-filename", "", "-"], "--stdin-filename: `` names no file"),
        (["-", "--add-ignore", "why"], "--add-ignore: standard input is no file"),
        (["baseline", "-"], "the baseline is of what is on disk"),
    ],
)
def test_what_is_wrong_with_the_call(project: Path, arguments: list[str], message: str) -> None:
    done = start(project, *arguments, stdin=VIEWS.encode())
    assert (done.status, done.out) == (2, "")
    assert message in done.err


def test_a_comment_for_nothing_is_not_told_of(project: Path) -> None:
    unused = LOADED.replace(LOOP, f"{LOOP}  # noqa: SAL101")
    assert found(buffer(project, unused, "app/views.py")) == []
    assert found(start(project, "--output-format", "concise", "-", stdin=unused.encode())) == []
    assert found(buffer(project, VIEWS.replace(LOOP, f"{LOOP}  # noqa: SAL101"), "app/views.py")) == []


def test_the_baseline_counts_and_is_not_judged(project: Path) -> None:
    (project / "app/views.py").write_text(VIEWS)
    start(project, "baseline")
    assert found(buffer(project, VIEWS, "app/views.py")) == []
    done = buffer(project, "", "app/views.py", "--strict-baseline")
    assert (done.status, "gone" in done.out) == (0, False)


def test_with_a_reference(tmp_path: Path) -> None:
    folder = repository(tmp_path, project_files(views=LOADED))
    assert found(buffer(folder, VIEWS, "app/views.py", "--new-since", "main")) == ["app/views.py SAL101"]
    assert found(buffer(folder, VIEWS, "app/views.py", "--diff-base", "main")) == ["app/views.py SAL101"]
    assert found(buffer(folder, VIEWS, "app/new.py", "--diff-base", "main")) == ["app/new.py SAL101"]
    (folder / "app/views.py").write_text(VIEWS)
    commit(folder)
    git(folder, "branch", "--force", "main", "HEAD")
    longer = VIEWS.replace("def report", "x = 1\n\n\ndef report")
    assert found(buffer(folder, longer, "app/views.py", "--new-since", "main")) == []
    assert found(buffer(folder, longer, "app/views.py", "--diff-base", "main")) == []
    changed = VIEWS.replace("print(user.posts)", "print(user.posts, 1)")
    assert found(buffer(folder, changed, "app/views.py", "--diff-base", "main")) == ["app/views.py SAL101"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_a_real_pipe(project: Path) -> None:
    import subprocess

    command = [
        sys.executable,
        "-m",
        "sqlalint",
        "--stdin-filename",
        "app/views.py",
        "-",
        "--output-format",
        "junit",
        "-q",
    ]
    done = subprocess.run(
        command, cwd=project, input=VIEWS.encode(), env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 1
    assert len(xml.etree.ElementTree.fromstring(done.stdout).findall(".//failure")) == 1
    assert os.listdir(project / ".sqlalint_cache")
