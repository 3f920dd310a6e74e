"""`sqlalint rules`: all rules in a table."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from sqlalint.cli.terminal import is_terminal, terminal_width, write_quietly
from sqlalint.report.presentation import url

if TYPE_CHECKING:
    from sqlalint.rules.registry import Rule


@click.command(short_help="List all rules.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(output_format: str) -> int:
    """List all rules: code, name, severity, highest confidence, whether it is on by default, and what it finds."""
    from sqlalint.rules.registry import all_rules

    rules = all_rules()
    write_quietly([as_json(rules)] if output_format == "json" else table(rules), sys.stdout)
    return 0


def table(rules: "Sequence[Rule]") -> Iterator[str]:
    """The rules by family, a line each; on a terminal cut to its width."""
    name = max((len(r.name) for r in rules), default=0)
    room = terminal_width() if is_terminal(sys.stdout) else 0
    family = ""
    for rule in rules:
        if rule.family != family:
            yield ("\n" if family else "") + f"{rule.family}\n"
            family = rule.family
        on = "on " if rule.default else "opt"
        tier = confidence_of(rule)
        line = f"  {rule.code}  {rule.name:{name}}  {on}  {rule.severity.value:7}  {tier:8}  {rule.summary}"
        yield (line if not room or len(line) <= room else line[: room - 3] + "...") + "\n"


def confidence_of(rule: "Rule") -> str:
    """The highest confidence of a rule's findings."""
    return rule.tier.value


def as_json(rules: "Rule | Sequence[Rule]") -> str:
    """A rule, or a list of rules, for programs."""
    import json

    value = [_fields(r) for r in rules] if isinstance(rules, list | tuple) else _fields(rules)  # type: ignore[arg-type]
    return json.dumps(value, indent=2) + "\n"


def _fields(rule: "Rule") -> dict[str, str | bool]:
    return {
        "code": rule.code,
        "name": rule.name,
        "family": rule.family,
        "summary": rule.summary,
        "severity": rule.severity.value,
        "confidence": confidence_of(rule),
        "default": rule.default,
        "fix": rule.fix,
        "revisions": rule.speaks,
        "since": rule.since,
        "url": url(rule.name),
        "explanation": rule.page,
    }
