"""Mapped classes as values: what a model's attributes are, and how each relationship loads.

In all of these None means *not known*, which is never the same as absent.
"""

from msgspec import Struct

from sqlalint.facts.span import Spot
from sqlalint.project.schema import Column

# How a relationship loads: `lazy=` in one spelling.
LAZY = (
    "select",
    "joined",
    "selectin",
    "subquery",
    "immediate",
    "raise",
    "raise_on_sql",
    "noload",
    "dynamic",
    "write_only",
)


class Relationship(Struct, frozen=True, array_like=True):
    """A relationship, declared or made by a `backref`.

    `target` is the id of the model it leads to, None where it is not resolved. `direction` is one-to-many, many-to-one
    or many-to-many. `collection` tells whether the attribute is a collection. `lazy` is one of `LAZY`; None where it is
    not a literal. `reverse` is the attribute of the target that leads back (`back_populates`, `backref`). `columns` are
    the local foreign key columns of a many-to-one, `required` whether all of them are NOT NULL.
    `over` are the columns of the one foreign key that it goes over, on whichever side they are; () where that is not
    known, or where there is a `secondary`.
    `given` are the arguments that it is given by name, read or not.
    `by_key` tells of a many-to-one that is looked up in the identity map first: its join is on the target's primary key.
    """

    attribute: str
    owner: str  # the id of the class that declares it; for a backref the class that it is put on
    target: str | None
    target_name: str | None
    direction: str | None
    collection: bool | None
    lazy: str | None
    secondary: str | None
    reverse: str | None
    viewonly: bool
    self_referential: bool
    columns: tuple[str, ...]
    required: bool | None
    by_key: bool | None
    from_backref: bool
    cascade: str | None
    passive_deletes: bool | None
    order_by: bool
    at: Spot
    over: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    @property
    def is_unclear(self) -> bool:
        """Whether it is not known if each object has its own: a collection is one whatever it goes over."""
        return not self.collection and (self.direction is None or self.collection is None)


class Proxy(Struct, frozen=True, array_like=True):
    """`association_proxy(relationship, attribute)`."""

    attribute: str
    relationship: str
    target_attribute: str
    at: Spot


class Model(Struct, frozen=True, array_like=True):
    """A mapped class with everything that it inherits: mixins, abstract bases, mapped bases.

    `id` is `path::key` of the class. `bases` are the ids of its ancestors in method resolution order, itself first,
    unmapped ones included. `mapped_base` is the model that it inherits from by joined, single or concrete inheritance.
    `complete` is False where a base could not be resolved: then an unknown attribute may still be mapped.
    `methods` maps names of plain functions, properties and hybrids to the `path::key` of their definition;
    `hybrids` and `properties` are those among them that are read without a call.
    `deferred_properties` are deferred `column_property` attributes. `own_columns` are the attributes of columns that
    only this subclass has, in comparison with `mapped_base`. `versioned`: the mapper counts a version and puts it into
    the WHERE of each UPDATE (`version_id_col`).
    """

    id: str
    name: str
    root: str
    table: str | None
    abstract: bool
    complete: bool
    bases: tuple[str, ...]
    mapped_base: str | None
    columns: dict[str, Column]
    relationships: dict[str, Relationship]
    proxies: dict[str, Proxy]
    methods: dict[str, str]
    properties: tuple[str, ...]
    hybrids: tuple[str, ...]
    column_properties: tuple[str, ...]
    deferred_properties: tuple[str, ...]
    own_columns: tuple[str, ...]
    polymorphic_load: str | None
    at: Spot
    versioned: bool | None = False

    @property
    def keys(self) -> tuple[str, ...]:
        """The attributes of the primary key."""
        return tuple(a for a, c in self.columns.items() if c.primary_key)
