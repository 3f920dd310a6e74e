"""`ON DELETE CASCADE` under a relationship that does not know of it: the ORM acts first, row by row.

## Why is this bad?
Before it deletes a parent the ORM loads the children and sets their foreign key to NULL, so that the database has
nothing left to cascade to. Where the key is NOT NULL that raises, and the parent cannot be deleted; where it may be
NULL, orphans stay. With `cascade="all, delete-orphan"` the right rows go, but each is loaded and deleted by itself.
`passive_deletes=True` leaves children that are not loaded to the database: one DELETE for all of it. (Children that are loaded with the parent,
as by `lazy="selectin"`, the ORM deletes in any case; under `delete-orphan` that is no finding.)

## Bad
```python
class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    entries: Mapped[list["Entry"]] = relationship()


class Entry(Base):
    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)


def close(session, account_id: int) -> None:
    account = session.get(Account, account_id)
    session.delete(account)
    session.commit()
```

## Good
```python
class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    entries: Mapped[list["Entry"]] = relationship(cascade="all, delete-orphan", passive_deletes=True)


class Entry(Base):
    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)


def close(session, account_id: int) -> None:
    account = session.get(Account, account_id)
    session.delete(account)
    session.commit()
```

## When not to use it
Where parents are only ever deleted by statements (`delete(Account)`): the ORM loads nothing then. It is reported as
likely unless some function deletes such an object by `session.delete`. On SQLite the database cascades only where
`PRAGMA foreign_keys` is on; with `cascade="all, delete-orphan"` alone the ORM does it everywhere.

## What it cannot see
Deletes through functions that take any object, and a parent that goes because its own parent does.
"""

from collections.abc import Iterator

from sqlalint.project.models.written import DeletedParent
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Severity
from sqlalint.rules.registry import rule


@rule("SAL516", "cascade-without-passive-deletes", severity=Severity.WARNING, fix="show")
def check(parent: DeletedParent, project: Project) -> Iterator[Finding]:
    """One finding for each relationship over a cascading key."""
    deletes = parent.cascade_deletes
    if deletes is None:
        return
    severity = Severity.INFO if deletes else Severity.ERROR if parent.required else Severity.WARNING
    passive = "`passive_deletes=True`"
    yield Finding(
        at=parent.at,
        message=f"{_article(parent.model)} `{parent.model}` {_effect(parent)}",
        help=passive if deletes else f'`cascade="all, delete-orphan"` and {passive}',
        identity=(f"{parent.owner}.{parent.attribute}",),
        confidence=Confidence.CERTAIN if parent.deleted and not deletes else Confidence.LIKELY,
        severity=severity,
    )


def _article(name: str) -> str:
    return "deleting an" if name[:1] in "AEIO" else "deleting a"


def _effect(parent: DeletedParent) -> str:
    name, column = f"`{parent.owner}.{parent.attribute}`", f"`{parent.table}.{', '.join(parent.columns)}`"
    loads = f"loads {'all of ' if parent.collection else ''}{name}"
    if parent.cascade_deletes:
        deletes = "deletes them one by one" if parent.collection else "deletes it"
        return f"{loads} and {deletes}, though {column} has ON DELETE CASCADE"
    if parent.keyed:
        return f"that has any {name} raises: the ORM would clear {column}, part of the primary key, before the cascade"
    if parent.required:
        return (
            f"that has any {name} raises IntegrityError: the ORM sets {column}, which is NOT NULL, to NULL before "
            "ON DELETE CASCADE acts"
        )
    return f"{loads} and sets {column} to NULL: its ON DELETE CASCADE never acts"
