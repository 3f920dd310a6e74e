"""`action.yml`: its steps, run by bash as GitHub's runner runs them."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.run import environment
from tests.harness import ROOT
from tests.hooks.conftest import SHIPPED
from tests.scratch import APP, PAGES, QUERIES, Repository

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INSTALL, RUN = ACTION["runs"]["steps"]
BASH = shutil.which("bash") or "/bin/bash"
INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="the runner's bash is not the one that is found first"),
    pytest.mark.xdist_group("action"),  # what is installed is installed once
]


@dataclass(frozen=True)
class Step:
    """What a step printed, its exit status, and what it added to the summary of the job."""

    status: int
    out: str
    summary: str = ""


class Runner:
    """Runs steps with inputs, in a work space, with what it installs in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._pip = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder / "temporary")}
        self.workspace = folder / "work space"
        self.temporary = folder / "temporary"
        self.temporary.mkdir(exist_ok=True)
        self.workspace.mkdir(exist_ok=True)

    def __call__(
        self, step: dict[str, Any], *, path: str = os.environ["PATH"], action: str = str(ROOT), **inputs: str
    ) -> Step:
        given = {name: inputs.get(name, field["default"]) for name, field in ACTION["inputs"].items()}
        variables = {name: given[_name_of(value)] for name, value in step["env"].items()}
        kept = environment()
        kept.pop("PYTHONPATH", None)
        assert step["shell"] == "bash"
        script = self.temporary / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        summary = self.temporary / "summary.md"
        summary.write_text("")
        done = subprocess.run(
            [BASH, "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env={
                **kept,
                **variables,
                "PATH": path,
                "RUNNER_TEMP": str(self.temporary),
                "GITHUB_ACTION_PATH": action,
                "GITHUB_STEP_SUMMARY": str(summary),
                # What sqlalint depends on is here already, and it itself is in a folder: no index is asked.
                **(self._pip if step is INSTALL else {"PYTHONPATH": sysconfig.get_path("purelib")}),
            },
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
        )  # fmt: skip
        return Step(done.returncode, done.stdout, summary.read_text())


def _name_of(value: str) -> str:
    match = INPUT.fullmatch(value)
    assert match, value
    return match[1]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner on which sqlalint is installed as the action does it."""
    runner = Runner(tmp_path_factory.mktemp("runner"))
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", str(ROOT)]
    subprocess.run(build, cwd=runner.temporary, env=environment(), check=True, timeout=600)
    (version,) = [p.name.split("-")[1] for p in runner.temporary.glob("sqlalint-*.whl")]
    done = runner(INSTALL, version=version)
    assert (done.status, done.out) == (0, "")
    Repository(runner.workspace).commit({**APP, "app/queries.py": QUERIES, "app/pages.py": PAGES})
    return runner


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner with nothing on it."""
    return Runner(tmp_path)


def annotated(step: Step) -> list[tuple[str, str]]:
    """The code and the file of each annotation."""
    return re.findall(r"^::warning title=sqlalint \((SAL\d+)\),file=([^,]*),", step.out, flags=re.MULTILINE)


FOUND = [("SAL101", "app/pages.py")]


def write_wheel(folder: Path, version: str) -> None:
    """Write a package that is only a name and a version."""
    with zipfile.ZipFile(folder / f"sqlalint-{version}-py3-none-any.whl", "w") as wheel:
        about = f"sqlalint-{version}.dist-info"
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: sqlalint\nVersion: {version}\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


def test_no_input_gets_into_a_script() -> None:
    for step in (INSTALL, RUN):
        assert "${{" not in step["run"]
        assert all(INPUT.fullmatch(value) for value in step["env"].values())
    used = {_name_of(value) for step in (INSTALL, RUN) for value in step["env"].values()}
    assert used == set(ACTION["inputs"])
    assert all(field["description"] for field in ACTION["inputs"].values())
    assert ACTION["runs"]["using"] == "composite"


