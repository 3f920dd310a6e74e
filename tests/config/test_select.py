"""Which rules a set of selectors turns on."""

import pytest
from msgspec import Struct

from sqlalint.config.errors import UsageError
from sqlalint.config.select import PerFile, Selection, Selectors, check_selectors, parse_ignores, split_selectors
from sqlalint.source.glob import Anchored


class Named(Struct, frozen=True):
    """A rule as far as selection looks at it."""

    code: str
    name: str
    default: bool = True


LAZY = Named("SAL101", "lazy-load-in-loop")
COUNTING = Named("SAL118", "existence-by-loading", default=False)
INDEX = Named("SAL501", "fk-without-index")
RULES = (LAZY, COUNTING, INDEX)


def layer(text: str) -> Selectors:
    """Options as on a command line: `select=A,B ignore=C`."""
    given = dict(part.split("=") for part in text.split())
    select = given.get("select")
    return Selectors(
        None if select is None else split_selectors([select]),
        split_selectors([given.get("extend", "")]),
        split_selectors([given.get("ignore", "")]),
    )


@pytest.mark.parametrize(
    ("configured", "given", "on"),
    [
        ("", "", "SAL101 SAL501"),
        ("", "select=ALL", "SAL101 SAL118 SAL501"),
        ("", "select=SAL1", "SAL101 SAL118"),
        ("", "select=loading", "SAL101 SAL118"),
        ("", "select=lazy-load-in-loop,SAL5", "SAL101 SAL501"),
        ("", "extend=existence-by-loading", "SAL101 SAL118 SAL501"),
        ("", "ignore=SAL1", "SAL501"),
        ("", "ignore=ALL", ""),
        ("", "select=SAL101 ignore=SAL1", "SAL101"),
        ("", "select=SAL1 ignore=SAL1", ""),
        ("", "select=SAL1 ignore=SAL101", "SAL118"),
        ("", "extend=SAL118 ignore=SAL118", "SAL101 SAL501"),
        ("select=SAL1", "select=SAL5", "SAL501"),
        ("select=SAL5", "extend=SAL118", "SAL118 SAL501"),
        ("ignore=SAL101", "select=SAL1", "SAL118"),
        ("ignore=SAL101", "select=SAL101", "SAL101"),
        ("ignore=SAL1", "select=SAL101", "SAL101"),
        ("select=SAL101", "ignore=SAL1", ""),
        ("select=ALL ignore=SAL5", "", "SAL101 SAL118"),
        ("extend=loading", "", "SAL101 SAL118 SAL501"),
    ],
)
def test_selection(configured: str, given: str, on: str) -> None:
    selection = Selection(layer(configured), layer(given))
    assert " ".join(rule.code for rule in RULES if selection(rule)) == on


def test_selectors_are_split_and_codes_may_be_in_lower_case() -> None:
    assert split_selectors(["sal101, all", "Models", "lazy-load-in-loop,"]) == (
        "SAL101", "ALL", "Models", "lazy-load-in-loop",
    )  # fmt: skip


@pytest.mark.parametrize("selector", ["ALL", "SAL", "SAL7", "security", "SAL10", "SAL101", "lazy-load-in-loop"])
def test_known_selectors(selector: str) -> None:
    check_selectors([selector], RULES, "--select")


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("lazy-load-in-lop", "--select: no rule `lazy-load-in-lop`; did you mean `lazy-load-in-loop`?"),
        ("SAL111", "--select: no rule `SAL111`; did you mean `SAL118`?"),
        ("lodaing", "--select: no rule `lodaing`; did you mean `loading`?"),
        ("E501", "--select: no rule `E501`"),
        ("SAL515", "--select: `SAL515` is retired; instead: SAL535 or SAL536"),
    ],
)
def test_unknown_selectors(selector: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        check_selectors([selector], RULES, "--select")
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("pattern", "path", "ignored"),
    [
        ("other.py", "a/other.py", True),
        ("oth*.py", "a/other.py", True),
        ("**/other.py", "other.py", True),
        ("!other.py", "a/other.py", False),
        ("!other.py", "a/some.py", True),
        ("tests/**", "tests/a.py", True),
        ("tests", "tests/a/b.py", True),
        ("a/tests/*", "tests/b.py", False),
        ("!tests/**", "tests/a.py", False),
        ("!tests/**", "app/a.py", True),
        ("!tests/**", "a/tests/b.py", True),
        ("!tests", "a/tests/b.py", False),
        ("!{a,b}.py", "x/b.py", False),
        ("!!odd.py", "!odd.py", False),
    ],
)
def test_ignores_by_file(pattern: str, path: str, ignored: bool) -> None:
    per_file = PerFile(parse_ignores({pattern: ["SAL1"]}))
    assert per_file.ignores(path, LAZY) is ignored
    assert not per_file.ignores(path, INDEX)


def test_all_that_match_count_a_negated_one_too() -> None:
    per_file = PerFile(parse_ignores({"!app/**": ["SAL101"], "app/admin/**": ["models"]}))
    assert per_file.ignores("tests/a.py", LAZY)
    assert not per_file.ignores("app/a.py", LAZY)
    assert per_file.ignores("app/admin/a.py", INDEX)
    assert not per_file.ignores("app/admin/a.py", LAZY)


@pytest.mark.parametrize(
    ("anchor", "path", "ignored"),
    [
        (Anchored("tests/*", inside="services/a"), "services/a/tests/x.py", True),
        (Anchored("tests/*", inside="services/a"), "tests/x.py", False),
        (Anchored("tests/*", inside="services/a"), "services/ab/tests/x.py", False),
        (Anchored("services/*/tests", below="services/a"), "tests/x.py", True),
        (Anchored("tests/*", below="services/a"), "tests/x.py", False),
        (Anchored("**/tests/*", below="services/a"), "tests/x.py", True),
        (Anchored("x.py", below="services/a"), "tests/x.py", True),
        (Anchored("x.py", inside="services/a"), "tests/x.py", True),
    ],
)
def test_patterns_start_where_the_configuration_is(anchor: Anchored, path: str, ignored: bool) -> None:
    per_file = PerFile(parse_ignores({anchor.pattern: ["ALL"]}, lambda _: (anchor,)))
    assert per_file.ignores(path, LAZY) is ignored
