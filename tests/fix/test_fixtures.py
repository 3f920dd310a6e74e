"""Every fix of every rule, on every fixture and on the bad example of its page.

The fixed program can be parsed, has lost that finding and gained none, and everything that the edits do not name is
there to the byte; applied again nothing changes. What a fixed example does when it runs is for its proof to say, which
asks for `example(rule, "Fixed")`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import pytest

from sqlalint.fix.edits import apply_fixes
from sqlalint.fix.loop import fix_until_settled
from sqlalint.report.finding import PlacedEdit, PlacedFix, Reported
from sqlalint.rules.registry import Rule, all_rules
from sqlalint.source.syntax import parse, with_deep_stack
from sqlalint.source.text import decode
from tests.examples import example
from tests.harness import ROOT, Fixture, fixtures, lint, make_fixture

ALLOWED = {"SAL624"}  # the model has changed, and a migration is due: the fix says so
FIXABLE = [r for r in all_rules() if r.fix in ("safe", "unsafe")]

Files = Mapping[str, bytes]
Key = tuple[str, str, tuple[str, ...]]


def bad_examples() -> list[Fixture]:
    """The bad examples of the rules that may have a fix."""
    found = []
    for rule in FIXABLE:
        if "## Bad" in rule.page:
            files = {path: text.encode() for path, text in example(rule, "Bad").files.items()}
            found.append(make_fixture(rule.name.replace("-", "_"), "the page", files))
    return found


ALL = [*fixtures(), *bad_examples()]
each_program = pytest.mark.parametrize("program", ALL, ids=str)


def findings(files: Files) -> list[Reported]:
    """What is found and not suppressed."""
    return [f for f in lint(files) if f.suppressed is None]


def keys(found: Iterable[Reported]) -> Counter[Key]:
    return Counter((f.code, f.place.path, f.identity) for f in found)


def gained(before: Iterable[Reported], after: Iterable[Reported]) -> list[Key]:
    """The findings that were not there before."""
    return [key for key in keys(after) - keys(before) if key[0] not in ALLOWED]


def fix_of(finding: Reported) -> PlacedFix:
    assert finding.fix is not None
    return finding.fix


def can_be_parsed(content: bytes) -> bool:
    with_deep_stack(lambda: parse(decode(content).content))  # raises where it cannot
    return True


def is_untouched_elsewhere(before: bytes, after: bytes, edits: list[PlacedEdit]) -> bool:
    """Whether what stands between the edits is in the new bytes as it was in the old ones."""
    text, starts = before.decode("latin-1"), [0]
    starts += [end.end() for end in re.finditer(r"\r\n|\r|\n", text)]
    lines = [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]

    def offset(row: int, column: int) -> int:
        line = lines[row - 1].encode("latin-1").decode()
        return starts[row - 1] + len(line[: column - 1].encode())

    kept, done = [], 0
    for edit in sorted(edits, key=lambda e: e.place):
        span = edit.place.span
        kept.append(text[done : offset(span.row, span.column)])
        done = offset(span.end_row, span.end_column)
    kept.append(text[done:])
    wanted = "(?s:.*?)".join(map(re.escape, kept))
    return re.fullmatch(wanted, after.decode("latin-1")) is not None


@each_program
def test_each_fix_by_itself(program: Fixture) -> None:
    before = findings(program.files)
    for finding in before:
        if finding.fix is None:
            continue
        where = f"{finding.code} {finding.place}"
        applied = apply_fixes([finding.fix], program.files.__getitem__)
        assert applied.done == (0,), f"{where}: {applied.unfit}"
        assert applied.contents, f"{where}: the fix changes nothing"
        for path, content in applied.contents.items():
            assert can_be_parsed(content), where
            edits = [e for e in finding.fix.edits if e.place.path == path]
            assert is_untouched_elsewhere(program.files[path], content, edits), where
        after = findings({**program.files, **applied.contents})
        key = (finding.code, finding.place.path, finding.identity)
        assert keys(after)[key] < keys(before)[key], f"{where}: it is still found"
        assert not gained(before, after), where


@each_program
def test_all_fixes_together_until_nothing_changes(program: Fixture) -> None:
    before = findings(program.files)
    if not any(f.fix for f in before):
        return
    files = dict(program.files)
    outcome = fix_until_settled(
        before, lambda contents: findings({**program.files, **contents}), files.__getitem__, lambda _: True
    )
    assert outcome.is_settled
    assert outcome.troubles == ()
    files |= outcome.contents
    after = findings(files)
    assert [f for f in after if f.fix] == []
    assert not gained(before, after)
    again = fix_until_settled(after, lambda _: [], files.__getitem__, lambda _: True)
    assert again.contents == {}


@pytest.mark.parametrize("rule", FIXABLE, ids=lambda r: r.name)
def test_safe_fixes_are_only_of_rules_that_may_have_them(rule: Rule) -> None:
    found = [f for program in ALL if program.rule == rule.name.replace("-", "_") for f in findings(program.files)]
    assert rule.fix == "safe" or not any(f.fix and f.fix.safe for f in found if f.code == rule.code)


@pytest.mark.parametrize("rule", FIXABLE, ids=lambda r: r.name)
def test_the_proof_runs_the_fixed_example(rule: Rule) -> None:
    """A rule whose bad example can be fixed has a proof that runs it fixed."""
    if "## Bad" not in rule.page:
        return
    example(rule, "Fixed")  # skips where it has none
    proofs = ROOT / "tests" / "proofs"
    name = rule.name.replace("-", "_")
    texts = [p.read_text() for p in (proofs / f"test_{name}.py", proofs / f"test_{rule.family}.py") if p.exists()]
    assert any(rule.code in text and '"Fixed"' in text for text in texts), f'no proof of {name} asks for "Fixed"'
