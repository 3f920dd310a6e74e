"""Formats for programs: all list the same findings."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from urllib.parse import unquote

import pytest

from sqlalint.report.finding import Note, PlacedEdit, PlacedFix
from sqlalint.report.formats import FOR_PEOPLE, FORMATS, renderer
from sqlalint.report.presentation import Presentation
from sqlalint.report.style import printable
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


Listed = tuple[str, str, int, int]  # code, path, row, column

_HEADING = re.compile(r"^(\S.*?):(\d+):(\d+): (SAL\d+) ", flags=re.MULTILINE)
_COMMAND = re.compile(r"^::(?:error|warning|notice) (.*?)::(.*)$", flags=re.MULTILINE)


def _headings(out: str) -> list[Listed]:
    return [(code, path, int(row), int(column)) for path, row, column, code in _HEADING.findall(out)]


def _unescaped(text: str) -> str:
    return text.replace("%2C", ",").replace("%3A", ":").replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


def _commands(out: str) -> list[Listed]:
    found = []
    for written, message in _COMMAND.findall(out):
        properties = {key: _unescaped(value) for key, _, value in (p.partition("=") for p in written.split(","))}
        (listed,) = _headings(_unescaped(message))
        assert properties["title"] == f"sqlalint ({listed[0]})"
        assert (printable(properties["file"]), properties["line"]) == (listed[1], str(listed[2]))
        found.append(listed)
    return found


def _sarif(out: str) -> list[Listed]:
    found = []
    for result in json.loads(out)["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]
        region = place["region"]
        path = unquote(place["artifactLocation"]["uri"], errors="surrogateescape")
        found.append((result["ruleId"], path, region["startLine"], region["startColumn"]))
    return found


def _gitlab(out: str) -> list[Listed]:
    begins = [(i, i["location"]["path"], i["location"]["positions"]["begin"]) for i in json.loads(out)]
    return [(i["check_name"], path, begin["line"], begin["column"]) for i, path, begin in begins]


def _junit(out: str) -> list[Listed]:
    cases = ET.fromstring(out.encode()).iter("testcase")
    return [
        (c.get("name", "").split()[0], c.get("file", ""), int(c.get("line", 0)), int(c.get("column", 0))) for c in cases
    ]


def _rdjson(out: str) -> list[Listed]:
    found = [(d, d["location"]) for d in json.loads(out)["diagnostics"]]
    return [(d["code"]["value"], at["path"], *at["range"]["start"].values()) for d, at in found]


def _json(out: str) -> list[Listed]:
    return [(i["code"], i["filename"], *i["location"].values()) for i in json.loads(out)]


READERS: dict[str, Callable[[str], list[Listed]]] = {
    "full": _headings,
    "concise": _headings,
    "json": _json,
    "github": _commands,
    "sarif": _sarif,
    "gitlab": _gitlab,
    "junit": _junit,
    "rdjson": _rdjson,
}
ODD = ("app/odd,b:c%d.py", "a:b.py", "app/ä 日本.py", "app/with space.py", 'app/"q"&<x>.py', "app/100%25.py", "#?.py")


@pytest.mark.parametrize("name", FORMATS)
def test_all_formats_list_the_same_findings(name: str) -> None:
    odd = tuple(finding("SAL501", at=place(path, 3, 4), message="100% `a|b`,\tc::d") for path in ODD)
    wanted = [(f.code, f.place.path, f.place.span.row, f.place.span.column) for f in FINDINGS + odd]
    assert READERS[name](rendered(name, findings=FINDINGS + odd)) == wanted


@pytest.mark.parametrize("name", FORMATS)
def test_names_of_any_bytes_and_control_characters_do_not_break_a_format(name: str) -> None:
    strange = finding(at="é\udce4\n\x1b.py", message="ü\x00\r\nb", help="one\n\x07two")
    out = rendered(name, findings=(strange,)).encode("utf-8", "backslashreplace").decode()
    (listed,) = READERS[name](out)
    assert listed[0] == "SAL101"


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_found_is_a_valid_document(name: str) -> None:
    out = rendered(name, findings=())
    if name == "junit":
        (case,) = ET.fromstring(out).iter("testcase")
        assert list(case) == []
    else:
        assert READERS[name](out) == []


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - FOR_PEOPLE))
def test_formats_for_programs_are_never_in_colour(name: str) -> None:
    assert rendered(name, Presentation(colour=True)) == rendered(name)


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
