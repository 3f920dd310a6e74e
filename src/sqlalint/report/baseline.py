"""The baseline: findings that a project has agreed to live with, so that only new ones are reported.

A file with one entry a line, sorted, so that branches merge. An entry is a path, a code and an identity, with how many
such findings there are: it survives moved lines and changed messages, and notices a second equal defect.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec import Struct

from sqlalint.report.finding import Reported

NAME = "sqlalint-baseline.json"
VERSION = 1


class Known(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """So many findings of a rule with one identity in a file, whose path is relative to the project root."""

    path: str
    code: str
    identity: tuple[str, ...]
    count: int = 1


class _File(Struct, frozen=True):
    version: int
    findings: list[Known]


class Matched(Struct, frozen=True):
    """Which of the findings, by their number, the baseline has, and what it has for nothing: with the counts left."""

    numbers: frozenset[int] = frozenset()
    stale: tuple[Known, ...] = ()


def read_baseline(content: bytes) -> tuple[Known, ...]:
    """The entries of a file's content. Raises `ValueError` in words for users."""
    try:
        found = msgspec.json.decode(content, type=_File)
    except msgspec.DecodeError as problem:
        raise ValueError(f"is no baseline: {problem}") from None
    if found.version != VERSION:
        raise ValueError(f"has the format {found.version}; this version of sqlalint reads the format {VERSION}")
    return tuple(found.findings)


def write_baseline(entries: Iterable[Known]) -> str:
    """The content of a file with these entries."""
    lines = [msgspec.json.encode(entry).decode() for entry in sorted(entries)]
    listed = "[\n" + ",\n".join(lines) + "\n]" if lines else "[]"
    return f'{{"version": {VERSION}, "findings": {listed}}}\n'


def record(findings: Iterable[Reported]) -> list[Known]:
    """The entries that are these findings."""
    counts = Counter((f.place.path, f.code, f.identity) for f in findings)
    return sorted(Known(*key, count) for key, count in counts.items())


def prune(entries: Iterable[Known], stale: Iterable[Known]) -> list[Known]:
    """The entries without what is stale."""
    too_many = Counter({(k.path, k.code, k.identity): k.count for k in stale})
    left = [Known(k.path, k.code, k.identity, k.count - too_many[k.path, k.code, k.identity]) for k in entries]
    return sorted(known for known in left if known.count > 0)


def match(entries: Sequence[Known], findings: Sequence[Reported], exists: Callable[[str], bool]) -> Matched:
    """Hold findings against a baseline; where it has fewer than there are, the first ones are taken for known.

    Of a file that is no more the entries count for the file with the same findings, where there is only one.
    """
    left = Counter({(k.path, k.code, k.identity): 0 for k in entries})
    for known in entries:
        left[known.path, known.code, known.identity] += known.count
    numbers = set()
    for number, finding in enumerate(findings):
        key = (finding.place.path, finding.code, finding.identity)
        if left[key] > 0:
            left[key] -= 1
            numbers.add(number)
    rest = +left
    gone = [key for key in rest if not exists(key[0])]
    if gone:
        numbers |= _renamed(rest, gone, findings, numbers)
    return Matched(frozenset(numbers), tuple(sorted(Known(*key, count) for key, count in (+rest).items())))


_Key = tuple[str, str, tuple[str, ...]]


def _renamed(rest: "Counter[_Key]", gone: list[_Key], findings: Sequence[Reported], taken: set[int]) -> set[int]:
    """The findings that are those of files that are no more."""
    old: dict[tuple[str, tuple[str, ...]], list[_Key]] = {}
    for key in gone:
        old.setdefault(key[1:], []).append(key)
    new: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for number, finding in enumerate(findings):
        if number not in taken and (finding.code, finding.identity) in old:
            new.setdefault((finding.code, finding.identity), []).append(number)
    found = set()
    for what, numbers in new.items():
        keys = old[what]
        if len(keys) > 1 or len({findings[n].place.path for n in numbers}) > 1:
            continue
        matched = numbers[: rest[keys[0]]]
        rest[keys[0]] -= len(matched)
        found.update(matched)
    return found
