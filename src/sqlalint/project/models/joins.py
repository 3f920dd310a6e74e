"""From foreign keys to joins: which columns and tables expressions refer to, and which way a relationship leads."""

import ast

from sqlalint.facts import expression as ex
from sqlalint.facts.lower import Columns, Lowering
from sqlalint.project.models.columns import KeyCall
from sqlalint.project.models.drafting import Drafting
from sqlalint.project.models.drafts import DraftModel, DraftTable
from sqlalint.project.models.references import Reference, References
from sqlalint.project.models.registry import is_test
from sqlalint.project.models.terms import ProjectClass, Term, Value
from sqlalint.project.schema import ForeignKey

Place = tuple[str, str]  # the key of a table, and the name of a column in it


class Names:
    """Resolves tables by name and classes by name, each in its own metadata or registry first."""

    def __init__(self, drafting: Drafting, snapshots: frozenset[str]) -> None:
        self._drafting = drafting
        self._snapshots = snapshots
        self.references = References(drafting.values)
        self._tables: dict[tuple[str, str], list[DraftTable]] = {}
        self._of_root: dict[tuple[str, str], list[DraftTable]] = {}
        self._classes: dict[tuple[str, str], list[DraftModel]] = {}
        self._objects: dict[str, Place] = {}
        self._index()

    def _index(self) -> None:
        for table in self._drafting.tables.values():
            for name, declared in table.declared.items():
                self._objects.setdefault(declared.identity, (table.key, name))
            if table.name is not None:
                self._tables.setdefault((table.metadata.id, table.full_name), []).append(table)
                self._of_root.setdefault((table.root, table.full_name), []).append(table)
        for model in self._drafting.models.values():
            if model.registry is not None:
                self._classes.setdefault((model.registry.id, model.name), []).append(model)
            self._classes.setdefault((f"root:{model.root}", model.name), []).append(model)

    def rank(self, path: str, asker: str) -> int:
        """How near a definition is to who asks: the same file, the application, its tests, a migration's snapshot."""
        if path == asker:
            return 0
        if path in self._snapshots:
            return 3
        return 2 if is_test(path) else 1

    def table(self, metadata: str, root: str, full_name: str, asker: str) -> DraftTable | None:
        """The one table of a name: of that metadata, else the only one of the import root."""
        for found in (self._tables.get((metadata, full_name), []), self._of_root.get((root, full_name), [])):
            best = self._nearest(found, asker)
            if found:
                return best
        return None

    def _nearest(self, found: list[DraftTable], asker: str) -> DraftTable | None:
        ranked = sorted(found, key=lambda t: self.rank(t.at.path, asker))
        if len(ranked) > 1 and self.rank(ranked[0].at.path, asker) == self.rank(ranked[1].at.path, asker):
            return None
        return ranked[0] if ranked else None

    def class_(self, name: str, model: DraftModel) -> DraftModel | None:
        """The one model that a string names, as the model's registry sees it."""
        module, _, last = name.rpartition(".")
        places = [model.registry.id] if model.registry else []
        for place in (*places, f"root:{model.root}"):
            found = self._classes.get((place, last), [])
            if module:
                found = [m for m in found if _in_module(m.at.path, module)]
            ranked = sorted(found, key=lambda m: self.rank(m.at.path, model.at.path))
            if len(ranked) > 1 and self.rank(ranked[0].at.path, model.at.path) == self.rank(
                ranked[1].at.path, model.at.path
            ):
                return None
            if ranked:
                return ranked[0]
        return None

    # --- columns ---

    def place(self, term: Term, table: DraftTable | None) -> Place | None:
        """The table and column that an expression refers to; `table` is the one that bare names belong to."""
        found = self.references.read(term)
        return self.place_of(found, table) if found is not None else None

    def place_of(self, found: Reference, table: DraftTable | None) -> Place | None:
        """The table and column of a reference."""
        if found.kind == "name":
            return self._named(table, found.name) if table is not None else None
        if found.kind == "column":
            other = self._drafting.tables.get(found.owner)
            return self._named(other, found.name) if other is not None else None
        if found.kind == "object":
            return self._objects.get(found.owner)
        model = self._drafting.models.get(found.owner)
        if found.kind == "class-column":
            return self._named(model.table, found.name) if model and model.table else None
        return self._attribute(model, found, table)

    def _attribute(self, model: DraftModel | None, found: Reference, table: DraftTable | None) -> Place | None:
        if model is None or model.abstract:  # in a mixin's or abstract base's body: a column of the table at hand
            scope = self._drafting.models.get(table.scope) if table is not None else None
            model = scope if scope and found.owner in self._drafting.classes.mro(scope.id).ids else None
        while model is not None:
            declared = model.columns.get(found.name)
            if declared is not None and model.table is not None and declared.column.name in model.table.declared:
                return (model.table.key, declared.column.name)
            model = self._drafting.models.get(model.parent or "")
        return None

    def _named(self, table: DraftTable | None, name: str) -> Place | None:
        if table is None:
            return None
        if name in table.declared:
            return (table.key, name)
        for declared in table.declared.values():
            if declared.column.attribute == name:
                return (table.key, declared.column.name)
        return None

    # --- foreign keys ---

    def foreign_key(
        self, table: DraftTable, key: KeyCall, columns: tuple[str, ...]
    ) -> tuple[DraftTable | None, str | None, tuple[str, ...]]:
        """The target of a foreign key: its table, that table's name as far as it is known, its columns."""
        target: DraftTable | None = None
        name: str | None = None
        names: list[str] = []
        for column, term in zip(columns, key.targets, strict=False):
            reference = self.references.read(term)
            if reference is None:
                return None, None, ()
            if reference.kind != "name":
                place = self.place_of(reference, table)
                target = self._drafting.tables.get(place[0]) if place else None
                name = target.full_name if target else None
                names.append(place[1] if place else "")
                continue
            *schema_and_table, last = reference.name.split(".")
            name = ".".join(schema_and_table) or last
            if len(schema_and_table) == 1 and table.metadata.schema:
                name = f"{table.metadata.schema}.{name}"
            names.append(last if schema_and_table else column)
            target = self.table(table.metadata.id, table.root, name, table.at.path)
        return target, name, tuple(names) if all(names) else ()

    # --- strings that SQLAlchemy evaluates ---

    def evaluated(self, term: Term, model: DraftModel) -> Term:
        """A string argument of a relationship as the expression that it holds; a lambda as its body."""
        value = self._drafting.values.value(term)
        if isinstance(value, Term) and isinstance(value.expression, ex.Lambda):
            return value.inner(value.expression.body)
        text = self._drafting.values.text(term)
        if text is None:
            return value if isinstance(value, Term) else term
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return term
        expression = Lowering(Columns([text], 1), 1).expression(tree.body)
        env: dict[str, Value] = {}
        for part in ex.walk(expression):
            if isinstance(part, ex.Name):
                found = self.class_(part.id, model)
                if found is not None:
                    env[part.id] = ProjectClass(found.id)
        return Term(term.path, term.definition, expression, env)


