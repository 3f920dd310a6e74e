"""A revision changes the schema and has no way back.

## Why is this bad?
`alembic downgrade` past this revision moves the version stamp and leaves everything else as it is. The database then
claims to be older than it is: the next `alembic upgrade` creates what is there already, and fails. That is found out
when a deploy has to be rolled back.

Where most revisions of a tree have no downgrade, the rule says so once for the tree, at the newest of them.

## Bad
```python
def upgrade():
    op.create_table("roles", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    pass
```

## Good
```python
def upgrade():
    op.create_table("roles", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("roles")
```

## When not to use it
Where a project never goes back, and says so once: ignore the rule. Where a single revision cannot be undone, let
`downgrade()` raise, or say so in a comment in it (`# irreversible: the values are gone`); the rule is then silent. A
comment of four words and more counts, whatever it says, unless it is code or a TODO. The rule is silent too about
merges and revisions that do nothing.

## What it cannot see
Whether a downgrade that does something undoes the upgrade.
"""

import re
from collections.abc import Iterator

from sqlalint.facts.expression import Literal, Opaque
from sqlalint.facts.span import Span, Spot
from sqlalint.facts.statement import Evaluate, Function, Nothing, Return, Statement
from sqlalint.project.migrations import Revision, ScriptTree, graph
from sqlalint.project.migrations.changes import Change, lasting
from sqlalint.project.migrations.operations import Body, Directive, Step
from sqlalint.project.migrations.reverse import reversal
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Edit, Finding, Fix, Related, Severity
from sqlalint.rules.registry import rule

_SMALL = 5  # a tree of fewer revisions is judged one by one

_INTENT = re.compile(
    r"irreversib|non[- ]?reversib|not? revers|(no|without|skip\w*|never|don'?t|do not|avoid|unable to|impossible to) "
    r"(?:a |the |any |this |to )*(?:\w+ )?(downgrad|going back|roll\w* ?back|revert|undo|restor|recover|way back)"
    r"|(can(no|')t|can not|could not|won'?t|will not|should not|shouldn'?t|must not) (?:be |simply |really |easily |safely )*"
    r"(undo|undone|downgrad|revert|revers|restor|recover|roll|go back|get back|bring)"
    r"|(no|not|isn'?t|nothing)\b.{0,40}\b(downgrad|undo|undone|revert|revers|roll(ed)? ?back|supported|possible|needed|required|necessary|to do)"
    r"|(downgrad\w*|rollback|revert\w*|revers\w*)\b.{0,40}\b(not|n't|unsupported|impossible|unnecessary|no-?op|intentional|deliberate|nothing)"
    r"|one[- ]way|forward[- ]only|no-?op\b|intentional|deliberate|on purpose|unsupported|data (is|was|are|were)? ?(lost|gone)|data loss",
    re.IGNORECASE,
)
_IN_DOC = re.compile(
    r"irreversib|not reversib|non[- ]?reversib|no downgrade|downgrade is (not|un|a no-?op)|cannot be (undone|downgraded|reverted)",
    re.IGNORECASE,
)
_NO_PROSE = re.compile(
    r"(noqa|type:|pylint|pragma|fmt:|isort|ruff|nosec|todo|fixme|xxx|hack|wip)\b|[\w.]+\(|[\w.\[\]\"']+\s*=|"
    r"(with|for|if|def|return|pass|import|from|op|conn|connection|bind)\b.*[(:.]$|(with|for|if) .*:$",
    re.IGNORECASE,
)
_KINDS = ("table", "column", "constraint", "index")
_RANK = {"create": 0, "drop": 1, "rename": 2, "alter": 3, "unknown": 4, "data": 5}


