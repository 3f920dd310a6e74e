"""Models as sqlalint reads them, held against the mappers that SQLAlchemy makes of the same programs."""

import contextlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.associationproxy import AssociationProxyExtensionType
from sqlalchemy.ext.hybrid import HybridExtensionType
from sqlmodel import SQLModel

from sqlalint.engine import read_project
from sqlalint.project.mapping import Model, Relationship
from sqlalint.project.models import Models
from sqlalint.project.schema import Table
from sqlalint.project.settings import Settings
from tests.harness import MemoryTree
from tests.project.model_programs import PROGRAMS

_DIRECTIONS = {"ONETOMANY": "one-to-many", "MANYTOONE": "many-to-one", "MANYTOMANY": "many-to-many"}
_LAZY = {True: "select", False: "joined", None: "noload"}


def read(source: str) -> Models:
    """The models of a one-file project."""
    return read_project(MemoryTree({"app.py": source}), Settings()).models


def run(source: str, folder: Path) -> ModuleType:
    """The program, imported, with its mappers configured."""
    path = folder / "app.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("app", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["app"] = module
    spec.loader.exec_module(module)
    orm.configure_mappers()
    return module


@pytest.fixture(autouse=True)
def _forget_mappers() -> Iterator[None]:
    """One program's mappers and tables must not meet another's."""
    yield
    forget()


def forget() -> None:
    """Take a program's mappers and tables away."""
    sys.modules.pop("app", None)
    with contextlib.suppress(AttributeError):  # a Flask-SQLAlchemy subclass without a table
        orm.clear_mappers()
    SQLModel.metadata.clear()
    SQLModel._sa_registry._class_registry.clear()


def mappers(module: ModuleType) -> dict[str, Any]:
    """The mappers of all classes that a module defines."""
    found: dict[str, Any] = {}
    pending = [v for v in vars(module).values() if isinstance(v, type)]
    for class_ in pending:
        pending += [v for v in vars(class_).values() if isinstance(v, type) and v not in pending]
        mapper: Any = sa.inspect(class_, raiseerr=False)
        if isinstance(mapper, orm.Mapper) and class_.__module__ == module.__name__:
            found[class_.__name__] = mapper
    return found


def true_columns(mapper: Any) -> dict[str, Any]:
    """Attribute to (name, nullable, part of the key, deferred)."""
    found = {}
    for prop in mapper.column_attrs:
        column = prop.columns[0]
        if isinstance(column, sa.Column):
            found[prop.key] = (column.name, column.nullable, column.primary_key, prop.deferred)
    return found


def read_columns(model: Model) -> dict[str, Any]:
    """The same of what was read."""
    return {k: (c.name, c.nullable, c.primary_key, c.deferred) for k, c in model.columns.items()}


def true_table(table: Any) -> dict[str, Any]:
    """Keys, indexes and foreign keys of a table."""
    indexes = {("index", _index_columns(i), bool(i.unique)) for i in table.indexes}
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            indexes.add(("unique", tuple(c.name for c in constraint.columns), True))
    if list(table.primary_key.columns):
        indexes.add(("primary", tuple(c.name for c in table.primary_key.columns), True))
    keys = {
        (
            tuple(c.name for c in key.columns),
            f"{key.referred_table.schema}.{key.referred_table.name}"
            if key.referred_table.schema
            else key.referred_table.name,
            tuple(e.column.name for e in key.elements),
            key.ondelete,
        )
        for key in table.foreign_key_constraints
    }
    names = {i.name for i in table.indexes if i.name}
    return {
        "name": table.fullname,
        "columns": {c.name for c in table.columns},
        "indexes": indexes,
        "keys": keys,
        "names": names,
    }


def _index_columns(index: Any) -> tuple[str | None, ...]:
    found: list[str | None] = []
    for expression in index.expressions:
        inner = getattr(expression, "element", expression)
        if isinstance(expression, sa.Column):
            found.append(expression.name)
        elif isinstance(inner, sa.Column):
            found.append(inner.name)
        elif isinstance(expression, sa.TextClause):
            found.append(expression.text.split()[0])
        else:
            found.append(None)
    return tuple(found)


