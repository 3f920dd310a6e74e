"""Ancestors and attributes of classes, mapped or not."""

from sqlalint.engine import read_project
from sqlalint.facts.expression import Subscript
from sqlalint.project.models.terms import ProjectClass
from sqlalint.project.project import Project
from sqlalint.project.settings import Settings
from tests.harness import MemoryTree


def project(**files: str) -> Project:
    """A project of modules by name."""
    return read_project(MemoryTree({f"{name}.py": text for name, text in files.items()}), Settings())


def test_order_of_resolution_is_that_of_python() -> None:
    source = """
class A: pass
class B(A): pass
class C(A): pass
class D(B, C): pass
"""
    found = project(app=source).classes.mro("app.py::D")
    space: dict[str, type] = {}
    exec(source, space)
    assert [i.partition("::")[2] for i in found] == [c.__name__ for c in space["D"].__mro__[:-1]]
    assert found.complete


def test_bases_are_followed_across_files_and_names() -> None:
    classes = project(
        base="class Repo: pass\nclass Mixin:\n    def save(self): ...",
        repo="from base import Repo as R\nimport base\nAlias = R\nclass Users(Alias[int], base.Mixin): pass",
    ).classes
    assert classes.mro("repo.py::Users").ids == ("repo.py::Users", "base.py::Repo", "base.py::Mixin")
    first = classes.bases("repo.py::Users")[0]
    assert isinstance(first.expression, Subscript)
    assert first.value == ProjectClass("base.py::Repo")
    member = classes.attribute("repo.py::Users", "save")
    assert member is not None
    assert (member.owner, member.kind, member.key) == ("base.py::Mixin", "method", "Mixin.save")


def test_what_is_out_of_sight_is_said() -> None:
    classes = project(
        app="from nowhere import Base\nfrom .gone import Other\nclass A(Base): pass\nclass B(Other): pass\n"
        "class C(make()): pass\nclass D(object): pass\nclass E(D, metaclass=type): pass"
    ).classes
    assert classes.mro("app.py::A").externals == ("nowhere.Base",)
    assert classes.mro("app.py::A").complete
    assert not classes.mro("app.py::B").complete
    assert not classes.mro("app.py::C").complete
    assert classes.mro("app.py::E").complete


def test_cycles_and_impossible_orders_end() -> None:
    classes = project(
        app="class A(B): pass\nclass B(A): pass\nclass X: pass\nclass Y(X): pass\nclass Z(X, Y): pass\nclass S(S): pass"
    ).classes
    assert not classes.mro("app.py::A").complete
    assert set(classes.mro("app.py::Z").ids) == {"app.py::Z", "app.py::X", "app.py::Y"}
    assert not classes.mro("app.py::S").complete


def test_a_property_is_its_getter_and_a_plain_redefinition_the_last() -> None:
    classes = project(
        app="class A:\n"
        "    @property\n    def x(self): ...\n"
        "    @x.setter\n    def x(self, v): ...\n"
        "    def y(self): ...\n"
        "    def y(self, a): ...\n"
    ).classes
    x, y = classes.attribute("app.py::A", "x"), classes.attribute("app.py::A", "y")
    assert x is not None
    assert y is not None
    assert (x.key, y.key) == ("A.x", "A.y#2")
