"""Comments that `--add-ignore` writes: where they stand, and that nothing is reported then."""

import ast
from collections import defaultdict

import pytest

from sqlalint.fix.ignores import LONGEST_LINE, add_ignores, is_reason
from sqlalint.report.finding import Reported
from tests.harness import Fixture, fixtures, lint
from tests.report.make import finding, place

WHY = "known since long"
LAZY = "lazy-load-in-loop"
INDEX = "foreign-key-without-index"
FIRING = [f for f in fixtures() if f.expected]


def added(text: str, *spots: tuple[str, int, int], why: str = WHY) -> str:
    """The text after comments for findings of a code from one row to another."""
    names = {"SAL101": LAZY, "SAL501": INDEX}
    found = [finding(code, at=place("a.py", row, 1, end, 2), name=names[code]) for code, row, end in spots]
    made = add_ignores(text.encode(), found, why)
    assert not made.left
    return made.content.decode()


def comment(*names: str) -> str:
    return f"# sqlalint: ignore[{', '.join(names)}] -- {WHY}"


# --- where it stands ---


@pytest.mark.parametrize(
    ("before", "row", "end", "after"),
    [
        ("x = 1\n", 1, 1, "x = 1  @@\n"),
        ("x = 1", 1, 1, "x = 1  @@"),
        ("x = 1   \n", 1, 1, "x = 1  @@\n"),
        ("x = 1  # why\n", 1, 1, "x = 1  # why  @@\n"),
        ("x = f(\n    1,\n    2,\n)\n", 2, 2, "x = f(\n    1,  @@\n    2,\n)\n"),
        ("x = f(\n    1,\n    2,\n)\n", 1, 4, "x = f(\n    1,\n    2,\n)  @@\n"),
        ("x = 1 + \\\n    2\n", 1, 1, "@@\nx = 1 + \\\n    2\n"),
        ("x = 1 + \\\n    2\n", 1, 2, "x = 1 + \\\n    2  @@\n"),
        ('x = """\n  a\n"""\n', 1, 2, '@@\nx = """\n  a\n"""\n'),
        ('x = """\n  a\n"""\n', 1, 3, 'x = """\n  a\n"""  @@\n'),
        ('x = f"""\n  {\n  a}\n"""\n', 2, 2, '@@\nx = f"""\n  {\n  a}\n"""\n'),
        ("if a:\n    x = '''\n'''.y(1)\n", 2, 2, "if a:\n    @@\n    x = '''\n'''.y(1)\n"),
        ("if a:\n\tx = 1 \\\n\t+ 2\n", 2, 2, "if a:\n\t@@\n\tx = 1 \\\n\t+ 2\n"),
        ("for a in b:\n    c\n", 1, 2, "for a in b:  @@\n    c\n"),
        ("@d\nclass A:\n    pass\n", 2, 3, "@d\nclass A:  @@\n    pass\n"),
        ("@d\nclass A:\n    pass\n", 1, 1, "@d  @@\nclass A:\n    pass\n"),
        ("if a:\n    b\nelif c(''' \n'''):\n    d\n", 3, 3, "if a:\n    b\n@@\nelif c(''' \n'''):\n    d\n"),
        ("a; b\n", 1, 1, "a; b  @@\n"),
    ],
)
def test_where_it_stands(before: str, row: int, end: int, after: str) -> None:
    assert added(before, ("SAL101", row, end)) == after.replace("@@", comment(LAZY))


def test_a_line_that_would_grow_too_long() -> None:
    end = "  " + comment(LAZY)
    fits = "x" * (LONGEST_LINE - len(end))
    assert added(f"{fits}\n", ("SAL101", 1, 1)) == f"{fits}{end}\n"
    assert added(f"if a:\n    {fits}\n", ("SAL101", 2, 2)) == f"if a:\n    {comment(LAZY)}\n    {fits}\n"


