"""Fixtures that state their own expectations, and the means to hold sqlalint to them.

A fixture is a small project: `fixtures/<rule_name>/<case>.py`, or a folder `fixtures/<rule_name>/<case>/`. What is
expected stands on the lines themselves, in comments of these forms (several on one line are separated by `#`):

    # expect: SAL501                  a finding of this code on this line, of confidence `certain`
    # expect: SAL501 likely; SAL502   several, with other confidences
    # expect-next: SAL003             the same, of the line below (where a comment has no place)
    # silent: why                     a line that looks guilty and must stay silent (it counts as a silent case)
    # is: list[User], loads {posts}   part of what `sqlalint why` says of this line
    # uses: blog                      the fixture has the files of `fixtures/shared/blog/` too (they state nothing)

Of a fixture all findings of its folder's rule count, and all findings of codes that its comments mention: what is
not expected must not be there. `fixtures/projects/` are larger programs, of no rule's own.
"""

import ast
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalint.engine import Analysis, analyse, judge, read_project
from sqlalint.project.project import Project
from sqlalint.project.settings import Settings
from sqlalint.report.finding import Confidence, Reported

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"

# Folders below fixtures/ of no rule: what examples stand on, larger programs, and files that several fixtures have.
PRELUDE = "prelude"
PROJECTS = "projects"
SHARED = "shared"

_COMMENT = re.compile(r"#\s*(expect|expect-next|silent|is|uses):\s*([^#\n]*)")


class MemoryTree:
    """A tree of files that exist only here."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}

    def paths(self) -> list[str]:
        """All paths, sorted."""
        return sorted(self._files)

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        return self._files[path]


@dataclass(frozen=True, order=True)
class Expected:
    """A finding as a fixture's comment states it, or as the engine made it."""

    path: str
    row: int
    code: str
    confidence: str = "certain"

    def __str__(self) -> str:
        return f"{self.path}:{self.row}: {self.code} {self.confidence}"


@dataclass(frozen=True)
class Fact:
    """A line's `# is:` comment."""

    path: str
    row: int
    text: str


@dataclass(frozen=True)
class Fixture:
    """A fixture project and what its comments say. `shared` are those of its files that others have too."""

    rule: str
    name: str
    files: Mapping[str, bytes]
    expected: tuple[Expected, ...] = ()
    facts: tuple[Fact, ...] = ()
    silent: tuple[tuple[str, int], ...] = ()
    mentioned: frozenset[str] = field(default_factory=frozenset)
    shared: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.rule}/{self.name}"

    def analysis(self) -> Analysis:
        """What the engine says of it, all rules and tiers."""
        return analyse(MemoryTree(self.files), Settings())

    def project(self) -> Project:
        """Its project, linked on demand."""
        return read_project(MemoryTree(self.files), Settings())


def load_fixture(path: Path) -> Fixture:
    """The fixture of a file or folder below `fixtures/<rule_name>/`."""
    files = {path.name: path.read_bytes()} if path.is_file() else sources(path)
    return make_fixture(path.parent.name, path.stem, files)


def sources(folder: Path) -> dict[str, bytes]:
    """The files of a folder by their paths in it."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if is_source(p)}


def is_source(path: Path) -> bool:
    """Whether a path is a file of a fixture, and not left behind by a run."""
    return path.is_file() and not {"__pycache__", ".sqlalint_cache"} & set(path.parts)


def make_fixture(rule: str, name: str, files: Mapping[str, bytes]) -> Fixture:
    """A fixture of these files and of those that they use, with what their comments say."""
    expected: list[Expected] = []
    facts: list[Fact] = []
    silent: list[tuple[str, int]] = []
    shared: dict[str, bytes] = {}
    for path, content in files.items():
        for row, kind, text in comments(content):
            match kind:
                case "is":
                    facts.append(Fact(path, row, text))
                case "silent":
                    silent.append((path, row))
                case "uses":
                    shared |= shared_files(text)
                case _:
                    expected += [Expected(path, row + (kind == "expect-next"), *e) for e in expectations(text)]
    mentioned = frozenset(e.code for e in expected)
    assert not shared.keys() & files.keys(), f"{rule}/{name} has files of its own that it uses: {sorted(shared)}"
    return Fixture(
        rule,
        name,
        {**shared, **files},
        tuple(sorted(expected)),
        tuple(facts),
        tuple(silent),
        mentioned,
        frozenset(shared),
    )


def shared_files(name: str) -> dict[str, bytes]:
    """The files of `fixtures/shared/<name>/`, which may not say what is expected: that is each fixture's own."""
    files = sources(FIXTURES / SHARED / name)
    assert files, f"fixtures/{SHARED}/{name} has no files"
    for path, content in files.items():
        assert not list(comments(content)), f"fixtures/{SHARED}/{name}/{path} states something"
    return files


