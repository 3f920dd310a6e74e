"""How declarations of models are edited: an index put in, an index taken out, a default that is called for each row.

Each gives the edits, or () where what would be edited is not in sight, or is not plainly one thing.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import START, Span, Spot
from sqlalint.project import symbols
from sqlalint.project.edits import (
    Edits,
    Listed,
    add_argument,
    add_before,
    expression_at,
    import_name,
    remove_item,
    remove_keyword,
)
from sqlalint.project.models.columns import COLUMN, FIELD
from sqlalint.project.models.terms import Term
from sqlalint.project.schema import Column, Default, Index, Table
from sqlalint.report.finding import Edit

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_ARGUMENTS = "__table_args__"


# --- indexes ---


def index_column(project: "Project", tables: tuple[Table, ...], name: str) -> Edits:
    """Give a column, which may be that of several tables, `index=True`; or its one table an index over it."""
    columns = [t.column(name) for t in tables]
    own = next((c for c in columns if c is not None), None)
    if own is None or any(c is None or c.at != own.at for c in columns) or not names_indexes(project, tables):
        return () if len(tables) > 1 else index_table(project, tables[0], (name,))
    call = column_call(project, own)
    if call is None:
        return () if len(tables) > 1 else index_table(project, tables[0], (name,))
    if call.has_open_keywords or any(f"ix_{t.name}_{name}" == i.name for t in tables for i in t.indexes):
        return ()
    given = call.keyword("index")
    if given is None:
        return add_argument(own.at, call, "index=True")
    if isinstance(given, ex.Literal) and given.value in (False, None):
        return (Edit(Spot(own.at.path, own.at.definition, given.span), "True"),)
    return ()


def index_table(project: "Project", table: Table, columns: tuple[str, ...]) -> Edits:
    """Give a table an `Index` over columns, in `Table(...)` or in the `__table_args__` of the one class that has it."""
    convention = project.models.naming_conventions.get(table.metadata)
    if convention is None or not table.name:
        return ()
    name = f"ix_{table.name}_{columns[0]}"
    if any(i.name == name for i in table.indexes):
        return ()
    index = import_name(project, table.at, "sqlalchemy", "Index")
    if index is None:
        return ()
    named = "None" if names_indexes(project, (table,)) else _quoted("_".join(("ix", table.name, *columns)))
    given = ", ".join([named, *map(_quoted, columns)])
    text = f"{index.written}({given})"
    edits = _add_to_table(project, table, text)
    return (*edits, *index.edits) if edits else ()


def _quoted(name: str) -> str:
    return f'"{name}"'


def names_indexes(project: "Project", tables: tuple[Table, ...]) -> bool | None:
    """Whether an index without a name gets one: a naming convention that says nothing of indexes leaves it without,
    and making the table then raises. None where that is not known."""
    conventions = [project.models.naming_conventions.get(t.metadata) for t in tables]
    if any(c and "ix" not in c for c in conventions):
        return False
    return None if None in conventions else True


def _add_to_table(project: "Project", table: Table, text: str) -> Edits:
    found = expression_at(project, table.at)
    if isinstance(found, ex.Call):
        behind = [k.span for k in found.keywords]
        return add_before(table.at, found, min(behind), text) if behind else add_argument(table.at, found, text)
    lowered = project.class_(table.at.path, table.at.definition)
    if lowered is None:
        return ()
    own = _assigned(lowered, _ARGUMENTS)
    if own is not None:
        return _add_to_arguments(table.at, own.value, text)
    identity = f"{table.at.path}::{table.at.definition}"
    named = _assigned(lowered, "__tablename__")
    if named is None or project.classes.attribute(identity, _ARGUMENTS) is not None:
        return ()
    end = Span(named.span.end_row, named.span.end_column, named.span.end_row, named.span.end_column)
    line = f"\n{' ' * (named.span.column - 1)}{_ARGUMENTS} = ({text},)"
    return (Edit(Spot(table.at.path, table.at.definition, end), line),)


def _add_to_arguments(at: Spot, value: ex.Expr | None, text: str) -> Edits:
    match value:
        case ex.Collection(kind="tuple", items=(*_, ex.Mapping(span=last))):
            return add_before(at, value, last, text)
        case ex.Collection(kind="tuple"):
            return add_argument(at, value, text)
        case ex.Mapping(span=span):
            end = Span(span.end_row, span.end_column, span.end_row, span.end_column)
            opened = Edit(Spot(at.path, at.definition, span.start), f"({text}, ")
            return opened, Edit(Spot(at.path, at.definition, end), ")")
        case _:
            return ()


def _assigned(lowered: st.Class, name: str) -> st.Assign | None:
    """The one assignment of a name in a class's body, under no condition."""
    found = [
        s for s in lowered.body if isinstance(s, st.Assign) and any(ex.dotted(target) == name for target in s.targets)
    ]
    return found[0] if len(found) == 1 else None


