"""Open and applied revisions, from git to the summary."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import sqlalint.engine
from sqlalint.cli import run
from sqlalint.project.migrations import Revision
from sqlalint.project.project import Project
from sqlalint.report.finding import Finding, Severity
from sqlalint.rules.registry import rule
from tests.cli.run import lay_out, sqlalint_here
from tests.cli.run import sqlalint as start

APPLIED = 12


@rule("SAL699", "any-revision", severity=Severity.ERROR, speaks="open")
def on_each_open_revision(revision: Revision, project: Project) -> Iterator[Finding]:
    """Says something of every revision."""
    yield Finding(at=revision.at, message="A revision", help="None", identity=(revision.id,))


def revision(number: int) -> str:
    parent = f'"r{number - 1:03}"' if number else "None"
    return f"""\
from alembic import op

revision = "r{number:03}"
down_revision = {parent}


def upgrade():
    op.drop_column("users", "c{number}")


def downgrade():
    pass
"""


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve revisions on main, one new on a branch, and a rule that finds fault with each."""
    lay_out(
        tmp_path,
        {
            "sqlalint.toml": "",
            "alembic.ini": "[alembic]\nscript_location = migrations\n",
            "migrations/env.py": "",
            **{f"migrations/versions/r{n:03}.py": revision(n) for n in range(APPLIED)},
        },
    )
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=Applied")
    git(tmp_path, "switch", "--quiet", "--create=branch")
    (tmp_path / f"migrations/versions/r{APPLIED:03}.py").write_text(revision(APPLIED))
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=New")
    for name in ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "PRE_COMMIT_FROM_REF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sqlalint.engine, "all_rules", lambda: (on_each_open_revision,))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[list[str], str]:
    """The files of the findings, and the summary."""
    run(["--no-cache", "--jobs", "1", "--output-format", "concise", *arguments])
    lines = capsys.readouterr().out.splitlines()
    found = [line.partition(":")[0].rpartition("/")[2] for line in lines if " SAL699 " in line]
    return found, "\n".join(lines[len(found) :])


def test_only_the_new_one_is_judged(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, summary = said(capsys)
    assert found == ["r012.py"]
    assert "12 findings on 12 applied revisions not shown; --history shows them." in summary


def test_history_shows_them_all(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, summary = said(capsys, "--history")
    assert len(found) == APPLIED + 1
    assert "applied" not in summary


def test_a_file_that_is_named_is_open_but_not_a_folder(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "migrations/versions/r003.py")[0] == ["r003.py"]
    assert said(capsys, "migrations")[0] == ["r012.py"]


def test_a_changed_one_is_open_also_when_it_is_not_committed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "migrations/versions/r002.py").write_text(revision(2) + "\n# changed\n")
    (project / "migrations/versions/r013.py").write_text(revision(13))
    assert said(capsys)[0] == ["r002.py", "r012.py", "r013.py"]


def test_the_base_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--base", "HEAD")[0] == []
    (project / "sqlalint.toml").write_text('base = "HEAD"\n')
    assert said(capsys)[0] == []
    assert said(capsys, "--base", "main")[0] == ["r012.py"]


def test_start_after_takes_precedence(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "sqlalint.toml").write_text('start-after = "r009"\n')
    assert said(capsys)[0] == ["r010.py", "r011.py", "r012.py"]


def test_without_a_base_the_newest_ten_are_taken_as_open(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".git").rename(project / ".hidden")
    found, summary = said(capsys)
    assert found == [f"r{n:03}.py" for n in range(3, 13)]
    assert "3 findings on 3 applied revisions not shown" in summary
    assert "the newest 10 revisions of each tree are taken as open; set `start-after`." in summary


def test_references_that_are_none(project: Path) -> None:
    done = start(project, "--base", "nowhere")
    assert (done.status, done.out) == (2, "")
    assert done.err == "sqlalint: error: --base: `nowhere` names no commit\n"
    (project / "sqlalint.toml").write_text('start-after = ["r001", "x"]\n')
    done = start(project)
    assert (done.status, done.out) == (2, "")
    assert "key `start-after`: no script tree has the revision `x`" in done.err


def test_a_revision_that_is_not_saved_is_open_and_one_that_is_as_it_was_is_not(project: Path) -> None:
    def found(name: str, text: str) -> bool:
        path = f"migrations/versions/{name}.py"
        done = sqlalint_here(project, "--stdin-filename", path, "-", "--output-format", "concise", stdin=text.encode())
        return f"{path}:" in done.out

    assert found("r013", revision(13))
    assert found("r012", revision(12))
    assert found("r002", revision(2) + "\n# changed\n")
    assert not found("r002", revision(2))


def test_only_the_new_revision_is_new_also_where_an_old_one_is_touched(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "migrations/versions/r003.py").write_text(revision(3) + "\n# changed\n")
    assert said(capsys)[0] == ["r003.py", "r012.py"]
    for more in ([], ["--history"], ["migrations/versions/r003.py", "migrations"]):
        found, summary = said(capsys, "--new-since", "main", *more)
        assert found == ["r012.py"], more
        assert "applied" not in summary, "they are not new either"
    assert said(capsys, "--new-since", "main", "migrations/versions/r003.py")[0] == []
    assert said(capsys, "--new-since", "HEAD")[0] == []
    assert said(capsys, "--new-since", "main", "--base", "HEAD")[0] == [], "it counts as applied"
