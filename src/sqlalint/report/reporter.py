"""What is shown of the findings, and how many are held back by what. Formats only print."""

from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec import Struct

from sqlalint.report.baseline import Known, Matched, match, record
from sqlalint.report.finding import Confidence, Reported, Severity, Suppressed
from sqlalint.report.places import Standing, below, is_less_sure, is_off, standing
from sqlalint.report.scope import ReportSet, RevisionState

UNUSED = "SAL001"  # a suppression that is not needed
_SEVERITIES = list(Severity)  # from the gravest


class Before(Struct, frozen=True):
    """The findings of an earlier state: those that were shown, and those that something else than a comment held back."""

    shown: tuple[Known, ...] = ()
    held: tuple[Known, ...] = ()


class Policy(Struct, frozen=True, kw_only=True):
    """What decides whether a finding is shown.

    `selected` says whether its rule is on there; `severities` are the configured ones, by code or name. `confidence` is the lowest shown tier,
    `severity` the least shown severity. `by_hand` are files that were named themselves: they are application code,
    and open revisions. `migrations` are folders of revisions, `revisions` the state of each by path. `full` tells of a
    run that judges the whole project by all rules that are on: only that can say that a suppression is not needed.
    `baseline` are the entries of the baseline, `exists` tells whether a file is there (relative to the project root).
    `before` is what was found at an earlier state (None: nobody asks), `touched` says whether a line of a finding is
    changed; `new_since` and `diff_base` are the references that these are about.
    `only_named`: fixes may touch no files but those that were named (by a hook, or an editor).
    """

    selected: Callable[[Reported], bool]
    severities: Mapping[str, Severity] = {}
    confidence: Confidence = Confidence.CERTAIN
    severity: Severity = Severity.INFO
    report_set: ReportSet = ReportSet()
    by_hand: frozenset[str] = frozenset()
    migrations: tuple[str, ...] = ()
    revisions: Mapping[str, RevisionState] = {}
    history: bool = False
    full: bool = True
    baseline: tuple[Known, ...] = ()
    exists: Callable[[str], bool] = lambda _: True
    before: Before | None = None
    new_since: str = ""
    touched: Callable[[Reported], bool] | None = None
    diff_base: str = ""
    only_named: bool = False


class Held(Struct, frozen=True, kw_only=True):
    """How many findings are held back by one thing alone: each number is what the one option would add.

    Only what is `not_new`, or on lines that are `untouched`, may be in the baseline besides.
    """

    less_sure: int = 0
    applied: int = 0
    applied_revisions: int = 0
    outside: int = 0
    outside_files: int = 0
    in_tests: int = 0
    in_scripts: int = 0
    suppressed: int = 0
    baseline: int = 0
    not_new: int = 0
    untouched: int = 0


class Report(Struct, frozen=True):
    """The findings to show, in order, and what is held back.

    `suppressed` are those that would be shown without the comment or the entry of the baseline that suppresses them;
    `stale` is what the baseline has for nothing, held against everything that was found.
    """

    shown: tuple[Reported, ...] = ()
    held: Held = Held()
    suppressed: tuple[Reported, ...] = ()
    stale: tuple[Known, ...] = ()


def decide(findings: Iterable[Reported], policy: Policy) -> Report:
    """Sort findings into those that are shown and those that something holds back."""
    judged = [_judge(finding, policy) for finding in findings]
    # What is shown is held against the baseline first, what is suppressed is not: it needs none.
    judged.sort(key=lambda item: (item[1] is None, bool(item[1]), item[0].place, item[0].code))
    candidates = [n for n, (finding, _) in enumerate(judged) if finding.suppressed is None]
    matched = (
        match(policy.baseline, [judged[n][0] for n in candidates], policy.exists) if policy.baseline else Matched()
    )
    known = {candidates[n] for n in matched.numbers}
    old = _not_new(judged, policy)
    shown: list[Reported] = []
    held: dict[str, list[Reported]] = {}
    for number, (finding, obstacles) in enumerate(judged):
        if obstacles is None:
            continue
        if number in known:
            obstacles.add("baseline")
            finding = msgspec.structs.replace(finding, suppressed=Suppressed("baseline"))
        if number in old:
            obstacles.add("not new")
        if policy.touched is not None and not policy.touched(finding):
            obstacles.add("untouched")
        if not obstacles:
            shown.append(finding)
        for obstacle in _alone(obstacles):
            held.setdefault(obstacle, []).append(finding)
    suppressed = [*held.get("suppressed", ()), *held.get("baseline", ())]
    return Report(_in_order(shown), _counted(held), _in_order(suppressed), matched.stale)


def before(findings: Iterable[Reported], policy: Policy) -> Before:
    """What of the findings of an earlier state is known, when those of a later one are held against it.

    What a comment suppressed there is not: whoever takes the comment away brings the finding.
    """
    judged = [_judge(finding, policy) for finding in findings]
    shown = record(finding for finding, obstacles in judged if obstacles == set())
    held = record(finding for finding, obstacles in judged if obstacles and "suppressed" not in obstacles)
    return Before(tuple(shown), tuple(held))


