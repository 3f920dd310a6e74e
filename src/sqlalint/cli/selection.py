"""Which findings are selected: the options and the configuration together, held against the rules that there are."""

import os
from collections.abc import Iterable, Iterator, Sequence

from sqlalint.cli.opening import Opened
from sqlalint.config.discover import Layer, anchored
from sqlalint.config.errors import UsageError, nearest
from sqlalint.config.model import Options
from sqlalint.config.select import (
    Ignores,
    PerFile,
    Ruled,
    Selection,
    Selectors,
    check_selectors,
    parse_ignores,
    split_selectors,
)
from sqlalint.report.finding import Reported, Severity


class Selected:
    """Says of a finding whether its rule is on where it stands."""

    def __init__(self, selection: Selection, per_file: PerFile) -> None:
        self.selection = selection
        self._per_file = per_file

    def __call__(self, finding: Reported) -> bool:
        return self.selection(finding) and not self.is_off(finding.place.path, finding)

    def is_off(self, path: str, rule: Ruled) -> bool:
        """Whether a rule is off in a file whatever is selected."""
        return self._per_file.ignores(path, rule)


def select(opened: Opened, given: Selectors, in_files: Sequence[str] = ()) -> Selected:
    """What the command line and the configuration select. Raises `UsageError` for a name that is no rule's.

    `in_files` are the values of `--per-file-ignores`, which replace those of the configuration.
    """
    configuration = opened.configuration
    configured = _configured(configuration.options)
    options = configuration.options
    ignores = given_ignores(in_files)
    if given.all or configured.all or ignores or options.per_file_ignores or options.severity or options.rules:
        from sqlalint.rules.registry import all_rules

        rules = all_rules()
        _check(given, rules, "--{}")
        check_selectors((s for own in ignores.values() for s in own), rules, "--per-file-ignores")
        for layer in configuration.layers:
            _check_layer(layer, rules)
    root = opened.root.path
    if ignores:
        return Selected(
            Selection(configured, given), PerFile(parse_ignores(ignores, lambda p: anchored(p, os.getcwd(), root)))
        )
    return Selected(Selection(configured, given), PerFile(_ignores(opened)))


def given_ignores(values: Sequence[str]) -> dict[str, list[str]]:
    """The table that is meant by `PATTERN:RULE,PATTERN:RULE`."""
    found: dict[str, list[str]] = {}
    for word in (word.strip() for value in values for word in value.split(",")):
        pattern, colon, selector = word.rpartition(":")
        if word and not (pattern and colon and selector.strip()):
            raise UsageError(f"--per-file-ignores: `{word}` is no pattern with a rule, such as `reports/*.py:SAL101`")
        if word:
            found.setdefault(pattern.strip(), []).extend(split_selectors([selector]))
    return found


def _configured(options: Options) -> Selectors:
    return Selectors(
        None if options.select is None else split_selectors(options.select),
        split_selectors(options.extend_select),
        split_selectors(options.ignore or ()),
    )


def _ignores(opened: Opened) -> Iterator[Ignores]:
    """`per-file-ignores` of all files, each from where that file's patterns count; the nearest has the last word."""
    seen: set[str] = set()
    for layer in opened.configuration.layers:
        own = {p: s for p, s in layer.options.per_file_ignores.items() if p not in seen}
        seen.update(own)
        yield from parse_ignores(own, lambda patterns, layer=layer: layer.anchored(patterns, opened.root.path))  # type: ignore[misc]


def _check_layer(layer: Layer, rules: Sequence[Ruled]) -> None:
    """Rules are known wherever a configuration file names them."""
    options, file = layer.options, layer.path
    _check(_configured(options), rules, file + ": key `{}`")
    for pattern, selectors in options.per_file_ignores.items():
        check_selectors(split_selectors(selectors), rules, f"{file}: key `per-file-ignores.{_quoted(pattern)}`")
    _check_names(options.severity, rules, f"{file}: key `severity`")
    _check_names(options.rules, rules, f"{file}: key `rules`")
    for name, own in options.rules.items():
        for key in own:
            raise UsageError(f"{file}: key `rules.{name}.{key}`: the rule `{name}` has no options")


def _quoted(pattern: str) -> str:
    from sqlalint.config.kinds import quoted

    return quoted(pattern)


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
