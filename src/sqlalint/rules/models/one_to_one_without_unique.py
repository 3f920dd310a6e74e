"""A one-to-one that the database does not know of: nothing stops a second row.

## Why is this bad?
`Mapped["Profile"]` (or `uselist=False`) on the side without the foreign key says that there is one row at most; the
foreign key alone allows any number. Two requests at once, or code that inserts without looking, make a second. From then
on SQLAlchemy warns "Multiple rows returned with uselist=False" and takes whichever comes first.

## Bad
```python
class Member(Base):
    __tablename__ = "members"

    id: Mapped[int] = mapped_column(primary_key=True)
    card: Mapped["Card"] = relationship(back_populates="member")


class Card(Base):
    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), index=True)
    member: Mapped["Member"] = relationship(back_populates="card")
```

## Good
```python
class Member(Base):
    __tablename__ = "members"

    id: Mapped[int] = mapped_column(primary_key=True)
    card: Mapped["Card"] = relationship(back_populates="member")


class Card(Base):
    __tablename__ = "cards"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), unique=True)
    member: Mapped["Member"] = relationship(back_populates="card")
```

## When not to use it
Where several rows are meant and the relationship picks one of them: say so by `viewonly=True`, or by a `primaryjoin` that
selects it.

## What it cannot see
A unique index that only a migration makes, and whether there are two rows yet: look before you add the constraint.
"""

from collections.abc import Iterator

from sqlalint.project.models.written import OneToOne
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Severity
from sqlalint.rules.registry import rule


@rule("SAL535", "one-to-one-without-unique", severity=Severity.WARNING, tier=Confidence.LIKELY)
def check(pair: OneToOne, project: Project) -> Iterator[Finding]:
    """One finding for each scalar relationship whose foreign key may repeat."""
    several = len(pair.columns) > 1
    quoted = ", ".join(f'"{c}"' for c in pair.columns)
    column = f"`{pair.table}.{pair.columns[0]}`"
    how = f"`UniqueConstraint({quoted})` on `{pair.table}`" if several else f"`unique=True` on {column}"
    other = "" if pair.stated else "; or annotate it as a list, where several are meant"
    yield Finding(
        at=pair.at,
        message=f"`{pair.owner}.{pair.attribute}` is one object, but nothing stops two `{pair.table}` rows for one "
        f'`{pair.model}`: SQLAlchemy then warns "Multiple rows returned with uselist=False" and takes the first',
        help=f"{how} (a migration; look for duplicates first){other}",
        identity=(f"{pair.owner}.{pair.attribute}",),
        confidence=Confidence.LIKELY,
    )
