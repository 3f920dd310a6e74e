"""The figures that are quoted are those that the judged findings give."""

from pathlib import Path

import pytest

from benchmarks.precision import COLUMNS, QUOTE, QUOTED_IN, ROWS, counts, merged, quoted, read, table
from benchmarks.sample import Source, as_rows, draw, show

HEADER = ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize("page", QUOTED_IN, ids=lambda p: p.name)
def test_quoted_figures_are_the_computed_ones(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert QUOTE.search(text), "the page has no marks for the table"
    assert quoted(text, table(read())) == text, "run `python -m benchmarks.precision --write`"


def test_no_finding_is_judged_twice() -> None:
    assert merged(read()) == ROWS.read_text(encoding="utf-8"), "run `python -m benchmarks.precision --merge`"


def test_findings_are_counted_by_rule(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(
        HEADER
        + 'a,1,x.py,1,SAL101,true,yes,"it loads, per row"\n'
        + "a,1,x.py,2,SAL101,false,no,loaded by the caller\n"
        + "b,1,x.py,3,SAL501,true,no,a table of ten rows\n"
    )
    assert [(c.code, c.judged, c.true, c.worth) for c in counts(read(file))] == [
        ("SAL101", 2, 1, 1),
        ("SAL501", 1, 1, 0),
        ("all", 3, 2, 1),
    ]
    assert "| SAL101 | 2 | 1 (50%) | 1 (50%) |" in table(read(file))


@pytest.mark.parametrize(
    "row", ["a,1,x.py,1,SAL101,maybe,yes,why", "a,1,x.py,1,SAL101,true,yes,", "a,1,x.py,1,SAL101,false,yes,why"]
)
def test_a_row_that_says_nothing_is_refused(row: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(HEADER + row + "\n")
    with pytest.raises(ValueError, match=r"rows.csv:2"):
        read(file)


def test_the_same_findings_are_drawn_again(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("\n".join(f"line {n}" for n in range(1, 101)))
    findings = tuple(
        {
            "code": code,
            "confidence": "certain",
            "filename": "a.py",
            "location": {"row": row},
            "message": f"{code} at {row}",
            "help": "",
            "related": [{"message": "the query", "filename": "a.py", "location": {"row": 1}}],
        }
        for code in ("SAL101", "SAL501")
        for row in range(1, 101)
    )
    source = Source("app", "c0ffee", tmp_path, findings)
    turned = Source("app", "c0ffee", tmp_path, findings[::-1])
    drawn = draw([source], 30, seed=1)
    assert len(drawn) == 60
    assert [d.finding for d in drawn] == [d.finding for d in draw([turned], 30, seed=1)]
    assert [d.finding for d in drawn] != [d.finding for d in draw([source], 30, seed=2)]
    only = Source("app", "c0ffee", tmp_path, findings[:100])
    assert [d.finding for d in drawn[:30]] == [d.finding for d in draw([only], 30, seed=1)]
    marked = [line.split() for line in show(drawn[0]).splitlines() if line.startswith(">")]
    assert marked[0] == [">", str(drawn[0].row), "line", str(drawn[0].row)]
    assert next(as_rows(drawn))["code"] == "SAL101"