def comments(content: bytes) -> Iterator[tuple[int, str, str]]:
    """The comments of a file that state something: row, kind, text. Rows are those of editors, not of form feeds."""
    for row, line in enumerate(io.StringIO(content.decode("utf-8", "replace"), newline=None), 1):
        for kind, text in _COMMENT.findall(line):
            yield row, kind, text.strip()


def expectations(text: str) -> Iterator[tuple[str, str]]:
    """`SAL501; SAL502 likely` as codes with confidences."""
    for part in text.split(";"):
        code, *rest = part.split()
        confidence = Confidence(rest[0]) if rest else Confidence.CERTAIN
        assert re.fullmatch(r"SAL\d{3}", code), f"no code: {code}"
        assert len(rest) < 2, f"too many words: {part}"
        yield code, confidence.value


def fixtures(rule: str | None = None) -> list[Fixture]:
    """All fixtures, or those of the rule of that name."""
    folders = [f for f in sorted(FIXTURES.iterdir()) if f.is_dir() and f.name not in (PRELUDE, SHARED)]
    if rule is not None:
        folders = [f for f in folders if f.name == rule.replace("-", "_")]
    return [load_fixture(case) for folder in folders for case in sorted(folder.iterdir()) if is_case(case)]


def is_case(path: Path) -> bool:
    """Whether an entry of a rule's folder is a fixture."""
    return path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")


def as_expected(findings: Iterable[Reported]) -> list[Expected]:
    """Findings in the form in which fixtures state them."""
    return sorted(Expected(f.place.path, f.place.span.row, f.code, f.confidence.value) for f in findings)


def difference(fixture: Fixture, findings: Iterable[Reported]) -> str:
    """What is missing and what is too much, one line each with the message; empty where all is as stated."""
    told = [f for f in findings if f.suppressed is None]
    counted = [f for f in told if f.name.replace("-", "_") == fixture.rule or f.code in fixture.mentioned]
    messages = dict(zip(as_expected(counted), [""] * len(counted), strict=True))
    for finding in counted:
        messages[as_expected([finding])[0]] = finding.message
    actual, wanted = as_expected(counted), list(fixture.expected)
    missing = subtract(wanted, actual)
    surplus = subtract(actual, wanted)
    lines = [f"missing  {e}" for e in missing] + [f"surplus  {e}  {messages[e]}" for e in surplus]
    return "\n".join(lines)


def subtract(these: list[Expected], those: list[Expected]) -> list[Expected]:
    """What the first list has more often than the second."""
    rest = list(those)
    left = []
    for item in these:
        if item in rest:
            rest.remove(item)
        else:
            left.append(item)
    return left


def explained(fixture: Fixture, project: Project, fact: Fact) -> list[str]:
    """What `sqlalint why` says of a fact's line."""
    from sqlalint.flow.why import explain

    return explain(project, fact.path, fact.row)


# --- counting silent cases ---


def silent_cases(fixture: Fixture) -> int:
    """How many cases of a fixture must stay silent: marked lines, and units (see `units`) without any comment.

    What several fixtures have is no case of any of them.
    """
    spoken = {(e.path, e.row) for e in fixture.expected} | set(fixture.silent)
    own = {path: content for path, content in fixture.files.items() if path not in fixture.shared}
    quiet = [u for path, content in own.items() for u in units(path, content) if not u.holds(spoken)]
    return len(fixture.silent) + len(quiet)


@dataclass(frozen=True)
class Unit:
    """A piece of a fixture that would be one case: rows of a file."""

    path: str
    first: int
    last: int

    def holds(self, rows: set[tuple[str, int]]) -> bool:
        """Whether one of these rows is in it."""
        return any(path == self.path and self.first <= row <= self.last for path, row in rows)


def units(path: str, content: bytes) -> Iterator[Unit]:
    """The cases of a file: a revision is one, else each function or method is. Classes are none: mark their lines."""
    if not path.endswith(".py"):
        return
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return
    functions = list(outer_functions(tree.body))
    if {"upgrade", "downgrade"} & {f.name for f in functions}:
        yield Unit(path, 1, content.count(b"\n") + 1)
        return
    for function in functions:
        yield Unit(path, function.lineno, function.end_lineno or function.lineno)


def outer_functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions and methods, not those nested in functions."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement
        elif isinstance(statement, ast.ClassDef):
            yield from outer_functions(statement.body)


# --- asking the engine ---


def lint(files: Mapping[str, str | bytes], settings: Settings | None = None) -> list[Reported]:
    """All findings of a project that exists only here, of every rule and tier. A crash of a rule is a failure."""
    analysis = analyse(MemoryTree(files), settings or Settings())
    assert not analysis.crashes, analysis.crashes[0].trace
    return list(analysis.findings)


def lint_project(project: Project) -> list[Reported]:
    """All findings of a project that is linked already."""
    findings, crashes, _ = judge(project)
    assert not crashes, crashes[0].trace
    return findings
