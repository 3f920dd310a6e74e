"""Suppression comments and the baseline as users meet them."""

import json
import os
import re
from pathlib import Path

import pytest

from tests.cli.run import Done, lay_out
from tests.cli.run import sqlalint as start

MODELS = """from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list["Post"]] = relationship(back_populates="author")


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    author: Mapped[User] = relationship(back_populates="posts")
"""
VIEWS = """from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import User


def report(session: Session) -> None:
    for user in session.scalars(select(User)):
        print(user.posts)
"""
LOOP = "        print(user.posts)"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one finding: SAL101 in app/views.py."""
    files = {"sqlalint.toml": "", "app/__init__.py": "", "app/models.py": MODELS, "app/views.py": VIEWS}
    return lay_out(tmp_path, files)


def codes(done: Done) -> list[str]:
    return re.findall(r"^\S+:\d+:\d+: (SAL\d+) ", done.out, re.MULTILINE)


def comment(project: Path, text: str, line: str = LOOP) -> None:
    path = project / "app/views.py"
    path.write_text(path.read_text().replace(line, f"{line}  # {text}", 1))


# --- comments ---


def test_a_comment_suppresses_and_the_summary_says_so(project: Path) -> None:
    assert codes(start(project)) == ["SAL101"]
    comment(project, "sqlalint: ignore[SAL101] -- few users")
    for _ in range(2):  # the second time from the cache
        done = start(project)
        assert (done.status, codes(done)) == (0, [])
        assert "  1 finding suppressed by comments.\n" in done.out


def test_an_unused_one_is_told_of_in_a_full_run_only(project: Path) -> None:
    comment(project, "noqa: SAL101, SAL501")
    assert codes(start(project)) == codes(start(project, ".")) == ["SAL001"]
    partly = (["app"], ["app/views.py"], ["--select", "SAL001"], ["--ignore", "SAL501"], ["--exclude", "other"])
    for arguments in partly:
        assert codes(start(project, *arguments)) == [], arguments
    assert codes(start(project, "--extend-select", "ALL", "--confidence", "possible")).count("SAL001") == 1


def test_it_is_judged_by_what_could_be_said_not_by_what_is(project: Path) -> None:
    comment(project, "noqa: SAL101")
    (project / "sqlalint.toml").write_text('ignore = ["SAL101"]\n')
    done = start(project)
    assert (done.status, codes(done)) == (0, [])
    assert "suppressed" not in done.out, "without the comment it would not be shown either"


def test_unknown_and_missing_names(project: Path) -> None:
    comment(project, "sqlalint: ignore[lazy-load-in-lop]")
    done = start(project)
    assert codes(done) == ["SAL101", "SAL002"]
    assert "No rule lazy-load-in-lop; did you mean lazy-load-in-loop?" in done.out


def test_reasons_are_asked_for_where_they_are_wanted(project: Path) -> None:
    comment(project, "sqlalint: ignore[SAL101]")
    assert codes(start(project)) == []
    assert codes(start(project, "--extend-select", "SAL004")) == ["SAL004"]


# --- the baseline ---


def test_only_what_is_new_is_reported(project: Path) -> None:
    done = start(project, "baseline")
    assert done.status == 0
    assert done.out == "sqlalint-baseline.json: 1 finding written; `sqlalint check` reports what is not among them.\n"
    for _ in range(2):
        done = start(project)
        assert (done.status, codes(done)) == (0, [])
        assert "  1 finding known from the baseline.\n" in done.out
    views = project / "app/views.py"
    views.write_text("# moved\n" + views.read_text() + VIEWS[VIEWS.index("\n\ndef report") :].replace("report", "two"))
    assert codes(start(project)) == ["SAL101"]
    assert codes(start(project, "app/views.py")) == ["SAL101"]
    (project / "sqlalint-baseline.json").unlink()
    assert codes(start(project)) == ["SAL101", "SAL101"], "what was printed stands on the baseline too"


def test_a_renamed_file_is_known(project: Path) -> None:
    start(project, "baseline")
    (project / "app/views.py").rename(project / "app/other.py")
    assert codes(start(project, "--strict-baseline")) == []


def test_what_is_gone_is_told_of_and_pruned(project: Path) -> None:
    start(project, "baseline")
    (project / "app/views.py").write_text("x = 1\n")
    gone = "1 finding of the baseline is gone: SAL101 in app/views.py; `sqlalint baseline --prune` drops it."
    done = start(project)
    assert done.status == 0
    assert gone in done.out
    assert start(project, "--strict-baseline").status == 1
    assert start(project, "app/models.py", "--strict-baseline").status == 1, "the whole project is analysed"
    assert "gone" not in start(project, "--exclude", "app/views.py").out, "nobody looked"
    assert start(project, "baseline", "--prune").out == "sqlalint-baseline.json: 0 findings left, 1 dropped.\n"
    assert start(project, "--strict-baseline").status == 0


def test_prune_adds_nothing(project: Path) -> None:
    lay_out(project, {"sqlalint-baseline.json": '{"version": 1, "findings": []}\n'})
    start(project, "baseline", "--prune")
    assert codes(start(project)) == ["SAL101"]


def test_it_records_what_check_would_report(project: Path) -> None:
    for arguments in (["--ignore", "SAL101"], ["--select", "models"], ["app/models.py"], ["--severity", "error"]):
        start(project, "baseline", *arguments)
        assert codes(start(project)) == ["SAL101"], arguments
    comment(project, "noqa: SAL101")
    start(project, "baseline")
    assert "SAL101" not in (project / "sqlalint-baseline.json").read_text(), "it is suppressed already"


def test_another_file(project: Path) -> None:
    assert start(project, "baseline", "--baseline", "known.json").status == 0
    assert codes(start(project)) == ["SAL101"]
    assert codes(start(project, "--baseline", "known.json")) == []
    for name, content in (("none.json", None), ("broken.json", "{")):
        if content is not None:
            (project / name).write_text(content)
        done = start(project, "--baseline", name)
        assert (done.status, done.out) == (2, "")
        assert name in done.err


def test_a_comment_at_noqa_row_suppresses(project: Path) -> None:
    query = "select(User)):\n        print(user.posts)"
    views = project / "app/views.py"
    views.write_text(
        VIEWS.replace(
            query, "select(User)):\n        print(\n            user\n            .posts,\n            1,\n        )"
        )
    )
    (item,) = json.loads(start(project, "--output-format", "json").out)
    assert item["noqa_row"] == 11
    lines = views.read_text().splitlines()
    lines[item["noqa_row"] - 1] += "  # noqa: SAL101"
    views.write_text("\n".join(lines) + "\n")
    assert codes(start(project)) == []


# --- writing comments ---


def ignored(project: Path, *arguments: str) -> Done:
    return start(project, "--add-ignore", "agreed in June", *arguments)


def test_comments_are_written_for_what_is_reported(project: Path) -> None:
    done = ignored(project)
    assert (done.status, done.err) == (0, "")
    assert done.out == "1 finding is suppressed now, by 1 comment in 1 file.\n"
    views = (project / "app/views.py").read_text()
    assert views == VIEWS.replace(LOOP, f"{LOOP}  # sqlalint: ignore[lazy-load-in-loop] -- agreed in June")
    for arguments in ([], ["--extend-select", "SAL004"]):
        done = start(project, *arguments)
        assert (done.status, codes(done)) == (0, [])
    again = ignored(project)
    assert (again.status, again.out) == (0, "Nothing to suppress.\n")
    assert (project / "app/views.py").read_text() == views


@pytest.mark.parametrize(
    "arguments",
    [
        ["--ignore", "SAL101"],
        ["--select", "models"],
        ["--severity", "error"],
        ["app/models.py"],
        ["--exclude", "views.py"],
    ],
)
def test_only_what_would_be_reported_gets_one(project: Path, arguments: list[str]) -> None:
    assert ignored(project, *arguments).out == "Nothing to suppress.\n"
    assert (project / "app/views.py").read_text() == VIEWS


def test_what_the_baseline_knows_gets_none(project: Path) -> None:
    start(project, "baseline")
    assert ignored(project).out == "Nothing to suppress.\n"
    assert (project / "app/views.py").read_text() == VIEWS


def test_what_cannot_be_suppressed_is_told_of(project: Path) -> None:
    (project / "app/broken.py").write_text("import sqlalchemy\nx = (\n")
    done = ignored(project)
    assert done.status == 2
    assert done.out == "1 finding is suppressed now, by 1 comment in 1 file.\n"
    advice = "SAL003 is not suppressed: no comment can stand there; use `per-file-ignores` or the baseline"
    assert re.fullmatch(rf"sqlalint: app/broken.py:\d:\d: {advice}\n", done.err)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX modes")
def test_a_file_that_is_read_only_stays(project: Path) -> None:
    (project / "app/views.py").chmod(0o444)
    done = ignored(project)
    assert done.status == 1
    assert done.out == "Nothing was written.\n"
    assert "SAL101 is not suppressed: the file cannot be written: is read-only" in done.err
    assert (project / "app/views.py").read_text() == VIEWS


@pytest.mark.parametrize("reason", ["", "two\nlines", "x # noqa: SAL101"])
def test_reasons_that_are_none(project: Path, reason: str) -> None:
    done = start(project, "--add-ignore", reason)
    assert (done.status, done.out) == (2, "")
    assert "--add-ignore: the reason is to be one line of text" in done.err


def test_line_ends_and_odd_names(project: Path) -> None:
    odd = project / "app/odd,b:c%d é.py"
    (project / "app/views.py").unlink()
    odd.write_bytes(VIEWS.replace("\n", "\r\n").encode())
    odd.chmod(0o640)
    assert ignored(project).status == 0
    content = odd.read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == VIEWS.count("\n")
    assert b"-- agreed in June\r\n" in content
    assert odd.stat().st_mode & 0o777 == 0o640
    assert codes(start(project)) == []


def test_a_reason_is_no_word_about_the_code(tmp_path: Path) -> None:
    """A comment in `downgrade()` that says why there is no way back is what SAL601 asks for; why it is off is not."""
    revision = """from alembic import op
import sqlalchemy as sa

revision = "aaaa1"
down_revision = None


def upgrade() -> None:
    op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))


def downgrade() -> None:
    pass
"""
    files = {
        "alembic.ini": "[alembic]\nscript_location = migrations\n",
        "migrations/env.py": "from alembic import context\n",
    }
    lay_out(tmp_path, {**files, "sqlalint.toml": "", "migrations/versions/a.py": revision})
    assert codes(start(tmp_path)) == ["SAL601"]
    assert start(tmp_path, "--add-ignore", "there is no way back, all of it is lost").status == 0
    assert codes(start(tmp_path)) == []
