"""Declarative bases: which classes are models, in which registry and metadata, and what their tables are called."""

import re
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.project import symbols
from sqlalint.project.libraries import Mixin
from sqlalint.project.models.classes import Classes
from sqlalint.project.models.classes import Member as ClassMember
from sqlalint.project.models.terms import Call, Member, ProjectClass, Term, Value

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_ROOTS = ("sqlalchemy.orm.DeclarativeBase", "sqlalchemy.orm.DeclarativeBaseNoMeta")
_MADE = ("sqlalchemy.orm.declarative_base", "sqlalchemy.orm.registry.generate_base")
_AUTOMAP = "sqlalchemy.ext.automap.automap_base"
_DECORATED_ROOTS = ("sqlalchemy.orm.as_declarative", "sqlalchemy.orm.registry.as_declarative_base")
_MAPPING = (
    "sqlalchemy.orm.registry.mapped",
    "sqlalchemy.orm.registry.mapped_as_dataclass",
    "sqlalchemy.orm.mapped_as_dataclass",
    "sqlalchemy.orm.unmapped_dataclass",
)
_SNAKE = re.compile(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))")


class Metadata(Struct, frozen=True):
    """A `MetaData`: its default schema ("" for none, None for not known) and its naming convention."""

    id: str
    schema: str | None
    naming_convention: dict[str, str] | None


class Registry(Struct, frozen=True):
    """A declarative base or registry: the classes below it are models.

    `tablename` and `table_keyword` are those of a library's base (see `libraries.Base`); `keys` the columns that it
    gives to every model, all of them the primary key.
    """

    id: str
    metadata: Metadata
    tablename: str = ""
    table_keyword: str = ""
    keys: tuple[str, ...] = ()
    reflected: bool = False


