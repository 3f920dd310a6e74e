"""`--fix`, `--unsafe-fixes`, `--fix-only` and `--diff`, as users run them."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.run import Done, environment, lay_out, sqlalint

MODELS = """\
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list["Post"]] = relationship()


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
"""
QUERY = """\
from models import User
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload


def users(session: Session):
    # all of them
    return session.scalars(select(User).options(joinedload(User.posts))).all()  # \u00e9
"""
FIXED = QUERY.replace(").all()", ").unique().all()")
UNUSED = "x = 1  # noqa: SAL101\n"
REVISION = """\
from alembic import op
from sqlalchemy.orm import Session

revision = "{name}"
down_revision = {down}


def upgrade():
    session = Session(bind=op.get_bind())
    session.execute("UPDATE users SET name = trim(name)")
    session.commit()


def downgrade():
    raise NotImplementedError("the spaces are gone")
"""
FLUSHES = REVISION.replace("session.commit", "session.flush")

Project = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with models and further files."""

    def make(**files: str | bytes) -> Path:
        named = {name.replace("__", "/") + ".py": text for name, text in files.items()}
        return lay_out(tmp_path / "project", {"sqlalint.toml": "", "models.py": MODELS, **named})

    return make


def concise(folder: Path, *arguments: str, **more: str) -> Done:
    return sqlalint(folder, "--output-format", "concise", *arguments, **more)


def test_what_can_be_fixed_is_marked_and_counted(project: Project) -> None:
    done = concise(project(app=QUERY, unused=UNUSED))
    assert "app.py:8:74: SAL106 [*] select(User) joins" in done.out
    assert "unused.py:1:16: SAL001 [*] " in done.out
    assert "  [*] 2 fixable with --fix.\n" in done.out
    assert done.status == 1


def test_safe_fixes_are_applied_and_the_run_is_clean(project: Project) -> None:
    folder = project(app=QUERY, unused=UNUSED)
    done = concise(folder, "--fix")
    assert (folder / "app.py").read_text() == FIXED
    assert (folder / "unused.py").read_text() == "x = 1\n"
    said = (
        "Fixed 2 findings:\n"
        "- app.py:\n    1 × SAL106 (joined-collection-without-unique)\n"
        "- unused.py:\n    1 × SAL001 (unused-suppression)\n"
        "No findings in 3 files.\n"
    )
    assert done.out.startswith(said)
    assert (done.status, done.err) == (0, "")
    again = concise(folder, "--fix")
    assert (again.status, again.out) == (0, done.out[done.out.index("No findings") :])


def test_what_remains_is_printed(project: Project) -> None:
    folder = project(app=QUERY, models=MODELS.replace(", index=True", ""), unused=UNUSED)
    done = concise(folder, "--fix", "--select", "SAL106,SAL501")
    assert [line.split()[1] for line in done.out.splitlines() if ": SAL" in line] == ["SAL501"]
    assert "Fixed 1 finding:" in done.out
    assert done.status == 1
    assert (folder / "unused.py").read_text() == UNUSED


def test_machine_formats_have_what_remains_and_nothing_else(project: Project) -> None:
    folder = project(app=QUERY, models=MODELS.replace(", index=True", ""))
    done = sqlalint(folder, "--fix", "--output-format", "json")
    assert [f["code"] for f in json.loads(done.out)] == ["SAL501"]
    assert "Fixed 1 finding:\n- app.py:\n" in done.err
    assert done.status == 1


