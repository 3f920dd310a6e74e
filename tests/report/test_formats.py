"""Formats for programs: all list the same findings."""

import json

import pytest

from sqlalint.report.finding import Note, PlacedEdit, PlacedFix
from sqlalint.report.formats import FORMATS, renderer
from sqlalint.report.presentation import Presentation
from tests.report.make import finding, place

FINDINGS = (
    finding(at=place("app/views.py", 3, 5, 4, 9)),
    finding("SAL106", at=place("app/odd,b:c%d.py", 2)),
    finding("SAL106", at=place("app/odd,b:c%d.py", 2)),
)


def rendered(name: str, presentation: Presentation | None = None, findings: tuple[object, ...] = FINDINGS) -> str:
    return "".join(renderer(name)(findings, presentation or Presentation()))  # type: ignore[arg-type]


def test_concise() -> None:
    message = "One query per user: User.posts is loaded at each iteration"
    assert rendered("concise").splitlines() == [
        f"app/views.py:3:5: SAL101 {message}",
        f"app/odd,b:c%d.py:2:1: SAL106 {message}",
        f"app/odd,b:c%d.py:2:1: SAL106 {message}",
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_all_formats_list_the_same_findings(name: str) -> None:
    out = rendered(name)
    assert out.count("SAL101") == 1
    assert out.count("SAL106") == 2


def test_json_has_exactly_these_fields() -> None:
    import msgspec

    fix = PlacedFix("Add it", (PlacedEdit(place("app/views.py", 3, 5, 3, 5), ".unique()"),), True)
    with_all = msgspec.structs.replace(
        FINDINGS[0], fix=fix, related=(Note("loop", place("app/models.py", 7, 1, 9, 2), True),)
    )
    assert json.loads(rendered("json", findings=(with_all,))) == [
        {
            "code": "SAL101",
            "name": "lazy-load-in-loop",
            "severity": "warning",
            "confidence": "certain",
            "message": "One query per user: User.posts is loaded at each iteration",
            "help": "Load them together.",
            "url": "https://sqlalint.readthedocs.io/en/latest/rules/lazy-load-in-loop/",
            "filename": "app/views.py",
            "location": {"row": 3, "column": 5},
            "end_location": {"row": 4, "column": 9},
            "related": [
                {
                    "message": "loop",
                    "filename": "app/models.py",
                    "location": {"row": 7, "column": 1},
                    "end_location": {"row": 9, "column": 2},
                    "cause": True,
                }
            ],
            "fix": {
                "applicability": "safe",
                "message": "Add it",
                "edits": [
                    {
                        "content": ".unique()",
                        "filename": "app/views.py",
                        "location": {"row": 3, "column": 5},
                        "end_location": {"row": 3, "column": 5},
                    }
                ],
            },
            "fingerprint": "f" * 32,
            "noqa_row": 4,
        }
    ]


def test_json_of_nothing_is_a_list() -> None:
    assert rendered("json", findings=()) == "[]\n"


def test_json_is_ascii_whatever_the_file_is_called() -> None:
    out = rendered("json", findings=(finding(at="é\udce4.py", message="ü"),))
    assert out.isascii()
    assert json.loads(out)[0]["filename"] == "é\udce4.py"


def test_paths_are_relative_to_the_working_directory() -> None:
    inside = Presentation("/home/me/project", "/home/me/project/app")
    assert rendered("concise", inside).startswith("views.py:3:5: ")
    beside = Presentation("/home/me/project", "/home/me/other")
    assert rendered("concise", beside).startswith("../project/app/views.py:3:5: ")
