"""Two revisions have no successor, so that `alembic upgrade head` does not know where to go.

## Why is this bad?
Two branches each add a revision on the same parent; each is green alone, merged they are two heads. From then on
`alembic upgrade head` and `alembic revision` fail with `Multiple head revisions are present`, in the deploy at the
latest. A `depends_on` between the two does not make them one.

## Bad
```python
# 3c91_add_tags.py
revision = "3c91"
down_revision = "1a2b"


def upgrade():
    op.create_table("tags", sa.Column("name", sa.Text, primary_key=True))


def downgrade():
    op.drop_table("tags")
# 7ab2_index_titles.py
revision = "7ab2"
down_revision = "1a2b"


def upgrade():
    op.create_index("ix_posts_title", "posts", ["title"])


def downgrade():
    op.drop_index("ix_posts_title", "posts")
```

## Good
```python
# 3c91_add_tags.py
revision = "3c91"
down_revision = "1a2b"


def upgrade():
    op.create_table("tags", sa.Column("name", sa.Text, primary_key=True))


def downgrade():
    op.drop_table("tags")
# 7ab2_index_titles.py
revision = "7ab2"
down_revision = "3c91"


def upgrade():
    op.create_index("ix_posts_title", "posts", ["title"])


def downgrade():
    op.drop_index("ix_posts_title", "posts")
```

## When not to use it
Where several heads are meant, each has a branch label of its own (`branch_labels = ("billing",)` in one of its
revisions), and the rule is silent about it. Ignore the rule where heads without labels are meant.

## What it cannot see
A tree in which a file, an id or a `down_revision` could not be read is not judged: the missing piece may join the
heads. Neither is one whose chain is broken: mend that first.
"""

from collections.abc import Iterator

from sqlalint.project.migrations import Revision, ScriptTree, graph
from sqlalint.project.project import Project
from sqlalint.report.finding import Finding, Related, Severity
from sqlalint.rules.registry import rule


@rule("SAL604", "multiple-heads", severity=Severity.ERROR)
def check(tree: ScriptTree, project: Project) -> Iterator[Finding]:
    """Heads beside the first, in a tree that is resolved and whose chain is whole."""
    if not tree.resolved or len(tree.heads) < 2:
        return
    lines = graph.parents(tree.revisions)
    if graph.cycles(lines) or any(p not in lines for above in lines.values() for p in above):
        return
    heads = graph.unintended_heads(tree.revisions)
    by_id = {r.id: r for r in tree.revisions}
    for place, head in enumerate(heads[1:], 2):
        revision, first = by_id[head], by_id[heads[0]]
        others = [by_id[h] for h in heads if h != head]
        ordinal = "second" if place == 2 else "further"
        yield Finding(
            at=revision.down_at or revision.at,
            message=f"`{head}` is a {ordinal} head beside `{first.id}`: `alembic upgrade head` fails",
            help=_help(tree, revision, first),
            identity=("head", head),
            related=tuple(Related(f"`{o.id}` is a head too", o.down_at or o.at, True) for o in others),
        )


def _help(tree: ScriptTree, head: Revision, first: Revision) -> str:
    """Merge, or put this branch on the other: its lowest revision that the other does not have gets the new parent."""
    start = _beginning(tree, head, first)
    where = "" if start.path == head.path else f" in `{start.file}`"
    return f'`alembic merge {head.id} {first.id}`, or set `down_revision = "{first.id}"`{where}'


def _beginning(tree: ScriptTree, head: Revision, first: Revision) -> Revision:
    by_id = {r.id: r for r in tree.revisions}
    shared = graph.ancestors(graph.parents(tree.revisions), first.id)
    here = head
    while True:
        above = [p.id for p in here.parents or () if p.id not in shared]
        if not above:
            return here
        here = by_id[above[0]]