class Declarative:
    """Declarative bases of one project."""

    def __init__(self, project: "Project") -> None:
        self._project = project
        self._classes: Classes = project.classes
        self._values = project.classes.values
        self._registries: dict[str, Registry | None] = {}
        self.metadatas: dict[str, Metadata] = {}

    # --- registries ---

    def registry_of(self, identity: str) -> Registry | None:
        """The registry that a class belongs to; None where it is below no declarative base."""
        if identity not in self._registries:
            self._registries[identity] = None  # a class that is asked for while it is looked at
            self._registries[identity] = self._registry_of(identity)
        return self._registries[identity]

    def _registry_of(self, identity: str) -> Registry | None:
        decorated = self._decorated(identity, _MAPPING)
        if decorated is not None:
            return decorated
        mro = self._classes.mro(identity)
        found: Registry | None = None
        for made in mro.made:
            found = found or self._made(made)
        for ancestor in mro.ids:
            found = found or self._root(ancestor)
        for name in mro.externals:
            found = found or self._library_root(name, identity)
        return self._with_own_metadata(identity, found) if found else None

    def is_root(self, identity: str) -> bool:
        """Whether a class is itself a declarative base, and so no model."""
        return self._root(identity) is not None

    def _root(self, identity: str) -> Registry | None:
        """The registry that a class begins: `class Base(DeclarativeBase)`, `@as_declarative() class Base`."""
        for base in self._classes.bases(identity):
            if isinstance(base.value, symbols.External) and base.value.name in _ROOTS:
                return Registry(identity, self._metadata_of_class(identity))
        return self._decorated(identity, _DECORATED_ROOTS)

    def _decorated(self, identity: str, names: tuple[str, ...]) -> Registry | None:
        path, _, key = identity.partition("::")
        lowered = self._classes.get(identity)
        for decorator in lowered.decorators if lowered else ():
            bare = decorator.function if isinstance(decorator, ex.Call) else decorator
            found = self._values.value(Term(path, key, bare))
            name = f"{found.type}.{found.name}" if isinstance(found, Member) else getattr(found, "name", "")
            if name not in names:
                continue
            if isinstance(found, Member):
                return Registry(found.object.identity, self._metadata_of_maker(found.object, found.object.identity))
            if isinstance(decorator, ex.Call):
                return self._decorating(identity, Term(path, key, decorator))
            return Registry(identity, self._metadata_of_class(identity))
        return None

    def _decorating(self, identity: str, term: Term) -> Registry:
        """`@mapped_as_dataclass(registry)`, `@as_declarative(metadata=...)`."""
        call = self._values.call(term)
        first = self._values.value(call.arguments[0]) if call and call.arguments else None
        if isinstance(first, Term):
            return Registry(first.identity, self._metadata_of_maker(first, first.identity))
        given = call.keywords.get("metadata") if call else None
        metadata = self.metadata(given) if given is not None else None
        return Registry(identity, metadata or self._metadata_of_class(identity))

    def _made(self, value: Value) -> Registry | None:
        """`declarative_base()`, `mapper_registry.generate_base()`, `db.Model`."""
        if isinstance(value, Term):
            call = self._values.call(value)
            if call is None or call.name not in (*_MADE, _AUTOMAP):
                return None
            maker = call.instance or call.term
            return Registry(
                maker.identity, self._metadata_of_maker(maker, maker.identity), reflected=call.name == _AUTOMAP
            )
        if isinstance(value, Member):
            offers = self._project.libraries.objects.get(value.type)
            if offers is None or value.name not in offers.bases:
                return None
            base = self._project.libraries.bases.get(f"{value.type.rpartition('.')[0]}.{value.name}")
            call = self._values.call(value.object)
            quiet = call is not None and self._values.flag(call.keywords.get("disable_autonaming"), False)
            tablename = base.tablename if base and not quiet else ""
            return Registry(
                value.object.identity, self._metadata_of_maker(value.object, value.object.identity), tablename
            )
        return None

    def _library_root(self, name: str, identity: str) -> Registry | None:
        base = self._project.libraries.bases.get(name)
        if base is None:
            return None
        root = self._project.modules.root_of(identity.partition("::")[0])
        metadata = self._remember(Metadata(f"{root}:{name}", "", {}))
        return Registry(f"{root}:{name}", metadata, base.tablename, base.table_keyword, base.keys)

    # --- metadata ---

    def _remember(self, metadata: Metadata) -> Metadata:
        return self.metadatas.setdefault(metadata.id, metadata)

    def _with_own_metadata(self, identity: str, registry: Registry) -> Registry:
        """A class or a base below the registry's may have a metadata of its own, or a bind's."""
        metadata = registry.metadata
        member = self._classes.attribute(identity, "metadata")
        if member is not None and member.statement is not None and member.statement.value is not None:
            metadata = self.metadata(self._classes.assigned(member, member.statement.value)) or metadata
        bind = self._classes.attribute(identity, "__bind_key__")
        if bind is not None and bind.statement is not None and bind.statement.value is not None:
            key = self._values.text(self._classes.assigned(bind, bind.statement.value))
            metadata = self._remember(Metadata(f"{metadata.id}#{key}", metadata.schema, metadata.naming_convention))
        if metadata is registry.metadata:
            return registry
        return Registry(
            registry.id, metadata, registry.tablename, registry.table_keyword, registry.keys, registry.reflected
        )

    def _metadata_of_class(self, identity: str) -> Metadata:
        """The metadata of a declarative base: its own attribute, its registry's, or one that nobody named."""
        convention: dict[str, str] | None = {}
        for name in ("metadata", "registry"):
            member = self._classes.attribute(identity, name)
            if member is None or member.statement is None or member.statement.value is None:
                continue
            term = self._classes.assigned(member, member.statement.value)
            found = self.metadata(term)
            if found is None and name == "registry":
                maker = self._values.call(term)
                found = self._metadata_of_maker(maker.term, identity) if maker else None
            if found is not None:
                return found
            convention = None  # there is one, out of sight
        return self._remember(Metadata(identity, "", convention))

    def _metadata_of_maker(self, maker: Term, identity: str) -> Metadata:
        """The metadata of `declarative_base(...)`, `registry(...)`, `SQLAlchemy(...)`."""
        call = self._values.call(maker)
        given = call.keywords.get("metadata") if call else None
        found = self.metadata(given) if given is not None else None
        if found is None and call and "model_class" in call.keywords:
            base = self._values.value(call.keywords["model_class"])
            found = self._metadata_of_class(base.id) if isinstance(base, ProjectClass) else None
        if found is None and call and call.instance is not None:
            return self._metadata_of_maker(call.instance, call.instance.identity)
        out_of_sight = call is None or not call.whole or given is not None
        return found or self._remember(Metadata(identity, "", None if out_of_sight else {}))

    def metadata(self, term: Term) -> Metadata | None:
        """The metadata that an expression stands for: `MetaData()`, `Base.metadata`, `db.metadata`."""
        value = self._values.value(term)
        if isinstance(value, Term):
            call = self._values.call(value)
            if call is not None and call.name == "sqlalchemy.MetaData":
                return self._remember(self._read(call))
            return None
        if isinstance(value, Member) and value.name in ("metadata", "Model.metadata"):
            return self._metadata_of_maker(value.object, value.object.identity)
        if isinstance(value, symbols.External) and value.name.endswith(".metadata"):
            registry = self._library_root(value.name.removesuffix(".metadata"), f"{term.path}::")
            return registry.metadata if registry else None
        if isinstance(term.expression, ex.Attribute) and term.expression.name == "metadata":
            base = self._values.value(term.inner(term.expression.value))
            if isinstance(base, ProjectClass):
                registry = self.registry_of(base.id)
                return registry.metadata if registry else None
        if isinstance(term.expression, ex.Name):
            return self._followed(term)
        return None

    def _followed(self, term: Term) -> Metadata | None:
        """`metadata = Base.metadata`: a name for another's metadata."""
        assert isinstance(term.expression, ex.Name)
        found = self._project.resolve(term.path, term.expression.id)
        if not isinstance(found, symbols.Definition) or found.rest:
            return None
        statement = self._project.statement(found.path, found.key)
        value = getattr(statement, "value", None)
        if not isinstance(value, ex.Attribute) or (found.path, found.key) == (term.path, term.definition):
            return None
        return self.metadata(Term(found.path, found.key, value))

    def _read(self, call: Call) -> Metadata:
        schema = call.argument(1, "schema")
        name = "" if schema is None else self._values.literal(schema)
        given = call.keywords.get("naming_convention")
        entries = {} if given is None else self._values.entries(given)
        convention: dict[str, str] | None = None
        if entries is not None:
            convention = {k: text for k, v in entries.items() if (text := self._values.text(v)) is not None}
        return Metadata(call.term.identity, name or "" if isinstance(name, str | None) else None, convention)

    # --- names of tables ---

    def tablename(self, identity: str, mapped: set[str]) -> tuple[bool, str | None]:
        """Whether a class asks for a table of its own, and its name where that can be read.

        A name that a mapped ancestor has is that one's own (`mapped` are those); a mixin's is this class's.
        """
        for ancestor in self._classes.mro(identity).ids:
            member = self._classes.own(ancestor).get("__tablename__")
            if member is None:
                continue
            if ancestor != identity and ancestor in mapped:
                return False, None
            term = self.term_of(member, identity)
            if term is None:
                return member.kind == "method", None
            if self._values.literal(term) is None:
                return False, None
            return True, self._values.text(term)
        return False, None

    def term_of(self, member: ClassMember, identity: str) -> Term | None:
        """The expression that gives an attribute its value for a class: assigned, or returned by a `declared_attr`."""
        if member.statement is not None:
            return None if member.statement.value is None else self._classes.assigned(member, member.statement.value)
        return self._classes.returned(member, identity)

    def is_abstract(self, identity: str) -> bool:
        """Whether a class says `__abstract__ = True` itself."""
        member = self._classes.own(identity).get("__abstract__")
        if member is None or member.statement is None or member.statement.value is None:
            return False
        return self._values.literal(self._classes.assigned(member, member.statement.value)) is True

    def mixins(self, identity: str) -> list[Mixin]:
        """The classes of libraries among a class's ancestors that bring columns."""
        known = self._project.libraries.mixins
        return [known[name] for name in self._classes.mro(identity).externals if name in known]

    def has_unknown_bases(self, identity: str) -> str:
        """The reason why something of a class may be out of sight: a base that is not resolved, or a library's."""
        mro = self._classes.mro(identity)
        if not mro.complete:
            return "a base is not resolved"
        strange = [n for n in mro.externals if not self._is_plain(n)]
        return f"`{strange[0]}` is not known" if strange else ""

    def _is_plain(self, name: str) -> bool:
        """Whether a library's class is known to bring no columns but those that its data file names."""
        top = name.partition(".")[0]
        return (
            top in sys.stdlib_module_names
            or top == "sqlalchemy"
            or name in self._project.libraries.bases
            or name in self._project.libraries.mixins
            or name in self._project.libraries.plain
        )


def table_name(style: str, class_name: str) -> str | None:
    """The name that a library makes out of a class's."""
    match style:
        case "lower":
            return class_name.lower()
        case "snake":
            return _SNAKE.sub(r"_\1", class_name).lower()
        case _:
            return None
