"""Loops in which a query at each turn is meant, as they are written: caches, searches, retries, writes, batches."""

import re
from collections.abc import Iterable, Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span
from sqlalint.flow.supplied import RECEIVERS
from sqlalint.flow.text import SESSION, Block, Step, Text, Turn, extent_of, holds, leads_to_session, roots

_KEPT = frozenset({"add", "append", "setdefault", "update", "set"})
_MISSES = frozenset({"KeyError", "LookupError", "AttributeError", "IndexError"})
_BROAD = frozenset({"Exception", "BaseException"})
_WAITS = re.compile(r"sleep|(?:^|_)(?:wait|poll|retry|retries|backoff)(?:$|_)", re.IGNORECASE)
_BATCHES = re.compile(
    r"batch|chunk|(?:^|_)(?:range|grouper|paged?|pages|paginate|slices?|windows?)(?:$|_)", re.IGNORECASE
)
_MAKES = re.compile(
    r"^_?(?:get_or_)?(?:create|insert|upsert|save|make|build|register|import|bulk_\w+)(?:$|_)|(?:^|_)or_create$"
)
_CHANGES = re.compile(
    r"^_?(?:create|insert|upsert|save|update|delete|remove|set|add|archive|revoke|sync|merge|patch)(?:$|_)|(?:^|_)or_create$"
)
WRITING = frozenset(
    """
    add_all delete flush commit merge rollback bulk_save_objects bulk_insert_mappings bulk_update_mappings expire
    expire_all expunge expunge_all begin_nested
    """.split()
)
_MANY = frozenset({"in_", "any_", "notin_", "not_in"})
_ANYWHERE = WRITING - {"delete", "merge", "expire", "rollback"}  # those that nothing but sessions have
_STATEMENTS = frozenset({"insert", "update", "delete"})


# --- caches ---


def is_cached(around: Iterable[Step], text: Text, *, by_name: bool = True) -> bool:
    """Whether what is asked for is kept, and asked for only where it is not there yet.

    `by_name`: a name keeps it, as it does from one turn of a loop to the next, but not from call to call.
    """
    for step in around:
        match step.statement:
            case st.If(test=test) if step.block is not None:
                block = st.blocks(step.statement)[step.block]
                tested = {e.id for e in ex.walk(test) if isinstance(e, ex.Name)}
                tested |= {owner for name in tested for value in text.bound(name) for owner in _taken_from(value)}
                names = {d for e in ex.walk(test) if isinstance(e, ex.Attribute) and (d := ex.dotted(e))}
                kept = (t for t in _kept(block) if by_name or not isinstance(t, ex.Name))
                if any(_is_kept(target, tested, names) for target in kept):
                    return True
            case st.Try(handlers=handlers) if step.block is not None and 1 <= step.block <= len(handlers):
                handler = handlers[step.block - 1]
                if handler.type is not None and _MISSES & _named(handler.type) and any(_kept(handler.body)):
                    return True
    return False


def _taken_from(value: ex.Expr) -> Iterator[str]:
    """`cache` of `cache[key]`, `cache.get(key)`."""
    match value:
        case ex.Await(value=inner):
            yield from _taken_from(inner)
        case ex.Subscript(value=ex.Name(id=name)) | ex.Call(function=ex.Attribute(value=ex.Name(id=name), name="get")):
            yield name
        case _:
            pass


def _kept(block: Block) -> Iterator[ex.Expr]:
    """What a block puts something into, or binds anew."""
    for statement in st.walk_statements(block):
        if isinstance(statement, st.Assign):
            yield from statement.targets
        for expression in st.expressions(statement):
            for part in ex.walk(expression):
                if not isinstance(part, ex.Call) or not isinstance(part.function, ex.Attribute) or not part.arguments:
                    continue
                if part.function.name in _KEPT and not leads_to_session(part.function.value):
                    yield ex.Subscript(part.span, part.function.value, part.arguments[0])


def _is_kept(target: ex.Expr, tested: set[str], attributes: set[str]) -> bool:
    match target:
        case ex.Name(id=name):
            return name in tested
        case ex.Subscript(value=ex.Name(id=name)):
            return name in tested
        case ex.Subscript(value=ex.Attribute() as owner) | (ex.Attribute() as owner):
            return ex.dotted(owner) in attributes
        case _:
            return False


