"""Formats for programs keep what their readers require."""

import json
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from docs import generate
from sqlalint.facts.span import Span
from sqlalint.report.finding import Confidence, Note, PlacedEdit, PlacedFix, Reported, Severity, Suppressed
from sqlalint.report.formats import FORMATS, listed, renderer, step_summary
from sqlalint.report.formats.json_ import JsonFinding
from sqlalint.report.presentation import About, Presentation
from sqlalint.report.reporter import Report
from tests.cli.run import sqlalint
from tests.harness import ROOT
from tests.report.make import finding, place

PROJECT = "fixtures/projects/blog"
LINES = ("x = 'ä日𐐀'; y", "z")
SARIF = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
WITH_ALL = msgspec.structs.replace(
    finding(at=place("app/odd,b:c%d é.py", 1, 14, 2, 2), severity="error"),
    related=(Note("the loop", place("app/ä.py", 2), True), Note("the model", place("app/m.py", 7, 1, 9, 2), False)),
    fix=PlacedFix("Add it", (PlacedEdit(place("app/odd,b:c%d é.py", 1, 5, 1, 10), ".unique()"),), True),
)
TWO_EDITS = msgspec.structs.replace(
    finding("SAL501", severity="info"),
    fix=PlacedFix("Add both", (PlacedEdit(place("a.py", 1), "x"), PlacedEdit(place("b.py", 2), "y")), False),
)
FINDINGS = (WITH_ALL, finding("SAL106"), finding("SAL106"), TWO_EDITS)


def rendered(name: str, findings: Sequence[Reported] = FINDINGS) -> str:
    about = About("It hurts.", "It hurts.\n\n## Bad\n", Severity.WARNING, Confidence.LIKELY)
    presentation = Presentation(read=lambda _: LINES, about=lambda code: about if code == "SAL101" else None)
    return "".join(renderer(name)(findings, presentation))


def real(name: str) -> str:
    """What a run over the blog of the fixtures prints."""
    rules = "SAL101,SAL106,SAL501,SAL601,SAL602"
    return sqlalint(ROOT, PROJECT, "--no-cache", "-q", "--select", rules, "--output-format", name).out


# --- sarif ---


def sarif_of(out: str) -> dict[str, Any]:
    """The one run of a log that is valid."""
    log = json.loads(out)
    jsonschema.Draft7Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_the_schema_of_sarif_is_one_and_refuses() -> None:
    jsonschema.Draft7Validator.check_schema(SARIF)
    log = json.loads(rendered("sarif"))
    log["runs"][0]["results"][0]["colour"] = "red"
    assert not jsonschema.Draft7Validator(SARIF).is_valid(log)


@pytest.mark.parametrize("findings", [FINDINGS, ()], ids=["findings", "none"])
def test_sarif_is_valid(findings: tuple[Reported, ...]) -> None:
    sarif_of(rendered("sarif", findings))


def test_sarif_of_a_real_run_is_valid_and_has_what_github_requires() -> None:
    run = sarif_of(real("sarif"))
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(rules) == 5
    for rule in rules:
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert "## Bad" in rule["help"]["markdown"]
        assert rule["help"]["text"]
        assert rule["properties"]["precision"] in ("very-high", "high", "medium", "low")
        assert rule["properties"]["problem.severity"] in ("error", "warning", "recommendation")
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        assert all(related["message"]["text"] for related in result.get("relatedLocations", []))
    assert sum("relatedLocations" in result for result in run["results"]) >= 3
    assert len({r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]}) == 5


def test_sarif_has_related_places_fixes_and_percent_encoded_uris() -> None:
    first, second, third, last = sarif_of(rendered("sarif"))["results"]
    at = first["locations"][0]["physicalLocation"]
    assert at["artifactLocation"]["uri"] == "app/odd%2Cb%3Ac%25d%20%C3%A9.py"
    assert at["region"] == {"startLine": 1, "startColumn": 14, "endLine": 2, "endColumn": 2}
    related = [
        (r["message"]["text"], r["physicalLocation"]["artifactLocation"]["uri"]) for r in first["relatedLocations"]
    ]
    assert related == [("the loop", "app/%C3%A4.py"), ("the model", "app/m.py")]
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"]["text"] == ".unique()"
    assert [c["artifactLocation"]["uri"] for c in last["fixes"][0]["artifactChanges"]] == ["a.py", "b.py"]
    assert [r["level"] for r in (first, second, last)] == ["error", "warning", "note"]
    assert second["partialFingerprints"] != third["partialFingerprints"]


