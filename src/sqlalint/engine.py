"""From a tree to findings: read, link, follow, judge. The one place that calls the layers in their order."""

import gc
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from sqlalint.analysis import Analysis, Crash, Understood, is_text
from sqlalint.cache import Cache
from sqlalint.config.select import RETIRED
from sqlalint.facts.file import Failure
from sqlalint.facts.span import Spot
from sqlalint.flow.analysis import follow_all
from sqlalint.flow.causes import Causes
from sqlalint.flow.empties import empty_by_mapper, empty_by_option
from sqlalint.flow.events import (
    AsyncRead,
    ExpiredRead,
    ExpiringFactory,
    LoopReads,
    RaisedRead,
    RepeatedQuery,
    RowsExpired,
    SerializedReads,
    StatementExecuted,
)
from sqlalint.hashing import blake2b
from sqlalint.project.history.migration import migrations
from sqlalint.project.migrations.opened import Outline, outline
from sqlalint.project.models.keys import unindexed_keys
from sqlalint.project.models.metadata import unnamed_constraints
from sqlalint.project.models.written import application_tables, deleted_parents, open_one_to_ones, written_defaults
from sqlalint.project.project import Project, Records
from sqlalint.project.settings import Settings
from sqlalint.project.suppressions import SuppressionComment, UnusedSuppression, suppression_comments
from sqlalint.reading import Progress, read_tree
from sqlalint.report.finding import Finding, Note, PlacedEdit, PlacedFix, Reported, Severity
from sqlalint.report.reporter import UNUSED
from sqlalint.report.scope import MigrationTree
from sqlalint.report.suppressions import Suppressions, Written
from sqlalint.rules.registry import Rule, all_rules
from sqlalint.source.snapshot import Snapshot
from sqlalint.source.tree import Tree

_T = TypeVar("_T")


def analyse(
    tree: Tree,
    settings: Settings,
    *,
    by_hand: Collection[str] = (),
    progress: Progress | None = None,
    cache: Cache | None = None,
    jobs: int | None = None,
) -> Analysis:
    """Analyse a whole tree. Never raises for what the tree contains.

    `by_hand` are files that were named themselves: tests among them are read as application code. `progress` is
    called with the number of files that were read and of all. `cache` keeps the facts of files and the results of
    following functions; see `sqlalint.run` for whole results. `jobs` is the number of processes that read.
    """
    project = read_project(tree, settings, by_hand=by_hand, progress=progress, cache=cache, jobs=jobs)
    with _without_collector():
        judged = judge(project)
    crashes = judged.crashes
    return Analysis(
        findings=tuple(judged.findings),
        understood=(*judged.understood, *_attempt(understood, project, crashes)),
        files=len(project.files) + len(project.failures),
        unreadable={path: failure.message for path, failure in project.failures.items()},
        trees=tuple(_attempt(script_trees, project, crashes)),
        histories=tuple(_attempt(histories, project, crashes)),
        crashes=tuple(crashes),  # last: what is above may add to them
    )


