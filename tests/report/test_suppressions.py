"""Which comments count for what, and where."""

import pytest

from sqlalint.facts.suppression import Suppression, find_suppressions, without_suppressions
from sqlalint.report.finding import Confidence, Note, Reported
from sqlalint.report.reporter import Held, Policy, decide
from sqlalint.report.scope import ReportSet, RevisionState
from sqlalint.report.suppressions import Suppressions
from tests.harness import lint
from tests.report.make import finding, place


def only(text: str) -> Suppression:
    """The one comment of a text."""
    (found,) = find_suppressions(text)
    return found


def without(text: str, comment: Suppression, word: str | None = None) -> str:
    """The text without a comment, or without one of the rules that it names."""
    lines = text.split("\n")
    row, cut = comment.span.row, comment.cut
    start, end, end_row = cut.column, cut.end_column, cut.end_row
    if word is not None:
        entry = next(e for e in comment.entries if e.word == word)
        start, end, end_row = entry.cut, entry.end_cut, row
    joined = lines[row - 1][: start - 1] + lines[end_row - 1][end - 1 :]
    return "\n".join([*lines[: row - 1], joined, *lines[end_row:]])


def suppressed(found: Reported, **comments: str) -> bool:
    texts = {f"{name}.py": find_suppressions(text) for name, text in comments.items()}
    return Suppressions(texts).mark([found])[0].suppressed is not None


# --- what is a comment, and what does it name ---


@pytest.mark.parametrize(
    ("comment", "kind", "words", "reason"),
    [
        ("# sqlalint: ignore[SAL101]", "ignore", ["SAL101"], ""),
        ("#sqlalint:ignore[ a , b ]--  why # not", "ignore", ["a", "b"], "why"),
        ("# sqlalint: ignore[a] -- because of #12", "ignore", ["a"], "because of #12"),
        ("# sqlalint: file-ignore[a] -- why", "file-ignore", ["a"], "why"),
        ("# type: ignore  # noqa: SAL101", "noqa", ["SAL101"], ""),
        ("# NOQA:sal101,E501", "noqa", ["sal101"], ""),
        ("# noqa: E501 SAL101 this is prose", "noqa", ["SAL101"], ""),
        ("# sqlalint: ignore", "ignore", [], ""),
        ("# sqlalint: ignore[] -- why", "ignore", [], "why"),
    ],
)
def test_comments_that_suppress(comment: str, kind: str, words: list[str], reason: str) -> None:
    found = only(f"x = 1  {comment}\n")
    assert (found.kind, [e.word for e in found.entries], found.reason) == (kind, words, reason)


@pytest.mark.parametrize(
    "text",
    [
        "x = 1  # noqa",
        "x = 1  # noqa: E501",
        "x = 1  # noqa: SALT001",
        "x = '# sqlalint: ignore[a]'",
        'x = """\n# noqa: SAL101\n"""',
        "x = 1  # see `# sqlalint: ignore[a]`",
        "x = 1  # sqlalint: ignored",
        "x = 1  # sqlalint: ignore-all",
    ],
)
def test_what_is_none(text: str) -> None:
    assert find_suppressions(text) == ()


def test_two_in_one_comment() -> None:
    first, second = find_suppressions("x = 1  # sqlalint: ignore[a] -- why  # noqa: SAL101\n")
    assert (first.kind, first.reason, second.kind) == ("ignore", "why", "noqa")


# --- for which rows it counts ---


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a = 1\nb = 2  # noqa: SAL1\nc = 3\n", (2, 2)),
        ("a = f(\n    1,  # noqa: SAL1\n    2,\n)\nb = 2\n", (1, 4)),
        ("a = f(\n    1,\n    # noqa: SAL1\n    2,\n)\n", (1, 5)),
        ("a = f('''\n    1\n''')  # noqa: SAL1\n", (1, 3)),
        ("# noqa: SAL1\na = f(\n    1,\n)\n", (1, 4)),
        ("# noqa: SAL1\n# more\na = 1\n", (1, 3)),
        ("# noqa: SAL1\n\na = 1\n", (1, 1)),
        ("for a in b:  # noqa: SAL1\n    c\n", (1, 1)),
        ("# noqa: SAL1\nfor a in b:\n    c\n", (1, 2)),
        ("@d\n@e(\n)\ndef f(\n    a,\n):  # noqa: SAL1\n    b\n", (1, 6)),
        ("@d  # noqa: SAL1\nclass A:\n    b\n", (1, 2)),
        ("if a:\n    b\n    # noqa: SAL1\nelse:\n    c\n", (3, 4)),
        ("a = 1 + \\\n    2  # noqa: SAL1\n", (1, 2)),
        ("a = 1\n# noqa: SAL1", (2, 2)),
    ],
)
def test_a_comment_counts_for_the_whole_statement(text: str, rows: tuple[int, int]) -> None:
    found = only(text)
    assert (found.first, found.last) == rows


def test_a_file_that_is_not_to_be_tokenized_keeps_what_came_before() -> None:
    assert len(find_suppressions("a = 1  # noqa: SAL1\nb = (\n'''\n")) == 1


# --- what it counts for ---


def test_by_name_and_by_code_in_any_case() -> None:
    for words in ("SAL101", "sal101", "lazy-load-in-loop", "x, SAL101"):
        assert suppressed(finding(at=place("a.py", 1)), a=f"x  # sqlalint: ignore[{words}]"), words
    for words in ("SAL10", "loading", "ALL", "SAL106"):
        assert not suppressed(finding(at=place("a.py", 1)), a=f"x  # sqlalint: ignore[{words}]"), words


