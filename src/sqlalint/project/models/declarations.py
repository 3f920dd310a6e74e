"""What the attributes of a mapped class declare: columns, relationships, proxies, hybrids, properties."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.project.mapping import Proxy
from sqlalint.project.models.annotations import Annotation, Annotations
from sqlalint.project.models.classes import Member
from sqlalint.project.models.columns import COLUMN, FIELD, ColumnReader, Declared
from sqlalint.project.models.drafts import DraftModel, DraftRelationship
from sqlalint.project.models.terms import Call, Term

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_RELATIONSHIP = frozenset({"sqlalchemy.orm.relationship", "sqlalchemy.orm.dynamic_loader"})
_FIELD_RELATIONSHIP = "sqlmodel.Relationship"
_PROXY = frozenset({"sqlalchemy.ext.associationproxy.association_proxy"})
_PROPERTY = frozenset({"sqlalchemy.orm.column_property", "sqlalchemy.orm.query_expression", "sqlalchemy.orm.composite"})
_NO_COLUMN = frozenset(
    {
        "sqlalchemy.orm.synonym",
        "sqlalchemy.orm.declared_attr",
        "sqlalchemy.ext.hybrid.hybrid_property",
        "builtins.property",
    }
)
_READ = ("property", "cached_property", "classproperty")
_COLUMN_WORDS = frozenset({"Column", "mapped_column", "relationship", "ForeignKey"})
_NO_DECLARATIONS = frozenset({"metadata", "registry"})


class Declarations:
    """Reads the attributes of mapped classes into drafts."""

    def __init__(self, project: "Project", columns: ColumnReader, annotations: Annotations) -> None:
        self._project = project
        self._classes = project.classes
        self._values = project.classes.values
        self._columns = columns
        self._annotations = annotations
        # Attributes that may declare something and could not be read: class, attribute, place.
        self.unread: list[tuple[str, str, Spot]] = []

    def read(self, draft: DraftModel, ancestor: str, fields: bool, types: dict[str, Term]) -> None:
        """Put what one class's own body declares into a model that has it among its ancestors.

        `fields`: plain annotations are columns, as in SQLModel.
        """
        for member in self._classes.own(ancestor).values():
            if member.name in _NO_DECLARATIONS or (member.name.startswith("__") and member.name.endswith("__")):
                continue
            _forget(draft, member.name)
            if member.kind == "method":
                self._method(draft, member, types)
            elif member.statement is not None:
                self._assignment(draft, member, fields, types)

    # --- methods ---

    def _method(self, draft: DraftModel, member: Member, types: dict[str, Term]) -> None:
        decorators = self._classes.decorators(member)
        if any("declared_attr" in d for d in decorators):
            returned = self._classes.returned(member, draft.id)
            lowered = self._project.function(member.path, member.key)
            annotation = None
            if lowered is not None and lowered.returns is not None:
                annotation = self._annotations.read(Term(member.path, member.key, lowered.returns))
            if returned is None or not self._declare(draft, member, returned, annotation, member.at, types):
                self._miss(draft, member)
            return
        draft.methods[member.name] = f"{member.path}::{member.key}"
        if any(d.rpartition(".")[2] == "hybrid_property" for d in decorators):
            draft.hybrids.append(member.name)
        elif any(d.rpartition(".")[2] in _READ for d in decorators):
            draft.properties.append(member.name)

    # --- assignments ---

    def _assignment(self, draft: DraftModel, member: Member, fields: bool, types: dict[str, Term]) -> None:
        statement = member.statement
        assert statement is not None
        annotation: Annotation | None = None
        if statement.annotation is not None:
            annotation = self._annotations.read(Term(member.path, member.key, statement.annotation))
            if annotation.wrapper == "ClassVar":
                return
        if statement.value is not None:
            term = self._classes.assigned(member, statement.value)
            if not (fields and isinstance(statement.value, ex.Literal)) and self._declare(
                draft, member, term, annotation, member.at, types
            ):
                return
        if annotation is None:
            if self._may_declare(member):
                self._miss(draft, member)
            return
        if annotation.wrapper == "Mapped" and statement.value is None:
            found = self._columns.from_annotation(annotation, member.name, member.at, member.owner, types)
            _column(draft, found)
        elif annotation.wrapper == "Mapped":
            self._miss(draft, member)
        elif fields and not member.name.startswith("_"):
            required = statement.value is None
            found = self._columns.from_field(None, annotation, member.name, member.at, member.owner, required)
            _column(draft, found)

    def _may_declare(self, member: Member) -> bool:
        """Whether an attribute is made by a function of the project that speaks of columns and was not read through."""
        value = member.statement.value if member.statement else None
        if not isinstance(value, ex.Call) or self._values.value(self._classes.assigned(member, value)) is not None:
            return False
        name = ex.dotted(value.function)
        found = self._project.resolve(member.path, name) if name else None
        entry = self._project.entry(getattr(found, "path", ""), getattr(found, "key", ""))
        return entry is not None and bool(_COLUMN_WORDS.intersection(entry.mentions))

    def _miss(self, draft: DraftModel, member: Member) -> None:
        self.unread.append((draft.id, member.name, member.at))
        draft.unread.append(member.name)

    # --- what a value declares ---

    def _declare(
        self,
        draft: DraftModel,
        member: Member,
        term: Term,
        annotation: Annotation | None,
        at: Spot,
        types: dict[str, Term],
    ) -> bool:
        """Whether a value was understood: as a declaration, or as something that is none."""
        call = self._values.call(term)
        if call is None:
            return isinstance(term.expression, ex.Literal)
        return self.declare(draft, member.name, member.owner, call, annotation, at, types)

    def declare(
        self,
        draft: DraftModel,
        name: str,
        owner: str,
        call: Call,
        annotation: Annotation | None,
        at: Spot,
        types: dict[str, Term],
    ) -> bool:
        """Put an attribute that a call declares into a model; False for a call that declares nothing."""
        if call.name in COLUMN:
            _column(draft, self._columns.from_call(call, name, at, owner, annotation, types))
        elif call.name == FIELD:
            plain = annotation or Annotation("", None, False, False, None, ())
            required = not call.arguments and not {"default", "default_factory"} & call.keywords.keys()
            _column(draft, self._columns.from_field(call, plain, name, at, owner, required))
        elif call.name in _RELATIONSHIP:
            draft.relationships[name] = DraftRelationship(name, owner, call, annotation, at)
        elif call.name == _FIELD_RELATIONSHIP:
            draft.relationships[name] = DraftRelationship(name, owner, call, annotation, at, field=True)
        elif call.name in _PROXY:
            self._proxy(draft, name, call, at)
        elif call.name == "sqlalchemy.orm.deferred" and call.arguments:
            return self._deferred(draft, name, owner, call, annotation, at, types)
        elif call.name in _PROPERTY:
            self._property(draft, name, owner, call, annotation, at, types)
        elif call.name not in _NO_COLUMN:
            return annotation is None or annotation.wrapper == ""
        return True

    def _proxy(self, draft: DraftModel, name: str, call: Call, at: Spot) -> None:
        via = self._values.text(call.argument(0, "target_collection"))
        attribute = self._values.text(call.argument(1, "attr"))
        if via is not None and attribute is not None:
            draft.proxies[name] = Proxy(name, via, attribute, at)

    def _deferred(
        self,
        draft: DraftModel,
        name: str,
        owner: str,
        call: Call,
        annotation: Annotation | None,
        at: Spot,
        types: dict[str, Term],
    ) -> bool:
        inner = self._values.call(call.arguments[0])
        if inner is None or inner.name not in COLUMN:
            draft.column_properties.append(name)
            draft.deferred_properties.append(name)
            return True
        found = self._columns.from_call(inner, name, at, owner, annotation, types)
        group = self._values.text(call.keywords.get("group"))
        _column(draft, _replaced(found, deferred=True, deferred_group=group))
        return True

    def _property(
        self,
        draft: DraftModel,
        name: str,
        owner: str,
        call: Call,
        annotation: Annotation | None,
        at: Spot,
        types: dict[str, Term],
    ) -> None:
        deferred = bool(self._values.flag(call.keywords.get("deferred"), False))
        inner = self._values.call(call.arguments[0]) if call.arguments else None
        if inner is not None and inner.name in COLUMN and call.name == "sqlalchemy.orm.column_property":
            found = self._columns.from_call(inner, name, at, owner, annotation, types)
            _column(draft, _replaced(found, deferred=deferred))
            return
        draft.column_properties.append(name)
        if deferred:
            draft.deferred_properties.append(name)
        if call.name == "sqlalchemy.orm.composite":
            self._composite(draft, owner, call, at, types)

    def _composite(self, draft: DraftModel, owner: str, call: Call, at: Spot, types: dict[str, Term]) -> None:
        """`composite(Point, mapped_column("x"), ...)` declares its columns too."""
        for argument in call.arguments:
            inner = self._values.call(argument)
            if inner is not None and inner.name in COLUMN:
                found = self._columns.from_call(inner, "", at, owner, None, types)
                if found.column.name:
                    _column(draft, _replaced(found, attribute=found.column.name))


def _replaced(declared: Declared, **changes: object) -> Declared:
    return replace(declared, column=replace(declared.column, **changes))


def _column(draft: DraftModel, declared: Declared) -> None:
    draft.columns[declared.column.attribute] = declared
    draft.own_columns.append(declared.column.attribute)


def _forget(draft: DraftModel, name: str) -> None:
    """A later class in the order of resolution redefines an attribute."""
    for mapping in (draft.columns, draft.relationships, draft.proxies, draft.methods):
        mapping.pop(name, None)
    for listed in (
        draft.own_columns,
        draft.properties,
        draft.hybrids,
        draft.column_properties,
        draft.deferred_properties,
    ):
        while name in listed:
            listed.remove(name)
