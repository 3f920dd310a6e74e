"""Hints: what a user says of functions, attributes and sessions is believed, and no longer than it is said."""

from pathlib import Path

import pytest

from sqlalint.cache import Cache
from sqlalint.engine import judge, read_project
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
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
"""
REPO = """
from app.models import User
from sqlalchemy import select

class Users:
    def __init__(self, db):
        self.db = db

    def all(self):
        return self.db.scalars(select(User)).all()

class Archive(Users):
    pass

class Holder:
    def users(self):
        return registry["users"]
"""
HELPERS = {
    "app/__init__.py": "",
    "app/models.py": MODELS,
    "app/repo.py": REPO,
    "app/deps.py": "def users():\n    return registry.get('users')\n\n\nasync def later():\n    return registry['users']\n",
    "app/state.py": "users = registry['users']\n",
    "app/loading.py": "def with_posts(users):\n    return plugins.load(users)\n",
}
LOOP = "\n    for user in {rows}:\n        print(user.posts)\n"
IMPORTS = """
import flask
from acme.context import current
from app import deps, state
from app.loading import with_posts
from app.models import User
from app.repo import Archive, Holder, Users
from sqlalchemy import select
from sqlalchemy.orm import Session

class View:
    def __init__(self, request, kind):
        self.request = request
        self.users = kind.make()

"""


def found(body: str, **hints: object) -> list[str]:
    """The rules' codes for a function of a view."""
    files = {**HELPERS, "app/views.py": IMPORTS + body}
    return [f.code for f in lint(files, Settings(**hints)) if f.code == "SAL101"]  # type: ignore[arg-type]


REPOSITORY = "app.repo.Users"
SETTLED = [
    ("function", "def view():" + LOOP.format(rows="deps.users().all()"), {"returns": {"app.deps.users": REPOSITORY}}),
    (
        "coroutine",
        "async def view():" + LOOP.format(rows="(await deps.later()).all()"),
        {"returns": {"app.deps.later": REPOSITORY}},
    ),
    (
        "method",
        "def view(holder: Holder):" + LOOP.format(rows="holder.users().all()"),
        {"returns": {"app.repo.Holder.users": REPOSITORY}},
    ),
    (
        "inherited attribute",
        "class Sub(View):\n  def view(self):" + LOOP.format(rows="self.users.all()").replace("\n", "\n  "),
        {"attributes": {"app.views.View.users": "app.repo.Archive"}},
    ),
    (
        "variable",
        "def view():" + LOOP.format(rows="state.users.all()"),
        {"attributes": {"app.state.users": REPOSITORY}},
    ),
    (
        "something of a library",
        "def view():" + LOOP.format(rows="current.users.all()"),
        {"attributes": {"acme.context.current.users": REPOSITORY}},
    ),
    (
        "a library's object",
        "def view():" + LOOP.format(rows="flask.g.users.all()"),
        {"attributes": {"flask.g.users": REPOSITORY}},
    ),
    (
        "expression",
        "def view(request):" + LOOP.format(rows="request.users.all()"),
        {"attributes": {"request.users": REPOSITORY}},
    ),
    (
        "expression behind self",
        "class Sub(View):\n  def view(self):" + LOOP.format(rows="self.request.users.all()").replace("\n", "\n  "),
        {"attributes": {"request.users": REPOSITORY}},
    ),
]


@pytest.mark.parametrize(("body", "hints"), [case[1:] for case in SETTLED], ids=[case[0] for case in SETTLED])
def test_a_hint_settles_a_silence(body: str, hints: dict[str, dict[str, str]]) -> None:
    assert found(body) == []
    assert found(body, **hints) == ["SAL101"]


WRONG = [{"returns": {"app.deps.nothing": REPOSITORY}}, {"returns": {"app.deps.users": "app.repo.Nobody"}}, {}]


@pytest.mark.parametrize("hints", WRONG)
def test_what_does_not_exist_settles_nothing(hints: dict[str, dict[str, str]]) -> None:
    assert found(SETTLED[0][1], **hints) == []


@pytest.mark.parametrize("text", ["app.repo.Users[", "", "1 +", "list[", "'", "app..repo"])
def test_what_is_no_annotation_settles_nothing(text: str) -> None:
    assert found(SETTLED[0][1], returns={"app.deps.users": text}) == []
    assert found(SETTLED[0][1], returns={text: REPOSITORY}, attributes={text: REPOSITORY}, sessions=(text,)) == []


def test_what_is_assigned_goes_before() -> None:
    body = "def view(request):\n    request.users = []" + LOOP.format(rows="request.users.all()")
    assert found(body, attributes={"request.users": REPOSITORY}) == []


SESSIONS = [
    ("request.db", "request.db", "session"),
    ("deps.users()", "app.deps.users", "session"),
    ("state.users", "app.state.users", "session"),
    ("flask.g.db", "flask.g.db", "session"),
    ("request.db2", "request.db", "unknown"),
]


