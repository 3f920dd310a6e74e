"""Annotations of mapped attributes: `Mapped[list["Post"]]`, `Mapped[Optional[intpk]]`, `WriteOnlyMapped[...]`."""

import ast

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.facts.lower import Columns, Lowering
from sqlalint.project import symbols
from sqlalint.project.models.terms import ProjectClass, Term
from sqlalint.project.models.values import Values

_MAPPED = {
    "sqlalchemy.orm.Mapped": "Mapped",
    "sqlalchemy.orm.DynamicMapped": "DynamicMapped",
    "sqlalchemy.orm.WriteOnlyMapped": "WriteOnlyMapped",
    "sqlalchemy.orm.relationship": "Mapped",  # `RelationshipProperty["X"]` in code from before 2.0
    "typing.ClassVar": "ClassVar",
}
_COLLECTIONS = frozenset(
    """
    list set List Set Sequence MutableSequence Collection Iterable MutableSet AbstractSet InstrumentedList
    InstrumentedSet OrderingList frozenset FrozenSet deque
    """.split()
)
_MAPPINGS = frozenset(
    "dict Dict Mapping MutableMapping MappedCollection KeyFuncDict InstrumentedDict OrderedDict".split()
)

_DEEPEST = 50


class Annotation(Struct, frozen=True):
    """What an annotation says.

    `wrapper` is Mapped, DynamicMapped, WriteOnlyMapped, ClassVar or "". `type` is what remains without it and without
    `None` (`optional`); `element` is what a collection holds. `extras` are the further arguments of `Annotated`.
    """

    wrapper: str
    type: Term | None
    optional: bool
    collection: bool
    element: Term | None
    extras: tuple[Term, ...]
    choices: int = 1  # how many types a union has


class Annotations:
    """Reads the annotations of one project."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def read(self, term: Term) -> Annotation:
        """What an annotation says. Its names are those of the module: an attribute `date` is not the type `date`."""
        term = self._unquoted(Term(term.path, term.definition, term.expression, term.env, ""))
        wrapper = ""
        if isinstance(term.expression, ex.Subscript):
            wrapper = _MAPPED.get(self.name(term.inner(term.expression.value)), "")
            if wrapper:
                term = self._unquoted(term.inner(term.expression.index))
        elif _MAPPED.get(self.name(term)):
            return Annotation(_MAPPED[self.name(term)], None, False, False, None, ())
        return self._inner(wrapper, term)

    def _inner(self, wrapper: str, term: Term) -> Annotation:
        options, optional = self._options(term)
        extras: tuple[Term, ...] = ()
        choices = len(options)
        inner = options[0] if options else None
        for _ in range(4):  # `Annotated` of an alias of `Annotated`
            if inner is None:
                break
            inner, more = self._annotated(inner)
            extras += more
            if not more:
                break
            deeper, none = self._options(inner) if inner is not None else ([], False)
            optional = optional or none
            inner = deeper[0] if deeper else inner
        collection, element = self._element(inner) if inner is not None else (False, None)
        return Annotation(wrapper, inner, optional, collection, element, extras, choices)

    def _unquoted(self, term: Term) -> Term:
        """A quoted annotation, read."""
        if not isinstance(term.expression, ex.Literal) or not isinstance(term.expression.value, str):
            return term
        text = term.expression.value.strip()
        try:
            tree = ast.parse(text, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return term
        return term.inner(Lowering(Columns([text], 1), 1).expression(tree.body))

    def _options(self, term: Term, depth: int = 0) -> tuple[list[Term], bool]:
        """The members of a union without None, and whether None is one of them."""
        term = self._unquoted(term)
        if depth > _DEEPEST:
            return [term], False
        match term.expression:
            case ex.Binary(operator="|", left=left, right=right):
                first, a = self._options(term.inner(left), depth + 1)
                second, b = self._options(term.inner(right), depth + 1)
                return first + second, a or b
            case ex.Literal(value=None):
                return [], True
            case ex.Subscript(value=value, index=index):
                name = self.name(term.inner(value)).rpartition(".")[2]
                if name == "Optional":
                    return self._options(term.inner(index), depth + 1)[0], True
                if name == "Union":
                    parts = index.items if isinstance(index, ex.Collection) else (index,)
                    found = [self._options(term.inner(p), depth + 1) for p in parts]
                    return [t for options, _ in found for t in options], any(none for _, none in found)
        return [term], False

    def _annotated(self, term: Term) -> tuple[Term | None, tuple[Term, ...]]:
        """`Annotated[T, x, y]`, or an alias of one, as T and the rest."""
        found: object = term
        if isinstance(term.expression, ex.Name | ex.Attribute):
            found = self._values.value(term)
        if isinstance(found, Term) and isinstance(found.expression, ex.Subscript):
            name = self.name(found.inner(found.expression.value))
            index = found.expression.index
            if name.rpartition(".")[2] == "Annotated" and isinstance(index, ex.Collection) and index.items:
                first = self._unquoted(found.inner(index.items[0]))
                return first, tuple(found.inner(i) for i in index.items[1:])
            if found is not term:
                return found, ()
        return term, ()

    def _element(self, term: Term) -> tuple[bool, Term | None]:
        if not isinstance(term.expression, ex.Subscript):
            name = self.name(term).rpartition(".")[2]
            return name in _COLLECTIONS or name in _MAPPINGS, None
        name = self.name(term.inner(term.expression.value)).rpartition(".")[2]
        index = term.expression.index
        if name in _COLLECTIONS:
            return True, self._only(term.inner(index))
        if name in _MAPPINGS:
            last = index.items[-1] if isinstance(index, ex.Collection) and index.items else index
            return True, self._only(term.inner(last))
        return False, None

    def _only(self, term: Term) -> Term:
        options, _ = self._options(term)
        return options[0] if options else term

    def name(self, term: Term) -> str:
        """A type by canonical name, by `path::key` for a class of the project, else as it is written."""
        if not isinstance(term.expression, ex.Name | ex.Attribute):
            return ""
        found = self._values.value(term)
        match found:
            case symbols.External(name=name):
                return name
            case ProjectClass(id=identity):
                return identity
            case Term(expression=ex.Name() | ex.Attribute() | ex.Subscript()) if (
                found.expression is not term.expression
            ):
                return ex.dotted(found.expression) or ""
            case _:
                return ex.dotted(term.expression) or ""
