"""Whatever is found, and wherever: every format lists the same findings, and nothing in them breaks it."""

import json
from collections import Counter

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sqlalint.facts.span import Place, Span
from sqlalint.report.finding import Confidence, Note, PlacedEdit, PlacedFix, Reported, Severity, Suppressed
from sqlalint.report.formats import FORMATS, listed, renderer
from sqlalint.report.presentation import Presentation, Screen
from sqlalint.report.reporter import Report
from sqlalint.report.style import printable
from tests.report.make import finding
from tests.report.test_formats import READERS

# What means something to one format or another, and names that are no text. No digits: `:1:2: SAL1` is a place.
ODD = st.text(alphabet="ab .,:;%&<>\"'`#?!|*_[](){}@=+~^$\\-é日\u0301\u200d\u202e\ufeff\U0001f389", max_size=12)
STRANGE = st.text(alphabet="a:%\t\r\n\x00\x1b\x0b\x85\u2028\udce4]>", max_size=6)
SEGMENT = st.builds(lambda odd, strange: f"x{odd}{strange}y", ODD, STRANGE)
PATHS = st.lists(SEGMENT, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".py")
WORDS = st.builds(lambda *parts: "m" + "".join(parts), ODD, STRANGE, ODD)
ROWS = st.integers(1, 12)


@st.composite
def places(draw: st.DrawFn) -> Place:
    row, column, rows = draw(ROWS), draw(st.integers(1, 30)), draw(st.integers(0, 2))
    return Place(draw(PATHS), Span(row, column, row + rows, draw(st.integers(1, 30)) if rows else column + draw(ROWS)))


NOTES = st.builds(Note, WORDS, places(), st.booleans())
EDITS = st.builds(PlacedEdit, places(), WORDS)
FIXES = st.builds(PlacedFix, WORDS, st.lists(EDITS, max_size=2).map(tuple), st.booleans())
BY = st.one_of(st.just(Suppressed("baseline")), st.builds(Suppressed, st.just("comment"), WORDS, PATHS))


@st.composite
def findings(draw: st.DrawFn) -> Reported:
    made = finding(
        draw(st.sampled_from(["SAL101", "SAL106", "SAL501"])),
        draw(places()),
        message=draw(WORDS),
        help=draw(WORDS),
        severity=draw(st.sampled_from(Severity)),
        confidence=draw(st.sampled_from(Confidence)),
        related=tuple(draw(st.lists(NOTES, max_size=3))),
    )
    return msgspec.structs.replace(made, fix=draw(st.none() | FIXES))


# Fewer lines than there are rows; in ASCII, since one format counts bytes (tests/report/test_schemas.py has others).
LINES = tuple(f"\tx{n} = 'a', y" for n in range(8))


@settings(max_examples=60, deadline=None)
@given(st.lists(findings(), max_size=5), st.sampled_from([30, 80, 200]), st.booleans())
def test_every_format_lists_what_was_found(found: list[Reported], width: int, on_screen: bool) -> None:
    wanted = [(f.code, printable(f.place.path), f.place.span.row, f.place.span.column) for f in found]
    screen = Screen() if on_screen else None
    shown = Presentation(read=lambda _: LINES, width=width, screen=screen)
    for name in FORMATS:
        out = "".join(renderer(name)(found, shown)).encode("utf-8", "backslashreplace").decode()
        read = READERS[name](out) if found or name != "junit" else []
        assert [(code, printable(path), row, column) for code, path, row, column in read] == wanted, name


@settings(max_examples=30, deadline=None)
@given(st.lists(findings(), max_size=4), st.lists(st.tuples(findings(), BY), max_size=3))
def test_only_sarif_lists_what_is_suppressed_and_says_so(
    found: list[Reported], hidden: list[tuple[Reported, Suppressed]]
) -> None:
    suppressed = tuple(msgspec.structs.replace(f, suppressed=by) for f, by in hidden)
    report = Report(tuple(found), suppressed=suppressed)
    for name in FORMATS:
        wanted = (*found, *suppressed) if name == "sarif" else found
        assert Counter(map(repr, listed(name, report))) == Counter(map(repr, wanted)), name
    out = "".join(renderer("sarif")(listed("sarif", report), Presentation()))
    kinds = [s["kind"] for result in json.loads(out)["runs"][0]["results"] for s in result["suppressions"]]
    known = sum(by.by == "baseline" for _, by in hidden)
    assert Counter(kinds) == Counter({"external": known, "inSource": len(hidden) - known})
