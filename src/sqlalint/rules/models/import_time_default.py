"""A default that is called once, when the module is imported: every row gets the same time, id or number.

## Why is this bad?
`default=datetime.now()` calls the function while the class is being made, and gives the column its result: the time at
which the process started. Every row that the process inserts gets it, until it is started again. With an id or a token
that has to be unique the second row fails, or, worse, two rows share a secret. Tests seldom notice, for they are short.

## Bad
```python
class Event(Base):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=datetime.now())
```

## Good
```python
class Event(Base):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=datetime.now)
```

## When not to use it
Where the time of the start, or an id of the process, is what is meant: then say so by a name that is assigned apart,
and suppress the finding there.

## What it cannot see
What a function outside the project does: such a call is reported as possible only where nothing at all is known of it.
Functions of the project are followed a few calls deep.
"""

from collections.abc import Iterator

from sqlalint.project.models.defaults import is_impure
from sqlalint.project.models.mends import call_later
from sqlalint.project.models.written import WrittenDefault
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Fix, Severity
from sqlalint.rules.registry import rule


@rule("SAL503", "import-time-default", severity=Severity.ERROR, fix="unsafe")
def check(written: WrittenDefault, project: Project) -> Iterator[Finding]:
    """One finding for each default that is the result of a call."""
    default = written.default
    if default.keyword == "default_factory" or not default.calls:
        return
    impure = next(((w, n) for w, n in default.calls if is_impure(n)), None)
    unknown = next(((w, n) for w, n in default.calls if not n and w), None)
    called = impure or unknown
    if called is None:
        return
    text, name = called
    given = f"`{default.keyword}={text}`" if text == default.written else f"`{text}` in `{default.keyword}=`"
    each = "every change writes" if default.keyword == "onupdate" else "every row gets"
    yield Finding(
        at=written.at,
        message=f"{given} of {_listed(written.columns)} is called once, at import: {each} the same {_kind(name)}",
        help=_help(default.keyword, text, default.written),
        identity=(written.columns[0], default.keyword),
        confidence=Confidence.CERTAIN if impure else Confidence.POSSIBLE,
        fix=_fix(project, written) if impure else None,
    )


def _fix(project: Project, written: WrittenDefault) -> Fix | None:
    edits = call_later(project, written.default, written.zoned == written.columns)
    return Fix("Call it for each row", edits, safe=False) if edits else None


def _listed(columns: tuple[str, ...]) -> str:
    return f"`{columns[0]}`" + (f" and {len(columns) - 1} more" if len(columns) > 1 else "")


def _kind(name: str) -> str:
    if name.startswith("uuid."):
        return "id"
    if name.endswith("date.today"):
        return "date"
    return "time" if name.startswith(("datetime.", "time.")) else "value"


def _help(keyword: str, called: str, written: str) -> str:
    if called == written and called.endswith("()"):
        return f"`{keyword}={called.removesuffix('()')}`: without the parentheses it is called for each row"
    return f"`{keyword}=lambda: ...`: a function is called for each row"
