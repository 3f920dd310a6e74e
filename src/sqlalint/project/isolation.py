"""Isolation levels that the project's code asks for."""

from collections.abc import Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.project.project import Project

_WORDS = frozenset({"SERIALIZABLE", "REPEATABLE", "default_transaction_isolation"})
_WEAK = frozenset({"AUTOCOMMIT", "READ COMMITTED", "READ UNCOMMITTED"})


def keeps_snapshots(project: Project) -> bool:
    """Whether code of the project may ask for an isolation level in which a write onto what has changed is refused.

    One that is not read counts: it may be. Where it is asked for is not looked at, as sessions are handed about. A
    version that mappers are told of apart from their classes counts like it: the second writer is refused as well.
    """
    for path, facts in project.files.items():
        for entry in facts.index.definitions:
            if not _WORDS.isdisjoint(entry.mentions):
                return True
            if "version_id_col" in entry.mentions and entry.kind == "function" and not entry.owner:
                return True
            if "isolation_level" in entry.mentions and _asks(project.statement(path, entry.key)):
                return True
    return any("default_transaction_isolation" in text for text in project.texts.values())


def _asks(statement: st.Statement | None) -> bool:
    return statement is not None and any(
        not isinstance(level, ex.Literal) or str(level.value or "AUTOCOMMIT").replace("_", " ").upper() not in _WEAK
        for level in _levels(statement)
    )


def _levels(statement: st.Statement) -> Iterator[ex.Expr]:
    """What is given as `isolation_level`, by keyword or in a dict."""
    for expression in st.walk_expressions((statement,)):
        if isinstance(expression, ex.Call) and (level := expression.keyword("isolation_level")) is not None:
            yield level
        if isinstance(expression, ex.Mapping):
            for key, value in zip(expression.keys, expression.values, strict=True):
                if isinstance(key, ex.Literal) and key.value == "isolation_level":
                    yield value
