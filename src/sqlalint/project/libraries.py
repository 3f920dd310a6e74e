"""What is known of libraries: data files, one a library, in the same form as a user's own hints.

Nothing outside this module and its data names a library other than SQLAlchemy and Alembic.
"""

import functools
import os
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, convert
from msgspec.structs import replace


class Object(Struct, frozen=True, rename="kebab"):
    """What an instance of a library's class offers.

    `namespaces`: its attributes are those of these modules (`db.Column` is `sqlalchemy.Column`). `bases`: attributes
    that are declarative base classes. `sessions`: attributes that are sessions. `tables`: attributes that make tables.
    """

    namespaces: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()


class Base(Struct, frozen=True, rename="kebab"):
    """A library's declarative base: how its subclasses become models.

    `tablename`: how the table is named where the class does not say (`lower`, `snake`, or "" for not at all).
    `table-keyword`: the class keyword without which a subclass is no table (`class A(SQLModel, table=True)`).
    `keys`: columns that every model has, which are its primary key.
    """

    tablename: str = ""
    table_keyword: str = ""
    keys: tuple[str, ...] = ()


class Serializer(Struct, frozen=True, rename="kebab"):
    """A library's base class of serializers, whose subclasses read the attributes that their fields name.

    `reads`: class methods whose first argument is read by the class.
    """

    reads: tuple[str, ...] = ()


class Router(Struct, frozen=True, rename="kebab"):
    """A library's class whose methods are decorators of routes, named like the HTTP method.

    `model`: the keyword that gives the serializer of what the function returns; without it the annotation does.
    """

    methods: tuple[str, ...] = ()
    model: str = ""


class Library(Struct, frozen=True, rename="kebab"):
    """One data file. `names` maps prefixes of dotted names to their canonical spelling; the longest wins.

    `objects` describes instances by class, `bases` declarative bases by name, `returns` what calls return as an
    annotation would say it, `attributes` what attributes are. `plain` are classes that bring no columns, so that a model
    may have them as a base without anything of it being out of sight. `exports` is what a star import of a module binds.
    `serializers` describes base classes of serializers, `routers` classes whose methods decorate routes.
    """

    names: dict[str, str] = {}
    objects: dict[str, Object] = {}
    bases: dict[str, Base] = {}
    returns: dict[str, str] = {}
    attributes: dict[str, str] = {}
    sessions: tuple[str, ...] = ()
    serializers: dict[str, Serializer] = {}
    routers: dict[str, Router] = {}
    plain: tuple[str, ...] = ()
    exports: dict[str, tuple[str, ...]] = {}


class Libraries(Struct, frozen=True):
    """All data files together, and the user's hints on top."""

    names: dict[str, str]
    objects: dict[str, Object]
    bases: dict[str, Base]
    returns: dict[str, str]
    attributes: dict[str, str]
    serializers: dict[str, Serializer] = {}
    routers: dict[str, Router] = {}
    plain: frozenset[str] = frozenset()
    exports: dict[str, frozenset[str]] = {}

    def with_hints(self, returns: Mapping[str, str], attributes: Mapping[str, str]) -> "Libraries":
        """The same with a user's hints, which count more."""
        if not returns and not attributes:
            return self
        return replace(self, returns={**self.returns, **returns}, attributes={**self.attributes, **attributes})

    def canonical(self, name: str) -> str:
        """The name under which rules and flow know a library's thing."""
        end = len(name)
        while end > 0:
            mapped = self.names.get(name[:end])
            if mapped is not None:
                return mapped + name[end:]
            end = name.rfind(".", 0, end)
        return name


@functools.cache
def known_libraries() -> Libraries:
    """What the shipped data files say."""
    import tomllib

    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")  # importlib.resources is slow to import
    read: list[dict[str, Any]] = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".toml"):
            with open(os.path.join(folder, name), "rb") as file:
                read.append(tomllib.load(file))
    parts = [convert(content, Library) for content in read]
    return Libraries(
        names={k: v for p in parts for k, v in p.names.items()},
        objects={k: v for p in parts for k, v in p.objects.items()},
        bases={k: v for p in parts for k, v in p.bases.items()},
        returns={k: v for p in parts for k, v in p.returns.items()},
        attributes={k: v for p in parts for k, v in p.attributes.items()},
        serializers={k: v for p in parts for k, v in p.serializers.items()},
        routers={k: v for p in parts for k, v in p.routers.items()},
        plain=frozenset(name for p in parts for name in p.plain),
        exports={module: frozenset(names) for p in parts for module, names in p.exports.items()},
    )
