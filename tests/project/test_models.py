"""Models across files: who is meant by a name, what is counted, what stays unknown."""

import textwrap

from sqlalint.engine import read_project
from sqlalint.project.models import Models
from sqlalint.project.settings import Settings
from sqlalint.project.symbols import UNKNOWN, Definition
from tests.harness import MemoryTree

BASE = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
USER = """
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import relationship
from {base} import Base


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
"""
POST = """
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import relationship
from {base} import Base


class Post(Base):
    __tablename__ = "posts"
    id = Column(Integer, primary_key=True)
    user_id = Column(ForeignKey("users.id"))
    user = relationship("User", backref="posts")
"""


def models(files: dict[str, str]) -> Models:
    """The models of files by path."""
    return read_project(MemoryTree({k: textwrap.dedent(v) for k, v in files.items()}), Settings()).models


def test_names_are_found_by_symbol_table_and_name() -> None:
    found = models({"base.py": BASE, "user.py": USER.format(base="base"), "post.py": POST.format(base="base")})
    post = found.model("post.py::Post")
    assert post is not None
    assert found.of_symbol(Definition("post.py", "Post")) is post
    assert found.of_symbol(Definition("post.py", "Post", ("id",))) is None
    assert found.of_symbol(UNKNOWN) is None
    assert found.of_table(post.table or "") == (post,)
    assert found.named("Post", "") is post
    assert found.named("post.Post", "") is post
    assert found.named("user.Post", "") is None
    assert found.understood == (2, 2)
    assert found.by_id["user.py::User"].relationships["posts"].from_backref


def test_two_services_with_the_same_names_do_not_meet() -> None:
    files: dict[str, str] = {}
    for service in ("one", "two"):
        files |= {
            f"{service}/app/__init__.py": "",
            f"{service}/app/base.py": BASE,
            f"{service}/app/user.py": USER.format(base="app.base"),
            f"{service}/app/post.py": POST.format(base="app.base"),
        }
    found = models(files)
    assert len(found.tables) == 4
    for service in ("one", "two"):
        post = found.by_id[f"{service}/app/post.py::Post"]
        assert post.relationships["user"].target == f"{service}/app/user.py::User"
        assert found.tables[post.table or ""].foreign_keys[0].target == f"{service}:users"
        assert found.named("User", service) is found.by_id[f"{service}/app/user.py::User"]


def test_a_model_of_tests_makes_no_name_ambiguous() -> None:
    found = models(
        {
            "app/__init__.py": "",
            "app/base.py": BASE,
            "app/user.py": USER.format(base="app.base"),
            "app/post.py": POST.format(base="app.base"),
            "tests/test_it.py": USER.format(base="app.base").replace('"users"', '"test_users"'),
        }
    )
    assert found.by_id["app/post.py::Post"].relationships["user"].target == "app/user.py::User"
    named = found.named("User", "")
    assert named is not None
    assert named.at.path == "app/user.py"


def test_two_models_of_one_name_are_unknown() -> None:
    found = models(
        {
            "base.py": BASE,
            "a.py": USER.format(base="base"),
            "b.py": USER.format(base="base").replace('"users"', '"others"'),
            "post.py": POST.format(base="base"),
        }
    )
    assert found.by_id["post.py::Post"].relationships["user"].target is None
    assert found.named("User", "") is None
    assert [u.what for u in found.unresolved] == ["relationship target"]


def test_a_model_whose_base_is_out_of_sight_is_one_and_counted() -> None:
    found = models({"app.py": USER.format(base="elsewhere")})
    user = found.by_id["app.py::User"]
    assert not user.complete
    assert user.columns["id"].primary_key
    assert found.understood == (0, 1)
    assert [(u.what, u.name) for u in found.unresolved] == [("model", "User")]


def test_a_mixin_or_abstract_base_is_no_model() -> None:
    found = models(
        {
            "app.py": BASE
            + """
from sqlalchemy import Column, Integer
class Mixin:
    __tablename__ = "x"
    id = Column(Integer, primary_key=True)
class Abstract(Base):
    __abstract__ = True
class Plain: pass
class Real(Mixin, Abstract): pass
"""
        }
    )
    assert {m.name: m.abstract for m in found.by_id.values()} == {"Abstract": True, "Real": False}


def test_naming_conventions_are_kept_by_metadata() -> None:
    found = models(
        {
            "app.py": """
from sqlalchemy import MetaData
from sqlalchemy.orm import declarative_base
metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s"})
Base = declarative_base(metadata=metadata)
Other = declarative_base()
class A(Base):
    __tablename__ = "a"
class B(Other):
    __tablename__ = "b"
"""
        }
    )
    conventions = {t.name: found.naming_conventions[t.metadata] for t in found.tables.values()}
    assert conventions == {"a": {"ix": "ix_%(table_name)s"}, "b": {}}


def test_what_cannot_be_read_is_unknown_not_absent() -> None:
    found = models(
        {
            "app.py": BASE
            + """
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import relationship
from config import FLAG, NAME, options
class A(Base):
    __tablename__ = NAME
    id = Column(Integer, primary_key=True)
    b_id = Column(ForeignKey(NAME), index=FLAG, nullable=FLAG)
    c_id = Column(Integer, **options)
    b = relationship(NAME, lazy=FLAG)
"""
        }
    )
    model = found.by_id["app.py::A"]
    b_id, c_id = model.columns["b_id"], model.columns["c_id"]
    assert (b_id.index, b_id.nullable, b_id.unique) == (None, None, False)
    assert (c_id.index, c_id.nullable, c_id.unique, c_id.primary_key) == (None, None, None, None)
    relationship = model.relationships["b"]
    assert (relationship.target, relationship.lazy, relationship.direction) == (None, None, None)
    assert found.tables[model.table or ""].foreign_keys[0].target is None
