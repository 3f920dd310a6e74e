"""A migration drops or alters something that is not there at that point.

## Why is this bad?
The statement fails: `column "mail" does not exist`. Mostly a name was mistyped, or is not the one that the database gave:
`unique=True, index=True` makes a unique index `ix_users_email` and no constraint, so that
`drop_constraint("users_email_key")` fails.

sqlalint replays the revisions from the first one on, so it knows which tables, columns, indexes and constraints there are.

## Bad
```python
def upgrade():
    op.drop_index("ix_posts_author", "posts")


def downgrade():
    op.create_index("ix_posts_author", "posts", ["author_id"])
```

## Good
```python
def upgrade():
    op.drop_index("ix_posts_author_id", "posts")


def downgrade():
    op.create_index("ix_posts_author_id", "posts", ["author_id"])
```

## When not to use it
Where revisions stand on tables that something else makes. The rule speaks of what revisions make: a table that none makes
silences it for that table, and a step that is not understood for what it may have changed. It is silent where the
migration asks first (`IF EXISTS`, `inspector.has_table(...)`).

## What it cannot see
What was done to the database by hand.
"""

from collections.abc import Iterator

from sqlalint.project.history.migration import Migration
from sqlalint.project.history.missing import Missing, find_missing
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Severity
from sqlalint.rules.registry import rule


@rule("SAL625", "unknown-object-in-migration", severity=Severity.ERROR, speaks="open")
def check(migration: Migration, project: Project) -> Iterator[Finding]:
    """What `upgrade()` drops or alters and what is not there; of downgrades another rule speaks."""
    for operation, before, runs in migration.upgrade:
        missing = find_missing(operation, before, migration.dialect)
        if missing is None:
            continue
        yield Finding(
            at=migration.here(operation),
            message=_message(missing),
            help=f"Name what is there: `{missing.similar}`" if missing.similar else "Name what is there, or ask first",
            identity=(migration.revision.id, missing.what, missing.table, missing.name),
            confidence=Confidence.CERTAIN if runs else Confidence.LIKELY,
        )


def _message(missing: Missing) -> str:
    where = f" of `{missing.table}`" if missing.what in ("column", "constraint") else ""
    said = f"no {missing.what} `{missing.name}`{where} exists here"
    if missing.instead:
        return f"{said}: {missing.instead}"
    return f"{said}. Did you mean `{missing.similar}`?" if missing.similar else said
