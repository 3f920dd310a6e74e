"""Columns as they are written: `Column(...)`, `mapped_column(...)`, SQLModel's `Field(...)`, bare `Mapped[...]`."""

from msgspec import Struct
from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.project import symbols
from sqlalint.project.models.annotations import Annotation, Annotations
from sqlalint.project.models.defaults import DefaultReader
from sqlalint.project.models.terms import UNREAD, Call, Member, ProjectClass, Term
from sqlalint.project.models.values import Values
from sqlalint.project.schema import Check, Column, ColumnType

COLUMN = frozenset({"sqlalchemy.Column", "sqlalchemy.orm.mapped_column"})
FIELD = "sqlmodel.Field"
_SERVER_MADE = frozenset({"sqlalchemy.Identity", "sqlalchemy.Computed", "sqlalchemy.FetchedValue"})
_NO_TYPE = _SERVER_MADE | {
    "sqlalchemy.Sequence", "sqlalchemy.CheckConstraint", "sqlalchemy.DefaultClause", "sqlalchemy.ColumnDefault",
    "sqlalchemy.UniqueConstraint", "sqlalchemy.Constraint",
}  # fmt: skip

_PYTHON_TYPES = {
    "bool": "Boolean", "bytes": "LargeBinary", "datetime.date": "Date", "datetime.datetime": "DateTime",
    "decimal.Decimal": "Numeric", "float": "Float", "int": "Integer", "str": "String", "datetime.time": "Time",
    "datetime.timedelta": "Interval", "uuid.UUID": "Uuid",
}  # fmt: skip


class KeyCall(Struct, frozen=True):
    """A foreign key as it is written. `columns` are the local ones of a constraint; a column's own key has none."""

    columns: tuple[Term, ...]
    targets: tuple[Term, ...]
    ondelete: str | None
    onupdate: str | None
    name: str | None
    use_alter: bool
    at: Spot
    named: bool = False


class Declared(Struct, frozen=True):
    """A column with its foreign keys. `identity` is that of the call that makes it."""

    column: Column
    keys: tuple[KeyCall, ...]
    identity: str = ""
    checks: tuple[Check, ...] = ()


