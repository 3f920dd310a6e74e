"""Where the baseline is, and what is in it."""

import os

from sqlalint.cli.opening import Opened
from sqlalint.config.errors import UsageError
from sqlalint.report.baseline import NAME, Known, read_baseline


def baseline_path(given: str | None, opened: Opened) -> str:
    """The file that was named, else the one beside the configuration, else the one at the project's root."""
    if given is not None:
        return os.path.abspath(given)
    folder = os.path.dirname(opened.configuration.path) or opened.root.path
    return os.path.join(folder, NAME)


def open_baseline(given: str | None, opened: Opened) -> tuple[Known, ...]:
    """The entries of the baseline; none where there is none. Raises `UsageError`, also for a named one that is not there."""
    path = baseline_path(given, opened)
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as problem:
        if given is None and isinstance(problem, FileNotFoundError):
            return ()
        raise UsageError(f"the baseline {given or path} cannot be read: {problem.strerror or problem}") from None
    try:
        return read_baseline(content)
    except ValueError as problem:
        raise UsageError(f"{given or path} {problem}") from None
