"""What is shown under every combination of selection, confidence, report set, suppression, baseline and age.

The answer is the same everywhere: a finding is shown if it is

- selected, and as sure as is asked for (in a script it is a tier less sure),
- in the named paths, or has a cause there (background is not enough),
- not suppressed by a comment, and not in the baseline,
- not found where the branch began (`--new-since`): what was suppressed there and is no more is new,
- on a changed line (`--diff-base`).

None of these changes what another one says. The summary counts what one of them alone holds back; of what is old it
counts also what is in the baseline besides.
"""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.run import lay_out, sqlalint_here
from tests.cli.test_adopting import MODELS
from tests.cli.test_revisions import git
from tests.cli.test_since import commit

SUPPRESSIONS = ("plain", "commented", "uncommented")  # now and then; commented now and then; commented only then
AGES = ("old", "touched", "new")
PLACES = {"inside": "app/views.py", "caused": "lib/pages.py", "outside": "lib/pages.py", "script": "app/scripts/a.py"}
HEADS = """from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import User
from app.queries import users

"""
QUERIES = """from sqlalchemy import select

from app.models import User


def users():
    return select(User)
"""
COMMENT = "  # sqlalint: ignore[lazy-load-in-loop] -- few users"


class State(NamedTuple):
    """One finding."""

    place: str
    suppression: str
    known: bool
    age: str

    @property
    def name(self) -> str:
        return f"{self.place}_{self.suppression}_{'known' if self.known else 'unknown'}_{self.age}"

    def source(self, now: bool) -> str:
        query = "users()" if self.place == "caused" else "select(User)"
        is_commented = self.suppression == "commented" or (self.suppression == "uncommented" and not now)
        changed = ", 1" if now and self.age == "touched" else ""
        line = f"        print(user.posts, '{self.name}'{changed}){COMMENT if is_commented else ''}\n"
        return f"\ndef {self.name}(session: Session):\n    for user in session.scalars({query}):\n{line}\n"


class Run(NamedTuple):
    """The options of one run."""

    selected: bool
    confidence: str
    named: bool
    baseline: bool
    new_since: bool
    diff_base: bool

    @property
    def arguments(self) -> list[str]:
        return [
            *(() if self.selected else ("--ignore", "SAL101")),
            *("--confidence", self.confidence),
            *(("app",) if self.named else ()),
            *(("--baseline", "known.json") if self.baseline else ()),
            *(("--new-since", "main") if self.new_since else ()),
            *(("--diff-base", "main") if self.diff_base else ()),
        ]


def states() -> Iterator[State]:
    for place, suppression, known, age in itertools.product(PLACES, SUPPRESSIONS, (False, True), AGES):
        if suppression != "uncommented" or age == "touched":  # to take a comment away is to touch the line
            yield State(place, suppression, known, age)


STATES = tuple(states())
RUNS = [
    Run(selected, confidence, *others)
    for selected in (True, False)
    for confidence in ("certain", "likely")
    for others in itertools.product((False, True), (False, True), (False, True), (False, True))
]


def obstacles(state: State, run: Run) -> set[str]:
    """All that is in the way of a finding that is selected."""
    was_there = state.age != "new" and state.suppression == "plain"
    found = {
        "less sure": state.place == "script" and run.confidence == "certain",
        "outside": state.place == "outside" and run.named,
        "suppressed": state.suppression == "commented",
        "baseline": run.baseline and state.known and state.suppression != "commented",
        "not new": run.new_since and was_there,
        "untouched": run.diff_base and state.age == "old",
    }
    return {name for name, holds in found.items() if holds}


def counted(state: State, run: Run) -> str:
    """The line of the summary that counts a finding, "" for none."""
    found = obstacles(state, run)
    if "not new" in found and found <= {"not new", "untouched", "baseline"}:
        return "not new"
    if "untouched" in found and found <= {"untouched", "baseline"}:
        return "untouched"
    return next(iter(found)) if len(found) == 1 else ""


LINES = {
    "less sure": r"  (\d+) more shows? with --confidence likely",
    "outside": r"  (\d+) findings? in 1 file outside app/ not shown",
    "suppressed": r"  (\d+) findings? suppressed by comments",
    "baseline": r"  (\d+) findings? known from the baseline",
    "not new": r"  (\d+) findings? that (?:is|are) not new since main not shown",
    "untouched": r"  (\d+) findings? on lines unchanged since main not shown",
}


