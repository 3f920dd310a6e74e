"""`sqlalint init`: a configuration and a baseline for a project that has neither."""

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec import Struct

from sqlalint.cli.baseline_file import baseline_path
from sqlalint.cli.completion import complete_path
from sqlalint.cli.inspection import Inspection, open_inspection
from sqlalint.cli.opening import Opened, open_project, open_tree, settings_of
from sqlalint.cli.options import CheckOptions
from sqlalint.cli.printing import here
from sqlalint.cli.revisions import base_of
from sqlalint.config.discover import CONFIG_FILE, config_file
from sqlalint.config.errors import UsageError
from sqlalint.config.kinds import allowed
from sqlalint.config.model import Dialect, TargetVersions
from sqlalint.fix.write import write_file
from sqlalint.report.baseline import record, write_baseline
from sqlalint.report.presentation import Presentation
from sqlalint.report.style import printable
from sqlalint.report.summary import count

if TYPE_CHECKING:
    from sqlalint.project.project import Project

SETTINGS = "https://sqlalint.readthedocs.io/en/latest/settings/"
HOOK = """\
repos:
  - repo: local
    hooks:
      - id: sqlalint
        name: sqlalint
        entry: sqlalint check --force-exclude --hook
        language: system
        types: [python]
        require_serial: true
"""


class Proposal(Struct, frozen=True):
    """A setting that would say what was found, and where that was found."""

    key: str
    value: object
    source: str


def init(path: str, with_baseline: bool) -> int:
    """Run `init` and return the exit status."""
    opened = open_project((path,))
    root = opened.root.path
    shown = Presentation(root, here())
    if there := config_file(root):
        raise UsageError(
            f"{shown.path(there)} has a configuration already, and is left as it is; edit it"
            f" (all settings: {SETTINGS}), or take it out to begin anew"
        )
    lines = list(_configuration(opened))
    target, content = _with_table(root, lines)
    report = _new_findings(root) if with_baseline else None
    _write(target, content)
    click.echo(f"{_printed(shown, target)}: written. What was found stands in it as comments:")
    for line in lines:
        if line.startswith("# ") and "  # found: " in line:
            click.echo(f"  {line.removeprefix('# ')}")
    changed = [target]
    if report is not None:
        changed += report.write(root, shown)
    click.echo(_next(" ".join(_quoted(_printed(shown, p)) for p in changed)))
    return 0


# --- the configuration ---


def _configuration(opened: Opened) -> Iterator[str]:
    """The lines of a configuration that sets nothing."""
    from sqlalint.engine import read_project

    project = read_project(open_tree(opened), settings_of(opened))
    yield f"# All settings: {SETTINGS}"
    yield "# What `sqlalint init` found stands here in comments. Each run finds it anew; without the `#` it is fixed."
    for proposal in _found(opened, project):
        yield f"# {proposal.key} = {_toml(proposal.value)}  # found: {printable(proposal.source)}"
    yield "#"
    yield '# confidence = "likely"  # less sure findings too'
    yield '# extend-select = ["suppression-without-reason"]  # rules that are off by default: `sqlalint rules`'
    yield '# per-file-ignores = { "scripts/**" = ["loading"] }'
    yield '# extend-exclude = ["templates"]'


def _found(opened: Opened, project: "Project") -> Iterator[Proposal]:
    environment, words = project.environment, allowed(Dialect)
    dialects = [d for d in environment.dialects if d.name in words]
    if dialects:
        yield Proposal("dialects", [d.name for d in dialects], _joined(d.source for d in dialects))
    fields = {field.encode_name for field in msgspec.structs.fields(TargetVersions)}
    targets = [t for t in environment.targets if t.name in fields and t.certainty != "default"]
    if targets:
        yield Proposal("target-versions", {t.name: t.text for t in targets}, _joined(t.source for t in targets))
    trees = [tree for tree in project.migrations.trees if tree.folder]
    if trees:
        yield Proposal("script-locations", [tree.folder for tree in trees], _joined(tree.source for tree in trees))
    yield from _history(opened, [head for tree in trees for head in tree.heads])


def _history(opened: Opened, heads: list[str]) -> Iterator[Proposal]:
    """What tells revisions that have run from new ones."""
    from sqlalint.source.merge_base import Base

    base = base_of(opened, None)
    if isinstance(base, Base):
        _, _, branch = base.name.partition("the merge base with ")
        if branch:
            yield Proposal("base", branch, f"{base.name}; revisions that it has count as applied")
    elif heads:
        yield Proposal("start-after", heads, f"the newest now; those that follow count as new ({base.reason})")


