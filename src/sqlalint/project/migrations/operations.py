"""What `upgrade()` and `downgrade()` do, as values: one step for each operation, in the order in which it runs.

Arguments are expressions in which the parameters of helpers, constants of modules and variables of unrolled loops are
filled in, so that a step says the same however it is written.
"""

from typing import TypeAlias

from msgspec import Struct

from sqlalint.facts.expression import Call, Collection, Expr, Literal
from sqlalint.facts.span import Span, Spot


class Guard(Struct, frozen=True, array_like=True):
    """A condition under which a step runs. `kind` is `exists` (asks what the database has), `dialect`, `offline`,
    `handler` (an `except`), `reraised` (one that raises again) or `other`; `dialects` are those that a dialect branch
    names; `negated` tells of the other branch."""

    kind: str
    dialects: tuple[str, ...] = ()
    negated: bool = False


class Scope(Struct, frozen=True, array_like=True):
    """Around a step: conditions, a loop that was not unrolled, `autocommit_block()`, the helper calls that led to it."""

    guards: tuple[Guard, ...] = ()
    loop: bool = False
    autocommit: bool = False
    calls: tuple[Spot, ...] = ()


class Batch(Struct, frozen=True, array_like=True):
    """`batch_alter_table(table)`; `table` is None where it is no literal."""

    table: str | None
    schema: str | None
    at: Spot


class _Step(Struct, frozen=True, array_like=True):
    at: Spot
    scope: Scope


class Directive(_Step, frozen=True, tag="op"):
    """A call of Alembic's: `name` is the directive, `arguments` its arguments under their names in the signature,
    `rest` those of `*columns`. `complete` is False where `*` or `**` hide some. `spans` are the arguments as they are
    written in the call, by the same names, keywords with theirs: an argument itself may be a constant from elsewhere.
    """

    name: str
    batch: Batch | None
    arguments: tuple[tuple[str, Expr], ...]
    rest: tuple[Expr, ...]
    complete: bool
    spans: tuple[tuple[str, Span], ...] = ()

    def span(self, name: str) -> Span | None:
        """Where an argument is written, with its keyword."""
        return next((span for key, span in self.spans if key == name), None)

    def argument(self, name: str) -> Expr | None:
        """The argument of that name; None where it is not given."""
        return next((value for key, value in self.arguments if key == name), None)

    def text(self, name: str) -> str | None:
        """A literal string argument; `op.f("name")` counts as its name."""
        return text_of(self.argument(name))

    @property
    def table(self) -> str | None:
        """The table that it is about, with its schema; None where it is not known."""
        if self.batch is not None:
            return _qualified(self.batch.table, self.batch.schema)
        names = ("table_name", "source_table", "old_table_name")
        found = next((t for t in map(self.text, names) if t is not None), None)
        return _qualified(found, self.text("schema") or self.text("source_schema"))


class Execution(_Step, frozen=True, tag="sql"):
    """A statement. `through` is `op`, `bind`, `session` (on the bind) or `other` (a connection of its own, opened at
    `opening`). `sql` is its text, where that is known; `expression` what was given instead; `verb` the method's name."""

    through: str
    verb: str
    sql: str | None
    expression: Expr | None
    opening: Spot | None = None


class Transaction(_Step, frozen=True, tag="tx"):
    """`commit`, `rollback`, `begin`, `begin_nested` on something. `on` is `bind`, `bind transaction`, `dbapi`, `session`,
    `other` or `unknown`; `mode` is a Session's `join_transaction_mode`; `written` is the call in the code, `name_at` the
    method's name in it."""

    on: str
    verb: str
    written: str
    mode: str = ""
    name_at: Spot | None = None


class Opening(_Step, frozen=True, tag="open"):
    """A Session, engine or connection beside the one that Alembic migrates with; `what` is the call in the code."""

    what: str


class Creation(_Step, frozen=True, tag="ddl"):
    """`x.create(bind)`, `x.drop(bind)`, `create_all`, `drop_all`: schema objects that make or drop themselves."""

    verb: str
    of: Expr
    call: Call


class Unresolved(_Step, frozen=True, tag="?"):
    """A call that may do anything: an unresolved name, or something that is given the bind or a Session (`live`)."""

    what: str
    live: bool


Step: TypeAlias = Directive | Execution | Transaction | Opening | Creation | Unresolved


class Body(Struct, frozen=True, array_like=True):
    """The steps of `upgrade()` or `downgrade()`. `understood`: every operation in it was resolved."""

    steps: tuple[Step, ...] = ()
    understood: bool = True
    raises: bool = False


def spot_in(step: Step, path: str) -> Spot:
    """Where a step is in the file of its revision: the step itself, or the call there that leads to it."""
    if step.at.path == path:
        return step.at
    return next((call for call in step.scope.calls if call.path == path), step.at)


def text_of(value: Expr | None) -> str | None:
    """A literal string, or None; `f("name")`, which only marks a name as final, counts as the name."""
    if isinstance(value, Call) and len(value.arguments) == 1 and getattr(value.function, "name", "") == "f":
        value = value.arguments[0]
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None


def texts_of(value: Expr | None) -> tuple[str | None, ...] | None:
    """The literal strings of a tuple or list, None for each that is none; None where it is no display."""
    return tuple(text_of(i) for i in value.items) if isinstance(value, Collection) else None


def _qualified(table: str | None, schema: str | None) -> str | None:
    return f"{schema}.{table}" if table and schema else table
