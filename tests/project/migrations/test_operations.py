"""What `upgrade()` does, in every spelling."""

import pytest

from sqlalint.engine import read_project
from sqlalint.facts.expression import Literal
from sqlalint.project.migrations.changes import changes
from sqlalint.project.migrations.operations import Body, Creation, Directive, Execution, Opening, Transaction, texts_of
from sqlalint.project.settings import Settings
from tests.harness import MemoryTree

HEAD = 'import sqlalchemy as sa\n{imports}\nrevision = "a1"\ndown_revision = None\n\n'


def body(code: str, imports: str = "from alembic import op\n", more: dict[str, str] | None = None) -> Body:
    text = HEAD.format(imports=imports) + code
    project = read_project(
        MemoryTree({"m/env.py": "from alembic import context\n", "m/versions/a.py": text, **(more or {})}), Settings()
    )
    (revision,) = project.migrations.revisions
    return project.migrations.upgrade(revision)


def directives(found: Body) -> list[tuple[str, str | None]]:
    return [(s.name, s.table) for s in found.steps if isinstance(s, Directive)]


SPELLINGS = {
    "plain": ("from alembic import op\n", "def upgrade():\n    op.drop_table('t')\n"),
    "renamed": ("from alembic import op as o\n", "def upgrade():\n    o.drop_table('t')\n"),
    "module": ("import alembic.op\n", "def upgrade():\n    alembic.op.drop_table('t')\n"),
    "package": ("import alembic\n", "def upgrade():\n    alembic.op.drop_table('t')\n"),
    "directive": ("from alembic.op import drop_table\n", "def upgrade():\n    drop_table('t')\n"),
    "directive renamed": ("from alembic.op import drop_table as d\n", "def upgrade():\n    d('t')\n"),
    "parameter": ("", "def upgrade(op, tables, tester):\n    op.drop_table('t')\n"),
    "default": ("", "def upgrade(op=None):\n    op.drop_table('t')\n"),
    "annotated": (
        "from alembic.operations import Operations\n",
        "def upgrade(o: Operations):\n    o.drop_table('t')\n",
    ),
    "context": ("from alembic import context\n", "def upgrade():\n    context.op.drop_table('t')\n"),
    "local": ("", "def upgrade():\n    from alembic import op\n    op.drop_table('t')\n"),
    "alias": ("from alembic import op\n", "def upgrade():\n    drop = op.drop_table\n    drop('t')\n"),
    "keyword": ("from alembic import op\n", "def upgrade():\n    op.drop_table(table_name='t')\n"),
    "constant": ("from alembic import op\n", "T = 't'\n\n\ndef upgrade():\n    op.drop_table(T)\n"),
    "imported constant": ("from alembic import op\nfrom names import T\n", "def upgrade():\n    op.drop_table(T)\n"),
    "f-string": ("from alembic import op\n", "P = ''\n\n\ndef upgrade():\n    op.drop_table(f'{P}t')\n"),
    "format": ("from alembic import op\n", "def upgrade():\n    op.drop_table('{}'.format('t'))\n"),
    "percent": ("from alembic import op\n", "def upgrade():\n    op.drop_table('%s' % 't')\n"),
    "helper": (
        "from alembic import op\n",
        "def away(name):\n    op.drop_table(name)\n\n\ndef upgrade():\n    away('t')\n",
    ),
    "helper with op": (
        "from alembic import op\n",
        "def away(o, name='t'):\n    o.drop_table(name)\n\n\ndef upgrade():\n    away(op)\n",
    ),
    "imported helper": ("from helping import away\n", "def upgrade():\n    away('t')\n"),
    "nested helper": (
        "from alembic import op\n",
        "def upgrade():\n    def away():\n        op.drop_table(n)\n\n    n = 't'\n    away()\n",
    ),
    "f": ("from alembic import op\n", "def upgrade():\n    op.drop_table(op.f('t'))\n"),
}
MORE = {"names.py": "T = 't'\n", "helping.py": "from alembic import op\n\n\ndef away(name):\n    op.drop_table(name)\n"}