class ColumnReader:
    """Reads columns of one project."""

    def __init__(self, values: Values, annotations: Annotations) -> None:
        self._values = values
        self._annotations = annotations
        self._defaults = DefaultReader(values)

    def from_call(
        self,
        call: Call,
        attribute: str,
        at: Spot,
        owner: str,
        annotation: Annotation | None = None,
        types: dict[str, Term] | None = None,
    ) -> Declared:
        """A `Column(...)` or `mapped_column(...)`; `annotation` is that of the attribute, `types` the base's map."""
        name, type_, keys, generated = self._positional(call)
        base = (
            self._annotated(annotation, attribute, at, owner) if annotation and annotation.wrapper == "Mapped" else None
        )
        given = self._values.text(call.keywords.get("name")) or name
        inherits = base.column if base else None
        if type_ is None and inherits is not None:
            type_ = inherits.type
        if type_ is None and annotation is not None and annotation.wrapper == "Mapped":
            type_ = self._python_type(annotation, types or {})
        primary_key = self._flag(call, "primary_key", inherits.primary_key if inherits else False)
        has_default = any(k in call.keywords for k in ("default", "insert_default", "default_factory"))
        column = Column(
            attribute=attribute,
            name=given or (inherits.name if inherits and inherits.name != attribute else attribute),
            type=type_,
            nullable=self._nullable(call, annotation, primary_key, generated, inherits),
            primary_key=primary_key,
            unique=self._flag(call, "unique", inherits.unique if inherits else False),
            index=self._flag(call, "index", inherits.index if inherits else False),
            default=has_default or (inherits.default if inherits else (None if not call.whole else False)),
            server_default=generated or "server_default" in call.keywords or bool(inherits and inherits.server_default),
            deferred=bool(self._values.flag(call.keywords.get("deferred"), False)) or "deferred_group" in call.keywords,
            deferred_group=self._values.text(call.keywords.get("deferred_group")),
            at=at,
            owner=owner,
            defaults=self._defaults.of_column(call) or (inherits.defaults if inherits else ()),
        )
        return Declared(column, keys or (base.keys if base else ()), call.term.identity, self._checks(call))

    def _positional(self, call: Call) -> tuple[str | None, ColumnType | None, tuple[KeyCall, ...], bool]:
        """Name, type, foreign keys and whether the server makes the value, from the arguments."""
        name: str | None = None
        type_ = self.type_of(call.keywords["type_"]) if "type_" in call.keywords else None
        keys: list[KeyCall] = []
        generated = False
        for position, argument in enumerate(call.arguments):
            inner = self._values.call(argument)
            callee = inner.name if inner else ""
            if inner is not None and callee == "sqlalchemy.ForeignKey":
                keys.append(self.key(inner))
            elif callee in _SERVER_MADE:
                generated = True
            elif callee in _NO_TYPE:
                continue
            elif position == 0 and (text := self._values.text(argument)) is not None:
                name = text
            elif type_ is None:
                type_ = self.type_of(argument)
        return name, type_, tuple(keys), generated

    def key(self, call: Call) -> KeyCall:
        """A `ForeignKey(...)`."""
        target = call.argument(0, "column")
        return KeyCall(
            (),
            () if target is None else (target,),
            self._values.text(call.keywords.get("ondelete")),
            self._values.text(call.keywords.get("onupdate")),
            self._values.text(call.keywords.get("name")),
            self._values.flag(call.keywords.get("use_alter"), False) is not False,
            call.at,
            "name" in call.keywords,
        )

    def check(self, call: Call) -> Check:
        """A `CheckConstraint(...)`."""
        given = call.argument(1, "name")
        return Check(None if given is None else self._values.text(given) or "", call.at)

    def _checks(self, call: Call) -> tuple[Check, ...]:
        inner = (self._values.call(a) for a in call.arguments)
        return tuple(self.check(c) for c in inner if c is not None and c.name == "sqlalchemy.CheckConstraint")

    def _flag(self, call: Call, name: str, absent: bool | None) -> bool | None:
        if name not in call.keywords and (not call.whole or self._own_constructor(call)):
            return None
        return self._values.flag(call.keywords.get(name), absent)

    def _own_constructor(self, call: Call) -> bool:
        """Whether the column's class is the project's own, with defaults that are not read."""
        return bool(call.subclass) and self._values.has_attribute(call.subclass, "__init__")

    def _nullable(
        self,
        call: Call,
        annotation: Annotation | None,
        primary_key: bool | None,
        generated: bool,
        inherits: Column | None,
    ) -> bool | None:
        if "nullable" in call.keywords:
            given = self._values.flag(call.keywords["nullable"], None)
            if given is not None or self._values.literal(call.keywords["nullable"]) is UNREAD:
                return given
        elif not call.whole or self._own_constructor(call):
            return None
        if primary_key is not False:
            return None if primary_key is None else False
        if call.name == "sqlalchemy.orm.mapped_column" and annotation is not None and annotation.wrapper == "Mapped":
            if annotation.optional:
                return True
            return inherits.nullable if inherits is not None else annotation.type is None
        identity = any((i := self._values.call(a)) and i.name == "sqlalchemy.Identity" for a in call.arguments)
        return not identity

    # --- annotations ---

    def from_annotation(
        self, annotation: Annotation, attribute: str, at: Spot, owner: str, types: dict[str, Term]
    ) -> Declared:
        """A column that only its `Mapped[...]` declares."""
        base = self._annotated(annotation, attribute, at, owner)
        if base is not None:
            nullable = True if annotation.optional else base.column.nullable
            nullable = False if base.column.primary_key else nullable
            column = replace(base.column, nullable=nullable)
            if column.type is None:
                column = replace(column, type=self._python_type(annotation, types))
            return Declared(column, base.keys)
        plain = self._plain(attribute, at, owner)
        return Declared(replace(plain, nullable=annotation.optional, type=self._python_type(annotation, types)), ())

    def _plain(self, attribute: str, at: Spot, owner: str) -> Column:
        return Column(attribute, attribute, None, None, False, False, False, False, False, False, None, at, owner)

    def _annotated(self, annotation: Annotation, attribute: str, at: Spot, owner: str) -> Declared | None:
        """The `mapped_column(...)` inside an `Annotated`; nullable is what it says, or what its type says."""
        for extra in annotation.extras:
            call = self._values.call(extra)
            if call is not None and call.name in COLUMN:
                found = self.from_call(call, attribute, at, owner)
                if "nullable" not in call.keywords and not found.column.primary_key:
                    return replace(found, column=replace(found.column, nullable=annotation.optional))
                return found
        return None

    def _python_type(self, annotation: Annotation, types: dict[str, Term]) -> ColumnType | None:
        if annotation.type is None:
            return None
        names = [self._annotations.name(annotation.type)]
        if names[0] in types:
            return self.type_of(types[names[0]])
        known = _PYTHON_TYPES.get(names[0])
        return ColumnType(f"sqlalchemy.{known}") if known else None

    def type_of(self, term: Term) -> ColumnType | None:
        """A column's type, as a class or an instance of one."""
        value = self._values.value(term)
        match value:
            case symbols.External(name=name):
                return ColumnType(name)
            case ProjectClass(id=identity):
                return ColumnType(identity)
            case Member(type=of, name=name):
                return ColumnType(f"{of}.{name}")
            case Term(expression=ex.Call()):
                call = self._values.call(value)
                if call is None:
                    return None
                if call.instance is not None and call.name.endswith((".with_variant", ".as_generic")):
                    return self.type_of(call.instance)
                literals = tuple(_known(self._values.literal(a)) for a in call.arguments)
                keywords = tuple((k, _known(self._values.literal(v))) for k, v in call.keywords.items())
                return ColumnType(call.subclass or call.name, literals, keywords)
            case _:
                return None

    # --- SQLModel ---

    def from_field(
        self, call: Call | None, annotation: Annotation, attribute: str, at: Spot, owner: str, required: bool
    ) -> Declared:
        """A field of a library whose models are declared by `Field(...)` and plain annotations."""
        keywords = call.keywords if call else {}
        if call is not None and "sa_column" in keywords:
            inner = self._values.call(keywords["sa_column"])
            if inner is not None and inner.name in COLUMN:
                return self.from_call(inner, attribute, at, owner)
        plain = self._plain(attribute, at, owner)
        extra = self._values.entries(keywords["sa_column_kwargs"]) if "sa_column_kwargs" in keywords else {}
        primary_key = self._values.flag(keywords.get("primary_key"), False)
        flags = {k: self._values.flag({**keywords, **(extra or {})}.get(k), False) for k in ("index", "unique")}
        nullable = self._values.flag({**keywords, **(extra or {})}.get("nullable"), None)
        if nullable is None and "nullable" not in {**keywords, **(extra or {})}:
            nullable = annotation.optional and not primary_key
        name = self._values.text((extra or {}).get("name")) or attribute
        column = replace(
            plain, name=name, nullable=nullable, primary_key=primary_key, default=not required,
            server_default="server_default" in (extra or {}), type=self._field_type(keywords, annotation),
            defaults=self._defaults.of_field(call, extra or {}) if call else (), **flags,
        )  # fmt: skip
        return Declared(column, self._field_keys(call, keywords))

    def _field_type(self, keywords: dict[str, Term], annotation: Annotation) -> ColumnType | None:
        return self.type_of(keywords["sa_type"]) if "sa_type" in keywords else self._python_type(annotation, {})

    def _field_keys(self, call: Call | None, keywords: dict[str, Term]) -> tuple[KeyCall, ...]:
        if call is None:
            return ()
        keys = []
        target = keywords.get("foreign_key")
        if target is not None and self._values.literal(target) is not None:
            at = call.at
            if isinstance(call.term.expression, ex.Call):
                span = call.term.expression.keyword_span("foreign_key")
                at = Spot(call.term.path, call.term.definition, span) if span else at
            keys.append(KeyCall((), (target,), self._values.text(keywords.get("ondelete")), None, None, False, at))
        for argument in self._values.sequence(keywords["sa_column_args"]) or () if "sa_column_args" in keywords else ():
            inner = self._values.call(argument)
            if inner is not None and inner.name == "sqlalchemy.ForeignKey":
                keys.append(self.key(inner))
        return tuple(keys)


def _known(value: object) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float | bool) else None