def remove_index(project: "Project", table: Table, index: Index) -> Edits:
    """Take an index or unique constraint out: the flag of its column, or its entry among a table's arguments."""
    column = next((c for c in table.columns if c.at == index.at), None)
    if column is not None and index.columns == (column.name,):
        call = column_call(project, column)
        flag = "index" if index.kind == "index" else "unique"
        given = call.keyword(flag) if call is not None else None
        if call is not None and isinstance(given, ex.Literal) and given.value is True:
            return remove_keyword(column.at, call, flag)
    holder = _holder(project, index.at)
    return remove_item(index.at, holder, index.at.span) if holder is not None else ()


def _holder(project: "Project", at: Spot) -> Listed | None:
    """The `Table(...)`, or the tuple of `__table_args__`, that has something directly in it."""
    statement = project.statement(at.path, at.definition)
    for whole in _expressions(statement):
        for part in ex.walk(whole):
            match part:
                case ex.Call(arguments=items) | ex.Collection(items=items) if any(i.span == at.span for i in items):
                    return part
    return None


def column_call(project: "Project", column: Column) -> ex.Call | None:
    """The `Column(...)`, `mapped_column(...)` or `Field(...)` of a column, in the statement or method that is the column."""
    at = column.at
    statement = project.statement(at.path, at.definition)
    is_class, scope = False, ""
    if isinstance(statement, st.Class):
        is_class, scope = True, f"{at.path}::{at.definition}"
        statement = next((s for s in st.walk_statements(statement.body) if s.span == at.span), None)
    found: dict[str, list[ex.Call]] = {}
    for whole in _expressions(statement):
        for part in ex.walk(whole):
            # of a `Table(...)` the column alone is meant; a method that makes a column has only its own
            if isinstance(part, ex.Call) and (is_class or at.span in (part.span, START)):
                made = project.classes.values.call(Term(at.path, at.definition, part, {}, scope))
                # not what a function of the project makes, nor a class of its own, which may take other arguments
                name = made.name if made is not None and made.at.span == part.span and not made.subclass else ""
                found.setdefault(FIELD if name == FIELD else "column" if name in COLUMN else "", []).append(part)
    calls = found.get("column") or found.get(FIELD) or []
    return calls[0] if len(calls) == 1 else None


def _expressions(statement: st.Statement | None) -> Iterator[ex.Expr]:
    """The expressions of a statement and of those in it; not those of annotations."""
    for inner in st.walk_statements((statement,)) if statement is not None else ():
        yield from st.expressions(inner)


# --- defaults ---


def call_later(project: "Project", default: Default, zoned: bool) -> Edits:
    """Make a default that is the result of a call one that is called for each row: the function, or a lambda.

    `zoned`: its columns have a time zone. `utcnow` has none, and becomes what is to be written in place of it.
    """
    value = expression_at(project, default.at)
    keyword = _rename(project, default)
    if keyword is None or value is None or not _is_of_module(project, default.at, value):
        return ()
    at, span = default.at, value.span
    if isinstance(value, ex.Call) and _utcnow(project, at, value.function):
        edits = _now_in_utc(project, at, value.function, zoned)
        return (*keyword, *edits) if edits else ()
    match value:
        case ex.Call(function=function, arguments=(), keywords=(), gaps=()) if ex.dotted(function):
            behind = function.span
            inside = Span(behind.end_row, behind.end_column, span.end_row, span.end_column)
            return (*keyword, Edit(Spot(at.path, at.definition, inside), ""))
        case ex.Call() | ex.Binary() | ex.Attribute() | ex.Text():
            return (*keyword, Edit(Spot(at.path, at.definition, span.start), "lambda: "))
        case _:
            return ()


