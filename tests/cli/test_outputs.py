"""Where output goes: files, the summary of a step, statistics."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.run import Done, lay_out, sqlalint
from tests.harness import ROOT

PROJECT = str(ROOT / "fixtures/projects/blog")
MACHINE = ["json", "github", "sarif", "gitlab", "junit", "rdjson"]


def run(folder: Path, *arguments: str, **more: str) -> Done:
    return sqlalint(folder, "check", PROJECT, "--no-cache", "--select", "SAL101,SAL106", *arguments, **more)


@pytest.mark.parametrize("name", MACHINE)
def test_the_summary_of_formats_for_programs_goes_to_standard_error(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, "--output-format", name)
    assert done.status == 1
    assert done.err.startswith("2 findings (")
    assert "2 findings (" not in done.out


def test_every_format_to_its_file(tmp_path: Path) -> None:
    written = [a for name in MACHINE for a in ("--output-format", name, "--output-file", f"{name}.out")]
    done = run(tmp_path, *written, "--output-format", "concise", "-q")
    assert len(done.out.splitlines()) == 2
    for name in MACHINE:
        assert (tmp_path / f"{name}.out").read_text(encoding="utf-8") == run(tmp_path, "--output-format", name).out


def test_github_appends_a_table_to_the_summary_of_the_step(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("# Before\n")
    run(tmp_path, "--output-format", "concise", GITHUB_STEP_SUMMARY=str(file))
    assert file.read_text() == "# Before\n"
    done = run(tmp_path, "--output-format", "github", GITHUB_STEP_SUMMARY=str(file))
    text = file.read_text()
    assert text.startswith("# Before\n### sqlalint: 2 findings\n")
    assert text.count("| [SAL10") == len(done.out.splitlines()) == 2


def test_github_appends_again_when_nothing_has_changed(tmp_path: Path) -> None:
    project = lay_out(tmp_path, {"sqlalint.toml": "", "a.py": "x = 1\n"})
    file = tmp_path / "summary.md"
    for _ in range(3):
        sqlalint(project, "--output-format", "github", GITHUB_STEP_SUMMARY=str(file))
    assert file.read_text() == "### sqlalint: no findings\n\n" * 3


def test_a_summary_that_cannot_be_written_loses_no_finding(tmp_path: Path) -> None:
    done = run(tmp_path, "--output-format", "github", GITHUB_STEP_SUMMARY=str(tmp_path / "nowhere" / "a"))
    assert (done.status, len(done.out.splitlines())) == (1, 2)
    assert "GITHUB_STEP_SUMMARY" in done.err


def test_statistics_go_where_their_format_goes(tmp_path: Path) -> None:
    done = run(
        tmp_path, "--statistics", "--output-format", "json", "--output-file", "a", "--output-format", "full", "-q"
    )
    marked = r"     1  {}  (\[.\] )?{}(  \(1 fixable.*\))?"
    counts = [line for line in done.out.splitlines() if line.startswith(" ")]
    assert len(counts) == 2
    assert re.fullmatch(marked.format("SAL101", "lazy-load-in-loop"), counts[0])
    assert re.fullmatch(marked.format("SAL106", "joined-collection-without-unique"), counts[1])
    first = json.loads((tmp_path / "a").read_text())[0]
    assert first.keys() == {"code", "name", "count", "files", "fixable"}
    assert (first["code"], first["count"], first["files"]) == ("SAL101", 1, 1)


def test_statistics_are_not_in_every_format(tmp_path: Path) -> None:
    done = run(tmp_path, "--statistics", "--output-format", "sarif")
    assert (done.status, done.out) == (2, "")
    assert "--statistics: not in the format sarif" in done.err
