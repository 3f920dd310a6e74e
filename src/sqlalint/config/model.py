"""The options of `[tool.sqlalint]` and `sqlalint.toml`, typed."""

from typing import Literal

from msgspec import Struct

from sqlalint.report.finding import Confidence, Severity

Option = bool | int | float | str | list[str]
FailOn = Literal["error", "warning", "info", "never"]


class TargetVersions(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The versions that the code is to run with; what is not given is inferred."""

    sqlalchemy: str | None = None
    alembic: str | None = None
    fastapi: str | None = None
    python: str | None = None
    postgresql: str | None = None
    mysql: str | None = None
    mariadb: str | None = None
    sqlite: str | None = None
    oracle: str | None = None
    mssql: str | None = None


class Options(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True):
    """One configuration file. None and empty stand for *not set*: the default holds.

    `severity` and `rules` are keyed by a rule's name or code.
    """

    extend: str | None = None
    select: list[str] | None = None
    ignore: list[str] | None = None
    extend_select: list[str] = []
    per_file_ignores: dict[str, list[str]] = {}
    exclude: list[str] | None = None
    extend_exclude: list[str] = []
    confidence: Confidence | None = None
    fail_on: FailOn | None = None
    severity: dict[str, Severity] = {}
    base: str | None = None
    start_after: str | list[str] | None = None
    script_locations: list[str] | None = None
    import_roots: list[str] | None = None
    dialects: list[str] | None = None
    target_versions: TargetVersions = TargetVersions()
    small_tables: list[str] = []
    rules: dict[str, dict[str, Option]] = {}
    returns: dict[str, str] = {}
    attributes: dict[str, str] = {}
    sessions: list[str] = []
