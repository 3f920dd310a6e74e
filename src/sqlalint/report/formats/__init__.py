"""Output formats: each a module with `render(findings, presentation) -> Iterator[str]`."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalint.report.finding import Reported
from sqlalint.report.presentation import Presentation

if TYPE_CHECKING:
    from sqlalint.report.reporter import Report

Render = Callable[[Sequence[Reported], Presentation], Iterator[str]]

FORMATS = {
    "full": "full",
    "concise": "concise",
    "json": "json_",
    "github": "github",
    "sarif": "sarif",
    "gitlab": "gitlab",
    "junit": "junit",
    "rdjson": "rdjson",
}
FOR_PEOPLE = frozenset({"full", "concise"})
STATISTICS = frozenset({"full", "concise", "json"})  # those that `--statistics` has too
WITH_SUPPRESSED = frozenset({"sarif"})  # those that can say that a finding is suppressed


def listed(name: str, report: "Report") -> Sequence[Reported]:
    """The findings that a format lists, in order: what is suppressed or known only where that can be told apart."""
    if name not in WITH_SUPPRESSED or not report.suppressed:
        return report.shown
    return sorted((*report.shown, *report.suppressed), key=lambda f: (f.place, f.code))


def renderer(name: str) -> Render:
    """The format of that name; only its module is imported."""
    render: Render = importlib.import_module(f"sqlalint.report.formats.{FORMATS[name]}").render
    return render
