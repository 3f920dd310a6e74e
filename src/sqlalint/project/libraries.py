"""What is known of libraries: data files, one a library, in the same form as a user's own hints.

Nothing outside this module and its data names a library other than SQLAlchemy and Alembic.
"""

import functools
import os
from typing import Any, NamedTuple

from msgspec import Struct, convert


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


class Mixin(Struct, frozen=True, rename="kebab"):
    """A library's class that a model has as a further base: its table's name, its primary key and its other columns."""

    table: str = ""
    keys: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


class Serializer(Struct, frozen=True, rename="kebab"):
    """A library's base class of serializers, whose subclasses read the attributes that their fields name.

    `reads`: class methods whose first argument is read by the class. `dumps`: methods of its instances that do; there the
    fields are what is assigned in the class. `relationships`: the option of its inner class `Meta` with which it has a
    field for each relationship of its model.
    """

    reads: tuple[str, ...] = ()
    dumps: tuple[str, ...] = ()
    relationships: str = ""


class Router(Struct, frozen=True, rename="kebab"):
    """A library's class whose methods are decorators of routes, named like the HTTP method.

    `model`: the keyword that gives the serializer of what the function returns; without it the annotation does.
    """

    methods: tuple[str, ...] = ()
    model: str = ""


class Library(Struct, frozen=True, rename="kebab"):
    """One data file. `names` maps prefixes of dotted names to their canonical spelling; the longest wins.

    `objects` describes instances by class, `bases` declarative bases by name, `mixins` other bases of models, `returns` what calls return as an
    annotation would say it, `attributes` what attributes are. `plain` are classes that bring no columns, so that a model
    may have them as a base without anything of it being out of sight. `exports` is what a star import of a module binds.
    `serializers` describes base classes of serializers, `fields` what is assigned in some of them, `routers` classes whose methods decorate routes. `options` are
    the keywords with which an instance of a class is made to load more, or from elsewhere. `pages` are generic classes
    with a list of what their argument says, and the name of that attribute. `injectors` name what is called for a
    parameter (`user=Depends(get_user)`).
    """

    names: dict[str, str] = {}
    objects: dict[str, Object] = {}
    bases: dict[str, Base] = {}
    mixins: dict[str, Mixin] = {}
    returns: dict[str, str] = {}
    attributes: dict[str, str] = {}
    sessions: tuple[str, ...] = ()
    options: dict[str, tuple[str, ...]] = {}
    pages: dict[str, str] = {}
    serializers: dict[str, Serializer] = {}
    fields: dict[str, str] = {}
    routers: dict[str, Router] = {}
    injectors: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    exports: dict[str, tuple[str, ...]] = {}


class Returned(NamedTuple):
    """What a function returns, as its hint says it, and the names of its positional parameters."""

    parameters: tuple[str, ...]
    text: str


class Libraries(Struct, frozen=True):
    """All data files together."""

    names: dict[str, str]
    objects: dict[str, Object]
    bases: dict[str, Base]
    returns: dict[str, Returned]
    attributes: dict[str, str]
    options: dict[str, tuple[str, ...]] = {}
    pages: dict[str, str] = {}
    mixins: dict[str, Mixin] = {}
    serializers: dict[str, Serializer] = {}
    fields: dict[str, str] = {}
    routers: dict[str, Router] = {}
    injectors: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    exports: dict[str, frozenset[str]] = {}

    def canonical(self, name: str) -> str:
        """The name under which rules and flow know a library's thing."""
        end = len(name)
        while end > 0:
            mapped = self.names.get(name[:end])
            if mapped is not None:
                return mapped + name[end:]
            end = name.rfind(".", 0, end)
        return name


def split(name: str) -> tuple[str, tuple[str, ...]]:
    """A hint's name and the parameters that stand behind it: `acme.paginate(session, query)`."""
    name, _, rest = name.partition("(")
    return name.strip(), tuple(p for part in rest.rstrip(") ").split(",") if (p := part.strip()))


_SESSION = "sqlalchemy.orm.Session"


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
        returns={
            name: Returned(names, text) for p in parts for k, text in p.returns.items() for name, names in (split(k),)
        },
        attributes={
            **{n: _SESSION for p in parts for n in p.sessions},
            **{k: v for p in parts for k, v in p.attributes.items()},
        },
        options={k: v for p in parts for k, v in p.options.items()},
        mixins={k: v for p in parts for k, v in p.mixins.items()},
        pages={k: v for p in parts for k, v in p.pages.items()},
        fields={k: v for p in parts for k, v in p.fields.items()},
        serializers={k: v for p in parts for k, v in p.serializers.items()},
        routers={k: v for p in parts for k, v in p.routers.items()},
        injectors=frozenset(name for p in parts for name in p.injectors),
        plain=frozenset(name for p in parts for name in p.plain),
        exports={module: frozenset(names) for p in parts for module, names in p.exports.items()},
    )
