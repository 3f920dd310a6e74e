"""Models and tables while they are being linked: what is known of each, before names are resolved across them."""

from dataclasses import dataclass, field

from sqlalint.facts.span import Spot
from sqlalint.project.mapping import Proxy
from sqlalint.project.models.annotations import Annotation
from sqlalint.project.models.columns import Declared, KeyCall
from sqlalint.project.models.declarative import Metadata, Registry
from sqlalint.project.models.terms import Call, Term
from sqlalint.project.schema import Check


@dataclass
class DraftIndex:
    """An index or constraint whose columns are still expressions. `names` are those already known by name."""

    kind: str
    name: str | None
    columns: tuple[Term, ...]
    names: tuple[str, ...]
    unique: bool
    where: Term | None
    has_where: bool
    method: str
    at: Spot
    owner: str
    named: bool = True  # False: it is given no name
    plain: bool = True


@dataclass
class DraftTable:
    """A table. `declared` are its columns by name in the table; `scope` is the class whose attributes its index
    columns may name."""

    key: str
    name: str | None
    schema: str | None
    metadata: Metadata
    at: Spot
    root: str
    scope: str = ""
    complete: bool = True
    declared: dict[str, Declared] = field(default_factory=dict)
    indexes: list[DraftIndex] = field(default_factory=list)
    keys: list[tuple[KeyCall, str]] = field(default_factory=list)  # ForeignKeyConstraints, each with its owner
    models: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    unread: bool = False  # a column of it may be out of sight, as an attribute whose value was not read

    @property
    def full_name(self) -> str:
        """The name with its schema."""
        return f"{self.schema}.{self.name}" if self.schema else self.name or ""


@dataclass
class DraftRelationship:
    """A relationship whose names are not resolved yet."""

    attribute: str
    owner: str
    call: Call | None
    annotation: Annotation | None
    at: Spot
    field: bool = False  # a library's `Relationship`, with SQLAlchemy's arguments in `sa_relationship_kwargs`


@dataclass
class DraftModel:
    """A mapped class. `columns` and `relationships` are by attribute, inherited ones included."""

    id: str
    name: str
    root: str
    registry: Registry | None
    abstract: bool
    parent: str | None
    at: Spot
    table: DraftTable | None = None
    own_table: bool = False
    joined: tuple[DraftTable, ...] = ()  # of a class that is mapped to a join: the tables after the first
    concrete: bool = False
    complete: bool = True
    why: str = ""
    columns: dict[str, Declared] = field(default_factory=dict)
    own_columns: list[str] = field(default_factory=list)
    relationships: dict[str, DraftRelationship] = field(default_factory=dict)
    proxies: dict[str, Proxy] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    properties: list[str] = field(default_factory=list)
    hybrids: list[str] = field(default_factory=list)
    column_properties: list[str] = field(default_factory=list)
    deferred_properties: list[str] = field(default_factory=list)
    polymorphic_load: str | None = None
    versioned: bool | None = False
    unread: list[str] = field(default_factory=list)
