"""Expressions as plain values: what a definition says, with spans and without any parser's nodes.

Names are as written; linking resolves them. Every expression has a `span`. What no rule could use (set operations on
literals, format specifications, ...) is `Opaque`, with the expressions inside it, so that reads in there are not lost.
"""

from typing import TypeAlias

from msgspec import Struct

from sqlalint.facts.gaps import Gaps
from sqlalint.facts.span import Span


class Node(Struct, frozen=True, array_like=True, tag=True, gc=False):
    """Base of all expressions and statements. Trees of them have no cycles, hence no work for the collector."""

    span: Span


class Name(Node, frozen=True, tag="N"):
    id: str


class Attribute(Node, frozen=True, tag="A"):
    value: "Expr"
    name: str

    @property
    def name_span(self) -> Span:
        """The range of the attribute's own name: the smallest thing to blame."""
        end = self.span
        return Span(end.end_row, end.end_column - len(self.name), end.end_row, end.end_column)


class Keyword(Struct, frozen=True, array_like=True, gc=False):
    """`name=value` in a call; `name` is None for `**value`. The span covers name and value."""

    name: str | None
    value: "Expr"
    span: Span


class Call(Node, frozen=True, tag="C"):
    """`gaps`: what stands between the arguments in order of place, where it is not plain; see `facts.gaps`."""

    function: "Expr"
    arguments: tuple["Expr", ...] = ()
    keywords: tuple[Keyword, ...] = ()
    gaps: Gaps = ()

    def keyword(self, name: str) -> "Expr | None":
        """The value of a keyword argument, or None. `**kwargs` are not looked into: see `has_open_keywords`."""
        return next((k.value for k in self.keywords if k.name == name), None)

    def keyword_span(self, name: str) -> Span | None:
        """The range of `name=value`, or None."""
        return next((k.span for k in self.keywords if k.name == name), None)

    @property
    def has_open_keywords(self) -> bool:
        """Whether `**something` may bring keywords that are not seen."""
        return any(k.name is None for k in self.keywords)

    @property
    def has_open_arguments(self) -> bool:
        """Whether `*something` may bring arguments that are not seen."""
        return any(isinstance(a, Starred) for a in self.arguments)


class Literal(Node, frozen=True, tag="L"):
    """A string, number, True, False or None."""

    value: str | int | float | bool | None


class Subscript(Node, frozen=True, tag="S"):
    value: "Expr"
    index: "Expr"


class Slice(Node, frozen=True, tag="s"):
    lower: "Expr | None" = None
    upper: "Expr | None" = None
    step: "Expr | None" = None


class Collection(Node, frozen=True, tag="T"):
    """A display; `kind` is tuple, list or set. `gaps`: what stands between the items, as in a call."""

    kind: str
    items: tuple["Expr", ...]
    gaps: Gaps = ()


class Mapping(Node, frozen=True, tag="D"):
    """A dict display; a key of None stands for `**value`."""

    keys: tuple["Expr | None", ...]
    values: tuple["Expr", ...]


class Binary(Node, frozen=True, tag="B"):
    """`left operator right`; the operator as written (`+`, `|`, `&`, `%`, ...)."""

    operator: str
    left: "Expr"
    right: "Expr"


class Unary(Node, frozen=True, tag="U"):
    """`not`, `-`, `+`, `~`."""

    operator: str
    value: "Expr"


class Boolean(Node, frozen=True, tag="O"):
    """A chain of `and` or of `or`."""

    operator: str
    values: tuple["Expr", ...]


class Compare(Node, frozen=True, tag="M"):
    """`left operators[0] comparators[0] operators[1] ...`."""

    left: "Expr"
    operators: tuple[str, ...]
    comparators: tuple["Expr", ...]


class Conditional(Node, frozen=True, tag="I"):
    test: "Expr"
    body: "Expr"
    otherwise: "Expr"


