"""env.py: how it connects, begins transactions, and configures Alembic."""

from collections.abc import Iterator

from msgspec import Struct

from sqlalint.facts.expression import Attribute, Call, Expr, Literal, dotted, walk
from sqlalint.facts.span import Spot
from sqlalint.facts.statement import Assign, If, Statement, blocks, expressions
from sqlalint.project.project import Project


class Configure(Struct, frozen=True, array_like=True):
    """A `context.configure(...)`: its keyword arguments by name. `complete` is False where `**` hides some."""

    at: Spot
    options: tuple[tuple[str, Expr], ...]
    complete: bool
    offline: bool

    def option(self, name: str) -> Expr | None:
        """An option's value."""
        return next((v for k, v in self.options if k == name), None)


class EnvScript(Struct, frozen=True, array_like=True):
    """What an env.py says.

    `begins_connection`: it begins a transaction on the connection itself (`engine.begin()`, `connection.begin()`);
    `begins_context`: it calls `context.begin_transaction()`; `commits`: it commits after it has run the migrations.
    `target_metadata` is what it assigns to that name.
    """

    path: str
    configures: tuple[Configure, ...]
    begins_connection: bool
    begins_context: bool
    commits: bool
    target_metadata: Expr | None

    @property
    def transaction_per_migration(self) -> bool | None:
        """Whether each revision has a transaction of its own; None where it is not known."""
        found = [c.option("transaction_per_migration") for c in self.configures if not c.offline]
        values = {f.value if isinstance(f, Literal) else None for f in found if f is not None}
        if not values:
            return False if all(c.complete for c in self.configures) else None
        return values == {True} if values <= {True, False} else None


def read_env(project: Project, path: str) -> EnvScript | None:
    """The env.py at a path; None where it could not be read."""
    facts = project.files.get(path)
    if facts is None:
        return None
    configures: list[Configure] = []
    begins_connection = begins_context = commits = False
    metadata: Expr | None = None
    at_module: int | None = None  # the row where the module itself runs the migrations, in any of its statements
    for entry in facts.index.definitions:
        statement = project.statement(path, entry.key)
        if isinstance(statement, Assign) and entry.name == "target_metadata":
            metadata = statement.value
        ran = at_module if entry.kind == "statement" else None
        for call, offline in _calls((statement,) if statement else (), "offline" in entry.name):
            name, owner, row = _method(call), _owner(call), entry.row + call.span.row
            if name == "run_migrations":
                ran = row if ran is None else min(ran, row)
            elif name == "configure" and owner.endswith("context"):
                options = tuple((k.name, k.value) for k in call.keywords if k.name)
                configures.append(
                    Configure(Spot(path, entry.key, call.span), options, not call.has_open_keywords, offline)
                )
            elif name == "begin_transaction":
                begins_context = begins_context or not offline
            elif name == "begin":
                begins_connection = True
            elif name == "commit":
                commits = commits or (ran is not None and row > ran)
        at_module = ran if entry.kind == "statement" else at_module
    return EnvScript(path, tuple(configures), begins_connection, begins_context, commits, metadata)


def _calls(body: tuple[Statement, ...], offline: bool) -> Iterator[tuple[Call, bool]]:
    """All calls, and whether each is only made offline."""
    for statement in body:
        for expression in expressions(statement):
            yield from ((part, offline) for part in walk(expression) if isinstance(part, Call))
        for place, block in enumerate(blocks(statement)):
            asks = isinstance(statement, If) and "is_offline_mode" in str(statement.test)
            yield from _calls(block, offline or (asks and place == 0))


def _method(call: Call) -> str:
    return call.function.name if isinstance(call.function, Attribute) else ""


def _owner(call: Call) -> str:
    return (dotted(call.function.value) or "").rpartition(".")[2] if isinstance(call.function, Attribute) else ""
