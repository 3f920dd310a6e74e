"""`sqlalint config`: what was inferred of a project, and from where."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from sqlalint.cli.completion import complete_path
from sqlalint.cli.opening import Opened, open_project, open_tree, settings_of
from sqlalint.cli.printing import here
from sqlalint.cli.revisions import base_of, revisions_of
from sqlalint.cli.terminal import write_quietly
from sqlalint.report.presentation import Presentation
from sqlalint.report.summary import count

if TYPE_CHECKING:
    from sqlalint.project.project import Project


class Inferred(Struct, frozen=True):
    """One thing that the analysis stands on: what it is, its value, and where that is from."""

    what: str
    value: str
    source: str = ""


@click.command(short_help="Print what was inferred of a project, and from where.")
@click.argument("path", required=False, default=".", metavar="[PATH]", shell_complete=complete_path)
@click.option("--config", metavar="FILE", shell_complete=complete_path, help="Take the configuration from this file.")
@click.option("--isolated", is_flag=True, help="Take no configuration.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(path: str, config: str | None, isolated: bool, output_format: str) -> int:
    """Print what the analysis of a project stands on, and where each of it is from.

    That is its root and configuration, import roots, versions and dialects, script trees, and the options that are set.
    """
    from sqlalint.engine import read_project

    opened = open_project((path,), config, isolated)
    project = read_project(open_tree(opened), settings_of(opened))
    sections = dict(_sections(opened, project))
    write_quietly([_as_json(sections)] if output_format == "json" else _as_text(sections), sys.stdout)
    return 0


def _sections(opened: Opened, project: "Project") -> Iterator[tuple[str, Sequence[Inferred]]]:
    yield "project", tuple(_project(opened, project))
    yield "versions", [Inferred(t.name, t.text, _certainly(t.certainty, t.source)) for t in project.environment.targets]
    yield "dialects", tuple(_dialects(project))
    yield "migrations", tuple(_trees(opened, project))
    yield "options", tuple(_options(opened))


def _project(opened: Opened, project: "Project") -> Iterator[Inferred]:
    shown = Presentation(opened.root.path, here())
    yield Inferred("root", shown.path(""), opened.root.reason)
    configuration = opened.configuration
    extends = [f"extends {shown.path(path)}" for path in configuration.extended]
    yield Inferred(
        "configuration", shown.path(configuration.path) if configuration.path else "none", ", ".join(extends)
    )
    readable, failed = len(project.files), len(project.failures)
    yield Inferred("files", count(readable, "Python file"), f"{failed:,} could not be read" if failed else "")
    yield _base(opened)
    yield Inferred("import roots", ", ".join(root or "." for root in project.modules.roots))


def _base(opened: Opened) -> Inferred:
    """The commit that revisions are held against."""
    from sqlalint.source.merge_base import Base

    found = base_of(opened, None)
    if isinstance(found, Base):
        return Inferred("base", found.commit[:12], found.name)
    return Inferred("base", "none", f"{found.reason}; {found.remedy}")


def _dialects(project: "Project") -> Iterator[Inferred]:
    for dialect in project.environment.dialects:
        yield Inferred(dialect.name, dialect.driver or "-", _certainly(dialect.certainty, dialect.source))
    if not project.environment.dialects:
        yield Inferred("none", "-", "no URL, import or driver in sight; set `dialects`")


def _trees(opened: Opened, project: "Project") -> Iterator[Inferred]:
    from sqlalint.engine import histories

    states = revisions_of(opened, histories(project), base_of(opened, None)).states
    for tree in project.migrations.trees:
        are_open = sum(states[r.path].is_open for r in tree.revisions)
        heads = f"{count(len(tree.heads), 'head')} {', '.join(tree.heads)}" if tree.heads else "no head"
        unresolved = "" if tree.resolved else ", not resolved"
        value = f"{count(len(tree.revisions), 'revision')} ({are_open} open), {heads}{unresolved}"
        yield Inferred(tree.id or ".", value, tree.source)
    if not project.migrations.trees:
        yield Inferred("none", "-", "no alembic.ini, env.py or revision in sight; set `script-locations`")


def _options(opened: Opened) -> Iterator[Inferred]:
    """The options that are set, as they count."""
    import json

    from msgspec import to_builtins

    for key, value in to_builtins(opened.configuration.options).items():
        if value not in (None, [], {}):
            yield Inferred(key, json.dumps(value))


def _certainly(certainty: str, source: str) -> str:
    return source if certainty == "default" else f"{certainty}: {source}"


def _as_text(sections: dict[str, Sequence[Inferred]]) -> Iterator[str]:
    """A table a section; a long value does not push the others aside."""
    for number, (name, section) in enumerate(section for section in sections.items() if section[1]):
        yield f"\n{name}\n" if number else f"{name}\n"
        what = min(max(len(item.what) for item in section), 48)
        value = min(max(len(item.value) for item in section), 48)
        for item in section:
            yield f"  {item.what:{what}}  {item.value:{value}}  {_short(item.source)}".rstrip() + "\n"


def _short(source: str) -> str:
    """A long list of sources by its first three."""
    parts = source.split(", ")
    return ", ".join(parts[:3]) + (f" and {len(parts) - 3} more" if len(parts) > 3 else "")


def _as_json(sections: dict[str, Sequence[Inferred]]) -> str:
    import json

    from msgspec import to_builtins

    return json.dumps(to_builtins(sections), indent=2) + "\n"