def test_sarif_tells_a_rule_by_its_page() -> None:
    rules = sarif_of(rendered("sarif"))["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == ["SAL101", "SAL106", "SAL501"]
    assert rules[0]["help"]["markdown"] == "It hurts.\n\n## Bad\n"
    assert rules[0]["defaultConfiguration"]["level"] == "warning"
    assert rules[0]["properties"]["precision"] == "high"


def test_sarif_says_of_each_result_whether_it_is_suppressed() -> None:
    comment = Suppressed("comment", "three users", "app/ä.py", Span(4, 20, 4, 60))
    said, silent, known = (
        msgspec.structs.replace(finding(at=place("app/views.py", row)), suppressed=by)
        for row, by in ((1, comment), (2, Suppressed("comment", "", "a.py")), (3, Suppressed("baseline")))
    )
    results = sarif_of(rendered("sarif", (said, silent, known, WITH_ALL)))["results"]
    first, second, third, last = (result["suppressions"] for result in results)
    region = {"startLine": 4, "startColumn": 20, "endLine": 4, "endColumn": 60}
    at = {"physicalLocation": {"artifactLocation": {"uri": "app/%C3%A4.py"}, "region": region}}
    assert first == [{"kind": "inSource", "justification": "three users", "location": at}]
    assert second[0].keys() == {"kind", "location"}
    assert third == [{"kind": "external"}]
    assert last == []


def test_only_sarif_lists_what_is_suppressed(tmp_path: Path) -> None:
    views = (ROOT / PROJECT / "src/blog/reports.py").read_text()
    commented = views.replace("in users}", "in users}  # sqlalint: ignore[SAL101] -- three, at most")
    assert commented != views
    shutil.copytree(ROOT / PROJECT, tmp_path, dirs_exist_ok=True)
    (tmp_path / "sqlalint.toml").write_text("")
    select = ("--no-cache", "-q", "--select", "SAL101,SAL106,SAL501")
    assert sqlalint(tmp_path, "baseline", "--no-cache", "--select", "SAL501").status == 0
    (tmp_path / "src/blog/reports.py").write_text(commented)
    outs = {name: sqlalint(tmp_path, *select, "--output-format", name).out for name in FORMATS}
    results = sarif_of(outs.pop("sarif"))["results"]
    kinds = {r["ruleId"]: [(s["kind"], s.get("justification")) for s in r["suppressions"]] for r in results}
    assert kinds == {"SAL101": [("inSource", "three, at most")], "SAL106": [], "SAL501": [("external", None)]}
    for out in outs.values():
        assert "SAL106" in out
        assert "SAL501" not in out
        assert "SAL101" not in out


def test_a_fingerprint_stays_when_a_finding_is_suppressed() -> None:
    twice = (finding(at=place("a.py", 1)), finding(at=place("a.py", 2)))
    first = msgspec.structs.replace(twice[0], suppressed=Suppressed("comment"))
    before, after = (
        [r["partialFingerprints"] for r in sarif_of(rendered("sarif", listed("sarif", report)))["results"]]
        for report in (Report(twice), Report(twice[1:], suppressed=(first,)))
    )
    assert before == after


# --- the other formats ---


def test_gitlab_has_what_it_requires() -> None:
    for out in (rendered("gitlab"), real("gitlab")):
        items = json.loads(out)
        assert len({i["fingerprint"] for i in items}) == len(items)
        for item in items:
            assert item["description"].startswith(item["check_name"])
            assert item["severity"] in ("info", "minor", "major", "critical", "blocker")
            assert not item["location"]["path"].startswith(("/", "./"))
            assert item["location"]["positions"]["begin"]["line"] >= 1
    assert [i["severity"] for i in json.loads(rendered("gitlab"))] == ["major", "minor", "minor", "info"]


@pytest.mark.parametrize("out", [rendered("junit"), rendered("junit", ())], ids=["findings", "none"])
def test_junit_counts_what_it_has(out: str) -> None:
    root = ET.fromstring(out.encode())
    assert root.tag == "testsuites"
    for suite in (root, *root.iter("testsuite")):
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))
        assert int(suite.attrib["failures"]) == len(list(suite.iter("failure")))
    assert all(case.get("name") and case.get("classname") for case in root.iter("testcase"))


