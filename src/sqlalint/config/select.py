"""Which rules are on: selectors of rules, and what a set of options makes of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from sqlalint.config.errors import UsageError, nearest
from sqlalint.source.glob import Pattern, Patterns

# the catalogue's families, by the digit of their codes: also those that have no rule yet
FAMILIES = {
    "self": "0",
    "loading": "1",
    "asyncio": "2",
    "sessions": "3",
    "queries": "4",
    "models": "5",
    "migrations": "6",
    "deploys": "7",
    "tests": "8",
    "security": "9",
}
RETIRED = {"SAL515": "SAL535 or SAL536", "scalar-annotation-for-collection": "one-to-one-without-unique"}


class Ruled(Protocol):
    """What a selector looks at: a rule, or a finding of one."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def default(self) -> bool: ...


class Selectors(Struct, frozen=True):
    """What one layer of options (configuration, or command line) says. `select` is None where it is not given."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every selector."""
        return (*(self.select or ()), *self.extend_select, *self.ignore)

    def chosen(self, rule: Ruled) -> int:
        """How closely the rule is chosen, -1 if it is not."""
        return max((weight(s, rule) for s in (*(self.select or ()), *self.extend_select)), default=-1)

    def ignored(self, rule: Ruled) -> int:
        """How closely the rule is ignored, -1 if it is not."""
        return max((weight(s, rule) for s in self.ignore), default=-1)


class Selection(Struct, frozen=True):
    """The rules that are on: of two selectors the longer wins, and `ignore` where they are equally long.

    What the command line says of a rule outdoes the configuration, and its `select` replaces the configuration's;
    but a rule that the configuration ignores by a longer selector stays off. Without any `select` those rules are
    on that are on by default.
    """

    configured: Selectors = Selectors()
    given: Selectors = Selectors()

    def __call__(self, rule: Ruled) -> bool:
        """Whether a rule, or a finding of it, is selected."""
        chosen, ignored = self.given.chosen(rule), self.given.ignored(rule)
        if ignored >= 0 or chosen >= 0:
            return chosen > ignored and chosen >= self.configured.ignored(rule)
        if self.given.select is not None:
            return False
        chosen = self.configured.chosen(rule)
        if self.configured.select is None and rule.default:
            chosen = max(chosen, 0)
        return chosen > self.configured.ignored(rule)


def weight(selector: str, rule: Ruled) -> int:
    """How closely a selector names a rule, -1 where it does not."""
    if selector == "ALL":
        return 0
    if selector in (rule.name, rule.code):
        return 100
    prefix = "SAL" + FAMILIES[selector] if selector in FAMILIES else selector
    return len(prefix) if prefix.startswith("SAL") and rule.code.startswith(prefix) else -1


def split_selectors(values: Iterable[str]) -> tuple[str, ...]:
    """The selectors of repeated, comma-separated options; codes may be written in lower case."""
    words = [word.strip() for value in values for word in value.split(",")]
    return tuple(_spelled(word) for word in words if word)


def _spelled(word: str) -> str:
    upper = word.upper()
    return upper if upper == "ALL" or (upper.startswith("SAL") and (upper[3:].isdigit() or upper == "SAL")) else word


def check_selectors(selectors: Iterable[str], rules: Iterable[Ruled], where: str) -> None:
    """Raise `UsageError` for a selector that names no rule. `where` is the option, or file and key."""
    rules = list(rules)
    for selector in selectors:
        if selector in RETIRED:
            raise UsageError(f"{where}: `{selector}` is retired; instead: {RETIRED[selector]}")
        if selector in ("ALL", "SAL") or selector in FAMILIES or selector in [f"SAL{d}" for d in FAMILIES.values()]:
            continue
        if not any(weight(selector, rule) >= 0 for rule in rules):
            known = [rule.name for rule in rules] + list(FAMILIES)
            if selector.upper().startswith("SAL"):
                known = [rule.code for rule in rules]
            raise UsageError(f"{where}: no rule `{selector}`{nearest(selector, known)}")


class Ignores(Struct, frozen=True):
    """One entry of `per-file-ignores`: these rules are off in files that match, or, `inverted`, in all others."""

    patterns: tuple[Pattern, ...]
    inverted: bool
    selectors: tuple[str, ...]


def parse_ignores(
    ignores: Mapping[str, Iterable[str]], anchor: Callable[[Iterable[str]], tuple[Pattern, ...]] = tuple
) -> Iterator[Ignores]:
    """The entries of a table. A pattern that begins with `!` means all other files; `anchor` says where they count from."""
    for pattern, selectors in ignores.items():
        yield Ignores(anchor((pattern.removeprefix("!"),)), pattern.startswith("!"), split_selectors(selectors))


class PerFile:
    """`per-file-ignores`: which rules are off in which files, by their paths relative to the project root."""

    def __init__(self, ignores: Iterable[Ignores]) -> None:
        self._ignores = [(Patterns(entry.patterns), entry) for entry in ignores]

    def ignores(self, path: str, rule: Ruled) -> bool:
        """Whether a rule is off in a file."""
        return any(
            patterns.match_below(path) != entry.inverted and any(weight(s, rule) >= 0 for s in entry.selectors)
            for patterns, entry in self._ignores
        )
