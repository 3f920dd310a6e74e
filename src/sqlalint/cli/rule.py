"""`sqlalint rule`: the page of a rule."""

import sys
from typing import TYPE_CHECKING

import click

from sqlalint.cli.completion import complete_rule
from sqlalint.cli.rules import as_json, confidence_of
from sqlalint.cli.terminal import has_colour, terminal_width, write_quietly
from sqlalint.config.errors import UsageError, nearest
from sqlalint.config.select import RETIRED

if TYPE_CHECKING:
    from sqlalint.rules.registry import Rule


@click.command(short_help="Print the page of a rule.")
@click.argument("rule", required=False, metavar="NAME|CODE", shell_complete=complete_rule)
@click.option("--all", "every", is_flag=True, help="Print the pages of all rules.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(rule: str | None, every: bool, output_format: str, color: str) -> int:
    """Print what a rule finds, why it hurts, a bad and a good example, and what it cannot see."""
    from sqlalint.rules.registry import all_rules

    if every == bool(rule):
        raise UsageError("name a rule, or say --all")
    rules = all_rules() if every else (_named(rule or ""),)
    if output_format == "json":
        write_quietly([as_json(rules if every else rules[0])], sys.stdout)
        return 0
    pages = "\n\n".join(page(r) for r in rules)
    if has_colour(color, sys.stdout):
        _print_in_colour(pages)
    else:
        write_quietly([pages, "\n"], sys.stdout)
    return 0


def page(rule: "Rule") -> str:
    """A rule's page as Markdown."""
    shown = "on by default" if rule.default else "only when selected"
    facts = f"{rule.code}, {rule.family}, {rule.severity.value}, {shown}, confidence {confidence_of(rule)}"
    fix = {"-": "no fix", "show": "shows the remedy"}.get(rule.fix, f"{rule.fix} fix")
    revisions = ", open revisions only" if rule.speaks == "open" else ""
    return f"# {rule.name}\n\n{facts}, {fix}{revisions}, since {rule.since}\n\n{rule.page.strip()}"


def _named(selector: str) -> "Rule":
    from sqlalint.rules.registry import all_rules, find_rule

    found = find_rule(selector)
    if found is None:
        if instead := RETIRED.get(selector.upper(), RETIRED.get(selector.lower())):
            raise UsageError(f"the rule `{selector}` is retired; instead: {instead}")
        known = [word for r in all_rules() for word in (r.name, r.code)]
        raise UsageError(f"no rule `{selector}`{nearest(selector.lower(), known) or nearest(selector.upper(), known)}")
    return found


def _print_in_colour(text: str) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    Console(force_terminal=True, width=min(terminal_width(), 110)).print(Markdown(text, code_theme="ansi_light"))
