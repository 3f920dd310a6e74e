"""`--fix`, `--fix-only` and `--diff`: mend what is reported, and say what was mended."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from sqlalint.cli.inspection import Inspected, Inspection
from sqlalint.cli.opening import Buffer, Opened
from sqlalint.cli.printing import ISSUES, here
from sqlalint.cli.terminal import close_quietly, complain, has_colour, is_terminal, write_quietly
from sqlalint.fix.loop import MOST_ROUNDS, Outcome, Trouble, fix_until_settled
from sqlalint.fix.write import Change, write_together
from sqlalint.report.finding import PlacedFix, Reported
from sqlalint.report.fixing import fixable, fixed, unified
from sqlalint.report.presentation import Presentation
from sqlalint.source.overlay import Overlay
from sqlalint.source.text import Unreadable, decode_as_it_is, mark_and_encoding

if TYPE_CHECKING:
    from sqlalint.cache import Cache


class Fixing(Struct, frozen=True):
    """What fixing came to: what is found then, what was done, and the files that could not be written, and why.

    `before` and `after` are the bytes of each file that is changed, or would be.
    """

    inspected: Inspected
    fixed: tuple[Reported, ...]
    outcome: Outcome
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    unwritten: Mapping[str, str] = {}


def fix(inspection: Inspection, inspected: Inspected, cache: "Cache") -> Fixing:
    """Apply the fixes that the options ask for, and write the files unless only a diff is wanted."""
    options, tree = inspection.options, inspected.snapshot
    last = inspected

    def inspect(contents: Mapping[str, bytes]) -> tuple[Reported, ...]:
        nonlocal last
        last = inspection.inspect(Overlay(tree, contents), cache)
        return last.report.shown

    def wanted(offered: PlacedFix) -> bool:
        return offered.safe or options.unsafe_fixes

    outcome = fix_until_settled(inspected.report.shown, inspect, tree.read, wanted)
    after = dict(outcome.contents)
    before = {path: tree.read(path) for path in after}
    keeps = options.diff or inspection.opened.buffer is not None  # a buffer is printed, not written
    unwritten = {} if keeps else _write(inspection.opened, outcome, before)
    kept = {path: content for path, content in after.items() if path not in unwritten}
    if unwritten or not outcome.is_settled:
        inspect(kept)
    done = (f for f in outcome.fixed if not {e.place.path for e in (f.fix.edits if f.fix else ())} & unwritten.keys())
    ordered = tuple(sorted(done, key=lambda f: (f.place, f.code)))
    return Fixing(last, ordered, outcome, before, kept, unwritten)


def _write(opened: Opened, outcome: Outcome, before: Mapping[str, bytes]) -> dict[str, str]:
    """Write what is changed; the files that could not be written, with why: those that belong together as one."""
    unwritten: dict[str, str] = {}
    for group in _groups(outcome.contents, outcome.together):
        full = {os.path.join(opened.root.path, path): path for path in sorted(group)}
        try:
            write_together({name: Change(before[p], outcome.contents[p]) for name, p in full.items()})
        except OSError as problem:
            culprit = full.get(str(problem.filename), "")
            for path in group:
                reason = "" if path == culprit else f"it belongs together with {culprit}, which "
                unwritten[path] = f"{reason}{problem.strerror or problem}"
    return unwritten


def _groups(paths: Iterable[str], together: Iterable[frozenset[str]]) -> list[set[str]]:
    """The paths in sets: those that stand in one of the given sets are in one of these too."""
    groups = [{path} for path in paths]
    for linked in together:
        joined = [group for group in groups if group & linked]
        groups = [group for group in groups if not group & linked]
        if joined:
            groups.append(set().union(*joined))
    return groups


def print_buffer(fixing: Fixing, buffer: Buffer) -> None:
    """Print what stood on standard input as it is after fixing, byte for byte."""
    content = fixing.after.get(buffer.path, buffer.content)
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        write_quietly([_text(content)], sys.stdout)
        return
    try:
        stream.write(content)
        stream.flush()
    except BrokenPipeError:
        close_quietly(sys.stdout)


def print_fixed(fixing: Fixing, opened: Opened, *, to_stdout: bool) -> None:
    """Print what was fixed, by file and rule."""
    write_quietly(fixed(fixing.fixed, _presentation(opened)), sys.stdout if to_stdout else sys.stderr)


def print_diff(fixing: Fixing, opened: Opened, colour: str, *, unsafe_fixes: bool, quiet: bool) -> None:
    """Print what would be changed as a unified diff, and to the other stream how much that is."""
    shown = _presentation(opened)
    coloured = has_colour(colour, sys.stdout)
    for path, after in sorted(fixing.after.items()):
        before = fixing.before[path]
        lines = unified(_text(before), _text(after), shown.path(path), colour=coloured)
        if not _write_lines(lines, mark_and_encoding(before)[1], sys.stdout):
            return
    if not quiet:
        write_quietly(fixed(fixing.fixed, shown, would=True), sys.stderr)
        more = fixable(fixing.inspected.report.shown, unsafe=unsafe_fixes, fixing=True)
        write_quietly([f"  {more}\n"] if more else [], sys.stderr)


def print_troubles(fixing: Fixing, opened: Opened) -> None:
    """Tell of fixes that were not applied, and of files that were not written."""
    shown = _presentation(opened)
    for trouble in fixing.outcome.troubles:
        complain(_said(trouble, shown))
    if not fixing.outcome.is_settled:
        complain(f"there is still something to fix after {MOST_ROUNDS} rounds; please report this at {ISSUES}")
    for path, reason in sorted(fixing.unwritten.items()):
        complain(f"{shown.path(path)} is not written: {reason}")


def _said(trouble: Trouble, shown: Presentation) -> str:
    place = trouble.finding.place
    where = f"{shown.path(place.path)}:{place.span.row}"
    bug = f"; this is a bug in sqlalint, please report it at {ISSUES}" if trouble.is_defect else ""
    return f"{where}: {trouble.finding.code} is not fixed: {trouble.reason}{bug}"


def _text(content: bytes) -> str:
    try:
        return decode_as_it_is(content)
    except Unreadable:  # is never edited
        return content.decode("utf-8", "replace")


def _write_lines(lines: Iterator[str], encoding: str, stream: TextIO) -> bool:
    """Print a diff. To a program in the file's own encoding and with its line ends, so that `patch` can read it."""
    buffer = getattr(stream, "buffer", None)
    if buffer is None or is_terminal(stream):
        return write_quietly(lines, stream)
    try:
        for line in lines:
            buffer.write(line.encode(encoding, "backslashreplace"))
        buffer.flush()
    except BrokenPipeError:
        close_quietly(stream)
        return False
    return True


def _presentation(opened: Opened) -> Presentation:
    buffer = opened.buffer
    names = {buffer.path: buffer.shown} if buffer and buffer.shown else {}
    return Presentation(opened.root.path, here(), names=names)
