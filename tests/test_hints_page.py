"""The page of hints is true: each example is silent without its hint, `why` names it, and it does what the page says."""

import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pytest

from sqlalint.engine import read_project
from sqlalint.flow.why import explain
from sqlalint.project.settings import Settings
from tests.harness import ROOT, MemoryTree, lint

PAGE = (ROOT / "docs" / "hints.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
FAMILIES = ("loading", "asyncio")


class Shown(NamedTuple):
    """An example: its files, the line that is asked about, what `why` says, the hint, and what is said with it."""

    files: dict[str, str]
    path: str
    row: int
    why: str
    settings: Settings
    findings: list[str]


def blocks(text: str, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(text) if kind == language]


def files(text: str) -> dict[str, str]:
    """The files of a part of the page, each named by its first line, which is not part of it."""
    found = {}
    for block in blocks(text, "python"):
        name, _, content = block.partition("\n")
        found[name.removeprefix("# ")] = content
    return found


def examples() -> Iterator[tuple[str, Shown]]:
    start, *parts = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    for part in parts:
        asked = re.search(r"`sqlalint why ([\w/.]+):(\d+)` says:", part)
        if asked is None:
            continue
        (hint,) = blocks(part, "toml")
        why, *findings = blocks(part, "text")
        settings = msgspec.convert(tomllib.loads(hint)["tool"]["sqlalint"], Settings)
        shown = Shown(
            {"app/__init__.py": "", **files(start), **files(part)},
            asked[1], int(asked[2]), why.strip(), settings, [line for f in findings for line in f.splitlines()],
        )  # fmt: skip
        assert bool(findings) != ("is silent" in part)
        yield part.partition("\n")[0], shown


EXAMPLES = dict(examples())


def said(shown: Shown, settings: Settings) -> list[str]:
    found = [f for f in lint(shown.files, settings) if f.family in FAMILIES and f.confidence.value == "certain"]
    return [f"{f.place.path}:{f.place.span.row}: {f.code} {f.message}" for f in found]


@pytest.mark.parametrize("shown", EXAMPLES.values(), ids=list(EXAMPLES))
def test_why_names_the_hint(shown: Shown) -> None:
    project = read_project(MemoryTree(shown.files), Settings())
    assert shown.why in explain(project, shown.path, shown.row)


@pytest.mark.parametrize("shown", EXAMPLES.values(), ids=list(EXAMPLES))
def test_the_hint_settles_it(shown: Shown) -> None:
    assert bool(said(shown, Settings())) == (not shown.findings)
    assert said(shown, shown.settings) == shown.findings


def test_all_kinds_of_hints_have_an_example() -> None:
    tables = {
        name
        for shown in EXAMPLES.values()
        for name in ("returns", "attributes", "preloads")
        if getattr(shown.settings, name)
    }
    assert tables == {"returns", "attributes", "preloads"}
