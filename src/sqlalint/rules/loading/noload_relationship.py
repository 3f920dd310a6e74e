"""A relationship is never loaded: `lazy="noload"`, `lazy=None` or `noload()` leave it empty, whatever is stored.

## Why is this bad?
Reading such a relationship gives `[]` or `None`, as if there was nothing. Nothing tells an empty collection from one
that was not loaded, and code that decides by it (may the user be deleted, has the order any items) decides wrongly.
SQLAlchemy 2.1 deprecates the setting.

## Bad
```python
def users(session):
    found = session.scalars(select(User).options(noload(User.posts))).all()
    return [(user.name, len(user.posts)) for user in found]
```

## Good
```python
def users(session):
    found = session.scalars(select(User).options(selectinload(User.posts))).all()
    return [(user.name, len(user.posts)) for user in found]
```

## When not to use it
Where the rows are only handed to something that reads every relationship, and is to find some of them empty.

## What it cannot see
Who reads the relationship: where nothing in the project reads an attribute of that name, the finding is only likely.
"""

from collections.abc import Iterator

from sqlalint.flow.events import EmptyRelationship
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL114", "noload-relationship", severity=Severity.WARNING)
def check(empty: EmptyRelationship, project: Project) -> Iterator[Finding]:
    """One finding for each relationship, and for each option."""
    deprecated = project.environment.sqlalchemy_at_least("2.1") is True
    instead = f"`raiseload({empty.name})`" if empty.by_option else '`lazy="raise"`'
    more = "; deprecated since SQLAlchemy 2.1" if deprecated else ""
    yield Finding(
        at=empty.at,
        message=f"{empty.name} is not loaded: it is always empty, whatever is stored{more}",
        help=f"{instead} says so to whoever reads it, the default loads it",
        identity=(empty.at.definition if empty.by_option else "", empty.name),
        confidence=Confidence.CERTAIN if deprecated or empty.is_read else Confidence.LIKELY,
        related=(Related(f"{empty.name}: its relationship", empty.relationship.at),) if empty.by_option else (),
    )
