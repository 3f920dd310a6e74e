"""The options of `[tool.sqlalint]` and `sqlalint.toml`, typed.

The text below each key is its documentation: the page of settings and the JSON schema are made of it. Its first
paragraphs say what the key does, the line `Default:` what holds without it, the indented lines are an example.
"""

from typing import Literal

from msgspec import Struct

from sqlalint.report.finding import Confidence, Severity

Option = bool | int | float | str | list[str]
FailOn = Literal["error", "warning", "info", "never"]
Dialect = Literal[
    "postgresql",
    "mysql",
    "mariadb",
    "sqlite",
    "oracle",
    "mssql",
    "cockroachdb",
    "redshift",
    "snowflake",
    "bigquery",
    "duckdb",
    "clickhouse",
]


class TargetVersions(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The versions that the code is to run with.

    A series (`2.0` is every 2.0.x), or a specifier (`>=1.4,<2.1`).
    """

    sqlalchemy: str | None = None
    """Default: what the dependency files allow, else 2.0 where `Mapped` or `DeclarativeBase` is used, else 1.4."""
    alembic: str | None = None
    """Default: what the dependency files allow, else the oldest supported."""
    fastapi: str | None = None
    """Default: what the dependency files allow."""
    python: str | None = None
    """Default: what `requires-python` allows, else the oldest supported."""
    postgresql: str | None = None
    """Default: 14."""
    mysql: str | None = None
    mariadb: str | None = None
    sqlite: str | None = None
    oracle: str | None = None
    mssql: str | None = None


class Options(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True):
    """One configuration file of sqlalint.

    None and empty stand for *not set*: the default holds. `severity` and `rules` are keyed by a rule's name or code.
    """

    extend: str | None = None
    """Another configuration file, whose options hold where this one says nothing.

    The path is relative to this file. Of `extend-select` and `extend-exclude` both lists hold, tables are merged entry
    by entry, everything else is replaced. Patterns and paths in the other file are relative to *its* folder where the
    project is in that folder or around it, else to the project's root.

    Default: none.

        extend = "../sqlalint.toml"
    """

    select: list[str] | None = None
    """The rules that are on, instead of those that are on by default: codes, prefixes, names, families or `ALL`.

    Of two selectors the longer wins, and `ignore` where they are equally long. `--select` replaces this list.

    Default: the rules that are on by default.

        select = ["loading", "SAL5", "multiple-heads"]
    """

    ignore: list[str] | None = None
    """Rules that are off.

    Default: none.

        ignore = ["missing-downgrade"]
    """

    extend_select: list[str] = []
    """Rules that are on besides those of `select`, or besides those that are on by default.

    Default: none.

        extend-select = ["suppression-without-reason"]
    """

    per_file_ignores: dict[str, list[str]] = {}
    """Rules that are off in some files: selectors of rules by a pattern of paths.

    A pattern without `/` matches the name of a file or folder anywhere, one with `/` a path from the folder of this
    file on. `*` crosses `/`, `**/` stands for any folders or none, `{a,b}` for either. A pattern that begins with `!`
    means all other files.

    Default: none.

        [per-file-ignores]
        "reports/**" = ["loading"]
        "!app/**" = ["SAL101"]
    """

    exclude: list[str] | None = None
    """Files and folders that are not analysed, instead of those that are left out by default.

    Patterns are those of `per-file-ignores`, without `!`. What `.gitignore` ignores is left out besides.

    Default: {excludes}.

        exclude = [".venv", "node_modules", "vendor"]
    """

    extend_exclude: list[str] = []
    """Files and folders that are not analysed either, besides those of `exclude`.

    Default: none.

        extend-exclude = ["templates", "app/generated/*.py"]
    """

    confidence: Confidence | None = None
    """The least sure findings that are shown.

    Default: `certain`.

        confidence = "likely"
    """

    fail_on: FailOn | None = None
    """The least grave findings that make the exit status 1.

    Default: `info`, which is all of them.

        fail-on = "warning"
    """

    severity: dict[str, Severity] = {}
    """Severities of rules in place of their own, by a rule's name or code.

    Default: each rule's own, which `sqlalint rules` lists.

        [severity]
        foreign-key-without-index = "error"
        SAL101 = "info"
    """

    base: str | None = None
    """The git reference whose revisions count as applied: a migration that it has is not judged as new.

    Default: what CI says, else the merge base with `origin/HEAD`, `origin/main`, `origin/master`, `main` or `master`.

        base = "origin/develop"
    """

    start_after: str | list[str] | None = None
    """Revision ids; those that come after them are open, all others count as applied. One for each script tree.

    It goes before `base`.

    Default: none.

        start-after = "3f2a91c0d1e4"
    """

    script_locations: list[str] | None = None
    """Folders of Alembic, where it cannot be told from ini files or `pyproject.toml`, relative to the project's root.

    Default: what `alembic.ini` and `[tool.alembic]` name, and folders with an `env.py` of Alembic.

        script-locations = ["services/billing/migrations"]
    """

    dialects: list[Dialect] | None = None
    """The databases that the code is to run on.

    Default: those of URLs, imports and drivers; `sqlalint config` shows which, and from where.

        dialects = ["postgresql", "sqlite"]
    """

    target_versions: TargetVersions = TargetVersions()
    """The versions that the code is to run with: a series (`2.0` is every 2.0.x), or a specifier (`>=1.4,<2.1`).

    Default: what dependency files allow, else the oldest supported; `sqlalint config` shows which, and from where.

        [target-versions]
        sqlalchemy = "2.0"
        postgresql = "15"
    """

    small_tables: list[str] = []
    """Tables that stay small: that a foreign key to one of them lacks an index is no more than `likely` to hurt.

    Default: none, apart from tables whose names say so (types, states, countries) or whose keys are words.

        small-tables = ["countries", "currencies"]
    """

    rules: dict[str, dict[str, Option]] = {}
    """The options of single rules, by a rule's name or code. No rule has any yet.

    Default: none.

        [rules]
    """

    returns: dict[str, str] = {}
    """Hints: what a function or method returns, as an annotation would say it, both by their full names.

    Where following the function says more, that holds. Of an `async` function it is what `await` gives, of a context
    manager what `as` binds. Generic types of Python need no full name.

    Where that depends on the arguments, `rows(query)` is a list of the rows of the statement, or of the class, that is
    given for the parameter `query` and that the function executes; `row(query)` is the first of them. Further arguments
    of `rows` are loader options. `{"items": rows(query)}` is an object or dict with that part, `self.model` an attribute
    of what a method is called on, `a or b` the first that is given. The parameters of a library's function stand behind
    its name. [Hints](hints.md) has examples of all kinds.

    Default: what following the function says, else its annotation.

        [returns]
        "app.deps.get_repo" = "app.repo.UserRepo"
        "app.repo.Repo.page" = "list[app.models.User]"
        "app.db.open_session" = "sqlalchemy.ext.asyncio.AsyncSession"
        "flask_login.utils.current_account" = "app.models.Account | None"
        "app.paging.paginate" = "{'items': rows(query), 'total': int}"
        "acme.paging.fetch(session, query)" = "rows(query)"
    """

    attributes: dict[str, str] = {}
    """Hints: what an attribute of a class, a variable of a module or an expression is, as an annotation would say it.

    Names are full ones. A name that is none of the project or of a library is an expression as it is written, which
    may stand behind `self.` as well. What a function assigns to it itself goes before.

    Default: what annotations and assignments say.

        [attributes]
        "app.views.Base.repo" = "app.repo.UserRepo"
        "flask_login.current_user" = "app.models.User"
        "request.user" = "app.models.User"
    """

    sessions: list[str] = []
    """Hints: variables, attributes, functions and expressions that are, or return, a synchronous session.

    Their names are those of `attributes` and `returns`. That something is an asynchronous session is said there:
    `"request.db" = "sqlalchemy.ext.asyncio.AsyncSession"`.

    Default: what annotations and calls say.

        sessions = ["app.db.session", "app.db.get_session", "request.db"]
    """

    preloads: dict[str, list[str]] = {}
    """Hints: the relationships that a function loads for objects that were queried before, all by their full names.

    Default: what options of the queries in the function say.

        [preloads]
        "app.loading.preload_authors" = ["app.models.Post.author"]
    """
