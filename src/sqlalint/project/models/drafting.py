"""Which classes are mapped, to which table, and what each declares: the first pass over a project."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.project.models.annotations import Annotations
from sqlalint.project.models.columns import ColumnReader, Declared
from sqlalint.project.models.constraints import ConstraintReader
from sqlalint.project.models.declarations import Declarations
from sqlalint.project.models.declarative import Declarative, Metadata, Registry, table_name
from sqlalint.project.models.drafts import DraftModel, DraftTable
from sqlalint.project.models.terms import Call, Term
from sqlalint.project.schema import Column

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_ABSTRACT = frozenset({"sqlalchemy.ext.declarative.AbstractConcreteBase", "sqlalchemy.orm.AbstractConcreteBase"})
_REFLECTED = frozenset({"sqlalchemy.ext.declarative.DeferredReflection", "sqlalchemy.orm.DeferredReflection"})
_DECLARING = frozenset({"Column", "mapped_column", "relationship"})
_DECLARED = frozenset({"sqlalchemy.Column", "sqlalchemy.orm.mapped_column", "sqlalchemy.orm.relationship"})
_JOINS = frozenset({"sqlalchemy.join", "sqlalchemy.outerjoin"})
_CONCRETE = frozenset({"sqlalchemy.ext.declarative.ConcreteBase", "sqlalchemy.orm.ConcreteBase", *_ABSTRACT})


class Drafting:
    """Drafts of a project's models and tables."""

    def __init__(self, project: "Project") -> None:
        self._project = project
        self.classes = project.classes
        self.values = project.classes.values
        self.annotations = Annotations(self.values)
        self.columns = ColumnReader(self.values, self.annotations)
        self.constraints = ConstraintReader(self.values, self.columns)
        self.declarative = Declarative(project)
        self.declarations = Declarations(project, self.columns, self.annotations)
        self.models: dict[str, DraftModel] = {}
        self.tables: dict[str, DraftTable] = {}
        self._seen: set[str] = set()
        self._types: dict[str, dict[str, Term]] = {}

    def draft_all(self) -> None:
        """Draft every class that is mapped, and every module-level `Table`."""
        for path, facts in self._project.files.items():
            for entry in facts.index.definitions:
                if entry.kind == "class":
                    self.model(f"{path}::{entry.key}")
                elif entry.kind == "statement" and "Table" in entry.mentions:
                    self._statement_table(path, entry.key)

    # --- models ---

    def model(self, identity: str) -> DraftModel | None:
        """The draft of a class, ancestors first; None where it is not mapped."""
        if identity in self._seen:
            return self.models.get(identity)
        self._seen.add(identity)
        mro = self.classes.mro(identity)
        for ancestor in reversed(mro.ids):  # the farthest first, so that nothing descends far
            self.model(ancestor)
        ancestors = [a for a in mro.ids[1:] if a in self.models]
        registry = self.declarative.registry_of(identity)
        if registry is None and not self._looks_mapped(identity):
            return None
        if self.declarative.is_root(identity) or (registry and not self._asks(registry, identity)):
            return None
        draft = self._begin(identity, registry, ancestors)
        self.models[identity] = draft
        self._fill(draft)
        return draft

    def _asks(self, registry: Registry, identity: str) -> bool:
        """Whether a class below a library's base says that it is a table (`table=True`)."""
        if not registry.table_keyword:
            return True
        lowered = self.classes.get(identity)
        return lowered is not None and any(
            k == registry.table_keyword and isinstance(v, ex.Literal) and v.value is True for k, v in lowered.keywords
        )

    def _looks_mapped(self, identity: str) -> bool:
        """A class whose base is out of sight, with a table's name or with columns of its own."""
        own = self.classes.own(identity)
        if not self.declarative.has_unknown_bases(identity):
            return False
        return "__tablename__" in own or "__table__" in own or self._declares(identity)

    def _declares(self, identity: str) -> bool:
        """Whether a class's own body has a column or a relationship."""
        path, _, key = identity.partition("::")
        entry = self._project.entry(path, key)
        if entry is None or not _DECLARING.intersection(entry.mentions):
            return False
        for member in self.classes.own(identity).values():
            if member.statement is not None and member.statement.value is not None:
                call = self.values.call(self.classes.assigned(member, member.statement.value))
                if call is not None and call.name in _DECLARED:
                    return True
        return False

    def _begin(self, identity: str, registry: Registry | None, ancestors: list[str]) -> DraftModel:
        path, _, key = identity.partition("::")
        lowered = self.classes.get(identity)
        assert lowered is not None
        mro = self.classes.mro(identity)
        mapped = [a for a in ancestors if not self.models[a].abstract]
        why = "its base is not resolved" if registry is None else self.declarative.has_unknown_bases(identity)
        if registry is not None and (registry.reflected or _REFLECTED.intersection(mro.externals)):
            why = why or "its columns are reflected"
        own_bases = {getattr(b.value, "name", "") for b in self.classes.bases(identity)}
        abstract = self.declarative.is_abstract(identity) or bool(_ABSTRACT.intersection(own_bases))
        return DraftModel(
            id=identity,
            name=lowered.name,
            root=self._project.modules.root_of(path),
            registry=registry,
            abstract=abstract,
            parent=mapped[0] if mapped else None,
            at=Spot(path, key, lowered.name_span),
            complete=not why,
            why=why,
        )

    def _fill(self, draft: DraftModel) -> None:
        parent = self.models.get(draft.parent or "")
        self._mapper_args(draft)
        if parent is not None:
            self._inherit(draft, parent)
        inherited = set(self.classes.mro(parent.id).ids) if parent else set()
        types = self._types_of(draft)
        fields = bool(draft.registry and draft.registry.table_keyword)
        for key in draft.registry.keys if draft.registry and parent is None else ():
            draft.columns[key] = _key_column(key, draft)
            draft.own_columns.append(key)
        for mixin in self.declarative.mixins(draft.id) if parent is None else ():
            draft.columns |= {name: _key_column(name, draft) for name in mixin.keys}
            draft.columns |= {name: _column(name, draft) for name in mixin.columns}
            draft.own_columns += [*mixin.keys, *mixin.columns]
        for ancestor in reversed(self.classes.mro(draft.id).ids):
            if ancestor not in inherited:
                self.declarations.read(draft, ancestor, fields, types)
        if draft.abstract:
            return
        self._give_table(draft, parent)

    def _inherit(self, draft: DraftModel, parent: DraftModel) -> None:
        if not draft.concrete:
            draft.columns.update(parent.columns)
            draft.column_properties += parent.column_properties
            draft.deferred_properties += parent.deferred_properties
            draft.relationships.update(parent.relationships)
        draft.proxies.update(parent.proxies)
        draft.methods.update(parent.methods)
        draft.properties += parent.properties
        draft.hybrids += parent.hybrids
        draft.complete = draft.complete and parent.complete
        draft.why = draft.why or parent.why

    def _mapper_args(self, draft: DraftModel) -> None:
        member = self.classes.attribute(draft.id, "__mapper_args__")
        term = self.declarative.term_of(member, draft.id) if member else None
        entries = self.values.entries(term) if term is not None else None
        own = member is not None and member.owner == draft.id
        parent = self.models.get(draft.parent or "")
        inherited = parent.versioned if parent is not None else False
        draft.versioned = inherited or _has_version(entries, member is not None)
        mro = self.classes.mro(draft.id)
        draft.concrete = bool(_CONCRETE.intersection(mro.externals)) and draft.parent is not None
        if entries and own:
            draft.concrete = draft.concrete or self.values.flag(entries.get("concrete"), False) is True
            draft.polymorphic_load = self.values.text(entries.get("polymorphic_load"))

    def _types_of(self, draft: DraftModel) -> dict[str, Term]:
        """The `type_annotation_map` that holds for a class."""
        member = self.classes.attribute(draft.id, "type_annotation_map")
        if member is None:
            member = self.classes.attribute(draft.id, "registry")
        if member is None or member.statement is None or member.statement.value is None:
            return {}
        if member.owner not in self._types:
            value = self.values.value(self.classes.assigned(member, member.statement.value))
            if isinstance(value, Term) and isinstance(value.expression, ex.Call):
                call = self.values.call(value)
                given = call.keywords.get("type_annotation_map") if call else None
                value = self.values.value(given) if given is not None else None
            self._types[member.owner] = self._annotation_map(value) if isinstance(value, Term) else {}
        return self._types[member.owner]

    def _annotation_map(self, term: Term) -> dict[str, Term]:
        found: dict[str, Term] = {}
        if isinstance(term.expression, ex.Mapping):
            for key, value in zip(term.expression.keys, term.expression.values, strict=True):
                name = self.annotations.name(term.inner(key)) if key is not None else ""
                if name:
                    found[name] = term.inner(value)
        return found

    # --- tables of models ---

    def _give_table(self, draft: DraftModel, parent: DraftModel | None) -> None:
        own = self.classes.own(draft.id).get("__table__")
        if own is not None:
            self._explicit_table(draft, self.declarative.term_of(own, draft.id))
            return
        mapped = {i for i, m in self.models.items() if not m.abstract and i != draft.id}
        asks, name = self.declarative.tablename(draft.id, mapped)
        given = next((m.table for m in self.declarative.mixins(draft.id) if m.table), "") if parent is None else ""
        if not asks and given:
            asks, name = True, given
        style = draft.registry.tablename if draft.registry else ""
        if not asks and style and (parent is None or self._has_own_key(draft)):
            asks, name = True, table_name(style, draft.name)
        if not asks and parent is not None:
            draft.table = parent.table
            for attribute in draft.own_columns if draft.table else ():
                declared = draft.columns[attribute]
                assert draft.table is not None
                draft.table.declared.setdefault(declared.column.name, declared)
            if draft.table is not None:
                draft.table.models.append(draft.id)
            return
        if not asks and not draft.own_columns:
            draft.abstract = True  # a base that forgets to say so: with no table of its own it maps nothing
            return
        if not asks:
            draft.complete, draft.why = False, draft.why or "the name of its table is not known"
        self._own_table(draft, name)

    def _has_own_key(self, draft: DraftModel) -> bool:
        return any(draft.columns[a].column.primary_key for a in draft.own_columns if a in draft.columns)

    def _own_table(self, draft: DraftModel, name: str | None) -> None:
        metadata = draft.registry.metadata if draft.registry else self.unknown_metadata(draft.root)
        table = DraftTable(
            key=draft.id, name=name, schema=metadata.schema, metadata=metadata, at=draft.at, root=draft.root,
            scope=draft.id, complete=draft.complete, models=[draft.id], unread=bool(draft.unread),
        )  # fmt: skip
        draft.table, draft.own_table = table, True
        self.tables[draft.id] = table
        for attribute in draft.own_columns:
            declared = draft.columns.get(attribute)
            if declared is not None:
                table.declared[declared.column.name] = declared
        self._table_args(draft, table)

    def _table_args(self, draft: DraftModel, table: DraftTable) -> None:
        """`__table_args__` of the class or of an ancestor that is not mapped itself: a mapped one's are its own."""
        for ancestor in self.classes.mro(draft.id).ids:
            member = self.classes.own(ancestor).get("__table_args__")
            if member is None:
                continue
            other = self.models.get(ancestor)
            if ancestor != draft.id and other is not None and not other.abstract:
                return
            term = self.declarative.term_of(member, draft.id)
            keywords = self.constraints.table_args(table, term, ancestor)
            if any(k.startswith("autoload") for k in keywords):
                table.complete = False
                draft.complete, draft.why = False, draft.why or "its columns are reflected"
            if "schema" in keywords:
                schema = self.values.literal(keywords["schema"])
                table.schema = schema or "" if isinstance(schema, str | None) else None
                if table.schema is None:
                    table.schema = ""
            return

    def _explicit_table(self, draft: DraftModel, term: Term | None) -> None:
        """`__table__ = Table(...)`, another's table, or a join of several."""
        call = self.values.call(term) if term is not None else None
        joined: tuple[DraftTable | None, ...]
        if call is not None and call.name in _JOINS:
            joined = tuple(self._named_table(a, draft) for a in call.arguments[:2])
        else:
            joined = (self._named_table(term, draft),) if term is not None else ()
        tables = [t for t in joined if t is not None]
        if not tables or len(tables) < len(joined):
            draft.complete, draft.why = False, draft.why or "its `__table__` is not read"
            return
        draft.table, draft.own_table, draft.joined = tables[0], True, tuple(tables[1:])
        for table in tables:
            table.models.append(draft.id)
            self.map_columns(draft, table)

    def _named_table(self, term: Term, draft: DraftModel) -> DraftTable | None:
        """The table that an expression stands for: a `Table`, or `Other.__table__`."""
        call = self.values.call(term)
        if call is not None:
            return self.core_table(call, draft.root)
        if isinstance(term.expression, ex.Attribute) and term.expression.name == "__table__":
            other = self.values.value(term.inner(term.expression.value))
            model = self.model(getattr(other, "id", ""))
            return model.table if model else None
        return None

    def map_columns(self, draft: DraftModel, table: DraftTable) -> None:
        """Give a model the columns of a table that was made apart from it."""
        named = {d.column.name for d in draft.columns.values()}
        for name, declared in table.declared.items():
            if name not in named and name not in draft.relationships:
                draft.columns[name] = declared
                draft.own_columns.append(name)

    def unknown_metadata(self, root: str) -> Metadata:
        """The metadata of tables whose own is not resolved."""
        return Metadata(f"{root}:?", "", None)

    # --- Core tables ---

    def _statement_table(self, path: str, key: str) -> None:
        statement = self._project.statement(path, key)
        value = getattr(statement, "value", None)
        if isinstance(value, ex.Call):
            call = self.values.call(Term(path, key, value))
            if call is not None:
                self.core_table(call, self._project.modules.root_of(path))

    def core_table(self, call: Call, root: str) -> DraftTable | None:
        """The draft of a `Table(...)`; None for any other call."""
        if call.name not in ("sqlalchemy.Table",) and not call.name.endswith(".SQLAlchemy.Table"):
            return None
        identity = call.term.identity
        if identity in self.tables:
            return self.tables[identity]
        name = self.values.text(call.argument(0, "name"))
        given = call.arguments[1] if len(call.arguments) > 1 else call.keywords.get("metadata")
        metadata = self.declarative.metadata(given) if given is not None else None
        rest = call.arguments[2:] if metadata is not None or not self._is_part(given) else call.arguments[1:]
        if metadata is None:
            metadata = self._passed_metadata(call) or self.unknown_metadata(root)
        schema = metadata.schema
        if "schema" in call.keywords:
            text = self.values.literal(call.keywords["schema"])
            schema = text or "" if isinstance(text, str | None) else ""
        reflected = any(k.startswith("autoload") for k in call.keywords)
        table = DraftTable(
            key=identity, name=name, schema=schema, metadata=metadata, at=call.at, root=root,
            complete=call.whole and not reflected and name is not None,
        )  # fmt: skip
        self.tables[identity] = table
        self.constraints.apply(table, rest, "")
        return table

    def _is_part(self, term: Term | None) -> bool:
        """Whether the second argument of a `Table` is already a part of it: a library passes the metadata itself."""
        call = self.values.call(term) if term is not None else None
        return call is not None and call.name in ("sqlalchemy.Column", "sqlalchemy.ForeignKeyConstraint")

    def _passed_metadata(self, call: Call) -> Metadata | None:
        """The metadata of `db` in `db.Table(...)`."""
        expression = call.term.expression
        if not isinstance(expression, ex.Call) or not isinstance(expression.function, ex.Attribute):
            return None
        owner = expression.function.value
        metadata = ex.Attribute(owner.span, owner, "metadata")
        return self.declarative.metadata(call.term.inner(metadata))


def _has_version(entries: Mapping[str, Term] | None, given: bool) -> bool | None:
    """Whether arguments of a mapper name a `version_id_col`; None where there are some that are not read."""
    return (None if given else False) if entries is None else "version_id_col" in entries


def _column(name: str, draft: DraftModel) -> Declared:
    """A column of a library's mixin, of which no more is known than its name."""
    column = Column(name, name, None, None, False, None, None, None, None, False, None, draft.at, "")
    return Declared(column, ())


def _key_column(name: str, draft: DraftModel) -> Declared:
    column = Column(name, name, None, False, True, False, False, True, None, False, None, draft.at, "")
    return Declared(column, ())