def _named(expression: ex.Expr) -> set[str]:
    return {
        e.id if isinstance(e, ex.Name) else e.name for e in ex.walk(expression) if isinstance(e, ex.Name | ex.Attribute)
    }


# --- leaving early ---

NEVER, AT_A_MISS, AT_A_MATCH = range(3)


def leaves(body: Block, *, inner: bool = False) -> int:
    """Whether a turn may be the last one: where it finds what it looks for, or where it misses something."""
    found = NEVER
    for statement in body:
        match statement:
            case st.Return():
                found = AT_A_MATCH
            case st.Jump(kind="break") if not inner:
                found = AT_A_MATCH
            case st.If(test=test, body=then, otherwise=otherwise):
                negative = _is_negative(test)
                for block, is_miss in ((then, negative), (otherwise, not negative)):
                    left = leaves(block, inner=inner)
                    found = max(found, AT_A_MISS if is_miss and left else left)
            case st.Try(body=inside, otherwise=otherwise, finally_=last):
                found = max(found, *(leaves(b, inner=inner) for b in (inside, otherwise, last)))
            case st.For() | st.While():
                found = max(found, *(leaves(b, inner=True) for b in st.blocks(statement)))
            case st.Function() | st.Class():
                pass
            case _:
                found = max([found, *(leaves(b, inner=inner) for b in st.blocks(statement))])
    return found


def _is_negative(test: ex.Expr) -> bool:
    match test:
        case ex.Unary(operator="not"):
            return True
        case ex.Compare(operators=("is",), comparators=(ex.Literal(value=None),)):
            return True
        case ex.Compare(operators=("!=" | "not in" | "<",)):
            return True
        case ex.Boolean(values=values):
            return _is_negative(values[0])
        case _:
            return False


# --- the rest of the body ---


def called_names(body: Block) -> Iterator[tuple[str, ex.Call]]:
    """The calls in a body, by the last name of what is called."""
    for part in st.walk_expressions(body):
        if isinstance(part, ex.Call):
            yield last_name(part.function), part


def last_name(function: ex.Expr) -> str:
    """`c` of `a.b.c`; "" for what has no name."""
    return function.name if isinstance(function, ex.Attribute) else getattr(function, "id", "")


def waits(turn: Turn) -> bool:
    """Whether a body waits for something: the answer may be another one then."""
    return any(_WAITS.search(name) for name, _ in called_names(turn.body))


def goes_on_whatever_happens(around: list[Step]) -> bool:
    """Whether whatever goes wrong with an element is caught, and the next one taken: each is a job of its own."""
    first = around[0] if around else None
    if first is None or first.block != 0 or not isinstance(first.statement, st.Try):
        return False
    return any(
        (h.type is None or bool(_BROAD & _named(h.type))) and not any(isinstance(s, st.Raise) for s in h.body)
        for h in first.statement.handlers
    )


def is_said_to_write(name: str) -> bool:
    """Whether a function changes something, by its name."""
    return bool(_CHANGES.search(name.rpartition(".")[2]))


def is_batched(turn: Turn) -> bool:
    """Whether a turn takes many at once, or counts."""
    names = {last_name(e.function) for e in ex.walk(turn.iterable) if isinstance(e, ex.Call)}
    return any(_BATCHES.search(name) for name in (*names, *turn.targets, *_ends(turn.iterable)))


def _ends(expression: ex.Expr) -> Iterator[str]:
    if isinstance(expression, ex.Name | ex.Attribute):
        yield last_name(expression)


def asks_for_many(meanings: Iterable[ex.Expr], varies: frozenset[str], text: Text, turn: Turn) -> bool:
    """Whether what varies with a loop is a list that is compared with `in_()`."""
    for meaning in meanings:
        for part in ex.walk(meaning):
            is_many = isinstance(part, ex.Call) and last_name(part.function) in _MANY
            if is_many and text.sources(ex.children(part)[1:], turn.extent) & varies:
                return True
    return False


def has_session_of_its_own(asked: Iterable[ex.Expr], node: ex.Expr | None, text: Text, turn: Turn) -> bool:
    """Whether each turn has another session, or is another tenant's."""
    for expression in (*asked, *((node,) if node is not None else ())):
        for part in ex.walk(expression):
            if not isinstance(part, ex.Name) or not SESSION.search(part.id):
                continue
            if part.id in turn.targets or any(True for _ in text.bound(part.id, turn.extent)):
                return True
    return False