@rule("SAL601", "missing-downgrade", severity=Severity.WARNING, fix="unsafe")
def check(tree: ScriptTree, project: Project) -> Iterator[Finding]:
    """Each revision that changes something and has an empty downgrade; one finding where most are like that."""
    empty = [r for r in tree.revisions if not r.is_merge and _is_empty(project, r)]
    works = {r.path: lasting(project.migrations.upgrade(r).steps) for r in empty}
    without = [r for r in empty if works[r.path]]
    told = [r for r in without if not _is_intended(project, r)]
    if not told:
        return
    if len(tree.revisions) >= _SMALL and len(told) * 2 > len(tree.revisions):
        yield _for_tree(tree, told, works)
        return
    for revision in told:
        yield _for_revision(project, revision, works[revision.path])


def _for_tree(tree: ScriptTree, told: list[Revision], works: dict[str, list[tuple[Step, Change]]]) -> Finding:
    order = {r: n for n, r in enumerate(graph.oldest_first(graph.parents(tree.revisions)))}
    newest = max(told, key=lambda r: (order.get(r.id, 0), r.path))
    surest = any(_is_certain(works[r.path]) for r in told)
    return Finding(
        at=_place(newest),
        message=(
            f"`downgrade()` is empty in {len(told)} of {len(tree.revisions)} revisions of `{tree.folder}`: going back "
            f"past them moves the version stamp and leaves the schema as it is"
        ),
        help="Write downgrades from here on, or ignore this rule where the project never goes back",
        identity=("tree", tree.id),
        confidence=Confidence.CERTAIN if surest else Confidence.LIKELY,
    )


def _for_revision(project: Project, revision: Revision, work: list[tuple[Step, Change]]) -> Finding:
    upgrade = project.migrations.upgrade(revision)
    lines = reversal(project, upgrade)
    if revision.downgrade is None:
        said = f"`downgrade()` is missing: going back past `{revision.id}` ends with AttributeError"
    else:
        said = f"`downgrade()` is empty: going back past `{revision.id}` {_left(work)}"
    step = work[0][0]
    return Finding(
        at=_place(revision),
        message=said,
        help=_help(lines),
        identity=(revision.id,),
        confidence=Confidence.CERTAIN if _is_certain(work) else Confidence.LIKELY,
        related=(Related("what it would have to undo begins here", step.at),),
        fix=_fix(project, revision, upgrade, lines) if lines else None,
    )


def _help(lines: list[str] | None) -> str:
    if lines is None:
        return "Undo the upgrade there, or raise, or say in a comment why there is no way back"
    code = "; ".join(f"`{line.strip()}`" for line in lines[:4])
    return f"{code}{' ...' if len(lines) > 4 else ''}"


def _is_certain(work: list[tuple[Step, Change]]) -> bool:
    return any(change.verb != "data" for _, change in work)


def _place(revision: Revision) -> Spot:
    key = revision.downgrade or revision.upgrade
    return Spot(revision.path, key, Span(1, 1, 1, 4)) if key else revision.at


# --- what is missing ---


def _is_empty(project: Project, revision: Revision) -> bool:
    """Whether there is no downgrade, or one that does nothing."""
    if revision.upgrade is None:
        return False
    if revision.downgrade is None:
        return revision.binds.isdisjoint({"downgrade", "*"})
    function = project.function(revision.path, revision.downgrade)
    return function is not None and all(_is_nothing(s) for s in function.body)


def _is_nothing(statement: Statement) -> bool:
    match statement:
        case Nothing() | Return(value=None) | Return(value=Literal()) | Evaluate(value=Literal()):
            return True
        case Evaluate(value=value):
            return isinstance(value, Opaque) and not value.parts  # `...`
        case _:
            return False


def _is_intended(project: Project, revision: Revision) -> bool:
    """Whether a comment or docstring says that there is no way back."""
    if _IN_DOC.search(revision.doc):
        return True
    function = project.function(revision.path, revision.downgrade) if revision.downgrade else None
    if function is None:
        return False
    texts = [s.value.value for s in function.body if isinstance(s, Evaluate) and isinstance(s.value, Literal)]
    said = " ".join(str(t) for t in (*texts, *function.remarks))
    return bool(_INTENT.search(" ".join(said.split()))) or any(_is_prose(r) for r in function.remarks)


