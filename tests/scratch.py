"""A small application in a git repository of its own, for tests of hooks and pipelines."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.cli.run import lay_out

MODELS = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list["Post"]] = relationship(back_populates="author")


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    author: Mapped[User] = relationship(back_populates="posts")
"""
# the query of one file, the loop of another: SAL101 stands in the second, and the first is its cause
QUERIES = """\
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import User


def all_users(session: Session) -> list[User]:
    return list(session.scalars(select(User)))
"""
PAGES = """\
from sqlalchemy.orm import Session

from app.queries import all_users


def titles(session: Session) -> list[str]:
    return [post.title for user in all_users(session) for post in user.posts]
"""
ENV = "from alembic import context\nfrom app.models import Base\n\ntarget_metadata = Base.metadata\n"
APP: dict[str, str] = {
    "sqlalint.toml": 'select = ["loading", "migrations"]\n',
    "app/__init__.py": "",
    "app/models.py": MODELS,
}


def revision(number: int, parent: int | None = None, *, name: str = "") -> str:
    """A revision after another, the one with the number before unless said; SAL642 is found in it if it is open."""
    before = number - 1 if parent is None else parent
    down = f'"r{before:03}"' if before >= 0 else "None"
    return f"""\
import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

revision = "{name or f"r{number:03}"}"
down_revision = {down}


def upgrade() -> None:
    op.create_table("t{name or number}", sa.Column("id", sa.Integer, primary_key=True))
    session = Session(op.get_bind().engine)
    session.execute(sa.text("INSERT INTO t{name or number} (id) VALUES (1)"))
    session.commit()


def downgrade() -> None:
    op.drop_table("t{name or number}")
"""


def revisions(number: int) -> dict[str, str]:
    """A script tree with so many revisions, one after the other."""
    return {
        "alembic.ini": "[alembic]\nscript_location = migrations\n",
        "migrations/env.py": ENV,
        **{f"migrations/versions/r{n:03}.py": revision(n) for n in range(number)},
    }


class Repository:
    """A git repository that a test makes; nothing of the user's configuration of git counts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, which git is not told of."""
        lay_out(self.folder, files)

    def add(self, files: Mapping[str, str]) -> None:
        """Write files and stage them."""
        self.write(files)
        self.git("add", "--", *files)

    def commit(self, files: Mapping[str, str] | None = None) -> None:
        """Write files and commit them, with all that is staged."""
        self.add(files or {})
        self.git("commit", "--quiet", "--no-verify", "--allow-empty", "--message=.")

    def git(self, *arguments: str) -> str:
        """Run git, which must succeed."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=git_environment(), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()


def git_environment() -> dict[str, str]:
    """This process's environment, with an author and without the user's configuration of git."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PRE_COMMIT", "GITHUB_", "CI_"))}
    who = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {**kept, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
