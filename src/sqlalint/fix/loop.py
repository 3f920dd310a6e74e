"""Fixes applied, and what they made analysed again, until nothing changes. Nothing is written here."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from sqlalint.fix.edits import Applied, apply_fixes, moved
from sqlalint.report.finding import PlacedFix, Reported

MOST_ROUNDS = 100  # each round mends something; what takes more goes in circles
Inspect = Callable[[Mapping[str, bytes]], Sequence[Reported]]
Read = Callable[[str], bytes]


class Trouble(Struct, frozen=True):
    """A finding whose fix was not applied, and why. `is_defect`: the fix is wrong, and that is sqlalint's fault."""

    finding: Reported
    reason: str
    is_defect: bool


class Outcome(Struct, frozen=True):
    """What fixing came to.

    `contents` are the new bytes of each changed file, `fixed` the findings that are mended, as they stood when they
    were. `together` are sets of files that one fix changed: they have to be written together. `is_settled` is False
    where there was still something to fix after as many rounds as there may be.
    """

    contents: Mapping[str, bytes] = {}
    fixed: tuple[Reported, ...] = ()
    together: tuple[frozenset[str], ...] = ()
    troubles: tuple[Trouble, ...] = ()
    is_settled: bool = True


def fix_until_settled(
    found: Sequence[Reported], inspect: Inspect, read: Read, wanted: Callable[[PlacedFix], bool]
) -> Outcome:
    """Apply the wanted fixes of findings, analyse, and go on with what is found then.

    `inspect` gives the findings of the tree with other contents for some files, `read` the bytes of a file as it is.
    """
    state = _State(read)
    for _ in range(MOST_ROUNDS):
        offered = [f for f in found if f.fix and wanted(f.fix) and _key(f) not in state.barred]
        applied = state.sound(offered)
        if not applied.contents:
            return state.outcome(is_settled=True)
        after = {**state.contents, **applied.contents}
        again = inspect(after)
        done = [offered[n] for n in applied.done]
        lasting = [f for f in done if state.is_lasting(f, done, again)]
        if lasting:  # left as it was, and tried again without them
            state.bar(lasting, "it would still be found", is_defect=True)
            continue
        state.adopt(after, done)
        found = again
    return state.outcome(is_settled=False)


_Key = tuple[str, str, tuple[str, ...], str, tuple[str, ...]]


def _key(finding: Reported) -> _Key:
    """What a fix is told by from one round to the next, however lines move."""
    fix = finding.fix
    contents = tuple(e.content for e in fix.edits) if fix else ()
    return finding.code, finding.place.path, finding.identity, fix.message if fix else "", contents


class _State:
    """What has been changed so far, and which fixes are not to be tried again."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.contents: dict[str, bytes] = {}
        self.barred: set[_Key] = set()
        self._fixed: list[Reported] = []
        self._together: list[frozenset[str]] = []
        self._troubles: list[Trouble] = []

    def read(self, path: str) -> bytes:
        """A file's bytes as they are by now. Raises `OSError`."""
        content = self.contents.get(path)
        return self._read(path) if content is None else content

    def sound(self, offered: Sequence[Reported]) -> Applied:
        """The fixes that can be applied together, so that every changed file can still be parsed."""
        left_out: set[int] = set()
        while True:
            numbers = [n for n in range(len(offered)) if n not in left_out]
            applied = _numbered(apply_fixes([_fix(offered[n]) for n in numbers], self.read), numbers)
            for number, reason in applied.unfit.items():
                self.bar([offered[number]], reason, is_defect=False)
            broken = _unparsable(applied.contents)
            if not broken:
                return applied
            suspects = [n for n in applied.done if _paths(offered[n]) & broken]
            guilty = [n for n in suspects if _unparsable(apply_fixes([_fix(offered[n])], self.read).contents)]
            self.bar([offered[n] for n in guilty], "the file could not be parsed any more", is_defect=True)
            left_out.update(guilty or suspects[1:] or suspects, applied.unfit)

    def bar(self, findings: Iterable[Reported], reason: str, *, is_defect: bool) -> None:
        """Do not try these fixes again, and tell why."""
        for finding in findings:
            if _key(finding) not in self.barred:
                self.barred.add(_key(finding))
                self._troubles.append(Trouble(finding, reason, is_defect))

    def is_lasting(self, finding: Reported, done: Sequence[Reported], again: Sequence[Reported]) -> bool:
        """Whether a finding is still there, at its place, after these fixes."""
        path, start = finding.place.path, finding.place.span
        same = {
            (f.place.span.row, f.place.span.column)
            for f in again
            if (f.code, f.place.path, f.identity, f.message) == (finding.code, path, finding.identity, finding.message)
        }
        if not same:
            return False
        edits = [e for other in done for e in _fix(other).edits if e.place.path == path]
        return bool(same & moved(self.read(path), edits, start.row, start.column))

    def adopt(self, contents: dict[str, bytes], fixed: Sequence[Reported]) -> None:
        """Go on from here."""
        self.contents = contents
        self._fixed += fixed
        self._together += [_paths(f) for f in fixed if len(_paths(f)) > 1]

    def outcome(self, *, is_settled: bool) -> Outcome:
        """What has come of it."""
        changed = {path: content for path, content in self.contents.items() if content != self._read(path)}
        return Outcome(changed, tuple(self._fixed), tuple(self._together), tuple(self._troubles), is_settled)


def _fix(finding: Reported) -> PlacedFix:
    assert finding.fix is not None
    return finding.fix


def _paths(finding: Reported) -> frozenset[str]:
    return frozenset(e.place.path for e in _fix(finding).edits)


def _numbered(applied: Applied, numbers: Sequence[int]) -> Applied:
    return Applied(
        applied.contents,
        tuple(numbers[n] for n in applied.done),
        tuple(numbers[n] for n in applied.waiting),
        {numbers[n]: reason for n, reason in applied.unfit.items()},
    )


def _unparsable(contents: Mapping[str, bytes]) -> set[str]:
    """The files that cannot be parsed."""
    from sqlalint.source.syntax import Unreadable, parse, with_deep_stack
    from sqlalint.source.text import decode

    def search() -> set[str]:
        found = set()
        for path, content in contents.items():
            try:
                parse(decode(content).content)
            except Unreadable:
                found.add(path)
        return found

    return with_deep_stack(search) if contents else set()
