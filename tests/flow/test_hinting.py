"""`why` names the hint that would settle a silence, and what it names does."""

import re
import tomllib

import msgspec
import pytest

from sqlalint.engine import read_project
from sqlalint.flow.why import explain
from sqlalint.project.settings import Settings
from tests.harness import MemoryTree, lint

MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase):
    pass

class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list["Post"]] = relationship()

class Post(Base):
    __tablename__ = "post"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
"""
REPO = """
from app.models import User
from sqlalchemy import select

class UserRepo:
    def __init__(self, db):
        self.db = db

    def active(self):
        return self.db.scalars(select(User)).all()
"""
DEPS = """
def get_repo():
    return registry["users"]

def opened() -> "Elsewhere":
    return registry["users"]

def page(db, query):
    return registry.page(db, query)

def with_posts(users):
    return registry.load(users)

async def later():
    return registry["users"]
"""
HEAD = """
import flask
from acme import paging
from app import state
from app.deps import get_repo, later, opened, page, with_posts
from app.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session

class View:
    def __init__(self, kind):
        self.users = kind.make()

    def show(self):
        for user in self.users.active():
            print(user.posts)

"""
OTHERS = {
    "app/__init__.py": "",
    "app/models.py": MODELS,
    "app/repo.py": REPO,
    "app/deps.py": DEPS,
    "app/state.py": "repo = registry['users']\n",
}


def explained(body: str, line: str, files: dict[str, str] | None = None) -> list[str]:
    """What `why` says of the first line of a view that holds a text."""
    files = {**OTHERS, "app/views.py": HEAD + body, **(files or {})}
    row = next(n for n, text in enumerate(files["app/views.py"].splitlines(), 1) if line in text)
    return explain(read_project(MemoryTree(files), Settings()), "app/views.py", row)


def hints(said: list[str]) -> list[str]:
    """The hints in it."""
    return [found[0] for text in said for found in [re.findall(r"\[tool\.sqlalint.*", text)] if found]


def settings_of(hint: str) -> Settings:
    """The settings that a hint makes, pasted into a pyproject.toml."""
    table, _, entry = hint.partition("] ")
    read = tomllib.loads(f"{table}]\n{entry}\n")["tool"]["sqlalint"]
    return msgspec.convert(read, Settings)


def loading(body: str, settings: Settings) -> list[tuple[str, str]]:
    files = {**OTHERS, "app/views.py": HEAD + body}
    return [(f.code, f.confidence.value) for f in lint(files, settings) if f.family in ("loading", "asyncio")]


LOOP = "    for user in {rows}:\n        print(user.posts)\n"
CASES = {
    "a function": (
        "def view():\n    repo = get_repo()\n" + LOOP.format(rows="repo.active()"),
        "for user in repo",
        "the type of `repo` is unknown, `get_repo` (app/deps.py:2) has no annotation",
        '[tool.sqlalint.returns] "app.deps.get_repo" = "app.repo.UserRepo"',
    ),
    "where it is called": (
        "def view():\n    repo = get_repo()\n" + LOOP.format(rows="repo.active()"),
        "repo = get_repo()",
        "the type of `get_repo` is unknown, `get_repo` (app/deps.py:2) has no annotation",
        '[tool.sqlalint.returns] "app.deps.get_repo" = "app.repo.UserRepo"',
    ),
    "an annotation": (
        "def view():\n" + LOOP.format(rows="opened().active()"),
        "opened().active()",
        "`opened` (app/deps.py:5) has an annotation that is not known",
        '[tool.sqlalint.returns] "app.deps.opened" = "app.repo.UserRepo"',
    ),
    "a coroutine": (
        "async def view():\n    repo = await later()\n" + LOOP.format(rows="repo.active()"),
        "repo.active()",
        "`later` (app/deps.py:14) has no annotation",
        '[tool.sqlalint.returns] "app.deps.later" = "app.repo.UserRepo"',
    ),
    "a function that is given a statement": (
        "def view(db):\n" + LOOP.format(rows="page(db, select(User))"),
        "in page(",
        "`page` (app/deps.py:8) has no annotation",
        '[tool.sqlalint.returns] "app.deps.page" = "rows(query)"',
    ),
    "a function of a library that is given one": (
        "def view(db):\n" + LOOP.format(rows="paging.fetch(db, select(User))"),
        "paging.fetch",
        "`acme.paging.fetch` is of a library",
        '[tool.sqlalint.returns] "acme.paging.fetch(db, query)" = "rows(query)"',
    ),
    "an attribute of a class": (
        "",
        "in self.users",
        "the type of `self.users` is unknown, the class `View` does not say what `users` is",
        '[tool.sqlalint.attributes] "app.views.View.users" = "app.repo.UserRepo"',
    ),
    "an attribute of a parameter": (
        "def view(request):\n" + LOOP.format(rows="request.repo.active()"),
        "in request.repo",
        "the parameter `request` has no annotation",
        '[tool.sqlalint.attributes] "request.repo" = "app.repo.UserRepo"',
    ),
    "a variable of a module": (
        "def view():\n" + LOOP.format(rows="state.repo.active()"),
        "in state.repo",
        "the type of `state.repo` is unknown",
        '[tool.sqlalint.attributes] "app.state.repo" = "app.repo.UserRepo"',
    ),
    "an object of a library": (
        "def view():\n" + LOOP.format(rows="flask.g.users"),
        "in flask.g",
        "`flask.g.users` is of a library",
        '[tool.sqlalint.attributes] "flask.g.users" = "list[app.models.User]"',
    ),
    "inside the loop": (
        "def view():\n    repo = get_repo()\n    for one in repo.active():\n        print(one.posts)\n",
        "print(one.posts)",
        "the type of `one` is unknown",
        '[tool.sqlalint.returns] "app.deps.get_repo" = "app.repo.UserRepo"',
    ),
    "a comprehension": (
        "def view():\n    repo = get_repo()\n    return [one.posts for one in repo.active()]\n",
        "one.posts for one",
        "the type of `repo` is unknown",
        '[tool.sqlalint.returns] "app.deps.get_repo" = "app.repo.UserRepo"',
    ),
}


@pytest.mark.parametrize(("body", "line", "because", "hint"), CASES.values(), ids=list(CASES))
def test_a_silence_names_its_hint(body: str, line: str, because: str, hint: str) -> None:
    said = explained(body, line)
    assert any(text.startswith("silent: ") and because in text and text.endswith(f"; {hint}") for text in said), said
    assert hints(said) == [hint]
    assert loading(body, settings_of(hint)) == settled(body, hint)


def settled(body: str, hint: str) -> list[tuple[str, str]]:
    """What a view says once its hint is given: nothing is known of rows by their type alone."""
    return [] if '"list[' in hint else [("SAL101", "certain")]


def test_a_session_that_is_a_guess() -> None:
    body = "def view(request):\n    return request.db.execute(select(User)).all()\n"
    (hint,) = hints(explained(body, "request.db.execute"))
    assert hint == '[tool.sqlalint] sessions = ["request.db"]'
    table, _, entry = hint.partition("] ")
    assert tomllib.loads(f"{table}]\n{entry}\n")["tool"]["sqlalint"] == {"sessions": ["request.db"]}


def test_an_asynchronous_session_that_is_a_guess() -> None:
    body = "async def view(request):\n    users = (await request.db.execute(select(User))).scalars().all()\n    return [user.posts for user in users]\n"
    (hint,) = hints(explained(body, "request.db.execute"))
    assert hint == '[tool.sqlalint.attributes] "request.db" = "sqlalchemy.ext.asyncio.AsyncSession"'
    assert ("SAL201", "certain") in loading(body, settings_of(hint))
    assert ("SAL201", "certain") not in loading(body, Settings())


def test_a_function_that_may_have_loaded_it() -> None:
    body = "def view(db: Session):\n    users = db.scalars(select(User)).all()\n    with_posts(users)\n" + LOOP.format(
        rows="users"
    )
    files = HEAD + body
    row = files.count("\n")
    said = explain(read_project(MemoryTree({**OTHERS, "app/views.py": files}), Settings()), "app/views.py", row)
    (hint,) = hints(said)
    assert hint == '[tool.sqlalint.preloads] "app.deps.with_posts" = ["app.models.User.posts"]'
    assert loading(body, Settings()) == [("SAL101", "certain")]
    assert loading(body, settings_of(hint)) == []


QUIET = {
    "what is known": ("def view(db: Session):\n" + LOOP.format(rows="db.scalars(select(User))"), "for user in db"),
    "columns": (
        "def view(db: Session):\n    for n in db.scalars(select(User.id)):\n        print(n.bit_length())\n",
        "n.bit",
    ),
    "an empty list": ("def view():\n    found = []\n    for one in found:\n        print(one.name)\n", "one.name"),
    "what is never used": ("def view():\n    repo = get_repo()\n    return repo\n", "repo = get_repo()"),
    "a name that stands for itself": ("def view():\n    repo = repo\n    repo.x\n", "repo.x"),
}


@pytest.mark.parametrize(("body", "line"), QUIET.values(), ids=list(QUIET))
def test_nothing_is_said_of_what_no_hint_settles(body: str, line: str) -> None:
    assert hints(explained(body, line)) == []


DEPENDS = """
from typing import Annotated