def test_what_is_installed_is_the_action_s_own(shared: Runner) -> None:
    python = shared.temporary / "sqlalint" / "bin" / "python"
    text = "import sqlalint; print(sqlalint.__file__)"
    done = subprocess.run([python, "-I", "-c", text], env=environment(), capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(shared.temporary)


def test_findings_are_annotations(shared: Runner) -> None:
    done = shared(RUN)
    assert (done.status, annotated(done)) == (1, FOUND)
    assert "SAL101" in done.summary
    assert "add-matcher" not in done.out


def test_arguments_are_words_with_quotes(shared: Runner) -> None:
    done = shared(RUN, args="--exit-zero\n --exclude  'app/queries.py, a b'  --statistics", format="concise")
    assert (done.status, "SAL101" in done.out) == (0, False)
    done = shared(RUN, args="--exclude 'app/pages.py")
    assert done.status == 2
    assert "::error title=sqlalint::The quotes in `args` do not match." in done.out


@pytest.mark.parametrize("paths", ["app/pages.py", "\napp/models.py\r\n\napp/queries.py\n", "app"])
def test_paths_are_lines(shared: Runner, paths: str) -> None:
    assert annotated(shared(RUN, paths=paths)) == FOUND


def test_odd_paths(shared: Runner) -> None:
    names = ["a b; touch x", "$(touch x)", "`touch x`", "it's", '"', "-q", "*", "ä"]
    for name in names:
        (shared.workspace / name).mkdir()
        (shared.workspace / name / "pages.py").write_text(PAGES)
    try:
        done = shared(RUN, paths="\n".join(names), format="json")
    finally:
        for name in names:
            (shared.workspace / name / "pages.py").unlink()
            (shared.workspace / name).rmdir()
    assert done.status == 1
    assert done.out.count('"code": "SAL101"') == len(names), done.out
    assert not (shared.workspace / "x").exists()


@pytest.mark.parametrize("name", ["paths", "args", "format"])
@pytest.mark.parametrize(
    "text", ["; touch x", "$(touch x)", "`touch x`", "a && touch x", "'; touch x; '", '"; touch x #']
)
def test_nothing_in_an_input_is_run(shared: Runner, name: str, text: str) -> None:
    assert shared(RUN, **{name: text}).status == 2
    assert not (shared.workspace / "x").exists()


@pytest.mark.parametrize("format", ["full", "concise"])
def test_formats_for_people_come_with_the_problem_matcher(shared: Runner, format: str) -> None:
    done = shared(RUN, format=format)
    first, *lines, last = done.out.splitlines()
    path = first.removeprefix("::add-matcher::")
    assert Path(path).samefile(ROOT / ".github/matchers/sqlalint.json")
    assert last == "::remove-matcher owner=sqlalint::"
    assert sum("SAL101" in line for line in lines) == 1
    assert done.status == 1


def test_sarif_is_written_besides(shared: Runner) -> None:
    file = shared.temporary / "a b.sarif"
    done = shared(RUN, args=f"--output-format sarif --output-file '{file}'")
    assert (annotated(done), file.stat().st_size > 0) == (FOUND, True)


def installed(runner: Runner) -> list[str]:
    """The versions that are installed."""
    return [p.name.split("-")[1] for p in runner.temporary.rglob("sqlalint-*.dist-info/")]


def uses() -> Iterator[tuple[str, dict[str, Any]]]:
    """The steps in README, docs and our own checks that use the action."""
    pages = {page: (ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/integrations.md")}
    blocks = [(p, b) for p, text in pages.items() for b in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)]
    blocks.append(("ci.yml", (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")))
    for page, block in blocks:
        jobs = yaml.safe_load(block)
        for job in jobs.get("jobs", {}).values() if isinstance(jobs, dict) else ():
            yield from ((page, s) for s in job["steps"] if s.get("uses", "").startswith(("sqlalint/sqlalint@", "./")))


def test_the_action_takes_what_the_pages_give_it(shared: Runner) -> None:
    steps = list(uses())
    assert [page for page, _ in steps] == ["README.md", "docs/integrations.md", "ci.yml"]
    for _, step in steps:
        given = step.get("with", {})
        assert given.keys() <= ACTION["inputs"].keys()
        done = shared(RUN, **{**given, "paths": "."})
        assert (done.status, annotated(done)) == (0 if "--exit-zero" in given.get("args", "") else 1, FOUND)


def test_our_own_checks_are_those_of_the_readme() -> None:
    checks = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    job = checks["jobs"]["checks"]
    assert job["strategy"]["matrix"] == {
        "os": ["ubuntu-latest", "macos-latest", "windows-latest"],
        "python": ["3.11", "3.12", "3.13", "3.14"],
    }
    (command,) = [step["run"] for step in job["steps"] if "run" in step]
    assert f"$ {command}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert command in (ROOT / ".ci/run").read_text().replace(" --quiet", "")


BACKEND = """\
import shutil

def build_wheel(folder, config_settings=None, metadata_directory=None):
    return shutil.copy("sqlalint-3-py3-none-any.whl", folder).rpartition("/")[2]
"""


def test_what_is_installed(runner: Runner, tmp_path: Path) -> None:
    """A range of versions; nothing, where the version is none; without a version, what the action is of."""
    write_wheel(runner.temporary, "1.5")
    write_wheel(runner.temporary, "2.1")
    done = runner(INSTALL, version=">=1,<2")
    assert (done.status, done.out, installed(runner)) == (0, "", ["1.5.dist"])
    assert runner(INSTALL, version="; touch x $(touch x)").status != 0
    action = tmp_path / "$(touch x) action"
    action.mkdir()
    write_wheel(action, "3")
    (action / "backend.py").write_text(BACKEND)
    text = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (action / "pyproject.toml").write_text(text)
    done = runner(INSTALL, action=str(action))
    assert (done.status, done.out, installed(runner)) == (0, "", ["3.dist"])
    assert not (runner.workspace / "x").exists()


def test_without_a_fitting_python_the_step_says_what_to_do(runner: Runner) -> None:
    old = runner.temporary / "old"
    old.mkdir()
    for name in ("python", "python3"):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    for path in (str(old), str(runner.temporary)):
        done = runner(INSTALL, path=path)
        assert done.status == 2
        assert done.out.startswith("::error title=sqlalint::There is no Python 3.11")


def test_what_is_shipped_is_enough_for_the_action() -> None:
    assert {"src", "pyproject.toml", "README.md"} <= set(SHIPPED)
