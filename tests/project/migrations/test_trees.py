"""Script trees as each kind of project has them; the fixtures of SAL604 to SAL606 have more."""

import pytest

from sqlalint.engine import read_project
from sqlalint.project.migrations import Migrations, graph
from sqlalint.project.settings import Settings
from tests.harness import MemoryTree

ENV = "from alembic import context\n\ncontext.run_migrations()\n"


def revision(identity: str, down: str = "None", more: str = "") -> str:
    return f'revision = "{identity}"\ndown_revision = {down}\n{more}\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n'


def migrations(files: dict[str, str], settings: Settings | None = None) -> Migrations:
    return read_project(MemoryTree(files), settings or Settings()).migrations


PAIR = {"m/env.py": ENV, "m/versions/a.py": revision("a1"), "m/versions/b.py": revision("b2", '"a1"')}

PLACES = {
    "ini": {"alembic.ini": "[alembic]\nscript_location = m\n"},
    "here": {"alembic.ini": "[alembic]\nscript_location = %(here)s/m\n"},
    "deeper ini": {"conf/alembic.ini": "[alembic]\nscript_location = m\n"},
    "up": {"conf/alembic.ini": "[alembic]\nscript_location = %(here)s/../m\n"},
    "container": {"alembic.ini": "[alembic]\nscript_location = /app/m\n"},
    "named section": {"x.ini": "[DEFAULT]\nfolder = m\n\n[main]\nscript_location = %(folder)s\n"},
    "package": {"alembic.ini": "[alembic]\nscript_location = m:.\n", "m/__init__.py": ""},
    "pyproject": {"pyproject.toml": '[tool.alembic]\nscript_location = "%(here)s/m"\n'},
    "env.py": {},
}


@pytest.mark.parametrize("files", PLACES.values(), ids=PLACES)
def test_where_a_tree_is_named(files: dict[str, str]) -> None:
    (tree,) = migrations({**PAIR, **files}).trees
    assert (tree.folder, tree.versions, tree.env) == ("m", ("m/versions",), "m/env.py")
    assert (tree.heads, tree.bases, tree.resolved) == (("b2",), ("a1",), True)


def test_the_configuration_names_a_tree() -> None:
    files = {p: t for p, t in PAIR.items() if not p.endswith("env.py")}
    (tree,) = migrations(files, Settings(script_locations=("m",))).trees
    assert (tree.source, tree.heads) == ("configuration", ("b2",))


def test_none_of_these() -> None:
    files = {p.replace("m/versions", "db/changes"): t for p, t in PAIR.items() if not p.endswith("env.py")}
    (tree,) = migrations(files).trees
    assert (tree.folder, tree.is_configured, tree.heads) == ("db/changes", False, ("b2",))


def test_version_locations() -> None:
    ini = "[alembic]\nscript_location = m\nversion_locations = m/one %(here)s/m/two\n"
    files = {"alembic.ini": ini, "m/env.py": ENV, "m/one/a.py": revision("a1"), "m/two/b.py": revision("b2", '"a1"')}
    (tree,) = migrations(files).trees
    assert (tree.versions, tree.heads) == (("m/one", "m/two"), ("b2",))


@pytest.mark.parametrize(
    ("separator", "key"),
    [(";", "path_separator = ;"), (":", "version_path_separator = :"), ("\n    ", "path_separator = newline")],
)
def test_separators(separator: str, key: str) -> None:
    ini = f"[alembic]\nscript_location = m\n{key}\nversion_locations = m/one{separator}m/two\n"
    files = {"alembic.ini": ini, "m/env.py": ENV, "m/one/a.py": revision("a1"), "m/two/b.py": revision("b2", '"a1"')}
    (tree,) = migrations(files).trees
    assert tree.versions == ("m/one", "m/two")


def test_a_folder_out_of_sight_leaves_the_tree_unresolved() -> None:
    ini = "[alembic]\nscript_location = m\nversion_locations = m/versions plugin:versions\n"
    (tree,) = migrations({**PAIR, "alembic.ini": ini}).trees
    assert not tree.resolved


def test_trees_of_tests_and_templates_are_left_out() -> None:
    files = {
        f"{where}/{p}": t for where in ("tests", "cookiecutter/{{name}}", "app/templates") for p, t in PAIR.items()
    }
    assert migrations(files).trees == ()


def test_two_intended_heads_in_connected_folders() -> None:
    files = {
        "m/env.py": ENV,
        "m/versions/start.py": revision("start"),
        "m/versions/one/expand/e.py": revision("e1", '"start"', 'branch_labels = ("expand",)'),
        "m/versions/one/contract/c.py": revision("c1", '"start"', 'branch_labels = ("contract",)'),
        "m/versions/two/expand/e.py": revision("e2", '"e1"'),
    }
    (tree,) = migrations(files).trees
    assert set(tree.heads) == {"e2", "c1"}
    assert graph.unintended_heads(tree.revisions) == ()


SPELLINGS = [
    ('"a1"', ("a1",)),
    ('u"a1"', ("a1",)),
    ('("a1", "b2")', ("a1", "b2")),
    ('["a1"]', ("a1",)),
    ("None", ()),
    ("()", ()),
    ("PARENT", ("a1",)),
    ("other.PARENT", ("b2",)),
    ('"a" + "1"', ("a1",)),
]


@pytest.mark.parametrize(("written", "parents"), SPELLINGS)
def test_literals(written: str, parents: tuple[str, ...]) -> None:
    text = f'from typing import Union\n\nimport other\n\nPARENT = "a1"\nrevision: str = "x9"\ndown_revision: Union[str, None] = {written}\n'
    files = {**PAIR, "m/versions/x.py": text, "other.py": 'PARENT = "b2"\n'}
    found = migrations(files).revision_at("m/versions/x.py")
    assert found is not None
    assert found.parents is not None
    assert tuple(p.id for p in found.parents) == parents


def test_what_is_computed_is_not_known() -> None:
    text = 'import os\n\nrevision = "x9"\ndown_revision = os.environ["A"]\n'
    (tree,) = migrations({**PAIR, "m/versions/x.py": text}).trees
    assert not tree.resolved
    assert tree.revisions[-1].parents is None


def test_where_things_stand() -> None:
    project = read_project(MemoryTree(PAIR), Settings())
    found = project.migrations.revision_at("m/versions/b.py")
    assert found is not None
    assert found.down_at is not None
    assert project.place(found.at).span.row == 1
    assert project.place(found.down_at).span.row == 2


def test_order_and_cycles() -> None:
    lines = {"c": ("b",), "b": ("a",), "a": (), "x": ("y",), "y": ("x",), "z": ("z",)}
    assert graph.oldest_first(lines)[:3] == ["a", "b", "c"]
    assert graph.cycles(lines) == [("x", "y"), ("z",)]
    assert graph.heads(lines) == ("c", "z")
    assert graph.ancestors(lines, "c") == {"a", "b", "c"}