def read_table(table: Table, models: Models) -> dict[str, Any]:
    """The same of what was read."""
    indexes = {(i.kind, i.columns, i.unique) for i in table.indexes}
    keys = set()
    for key in table.foreign_keys:
        target = models.tables[key.target] if key.target else None
        name = None if target is None else f"{target.schema}.{target.name}" if target.schema else target.name
        keys.add((key.columns, name, key.target_columns, key.ondelete))
    name = f"{table.schema}.{table.name}" if table.schema else table.name
    names = {i.name for i in table.indexes if i.kind == "index" and i.name}
    return {"name": name, "columns": {c.name for c in table.columns}, "indexes": indexes, "keys": keys, "names": names}


def true_relationships(mapper: Any) -> dict[str, Any]:
    """Everything that a rule asks of a relationship."""
    found = {}
    for rel in mapper.relationships:
        lazy = rel.lazy if isinstance(rel.lazy, str) else _LAZY[rel.lazy]
        direction = _DIRECTIONS[rel.direction.name]
        by_key = None
        if direction == "many-to-one":
            by_key = rel._get_strategy((("lazy", "select"),)).use_get
        found[rel.key] = {
            "target": rel.mapper.class_.__name__,
            "direction": direction,
            "collection": rel.uselist,
            "lazy": lazy,
            "secondary": rel.secondary.fullname if rel.secondary is not None else None,
            "reverse": min((p.key for p in rel._reverse_property), default=None),
            "viewonly": rel.viewonly,
            "by_key": by_key,
        }
    return found


def read_relationship(relationship: Relationship, models: Models) -> dict[str, Any]:
    """The same of what was read."""
    target = models.model(relationship.target)
    table = models.tables.get(relationship.secondary or "")
    name = None if table is None else f"{table.schema}.{table.name}" if table.schema else table.name
    return {
        "target": target.name if target else None,
        "direction": relationship.direction,
        "collection": relationship.collection,
        "lazy": relationship.lazy,
        "secondary": name or relationship.secondary,
        "reverse": relationship.reverse,
        "viewonly": relationship.viewonly,
        "by_key": relationship.by_key,
    }


def compare(source: str, folder: Path) -> None:
    """Assert that what is read of a program is what SQLAlchemy makes of it."""
    module = run(source, folder)
    models = read(source)
    true = mappers(module)
    mapped = {m.name: m for m in models.by_id.values() if not m.abstract}
    assert mapped.keys() == true.keys()
    assert [u for u in models.unresolved if u.what != "relationship direction"] == []
    for class_name, mapper in true.items():
        model = mapped[class_name]
        assert read_columns(model) == true_columns(mapper), class_name
        assert model.table is not None
        assert read_table(models.tables[model.table], models) == true_table(mapper.local_table), class_name
        expected = true_relationships(mapper)
        actual = {k: read_relationship(r, models) for k, r in model.relationships.items()}
        for attribute, relationship in actual.items():
            if relationship["direction"] is None:  # not known is never wrong
                expected[attribute]["direction"] = expected[attribute]["by_key"] = None
            if relationship["by_key"] is None:
                expected[attribute]["by_key"] = None
            if relationship["collection"] is None:
                expected[attribute]["collection"] = None
        assert actual == expected, class_name
        assert set(model.proxies) == _of_kind(mapper, AssociationProxyExtensionType.ASSOCIATION_PROXY)
        assert set(model.hybrids) == _of_kind(mapper, HybridExtensionType.HYBRID_PROPERTY)
        if mapper.inherits is not None:
            parent = models.model(model.mapped_base)
            assert parent is not None
            assert parent.name == mapper.inherits.class_.__name__
    for value in vars(module).values():
        if isinstance(value, sa.Table):
            wanted = true_table(value)
            found = [t for t in models.tables.values() if read_table(t, models)["name"] == wanted["name"]]
            assert [read_table(t, models) for t in found] == [wanted]


@pytest.mark.parametrize("name", PROGRAMS)
def test_models_are_what_sqlalchemy_makes_of_them(name: str, tmp_path: Path) -> None:
    compare(PROGRAMS[name], tmp_path)


def _of_kind(mapper: Any, kind: Any) -> set[str]:
    return {k for k, d in mapper.all_orm_descriptors.items() if d.extension_type is kind}