def test_junit_has_a_failure_in_each_case_of_a_real_run() -> None:
    cases = list(ET.fromstring(real("junit").encode()).iter("testcase"))
    assert len(cases) == 5
    for case in cases:
        (failure,) = case
        assert failure.tag == "failure"
        assert failure.get("message")
        assert "help: " in (failure.text or "")


def test_rdjson_counts_bytes_and_suggests_only_a_single_edit() -> None:
    first, *_, last = json.loads(rendered("rdjson"))["diagnostics"]
    # ä has two bytes, 日 three, 𐐀 four: six more than there are characters
    assert first["location"]["range"] == {"start": {"line": 1, "column": 20}, "end": {"line": 2, "column": 2}}
    suggested = {"start": {"line": 1, "column": 5}, "end": {"line": 1, "column": 16}}
    assert first["suggestions"] == [{"range": suggested, "text": ".unique()"}]
    assert "suggestions" not in last


def test_rdjson_has_what_reviewdog_requires() -> None:
    log = json.loads(real("rdjson"))
    assert log["source"]["name"] == "sqlalint"
    assert len(log["diagnostics"]) == 5
    for diagnostic in log["diagnostics"]:
        assert diagnostic["severity"] in ("ERROR", "WARNING", "INFO")
        assert diagnostic["message"]
        assert diagnostic["code"]["url"].startswith("https://")
        spans = diagnostic["location"]["range"]
        assert all(position["line"] >= 1 <= position["column"] for position in spans.values())


def test_columns_of_lines_that_are_not_there_are_those_of_the_finding() -> None:
    short = finding(at=place("a.py", 9, 30))
    (diagnostic,) = json.loads(rendered("rdjson", (short,)))["diagnostics"]
    assert diagnostic["location"]["range"]["start"] == {"line": 9, "column": 30}


def test_github_leaves_out_columns_of_several_lines() -> None:
    first, second, *_ = rendered("github").splitlines()
    start = "::error title=sqlalint (SAL101),file=app/odd%2Cb%3Ac%25d é.py,line=1,endLine=2::"
    assert first.startswith(start + "app/odd,b:c%25d é.py:1:14: SAL101 One query per user: ")
    assert first.endswith("%0A  help: Load them together.")
    assert ",line=1,col=1,endLine=1,endColumn=2::" in second


# --- the summary of a step ---


def test_the_summary_of_a_step_is_a_table() -> None:
    odd = finding(at="app/a|b_c.py", message="`a|b` <x> *y* `c_d`")
    out = "".join(step_summary.render((odd,), Presentation()))
    *_, row, blank = out.split("\n")[:-1]
    assert blank == ""
    assert row.startswith("| app/a\\|b\\_c.py:1 | [SAL101](https://")
    assert row.endswith(" | warning | `a\\|b` &lt;x> \\*y\\* `c_d` |")
    lone = finding(message="a ` b")
    assert "a \\` b" in "".join(step_summary.render((lone,), Presentation()))
    assert "".join(step_summary.render((), Presentation())) == "### sqlalint: no findings\n\n"


def test_the_summary_of_a_step_ends_before_it_is_too_long() -> None:
    out = "".join(step_summary.render((finding(message="x" * 500),) * (step_summary.MOST + 2), Presentation()))
    assert out.endswith("\n2 more are not shown here.\n\n")
    assert len(out.encode()) < 1 << 20


# --- json ---


def test_the_schema_of_json_is_not_stale() -> None:
    for path, text in generate.schemas().items():
        assert (generate.DOCS / path).read_text() == text, "run `python -m docs.generate`"


@pytest.mark.parametrize("out", [rendered("json"), rendered("json", ()), real("json")], ids=["all", "none", "real"])
def test_json_is_as_its_schema_says(out: str) -> None:
    schema = json.loads(generate.schemas()["output.schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    found = json.loads(out)
    jsonschema.Draft202012Validator(schema).validate(found)
    for item in found:
        assert set(item) == set(JsonFinding.__annotations__) | {"filename", "location", "end_location"}
        broken = {key: value for key, value in item.items() if key != "related"}
        assert not jsonschema.Draft202012Validator(schema).is_valid([broken])