def test_fix_only_says_nothing_of_what_remains(project: Project) -> None:
    folder = project(app=QUERY, models=MODELS.replace(", index=True", ""))
    done = sqlalint(folder, "--fix-only")
    assert done.out == "Fixed 1 finding:\n- app.py:\n    1 × SAL106 (joined-collection-without-unique)\n"
    assert (done.status, done.err) == (0, "")
    assert (folder / "app.py").read_text() == FIXED
    assert sqlalint(folder, "--fix-only").out == "Nothing fixed.\n"
    quiet = sqlalint(folder, "--fix-only", "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (0, "", "")
    assert json.loads(sqlalint(folder, "--fix-only", "--output-format", "json").out) == []


# --- --diff ---


def test_a_diff_writes_nothing_and_fails_where_there_is_something_to_fix(project: Project) -> None:
    folder = project(pkg__app=QUERY)
    done = sqlalint(folder, "--diff", ".")
    assert done.out == (
        "--- pkg/app.py\n"
        "+++ pkg/app.py\n"
        "@@ -5,4 +5,4 @@\n"
        " \n"
        " def users(session: Session):\n"
        "     # all of them\n"
        "-    return session.scalars(select(User).options(joinedload(User.posts))).all()  # \u00e9\n"
        "+    return session.scalars(select(User).options(joinedload(User.posts))).unique().all()  # \u00e9\n"
    )
    assert done.err == "Would fix 1 finding:\n- pkg/app.py:\n    1 × SAL106 (joined-collection-without-unique)\n"
    assert done.status == 1
    assert (folder / "pkg/app.py").read_text() == QUERY
    below = sqlalint(folder / "pkg", "--diff", "--quiet", "app.py")
    assert below.out.startswith("--- app.py\n+++ app.py\n")
    assert (below.status, below.err) == (1, "")
    assert sqlalint(folder, "--diff", "--exit-zero").status == 0


def test_a_diff_of_nothing_is_empty_and_succeeds(project: Project) -> None:
    done = sqlalint(project(app=FIXED), "--diff")
    assert (done.status, done.out, done.err) == (0, "", "Nothing to fix.\n")


def test_a_diff_tells_of_a_missing_line_end(project: Project) -> None:
    done = sqlalint(project(app="import sqlalchemy\nx = 1  # noqa: SAL101"), "--diff", "--quiet")
    assert done.out.endswith(
        "-x = 1  # noqa: SAL101\n\\ No newline at end of file\n+x = 1\n\\ No newline at end of file\n"
    )


def test_a_diff_is_coloured_if_asked_for(project: Project) -> None:
    folder = project(app=QUERY)
    done = sqlalint(folder, "--diff", "--color", "always")
    assert "\x1b[1m--- app.py\x1b[0m\n" in done.out
    assert "\x1b[32m+    return" in done.out
    assert "\x1b" not in sqlalint(folder, "--diff").out


@pytest.mark.skipif(shutil.which("patch") is None, reason="there is no patch")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_patch_does_what_fix_does(project: Project, end: str, last: bool) -> None:
    text = "# -*- coding: latin-1 -*-\n" + QUERY + UNUSED + "y = 2  # é sqlalint: ignore[SAL101]" + "\n" * last
    content = text.replace("\n", end).encode("latin-1")
    folder = project(**{"odd name": content})
    diff = run_raw(folder, "--diff")
    sqlalint(folder, "--fix-only")
    fixed = (folder / "odd name.py").read_bytes()
    (folder / "odd name.py").write_bytes(content)
    subprocess.run(["patch", "-p0", "--binary"], input=diff, cwd=folder, check=True, capture_output=True)
    assert (folder / "odd name.py").read_bytes() == fixed != content


def run_raw(folder: Path, *arguments: str) -> bytes:
    command = [sys.executable, "-m", "sqlalint", *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False).stdout


# --- the bytes ---


@pytest.mark.parametrize(
    ("head", "end", "encoding"),
    [
        ("", "\n", "utf-8"),
        ("", "\r\n", "utf-8"),
        ("", "\r", "utf-8"),
        ("\ufeff", "\r\n", "utf-8"),
        ("# -*- coding: latin-1 -*-\n", "\r\n", "latin-1"),
        ("#!/usr/bin/env python\n# vim: set fileencoding=cp1252 :\n", "\n", "cp1252"),
    ],
)
def test_encoding_and_line_ends_are_kept(project: Project, head: str, end: str, encoding: str) -> None:
    def content(query: str) -> bytes:
        return (head + query).replace("\n", end).encode(encoding)

    folder = project(app=content(QUERY))
    assert concise(folder, "--fix").status == 0
    assert (folder / "app.py").read_bytes() == content(FIXED)


@pytest.mark.skipif(os.name == "nt", reason="there are no modes")
def test_the_mode_is_kept(project: Project) -> None:
    folder = project(app=QUERY)
    (folder / "app.py").chmod(0o750)
    concise(folder, "--fix")
    assert stat.S_IMODE((folder / "app.py").stat().st_mode) == 0o750


def test_a_link_stays_one(project: Project, tmp_path: Path) -> None:
    folder = project()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/app.py").write_text(QUERY)
    (folder / "app.py").symlink_to(tmp_path / "elsewhere/app.py")
    assert concise(folder, "--fix").status == 0
    assert (folder / "app.py").is_symlink()
    assert (tmp_path / "elsewhere/app.py").read_text() == FIXED


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_written(project: Project) -> None:
    folder = project(app=QUERY, other=QUERY)
    (folder / "app.py").chmod(0o444)
    done = concise(folder, "--fix")
    assert "app.py is not written: is read-only\n" in done.err
    assert done.status == 2
    assert (folder / "app.py").read_text() == QUERY
    assert (folder / "other.py").read_text() == FIXED
    assert "app.py:8:74: SAL106 " in done.out
    assert "Fixed 1 finding:\n- other.py:\n" in done.out


# --- what is not fixed ---


def test_what_is_suppressed_or_in_the_baseline_is_not_fixed(project: Project) -> None:
    ignored = QUERY.replace("  # \u00e9", "  # sqlalint: ignore[SAL106] -- why")
    folder = project(known=QUERY, ignored=ignored)
    assert sqlalint(folder, "baseline").status == 0
    (folder / "new.py").write_text(QUERY)
    assert concise(folder, "--fix").status == 0
    assert (folder / "known.py").read_text() == QUERY
    assert (folder / "ignored.py").read_text() == ignored
    assert (folder / "new.py").read_text() == FIXED


def test_what_is_not_shown_is_not_fixed(project: Project) -> None:
    folder = project(app=QUERY, tests__test_app=QUERY, other=QUERY)
    assert concise(folder, "--fix", "other.py").status == 0
    assert concise(folder, "--fix", "--select", "SAL501").status == 0
    assert (folder / "app.py").read_text() == QUERY
    assert (folder / "other.py").read_text() == FIXED
    concise(folder, "--fix")
    assert (folder / "tests/test_app.py").read_text() == QUERY


def test_a_file_that_cannot_be_read_is_left_alone(project: Project) -> None:
    folder = project(app=QUERY, broken="from sqlalchemy import (\nx = 1  # noqa: SAL101\n")
    done = concise(folder, "--fix")
    assert "broken.py:2:3: SAL003 " in done.out
    assert done.status == 2
    assert (folder / "broken.py").read_text() == "from sqlalchemy import (\nx = 1  # noqa: SAL101\n"
    assert (folder / "app.py").read_text() == FIXED


# --- unsafe fixes, and revisions ---


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    """A revision on main, and one that is new."""
    tree = {"alembic.ini": "[alembic]\nscript_location = migrations\n", "migrations/env.py": "", "sqlalint.toml": ""}
    old = REVISION.format(name="r1", down="None")
    lay_out(tmp_path, {**tree, "migrations/versions/r1.py": old})
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=Applied")
    git(tmp_path, "switch", "--quiet", "--create=branch")
    (tmp_path / "migrations/versions/r2.py").write_text(REVISION.format(name="r2", down='"r1"'))
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=New")
    return tmp_path


def revisions(folder: Path) -> list[bool]:
    """Whether each revision flushes."""
    return ["flush()" in p.read_text() for p in sorted((folder / "migrations/versions").glob("*.py"))]


ONLY = ("--select", "SAL603", "--output-format", "concise")


def test_unsafe_fixes_are_counted_and_left(migrated: Path) -> None:
    done = sqlalint(migrated, "--fix", *ONLY)
    assert "  1 more fixable with --unsafe-fixes.\n" in done.out
    assert "[*]" not in done.out
    assert done.status == 1
    assert revisions(migrated) == [False, False]
    assert "  1 fixable with --fix --unsafe-fixes.\n" in sqlalint(migrated, *ONLY).out
    counted = sqlalint(migrated, "--unsafe-fixes", *ONLY)
    assert "SAL603 [*] " in counted.out
    assert "  [*] 1 fixable with --fix --unsafe-fixes.\n" in counted.out
    assert (
        sqlalint(migrated, "--diff", "--select", "SAL603").err
        == "Nothing to fix.\n  1 more fixable with --unsafe-fixes.\n"
    )


@pytest.mark.parametrize("options", [[], ["--history"]])
def test_only_revisions_that_are_known_to_be_open_are_fixed(migrated: Path, options: list[str]) -> None:
    done = sqlalint(migrated, "--fix", "--unsafe-fixes", *ONLY, *options)
    assert revisions(migrated) == [False, True]
    assert "Fixed 1 finding:\n- migrations/versions/r2.py:\n" in done.out


def test_a_revision_that_is_named_is_fixed(migrated: Path) -> None:
    sqlalint(migrated, "--fix", "--unsafe-fixes", *ONLY, "migrations/versions/r1.py")
    assert revisions(migrated) == [True, False]


def test_without_git_no_revision_is_known_to_be_open(migrated: Path) -> None:
    shutil.rmtree(migrated / ".git")
    done = sqlalint(migrated, "--fix", "--unsafe-fixes", *ONLY)
    assert revisions(migrated) == [False, False]
    assert "fixable" not in done.out


def test_an_unused_comment_in_a_revision_that_is_not_known_to_be_open_stays(migrated: Path) -> None:
    for name in ("r1", "r2"):
        path = migrated / f"migrations/versions/{name}.py"
        path.write_text(path.read_text().replace("commit()", "flush()  # noqa: SAL603"))
    git(migrated, "commit", "--all", "--quiet", "--message=Both")
    git(migrated, "branch", "--force", "main")
    git(migrated, "commit", "--allow-empty", "--quiet", "--message=More")
    (migrated / "migrations/versions/r2.py").write_text(
        (migrated / "migrations/versions/r2.py").read_text() + "\n# changed\n"
    )
    sqlalint(migrated, "--fix")
    left = ["noqa" in p.read_text() for p in sorted((migrated / "migrations/versions").glob("*.py"))]
    assert left == [True, False]


# --- options ---


def test_a_diff_has_no_output_file(project: Project) -> None:
    done = sqlalint(project(app=QUERY), "--diff", "--output-file", "x")
    assert done.status == 2
    assert "--diff" in done.err


@pytest.mark.parametrize("option", ["--fix", "--unsafe-fixes", "--fix-only", "--diff"])
def test_baseline_fixes_nothing(project: Project, option: str) -> None:
    folder = project(app=QUERY)
    done = sqlalint(folder, "baseline", option)
    assert done.status == 2
    assert "No such option" in done.err
    assert (folder / "app.py").read_text() == QUERY


def test_a_run_that_fixes_is_never_printed_again(project: Project) -> None:
    folder = project(app=QUERY)
    for _ in range(2):
        (folder / "app.py").write_text(QUERY)
        assert "Fixed 1 finding" in concise(folder, "--fix").out
        assert (folder / "app.py").read_text() == FIXED


def test_a_hook_fixes_in_its_own_files_only(project: Project) -> None:
    folder = project(app=QUERY, other=QUERY)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    assert concise(folder, "--fix", "--hook", "app.py").status == 0
    assert (folder / "app.py").read_text() == FIXED
    assert (folder / "other.py").read_text() == QUERY


# --- standard input ---


def piped(folder: Path, text: str, *arguments: str) -> Done:
    command = [sys.executable, "-m", "sqlalint", *arguments, "-"]
    done = subprocess.run(command, cwd=folder, env=environment(), input=text.encode(), capture_output=True, check=False)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("option", ["--fix", "--fix-only"])
def test_of_standard_input_the_fixed_text_is_printed(project: Project, option: str) -> None:
    folder = project(app="old = 1\n")
    text = QUERY.replace("\n", "\r\n")
    done = piped(folder, text, "--stdin-filename", "app.py", option)
    assert done.out == FIXED.replace("\n", "\r\n")
    assert "Fixed 1 finding:\n- app.py:" in done.err
    assert done.status == 0
    assert (folder / "app.py").read_text() == "old = 1\n"
    again = piped(folder, FIXED, "--stdin-filename", "app.py", option, "--quiet")
    assert (again.status, again.out, again.err) == (0, FIXED, "")


def test_of_standard_input_what_remains_goes_to_the_other_stream(project: Project) -> None:
    text = MODELS.replace(", index=True", "")
    done = piped(project(), text, "--stdin-filename", "models.py", "--fix", "--output-format", "concise")
    assert done.out == text
    assert "models.py:18:42: SAL501 " in done.err
    assert done.status == 1


def test_of_standard_input_a_diff(project: Project) -> None:
    done = piped(project(), QUERY, "--stdin-filename", "app.py", "--diff")
    assert done.out.startswith("--- app.py\n+++ app.py\n")
    assert done.status == 1
