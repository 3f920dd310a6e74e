"""Which findings are selected: the options and the configuration together, held against the rules that there are."""

import os
from collections.abc import Iterable

from sqlalint.cli.opening import Opened
from sqlalint.config.errors import UsageError, nearest
from sqlalint.config.select import PerFile, Ruled, Selection, Selectors, check_selectors, split_selectors
from sqlalint.report.finding import Reported, Severity


class Selected:
    """Says of a finding whether its rule is on where it stands."""

    def __init__(self, selection: Selection, per_file: PerFile) -> None:
        self.selection = selection
        self._per_file = per_file

    def __call__(self, finding: Reported) -> bool:
        return self.selection(finding) and not self._per_file.ignores(finding.place.path, finding)


def select(opened: Opened, given: Selectors) -> Selected:
    """What the command line and the configuration select. Raises `UsageError` for a name that is no rule's."""
    options = opened.configuration.options
    configured = Selectors(
        None if options.select is None else split_selectors(options.select),
        split_selectors(options.extend_select),
        split_selectors(options.ignore or ()),
    )
    in_files = [word for selectors in options.per_file_ignores.values() for word in split_selectors(selectors)]
    if given.all or configured.all or in_files or options.severity or options.rules:
        from sqlalint.rules.registry import all_rules

        rules, file = all_rules(), opened.configuration.path
        _check(given, rules, "--{}")
        _check(configured, rules, file + ": key `{}`")
        check_selectors(in_files, rules, f"{file}: key `per-file-ignores`")
        _check_names(options.severity, rules, f"{file}: key `severity`")
        _check_names(options.rules, rules, f"{file}: key `rules`")
    return Selected(Selection(configured, given), PerFile(options.per_file_ignores, _folder(opened)))


def severities(opened: Opened) -> dict[str, Severity]:
    """The configured severities, by code or name."""
    found = opened.configuration.options.severity
    return {key.upper() if key.upper().startswith("SAL") else key: severity for key, severity in found.items()}


def _check(selectors: Selectors, rules: Iterable[Ruled], where: str) -> None:
    check_selectors(selectors.select or (), rules, where.format("select"))
    check_selectors(selectors.extend_select, rules, where.format("extend-select"))
    check_selectors(selectors.ignore, rules, where.format("ignore"))


def _check_names(names: Iterable[str], rules: Iterable[Ruled], where: str) -> None:
    """These keys take one rule each, no prefixes or families."""
    known = [word for rule in rules for word in (rule.name, rule.code)]
    for name in names:
        if name not in known and name.upper() not in known:
            raise UsageError(f"{where}: no rule `{name}`{nearest(name, known)}")


def _folder(opened: Opened) -> str:
    """The folder that patterns of the configuration start from, relative to the root."""
    if not opened.configuration.path:
        return ""
    folder = os.path.relpath(os.path.dirname(opened.configuration.path), opened.root.path).replace(os.sep, "/")
    return "" if folder == "." or folder.startswith("..") else folder