@pytest.mark.parametrize(("expression", "hint", "expected"), SESSIONS)
def test_sessions(expression: str, hint: str, expected: str) -> None:
    files = {**HELPERS, "app/views.py": f"{IMPORTS}def view(request):\n    db = {expression}\n"}
    project = read_project(MemoryTree(files), Settings(sessions=(hint,)))
    line = files["app/views.py"].count("\n")
    assert f"db is: {expected}" in " ".join(explain(project, "app/views.py", line)).lower()


def test_preloads() -> None:
    body = "def view(db: Session):\n    users = db.scalars(select(User)).all()\n    with_posts(users)" + LOOP.format(
        rows="users"
    )
    assert found(body) == ["SAL101"]
    assert found(body, preloads={"app.loading.with_posts": ["app.models.User.posts"]}) == []
    assert found(body, preloads={"app.loading.with_posts": ["app.models.User.other"]}) == ["SAL101"]
    assert found(body, preloads={"app.loading.others": ["app.models.User.posts"]}) == ["SAL101"]


def test_preloads_before_the_query_load_nothing() -> None:
    body = "def view(db: Session, more: list):\n    with_posts(more)\n    users = db.scalars(select(User)).all()"
    hints = {"app.loading.with_posts": ["app.models.User.posts"]}
    assert found(body + LOOP.format(rows="users"), preloads=hints) == ["SAL101"]


def test_nothing_kept_outlives_a_hint(tmp_path: Path) -> None:
    files = {**HELPERS, "app/views.py": IMPORTS + SETTLED[0][1]}

    def codes(settings: Settings) -> list[str]:
        with Cache(str(tmp_path), b"test") as cache:
            project = read_project(MemoryTree(files), settings, cache=cache)
            return [f.code for f in judge(project).findings if f.code == "SAL101"]

    hinted = Settings(returns={"app.deps.users": REPOSITORY})
    for settings, expected in ((Settings(), []), (hinted, ["SAL101"]), (Settings(), []), (hinted, ["SAL101"])):
        assert codes(settings) == expected
    files["app/repo.py"] = REPO.replace("select(User)", "select(User.id)")  # what the hint leads to counts as well
    assert codes(hinted) == []


FORMULAS = [
    ("a list", "deps.page(db, select(User))", "rows(query)", True),
    ("a part", 'deps.page(db, select(User))["items"]', "{'items': rows(query)}", True),
    ("an attribute", "deps.page(db, select(User)).items", "{'items': rows(query), 'total': int}", True),
    ("a tuple", "deps.page(db, select(User))[1]", "tuple[int, rows(query)]", True),
    ("a class", "deps.page(db, User)", "rows(query)", True),
    ("the first that is given", "deps.page(select(User))", "rows(query or db)", True),
    ("loaded", "deps.page(db, select(User).options(selectinload(User.posts)))", "rows(query)", False),
    ("options", "deps.page(db, User, selectinload(User.posts))", "rows(query, options)", False),
    ("other rows", "deps.page(db, select(User.id))", "rows(query)", False),
    ("no statement", "deps.page(db, registry)", "rows(query)", False),
    ("no parameter", "deps.page(db, select(User))", "rows(nothing)", False),
    ("no rows", "deps.page(db, select(User))", "rows()", False),
]
PAGING = "def page(db, query=None, options=None):\n    return registry.page(db, query)\n"


@pytest.mark.parametrize(("rows", "hint", "fires"), [c[1:] for c in FORMULAS], ids=[c[0] for c in FORMULAS])
def test_what_a_function_returns_by_its_arguments(rows: str, hint: str, fires: bool) -> None:
    body = "from sqlalchemy.orm import selectinload\n\ndef view(db: Session):" + LOOP.format(rows=rows)
    files = {**HELPERS, "app/deps.py": PAGING, "app/views.py": IMPORTS + body}
    for hinted, codes in (({}, []), ({"app.deps.page": hint}, ["SAL101"] if fires else [])):
        assert [f.code for f in lint(files, Settings(returns=hinted)) if f.family == "loading"] == codes


def test_a_function_of_a_library_by_its_arguments() -> None:
    body = "from acme import paging\n\ndef view(db):" + LOOP.format(rows="paging.page(db, select(User)).items")
    assert found(body) == []
    assert found(body, returns={"acme.paging.page(db, query)": "{'items': rows(query)}"}) == ["SAL101"]
    assert found(body, returns={"acme.paging.page(query)": "{'items': rows(query)}"}) == []
    later = (
        body.replace("def view", "async def view")
        .replace("paging.page", "(await paging.page")
        .replace(").items", ")).items")
    )
    files = {**HELPERS, "app/views.py": IMPORTS + later}
    hinted = Settings(returns={"acme.paging.page(db, query)": "{'items': rows(query)}"})
    assert [f.code for f in lint(files, hinted) if f.family == "asyncio"] == ["SAL201"]
