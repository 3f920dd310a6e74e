"""The settings that hold for a run, and where each of them is from: what `check --show-settings` prints.

It is TOML: saved as `sqlalint.toml` it sets what is set here. What is no setting stands in comments.
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any, get_origin

import msgspec
from msgspec import Struct

from sqlalint.cli.baseline_file import baseline_path
from sqlalint.cli.inspection import Inspection
from sqlalint.cli.printing import here
from sqlalint.cli.selection import given_ignores, severities
from sqlalint.cli.terminal import write_quietly
from sqlalint.config.kinds import choices, quoted
from sqlalint.config.model import Options
from sqlalint.config.select import split_selectors
from sqlalint.report.presentation import Presentation
from sqlalint.report.style import printable
from sqlalint.source.files import DEFAULT_EXCLUDES

_DEFAULTS = {"confidence": "certain", "fail-on": "info", "exclude": list(DEFAULT_EXCLUDES)}
_ADDING = frozenset({"ignore", "extend-select", "extend-exclude"})  # what the command line says of these comes on top
_COMMAND_LINE = "command line"


class Source(Struct, frozen=True):
    """Something that sets keys: the command line, a file, or the defaults."""

    name: str
    values: dict[str, Any]


class Entry(Struct, frozen=True):
    """A value, where it is from, and in a table its name."""

    value: object
    source: str
    name: str = ""


def show_settings(inspection: Inspection) -> int:
    """Print the settings and return the exit status."""
    write_quietly((f"{line}\n" for line in _lines(inspection)), sys.stdout)
    return 0


def _lines(inspection: Inspection) -> Iterator[str]:
    shown = Presentation(inspection.opened.root.path, here())
    sources = list(_sources(inspection, shown))
    yield from _about(inspection, shown)
    yield ""
    tables: list[str] = []
    for field in msgspec.structs.fields(Options):
        key, kind = field.encode_name, field.type
        entries = _entries(key, sources)
        if key == "extend":
            continue
        if not entries:
            yield f"# {key}: not set"
        elif entries[0].name:
            tables += ["", f"[{key}]", *(f"{quoted(e.name)} = {_toml(e.value)}  # {e.source}" for e in entries)]
        else:
            yield from _setting(key, entries, is_list=list in [get_origin(choice) for choice in choices(kind)])
    yield from tables
    yield from _rules(inspection, shown)


def _about(inspection: Inspection, shown: Presentation) -> Iterator[str]:
    """The project and its files."""
    opened = inspection.opened
    yield f"# settings for: {', '.join(_plain(shown.path(p)) for p in (*opened.files, *opened.folders))}"
    yield f"# project root: {_plain(shown.path(''))} ({opened.root.reason})"
    files = [_plain(shown.path(layer.path)) for layer in opened.configuration.layers]
    yield f"# configuration: {', which extends '.join(files) or 'none'}"
    baseline = baseline_path(inspection.options.baseline, opened)
    yield f"# baseline: {_plain(shown.path(baseline)) if os.path.exists(baseline) else 'none'}"


def _sources(inspection: Inspection, shown: Presentation) -> Iterator[Source]:
    """What sets keys, the nearest first."""
    options = inspection.options
    given = {
        "select": list(split_selectors(options.select)),
        "ignore": list(split_selectors(options.ignore)),
        "extend-select": list(split_selectors(options.extend_select)),
        "per-file-ignores": given_ignores(options.per_file_ignores),
        "extend-exclude": list(options.excluded),
        "confidence": options.confidence,
        "fail-on": options.fail_on,
        "base": options.base,
    }
    yield Source(_COMMAND_LINE, {key: value for key, value in given.items() if value})
    for layer in inspection.opened.configuration.layers:
        yield Source(_plain(shown.path(layer.path)), msgspec.to_builtins(layer.options))
    yield Source("default", dict(_DEFAULTS))


def _entries(key: str, sources: list[Source]) -> list[Entry]:
    """What holds for a key; none if nothing does."""
    said = [(source.name, source.values[key]) for source in sources if key in source.values]
    if not said:
        return []
    nearest, value = said[0]
    if isinstance(value, dict):
        names: dict[str, Entry] = {}
        for source, table in said[:1] if nearest == _COMMAND_LINE else said:
            for name, inner in table.items():
                names.setdefault(name, Entry(inner, source, name))
        return list(names.values())
    if key.startswith("extend-"):
        parts = said[::-1]
    else:
        parts = said[:2][::-1] if nearest == _COMMAND_LINE and key in _ADDING else said[:1]
    return [Entry(part, source) for source, part in parts]


def _setting(key: str, entries: list[Entry], is_list: bool) -> Iterator[str]:
    if not is_list or not isinstance(entries[0].value, list):
        yield f"{key} = {_toml(entries[0].value)}  # {entries[0].source}"
    elif len(entries) == 1 and len(line := f"{key} = {_toml(entries[0].value)}  # {entries[0].source}") <= 120:
        yield line
    else:
        alone = len(entries) == 1
        yield f"{key} = [" + (f"  # {entries[0].source}" if alone else "")
        for entry in entries:
            for word in entry.value if isinstance(entry.value, list) else [entry.value]:
                yield f"    {_toml(word)}," + ("" if alone else f"  # {entry.source}")
        yield "]"


def _rules(inspection: Inspection, shown: Presentation) -> Iterator[str]:
    """The rules that are on, and what is off in the files that were named."""
    from sqlalint.rules.registry import all_rules

    rules, graver = all_rules(), severities(inspection.opened)
    on = [rule for rule in rules if inspection.selected.selection(rule)]
    yield ""
    yield f"# rules that are on: {len(on)} of {len(rules)}"
    for rule in on:
        severity = graver.get(rule.name) or graver.get(rule.code) or rule.severity
        yield f"#   {rule.code}  {rule.name}  {severity.value}"
    for path in inspection.opened.files:
        off = [rule.code for rule in on if inspection.selected.is_off(path, rule)]
        if off:
            yield f"# rules that are off in {_plain(shown.path(path))}: {', '.join(off)}"


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """A path that fits into a comment."""
    return printable(text)