@contextmanager
def _without_collector() -> Iterator[None]:
    """Nothing that is made on the way is part of a cycle: looking for some costs time and finds none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _attempt(work: Callable[[Project], Iterable[_T]], project: Project, crashes: list[Crash]) -> Iterable[_T]:
    """What `work` gives, or nothing where it raises, which then is one of the crashes."""
    try:
        return work(project)
    except Exception as error:
        crashes.append(crash("", "", error))
        return ()


def script_trees(project: Project) -> tuple[MigrationTree, ...]:
    """The script trees as far as reporting needs them."""
    from sqlalint.project.migrations.reach import imports_of_env

    return tuple(
        MigrationTree(tuple(dict.fromkeys((tree.folder, *tree.versions))), imports_of_env(project, tree))
        for tree in project.migrations.trees
    )


def histories(project: Project) -> list[Outline]:
    """The revisions of each script tree, as far as telling open ones from applied ones needs them."""
    return [outline(tree) for tree in project.migrations.trees]


def read_project(
    tree: Tree,
    settings: Settings,
    *,
    by_hand: Collection[str] = (),
    progress: Progress | None = None,
    cache: Cache | None = None,
    jobs: int | None = None,
) -> Project:
    """The project of a tree: every Python file's facts, and the texts that tell versions, dialects and script trees."""
    snapshot = tree if isinstance(tree, Snapshot) else Snapshot(tree)
    read = read_tree(snapshot, by_hand=by_hand, cache=cache, jobs=jobs, progress=progress)
    failures, texts = dict(read.failures), {}
    for path in snapshot.paths():
        if is_text(path):
            try:
                texts[path] = snapshot.read(path).decode("utf-8", "replace")
            except OSError as problem:
                failures[path] = Failure(f"cannot be read: {problem.strerror or problem}", 1, 1, True, False)
    project = Project(read.files, failures, texts, settings)
    if cache is not None:
        under = msgspec.msgpack.encode(settings, order="deterministic")
        project.records = Records(
            cache,
            {path: blake2b(under + key, digest_size=16).digest() for path, key in read.keys.items()},
            {path: blake2b(under + path.encode(), digest_size=16).digest() for path in read.keys},
        )
    return project


Source = Callable[[Project], Iterable[Any]]

# Every fact that a rule may judge.
SOURCES: tuple[Source, ...] = (
    lambda project: project.unreadable,
    lambda project: project.migrations.trees,
    lambda project: project.migrations.revisions,
    migrations,
    suppression_comments,
    unindexed_keys,
    written_defaults,
    deleted_parents,
    open_one_to_ones,
    lambda project: application_tables(project.models),
    lambda project: (project.models,),
    unnamed_constraints,
    empty_by_mapper,
)


def subjects(project: Project) -> Iterator[Any]:
    """The facts that rules judge, one by one; in place of those that a defect of ours costs, a `Crash`."""
    for source in SOURCES:
        try:
            yield from source(project)
        except Exception as error:
            yield crash("", "", error)
    yield from followed(project)


def followed(project: Project) -> Iterator[Any]:
    """What following the functions that query brings to light."""
    known = (project.records.store, project.records.paths) if project.records else ()
    causes = Causes()
    for path, found in follow_all(project, *known):
        if isinstance(found, Exception):
            yield crash("", path, found)
            continue
        causes.add(found)
        yield from found.consumed
        yield from found.versions
        yield from found.awaits
        yield from found.counted
        yield from found.one_column
        yield from found.texts
        yield Loops(found.loops_understood, found.loops)
    expired = causes.of(ExpiredRead)
    yield from expired
    yield from expiring_factories(project, expired)
    for kind in (LoopReads, SerializedReads, AsyncRead, RaisedRead, RepeatedQuery, RowsExpired):
        yield from causes.of(kind)
    executed = tuple(causes.executed)
    yield from executed
    yield from empty_by_option(project, executed)


def expiring_factories(project: Project, expired: Iterable[ExpiredRead]) -> Iterator[ExpiringFactory]:
    """The factories whose sessions expire their objects on commit, but for those that a read after one speaks of."""
    made = [f for f in project.session_factories if f.expires]
    reads = [r for r in expired if r.how == "commit"]
    named = {r.factory for r in reads}
    if None in named and len(made) == 1:
        return
    yield from (ExpiringFactory(f) for f in made if f.commits and f.at not in named)


class Loops(Struct, frozen=True):
    """How many of a function's loops over rows were understood."""

    known: int
    total: int


class Judged(NamedTuple):
    """What the rules said of a project, what defects of ours cost, and how much of the loops was understood."""

    findings: list[Reported]
    crashes: list[Crash]
    understood: tuple[Understood, ...]


