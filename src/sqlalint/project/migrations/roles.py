"""What a value in a migration is, as far as migrations care: Alembic's objects, connections, Sessions, functions."""

from typing import TypeAlias

from msgspec import Struct

from sqlalint.facts.expression import Expr
from sqlalint.facts.span import Spot
from sqlalint.facts.statement import Function
from sqlalint.project.migrations.operations import Batch


class Ops(Struct, frozen=True):
    """`op`, or the `batch_op` of a batch block."""

    batch: Batch | None = None


class Bind(Struct, frozen=True):
    """The connection that Alembic migrates with."""


class Context(Struct, frozen=True):
    """The migration context."""


class Autocommit(Struct, frozen=True):
    """`autocommit_block()`."""


class Engine(Struct, frozen=True):
    """An engine. `opening` is where the migration made it; None for one that was there before."""

    opening: Spot | None = None


class Connection(Struct, frozen=True):
    """A connection of its own, opened at `opening`."""

    opening: Spot


class Dbapi(Struct, frozen=True):
    """The driver's connection under the bind, or a cursor of it."""


class Trans(Struct, frozen=True):
    """A transaction. `on` is bind, session, other."""

    on: str


class Factory(Struct, frozen=True):
    """A `sessionmaker`. `on` is bind, other, unbound or unknown; `mode` the `join_transaction_mode` of its Sessions."""

    on: str
    mode: str = ""
    opening: Spot | None = None


class Session(Struct, frozen=True):
    """A Session on the bind, on another connection (`opening`), or nobody knows."""

    on: str
    mode: str = ""
    opening: Spot | None = None


class Query(Struct, frozen=True):
    """`session.query(...)` and what follows it, before it is run."""

    session: Session
    expression: Expr


class Sql(Struct, frozen=True):
    """`text(...)` or `DDL(...)`; `text` is None where it is not known."""

    text: str | None
    expression: Expr


class Method(Struct, frozen=True):
    """An attribute of one of the others, not called yet."""

    of: "Role"
    name: str


class Library(Struct, frozen=True):
    """Something of a library by its canonical name."""

    name: str


class Instance(Struct, frozen=True):
    """An instance of a library's class that the data files describe."""

    class_: str
    at: Spot


class Callee(Struct, frozen=True):
    """A function of the project; `scope` are the variables around a nested one."""

    path: str
    key: str
    function: Function | None = None
    scope: int | None = None


Role: TypeAlias = (
    Ops | Bind | Context | Autocommit | Engine | Connection | Dbapi | Trans | Factory | Session | Query | Sql | Method
    | Library | Instance | Callee
)  # fmt: skip
Value: TypeAlias = Role | Expr

# What carries Alembic's connection, or one beside it: whoever is given one of these may do anything.
LIVE = (Ops, Bind, Context, Engine, Connection, Dbapi, Trans, Session, Query, Factory)
