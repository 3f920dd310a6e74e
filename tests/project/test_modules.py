"""Names across files: star imports, of the project and of the library."""

import pytest
import sqlalchemy
import sqlalchemy.ext.asyncio
import sqlalchemy.orm

from sqlalint.engine import read_project
from sqlalint.project.libraries import known_libraries
from sqlalint.project.settings import Settings
from sqlalint.project.symbols import UNKNOWN, Definition, External, Module, Symbol
from tests.harness import MemoryTree

FILES = {
    "app/__init__.py": "",
    "app/base.py": "from sqlalchemy import *\nfrom sqlalchemy.orm import *\n\nx = 1\n_hidden = 2\n",
    "app/star.py": "from app.base import *\nfrom .star import *\n",
    "app/named.py": "from .base import x as renamed\nimport app.base as other\nimport app.base\nimport sqlalchemy as sa\n",
    "app/both.py": "try:\n    from nowhere import fast as pick\nexcept ImportError:\n    from app.base import x as pick\n",
    "app/listed.py": '__all__ = ["one"]\none = two = 1\n',
    "app/of_list.py": "from app.listed import *\n",
}


@pytest.mark.parametrize(
    ("path", "name", "meaning"),
    [
        ("app/base.py", "Column", External("sqlalchemy.Column")),
        ("app/base.py", "relationship", External("sqlalchemy.orm.relationship")),
        ("app/base.py", "print", UNKNOWN),
        ("app/star.py", "x", Definition("app/base.py", "x")),
        ("app/star.py", "_hidden", UNKNOWN),
        ("app/star.py", "select", External("sqlalchemy.select")),
        ("app/named.py", "renamed", Definition("app/base.py", "x")),
        ("app/named.py", "other.x", Definition("app/base.py", "x")),
        ("app/named.py", "app.base.x", Definition("app/base.py", "x")),
        ("app/named.py", "app.base", Module("app/base.py")),
        ("app/named.py", "sa.orm.Session", External("sqlalchemy.orm.Session")),
        ("app/of_list.py", "one", Definition("app/listed.py", "one")),
        ("app/of_list.py", "two", UNKNOWN),
    ],
)
def test_what_a_name_stands_for(path: str, name: str, meaning: Symbol) -> None:
    project = read_project(MemoryTree(FILES), Settings())
    assert project.resolve(path, name) == meaning


@pytest.mark.parametrize("module", [sqlalchemy, sqlalchemy.orm, sqlalchemy.ext.asyncio], ids=lambda m: m.__name__)
def test_what_star_imports_bind_is_what_the_library_exports(module: object) -> None:
    known = known_libraries().exports[getattr(module, "__name__", "")]
    public = {n for n in dir(module) if n[0] != "_" and type(getattr(module, n)).__name__ != "module"}
    assert public <= known
