"""What an expression can stand for: the values that linking reads, none of which was made by running anything."""

import enum
from collections.abc import Mapping
from typing import TypeAlias, Union

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.project import symbols


class Unread(enum.Enum):
    """The one value of a literal that is none, or is out of sight."""

    UNREAD = "unread"


UNREAD = Unread.UNREAD
Literal: TypeAlias = str | int | float | bool | Unread | None


class ProjectClass(Struct, frozen=True):
    """A class of the project, by `path::key`."""

    id: str


class ProjectFunction(Struct, frozen=True):
    """A function or method of the project."""

    path: str
    key: str


class Term(Struct, frozen=True):
    """An expression with what is needed to read it: where it stands, and what its names are bound to.

    `scope` is the class in whose body it stands; its names are looked up there first.
    """

    path: str
    definition: str
    expression: ex.Expr
    env: Mapping[str, "Value"] = {}
    scope: str = ""

    @property
    def at(self) -> Spot:
        """Where the expression stands."""
        return Spot(self.path, self.definition, self.expression.span)

    @property
    def identity(self) -> str:
        """A name for the object that the expression makes, wherever it is looked at from."""
        span = self.expression.span
        return f"{self.path}::{self.definition}@{span.row}:{span.column}"

    def inner(self, expression: ex.Expr) -> "Term":
        """A part of it, read with the same names."""
        return Term(self.path, self.definition, expression, self.env, self.scope)


class Items(Struct, frozen=True):
    """What `*args` is bound to."""

    items: tuple[Term, ...]


class Entries(Struct, frozen=True):
    """What `**kwargs` is bound to."""

    entries: dict[str, Term]


class Member(Struct, frozen=True):
    """An attribute of an object that a library's call made: `db.Model`, `users.c`, `registry.mapped`."""

    object: Term
    type: str
    name: str


Value: TypeAlias = Union[  # noqa: UP007  # the tuple form may be broken over lines
    Term, Items, Entries, ProjectClass, ProjectFunction, Member, symbols.External, symbols.Module, None
]


class Call(Struct, frozen=True):
    """A call of something known: its arguments with `*` and `**` unfolded where they could be read.

    `name` is the canonical name of a library's function or class. `whole` is False where arguments are out of sight.
    `instance` is the object of a method call; `subclass` the project's own class, where that derives from the library's.
    """

    name: str
    term: Term
    arguments: tuple[Term, ...]
    keywords: dict[str, Term]
    whole: bool
    instance: Term | None = None
    subclass: str = ""

    @property
    def at(self) -> Spot:
        """Where the call stands."""
        return self.term.at

    def argument(self, position: int, keyword: str) -> Term | None:
        """An argument that may be given by position or by name."""
        if position < len(self.arguments):
            return self.arguments[position]
        return self.keywords.get(keyword)


# The names that `sqlalchemy.orm` has and `sqlalchemy` has not: for objects that offer both as attributes (`db.backref`).
ORM_NAMES = frozenset(
    """
    relationship relation backref mapped_column column_property deferred Mapped DynamicMapped WriteOnlyMapped synonym
    composite aliased joinedload selectinload subqueryload contains_eager lazyload immediateload raiseload defaultload
    noload load_only defer undefer with_expression query_expression Load Query Session sessionmaker scoped_session
    declared_attr validates reconstructor object_session with_polymorphic selectin_polymorphic remote foreign
    DeclarativeBase DeclarativeBaseNoMeta MappedAsDataclass registry configure_mappers mapper with_parent
    attribute_keyed_dict make_transient undefer_group dynamic_loader attribute_mapped_collection
    """.split()
)
