"""What shells are to offer for the values of options and arguments. Click does the rest (`_SQLALINT_COMPLETE`)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def complete_path(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Files and folders, which the shell itself knows best."""
    return [_item(incomplete, kind="file")]


def complete_folder(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Folders."""
    return [_item(incomplete, kind="dir")]


def complete_selectors(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names and codes of rules, families and ALL; the last word of a list with commas."""
    from sqlalint.config.select import FAMILIES

    before, comma, word = incomplete.rpartition(",")
    found = [*_rules(word)]
    found += [_item(family, "a family of rules") for family in FAMILIES if family.startswith(word)]
    found += [_item("ALL", "all rules")] if "ALL".startswith(word.upper()) else []
    return [_item(f"{before}{comma}{item.value}", item.help) for item in found]


def complete_rule(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names and codes of rules."""
    return list(_rules(incomplete))


def _rules(word: str) -> "Iterator[CompletionItem]":
    from sqlalint.rules.registry import all_rules

    for rule in all_rules():
        for name in (rule.name, rule.code):
            if name.lower().startswith(word.lower()):
                yield _item(name, rule.summary)


def _item(value: str, text: str | None = None, kind: str = "plain") -> "CompletionItem":
    from click.shell_completion import CompletionItem  # only a shell that completes needs it

    return CompletionItem(value, kind, text)
