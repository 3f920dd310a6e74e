"""What the terminal can do, and printing to it."""

import os
import sys
from collections.abc import Iterable
from typing import TextIO

FALLBACK_WIDTH = 120


def has_colour(choice: str, stream: TextIO) -> bool:
    """Whether to print in colour: as `--color` says, else NO_COLOR, else FORCE_COLOR, else whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal that a person looks at."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # closed, or replaced by something that is no file
        return False


def terminal_width() -> int:
    """The cells of a line: COLUMNS, the terminal's, or 120 where there is none."""
    import shutil

    return shutil.get_terminal_size((FALLBACK_WIDTH, 24)).columns


def write(pieces: Iterable[str], stream: TextIO) -> None:
    """Print, whatever the stream's encoding: what it cannot show is written as an escape."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")
    for piece in pieces:
        stream.write(piece)
    stream.flush()


def write_quietly(pieces: Iterable[str], stream: TextIO) -> bool:
    """Print; False where the reader (head, less) has closed its end, and then nothing more can be printed there."""
    try:
        write(pieces, stream)
    except BrokenPipeError:
        close_quietly(stream)
        return False
    return True


def close_quietly(stream: TextIO) -> None:
    """Let what is still buffered for a closed pipe go nowhere, also when the interpreter exits."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return


def complain(message: str) -> None:
    """Print a message about the run itself."""
    write_quietly([f"sqlalint: {message}\n"], sys.stderr)
