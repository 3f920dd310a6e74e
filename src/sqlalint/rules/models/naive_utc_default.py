"""A default made by `datetime.utcnow`: a time that is UTC and does not say so.

## Why is this bad?
`datetime.utcnow()` has no time zone. Put into a column that has one, PostgreSQL takes it for a time in the zone of the
connection: with a server in New York every row is off by four or five hours. In a column without a zone it comes back
naive, `.timestamp()` reads it as local time, and comparing it with an aware time raises. Python deprecates it since 3.12.

## Bad
```python
class Event(Base):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=datetime.utcnow)
```

## Good
```python
class Event(Base):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
```

## When not to use it
Where all columns are naive, all times in the program are UTC by convention, and Python is older than 3.12.

## What it cannot see
Functions that do more than return the time, types of the project's own that add a zone, and the zone of the connection:
with `timezone=UTC` set for every connection PostgreSQL reads the time as it was meant.
"""

from collections.abc import Iterator

from sqlalint.project.models.mends import with_zone
from sqlalint.project.models.written import WrittenDefault
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Fix, Severity
from sqlalint.rules.registry import rule

_NAIVE = frozenset({"datetime.datetime.utcnow", "datetime.datetime.utcfromtimestamp"})


@rule("SAL505", "naive-utc-default", severity=Severity.WARNING, fix="unsafe")
def check(written: WrittenDefault, project: Project) -> Iterator[Finding]:
    """One finding for each default that gives a naive time."""
    name = written.default.gives
    if name not in _NAIVE:
        return
    deprecated = project.environment.at_least("python", "3.12") is True
    column = (written.zoned or written.columns)[0]
    more = len(written.columns) - 1
    zoned = bool(written.zoned)
    target = f"`{column}`{f' and {more} more' if more else ''}{', which has one' if zoned else ''}"
    message = f"`{name.removeprefix('datetime.')}` gives a time without zone for {target}: {_effect(zoned, deprecated)}"
    yield Finding(
        at=written.at,
        message=message,
        help=_help(zoned),
        identity=(written.columns[0], written.default.keyword),
        confidence=Confidence.CERTAIN if zoned or deprecated else Confidence.LIKELY,
        fix=_fix(project, written),
    )


def _fix(project: Project, written: WrittenDefault) -> Fix | None:
    """Only where every column has a zone: some drivers refuse a time with zone for a column without, others shift it."""
    edits = with_zone(project, written.default) if written.zoned == written.columns else ()
    return Fix("Give the time with its zone", edits, safe=False) if edits else None


def _effect(zoned: bool, deprecated: bool) -> str:
    if zoned:
        return "PostgreSQL reads it in the connection's zone"
    read = "it comes back naive, and `.timestamp()` takes it for local time"
    return f"Python deprecates it since 3.12, {read}" if deprecated else read


def _help(zoned: bool) -> str:
    if zoned:
        return "`lambda: datetime.now(timezone.utc)`"
    # a column without a zone is given its session's local time by some drivers, an error by others
    return "`DateTime(timezone=True)` with `lambda: datetime.now(timezone.utc)`; a zone needs a migration"
