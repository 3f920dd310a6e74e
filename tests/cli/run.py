"""Runs the command as users do: another process, real pipes."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalint.cli import run

_OURS = ("GITHUB_", "CI_", "BITBUCKET_", "PRE_COMMIT_", "GIT_", "SQLALINT_")
_TERMINAL = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")


@dataclass(frozen=True)
class Done:
    """What a run printed, and its exit status."""

    status: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what changes the output."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_OURS) and k not in _TERMINAL}
    return {**kept, "PYTHONIOENCODING": "utf-8", **more}


def sqlalint(folder: Path, *arguments: str, **more: str) -> Done:
    """Run `sqlalint` in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "sqlalint", *arguments],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Done(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def sqlalint_here(folder: Path, *arguments: str, stdin: bytes = b"") -> Done:
    """Run `sqlalint` in a folder in this process, which is ten times faster; its environment is that of the tests."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run([*arguments])
    finally:
        sys.stdin = before
    return Done(status, out.getvalue(), err.getvalue())


def lay_out(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def in_terminal(folder: Path, columns: int, *arguments: str, **more: str) -> str:
    """What a run prints to a terminal of so many columns."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    command = [sys.executable, "-m", "sqlalint", *arguments]
    variables = environment(**{"TERM": "xterm", **more})
    with subprocess.Popen(command, cwd=folder, env=variables, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        out = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            out += piece
        process.wait()
    os.close(ours)
    return out.decode().replace("\r\n", "\n")
