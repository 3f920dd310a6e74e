"""Plays the tutorial: runs its commands in order in a scratch folder, applies its changes, and puts in what is printed.

`python -m docs.generate` writes `docs/tutorial.md` anew; a test holds that it is not stale. Blocks of the page:

    console   commands, a line each; they run as a reader would type them
    text      right after a console block: what its last command prints
    diff      a change that the reader makes
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", flags=re.MULTILINE | re.DOTALL)
_OURS = ("GITHUB_", "CI_", "BITBUCKET_", "PRE_COMMIT_", "GIT_", "SQLALINT_", "NO_COLOR", "FORCE_COLOR")


def played() -> str:
    """The page with what its commands print now."""
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        reader = _Reader(Path(scratch))
        parts, end, printed = [], 0, ""
        for block in _BLOCK.finditer(text):
            language, content = block[1], block[2]
            follows = not text[end : block.start()].strip()
            parts.append(text[end : block.start()])
            if language == "text" and printed and follows:
                content = printed
            elif language == "console":
                printed = reader.run(content)
            elif language == "diff":
                reader.change(content)
            parts.append(f"```{language}\n{content}```\n")
            end = block.end()
        return "".join((*parts, text[end:]))


class _Reader:
    """Somebody who follows the tutorial, in a checkout that has nothing but the examples."""

    def __init__(self, scratch: Path) -> None:
        (scratch / "checkout").mkdir()
        (scratch / "checkout" / "fixtures").symlink_to(ROOT / "fixtures")
        (scratch / "bin").mkdir()
        (scratch / "home").mkdir()
        program = scratch / "bin" / "sqlalint"
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sqlalint "$@"\n')
        program.chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        person = {
            f"GIT_{who}_{what}": "reader@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        path = f"{scratch / 'bin'}{os.pathsep}{os.environ['PATH']}"
        self._environment = {
            **kept,
            **person,
            "PATH": path,
            "HOME": str(scratch / "home"),
            "COLUMNS": "100",
            "LC_ALL": "C.UTF-8",
        }
        self._folder = scratch / "checkout"

    def run(self, block: str) -> str:
        """Run the commands of a block, and return what the last one prints."""
        printed = ""
        for line in block.splitlines():
            command = line.removeprefix("$ ")
            assert command != line, f"no command: {line}"
            if command.startswith("cd "):
                self._folder = (self._folder / command.removeprefix("cd ")).resolve()
                continue
            printed = self._printed(command)
        return printed

    def _printed(self, command: str) -> str:
        done = subprocess.run(
            ["sh", "-c", command], cwd=self._folder, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), f"{command}: {done.stderr}"
        assert "Traceback" not in done.stderr, f"{command}: {done.stderr}"
        return done.stdout + done.stderr

    def change(self, diff: str) -> None:
        """Apply a change."""
        subprocess.run(
            ["git", "apply", "--recount", "-"],
            cwd=self._folder,
            env=self._environment,
            input=diff,
            text=True,
            check=True,
        )