def may_change(body: Block) -> bool:
    """Whether a body seems to change something, by the names of what it calls."""
    return writes(body) or any(
        _CHANGES.search(name) and not _is_plain_growth(name, call) for name, call in called_names(body)
    )


def writes(body: Block) -> bool:
    """Whether a body sends changes by a session of its own: one that is such by name."""
    return any(is_write(name, call) for name, call in called_names(body))


def is_write(name: str, call: ex.Call) -> bool:
    """Whether a call sends changes, by its name and that of the session."""
    if name in _ANYWHERE or (name in _STATEMENTS and isinstance(call.function, ex.Name)):
        return True
    if name not in WRITING and name not in ("add", "execute"):
        return False
    if not isinstance(call.function, ex.Attribute) or not leads_to_session(call.function.value):
        return False
    return name != "execute" or _sends_change(call)


def assigns(body: Block) -> bool:
    """Whether a body assigns to attributes of anything but the object whose method it is in."""
    for statement in st.walk_statements(body):
        if isinstance(statement, st.Assign | st.Augment):
            targets = statement.targets if isinstance(statement, st.Assign) else (statement.target,)
            if any(isinstance(t, ex.Attribute) and not RECEIVERS.intersection(roots(t)) for t in targets):
                return True
    return False


def _is_plain_growth(name: str, call: ex.Call) -> bool:
    """`seen.add(x)`, `totals.update(...)`, `set(...)`, `rows.remove(x)`: nothing of a database."""
    if not isinstance(call.function, ex.Attribute):
        return name == "set"
    return name in ("add", "update", "remove", "set") and not leads_to_session(call.function.value)


def _sends_change(call: ex.Call) -> bool:
    return any(
        isinstance(p, ex.Call) and last_name(p.function) in _STATEMENTS for a in call.arguments for p in ex.walk(a)
    )


def makes_what_is_missing(turn: Turn, around: list[Step], written: list[Span]) -> bool:
    """Whether a row that is not found is made: get or create. `written`: where the function is known to write."""
    innermost = around[-1].statement if around else None
    names: set[str] = set()
    if isinstance(innermost, st.Assign):
        names = {name for target in innermost.targets for name in roots(target)}
    elif isinstance(innermost, st.If) and around[-1].block is None:  # `if not session.get(...)`: the branches say
        if any(isinstance(s, st.Jump) and s.kind == "continue" for s in innermost.body):
            return _makes(turn.body, written)
        return _makes(innermost.body, written) or _makes(innermost.otherwise, written)
    for statement in st.walk_statements(turn.body):
        if isinstance(statement, st.If):
            missing, found = _asks(statement.test, names)
            if (missing and _makes(statement.body, written)) or (found and _makes(statement.otherwise, written)):
                return True
            if found and any(isinstance(s, st.Jump) and s.kind == "continue" for s in statement.body):
                return _makes(turn.body, written)
        is_around = isinstance(statement, st.Try) and any(s.statement is statement for s in around)
        if is_around and any(_makes(h.body, written) for h in statement.handlers):  # type: ignore[union-attr]
            return True
    return False


def _asks(test: ex.Expr, names: set[str]) -> tuple[bool, bool]:
    """Whether a test asks if what has one of these names is missing, and whether it asks if it is there."""
    match test:
        case ex.Unary(operator="not", value=value):
            return _asks(value, names)[::-1]
        case ex.Boolean(values=values):
            asked = [_asks(value, names) for value in values]
            return any(m for m, _ in asked), any(f for _, f in asked)
        case ex.Compare(left=left, operators=("is" | "==",), comparators=(ex.Literal(value=None | 0),)):
            return _asks(left, names)[1], False
        case ex.Compare(operators=("is not" | ">",)) | ex.Name() | ex.Call() | ex.Walrus():
            return False, any(isinstance(e, ex.Name) and e.id in names for e in ex.walk(test))
        case _:
            return False, False


def _makes(block: Block, written: list[Span]) -> bool:
    if not block:
        return False
    extent = extent_of(block)
    return (
        writes(block)
        or any(holds(extent, place) for place in written)
        or any(_MAKES.search(name) for name, _ in called_names(block))
    )