def _is_prose(remark: str) -> bool:
    """Whether a comment is a sentence that somebody wrote: neither a template's, nor a tool's, nor code, nor a plan.

    Who writes one where nothing is done has thought about it.
    """
    text = remark.lstrip("#:! ").strip()
    return not text.endswith("###") and not _NO_PROSE.match(text) and len(text.split()) >= 4


def _left(work: list[tuple[Step, Change]]) -> str:
    """What going back leaves behind, of the change that matters most."""

    def weight(entry: tuple[Step, Change]) -> tuple[bool, int, int]:
        change = entry[1]
        kind = _KINDS.index(change.what) if change.what in _KINDS else len(_KINDS)
        return change.name is None and change.verb not in ("data", "unknown"), _RANK.get(change.verb, 9), kind

    step, change = min(work, key=weight)
    name = f"{change.table}.{change.name}" if change.what == "column" and change.table else change.name
    what = f"the {change.what} `{name}`" if name else f"a new {change.what}"
    if change.what == "enum value":
        what = f"the value `{change.name}` of the type `{change.table}`"
    match change.verb:
        case "create" if change.name is None:
            return f"keeps {what}{f' of `{change.table}`' if change.table else ''}"
        case "create":
            once = sum(c.name == change.name and c.what == change.what for _, c in work) == 1
            adds = change.what in ("column", "enum value")
            again = (
                "" if _is_guarded(step) or not once else f" and then fails to {'add' if adds else 'create'} it again"
            )
            return f"keeps {what}{again}"
        case "drop" if change.name is not None:
            return f"does not bring back {what}"
        case "rename" if change.name is not None:
            return f"leaves {what} renamed"
        case "alter" if change.name is not None:
            return f"leaves {what} as it is now"
        case "data":
            return f"leaves the rows{f' of `{change.table}`' if change.table else ''} as `upgrade()` changed them"
        case _:
            return "leaves what `upgrade()` did"


def _is_guarded(step: Step) -> bool:
    """Whether creating it again is skipped where it is there already."""
    if isinstance(step, Directive) and any(k == "if_not_exists" for k, _ in step.arguments):
        return True
    sql = getattr(step, "sql", None) or ""
    return "IF NOT EXISTS" in sql.upper() or "OR REPLACE" in sql.upper() or bool(step.scope.guards)


# --- the fix ---


def _fix(project: Project, revision: Revision, upgrade: Body, lines: list[str]) -> Fix | None:
    if "op" not in revision.binds:
        return None
    edit = _filled(project, revision, lines) if revision.downgrade else _added(project, revision, lines)
    return Fix("Write the downgrade that undoes it", (edit,), safe=False) if edit else None


def _filled(project: Project, revision: Revision, lines: list[str]) -> Edit | None:
    """The last statement of the empty body, replaced; after a docstring alone."""
    key = revision.downgrade or ""
    function = project.function(revision.path, key)
    if not isinstance(function, Function) or not function.body:
        return None
    last = function.body[-1]
    if last.span.row == function.span.row:
        return None
    indent = " " * (last.span.column - 1)
    code = f"\n{indent}".join(lines)
    if isinstance(last, Evaluate) and isinstance(last.value, Literal) and isinstance(last.value.value, str):
        end = Span(last.span.end_row, last.span.end_column, last.span.end_row, last.span.end_column)
        return Edit(Spot(revision.path, key, end), f"\n{indent}{code}")
    return Edit(Spot(revision.path, key, last.span), code)


def _added(project: Project, revision: Revision, lines: list[str]) -> Edit | None:
    """A whole function below `upgrade()`."""
    entry = project.entry(revision.path, revision.upgrade or "")
    facts = project.files.get(revision.path)
    if entry is None or facts is None or entry.end_row >= facts.index.rows:
        return None
    row = entry.end_row + 1
    body = "\n".join(f"    {line}" for line in lines)
    return Edit(Spot(revision.path, "", Span(row, 1, row, 1)), f"\n\ndef downgrade():\n{body}\n")
