"""Two files of one tree have the same revision id, so that Alembic loads one of them and drops the other.

## Why is this bad?
A revision file that was copied to begin a new one, or an id that was made up twice. Alembic warns (`Revision 1f3a is
present more than once`), takes one of the two files, and never runs the other: what it creates is missing from every
database. As long as nothing follows the two, `alembic upgrade head` fails with `Multiple head revisions`.

## Bad
```python
# 5e6f_add_locale.py
revision = "5e6f"
down_revision = "1a2b"


def upgrade():
    op.add_column("users", sa.Column("locale", sa.String(8)))


def downgrade():
    op.drop_column("users", "locale")
# 5e6f_add_slug.py
revision = "5e6f"
down_revision = "1a2b"


def upgrade():
    op.add_column("posts", sa.Column("slug", sa.String(80)))


def downgrade():
    op.drop_column("posts", "slug")
```

## Good
```python
# 5e6f_add_locale.py
revision = "5e6f"
down_revision = "1a2b"


def upgrade():
    op.add_column("users", sa.Column("locale", sa.String(8)))


def downgrade():
    op.drop_column("users", "locale")
# 7a8b_add_slug.py
revision = "7a8b"
down_revision = "5e6f"


def upgrade():
    op.add_column("posts", sa.Column("slug", sa.String(80)))


def downgrade():
    op.drop_column("posts", "slug")
```

## When not to use it
There is no reason to. Two script trees may use the same ids (one for each database, say): they are judged apart.

## What it cannot see
Ids that are computed.
"""

from collections.abc import Iterator

from sqlalint.project.migrations import Revision, ScriptTree
from sqlalint.project.project import Project
from sqlalint.report.finding import Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL606", "duplicate-revision", severity=Severity.ERROR)
def check(tree: ScriptTree, project: Project) -> Iterator[Finding]:
    """Each file, by name, whose id an earlier one has."""
    first: dict[str, Revision] = {}
    for revision in sorted(tree.revisions, key=lambda r: (r.file, r.path)):
        other = first.setdefault(revision.id, revision)
        if other is revision:
            continue
        name = other.file if other.file != revision.file else other.path
        yield Finding(
            at=revision.at,
            message=f"revision `{revision.id}` is also in `{name}`: Alembic loads one of the two",
            help="Give this file an id of its own, and make it follow the other: `alembic revision` makes new ids",
            identity=("duplicate", revision.id),
            related=(Related(f"`{revision.id}` is here too", other.at, True),),
        )
