"""Output formats: each a module with `render(findings, presentation) -> Iterator[str]`."""

import importlib
from collections.abc import Callable, Iterator, Sequence

from sqlalint.report.finding import Reported
from sqlalint.report.presentation import Presentation

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


def renderer(name: str) -> Render:
    """The format of that name; only its module is imported."""
    render: Render = importlib.import_module(f"sqlalint.report.formats.{FORMATS[name]}").render
    return render