def sources(now: bool) -> dict[str, str | bytes]:
    """The files as they are now, or were where the branch began; what is new is at the end."""
    found = dict.fromkeys(PLACES.values(), HEADS)
    for state in sorted(STATES, key=lambda state: state.age == "new"):
        if now or state.age != "new":
            found[PLACES[state.place]] += state.source(now)
    more = {"sqlalint.toml": "", "app/__init__.py": "", "app/models.py": MODELS, "app/queries.py": QUERIES}
    return {**found, **more}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All findings in one project, with the baseline `known.json`."""
    folder = lay_out(tmp_path_factory.mktemp("combinations"), sources(now=False))
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    git(folder, "switch", "--quiet", "--create=work")
    lay_out(
        folder, {path: text.replace(COMMENT, "") for path, text in sources(now=True).items() if isinstance(text, str)}
    )
    done = sqlalint_here(folder, "baseline", "--confidence", "likely", "--baseline", "known.json")
    assert done.out.startswith(f"known.json: {len(STATES)} findings written;")
    written = json.loads((folder / "known.json").read_text())
    written["findings"] = [known for known in written["findings"] if "_known_" in str(known["identity"])]
    (folder / "known.json").write_text(json.dumps(written))
    lay_out(folder, sources(now=True))
    return folder


@pytest.mark.parametrize("run", RUNS, ids=lambda run: " ".join(run.arguments))
def test_what_is_shown_and_what_is_counted(project: Path, run: Run) -> None:
    done = sqlalint_here(project, "--output-format", "json", *run.arguments)
    names = function_names(project)
    shown = sorted(names[item["filename"], item["location"]["row"]] for item in json.loads(done.out))
    wanted = sorted(s.name for s in STATES if run.selected and not obstacles(s, run))
    assert shown == wanted
    assert done.status == bool(wanted)
    lines = done.err
    for what, expression in LINES.items():
        found = re.search(f"^{expression}", lines, re.MULTILINE)
        number = sum(counted(s, run) == what for s in STATES) if run.selected else 0
        assert (int(found[1]) if found else 0) == number, f"{what}: {lines}"


def function_names(project: Path) -> dict[tuple[str, int], str]:
    """The function that each row is in."""
    found = {}
    for path in set(PLACES.values()):
        name = ""
        for row, line in enumerate((project / path).read_text().splitlines(), start=1):
            name = line[4:].partition("(")[0] if line.startswith("def ") else name
            found[path, row] = name
    return found


# --- severities ---

GRADES = ("error", "warning", "info")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one finding."""
    views = HEADS + State("inside", "plain", False, "old").source(now=True)
    files: dict[str, str | bytes] = {"app/views.py": views, "app/models.py": MODELS, "app/queries.py": QUERIES}
    return lay_out(tmp_path_factory.mktemp("small"), files)


@pytest.mark.parametrize("configured", [False, True])
@pytest.mark.parametrize("fail_on", [*GRADES, "never", ""])
@pytest.mark.parametrize("least", [*GRADES, ""])
@pytest.mark.parametrize("severity", GRADES)
def test_severity_filters_and_fail_on_says_which_fail(
    small: Path, severity: str, least: str, fail_on: str, configured: bool
) -> None:
    by_option = fail_on and not configured
    text = f'severity = {{ lazy-load-in-loop = "{severity}" }}\n'
    other = "never" if by_option else ""  # the option counts, whatever the configuration says
    key = fail_on if fail_on and configured else other
    (small / "sqlalint.toml").write_text(text + (f'fail-on = "{key}"\n' if key else ""))
    arguments = [*(("--severity", least) if least else ()), *(("--fail-on", fail_on) if by_option else ())]
    done = sqlalint_here(small, "--output-format", "json", *arguments)
    shown = json.loads(done.out)
    is_shown = GRADES.index(severity) <= GRADES.index(least or "info")
    assert [item["severity"] for item in shown] == ([severity] if is_shown else [])
    fails = is_shown and fail_on != "never" and GRADES.index(severity) <= GRADES.index(fail_on or "info")
    assert done.status == fails
    assert sqlalint_here(small, "--output-format", "json", *arguments, "--exit-zero").status == 0
