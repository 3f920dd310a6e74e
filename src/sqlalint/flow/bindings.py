"""What the names of a function are given, by its text alone."""

from collections.abc import Iterable, Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st

# Each name with what it is given, each time; None for what is no assignment of one expression.
Bindings = dict[str, list[ex.Expr | None]]


def bindings(function: st.Function) -> Bindings:
    """The names that a function binds itself; what functions inside it bind is theirs.

    A name that `async with` binds is given what is entered, as if that were awaited.
    """
    found: Bindings = {p.name: [None] for p in function.parameters}
    for statement in _own(function.body):
        for name, value in _bound(statement):
            found.setdefault(name, []).append(value)
        for outermost in st.expressions(statement):
            for inner in ex.walk(outermost):
                if isinstance(inner, ex.Walrus):
                    found.setdefault(inner.name, []).append(inner.value)
                elif isinstance(inner, ex.Comprehension):
                    for name in (n for c in inner.clauses for n in _names(c.target)):
                        found.setdefault(name, []).append(None)
    return found


def _bound(statement: st.Statement) -> Iterator[tuple[str, ex.Expr | None]]:
    match statement:
        case st.Assign(targets=(ex.Name(id=name),), value=value):
            yield name, value
        case st.Assign(targets=targets):
            yield from ((name, None) for target in targets for name in _names(target))
        case st.For(target=target) | st.Augment(target=target):
            yield from ((name, None) for name in _names(target))
        case st.With(items=items, is_async=is_async):
            for item in items:
                given = ex.Await(item.value.span, item.value) if is_async else None
                for name in _names(item.target) if item.target is not None else ():
                    yield name, given if isinstance(item.target, ex.Name) else None
        case st.Function(name=name) | st.Class(name=name) | st.Import(alias=name):
            yield name.partition(".")[0], None
        case st.Try(handlers=handlers):
            yield from ((handler.name, None) for handler in handlers if handler.name)
        case st.Match(cases=cases):
            yield from ((name, None) for case_ in cases for name in case_.names)


def _names(target: ex.Expr) -> Iterator[str]:
    match target:
        case ex.Name(id=name):
            yield name
        case ex.Collection(items=items):
            for item in items:
                yield from _names(item)
        case ex.Starred(value=value):
            yield from _names(value)


def _own(body: Iterable[st.Statement]) -> Iterator[st.Statement]:
    """The statements of a body, those of functions and classes inside left out."""
    for statement in body:
        yield statement
        if not isinstance(statement, st.Function | st.Class):
            for block in st.blocks(statement):
                yield from _own(block)