@pytest.mark.parametrize(("imports", "code"), SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_op(imports: str, code: str) -> None:
    found = body(code, imports, MORE)
    assert directives(found) == [("drop_table", "t")]
    assert found.understood


def test_batch_blocks_nested_and_several() -> None:
    found = body(
        "def upgrade():\n"
        "    with op.batch_alter_table('a') as one, op.batch_alter_table('b', schema='s') as two:\n"
        "        one.drop_column('x')\n"
        "        two.add_column(sa.Column('y', sa.Integer))\n"
        "        one.create_index('ix', ['x'])\n"
    )
    assert directives(found) == [("drop_column", "a"), ("add_column", "s.b"), ("create_index", "a")]
    index = found.steps[-1]
    assert isinstance(index, Directive)
    assert (index.text("index_name"), texts_of(index.argument("columns"))) == ("ix", ("x",))


LOOPS = [
    "for t in ('a', 'b'):\n        op.drop_table(t)",
    "for t, c in [('a', 1), ('b', 2)]:\n        op.drop_table(t)",
    "for t in TABLES:\n        op.drop_table(t)",
    "for t in reversed(['b', 'a']):\n        op.drop_table(t)",
    "for t, c in {'a': 1, 'b': 2}.items():\n        op.drop_table(t)",
    "for t in {'a': 1, 'b': 2}:\n        op.drop_table(t)",
    "for t in TABLES[:]:\n        op.drop_table('a')\n    op.drop_table('b')",
]


@pytest.mark.parametrize("loop", LOOPS)
def test_loops_over_literals(loop: str) -> None:
    found = body(f"TABLES = ('a', 'b')\n\n\ndef upgrade():\n    {loop}\n")
    assert directives(found) == [("drop_table", "a"), ("drop_table", "b")]


def test_another_loop_runs_once_and_says_so() -> None:
    found = body("def upgrade():\n    for t in tables():\n        op.drop_table(t)\n")
    (step,) = [s for s in found.steps if isinstance(s, Directive)]
    assert step.scope.loop
    assert step.table is None


GUARDS = [
    ("if not sa.inspect(op.get_bind()).has_table('t'):", "exists", ()),
    ("if op.get_bind().dialect.name == 'postgresql':", "dialect", ("postgresql",)),
    ("if context.is_offline_mode():", "offline", ()),
    ("if SETTING:", "other", ()),
]


@pytest.mark.parametrize(("test", "kind", "dialects"), GUARDS)
def test_guards(test: str, kind: str, dialects: tuple[str, ...]) -> None:
    found = body(f"def upgrade():\n    {test}\n        op.drop_table('a')\n    else:\n        op.drop_table('b')\n")
    first, second = [s for s in found.steps if isinstance(s, Directive)]
    assert [(g.kind, g.dialects) for g in first.scope.guards] == [(kind, dialects)]
    assert first.scope.guards[0].negated != second.scope.guards[0].negated


def test_an_early_return_guards_the_rest() -> None:
    found = body("def upgrade():\n    if 'c' in columns:\n        return\n    op.drop_table('a')\n")
    (step,) = [s for s in found.steps if isinstance(s, Directive)]
    assert step.scope.guards[0].negated


def test_autocommit_block() -> None:
    found = body(
        "def upgrade():\n    with op.get_context().autocommit_block():\n        op.execute('VACUUM')\n    op.execute('SELECT 1')\n"
    )
    assert [s.scope.autocommit for s in found.steps] == [True, False]


def test_statements_through_everything() -> None:
    found = body(
        "def upgrade():\n"
        "    op.execute('DELETE FROM a')\n"
        "    bind = op.get_bind()\n"
        "    bind.execute(sa.text('DELETE FROM b'))\n"
        "    bind.exec_driver_sql('DELETE FROM c')\n"
        "    session = sa.orm.Session(bind=bind)\n"
        "    session.execute(sa.text('DELETE FROM d'))\n"
        "    bind.engine.connect().execute(sa.text('DELETE FROM e'))\n"
    )
    said = [(s.through, s.sql) for s in found.steps if isinstance(s, Execution)]
    assert said == [
        ("op", "DELETE FROM a"), ("bind", "DELETE FROM b"), ("bind", "DELETE FROM c"), ("session", "DELETE FROM d"),
        ("other", "DELETE FROM e"),
    ]  # fmt: skip
    assert len([s for s in found.steps if isinstance(s, Opening)]) == 1


def test_types_that_create_themselves() -> None:
    found = body("def upgrade():\n    sa.Enum('a', name='e').create(op.get_bind(), checkfirst=True)\n")
    (step,) = found.steps
    assert isinstance(step, Creation)
    assert (changes(step)[0].verb, changes(step)[0].name) == ("create", "e")


NOT_UNDERSTOOD = [
    "helper(op.get_bind())",
    "op.run(1) if x else unknown(2)",
    "unknown()",
    "sync(op)",
    "f = table()\n    f()",
]


@pytest.mark.parametrize("line", NOT_UNDERSTOOD)
def test_what_is_not_understood(line: str) -> None:
    assert not body(
        f"def upgrade():\n    {line}\n", "from alembic import op\nfrom lib import helper, sync\n"
    ).understood


UNDERSTOOD = [
    "print(1)",
    "len([])",
    "sa.Column('x', sa.Integer)",
    "rows = [r for r in op.get_bind().execute(sa.text('SELECT 1'))]",
]


@pytest.mark.parametrize("line", UNDERSTOOD)
def test_what_is(line: str) -> None:
    assert body(f"def upgrade():\n    {line}\n").understood


def test_recursion_ends() -> None:
    found = body("def a():\n    b()\n\n\ndef b():\n    op.drop_table('t')\n    a()\n\n\ndef upgrade():\n    a()\n")
    assert directives(found) == [("drop_table", "t")]


def test_arguments_of_helpers_are_filled_in() -> None:
    found = body(
        "def add(t, *, null):\n    op.add_column(t, sa.Column('c', sa.Integer, nullable=null))\n\n\ndef upgrade():\n    add('t', null=False)\n"
    )
    (step,) = found.steps
    assert isinstance(step, Directive)
    column = step.argument("column")
    assert column is not None
    value = getattr(column, "keyword")("nullable")  # noqa: B009
    assert isinstance(value, Literal)
    assert value.value is False
    assert len(step.scope.calls) == 1


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("CREATE TABLE IF NOT EXISTS a (x int)", ("create", "table", "a", "a")),
        ('CREATE UNIQUE INDEX CONCURRENTLY "ix" ON "a" (x)', ("create", "index", "ix", "a")),
        ("ALTER TABLE ONLY s.a ADD COLUMN x int", ("alter", "table", "s.a", "s.a")),
        ("DROP TYPE IF EXISTS e", ("drop", "type", "e", None)),
        ("ALTER TYPE e ADD VALUE IF NOT EXISTS 'x'", ("create", "enum value", "x", "e")),
        ("-- note\nUPDATE a SET x = ';'", ("data", "row", None, "a")),
        ("WITH x AS (SELECT 1) DELETE FROM a", ("data", "row", None, "a")),
    ],
)
def test_sql(sql: str, expected: tuple[str, str, str | None, str | None]) -> None:
    (step,) = body(f"def upgrade():\n    op.execute({sql!r})\n").steps
    (change,) = changes(step)
    assert (change.verb, change.what, change.name, change.table) == expected