def test_rules_of_one_statement_share_a_comment() -> None:
    text = "x = f(\n    1,\n    2,\n)\n"
    spots = (("SAL501", 2, 2), ("SAL101", 2, 2), ("SAL101", 3, 3))
    assert added(text, *spots) == f"x = f(\n    1,  {comment(INDEX, LAZY)}\n    2,\n)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# sqlalint: ignore[SAL999] -- why", "# sqlalint: ignore[SAL999, {}] -- why; known since long"),
        ("# sqlalint: ignore[SAL999]", "# sqlalint: ignore[SAL999, {}] -- known since long"),
        ("# sqlalint: ignore[SAL999] --", "# sqlalint: ignore[SAL999, {}] -- known since long"),
        ("# sqlalint: ignore[SAL999, ] -- a  # b", "# sqlalint: ignore[SAL999, {}, ] -- a; known since long  # b"),
        ("# sqlalint: ignore[a] -- known since long", "# sqlalint: ignore[a, {}] -- known since long"),
        ("# sqlalint: ignore", "# sqlalint: ignore  # sqlalint: ignore[{}] -- known since long"),
        ("# noqa: SAL999", "# noqa: SAL999  # sqlalint: ignore[{}] -- known since long"),
        ("# sqlalint: file-ignore[a]", "# sqlalint: file-ignore[a]  # sqlalint: ignore[{}] -- known since long"),
    ],
)
def test_a_comment_that_is_there_is_used(before: str, after: str) -> None:
    for text in ("x = 1  {}\n", "{}\nx = 1\n"):
        got = added(text.format(before), ("SAL101", text.count("\n"), text.count("\n")))
        if text.startswith("{}") and "  # sqlalint: ignore[{}]" in after:
            assert got == f"{before}\nx = 1  {comment(LAZY)}\n", "that one is not for this statement alone"
        else:
            assert got == text.format(after.format(LAZY))


def test_a_reason_is_all_that_is_missing() -> None:
    text = "x = 1  # sqlalint: ignore[SAL101]\n"
    found = finding("SAL004", at=place("a.py", 1, 8, 1, 34))
    assert add_ignores(text.encode(), [found], WHY).content == f"{text.rstrip()} -- {WHY}\n".encode()


@pytest.mark.parametrize(
    ("content", "after"),
    [
        (b"\xef\xbb\xbfx = 1\r\ny = 2\r\n", b"\xef\xbb\xbfx = 1\r\ny = 2  %s\r\n"),
        (b"# coding: latin-1\ny = '\xe9'\n", b"# coding: latin-1\ny = '\xe9'  %s\n"),
        (b"x = 1\ry = 2\r", b"x = 1\ry = 2  %s\r"),
        (b"x = 1\r\ny = '''\r\n''' \\\r\n + z\r\n", b"x = 1\r\n%s\r\ny = '''\r\n''' \\\r\n + z\r\n"),
    ],
)
def test_bytes_stay_as_they_are(content: bytes, after: bytes) -> None:
    found = finding("SAL101", at=place("a.py", 2, 1, 2, 2))
    assert add_ignores(content, [found], WHY).content == after % comment(LAZY).encode()


@pytest.mark.parametrize("content", [b"x = (\n", b"x = '\xff'\n", b"\0", b"x = 1\n'''\n", b"", b"\n\n"])
def test_what_cannot_be_read_is_left(content: bytes) -> None:
    found = finding("SAL101", at=place("a.py", 1, 1, 1, 2))
    made = add_ignores(content, [found], WHY)
    assert (made.content, made.comments, made.left) == (content, 0, (found,))


def test_a_reason_that_the_encoding_lacks() -> None:
    content = b"# coding: latin-1\ny = '\xe9'\n"
    found = finding("SAL101", at=place("a.py", 2, 1, 2, 2))
    assert add_ignores(content, [found], "日本").left == (found,)


@pytest.mark.parametrize(
    "reason", ["", "  ", "two\nlines", "tab\t", "a # sqlalint: ignore[b]", "a # noqa: SAL101", "a # b"]
)
def test_what_is_no_reason(reason: str) -> None:
    assert not is_reason(reason)


@pytest.mark.parametrize("reason", ["because of #12", "a -- b", "[x]", "日本", "'\"", "C#, F#"])
def test_what_is_a_reason(reason: str) -> None:
    assert is_reason(reason)


# --- that nothing is reported then ---


def suppressing(files: dict[str, bytes], found: list[Reported], why: str) -> tuple[dict[str, bytes], list[Reported]]:
    by_path: dict[str, list[Reported]] = defaultdict(list)
    for item in found:
        by_path[item.place.path].append(item)
    left: list[Reported] = []
    after = dict(files)
    for path, own in by_path.items():
        made = add_ignores(files[path], own, why)
        after[path], left = made.content, left + list(made.left)
    return after, left


@pytest.mark.parametrize("why", [WHY, "a reason so long that it stands above its statement: " + "word " * 12 + "end"])
@pytest.mark.parametrize("fixture", FIRING, ids=str)
def test_a_fixture_is_silent_then_and_the_same_program(fixture: Fixture, why: str) -> None:
    found = [f for f in lint(fixture.files) if f.suppressed is None]
    after, left = suppressing(dict(fixture.files), found, why)
    assert {f.code for f in left} <= {"SAL003"}, "in a file that cannot be read there are no comments"
    assert [f.message for f in lint(after) if f.suppressed is None and f.code != "SAL003"] == []
    for path, content in after.items():
        if path.endswith(".py") and path not in {f.place.path for f in left}:
            assert ast.dump(ast.parse(content)) == ast.dump(ast.parse(fixture.files[path]))
    assert suppressing(after, [], why)[0] == after
