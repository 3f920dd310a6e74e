"""Which databases a project talks to: from its configuration, its URLs, its imports and its drivers."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from sqlalint.facts.expression import Attribute, Call, Expr, Literal, Name, Text, dotted, walk
from sqlalint.facts.statement import Assign, Statement, expressions, walk_statements
from sqlalint.project.dependencies import Requirement
from sqlalint.project.project import Project
from sqlalint.project.symbols import Definition

_NAMES = {
    "postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql", "mariadb": "mariadb", "sqlite": "sqlite",
    "oracle": "oracle", "mssql": "mssql", "cockroachdb": "cockroachdb", "redshift": "redshift", "snowflake": "snowflake",
    "bigquery": "bigquery", "duckdb": "duckdb", "clickhouse": "clickhouse", "clickhousedb": "clickhouse",
}  # fmt: skip

_DRIVERS = {
    "psycopg2": "postgresql", "psycopg2-binary": "postgresql", "psycopg": "postgresql", "psycopg-binary": "postgresql",
    "asyncpg": "postgresql", "pg8000": "postgresql", "psycopg2cffi": "postgresql",
    "pymysql": "mysql", "mysqlclient": "mysql", "aiomysql": "mysql", "asyncmy": "mysql",
    "mysql-connector-python": "mysql", "mariadb": "mariadb",
    "aiosqlite": "sqlite", "pysqlite3": "sqlite", "pysqlite3-binary": "sqlite", "sqlcipher3": "sqlite",
    "cx-oracle": "oracle", "oracledb": "oracle", "pyodbc": "mssql", "pymssql": "mssql", "aioodbc": "mssql",
    "sqlalchemy-bigquery": "bigquery", "snowflake-sqlalchemy": "snowflake", "duckdb-engine": "duckdb",
    "sqlalchemy-redshift": "redshift", "sqlalchemy-cockroachdb": "cockroachdb",
}  # fmt: skip

_URL = re.compile(r"([a-z]+)(?:\+(\w+))?:(?://|$)")
_INI_URL = re.compile(r"^[ \t]*[\w.]+[ \t]*[=:][ \t]*([a-z]+)(?:\+(\w+))?://", re.MULTILINE)
_MAKERS = frozenset({"create_engine", "create_async_engine"})
_DEEPEST = 3


class Dialect(Struct, frozen=True, array_like=True):
    """A dialect in play. `certainty` is `known`, or `inferred` from a driver among the dependencies."""

    name: str
    driver: str
    certainty: str
    source: str


def read_dialects(project: Project, requirements: Iterable[Requirement]) -> tuple[Dialect, ...]:
    """The dialects in play, the known ones first, each once with the first place that tells of it.

    What the configuration lists is all there is.
    """
    if project.settings.dialects:
        return tuple(Dialect(_NAMES.get(d, d), "", "known", "configuration") for d in project.settings.dialects)
    found: dict[str, Dialect] = {}
    for dialect in (*_urls(project), *_imports(project), *_drivers(requirements)):
        before = found.get(dialect.name)
        if before is None:
            found[dialect.name] = dialect
        elif not before.driver and dialect.driver and dialect.certainty == "known":
            found[dialect.name] = Dialect(before.name, dialect.driver, before.certainty, before.source)
    return tuple(found.values())


def of_url(text: str, source: str) -> Dialect | None:
    """The dialect that a database URL names."""
    found = _URL.match(text)
    name = _NAMES.get(found.group(1)) if found else None
    return Dialect(name, found.group(2) or "", "known", source) if found and name else None


def _is_aside(path: str) -> bool:
    *folders, name = path.split("/")
    aside = not {"tests", "test", "docs", "examples"}.isdisjoint(folders)
    return aside or name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py")


def _urls(project: Project) -> Iterator[Dialect]:
    for path, text in sorted(project.texts.items()):
        if path.endswith((".ini", ".cfg")) and not _is_aside(path):
            for name, driver in _INI_URL.findall(text):
                if name in _NAMES:
                    yield Dialect(_NAMES[name], driver, "known", path)
    for path, facts in sorted(project.files.items()):
        if _is_aside(path):
            continue
        is_env = path.rpartition("/")[2] == "env.py" and facts.index.mentions_library
        for entry in facts.index.definitions:
            if is_env or not _MAKERS.isdisjoint(entry.mentions):
                statement = project.statement(path, entry.key)
                if statement is not None:
                    yield from _in_statement(project, path, statement, everything=is_env)


def _in_statement(project: Project, path: str, statement: Statement, *, everything: bool) -> Iterator[Dialect]:
    for inner in walk_statements((statement,)):
        for expression in expressions(inner):
            for part in walk(expression):
                if everything:
                    yield from _literal(part, path)
                if isinstance(part, Call) and (dotted(part.function) or "").rpartition(".")[2] in _MAKERS:
                    for argument in (*part.arguments, *(k.value for k in part.keywords if k.name == "url")):
                        yield from _in_argument(project, path, argument, 0)


def _literal(expression: Expr, path: str) -> Iterator[Dialect]:
    text = expression.value if isinstance(expression, Literal) else None
    if isinstance(text, str):
        found = of_url(text, path)
        # `postgresql:` is how URL.create's drivername never ends: outside of URLs a colon is needed with slashes
        if found and "://" in text:
            yield found


def _in_argument(project: Project, path: str, argument: Expr, depth: int) -> Iterator[Dialect]:
    """URLs in the argument of `create_engine`, module constants followed; a driver name where it is `URL.create`'s."""
    for part in walk(argument):
        yield from _literal(part, path)
        if isinstance(part, Text) and part.parts:
            yield from _literal(part.parts[0], path)
        elif isinstance(part, Call) and (dotted(part.function) or "").endswith(("URL.create", "URL")):
            name = part.keyword("drivername") or (part.arguments[0] if part.arguments else None)
            if isinstance(name, Literal) and isinstance(name.value, str):
                found = of_url(name.value + "://", path)
                if found:
                    yield found
        elif isinstance(part, Name | Attribute) and depth < _DEEPEST:
            symbol = project.resolve(path, dotted(part) or "")
            statement = project.statement(symbol.path, symbol.key) if isinstance(symbol, Definition) else None
            if isinstance(symbol, Definition) and isinstance(statement, Assign) and statement.value is not None:
                yield from _in_argument(project, symbol.path, statement.value, depth + 1)


def _imports(project: Project) -> Iterator[Dialect]:
    for path, facts in sorted(project.files.items()):
        if not facts.index.mentions_library or _is_aside(path):
            continue
        for found in facts.index.imports:
            module = found.module if found.name is None else f"{found.module}.{found.name}"
            if not found.level and module.startswith("sqlalchemy.dialects."):
                name = _NAMES.get(module.split(".")[2])
                if name:
                    yield Dialect(name, "", "known", path)


def _drivers(requirements: Iterable[Requirement]) -> Iterator[Dialect]:
    """What drivers among the dependencies infer; locks hold others' dependencies too and count where nothing else does."""
    direct = [r for r in requirements if not r.source.endswith(".lock")]
    for requirement in direct or requirements:
        if requirement.name in _DRIVERS:
            yield Dialect(_DRIVERS[requirement.name], requirement.name, "inferred", requirement.source)