def _rename(project: "Project", default: Default) -> Edits | None:
    """What has to become of the keyword: a field, or a class that is a dataclass, takes functions by `default_factory`.

    None where the value is not given by a keyword of a column, or may be that of a dataclass.
    """
    at = default.at
    statement = project.statement(at.path, at.definition)
    for whole in _expressions(statement):
        for call in ex.walk(whole):
            if not isinstance(call, ex.Call):
                continue
            for keyword in call.keywords:
                if keyword.value.span != at.span:
                    continue
                scope = f"{at.path}::{at.definition}" if isinstance(statement, st.Class) else ""
                callee = project.classes.values.callee(Term(at.path, at.definition, call.function, {}, scope))
                is_plain = callee in COLUMN and not (keyword.name == "default" and _is_dataclass(project, scope))
                if is_plain or (callee == FIELD and keyword.name == "onupdate"):
                    return ()
                if callee == FIELD and keyword.name == "default":
                    name = Span(keyword.span.row, keyword.span.column, keyword.span.row, keyword.span.column + 7)
                    return (Edit(Spot(at.path, at.definition, name), "default_factory"),)
                return None
    return None


def _is_dataclass(project: "Project", identity: str) -> bool:
    """Whether a class may be a dataclass: by a base, a decorator, or something of it that is out of sight."""
    if not identity:
        return False
    mro = project.classes.mro(identity)
    if not mro.complete or any(name.endswith("MappedAsDataclass") for name in mro.externals):
        return True
    lowered = [project.classes.get(i) for i in mro.ids]
    decorators = [d for c in lowered if c is not None for d in c.decorators]
    return any("dataclass" in (ex.dotted(d.function if isinstance(d, ex.Call) else d) or "") for d in decorators)


def _is_of_module(project: "Project", at: Spot, value: ex.Expr) -> bool:
    """Whether all names in an expression are the module's, or Python's: a lambda sees none of its class's."""
    if any(
        isinstance(e, ex.Lambda | ex.Comprehension | ex.Walrus | ex.Await | ex.Yield | ex.Opaque)
        for e in ex.walk(value)
    ):
        return False
    names = {e.id for e in ex.walk(value) if isinstance(e, ex.Name)}
    statement = project.statement(at.path, at.definition)
    if isinstance(statement, st.Class):
        return not names & set(project.classes.own(f"{at.path}::{at.definition}"))
    if isinstance(statement, st.Function):
        return all(project.resolve(at.path, name) != symbols.UNKNOWN for name in names)
    return True


def with_zone(project: "Project", default: Default) -> Edits:
    """Replace `datetime.utcnow`, or a lambda that calls it, by a lambda that gives the time with its zone."""
    value = expression_at(project, default.at)
    function = value.body.function if isinstance(value, ex.Lambda) and isinstance(value.body, ex.Call) else value
    return _now_in_utc(project, default.at, function, zoned=True) if function is not None else ()


def _utcnow(project: "Project", at: Spot, function: ex.Expr) -> str | None:
    """How the class is written whose `utcnow` a function is: `datetime`, `dt.datetime`."""
    class_ = ex.dotted(function.value) if isinstance(function, ex.Attribute) and function.name == "utcnow" else None
    known = class_ is not None and project.resolve(at.path, class_) == symbols.External("datetime.datetime")
    return class_ if known else None


def _now_in_utc(project: "Project", at: Spot, function: ex.Expr, zoned: bool) -> Edits:
    class_ = _utcnow(project, at, function)
    zone = import_name(project, at, "datetime", "timezone") if class_ else None
    if zone is None:
        return ()
    naive = "" if zoned else ".replace(tzinfo=None)"
    return Edit(at, f"lambda: {class_}.now({zone.written}.utc){naive}"), *zone.edits
