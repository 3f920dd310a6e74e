"""Edits of argument lists and of imports, made of spans: an argument more, one less, a name imported.

Each function gives the edits, or () where the text is not of a kind that it can edit without doubt; then there is no
fix. Comments, trailing commas and the way in which lines are broken stay as they are. Of the spots given, only the path
and the definition count: those of the call that is edited.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span, Spot
from sqlalint.project import symbols
from sqlalint.report.finding import Edit

if TYPE_CHECKING:
    from sqlalint.facts.file import ImportedName
    from sqlalint.project.project import Project

Edits = tuple[Edit, ...]
Listed = ex.Call | ex.Collection
_Point = tuple[int, int]

_COMMENT = re.compile(r"#[^\n]*")
_USUAL = re.compile(r"[\s(),\[\]{}]*")
_BRACKETS = {"tuple": "(", "list": "[", "set": "{"}


def expression_at(project: "Project", at: Spot) -> ex.Expr | None:
    """The expression that stands exactly there."""
    statement = project.statement(at.path, at.definition)
    for inner in st.walk_statements((statement,)) if statement is not None else ():
        for outermost in _expressions(inner):
            found = next((e for e in ex.walk(outermost) if e.span == at.span), None)
            if found is not None:
                return found
    return None


def call_at(project: "Project", at: Spot) -> ex.Call | None:
    """The call that stands exactly there."""
    found = expression_at(project, at)
    return found if isinstance(found, ex.Call) else None


def call_around(project: "Project", at: Spot) -> ex.Call | None:
    """The call of which the expression that stands exactly there is an argument."""
    statement = project.statement(at.path, at.definition)
    for inner in st.walk_statements((statement,)) if statement is not None else ():
        for expression in (e for outermost in _expressions(inner) for e in ex.walk(outermost)):
            if isinstance(expression, ex.Call) and any(a.span == at.span for a in expression.arguments):
                return expression
    return None


def keyword_at(project: "Project", at: Spot) -> ex.Keyword | None:
    """The keyword argument that stands exactly there."""
    statement = project.statement(at.path, at.definition)
    for inner in st.walk_statements((statement,)) if statement is not None else ():
        for expression in (e for outermost in _expressions(inner) for e in ex.walk(outermost)):
            found = (
                next((k for k in expression.keywords if k.span == at.span), None)
                if isinstance(expression, ex.Call)
                else None
            )
            if found is not None:
                return found
    return None


def _expressions(statement: st.Statement) -> tuple[ex.Expr, ...]:
    match statement:
        case st.Assign(annotation=annotation) if annotation is not None:
            return (*st.expressions(statement), annotation)
        case st.Class(keywords=keywords):
            return (*st.expressions(statement), *(value for _, value in keywords))
        case st.Function(parameters=parameters, returns=returns):
            written = (*(p.annotation for p in parameters), returns)
            return (*st.expressions(statement), *(a for a in written if a is not None))
        case _:
            return st.expressions(statement)


# --- arguments and items ---


def add_argument(at: Spot, listed: Listed, text: str) -> Edits:
    """Put one more argument, or item, behind the last one."""
    listing = _listing(listed)
    if listing is None:
        return _add_to_generator(at, listed, text)
    is_tuple = isinstance(listed, ex.Collection) and listed.kind == "tuple"
    if not listing.items:
        return (_insert(at, listing.opening, f"{text}," if is_tuple else text),)
    number = len(listing.items) - 1
    last, comma = listing.items[number], listing.comma(number)
    on_own_row = last.row > listing.end_before(number)[0] and not listing.has_remark_behind(number)
    if is_tuple and number == 0 and comma is not None and not on_own_row:
        return (_insert(at, comma, f" {text}"),)  # it was there only because a tuple of one needs it
    between = f",\n{' ' * (last.column - 1)}" if on_own_row else ", "
    return (_insert(at, _end(last), between + text),)


def insert_behind(at: Spot, text: str) -> Edits:
    """Put something right behind the expression at a spot: a method call on what it gives."""
    return (_insert(at, _end(at.span), text),)


def add_before(at: Spot, listed: Listed, span: Span, text: str) -> Edits:
    """Put one more item before the one at a span: before the dict that ends `__table_args__`."""
    listing = _listing(listed)
    number = listing.number(span) if listing else None
    if listing is None or number is None:
        return ()
    item = listing.items[number]
    on_own_row = item.row > listing.end_before(number)[0]
    between = f",\n{' ' * (item.column - 1)}" if on_own_row else ", "
    return (_insert(at, _start(item), text + between),)


def remove_keyword(at: Spot, call: ex.Call, name: str) -> Edits:
    """Take `name=value` out of a call, with its comma."""
    span = call.keyword_span(name)
    return () if span is None else remove_item(at, call, span)


def remove_item(at: Spot, listed: Listed, span: Span) -> Edits:
    """Take the argument or item at a span out of a call or display, with its comma."""
    listing = _listing(listed)
    number = listing.number(span) if listing else None
    if listing is None or number is None or listing.is_bare:
        return ()
    pair = isinstance(listed, ex.Collection) and listed.kind == "tuple" and len(listing.items) == 2
    cut = listing.cut(number, keep_comma=pair)
    if cut is None:
        return ()
    edits: Edits = (Edit(_spot(at, *cut), ""),)
    if pair and number == 0 and listing.comma(1) is None:
        edits = (*edits, _insert(at, _end(listing.items[1]), ","))  # a tuple of one needs it
    return edits


def _add_to_generator(at: Spot, listed: Listed, text: str) -> Edits:
    """`f(x for x in y)`: the generator needs brackets of its own as soon as it is not alone."""
    match listed:
        case ex.Call(arguments=(ex.Comprehension(kind="generator", span=span),), keywords=()):
            if _end(span) == _end(listed.span):
                closing = (span.end_row, span.end_column - 1)
                return _insert(at, _start(span), "("), _insert(at, closing, f"), {text}")
    return ()


def _insert(at: Spot, point: _Point, text: str) -> Edit:
    return Edit(_spot(at, point, point), text)


def _spot(at: Spot, start: _Point, end: _Point) -> Spot:
    return Spot(at.path, at.definition, Span(*start, *end))


def _start(span: Span) -> _Point:
    return span.row, span.column


def _end(span: Span) -> _Point:
    return span.end_row, span.end_column


class _Gap(NamedTuple):
    """What stands between two items, as far as it is known: behind that are at most white space and one bracket."""

    start: _Point
    text: str

    @property
    def bare(self) -> str:
        """The text with its comments made blank."""
        return _COMMENT.sub(lambda m: " " * len(m[0]), self.text)

    def point(self, offset: int) -> _Point:
        """Where a place in the text is."""
        before = self.text[:offset]
        rows = before.count("\n")
        return (
            (self.start[0] + rows, len(before) - before.rfind("\n"))
            if rows
            else (self.start[0], self.start[1] + offset)
        )


def _listing(listed: Listed) -> "_Listing | None":
    """The items of a call or display; None where what stands between them is not of the usual kind."""
    if isinstance(listed, ex.Call):
        inner = sorted([*(a.span for a in listed.arguments), *(k.span for k in listed.keywords)])
        point, bracket = _end(listed.function.span), "("
    else:
        inner = [i.span for i in listed.items]
        point, bracket = _start(listed.span), _BRACKETS[listed.kind]
        if inner and listed.kind == "tuple" and _start(inner[0]) == point:
            bracket = ""
    known, gaps = dict(listed.gaps), []
    for number, plain in enumerate([bracket, *[","] * (len(inner) - 1), *[""] * bool(inner)]):
        gaps.append(_Gap(point, known.get(number, plain)))
        point = _end(inner[number]) if number < len(inner) else point
    if any(not _USUAL.fullmatch(g.bare) for g in gaps) or bracket not in gaps[0].bare:
        return None
    if any("," not in g.bare for g in gaps[1:-1]):
        return None
    return _Listing(inner, gaps, bracket, _end(listed.span), len(inner) in known)


class _Listing:
    """Arguments or items with the brackets around each, and where the commas between them are."""

    def __init__(self, inner: list[Span], gaps: list[_Gap], bracket: str, end: _Point, ends_known: bool) -> None:
        self.is_bare = not bracket
        self.opening = gaps[0].point(gaps[0].bare.index(bracket) + len(bracket))
        self._inner = inner
        self._gaps = gaps
        self._end = end
        self._own_bracket = bracket == "(" and ends_known  # the last gap's text ends with the list's own
        self.items = [self._outer(n) for n in range(len(inner))]

    def number(self, span: Span) -> int | None:
        """Which item stands at a span."""
        return self._inner.index(span) if span in self._inner else None

    def end_before(self, number: int) -> _Point:
        """Where the item before ends, or the opening bracket does."""
        return _end(self.items[number - 1]) if number else self.opening

    def comma(self, number: int) -> _Point | None:
        """Where the comma behind an item ends."""
        gap = self._gaps[number + 1]
        offset = gap.bare.find(",")
        return None if offset < 0 else gap.point(offset + 1)

    def has_remark_behind(self, number: int) -> bool:
        """Whether a comment stands on the row on which an item ends, or its comma."""
        return self._remark(number) is not None

    def _remark(self, number: int) -> _Point | None:
        gap = self._gaps[number + 1]
        begin = max(gap.bare.find(","), *self._closing(number), 0)
        found = gap.text.find("#", begin, (gap.text + "\n").index("\n", begin))
        return None if found < 0 else gap.point(found)

    def _closing(self, number: int) -> list[int]:
        """Where in the gap behind an item the brackets around it close."""
        found = [n for n, c in enumerate(self._gaps[number + 1].bare) if c == ")"]
        return found[:-1] if number == len(self._inner) - 1 and self._own_bracket else found

    def _outer(self, number: int) -> Span:
        """The range of an item with the brackets around it."""
        inner, before, behind = self._inner[number], self._gaps[number], self._gaps[number + 1]
        closing = self._closing(number)
        if not closing:
            return inner
        opening = [n for n, c in enumerate(before.bare) if c == "("]
        start = before.point(opening[-len(closing)]) if len(opening) >= len(closing) else _start(inner)
        return Span(*start, *behind.point(closing[-1] + 1))

    def cut(self, number: int, *, keep_comma: bool) -> tuple[_Point, _Point] | None:
        """What to take away for an item to be gone; `keep_comma`: the one before the last item stays."""
        start, end = _start(self.items[number]), _end(self.items[number])
        comma_before = self.comma(number - 1) if number else None
        before = self.end_before(number)
        comma = self.comma(number)
        if (comma and comma[0] != end[0]) or (comma_before and comma_before[0] != before[0]):
            return None  # commas at the beginning of lines
        stop, remark = comma or end, self._remark(number)
        last = number == len(self.items) - 1
        following = self._end if last else _start(self.items[number + 1])
        if not last and following[0] == stop[0]:
            return start, following
        if last and comma is None and comma_before and "#" not in self._gaps[number].text:
            return (comma_before if keep_comma else before), end
        if before[0] == start[0]:
            return comma_before or start, stop
        if remark is not None:
            return start, remark  # it may be about more than the item
        return (start, stop) if following[0] == stop[0] else ((start[0], 1), (stop[0] + 1, 1))


# --- imports ---


class Imported(NamedTuple):
    """How a name is written in a file, and what has to be added for that."""

    written: str
    edits: Edits


def import_name(project: "Project", at: Spot, module: str, name: str) -> Imported | None:
    """`name` of a library's `module` for use in the definition at a spot: by an import that there is, or by a new one.

    None where another thing has that name, in the file or in the definition.
    """
    libraries = project.libraries
    taken = _bound_inside(project, at)
    head = project.statement(at.path, st.IMPORTS)
    entry = project.entry(at.path, at.definition)
    imports = [i for i in project.modules.imports(at.path) if not i.typing_only]
    sure = [i for i in imports if not i.conditional and (entry is None or i.row < entry.row)]
    for suffix, meant in (("", f"{module}.{name}"), (f".{name}", module)):
        for found in sure:
            local = found.alias
            if found.name == "*" or local.partition(".")[0] in taken:
                continue
            if project.resolve(at.path, local) == symbols.External(libraries.canonical(meant)):
                return Imported(local + suffix, ())
    if name in taken or _is_bound(project, at.path, module, name) or not isinstance(head, st.Imports):
        return None
    return Imported(name, edits) if (edits := _import(at.path, head, module, name)) else None


def import_beside(project: "Project", at: Spot, thing: symbols.Definition) -> Imported | None:
    """A class or function of the project, by one more name in a line that imports from its file already.

    None where there is no such line, or another thing has that name.
    """
    head, name = project.statement(at.path, st.IMPORTS), thing.key
    if name in _bound_inside(project, at) or _is_bound(project, at.path, "", name) or not isinstance(head, st.Imports):
        return None
    line = next((i for i in head.lines if _is_from(project, at.path, i, thing)), None)
    if line is None:
        return None
    between = f",\n{' ' * (line.last.column - 1)}" if line.is_listed else ", "
    return Imported(name, (_insert(Spot(at.path, "", line.last), _end(line.last), between + name),))


def _is_from(project: "Project", path: str, line: st.ImportLine, thing: symbols.Definition) -> bool:
    return project.modules.imported(path, line.module, line.level, thing.key) == thing


def _import(path: str, head: st.Imports, module: str, name: str) -> Edits:
    line = next((i for i in head.lines if i.module == module and i.level == 0), None)
    if line is not None:
        between = f",\n{' ' * (line.last.column - 1)}" if line.is_listed else ", "
        return (_insert(Spot(path, "", line.last), _end(line.last), between + name),)
    written = f"from {module} import {name}\n"
    beside = _beside(head, module)
    text = written if beside else "\n" * head.follows + written + "\n" * head.precedes
    row = beside or head.row
    return (_insert(Spot(path, "", head.span), (row, 1), text),) if row else ()


def _beside(head: st.Imports, module: str) -> int:
    """The row below the last import of the same package that sorts before this one, or below its last at all."""
    package = module.partition(".")[0]
    own = [(other, row) for other, row in head.below if other.partition(".")[0] == package]
    return max([row for other, row in own if other < module] or [row for _, row in own], default=0)


def _is_bound(project: "Project", path: str, module: str, name: str) -> bool:
    """Whether a file gives the name to something at its top level, other than the thing itself for type checkers."""
    if any(d.key.partition("#")[0] == name for d in project.files[path].index.definitions):
        return True
    return any(
        i.alias.partition(".")[0] == name and not (i.typing_only and _is_same(i, module, name))
        for i in project.modules.imports(path)
    )


def _is_same(found: "ImportedName", module: str, name: str) -> bool:
    return found.module == module and found.name == name and not found.level


def _bound_inside(project: "Project", at: Spot) -> set[str]:
    """The names that a definition, or one around it, gives to things of its own."""
    found: set[str] = set()
    key = at.definition
    while key:
        statement = project.statement(at.path, key)
        if isinstance(statement, st.Function | st.Class):
            found |= set().union(*map(_bound, st.walk_statements((statement,)))) - {statement.name}
        entry = project.entry(at.path, key)
        key = entry.owner if entry is not None else ""
    return found


def _bound(statement: st.Statement) -> set[str]:
    names: set[str] = set()
    match statement:
        case st.Function(name=name, parameters=parameters):
            names = {name, *(p.name for p in parameters)}
        case st.Class(name=name):
            names = {name}
        case st.Import(alias=alias):
            names = {alias.partition(".")[0]}
        case st.Assign(targets=targets):
            names = _targets(targets)
        case st.For(target=target) | st.Augment(target=target):
            names = _targets((target,))
        case st.With(items=items):
            names = _targets(tuple(i.target for i in items if i.target is not None))
        case st.Try(handlers=handlers):
            names = {h.name for h in handlers if h.name}
        case st.Match(cases=cases):
            names = {n for c in cases for n in c.names}
        case _:
            pass
    inside = (e for outer in _expressions(statement) for e in ex.walk(outer))
    return names | {n for e in inside for n in _bound_by(e)}


def _bound_by(expression: ex.Expr) -> set[str]:
    match expression:
        case ex.Walrus(name=name):
            return {name}
        case ex.Lambda(parameters=parameters):
            return {p.name for p in parameters}
        case ex.Comprehension(clauses=clauses):
            return _targets(tuple(c.target for c in clauses))
        case _:
            return set()


def _targets(targets: tuple[ex.Expr, ...]) -> set[str]:
    """The names among targets: not those inside `a.b` and `a[b]`, which are read."""
    found: set[str] = set()
    for target in targets:
        match target:
            case ex.Name(id=name):
                found.add(name)
            case ex.Collection(items=items):
                found |= _targets(items)
            case ex.Starred(value=value):
                found |= _targets((value,))
            case _:
                pass
    return found
