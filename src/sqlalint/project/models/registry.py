"""What linking found: all models and tables, by the names under which they are asked for."""

from collections.abc import Iterable

from msgspec import Struct

from sqlalint.facts.span import Spot
from sqlalint.project.mapping import Model
from sqlalint.project.schema import Table
from sqlalint.project.symbols import Definition, Symbol


class Unresolved(Struct, frozen=True, array_like=True):
    """Something that linking could not settle. `what`: model, base, target, foreign key, table arguments, ..."""

    what: str
    name: str
    why: str
    at: Spot


class Models:
    """The mapped classes and the tables of a project.

    `by_id` holds models by `path::key`, abstract bases below a declarative base included (`abstract`); `tables` tables
    by their id. `association_tables` are the ids of tables that some relationship names as its `secondary`.
    `naming_conventions` are by metadata: the literal entries of a `naming_convention`, {} where there is none, None
    where it could not be read. `basis` is the hash of all that linking has read, b"" where that is not known: where it
    is the same, models, tables and class hierarchies are the same.
    """

    def __init__(
        self,
        models: Iterable[Model] = (),
        tables: Iterable[Table] = (),
        unresolved: Iterable[Unresolved] = (),
        naming_conventions: dict[str, dict[str, str] | None] | None = None,
        snapshots: frozenset[str] = frozenset(),
        basis: bytes = b"",
    ) -> None:
        self.basis = basis
        self.by_id: dict[str, Model] = {m.id: m for m in models}
        self.tables: dict[str, Table] = {t.id: t for t in tables}
        self.unresolved: tuple[Unresolved, ...] = tuple(unresolved)
        self.naming_conventions = naming_conventions or {}
        self.snapshots = snapshots
        self.association_tables: frozenset[str] = frozenset(
            r.secondary for m in self.by_id.values() for r in m.relationships.values() if r.secondary in self.tables
        )
        self._named: dict[tuple[str, str], list[Model]] = {}
        for model in self.by_id.values():
            self._named.setdefault((model.name, model.root), []).append(model)

    def model(self, identity: str | None) -> Model | None:
        """The model of an id."""
        return None if identity is None else self.by_id.get(identity)

    def of_symbol(self, symbol: Symbol) -> Model | None:
        """The model that a name stands for: None where it is no class, no model, or an attribute of one."""
        if isinstance(symbol, Definition) and not symbol.rest:
            return self.by_id.get(f"{symbol.path}::{symbol.key}")
        return None

    def of_table(self, table_id: str) -> tuple[Model, ...]:
        """The models that are mapped to a table."""
        table = self.tables.get(table_id)
        return tuple(self.by_id[i] for i in table.models if i in self.by_id) if table else ()

    @property
    def understood(self) -> tuple[int, int]:
        """How many mapped classes were read whole, of how many; what migrations remember is not counted."""
        mapped = [m for m in self.by_id.values() if not m.abstract and m.at.path not in self.snapshots]
        return sum(m.complete for m in mapped), len(mapped)

    def named(self, name: str, root: str) -> Model | None:
        """The one model of a class name, or of a dotted path's end, below an import root; None where two fit.

        A model of the application is preferred to one in tests or in a migration.
        """
        last = name.rpartition(".")[2]
        found = self._named.get((last, root), [])
        if "." in name:
            wanted = "." + name.replace(".", "/").rpartition("/")[0].replace("/", ".")
            found = [m for m in found if _module(m).endswith(wanted)]
        ranked = sorted(found, key=self.rank)
        if len(ranked) > 1 and self.rank(ranked[0]) == self.rank(ranked[1]):
            return None
        return ranked[0] if ranked else None

    def rank(self, model: Model) -> int:
        """0 for the application's own models, 1 for those of tests, 2 for what a migration remembers of them."""
        if model.at.path in self.snapshots:
            return 2
        return int(is_test(model.at.path))


def _module(model: Model) -> str:
    return "." + model.at.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def is_test(path: str) -> bool:
    """Whether a file belongs to tests."""
    *folders, name = path.split("/")
    return "tests" in folders or name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
