"""Indexes and constraints as they are written: arguments of `Table`, `__table_args__`, statements of a module."""

from collections.abc import Iterable

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.project.models.columns import COLUMN, ColumnReader, KeyCall
from sqlalint.project.models.drafts import DraftIndex, DraftTable
from sqlalint.project.models.terms import Call, Term
from sqlalint.project.models.values import Values

_KINDS = {
    "sqlalchemy.Index": "index",
    "sqlalchemy.UniqueConstraint": "unique",
    "sqlalchemy.PrimaryKeyConstraint": "primary",
}
_KEY = "sqlalchemy.ForeignKeyConstraint"
_CHECK = "sqlalchemy.CheckConstraint"
_OTHERS = frozenset({_CHECK, "sqlalchemy.dialects.postgresql.ExcludeConstraint", "sqlalchemy.DDL"})


# Arguments that change nothing of what an index is good for.
_PLAIN = frozenset({"name", "unique", "info", "comment", "quote", "postgresql_using", "postgresql_concurrently"})


def _ordered(columns: tuple[Term, ...]) -> bool:
    """Whether some column of an index is more than a column: `x.desc()`, `text("x DESC")`, an expression."""
    return any(not isinstance(c.expression, ex.Literal | ex.Name | ex.Attribute) for c in columns)


class ConstraintReader:
    """Reads indexes and constraints of one project."""

    def __init__(self, values: Values, columns: ColumnReader) -> None:
        self._values = values
        self._columns = columns

    def index(self, call: Call, owner: str) -> DraftIndex | None:
        """An `Index`, `UniqueConstraint` or `PrimaryKeyConstraint`; None for anything else."""
        kind = _KINDS.get(call.name)
        if kind is None or not call.whole:
            return None
        name = self._values.text(call.keywords.get("name"))
        columns = call.arguments
        if kind == "index":
            given = call.argument(0, "name")
            name = self._values.text(given)
            columns = call.arguments[1:]
        where = next((v for k, v in call.keywords.items() if k.endswith("_where")), None)
        using = call.keywords.get("postgresql_using")
        return DraftIndex(
            kind=kind,
            name=name,
            columns=columns,
            names=(),
            unique=kind != "index" or self._values.flag(call.keywords.get("unique"), False) is True,
            where=where,
            has_where=where is not None,
            method="" if using is None else (self._values.text(using) or "?").lower().replace("btree", ""),
            at=call.at,
            owner=owner,
            named=kind == "index" or "name" in call.keywords,
            plain=_PLAIN.issuperset(k for k in call.keywords if not k.endswith("_where")) and not _ordered(columns),
        )

    def key(self, call: Call) -> KeyCall | None:
        """A `ForeignKeyConstraint`; None where its columns are out of sight."""
        local, remote = call.argument(0, "columns"), call.argument(1, "refcolumns")
        if local is None or remote is None:
            return None
        columns, targets = self._values.sequence(local), self._values.sequence(remote)
        if not columns or not targets or len(columns) != len(targets):
            return None
        single = self._columns.key(call)
        return replace(single, columns=columns, targets=targets)

    def apply(self, table: DraftTable, arguments: Iterable[Term], owner: str) -> None:
        """Put arguments of a table into it: constraints, indexes, columns. What is not read makes it incomplete."""
        for argument in arguments:
            call = self._values.call(argument)
            if call is None:
                table.complete = table.complete and isinstance(argument.expression, ex.Literal | ex.Mapping)
                continue
            self.apply_call(table, call, owner)

    def apply_call(self, table: DraftTable, call: Call, owner: str) -> None:
        """Put one constraint, index or column into a table."""
        if call.name in _KINDS:
            index = self.index(call, owner)
            if index is None:
                table.complete = False
            else:
                table.indexes.append(index)
        elif call.name == _CHECK:
            table.checks.append(self._columns.check(call))
        elif call.name == _KEY:
            key = self.key(call)
            if key is None:
                table.complete = False
            else:
                table.keys.append((key, owner))
        elif call.name in COLUMN:
            declared = self._columns.from_call(call, "", call.at, owner)
            if declared.column.name:
                column = replace(declared.column, attribute=declared.column.name)
                table.declared[column.name] = replace(declared, column=column)
            else:
                table.complete = False
        elif call.name not in _OTHERS and (call.subclass or not call.name.startswith("sqlalchemy.")):
            table.complete = False

    def table_args(self, table: DraftTable, term: Term | None, owner: str) -> dict[str, Term]:
        """Put `__table_args__` into a table, and give back its keywords (`schema`)."""
        if term is None:
            table.complete = False
            return {}
        entries = self._values.entries(term)
        if entries is not None:
            return entries
        parts = self._values.sequence(term)
        if parts is None:
            if self._values.literal(term) is not None:
                table.complete = False
            return {}
        keywords: dict[str, Term] = {}
        for part in parts:
            entries = self._values.entries(part) if self._values.call(part) is None else None
            if entries is not None:
                keywords.update(entries)
            else:
                self.apply(table, (part,), owner)
        return keywords
