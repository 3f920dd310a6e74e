"""Which foreign keys an index serves: those that some index, unique constraint or primary key starts with."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalint.facts import expression as ex
from sqlalint.project.migrations.operations import Directive, Execution, text_of
from sqlalint.project.migrations.sql import statements
from sqlalint.project.schema import ForeignKey, Index, Table

if TYPE_CHECKING:
    from sqlalint.project.project import Project

_METHODS = frozenset({"", "hash", "?"})
_QUOTED = r'(?:"[^"]+"|`[^`]+`|[\w$]+)'
_NAME = rf"(?:{_QUOTED}\s*\.\s*)?({_QUOTED})"
_CREATE_INDEX = re.compile(
    rf"CREATE\s+(?:UNIQUE\s+)?INDEX\b.*?\bON\s+(?:ONLY\s+)?{_NAME}\s*(?:USING\s+\w+\s*)?\(([^()]*)\)",
    re.IGNORECASE | re.DOTALL,
)
_ADD_KEY = re.compile(
    rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{_NAME}\s+ADD\s+(?:CONSTRAINT\s+{_QUOTED}\s+)?"
    r"(?:UNIQUE|PRIMARY\s+KEY)\s*\(([^()]*)\)",
    re.IGNORECASE | re.DOTALL,
)
_TEXT_COLUMN = re.compile(r'\s*["`]?([\w$]+)["`]?(?:\s+\w+)*\s*')
_INDEXING = ("create_index", "create_unique_constraint", "create_primary_key")

# A table's bare name, and the columns that an index on it begins with, in order; None for an expression.
Begun = tuple[str, tuple[str | None, ...]]

# By the env.py of the revision's tree ("" where none is known) and the table's bare name: beginnings of indexes that
# its revisions make.
BegunByTree = dict[str, dict[str, set[tuple[str | None, ...]]]]


def covering(table: Table, key: ForeignKey) -> bool:
    """Whether an index of the table serves lookups by the foreign key, or may: a flag of its column is not read."""
    own = [c for c in table.columns if c.name in key.columns]
    if any(flag is None for c in own for flag in (c.index, c.unique, c.primary_key)):
        return True
    return any(_serves(i, key) for i in table.indexes if i.partial is None or _only_nulls_left_out(i.partial, key))


def partly_covering(table: Table, key: ForeignKey) -> Index | None:
    """A partial index that begins with the foreign key, where that is all there is."""
    return next((i for i in table.indexes if i.partial is not None and _serves(i, key)), None)


def leading(table: Table, key: ForeignKey) -> str | None:
    """The column of a composite foreign key that some index begins with, though none begins with all of them."""
    if len(key.columns) < 2:
        return None
    found = [i.columns[0] for i in table.indexes if i.partial is None and i.method in _METHODS and i.columns]
    return next((c for c in found if c in key.columns), None)


def _serves(index: Index, key: ForeignKey) -> bool:
    first = index.columns[: len(key.columns)]
    return index.method in _METHODS and len(first) == len(key.columns) and set(first) == set(key.columns)


def _only_nulls_left_out(where: str, key: ForeignKey) -> bool:
    """Whether a WHERE says no more than that the foreign key is not null: then the check of the key can use it."""
    words = re.sub(r'[()"`]', " ", where.lower()).split()
    columns = [c.lower() for c in key.columns]
    parts = " ".join(words).split(" and ")
    return all(p.rpartition(".")[2].removesuffix(" is not null") in columns and " is not null" in p for p in parts)


# --- what revisions say ---


def begun_by_revisions(project: "Project", paths: frozenset[str]) -> BegunByTree:
    """The beginnings of all indexes, unique constraints and primary keys that any revision makes, by tree."""
    env_of = {revision.path: tree.env or "" for tree in project.migrations.trees for revision in tree.revisions}
    found: BegunByTree = {}
    others = paths - {r.path for r in project.migrations.revisions}
    bodies = [(env_of.get(r.path, ""), project.migrations.upgrade(r)) for r in project.migrations.revisions]
    for env, body in (*bodies, *(("", project.migrations.body(path, "upgrade")) for path in others)):
        of_tree = found.setdefault(env, {})
        for table, columns in _of_steps(body.steps):
            of_tree.setdefault(table, set()).add(columns)
    return found


def served_by_revision(project: "Project", begun: BegunByTree, table: Table, key: ForeignKey) -> bool:
    """Whether some revision makes an index that begins with the foreign key."""
    size, wanted = len(key.columns), set(key.columns)
    return table.name is not None and any(
        set(columns[:size]) == wanted and not _is_of_another(project, env, table)
        for env, of_tree in begun.items()
        for columns in of_tree.get(table.name, ())
    )


def _is_of_another(project: "Project", env: str, table: Table) -> bool:
    """Whether a tree migrates another table of the same name: that of another service, whose metadata env.py reaches."""
    named = {other.metadata for other in project.models.tables.values() if other.name == table.name}
    if not env or len(named) < 2:
        return False
    reached = project.migrations.reached(env)
    its = {metadata for metadata in named if metadata.partition("::")[0] in reached}
    return bool(its) and table.metadata not in its


def _of_steps(steps: tuple[object, ...]) -> Iterator[Begun]:
    for step in steps:
        if isinstance(step, Directive):
            yield from _of_directive(step)
        elif isinstance(step, Execution) and step.sql and "(" in step.sql:
            for statement in statements(step.sql):
                yield from _of_sql(statement)


def _of_directive(step: Directive) -> Iterator[Begun]:
    table = _bare(step.table or "")
    if step.name in _INDEXING:
        columns = step.argument("columns")
        yield table, tuple(_column_text(c) for c in columns.items) if isinstance(columns, ex.Collection) else ()
    elif step.name == "add_column":
        column = step.argument("column")
        if isinstance(column, ex.Call):
            yield from _of_column(table, column)
    elif step.name == "create_table":
        yield from _of_table(table, step.rest)


def _of_table(table: str, parts: tuple[ex.Expr, ...]) -> Iterator[Begun]:
    primary: list[str | None] = []
    for part in parts:
        if not isinstance(part, ex.Call):
            continue
        made = _made(part)
        if made in ("PrimaryKeyConstraint", "UniqueConstraint"):
            yield table, tuple(map(text_of, part.arguments))
        elif made == "Index":
            yield table, tuple(map(_column_text, part.arguments[1:]))
        elif made == "Column":
            yield from _of_column(table, part)
            if _is_true(part.keyword("primary_key")):
                primary.append(text_of(part.arguments[0]) if part.arguments else None)
    if primary:
        yield table, tuple(primary)


def _of_column(table: str, column: ex.Call) -> Iterator[Begun]:
    name = text_of(column.arguments[0]) if column.arguments else text_of(column.keyword("name"))
    if name is not None and (_is_true(column.keyword("index")) or _is_true(column.keyword("unique"))):
        yield table, (name,)


def _of_sql(statement: str) -> Iterator[Begun]:
    for pattern in (_CREATE_INDEX, _ADD_KEY):
        match = pattern.search(statement)
        if match is not None:
            matches = [_TEXT_COLUMN.fullmatch(c) for c in match.group(2).split(",")]
            yield _bare(match.group(1).strip('"`')), tuple(m.group(1) if m else None for m in matches)


def _column_text(expression: ex.Expr) -> str | None:
    """A column of an index: a string, or `text("name DESC")`."""
    if isinstance(expression, ex.Call) and _made(expression) == "text" and expression.arguments:
        match = _TEXT_COLUMN.fullmatch(text_of(expression.arguments[0]) or "")
        return match.group(1) if match else None
    return text_of(expression)


def _made(call: ex.Call) -> str:
    return (ex.dotted(call.function) or "").rpartition(".")[2]


def _is_true(expression: ex.Expr | None) -> bool:
    return isinstance(expression, ex.Literal) and expression.value is True


def _bare(name: str) -> str:
    return name.rpartition(".")[2]
