"""A `server_default` is SQL that is given as a string, which becomes a literal.

## Why is this bad?
A string is quoted in the DDL: `server_default="now()"` is `DEFAULT 'now()'`. PostgreSQL turns that into a timestamp
when the table is changed, and every later row gets that time. `"CURRENT_TIMESTAMP"` and `"nextval('s')"` fail at once;
a column of strings stores the text itself (`gen_random_uuid()`, or a quote too many). SQL is to be wrapped:
`sa.text("now()")`, `sa.func.now()`. A number, a boolean or a list is refused by SQLAlchemy with ArgumentError.

## Bad
```python
def upgrade():
    op.add_column("users", sa.Column("joined", sa.DateTime, server_default="now()", nullable=False))


def downgrade():
    op.drop_column("users", "joined")
```

## Good
```python
def upgrade():
    op.add_column("users", sa.Column("joined", sa.DateTime, server_default=sa.text("now()"), nullable=False))


def downgrade():
    op.drop_column("users", "joined")
```

## When not to use it
Where the text itself is wanted (`"CURRENT_USER"` as a word), ignore the finding on its line.

## What it cannot see
Strings that are put together, and SQL that looks like no call and no keyword.
"""

import re
from collections.abc import Iterator

from sqlalint.facts.expression import Literal
from sqlalint.facts.span import Spot
from sqlalint.project.edits import keyword_at
from sqlalint.project.history.migration import Migration
from sqlalint.project.history.operations import AddColumn, AlterColumn, CreateTable
from sqlalint.project.history.replay import Moment
from sqlalint.project.history.schema import ServerDefault
from sqlalint.project.history.types import family
from sqlalint.project.project import Project
from sqlalint.project.schema import ColumnType
from sqlalint.project.symbols import External
from sqlalint.report.finding import Edit, Finding, Fix, Severity
from sqlalint.rules.registry import rule

_CALL = re.compile(r"[A-Za-z_][\w.]*\(.*\)(::\w+)?", re.DOTALL)
_KEYWORD = re.compile(
    r"(CURRENT_(TIMESTAMP|DATE|TIME|USER)|LOCALTIME(STAMP)?|SESSION_USER|NEXT VALUE FOR \w+)(\(\d\))?", re.IGNORECASE
)
_QUOTED = re.compile(r"'.*'(::[\w ]+(\[\])?)?", re.DOTALL)
_MOMENTS = frozenset({"datetime", "date", "time"})


@rule("SAL622", "string-server-default", severity=Severity.ERROR, fix="unsafe", speaks="open")
def check(migration: Migration, project: Project) -> Iterator[Finding]:
    """Defaults of new and altered columns whose type is known."""
    for way, moments in migration.both:
        for moment in moments:
            for name, type_, default, at in _defaults(moment):
                said = _wrong(name, type_, default)
                if said is None:
                    continue
                message, help_ = said
                place = migration.here(moment.operation, at)
                yield Finding(
                    at=place,
                    message=message,
                    help=help_,
                    identity=(migration.revision.id, way, name),
                    fix=_wrapped(project, migration, default, at) if place == at else None,
                )


def _defaults(moment: Moment) -> Iterator[tuple[str, ColumnType | None, ServerDefault, Spot | None]]:
    """Each default that is given, with the column's name and type and the place; none that SQL gives."""
    operation = moment.operation
    if operation.sql:
        return
    match operation:
        case CreateTable(table=table, columns=columns):
            for new in columns:
                if new.column.default is not None:
                    yield f"{table}.{new.column.name}", new.column.type, new.column.default, new.default_at
        case AddColumn(table=table, column=new) if new is not None and new.column.default is not None:
            yield f"{table}.{new.column.name}", new.column.type, new.column.default, new.default_at
        case AlterColumn(table=table, column=column, default=default) if default is not None:
            type_ = operation.type_ or operation.old_type(moment.before)
            yield f"{table}.{column}", type_, default, operation.default_at
        case _:
            pass


def _wrong(name: str, type_: ColumnType | None, default: ServerDefault) -> tuple[str, str] | None:
    """What is wrong with a default, and the help."""
    if default.kind == "wrong":
        return (
            f"`server_default={default.text}` raises ArgumentError: SQLAlchemy takes a string or SQL",
            f'`server_default="{default.text.lower()}"`, or `sa.text(...)`',
        )
    kind = family(type_)
    if default.kind != "text" or kind is None or not _reads_as_sql(default.text):
        return None
    help_ = f'`server_default=sa.text("{default.text}")`'
    text = default.text
    if kind == "string":
        return f"`{name}` gets the text `{text}` itself as its default: a string is quoted in the DDL", help_
    if kind in _MOMENTS and text.lower() == "now()":
        return f"`{name}` gets the time at which this migration runs, in every row: `'{text}'` is a literal", help_
    return f"`DEFAULT '{text}'` is a literal, which is no {kind}: making `{name}` fails", help_


def _wrapped(project: Project, migration: Migration, default: ServerDefault, at: Spot) -> Fix | None:
    """The string in `sa.text(...)`, where it stands in the call itself and `sa` is SQLAlchemy there."""
    keyword = keyword_at(project, at)
    literal = keyword.value if keyword is not None else None
    if default.kind != "text" or not isinstance(literal, Literal) or literal.value != default.text:
        return None
    name = next((n for n in ("sa.text", "sqlalchemy.text", "text") if _is_text(project, at.path, n)), None)
    if name is None:
        return None
    span = literal.span
    edits = (
        Edit(Spot(at.path, at.definition, span.start), f"{name}("),
        Edit(Spot(at.path, at.definition, span.end), ")"),
    )
    return Fix(f"Wrap it in `{name}`", edits, safe=False)


def _is_text(project: Project, path: str, name: str) -> bool:
    symbol = project.resolve(path, name)
    return isinstance(symbol, External) and symbol.name == "sqlalchemy.text"


def _reads_as_sql(text: str) -> bool:
    return any(pattern.fullmatch(text.strip()) for pattern in (_CALL, _KEYWORD, _QUOTED))