class Parameter(Struct, frozen=True, array_like=True, gc=False):
    """A parameter; `kind` is positional, keyword, args or kwargs (`*args`, `**kwargs`)."""

    name: str
    kind: str
    annotation: "Expr | None"
    default: "Expr | None"
    span: Span


class Lambda(Node, frozen=True, tag="F"):
    parameters: tuple[Parameter, ...]
    body: "Expr"


class Clause(Struct, frozen=True, array_like=True, gc=False):
    """`for target in iterable if conditions` of a comprehension."""

    target: "Expr"
    iterable: "Expr"
    conditions: tuple["Expr", ...]
    is_async: bool
    span: Span


class Comprehension(Node, frozen=True, tag="G"):
    """`kind` is list, set, dict or generator; `value` is the value of a dict comprehension, `element` its key."""

    kind: str
    element: "Expr"
    value: "Expr | None"
    clauses: tuple[Clause, ...]


class Await(Node, frozen=True, tag="W"):
    value: "Expr"


class Yield(Node, frozen=True, tag="Y"):
    value: "Expr | None"
    is_from: bool


class Starred(Node, frozen=True, tag="R"):
    value: "Expr"


class Walrus(Node, frozen=True, tag="E"):
    """`name := value`."""

    name: str
    value: "Expr"


class Text(Node, frozen=True, tag="f"):
    """An f-string: its literal pieces and the expressions between them, in order."""

    parts: tuple["Expr", ...]


class Opaque(Node, frozen=True, tag="?"):
    """Something that has no meaning here; `parts` are the expressions inside it."""

    parts: tuple["Expr", ...] = ()


Expr: TypeAlias = (
    Name | Attribute | Call | Literal | Subscript | Slice | Collection | Mapping | Binary | Unary | Boolean | Compare
    | Conditional | Lambda | Comprehension | Await | Yield | Starred | Walrus | Text | Opaque
)  # fmt: skip


def dotted(expression: "Expr | None") -> str | None:
    """`a.b.c` for a chain of attributes on a name, else None."""
    names: list[str] = []
    while isinstance(expression, Attribute):
        names.append(expression.name)
        expression = expression.value
    if not isinstance(expression, Name):
        return None
    names.append(expression.id)
    return ".".join(reversed(names))


def children(expression: "Expr") -> tuple["Expr", ...]:
    """The expressions directly inside, in the order in which they are evaluated, lambdas and clauses included."""
    match expression:  # the commonest first
        case Name() | Literal():
            return ()
        case Attribute(value=value) | Starred(value=value) | Await(value=value) | Walrus(value=value):
            return (value,)
        case Call(function=function, arguments=arguments, keywords=keywords):
            return (function, *arguments, *[k.value for k in keywords]) if keywords else (function, *arguments)
        case Subscript(value=value, index=index):
            return (value, index)
        case Slice(lower=lower, upper=upper, step=step):
            return tuple(part for part in (lower, upper, step) if part is not None)
        case Collection(items=items):
            return items
        case Mapping(keys=keys, values=values):
            return (*(k for k in keys if k is not None), *values)
        case Binary(left=left, right=right):
            return (left, right)
        case Unary(value=value):
            return (value,)
        case Boolean(values=values):
            return values
        case Compare(left=left, comparators=comparators):
            return (left, *comparators)
        case Conditional(test=test, body=body, otherwise=otherwise):
            return (test, body, otherwise)
        case Lambda(body=body):
            return (body,)
        case Comprehension(element=element, value=value, clauses=clauses):
            inner = [part for c in clauses for part in (c.iterable, c.target, *c.conditions)]
            return (*inner, element) if value is None else (*inner, element, value)
        case Yield(value=value):
            return () if value is None else (value,)
        case Text(parts=parts) | Opaque(parts=parts):
            return parts


def walk(expression: "Expr") -> "list[Expr]":
    """The expression and everything inside it, outermost first."""
    found, pending = [], [expression]
    while pending:
        here = pending.pop()
        found.append(here)
        pending.extend(reversed(children(here)))
    return found