from fastapi import Depends

def view({parameter}):
    for user in repo.active():
        print(user.posts)
"""


@pytest.mark.parametrize("parameter", ["repo=Depends(get_repo)", "repo: Annotated[object, Depends(get_repo)]"])
def test_a_dependency_is_asked(parameter: str) -> None:
    body = DEPENDS.replace("{parameter}", parameter)
    hint = '[tool.sqlalint.returns] "app.deps.get_repo" = "app.repo.UserRepo"'
    assert hints(explained(body, "in repo.active()")) == [hint]
    assert loading(body, settings_of(hint)) == [("SAL101", "certain")]


def test_a_parameter_is_to_be_annotated() -> None:
    said = explained("def view(repo):\n" + LOOP.format(rows="repo.active()"), "in repo.active()")
    assert "silent: the type of `repo` is unknown, the parameter `repo` has no annotation; annotate it" in said
    assert hints(said) == []


def test_no_suggestion_without_a_class_that_fits() -> None:
    said = explained("def view():\n    repo = get_repo()\n    return repo.nothing_has_this()\n", "repo.nothing")
    assert hints(said) == ['[tool.sqlalint.returns] "app.deps.get_repo" = "..."']


def test_what_is_used_as_a_session_is_one() -> None:
    made = "class Page(Handler):\n    async def get(self):\n        async with self.Opened() as db:\n            users = (await db.scalars(select(User))).all()\n            return [user.posts for user in users]\n"
    body = f"from acme.web import Handler\n\n{made}"
    (hint,) = hints(explained(body, "with self.Opened()")) or hints(explained(body, "await db.scalars"))
    assert hint == '[tool.sqlalint.returns] "acme.web.Handler.Opened" = "sqlalchemy.ext.asyncio.AsyncSession"'
    assert ("SAL201", "certain") in loading(body, settings_of(hint))
    assert ("SAL201", "certain") not in loading(body, Settings())


@pytest.mark.parametrize("call", ["json.loads(text)", "copy.deepcopy(text)", "select(text)"])
def test_nothing_is_said_of_the_standard_library_and_sqlalchemy(call: str) -> None:
    body = f"import copy, json\n\ndef view(text):\n    for one in {call}:\n        print(one.posts)\n"
    assert hints(explained(body, "for one in")) == []