@pytest.mark.parametrize("cause", [True, False])
def test_at_a_related_place_also_in_the_background(cause: bool) -> None:
    found = finding(at=place("a.py", 1), related=(Note("User.posts", place("b.py", 2), cause),))
    assert suppressed(found, b="x = 1\ny = 2  # noqa: SAL101\n")
    assert not suppressed(found, b="x = 1  # noqa: SAL101\ny = 2\n")
    assert suppressed(found, b="x = 1\ny = 2\n# sqlalint: file-ignore[SAL101]")


def test_the_reason_and_the_place_go_along() -> None:
    comments = {"a.py": find_suppressions("x  # sqlalint: ignore[SAL101] -- few rows\n")}
    (found,) = Suppressions(comments).mark([finding(at=place("a.py", 1))])
    assert found.suppressed is not None
    assert (found.suppressed.by, found.suppressed.reason, found.suppressed.path) == ("comment", "few rows", "a.py")


def test_on_a_relationship_it_covers_every_loading_finding_of_it() -> None:
    models = """
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
class Base(DeclarativeBase): pass
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list["Post"]] = relationship(  # sqlalint: ignore[SAL101] -- few
        back_populates="author",
    )
class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    author: Mapped[User] = relationship(back_populates="posts")
"""
    views = """
from sqlalchemy import select
from sqlalchemy.orm import Session
from models import User
def one(session: Session):
    for user in session.scalars(select(User)):
        print(user.posts)
def two(session: Session):
    return [user.posts for user in session.scalars(select(User))]
"""
    found = [f for f in lint({"models.py": models, "views.py": views}) if f.code == "SAL101"]
    assert [f.suppressed is not None for f in found] == [True, True]


# --- with everything else that decides ---

OURS = find_suppressions("x  # sqlalint: ignore[SAL101]\n")


def decided(found: Reported, **changes: object) -> tuple[int, Held]:
    (marked,) = Suppressions({found.place.path: OURS}).mark([found])
    fields = {"selected": lambda f: f.default, **changes}
    report = decide([marked], Policy(**fields))  # type: ignore[arg-type]
    return len(report.suppressed), report.held


def test_what_would_be_shown_is_counted_as_suppressed() -> None:
    assert decided(finding(at=place("a.py", 1))) == (1, Held(suppressed=1))


def test_what_something_else_holds_back_too_is_not_counted() -> None:
    at = place("a.py", 1)
    assert decided(finding(at=at), selected=lambda f: False) == (0, Held())
    assert decided(finding(at=at, confidence="likely")) == (0, Held())
    assert decided(finding(at=at, confidence="likely"), confidence=Confidence.LIKELY) == (1, Held(suppressed=1))
    assert decided(finding(at=at), report_set=ReportSet(frozenset({"b.py"}), ())) == (0, Held())
    applied = {"a.py": RevisionState(is_open=False, is_known=True)}
    assert decided(finding(at=at, revision="a.py"), revisions=applied) == (0, Held())
    assert decided(finding(at=at, revision="a.py"), revisions=applied, history=True) == (1, Held(suppressed=1))
    assert decided(finding(at=place("tests/a.py", 1))) == (0, Held())


# --- what is left when one goes ---


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("x = 1  # noqa: SAL1\n", "x = 1\n"),
        ("x = 1  # type: ignore  # noqa: SAL1\n", "x = 1  # type: ignore\n"),
        ("x = 1  # noqa: SAL1  # type: ignore\n", "x = 1  # type: ignore\n"),
        ("x = 1  # noqa: SAL1 because\n", "x = 1  # because\n"),
        ("x = 1  # sqlalint: ignore[a] -- because\n", "x = 1\n"),
        ("x = 1\n    # noqa: SAL1\ny = 2\n", "x = 1\ny = 2\n"),
        ("x = 1\n# noqa: SAL1", "x = 1\n"),
    ],
)
def test_a_comment_goes_and_the_rest_stays(text: str, left: str) -> None:
    assert without(text, only(text)) == left


@pytest.mark.parametrize(
    ("text", "word", "left"),
    [
        ("x  # noqa: SAL1, SAL2\n", "SAL1", "x  # noqa: SAL2\n"),
        ("x  # noqa: SAL1, SAL2\n", "SAL2", "x  # noqa: SAL1\n"),
        ("x  # noqa: E501 SAL1\n", "SAL1", "x  # noqa: E501\n"),
        ("x  # noqa: SAL1,E501\n", "SAL1", "x  # noqa: E501\n"),
        ("x  # sqlalint: ignore[a, b,c] -- why\n", "b", "x  # sqlalint: ignore[a, c] -- why\n"),
        ("x  # sqlalint: ignore[a, b,c] -- why\n", "c", "x  # sqlalint: ignore[a, b] -- why\n"),
    ],
)
def test_one_name_goes_and_the_others_stay(text: str, word: str, left: str) -> None:
    assert without(text, only(text), word) == left


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("# irreversible", "# irreversible"),
        ("# sqlalint: ignore[a] -- irreversible", ""),
        ("# the rows are gone  # sqlalint: ignore[a] -- why", "# the rows are gone"),
        ("# sqlalint: ignore[a] -- why  # the rows are gone", "# the rows are gone"),
        ("# noqa: SAL601 the rows are gone", ""),
        ("# noqa: E501 the rows are gone", "# noqa: E501 the rows are gone"),
        ("# see #12, the rows are gone", "# see #12, the rows are gone"),
    ],
)
def test_what_a_comment_says_of_the_code(comment: str, left: str) -> None:
    assert without_suppressions(comment) == left
