"""From drafts to tables: names of indexes' columns, keys, ids."""

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.project.models.columns import Declared, KeyCall
from sqlalint.project.models.declarative import Metadata
from sqlalint.project.models.drafts import DraftIndex, DraftTable
from sqlalint.project.models.joins import Names
from sqlalint.project.models.terms import Term
from sqlalint.project.schema import Column, ForeignKey, Index, Table


class TableMaker:
    """Makes tables of drafts, once all names are known."""

    def __init__(self, names: Names, tables: dict[str, DraftTable]) -> None:
        self._names = names
        self._drafts = tables
        self.ids = _ids(tables)

    def make(self, draft: DraftTable) -> Table:
        """The table of a draft."""
        indexes = [self._index(draft, i) for i in draft.indexes]
        columns = _with_keys(draft, indexes)
        primary = tuple(c.name for c in columns if c.primary_key)
        made = [*indexes, *(i for c in columns for i in _flagged(draft, c))]
        if primary and not any(i.kind == "primary" and i.columns for i in indexes):
            first = next(c for c in columns if c.primary_key)
            made = [i for i in made if i.kind != "primary"]
            made.insert(0, Index("primary", None, primary, True, None, "", first.at, first.owner))
        return Table(
            id=self.ids[draft.key],
            name=draft.name or "",
            schema=draft.schema or None,
            metadata=draft.metadata.id,
            columns=columns,
            foreign_keys=tuple(self._foreign_keys(draft)),
            indexes=tuple(made),
            models=tuple(draft.models),
            complete=draft.complete and not draft.unread,
            at=draft.at,
            indexed=draft.complete,
            checks=(*draft.checks, *(c for d in draft.declared.values() for c in d.checks)),
        )

    def _index(self, draft: DraftTable, index: DraftIndex) -> Index:
        names = tuple(self._column(draft, c) for c in index.columns) or index.names
        if any(n is None and _may_be_column(c) for n, c in zip(names, index.columns, strict=False)):
            draft.complete = False
        partial = self._partial(draft, index.where) if index.where is not None else None
        name = index.name
        if name is None and index.kind == "index" and names:
            name = _index_name(draft.metadata, draft, names)
        return Index(
            index.kind,
            name,
            names,
            index.unique,
            partial,
            index.method,
            index.at,
            index.owner,
            index.plain,
            index.named,
        )

    def _column(self, draft: DraftTable, term: Term) -> str | None:
        place = self._names.place(term, draft)
        if place is not None:
            return place[1]
        # A string names a column even where the column itself was not read.
        return ex_text(term)

    def _partial(self, draft: DraftTable, where: Term) -> str:
        """The text of a WHERE that is written as text, or that says `IS NOT NULL` of one column; else ""."""
        expression = where.expression
        match expression:
            case ex.Call(
                function=ex.Attribute(value=inner, name="isnot" | "is_not"), arguments=(ex.Literal(value=None),)
            ):
                return self._not_null(draft, where.inner(inner))
            case ex.Compare(left=left, operators=("!=",), comparators=(ex.Literal(value=None),)):
                return self._not_null(draft, where.inner(left))
            case ex.Call(arguments=(ex.Literal(value=str(text)),), function=function):
                return text if (ex.dotted(function) or "").rpartition(".")[2] in ("text", "literal_column") else ""
            case ex.Literal(value=str(text)):
                return text
            case _:
                return ""

    def _not_null(self, draft: DraftTable, term: Term) -> str:
        name = self._column(draft, term)
        return f"{name} IS NOT NULL" if name else ""

    def _foreign_keys(self, draft: DraftTable) -> list[ForeignKey]:
        found: list[ForeignKey] = []
        for declared in draft.declared.values():
            for key in declared.keys:
                found.append(self._key(draft, key, (declared.column.name,), declared.column, declared))
        for key, owner in draft.keys:
            columns = tuple(self._column(draft, c) or "" for c in key.columns)
            if all(columns):
                first = draft.declared.get(columns[0])
                found.append(self._key(draft, key, columns, first.column if first else None, None, owner))
        return found

    def _key(
        self,
        draft: DraftTable,
        key: KeyCall,
        columns: tuple[str, ...],
        column: Column | None,
        declared: Declared | None,
        owner: str = "",
    ) -> ForeignKey:
        target, name, names = self._names.foreign_key(draft, key, columns)
        return ForeignKey(
            columns=columns,
            target_table=name,
            target_columns=names,
            target=self.ids.get(target.key) if target else None,
            ondelete=key.ondelete,
            onupdate=key.onupdate,
            name=key.name,
            use_alter=key.use_alter,
            at=key.at,
            column_at=column.at if column is not None and declared is not None else key.at,
            owner=column.owner if column is not None and declared is not None else owner,
            named=key.named,
        )


def ex_text(term: Term) -> str | None:
    """The plain string that an expression is."""
    expression = term.expression
    return expression.value if isinstance(expression, ex.Literal) and isinstance(expression.value, str) else None


def _may_be_column(term: Term) -> bool:
    """Whether an index's column that was not read may be a plain column all the same, and no expression over some."""
    return isinstance(term.expression, ex.Name | ex.Attribute | ex.Starred)


def _with_keys(draft: DraftTable, indexes: list[Index]) -> tuple[Column, ...]:
    """The columns; those that a `PrimaryKeyConstraint` names are part of the key, and so never null."""
    named = {c for i in indexes if i.kind == "primary" for c in i.columns}
    return tuple(
        replace(d.column, primary_key=True, nullable=False) if d.column.name in named else d.column
        for d in draft.declared.values()
    )


def _flagged(draft: DraftTable, column: Column) -> list[Index]:
    """The index or unique constraint that a column's own flags make."""
    if column.index:
        name = _index_name(draft.metadata, draft, (column.name,))
        return [Index("index", name, (column.name,), bool(column.unique), None, "", column.at, column.owner)]
    if column.unique:
        return [Index("unique", None, (column.name,), True, None, "", column.at, column.owner)]
    return []


def _index_name(metadata: Metadata, draft: DraftTable, columns: tuple[str | None, ...]) -> str | None:
    """The name that the naming convention gives to an index over plain columns."""
    default = {} if metadata.naming_convention else {"ix": "ix_%(column_0_label)s"}
    pattern = (metadata.naming_convention or default).get("ix")
    names = [c for c in columns if c is not None]
    if metadata.naming_convention is None or pattern is None or not draft.name or len(names) < len(columns):
        return None
    prefix = f"{draft.schema.replace('.', '_')}_" if draft.schema else ""
    labels = [f"{prefix}{draft.name}_{n}" for n in names]
    known = {"table_name": draft.name}
    for kind, words in (("name", names), ("key", names), ("label", labels)):
        known |= {f"column_{n}_{kind}": word for n, word in enumerate(words)}
        known |= {f"column_0_N_{kind}": "_".join(words), f"column_0N_{kind}": "".join(words)}
    try:
        return pattern % known
    except (KeyError, ValueError, TypeError):
        return None


def _ids(tables: dict[str, DraftTable]) -> dict[str, str]:
    """Ids by the keys of drafts: `root:schema.name`, with more where that is taken or the name is not known."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for key, draft in tables.items():
        name = draft.full_name if draft.name is not None else f"?{key}"
        identity = f"{draft.root}:{name}"
        if identity in taken:
            identity = f"{identity}@{draft.metadata.id}"
        if identity in taken:
            identity = f"{draft.root}:{name}#{key}"
        taken.add(identity)
        found[key] = identity
    return found
