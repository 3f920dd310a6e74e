"""The rules: how one is declared, and where they are found."""

import functools
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Severity

Check = Callable[[Any, Project], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule: its row of the catalogue, its page, and its check.

    `tier` is the highest confidence that a finding of it may have. `speaks` is "open" for rules that judge only
    revisions which have not run. `subject` is the kind of fact that it judges: the type of the check's first parameter.
    """

    code: str
    name: str
    family: str
    severity: Severity
    tier: Confidence
    default: bool
    fix: str
    speaks: str
    since: str
    page: str
    subject: type
    check: Check

    @property
    def summary(self) -> str:
        """The first line of the page."""
        return self.page.partition("\n")[0]


def rule(
    code: str,
    name: str,
    *,
    severity: Severity,
    tier: Confidence = Confidence.CERTAIN,
    fix: str = "-",
    speaks: str = "all",
    default: bool = True,
    since: str = "0.1",
) -> Callable[[Check], Rule]:
    """Declare the decorated generator as a rule. Its module's docstring is its page; its folder is its family."""

    def declare(check: Check) -> Rule:
        page = inspect.cleandoc(sys.modules[check.__module__].__doc__ or "")
        family = check.__module__.split(".")[-2]
        subject = next(iter(check.__annotations__.values()))
        if not isinstance(subject, type):
            raise TypeError(f"{check.__module__}: the first parameter's annotation is to be a class")
        return Rule(code, name, family, severity, tier, default, fix, speaks, since, page, subject, check)

    return declare


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code. Imports the rule modules; a warm run does not."""
    found: list[Rule] = []
    package = importlib.import_module("sqlalint.rules")
    for family in pkgutil.iter_modules(package.__path__, "sqlalint.rules."):
        if not family.ispkg:
            continue
        for module in pkgutil.iter_modules(importlib.import_module(family.name).__path__, family.name + "."):
            members = vars(importlib.import_module(module.name)).values()
            found += [m for m in members if isinstance(m, Rule)]
    return tuple(sorted(found, key=lambda r: r.code))


def find_rule(selector: str) -> Rule | None:
    """The rule of a name or code, in any case."""
    wanted = selector.lower()
    return next((r for r in all_rules() if wanted in (r.name, r.code.lower())), None)