def _joined(sources: Iterator[str]) -> str:
    parts = [part for source in dict.fromkeys(sources) for part in source.split(", ")]
    unique = list(dict.fromkeys(parts))
    return ", ".join(unique[:3]) + (f" and {len(unique) - 3} more" if len(unique) > 3 else "")


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(inner)}' for key, inner in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


def _with_table(root: str, lines: list[str]) -> tuple[str, bytes]:
    """The file to write, and its bytes: a `pyproject.toml` with our table at its end, else a file of our own."""
    import tomllib

    shared = os.path.join(root, "pyproject.toml")
    try:
        with open(shared, "rb") as file:
            before = file.read()
    except FileNotFoundError:
        return os.path.join(root, CONFIG_FILE), "".join(f"{line}\n" for line in lines).encode()
    except OSError as problem:
        raise UsageError(f"{shared}: {problem.strerror or problem}") from None
    end = b"\r\n" if b"\r\n" in before else b"\n"
    table = end.join(line.encode() for line in ("[tool.sqlalint]", *lines)) + end
    gap = b"" if not before or before.endswith(end * 2) else end if before.endswith(b"\n") else end * 2
    try:
        tomllib.loads(before.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise UsageError(f"{shared} is no valid TOML, and is left as it is: {problem}") from None
    try:
        tomllib.loads((before + gap + table).decode("utf-8-sig"))
    except tomllib.TOMLDecodeError:  # `tool = {...}`, to which nothing can be added
        return os.path.join(root, CONFIG_FILE), "".join(f"{line}\n" for line in lines).encode()
    return shared, before + gap + table


def _write(path: str, content: bytes) -> None:
    try:
        if os.path.exists(path):
            write_file(path, content)
        else:
            with open(path, "xb") as file:
                file.write(content)
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror or problem}") from None


# --- the baseline ---


class _Baseline(Struct, frozen=True):
    """What is found now: the content of a baseline ("" for none), and how much that is."""

    content: str
    findings: int
    there: bool = False

    def write(self, root: str, shown: Presentation) -> list[str]:
        """Write it, say so, and return the files that were written."""
        path = os.path.join(root, "sqlalint-baseline.json")
        name = _printed(shown, path)
        if self.there:
            click.echo(f"{name}: is there already, and is left as it is.")
        elif not self.findings:
            click.echo("No baseline: nothing is reported.")
        else:
            _write(path, self.content.encode())
            found = count(self.findings, "finding")
            click.echo(f"{name}: {found} written; `sqlalint check` reports what is not among them.")
            return [path]
        return []


def _new_findings(root: str) -> _Baseline:
    """What `check` reports in the whole project."""
    from sqlalint.cli.progress import Progress

    inspection: Inspection = open_inspection(CheckOptions(paths=(root,)), baseline=False)
    if os.path.lexists(baseline_path(None, inspection.opened)):
        return _Baseline("", 0, there=True)
    with Progress() as progress, inspection.cache() as cache:
        inspected = inspection.inspect(inspection.tree, cache, progress)
    if inspected.analysis.crashes:
        raise UsageError(f"{inspected.analysis.crashes[0].rule or 'the analysis'} crashed, so nothing is written")
    shown = inspected.report.shown
    return _Baseline(write_baseline(record(shown)), len(shown))


# --- what is said ---


def _next(files: str) -> str:
    hook = "".join(f"    {line}\n" for line in HOOK.splitlines())
    return f"""
Next:
  sqlalint check           reports what is new
  sqlalint config          prints what was found, and from where
  git add {files}

To run before each commit, in .pre-commit-config.yaml:

{hook}""".rstrip("\n")


def _printed(shown: Presentation, path: str) -> str:
    return printable(shown.path(path))


def _quoted(path: str) -> str:
    import shlex

    return shlex.quote(path)


@click.command(short_help="Write a configuration, and a baseline of what is found now.")
@click.argument("path", required=False, default=".", metavar="[PATH]", shell_complete=complete_path)
@click.option("--no-baseline", is_flag=True, help="Write no baseline.")
def command(path: str, no_baseline: bool) -> int:
    """Write a configuration for the project of PATH, and a baseline of what is found in it now.

    The configuration goes to the end of pyproject.toml where there is one at the root of the project, else into
    sqlalint.toml. It sets nothing: what was found of the project stands in it as comments. Nothing is overwritten.
    """
    return init(path, not no_baseline)
