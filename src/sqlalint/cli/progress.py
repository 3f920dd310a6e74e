"""A progress bar for runs that people wait for."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from sqlalint.cli.terminal import is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_PATIENCE = 1.0  # seconds without a bar


class Progress:
    """Called with what is done and what there is in all. Shows a bar only on a terminal, and only in a long run."""

    def __init__(self, wanted: bool = True) -> None:
        self._wanted = wanted and is_terminal(sys.stderr)
        self._begin = time.monotonic()
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> "Progress":
        return self

    def __call__(self, done: int, total: int) -> None:
        """Tell how far the run is."""
        if not self._wanted or time.monotonic() - self._begin < _PATIENCE:
            return
        if self._bar is None:
            self._start()
        if self._bar is None or self._task is None:
            return
        if done < total:
            self._bar.update(self._task, completed=done, total=total)
        else:
            self._bar.update(self._task, description="Following values", total=None)

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("Reading files", total=None)
        self._bar.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
