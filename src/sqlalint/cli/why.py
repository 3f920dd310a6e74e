"""`sqlalint why`: what is believed at a line."""

import sys
from typing import TYPE_CHECKING

import click

from sqlalint.cli.completion import complete_path
from sqlalint.cli.opening import Opened, open_project, open_tree, settings_of
from sqlalint.cli.revisions import base_of, revisions_of
from sqlalint.cli.terminal import write_quietly
from sqlalint.config.errors import UsageError

if TYPE_CHECKING:
    from sqlalint.project.project import Project


@click.command(short_help="Print what is believed at a line, and which rules came near.")
@click.argument("place", metavar="PATH:LINE", shell_complete=complete_path)
@click.option("--config", metavar="FILE", shell_complete=complete_path, help="Take the configuration from this file.")
@click.option("--isolated", is_flag=True, help="Take no configuration.")
def command(place: str, config: str | None, isolated: bool) -> int:
    """Print what is believed at PATH:LINE, and which rules came near.

    That is the type of each value, where it comes from and what of it is loaded; and of rules that are silent there
    the condition that failed, and the hint that would settle it.
    """
    from sqlalint.engine import read_project
    from sqlalint.flow.why import explain
    from sqlalint.project.explain import explain_models, explain_revision

    path, line = split_place(place)
    opened = open_project((path,), config, isolated)
    if not opened.files:
        raise UsageError(f"{path} is a folder; name a file and a line: `sqlalint why app/models.py:12`")
    file = opened.files[0]
    project = read_project(open_tree(opened), settings_of(opened), by_hand=opened.files)
    if failure := project.failures.get(file):
        raise UsageError(f"{path} cannot be read: {failure.message} (line {failure.row}, column {failure.column})")
    if file not in project.files:
        raise UsageError(f"{path} is no Python file")
    if line > project.files[file].index.rows:
        raise UsageError(f"{path} has no line {line:,}")
    believed = [
        *explain_models(project, file, line),
        *explain_revision(project, file, line),
        *_verdict(opened, project, file),
        *explain(project, file, line),
    ]
    nothing = [f"Nothing is known of {path}:{line}: no value, call or revision that matters here."]
    write_quietly((f"{text}\n" for text in believed or nothing), sys.stdout)
    return 0


def _verdict(opened: Opened, project: "Project", file: str) -> list[str]:
    """Whether a revision is judged as open or as applied, and why."""
    if all(revision.path != file for revision in project.migrations.revisions):
        return []
    from sqlalint.engine import histories

    state = revisions_of(opened, histories(project), base_of(opened, None)).states.get(file)
    if state is None:
        return []
    sure = "" if state.is_known else "assumed to be "
    return [f"{sure}{'open' if state.is_open else 'applied'}: {state.note}"]


def split_place(place: str) -> tuple[str, int]:
    """The path and the line of `path:line` or `path:line:column`. Raises `UsageError`."""
    parts = place.split(":")
    numbers = 0
    while numbers < min(2, len(parts) - 1) and parts[-1 - numbers].isdecimal():
        numbers += 1
    path = ":".join(parts[: len(parts) - numbers])
    if not numbers or not path or int(parts[len(parts) - numbers]) < 1:
        raise UsageError(f"`{place}` is no place; name a file and a line: `sqlalint why app/models.py:12`")
    return path, int(parts[len(parts) - numbers])
