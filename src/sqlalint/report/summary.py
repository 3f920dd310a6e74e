"""The lines after the findings: what was shown, what was held back and how to see it, and what was understood."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from sqlalint.report.finding import Confidence, Reported, Severity
from sqlalint.report.reporter import Held, Report
from sqlalint.report.style import printable

_NAMED_FILES = 10


class Fraction(Struct, frozen=True, array_like=True):
    """How much of a kind of thing was understood: 96 of 97 models."""

    what: str
    known: int
    total: int


class Run(Struct, frozen=True, kw_only=True):
    """What a summary says besides the findings.

    `unreadable` are files and `unlisted` folders or oddly named files (as they are shown), and why; `paths` what was named, and `whole`
    how the project as a whole is named (both as a user would write them). `brought` are folders of migrations that are
    reported on besides what was named; `notes` what the user should know about the base of the revisions. `repeated`
    findings were shown for other files of the same hook, and `untracked` files were named but left out.
    `new_since` and `diff_base` are the references that findings were held against. `fixable` says how many findings
    can be fixed.
    """

    files: int
    confidence: Confidence = Confidence.CERTAIN
    paths: tuple[str, ...] = ()
    whole: str = "."
    brought: tuple[str, ...] = ()
    understood: tuple[Fraction, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    unlisted: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    repeated: int = 0
    untracked: tuple[str, ...] = ()
    new_since: str = ""
    diff_base: str = ""
    fixable: str = ""
    verbose: bool = False


def summary(report: Report, run: Run) -> Iterator[str]:
    """The lines of the summary."""
    yield f"{_found(report.shown, run)}\n"
    for line in (
        *_repeated(run),
        *((run.fixable,) if run.fixable else ()),
        *_held(report.held, run),
        *_stale(report, run),
        *_scope(run),
        *run.notes,
        *_understood(run.understood),
        *_unread(run),
    ):
        yield f"  {line}\n"


def _found(shown: Sequence[Reported], run: Run) -> str:
    files = run.files
    if not files:
        return "No Python files found."
    if not shown:
        return f"No {'other ' if run.repeated else ''}findings in {count(files, 'file')}."
    grades = Counter(f.severity for f in shown)
    parts = [count(grades[s], s.value, s.value if s is Severity.INFO else "") for s in Severity if grades[s]]
    where = len({f.place.path for f in shown})
    return f"{count(len(shown), 'finding')} ({', '.join(parts)}) in {where:,} of {count(files, 'file')}."


def _repeated(run: Run) -> Iterator[str]:
    if run.repeated:
        verb = "is" if run.repeated == 1 else "are"
        yield f"{count(run.repeated, 'finding')} on these files {verb} shown above: the hook got its files in several parts."


def _held(held: Held, run: Run) -> Iterator[str]:
    """What is held back by one thing alone, and what to do to see it."""
    if held.less_sure:
        tier = list(Confidence)[run.confidence.rank + 1].value
        verb = "shows" if held.less_sure == 1 else "show"
        yield f"{held.less_sure:,} more {verb} with --confidence {tier}."
    if held.applied:
        revisions = count(held.applied_revisions, "applied revision")
        yield f"{count(held.applied, 'finding')} on {revisions} not shown; --history shows {_them(held.applied)}."
    if held.outside:
        files, named = count(held.outside_files, "file"), _outside(run.paths)
        verb = f"`sqlalint {run.whole}` shows {_them(held.outside)}"
        yield f"{count(held.outside, 'finding')} in {files} outside {named} not shown; {verb}."
    if held.in_tests or held.in_scripts:
        places = [(n, where) for n, where in ((held.in_tests, "tests"), (held.in_scripts, "scripts")) if n]
        said = [f"{number:,} in {where}" for number, where in places[1:]]
        said.insert(0, f"{count(places[0][0], 'finding')} in {places[0][1]}")
        yield f"{', '.join(said)} not shown; naming a file shows what is in it."
    if held.suppressed:
        yield f"{count(held.suppressed, 'finding')} suppressed by comments."
    if held.baseline:
        yield f"{count(held.baseline, 'finding')} known from the baseline."
    if held.not_new:
        verb = "is" if held.not_new == 1 else "are"
        yield f"{count(held.not_new, 'finding')} that {verb} not new since {run.new_since} not shown."
    if held.untouched:
        number = count(held.untouched, "finding")
        yield f"{number} on lines unchanged since {run.diff_base} not shown; --new-since also finds what removed lines bring up."


def _them(number: int) -> str:
    return "it" if number == 1 else "them"


def _outside(paths: Sequence[str]) -> str:
    return ", ".join(paths) if len(paths) <= 3 else f"the {len(paths)} named paths"


def _stale(report: Report, run: Run) -> Iterator[str]:
    """What the baseline has for nothing."""
    number = sum(known.count for known in report.stale)
    if number:
        what = list(dict.fromkeys(f"{known.code} in {known.path}" for known in report.stale))
        most = what if run.verbose else what[:_NAMED_FILES]
        rest = f" and {len(what) - len(most):,} more" if len(what) > len(most) else ""
        verb = "is" if number == 1 else "are"
        named = printable(", ".join(most))
        advice = f"`sqlalint baseline --prune` drops {_them(number)}"
        yield f"{count(number, 'finding')} of the baseline {verb} gone: {named}{rest}; {advice}."


def _scope(run: Run) -> Iterator[str]:
    if run.untracked:
        most = run.untracked if run.verbose else run.untracked[:_NAMED_FILES]
        rest = f" and {len(run.untracked) - len(most):,} more" if len(run.untracked) > len(most) else ""
        them = _them(len(run.untracked))
        yield f"Left out, as git does not track {them}: {printable(', '.join(most))}{rest}."
    if run.brought:
        yield f"Also reported on, as the migrations of what was named: {', '.join(run.brought)}."


def _understood(parts: Iterable[Fraction]) -> Iterator[str]:
    said = [f"{part.known:,} of {part.total:,} {part.what}" for part in parts if part.total]
    if said:
        yield f"Understood {', '.join(said)}."


def _unread(run: Run) -> Iterator[str]:
    for kind, things in (("file", run.unreadable), ("path", run.unlisted)):
        if things:
            most = things if run.verbose else things[:_NAMED_FILES]
            named = ", ".join(printable(f"{path} ({why})" if run.verbose else path) for path, why in most)
            rest = f" and {len(things) - len(most):,} more (-v names them)" if len(things) > len(most) else ""
            yield f"{count(len(things), kind)} could not be read: {named}{rest}."


def count(number: int, word: str, plural: str = "") -> str:
    """`1 file`, `2,000 files`."""
    return f"{number:,} {word if number == 1 else plural or word + 's'}"
