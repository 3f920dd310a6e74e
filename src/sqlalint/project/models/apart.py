"""What is said of models and tables apart from them: assigned attributes, indexes of a module, imperative mapping."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Spot
from sqlalint.project.models.drafting import Drafting
from sqlalint.project.models.drafts import DraftModel, DraftTable
from sqlalint.project.models.joins import Names
from sqlalint.project.models.terms import Call, Member, ProjectClass, Term

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_MAPPERS = frozenset({"sqlalchemy.orm.mapper", "sqlalchemy.orm.registry.map_imperatively"})
_WORDS = frozenset({"Index", "UniqueConstraint", "append_constraint"})


class Apart:
    """Adds to drafts what modules say about them outside their classes."""

    def __init__(self, project: "Project", drafting: Drafting) -> None:
        self._project = project
        self._drafting = drafting
        self._values = drafting.values

    # --- before names are indexed ---

    def add_mappings(self) -> None:
        """Imperative mappings, at the level of modules and in functions that make them."""
        for path, facts in self._project.files.items():
            for entry in facts.index.definitions:
                if entry.kind != "class" and {"mapper", "map_imperatively"}.intersection(entry.mentions):
                    for term in _calls(self._project.statement(path, entry.key), path, entry.key):
                        call = self._values.call(term)
                        if call is not None and call.name in _MAPPERS:
                            self._map(call)

    def _map(self, call: Call) -> None:
        class_, table = call.argument(0, "class_"), call.argument(1, "local_table")
        mapped = self._values.value(class_) if class_ is not None else None
        if not isinstance(mapped, ProjectClass) or mapped.id in self._drafting.models:
            return
        lowered = self._drafting.classes.get(mapped.id)
        if lowered is None:
            return
        path, _, key = mapped.id.partition("::")
        root = self._project.modules.root_of(path)
        inherits = self._values.value(call.keywords["inherits"]) if "inherits" in call.keywords else None
        parent = inherits.id if isinstance(inherits, ProjectClass) else None
        draft = DraftModel(mapped.id, lowered.name, root, None, False, parent, Spot(path, key, lowered.name_span))
        draft.versioned = "version_id_col" in call.keywords or (False if call.whole else None)
        self._drafting.models[mapped.id] = draft
        self._take_table(draft, table)
        self._take_parent(draft)
        self._take_properties(draft, call)
        for member in self._drafting.classes.own(mapped.id).values():
            if member.kind == "method":
                draft.methods[member.name] = f"{member.path}::{member.key}"

    def _take_table(self, draft: DraftModel, term: Term | None) -> None:
        found = self._values.call(term) if term is not None else None
        table = self._drafting.core_table(found, draft.root) if found is not None else None
        if table is None:
            draft.complete, draft.why = False, "its table is not read"
            return
        draft.table, draft.own_table = table, True
        table.models.append(draft.id)

    def _take_parent(self, draft: DraftModel) -> None:
        parent = self._drafting.models.get(draft.parent or "")
        if parent is not None:
            draft.columns.update(parent.columns)
            draft.relationships.update(parent.relationships)
            draft.versioned = draft.versioned or parent.versioned
            draft.table = draft.table or parent.table

    def _take_properties(self, draft: DraftModel, call: Call) -> None:
        given = call.argument(2, "properties")
        entries = self._values.entries(given) if given is not None else {}
        if entries is None:
            draft.complete, draft.why = False, draft.why or "its properties are not read"
        renamed: set[str] = set()
        for name, term in (entries or {}).items():
            inner = self._values.call(term)
            if inner is not None:
                self._drafting.declarations.declare(draft, name, draft.id, inner, None, term.at, {})
            if name in draft.relationships or name in draft.column_properties:
                continue
            renamed |= self._rename(draft, name, term)
        if draft.table is not None:
            for name, declared in draft.table.declared.items():
                if name not in renamed and name not in draft.relationships:
                    draft.columns[name] = replace(declared, column=replace(declared.column, attribute=name))
                    draft.own_columns.append(name)

    def _rename(self, draft: DraftModel, name: str, term: Term) -> set[str]:
        """`"_name": users.c.name`: the column under another attribute."""
        reference = self._values.value(term)
        if isinstance(reference, Member) and reference.name.startswith("c.") and draft.table is not None:
            column = reference.name[2:]
            declared = draft.table.declared.get(column)
            if declared is not None:
                draft.columns[name] = replace(declared, column=replace(declared.column, attribute=name))
                draft.own_columns.append(name)
                return {column}
        return set()

    def add_attributes(self) -> None:
        """`User.posts = relationship(...)` after the class."""
        for path, facts in self._project.files.items():
            for entry in facts.index.definitions:
                if entry.kind == "statement" and "." in entry.name and entry.mentions:
                    self._attribute(path, entry.key)

    def _attribute(self, path: str, key: str) -> None:
        statement = self._project.statement(path, key)
        if not isinstance(statement, st.Assign) or statement.value is None:
            return
        target = statement.targets[0]
        if not isinstance(target, ex.Attribute):
            return
        owner = self._values.value(Term(path, "", target.value))
        draft = self._drafting.models.get(owner.id) if isinstance(owner, ProjectClass) else None
        call = self._values.call(Term(path, key, statement.value))
        if draft is None or call is None:
            return
        at = Spot(path, key, statement.span)
        before = set(draft.columns)
        self._drafting.declarations.declare(draft, target.name, draft.id, call, None, at, {})
        if draft.table is not None:
            for attribute in set(draft.columns) - before:
                draft.table.declared[draft.columns[attribute].column.name] = draft.columns[attribute]
        for other in self._drafting.models.values():
            if other.id != draft.id and draft.id in self._ancestors(other):
                for kind in ("columns", "relationships"):
                    mine, theirs = getattr(draft, kind), getattr(other, kind)
                    if target.name in mine:
                        theirs.setdefault(target.name, mine[target.name])

    def _ancestors(self, draft: DraftModel) -> list[str]:
        found: list[str] = []
        while draft.parent is not None and draft.parent not in found and draft.parent in self._drafting.models:
            found.append(draft.parent)
            draft = self._drafting.models[draft.parent]
        return found

    # --- once names are indexed ---

    def add_indexes(self, names: Names) -> None:
        """`Index("x", Model.col)` and `Model.__table__.append_constraint(...)` at the level of a module."""
        for path, facts in self._project.files.items():
            for entry in facts.index.definitions:
                if entry.kind == "statement" and _WORDS.intersection(entry.mentions):
                    statement = self._project.statement(path, entry.key)
                    value = getattr(statement, "value", None)
                    if isinstance(value, ex.Call):
                        self._index(Term(path, entry.key, value), names)

    def _index(self, term: Term, names: Names) -> None:
        expression = term.expression
        assert isinstance(expression, ex.Call)
        function = expression.function
        if isinstance(function, ex.Attribute) and function.name == "append_constraint" and expression.arguments:
            table = self._receiver(term.inner(function.value))
            call = self._values.call(term.inner(expression.arguments[0]))
            if table is not None and call is not None:
                self._drafting.constraints.apply_call(table, call, "")
            return
        call = self._values.call(term)
        if call is None or call.name not in ("sqlalchemy.Index", "sqlalchemy.UniqueConstraint"):
            return
        index = self._drafting.constraints.index(call, "")
        for column in index.columns if index else ():
            place = names.place(column, None)
            if place is not None and index is not None:
                self._drafting.tables[place[0]].indexes.append(index)
                return

    def _receiver(self, term: Term) -> DraftTable | None:
        if isinstance(term.expression, ex.Attribute) and term.expression.name == "__table__":
            owner = self._values.value(term.inner(term.expression.value))
            draft = self._drafting.models.get(owner.id) if isinstance(owner, ProjectClass) else None
            return draft.table if draft else None
        value = self._values.value(term)
        return self._drafting.tables.get(value.identity) if isinstance(value, Term) else None


def _calls(statement: st.Statement | None, path: str, key: str) -> Iterator[Term]:
    """All calls in a statement and below it."""
    for part in st.walk_expressions((statement,)) if statement is not None else ():
        if isinstance(part, ex.Call):
            yield Term(path, key, part)