@pytest.mark.parametrize(
    "sql", ["SELECT 1", "SET lock_timeout = 1", "COMMIT", "ALTER TABLE a VALIDATE CONSTRAINT c", "-- DROP TABLE x"]
)
def test_sql_that_changes_nothing(sql: str) -> None:
    (step,) = body(f"def upgrade():\n    op.execute({sql!r})\n").steps
    assert changes(step) == []


def test_transactions() -> None:
    found = body(
        "def upgrade():\n    b = op.get_bind()\n    b.commit()\n    with b.begin_nested() as s:\n        s.commit()\n    b.connection.commit()\n"
    )
    said = [(s.on, s.verb) for s in found.steps if isinstance(s, Transaction)]
    assert said == [("bind", "commit"), ("bind", "begin_nested"), ("savepoint", "commit"), ("dbapi", "commit")]


@pytest.mark.parametrize(
    "lines",
    [
        "def work(s=None):\n    if s is None:\n        s = sa.create_engine('sqlite://')\n    s.execute('x')\n",
        "def work(s=None):\n    if not s:\n        s = sa.create_engine('sqlite://')\n    s.execute('x')\n",
        "def work(s=None):\n    s = s or sa.create_engine('sqlite://')\n    s.execute('x')\n",
    ],
)
def test_a_branch_for_a_value_that_is_not_given_is_not_taken(lines: str) -> None:
    found = body(lines + "\n\ndef upgrade():\n    work(op.get_bind())\n")
    assert [type(s) for s in found.steps] == [Execution]


def test_class_methods_are_given_their_class() -> None:
    logic = (
        "class Logic:\n    @classmethod\n    def work(cls, name, bind=None):\n        bind.execute(sa.text(name))\n\n\n"
    )
    (step,) = body(logic + "def upgrade():\n    Logic.work('DELETE FROM a', op.get_bind())\n").steps
    assert isinstance(step, Execution)
    assert (step.through, step.sql) == ("bind", "DELETE FROM a")