def judge(project: Project) -> Judged:
    """What all rules say of all facts."""
    rules: dict[type, list[Rule]] = {}
    for rule in all_rules():
        rules.setdefault(rule.subject, []).append(rule)
    found: list[tuple[Rule, Finding]] = []
    crashes: list[Crash] = []
    said: set[tuple[str, Spot, str]] = set()  # several executions of a statement may give rise to the same
    known = total = 0

    def ask(subject: Any) -> None:
        for rule in rules.get(type(subject), ()):
            try:
                for finding in tuple(rule.check(subject, project)):
                    key = (rule.code, finding.at, finding.message)
                    if not isinstance(subject, StatementExecuted) or key not in said:
                        said.add(key)
                        found.append((rule, finding))
            except Exception as error:  # broad on purpose: a defect of ours must cost nothing else
                crashes.append(crash(rule.name, _path_of(subject), error))

    for subject in subjects(project):
        if isinstance(subject, Crash):
            crashes.append(subject)
        if isinstance(subject, Loops):
            known, total = known + subject.known, total + subject.total
        ask(subject)
    loops = (Understood("loops over rows", known, total),) if total else ()
    suppressions = Suppressions({path: file.index.suppressions for path, file in project.files.items()})
    placed = suppressions.mark(place(project, rule, finding) for rule, finding in found)
    for itself in (False, True) if not crashes else ():
        found.clear()
        for unused in _unused(suppressions, itself):
            ask(unused)
        placed += suppressions.mark(place(project, rule, finding) for rule, finding in found)
    return Judged(number(placed), crashes, loops)


def _unused(suppressions: Suppressions, itself: bool) -> list[UnusedSuppression]:
    """The rules that comments name for nothing, as far as all other findings have been held against them.

    `itself`: of those that name the rule on unused suppressions, which are judged when its other findings are known.
    """
    codes = {word.lower(): word for word in RETIRED}
    codes.update({word.lower(): rule.code for rule in all_rules() for word in (rule.name, rule.code)})
    unused = [w for w in suppressions.unused(codes) if (codes[w.entry.word.lower()] == UNUSED) is itself]
    gone = set(unused)

    def has_rest(written: Written) -> bool:
        entries = written.comment.entries
        return written.comment.others or any(Written(written.path, written.comment, e) not in gone for e in entries)

    return [UnusedSuppression(SuppressionComment(w.path, w.comment), w.entry, has_rest(w)) for w in unused]


def crash(rule: str, path: str, error: Exception) -> Crash:
    """An exception of a rule ("": of what rules stand on), with the file that it was about where that can be told."""
    import traceback

    return Crash(rule, path, f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))


def _path_of(subject: Any) -> str:
    at = getattr(subject, "at", None)
    return getattr(at, "path", "") or getattr(subject, "path", "")


def place(project: Project, rule: Rule, finding: Finding) -> Reported:
    """A finding with its rule, and with the rows of the file."""
    fix = finding.fix and PlacedFix(
        finding.fix.message,
        tuple(PlacedEdit(project.place(e.at), e.content) for e in finding.fix.edits),
        finding.fix.safe,
    )
    return Reported(
        code=rule.code,
        name=rule.name,
        family=rule.family,
        severity=finding.severity or rule.severity,
        confidence=finding.confidence,
        default=rule.default,
        message=finding.message,
        help=finding.help,
        place=project.place(finding.at),
        related=tuple(Note(r.message, project.place(r.at), r.cause) for r in finding.related),
        identity=finding.identity,
        fingerprint="",
        fix=fix or None,
        revision=finding.at.path if rule.speaks == "open" else "",
        open_only=rule.speaks == "open",
    )


def number(findings: Iterable[Reported]) -> list[Reported]:
    """Findings in order of place, each with its fingerprint: of path, code, identity and its number among equals."""
    seen: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
    numbered = []
    for finding in sorted(findings, key=lambda f: (f.place, f.code, f.message)):
        key = (finding.place.path, finding.code, finding.identity)
        seen[key] += 1
        text = "\0".join((*key[:2], *key[2], str(seen[key])))
        fingerprint = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        numbered.append(msgspec.structs.replace(finding, fingerprint=fingerprint))
    return numbered


def understood(project: Project) -> list[Understood]:
    """What was understood of the project, with its denominators."""
    known, total = project.models.understood
    return [Understood("models", known, total)] if total else []


__all__ = ["Analysis", "Severity", "analyse", "judge", "read_project"]
