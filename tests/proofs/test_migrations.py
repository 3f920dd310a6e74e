"""What the rules on migrations claim, run with Alembic on PostgreSQL and on SQLite: SAL601 to SAL606, SAL642, SAL646."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import sqlalchemy as sa

from sqlalint.rules.registry import find_rule
from tests.examples import example
from tests.harness import lint
from tests.proofs.migrating import ENV, ENV_BEGINS, ENV_COMMITS, History, One, Page, is_sqlite, revision

BOTH = frozenset({"t1", "t2"})
TABLE = 'op.create_table("{}", sa.Column("id", sa.Integer, primary_key=True))'


# --- SAL601 ---


def test_601_without_a_downgrade_the_next_upgrade_fails(page: Page) -> None:
    history = page("SAL601", "Bad")
    assert history.upgrade().error is None
    assert "roles" in history.downgrade("1a2b").tables
    assert "already exists" in str(history.upgrade().error)


@pytest.mark.parametrize("kind", ["Good", "Fixed"])
def test_601_with_one_it_works(page: Page, kind: str) -> None:
    history = page("SAL601", kind)
    assert history.upgrade().error is None
    assert "roles" not in history.downgrade("1a2b").tables
    assert history.upgrade().error is None


def test_601_a_missing_function_is_an_attribute_error(one: One) -> None:
    history = one("pass")
    history.upgrade()
    assert isinstance(history.downgrade("base").error, AttributeError)


UPGRADES = [
    'op.create_table("roles", sa.Column("id", sa.Integer, primary_key=True))',
    'op.add_column("users", sa.Column("age", sa.Integer))',
    'op.create_index("ix_users_name", "users", ["name"])',
    'op.rename_table("posts", "articles")',
    'op.alter_column("users", "name", new_column_name="nick")',
    'with op.batch_alter_table("users") as batch:\n    batch.add_column(sa.Column("age", sa.Integer))\n    batch.create_index("ix_users_age", ["age"])',
    'op.create_table("roles", sa.Column("id", sa.Integer))\n    op.create_index("ix_roles", "roles", ["id"])',
]


@pytest.mark.parametrize("lines", UPGRADES)
@pytest.mark.parametrize("absent", [False, True])
def test_601_the_fix_undoes_the_upgrade(lines: str, absent: bool, url: str, tmp_path: Path) -> None:
    rule = find_rule("SAL601")
    assert rule is not None
    down = "" if absent else "\n\ndef downgrade():\n    pass\n"
    name = "migrations/versions/3c4d_more.py"
    files = dict(example(rule, "Good").files)
    files = {p: t for p, t in files.items() if "3c4d" not in p}
    files[name] = (
        f'import sqlalchemy as sa\nfrom alembic import op\n\nrevision = "3c4d"\ndown_revision = "1a2b"\n\n\n'
        f"def upgrade():\n    {textwrap.dedent(lines).replace(chr(10) + '    batch', chr(10) + '        batch')}\n{down}"
    )
    (finding,) = [f for f in lint(files) if f.code == "SAL601"]
    assert finding.fix is not None
    assert not finding.fix.safe
    (edit,) = finding.fix.edits
    mended = replaced(files[name], edit.place.span, edit.content)
    assert not [f for f in lint({**files, name: mended}) if f.default]
    history = History(tmp_path, url, {p.removeprefix("migrations/"): t for p, t in {**files, name: mended}.items()})
    before = history.upgrade("1a2b")
    assert history.upgrade().error is None
    after = history.downgrade("1a2b")
    assert (after.error, after.tables, after.indexes) == (None, before.tables, before.indexes)
    assert history.upgrade().error is None


def replaced(text: str, span: object, content: str) -> str:
    """A text with a span replaced."""
    row, column, end_row, end_column = (getattr(span, n) for n in ("row", "column", "end_row", "end_column"))
    lines = text.split("\n")
    head = "\n".join([*lines[: row - 1], lines[row - 1][: column - 1]])
    tail = "\n".join([lines[end_row - 1][end_column - 1 :], *lines[end_row:]])
    return head + content + tail


# --- SAL602 ---


def test_602_after_a_commit_the_rest_and_the_stamp_are_lost(page: Page) -> None:
    history = page("SAL602", "Bad")
    outcome = history.upgrade()
    assert (outcome.error, outcome.stamp) == (None, "1a2b")
    assert ("ix_users_locale" in outcome.indexes) == is_sqlite(history)
    assert history.upgrade().error is not None  # the column is there, the stamp is not


def test_602_without_it_all_is_kept(page: Page) -> None:
    outcome = page("SAL602", "Good").upgrade()
    assert (outcome.error, outcome.stamp) == (None, "3c4d")
    assert "ix_users_locale" in outcome.indexes


COMMITS = [
    "op.get_bind().commit()",
    "op.get_context().connection.commit()",
    "op.get_bind().get_transaction().commit()",
    's = Session(bind=op.get_bind(), join_transaction_mode="control_fully")\ns.execute(sa.text("SELECT 1"))\ns.commit()',
]


@pytest.mark.parametrize("commit", COMMITS)
def test_602_every_spelling_loses_the_stamp(one: One, commit: str) -> None:
    outcome = one(TABLE.format("t1"), commit, TABLE.format("t2")).upgrade()
    assert (outcome.error, outcome.stamp) == (None, None)
    assert "t1" in outcome.tables


def test_602_as_the_last_statement_too(one: One) -> None:
    outcome = one(TABLE.format("t1"), "op.get_bind().commit()").upgrade()
    assert (outcome.error, outcome.stamp) == (None, None)


def test_602_where_env_begins_it_raises(one: One) -> None:
    outcome = one(TABLE.format("t1"), "op.get_bind().commit()", TABLE.format("t2"), env=ENV_BEGINS).upgrade()
    assert "InvalidRequestError" in repr(outcome.error)


def test_602_inside_an_autocommit_block_it_raises(one: One) -> None:
    outcome = one("with op.get_context().autocommit_block():", "    op.get_bind().commit()").upgrade()
    assert "InvalidRequestError" in repr(outcome.error)


def test_602_where_env_commits_nothing_is_lost(one: One) -> None:
    outcome = one(TABLE.format("t1"), "op.get_bind().commit()", TABLE.format("t2"), env=ENV_COMMITS).upgrade()
    assert (outcome.error, outcome.stamp, outcome.tables) == (None, "aa", BOTH)


@pytest.mark.parametrize("commit", ['op.execute("COMMIT")', "op.get_bind().connection.commit()"])
def test_602_behind_its_back_the_run_goes_on(one: One, commit: str) -> None:
    history = one(TABLE.format("t1"), commit, TABLE.format("t2"))
    outcome = history.upgrade()
    if is_sqlite(history) and "COMMIT" in commit:
        assert "no transaction is active" in str(outcome.error)
    else:
        assert (outcome.error, outcome.stamp, outcome.tables) == (None, "aa", BOTH)


@pytest.mark.parametrize("commit", ['op.execute("COMMIT")', "op.get_bind().connection.commit()"])
def test_602_and_what_came_before_stays_unstamped(one: One, commit: str) -> None:
    outcome = one(TABLE.format("t1"), commit, TABLE.format("t2"), "raise ValueError").upgrade()
    assert outcome.error is not None
    assert outcome.stamp is None
    assert "t1" in outcome.tables


def test_602_where_env_commits_the_first_does_no_harm(one: One) -> None:
    outcome = one("op.get_bind().commit()", TABLE.format("t1"), TABLE.format("t2"), env=ENV_COMMITS).upgrade()
    assert (outcome.error, outcome.stamp, outcome.tables) == (None, "aa", BOTH)


def test_602_of_the_driver_the_first_does_no_harm(one: One) -> None:
    outcome = one("op.get_bind().connection.commit()", TABLE.format("t1"), TABLE.format("t2")).upgrade()
    assert (outcome.error, outcome.stamp, outcome.tables) == (None, "aa", BOTH)


def test_602_sql_in_an_autocommit_block_does_no_harm(one: One) -> None:
    history = one(TABLE.format("t1"), "with op.get_context().autocommit_block():", '    op.execute("COMMIT")')
    if is_sqlite(history):
        pytest.skip("SQLite refuses it")
    outcome = history.upgrade()
    assert (outcome.error, outcome.stamp) == (None, "aa")


# --- SAL603 ---

ROWS = 'session = Session(bind=op.get_bind())\nsession.execute(sa.text("INSERT INTO t1 VALUES (1)"))'


@pytest.mark.parametrize("kind", ["Bad", "Good", "Fixed"])
def test_603_with_and_without_the_commit_the_rows_are_kept(page: Page, kind: str) -> None:
    history = page("SAL603", kind)
    history.upgrade("1a2b")
    history.execute("INSERT INTO users (id, name) VALUES (1, ' a ')")
    outcome = history.upgrade()
    assert (outcome.error, outcome.stamp) == (None, "3c4d")
    assert history.execute("SELECT name FROM users") == ["a"]


def test_603_the_commit_commits_nothing(url: str, tmp_path: Path) -> None:
    body = f"def upgrade():\n{textwrap.indent(ROWS, '    ')}\n    session.commit()\n    raise ValueError\n"
    start = f"def upgrade():\n    {TABLE.format('t1')}\n"
    history = History(tmp_path, url, {**revision("aa", start), **revision("bb", body, "aa")})
    history.upgrade("aa")
    outcome = history.upgrade("bb")
    assert isinstance(outcome.error, ValueError)
    assert history.execute("SELECT * FROM t1") == []  # committed, and gone


@pytest.mark.parametrize(("end", "rows"), [("session.flush()", [1]), ("session.close()", [])])
def test_603_without_flush_what_was_added_is_not_inserted(one: One, end: str, rows: list[int]) -> None:
    history = one(
        TABLE.format("t1"),
        "from sqlalchemy.orm import declarative_base",
        'T = type("T", (declarative_base(),), {"__tablename__": "t1", "id": sa.Column(sa.Integer, primary_key=True)})',
        "session = Session(bind=op.get_bind())",
        "session.add(T(id=1))",
        end,
    )
    assert history.upgrade().error is None
    assert history.execute("SELECT id FROM t1") == rows


def test_603_a_rollback_takes_all_with_it(one: One) -> None:
    history = one(TABLE.format("t1"), ROWS, "session.rollback()", TABLE.format("t2"))
    outcome = history.upgrade()
    assert outcome.stamp is None
    if is_sqlite(history):
        assert outcome.error is None
    else:
        assert outcome.error is not None
        assert outcome.tables == frozenset()


@pytest.mark.parametrize(
    "lines",
    [
        "session = Session(bind=op.get_bind())\nsession.rollback()",
        ROWS.replace("get_bind()", 'get_bind(), join_transaction_mode="create_savepoint"') + "\nsession.rollback()",
        "session = Session(bind=op.get_bind())\nwith session.begin():\n    session.execute(sa.text('INSERT INTO t1 VALUES (1)'))",
    ],
)
def test_603_what_is_silent_does_no_harm(one: One, lines: str) -> None:
    outcome = one(TABLE.format("t1"), lines, TABLE.format("t2")).upgrade()
    assert (outcome.error, outcome.stamp, outcome.tables) == (None, "aa", BOTH)


def test_603_where_env_commits_a_rollback_takes_only_what_came_before(one: One) -> None:
    history = one(TABLE.format("t1"), ROWS, "session.rollback()", TABLE.format("t2"), env=ENV_COMMITS)
    outcome = history.upgrade()
    if is_sqlite(history):
        assert outcome.stamp == "aa"
    else:
        assert "t1" not in outcome.tables


def test_603_after_a_rollback_it_does_commit(one: One) -> None:
    history = one(
        ROWS.replace("INSERT INTO t1 VALUES (1)", "SELECT 1"),
        "session.rollback()",
        'session.execute(sa.text("CREATE TABLE t1 (id INTEGER)"))',
        "session.commit()",
        "raise ValueError",
    )
    assert history.upgrade().tables == {"t1"}


# --- SAL604, SAL605, SAL606 ---


def test_604_upgrade_head_fails(page: Page) -> None:
    assert "Multiple head revisions" in str(page("SAL604", "Bad").upgrade().error)


def test_604_one_line_of_heads_works(page: Page) -> None:
    assert page("SAL604", "Good").upgrade().error is None


def test_605_every_command_fails(page: Page) -> None:
    assert isinstance(page("SAL605", "Bad").raised_by_history(), KeyError)


def test_605_the_whole_chain_works(page: Page) -> None:
    history = page("SAL605", "Good")
    assert history.raised_by_history() is None
    assert history.upgrade().error is None


NOTHING = "def upgrade():\n    pass\n"


@pytest.mark.parametrize(
    "files",
    [
        {**revision("aa", NOTHING), **revision("bb", NOTHING, "aa"), **revision("cc", NOTHING, "zz")},
        {**revision("aa", NOTHING), **revision("bb", NOTHING, "bb")},
        {**revision("aa", NOTHING, "bb"), **revision("bb", NOTHING, "aa")},
        {**revision("aa", "branch_labels = ('core',)\n" + NOTHING), **revision("bb", NOTHING, "core")},
        {**revision("aa", "depends_on = 'bb'\n" + NOTHING), **revision("bb", NOTHING, "aa")},
        {**revision("aa", "depends_on = 'zz'\n" + NOTHING)},
        {**revision("aa", NOTHING), "versions/helpers.py": "X = 1\n"},
        {**revision("aa", NOTHING, "")},
    ],
    ids=[
        "missing",
        "itself",
        "cycle",
        "label",
        "dependency cycle",
        "missing dependency",
        "no revision",
        "empty string",
    ],
)
def test_605_each_kind_fails(files: dict[str, str], tmp_path: Path) -> None:
    assert History(tmp_path, "sqlite://", files).raised_by_history() is not None
    found = lint(
        {
            **{f"migrations/{p}": t for p, t in files.items()},
            "migrations/env.py": ENV,
            "requirements.txt": "alembic==1.20",
        }
    )
    assert [f.code for f in found if f.code in ("SAL604", "SAL605", "SAL606")] == ["SAL605"]


def test_605_a_dependency_may_be_a_label(tmp_path: Path) -> None:
    files = {
        **revision("aa", "branch_labels = ('core',)\n" + NOTHING),
        **revision("bb", "depends_on = 'core'\n" + NOTHING),
    }
    assert History(tmp_path, "sqlite://", files).raised_by_history() is None


def test_606_one_of_the_two_is_never_run(page: Page) -> None:
    history = page("SAL606", "Bad")
    assert "Multiple head revisions" in str(history.upgrade().error)  # as long as nothing follows
    assert history.upgrade("5e6f").error is None
    with sa.create_engine(history.url).connect() as connection:
        inspector = sa.inspect(connection)
        columns = {c["name"] for t in ("users", "posts") for c in inspector.get_columns(t)}
    assert len(columns & {"locale", "slug"}) == 1


def test_606_with_ids_of_their_own_both_are(page: Page) -> None:
    history = page("SAL606", "Good")
    assert history.upgrade().error is None
    with sa.create_engine(history.url).connect() as connection:
        inspector = sa.inspect(connection)
        columns = {c["name"] for t in ("users", "posts") for c in inspector.get_columns(t)}
    assert columns >= {"locale", "slug"}


# --- SAL642 ---


def test_642_the_other_connection_does_not_see_the_table(page: Page) -> None:
    history = page("SAL642", "Bad")
    if is_sqlite(history):
        pytest.skip("SQLite commits DDL at once under this driver")
    assert 'relation "roles" does not exist' in str(history.upgrade().error)


def test_642_on_the_bind_it_works(page: Page) -> None:
    history = page("SAL642", "Good")
    assert history.upgrade().error is None
    assert history.execute("SELECT name FROM roles") == ["admin"]


def test_642_the_other_connection_waits_for_the_lock(postgres: str, tmp_path: Path) -> None:
    start = f"def upgrade():\n    {TABLE.format('t1')}\n"
    body = (
        'def upgrade():\n    op.add_column("t1", sa.Column("a", sa.Integer))\n'
        "    with op.get_bind().engine.begin() as other:\n"
        "        other.execute(sa.text(\"SET lock_timeout = '300ms'\"))\n"
        '        other.execute(sa.text("UPDATE t1 SET id = id"))\n'
    )
    history = History(tmp_path, postgres, {**revision("aa", start), **revision("bb", body, "aa")})
    history.upgrade("aa")
    assert "lock timeout" in str(history.upgrade("bb").error)


# --- SAL646 ---


def test_646_begin_raises(page: Page) -> None:
    assert "InvalidRequestError" in repr(page("SAL646", "Bad").upgrade().error)


def test_646_without_it_the_migration_runs(page: Page) -> None:
    assert page("SAL646", "Good").upgrade().error is None


def test_646_a_savepoint_may_begin(one: One) -> None:
    outcome = one(TABLE.format("t1"), "with op.get_bind().begin_nested():", "    " + TABLE.format("t2")).upgrade()
    assert (outcome.error, outcome.stamp, outcome.tables) == (None, "aa", BOTH)


def test_alembic_is_not_imported_by_reading_migrations() -> None:
    """Reading histories needs none of the libraries that they are written for."""
    code = "import sys, sqlalint.engine, sqlalint.project.migrations.walk; print('alembic' in sys.modules or 'sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
