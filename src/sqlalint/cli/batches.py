"""A long list of files comes from pre-commit in several batches, one process after the other: nothing is printed twice.

A finding belongs to the batch of its place and to those of its causes. Each batch leaves behind what it has shown, and
the next of the same run of pre-commit does not show it again. That is all that it may change: the exit status stands.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence

import msgspec

from sqlalint.cli.options import CheckOptions
from sqlalint.report.finding import Reported

_FILE = "hook.json"
_SECONDS = 3600  # a record that is older is of no run that still goes on


class _Shown(msgspec.Struct, frozen=True):
    """What the batches so far have shown: of which run, for which files, and the fingerprints of the findings."""

    run: str
    files: frozenset[str] = frozenset()
    fingerprints: frozenset[str] = frozenset()


def is_batch(options: CheckOptions, variables: Mapping[str, str] = os.environ) -> bool:
    """Whether a run may be one of several: pre-commit has named its files, and all that it says is printed."""
    return bool(options.hook and options.paths and "PRE_COMMIT" in variables and not options.output_file)


def not_yet_shown(
    shown: Sequence[Reported], files: Sequence[str], options: CheckOptions, folder: str
) -> tuple[Reported, ...]:
    """The findings that no batch before has shown; notes them for the batches after. `folder` is the cache's.

    Where it cannot be read or written, all are.
    """
    named = frozenset(files)
    shared = [f for f in shown if not named.issuperset(_paths(f))]
    if not shared or not folder:
        return tuple(shown)
    path, run = os.path.join(folder, _FILE), _run(options)
    before = _read(path, run)
    if before.files & named:
        before = _Shown(run)  # no later batch has a file again: it is another run
    known = before.fingerprints
    after = _Shown(run, before.files | named, known | {f.fingerprint for f in shared})
    try:
        with open(path, "wb") as file:
            file.write(msgspec.json.encode(after))
    except OSError:
        pass
    return tuple(f for f in shown if f.fingerprint not in known)


def _paths(finding: Reported) -> set[str]:
    """The files that bring a finding into a report set."""
    return {finding.place.path, *(note.place.path for note in finding.related if note.cause)}


def _read(path: str, run: str) -> _Shown:
    try:
        with open(path, "rb") as file:
            fresh = time.time() - os.fstat(file.fileno()).st_mtime < _SECONDS
            found = msgspec.json.decode(file.read(), type=_Shown)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return _Shown(run)
    return found if fresh and found.run == run else _Shown(run)


def _run(options: CheckOptions) -> str:
    """What all batches of a run have in common, and no two runs: the process that starts them, and the options."""
    parent = os.getppid()
    try:
        with open(f"/proc/{parent}/stat", encoding="utf-8", errors="replace") as file:
            started = file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        started = ""
    return json.dumps([parent, started, msgspec.to_builtins(msgspec.structs.replace(options, paths=()))])
