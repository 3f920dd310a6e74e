"""The last lines of a run."""

from sqlalint.report.finding import Confidence
from sqlalint.report.reporter import Held, Report
from sqlalint.report.summary import Fraction, Run, summary
from tests.report.make import finding


def lines(report: Report, **run: object) -> list[str]:
    return "".join(summary(report, Run(**{"files": 312, **run}))).splitlines()  # type: ignore[arg-type]


def test_nothing_found() -> None:
    assert lines(Report()) == ["No findings in 312 files."]
    assert lines(Report(), files=0) == ["No Python files found."]


def test_what_was_found() -> None:
    found = (finding(severity="error"), finding(at="b.py"), finding(at="b.py", severity="info"))
    assert lines(Report(found)) == ["3 findings (1 error, 1 warning, 1 info) in 2 of 312 files."]
    assert lines(Report(found[1:2]), files=1) == ["1 finding (1 warning) in 1 of 1 file."]


def test_what_was_held_back_and_how_to_see_it() -> None:
    held = Held(
        less_sure=7, applied=214, applied_revisions=160, outside=12, outside_files=3, in_tests=3, in_scripts=5
    )  # fmt: skip
    assert lines(Report((), held), paths=("src/",))[1:] == [
        "  7 more show with --confidence likely.",
        "  214 findings on 160 applied revisions not shown; --history shows them.",
        "  12 findings in 3 files outside src/ not shown; `sqlalint .` shows them.",
        "  3 findings in tests, 5 in scripts not shown; naming a file shows what is in it.",
    ]


def test_one_of_each() -> None:
    held = Held(less_sure=1, applied=1, applied_revisions=1, outside=1, outside_files=1, in_scripts=1)
    run = {"paths": ("a.py", "b.py", "c.py", "d.py"), "whole": "../p", "confidence": Confidence.LIKELY}
    assert lines(Report((), held), **run)[1:] == [
        "  1 more shows with --confidence possible.",
        "  1 finding on 1 applied revision not shown; --history shows it.",
        "  1 finding in 1 file outside the 4 named paths not shown; `sqlalint ../p` shows it.",
        "  1 finding in scripts not shown; naming a file shows what is in it.",
    ]


def test_what_was_understood_and_what_was_not_read() -> None:
    understood = (
        Fraction("loops over rows", 241, 312),
        Fraction("migration operations", 1204, 1260),
        Fraction("x", 0, 0),
    )
    unreadable = tuple((f"{n}.py", "invalid syntax") for n in range(12))
    said = lines(Report(), understood=understood, unreadable=unreadable, unlisted=(("a", "Permission denied"),))
    assert said[1:] == [
        "  Understood 241 of 312 loops over rows, 1,204 of 1,260 migration operations.",
        "  12 files could not be read: " + ", ".join(f"{n}.py" for n in range(10)) + " and 2 more (-v names them).",
        "  1 path could not be read: a.",
    ]
    assert "0.py (invalid syntax)" in "".join(lines(Report(), unreadable=unreadable, verbose=True))


def test_what_was_brought() -> None:
    assert lines(Report(), brought=("alembic/",))[1:] == [
        "  Also reported on, as the migrations of what was named: alembic/."
    ]
