"""README and docs are true: commands run, code parses, links lead somewhere, generated pages are not stale."""

import ast
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import generate, tutorial
from tests.harness import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
HAND_WRITTEN = [p for p in PAGES if not p.read_text().startswith("<!-- Generated")]
PLAYED = ROOT / "docs" / "tutorial.md"  # its commands stand on each other
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", flags=re.MULTILINE | re.DOTALL)
PROJECT = "fixtures/projects/blog"


def fenced(language: str) -> Iterator[tuple[str, str]]:
    """The blocks of a language on pages that are written by hand, each with where it is."""
    for page in HAND_WRITTEN:
        text = page.read_text()
        for match in FENCE.finditer(text):
            if match[2] == language:
                row = text.count("\n", 0, match.start()) + 1
                yield f"{page.relative_to(ROOT).as_posix()}:{row}", textwrap.dedent(match[3])


def commands() -> Iterator[tuple[str, str]]:
    """Every command of every console block."""
    for place, block in fenced("console"):
        if place.startswith(PLAYED.relative_to(ROOT).as_posix()):
            continue
        lines = [line for line in block.splitlines() if line.strip()]
        assert all(line.startswith("$ ") for line in lines), f"{place}: say output in a text block"
        for line in lines:
            for command in line[2:].split(" && "):
                yield place, command


def test_the_output_in_the_readme_is_what_is_printed() -> None:
    text = (ROOT / "README.md").read_text()
    shown, command = re.findall(r"```text\n(.*?)\n```\n\n\(what `sqlalint (.*?)` prints", text, flags=re.DOTALL)[0]
    done = subprocess.run(
        [sys.executable, "-m", "sqlalint", "--no-cache", *command.split()],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    assert done.stdout.strip() == shown


def blocks(language: str) -> pytest.MarkDecorator:
    """One test for each block of a language."""
    found = list(fenced(language))
    return pytest.mark.parametrize("block", [b for _, b in found], ids=[p for p, _ in found])


@pytest.mark.parametrize("command", sorted({c for _, c in commands()}))
def test_commands_run(command: str) -> None:
    program, *arguments = command.replace("path/to/project", PROJECT).split()
    if program == "pip":
        assert arguments[0] == "install"
        assert arguments[1:] in (["."], ["'.[test]'"]), "not run here: .ci/run does it"
        return
    if (program, arguments) == ("python", ["-m", "tests"]):
        return  # it runs these tests
    module = {"sqlalint": ["-m", "sqlalint"], "python": []}[program]
    done = subprocess.run([sys.executable, *module, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="its commands are those of a POSIX shell")
def test_the_tutorial_is_what_its_commands_print() -> None:
    assert tutorial.played() == PLAYED.read_text(), "run `python -m docs.generate` and read what has changed"


def test_pages_build_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    for page in PAGES[1:]:
        name = page.relative_to(ROOT / "docs").with_suffix("")
        assert (tmp_path / "site" / (name.parent if name.name == "index" else name) / "index.html").exists(), name
    assert (tmp_path / "site/sqlalint.schema.json").exists()
    assert not list((tmp_path / "site").rglob("*.py"))


@blocks("python")
def test_python_blocks_parse(block: str) -> None:
    ast.parse(block)


@blocks("toml")
def test_toml_blocks_parse(block: str) -> None:
    tomllib.loads(block)


def test_the_checks_are_the_command_of_the_readme() -> None:
    (checks,) = [b for p, b in fenced("console") if p.startswith("README") and "-m tests" in b]
    assert checks.removeprefix("$ ").strip() in (ROOT / ".ci/run").read_text().replace(" --quiet", "")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text())
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []


def test_generated_pages_are_not_stale() -> None:
    wanted = generate.pages()
    written = {p.relative_to(generate.DOCS).as_posix(): p.read_text() for p in PAGES if p not in HAND_WRITTEN}
    # versions of click break lines differently
    stale = {p for p in wanted.keys() | written.keys() if wanted.get(p, "").split() != written.get(p, "").split()}
    assert stale == set(), "run `python -m docs.generate`"


def test_the_navigation_names_every_page_that_is_written_by_hand() -> None:
    named = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text()))
    assert all((generate.DOCS / name).exists() for name in named)
    pages = {p.relative_to(generate.DOCS).as_posix() for p in HAND_WRITTEN if generate.DOCS in p.parents}
    assert pages <= named


def test_hooks_promise_only_what_there_is() -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text() + (ROOT / "README.md").read_text()
    entries = re.findall(r"entry: sqlalint (.*)", text)
    assert entries
    for entry in entries:
        done = subprocess.run(
            [sys.executable, "-m", "sqlalint", *entry.split(), "--show-files", PROJECT],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