def joined_places(names: Names, term: Term, table: DraftTable | None) -> list[tuple[Place | None, str]]:
    """The columns in a join condition, each with the marks around it (`remote`, `foreign` or both)."""
    found: list[tuple[Place | None, str]] = []
    pending: list[tuple[ex.Expr, str]] = [(term.expression, "")]
    while pending:
        here, marks = pending.pop()
        if isinstance(here, ex.Call) and isinstance(here.function, ex.Name | ex.Attribute):
            called = (ex.dotted(here.function) or "").rpartition(".")[2]
            if called in ("remote", "foreign") and here.arguments:
                pending.append((here.arguments[0], f"{marks} {called}"))
                continue
        if isinstance(here, ex.Attribute | ex.Name | ex.Subscript):
            place = names.place(term.inner(here), table)
            if place is not None:
                found.append((place, marks))
                continue
        pending.extend((child, marks) for child in reversed(ex.children(here)))
    return found


def leads(
    outward: list[ForeignKey], inward: list[ForeignKey], remote: set[str] | None
) -> tuple[str | None, ForeignKey | None]:
    """The direction that foreign keys give a relationship, and the one it goes over where there is only one.

    `outward` are those of the owner's tables to the target's, `inward` the other way; `remote` the names of the columns
    on the far side, where the code says so.
    """
    both = [k for k in outward if k in inward]
    if both:  # the table refers to itself
        only = both[0] if len(both) == 1 else None
        if remote is None:
            return "one-to-many", only
        pairs = [(n, t) for k in both for n, t in zip(k.columns, k.target_columns, strict=False) if n != t]
        up, down = any(t in remote for _, t in pairs), any(n in remote for n, _ in pairs)
        return ("many-to-one" if up else "one-to-many") if up != down else None, only
    if outward and not inward:
        return "many-to-one", outward[0] if len(outward) == 1 else None
    if inward and not outward:
        return "one-to-many", inward[0] if len(inward) == 1 else None
    return None, None


def _in_module(path: str, module: str) -> bool:
    name = "." + path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return name.endswith("." + module)