def _not_new(judged: "list[tuple[Reported, set[str] | None]]", policy: Policy) -> set[int]:
    """The numbers of the findings that were there before.

    What was not sure enough then, or in a test, and is shown now, is new. What is held back now is held against all:
    the option that shows it shows what was there too.
    """
    if policy.before is None:
        return set()
    found: set[int] = set()
    entries = policy.before.shown
    for held in (False, True):
        numbers = [n for n, (_, obstacles) in enumerate(judged) if obstacles is not None and bool(obstacles) is held]
        matched = match(entries, [judged[n][0] for n in numbers], policy.exists)
        found.update(numbers[n] for n in matched.numbers)
        entries = (*matched.stale, *policy.before.held)
    return found


def _in_order(findings: list[Reported]) -> tuple[Reported, ...]:
    return tuple(sorted(findings, key=lambda f: (f.place, f.code)))


def _counted(held: Mapping[str, list[Reported]]) -> Held:
    applied, outside = held.get("applied", []), held.get("outside", [])
    return Held(
        less_sure=len(held.get("less sure", ())),
        applied=len(applied),
        applied_revisions=len({f.revision for f in applied}),
        outside=len(outside),
        outside_files=len({f.place.path for f in outside}),
        in_tests=len(held.get("test", ())),
        in_scripts=len(held.get("script", ())),
        suppressed=len(held.get("suppressed", ())),
        baseline=len(held.get("baseline", ())),
        not_new=len(held.get("not new", ())),
        untouched=len(held.get("untouched", ())),
    )


def _alone(obstacles: set[str]) -> set[str]:
    """The obstacles of which each by itself is all that is in the way.

    A finding that is less sure because it is in a script is shown both by naming the script and by a lower tier. One
    that is not new may be in the baseline, and on lines that are unchanged: it is counted as the first of these.
    """
    for time in ("not new", "untouched"):
        if time in obstacles and obstacles <= {time, "untouched", "baseline"}:
            return {time}
    return obstacles if len(obstacles) == 1 or obstacles == {"script", "less sure"} else set()


def _judge(finding: Reported, policy: Policy) -> tuple[Reported, set[str] | None]:
    """A finding as it would be shown, and what holds it back; None where it is not asked for at all."""
    severity = policy.severities.get(finding.name) or policy.severities.get(finding.code) or finding.severity
    if not policy.selected(finding) or _SEVERITIES.index(severity) > _SEVERITIES.index(policy.severity):
        return finding, None
    where = Standing.APPLICATION
    if finding.place.path not in policy.by_hand:
        where = standing(finding.place.path, policy.migrations)
    lower = is_less_sure(finding.code, where)
    confidence = finding.confidence.lowered() if lower else finding.confidence
    if confidence.rank > policy.confidence.rank + 1 and not lower:
        return finding, None  # two tiers away: no single option that the summary names would show it
    if finding.code == UNUSED and not policy.full:
        return finding, None
    obstacles = set()
    if finding.suppressed is not None:
        obstacles.add("suppressed")
    if is_off(finding.code, where):
        obstacles.add("test")
    if confidence.rank > policy.confidence.rank:
        if confidence.rank == policy.confidence.rank + 1:
            obstacles.add("less sure")
        if lower and finding.confidence.rank <= policy.confidence.rank:
            obstacles.add("script")
        elif confidence.rank > policy.confidence.rank + 1:
            return finding, None
    if not policy.report_set.covers(finding):
        obstacles.add("outside")
    if _is_applied(finding, policy):
        obstacles.add("applied")
    return _as_shown(finding, policy, confidence, severity), obstacles


def _is_applied(finding: Reported, policy: Policy) -> bool:
    if not finding.open_only or policy.history or finding.revision in policy.by_hand:
        return False
    state = policy.revisions.get(finding.revision)
    return state is not None and not state.is_open


def _as_shown(finding: Reported, policy: Policy, confidence: Confidence, severity: Severity) -> Reported:
    fix = finding.fix
    if fix and any(not _may_edit(edit.place.path, policy) for edit in fix.edits):
        fix = None
    if (confidence, severity, fix) == (finding.confidence, finding.severity, finding.fix):
        return finding
    return msgspec.structs.replace(finding, confidence=confidence, severity=severity, fix=fix)


def _may_edit(path: str, policy: Policy) -> bool:
    """Whether fixes may touch a file: a revision only when it is known to be open.

    Of a file among the revisions of which nothing is known that is not known either.
    """
    if policy.only_named and not policy.report_set.has(path):
        return False
    if path in policy.by_hand:
        return True
    state = policy.revisions.get(path)
    if state is None:
        is_env = path.rpartition("/")[2] == "env.py"
        return is_env or not any(folder not in ("", ".") and below(path, folder) for folder in policy.migrations)
    return state.is_open and state.is_known
