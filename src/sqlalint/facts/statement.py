"""Statements as plain values: the bodies of functions, classes and modules."""

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from sqlalint.facts.expression import Expr, Node, Parameter, walk
from sqlalint.facts.span import Span


class Assign(Node, frozen=True, tag="="):
    """`targets = value`; with an annotation there is one target, and `value` may be None (`x: int`)."""

    targets: tuple[Expr, ...]
    value: Expr | None
    annotation: Expr | None = None


class Augment(Node, frozen=True, tag="+="):
    """`target += value`; the operator without its `=`."""

    target: Expr
    operator: str
    value: Expr


class Evaluate(Node, frozen=True, tag="e"):
    """An expression statement."""

    value: Expr


class Return(Node, frozen=True, tag="r"):
    value: Expr | None


class For(Node, frozen=True, tag="for"):
    """`span` covers the header only: `for target in iterable:`."""

    target: Expr
    iterable: Expr
    body: tuple["Statement", ...]
    otherwise: tuple["Statement", ...]
    is_async: bool


class While(Node, frozen=True, tag="while"):
    test: Expr
    body: tuple["Statement", ...]
    otherwise: tuple["Statement", ...]


class If(Node, frozen=True, tag="if"):
    test: Expr
    body: tuple["Statement", ...]
    otherwise: tuple["Statement", ...]


class WithItem(Struct, frozen=True, array_like=True, gc=False):
    value: Expr
    target: Expr | None


class With(Node, frozen=True, tag="with"):
    """`span` covers the header only."""

    items: tuple[WithItem, ...]
    body: tuple["Statement", ...]
    is_async: bool


class Handler(Struct, frozen=True, array_like=True, gc=False):
    type: Expr | None
    name: str | None
    body: tuple["Statement", ...]


class Try(Node, frozen=True, tag="try"):
    body: tuple["Statement", ...]
    handlers: tuple[Handler, ...]
    otherwise: tuple["Statement", ...]
    finally_: tuple["Statement", ...]


class Case(Struct, frozen=True, array_like=True, gc=False):
    """`names` are what the pattern binds."""

    names: tuple[str, ...]
    guard: Expr | None
    body: tuple["Statement", ...]


class Match(Node, frozen=True, tag="match"):
    subject: Expr
    cases: tuple[Case, ...]


class Raise(Node, frozen=True, tag="raise"):
    value: Expr | None


class Delete(Node, frozen=True, tag="del"):
    targets: tuple[Expr, ...]


class Assert(Node, frozen=True, tag="assert"):
    test: Expr


class Jump(Node, frozen=True, tag="j"):
    """`break` or `continue`."""

    kind: str


class Nothing(Node, frozen=True, tag="pass"):
    """`pass`, `global`, `nonlocal`."""


class Import(Node, frozen=True, tag="import"):
    """`from module import name as alias`, or `import module as alias` with no name.

    `module` is as written, without its leading dots; `level` counts them. `alias` is what is bound, "*" for a star.
    """

    module: str
    level: int
    name: str | None
    alias: str


class ImportLine(Struct, frozen=True, array_like=True, gc=False):
    """A `from module import ...` at the top of a file, under no condition: a name may be added behind its `last`.

    `is_listed`: the names stand in brackets, and the last one on a line of its own.
    """

    module: str
    level: int
    last: Span
    is_listed: bool


class Imports(Node, frozen=True, tag="imports"):
    """The imports of a file before its first function or class, kept under `IMPORTS`; rows are those of the file.

    A line for one more is put in at `row` (0: nowhere). `follows` and `precedes` tell whether a docstring stands
    before it, and other code behind it, that are to be kept apart by an empty line. `below`: the modules that are
    imported by name, and the row right below each import where a line may be put in.
    """

    lines: tuple[ImportLine, ...]
    row: int
    follows: bool = False
    precedes: bool = False
    below: tuple[tuple[str, int], ...] = ()


IMPORTS = "<imports>"


class Function(Node, frozen=True, tag="def"):
    """A function. `span` covers `def name`; a docstring is an `Evaluate` of a string in the body.

    `has_remark` tells that the body holds a comment, which rules about empty bodies may take for a reason.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: Expr | None
    decorators: tuple[Expr, ...]
    body: tuple["Statement", ...]
    is_async: bool
    is_generator: bool
    name_span: Span
    remarks: tuple[str, ...] = ()


class Class(Node, frozen=True, tag="class"):
    """A class. In a definition of its own the body holds no methods: they are definitions themselves, and `methods`
    names them. Inside a function the body is whole."""

    name: str
    bases: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    decorators: tuple[Expr, ...]
    body: tuple["Statement", ...]
    methods: tuple[str, ...]
    name_span: Span


Statement: TypeAlias = (
    Assign | Augment | Evaluate | Return | For | While | If | With | Try | Match | Raise | Delete | Assert | Jump
    | Nothing | Import | Function | Class | Imports
)  # fmt: skip


def blocks(statement: Statement) -> tuple[tuple[Statement, ...], ...]:
    """The bodies directly inside a compound statement, functions and classes included."""
    match statement:  # the commonest first
        case Assign() | Evaluate() | Return():
            return ()
        case For(body=body, otherwise=otherwise) | While(body=body, otherwise=otherwise):
            return (body, otherwise)
        case If(body=body, otherwise=otherwise):
            return (body, otherwise)
        case With(body=body) | Function(body=body) | Class(body=body):
            return (body,)
        case Try(body=body, handlers=handlers, otherwise=otherwise, finally_=finally_):
            return (body, *(h.body for h in handlers), otherwise, finally_)
        case Match(cases=cases):
            return tuple(c.body for c in cases)
        case _:
            return ()


def expressions(statement: Statement) -> tuple[Expr, ...]:
    """The expressions of the statement itself, without those of its bodies, in order of evaluation."""
    match statement:
        case Assign(targets=targets, value=value):
            return targets if value is None else (value, *targets)
        case Augment(target=target, value=value):
            return (value, target)
        case Evaluate(value=value):
            return (value,)
        case Return(value=value) | Raise(value=value):
            return () if value is None else (value,)
        case For(target=target, iterable=iterable):
            return (iterable, target)
        case While(test=test) | If(test=test) | Assert(test=test):
            return (test,)
        case With(items=items):
            return tuple(part for i in items for part in (i.value, i.target) if part is not None)
        case Match(subject=subject):
            return (subject,)
        case Delete(targets=targets):
            return targets
        case Function(decorators=decorators, parameters=parameters):
            return (*decorators, *(p.default for p in parameters if p.default is not None))
        case Class(decorators=decorators, bases=bases):
            return (*decorators, *bases)
        case _:
            return ()


def walk_statements(body: tuple[Statement, ...]) -> list[Statement]:
    """All statements of a body, nested ones included, in order; nested functions and classes are entered too."""
    found: list[Statement] = []
    pending = list(reversed(body))
    while pending:
        here = pending.pop()
        found.append(here)
        for block in reversed(blocks(here)):
            pending.extend(reversed(block))
    return found


def walk_expressions(body: tuple[Statement, ...]) -> Iterator[Expr]:
    """Every expression in a body, at any depth, nested functions and classes included, outermost first."""
    for statement in walk_statements(body):
        for whole in expressions(statement):
            yield from walk(whole)


def expression_at(statement: Statement | None, span: Span) -> Expr | None:
    """The outermost expression of exactly this range in a statement or the bodies inside it."""
    for inner in walk_statements((statement,)) if statement is not None else ():
        for whole in expressions(inner):
            found = next((e for e in walk(whole) if e.span == span), None)
            if found is not None:
                return found
    return None
