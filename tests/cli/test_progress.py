"""The bar is there for people who wait, and for nobody else."""

import io
import sys

import pytest

from sqlalint.cli import progress


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        return True


def run(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, patience: float, wanted: bool = True) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "_PATIENCE", patience)
    monkeypatch.setenv("TERM", "xterm")
    with progress.Progress(wanted) as tell:
        for done in range(4):
            tell(done, 3)
    return stream.getvalue()


def test_a_long_run_on_a_terminal_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Reading files" in run(monkeypatch, Terminal(), patience=0)


def test_a_short_run_or_a_pipe_or_a_quiet_run_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, Terminal(), patience=60) == ""
    assert run(monkeypatch, io.StringIO(), patience=0) == ""
    assert run(monkeypatch, Terminal(), patience=0, wanted=False) == ""
