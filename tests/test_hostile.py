"""Whatever a file contains, it is read or said to be unreadable; nothing dies, and no other file's finding is lost."""

import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import sqlalint
from sqlalint.engine import analyse
from sqlalint.facts.expression import walk
from sqlalint.facts.file import Failure, FileFacts, decode_statement, read_facts
from sqlalint.facts.statement import IMPORTS, expressions, walk_statements
from sqlalint.project.settings import Settings
from sqlalint.source.syntax import with_deep_stack
from tests.harness import MemoryTree

DEEP = {
    "brackets": "x = " + "(" * 3000 + "1" + ")" * 3000,
    "lists": "x = " + "[" * 3000 + "]" * 3000,
    "brackets Python reads": "x = " + "(" * 150 + "1" + ")" * 150,
    "calls": "x = a" + ".b()" * 5000,
    "arguments": "x = " + "f(" * 150 + ")" * 150,
    "attributes": "x = a" + ".b" * 5000,
    "subscripts": "x = a" + "[0]" * 5000,
    "additions": "x = " + "1 + " * 20000 + "1",
    "fewer additions": "x = " + "1 + " * 9000 + "1",
    "additions in arguments": "x = " + "f(1 + " * 90 + "1" + " + 1)" * 90,
    "powers": "x = " + "1 ** " * 5000 + "1",
    "comparisons": "x = " + "a < " * 9000 + "c",
    "and": "x = " + "a and " * 9000 + "a",
    "not": "x = " + "not " * 3000 + "1",
    "minus": "x = " + "-" * 5000 + "1",
    "await": "async def f():\n x = " + "await " * 3000 + "a",
    "lambda": "x = " + "lambda: " * 3000 + "1",
    "conditionals": "x = " + "a if b else " * 3000 + "c",
    "f-strings": "x = " + "f'{" * 140 + "1" + "}'" * 140,
    "braces in an f-string": "f'" + "{" * 50000,
    "elif": "if a: pass\n" + "elif b: pass\n" * 3000,
    "elif in a function": "def f():\n if a: pass\n" + " elif b: pass\n" * 3000,
    "ifs": "".join(" " * n + "if a:\n" for n in range(90)) + " " * 90 + "pass\n",
    "more ifs": "".join(" " * n + "if a:\n" for n in range(300)) + " " * 300 + "pass\n",
    "classes": "".join(" " * n + "class A:\n" for n in range(95)) + " " * 95 + "pass\n",
    "functions": "".join(" " * n + "def f():\n" for n in range(95)) + " " * 95 + "pass\n",
    "with": "with " + "a as b, " * 3000 + "c: pass",
    "targets": "a = " * 5000 + "1",
    "decorators": "@a\n" * 5000 + "def f(): pass",
    "patterns": "match x:\n case " + "|".join(["1"] * 5000) + ": pass",
    "nested patterns": "match x:\n case " + "[" * 150 + "]" * 150 + ": pass",
    "imports": "from a import " + ",".join(["b"] * 50000),
    "a large dict": "x = {" + "'a': 1," * 100000 + "}",
    "many brackets": "x = " + "[[]]," * 20000,
    "many functions": "def f(): pass\n" * 20000,
    "one line": "a=1;" * 100000,
    "one line that is not ASCII": "a='é';" * 50000,
    "one call that is not ASCII": "x = f(" + "'é', " * 100000 + ")",
    "one line in a class": "class A:\n  " + "x=1;" * 50000,
    "a long string": "x = '" + "é" * 2000000 + "'",
    "quotes": "'" * 100001,
    "triple quotes": "'''" * 30001,
    "backslashes": "\\" * 100000,
    "dots": "." * 100000,
    "a long comment": "#" * 3000000,
    "empty lines": "\n" * 1000000,
    # what only LibCST reads, on a Python that does not know `type` yet
    "new: calls": "type X = int\nx = a" + ".b()" * 5000,
    "new: additions": "type X = int\nx = " + "1+" * 9999 + "1",
    "new: brackets": "type X = int\nx = " + "(" * 3000 + "1" + ")" * 3000,
    "new: conditionals": "type X = int\nx = " + "a if b else " * 3000 + "c",
    "new: one call": "type X = int\nx = f(" + "'é', " * 20000 + ")",
}
MUST_BE_READ = {
    "brackets Python reads", "calls", "arguments", "attributes", "subscripts", "fewer additions", "and", "comparisons",
    "elif", "elif in a function", "ifs", "classes", "with", "a large dict", "many brackets", "many functions", "one line",
    "one line that is not ASCII", "one call that is not ASCII", "one line in a class", "a long string",
    "a long comment", "empty lines", "imports", "decorators", "targets", "patterns", "new: one call",
}  # fmt: skip
if sys.version_info >= (3, 12):  # whose parser has a lower limit of its own
    MUST_BE_READ.discard("calls")
MUST_BE_REFUSED = {"brackets", "lists", "additions", "braces in an f-string", "more ifs", "new: brackets"}

PROGRAM = """
import sys
from sqlalint.facts.file import Failure, decode_statement
from sqlalint.reading import Task, _bodies_decoder, _head_decoder, read_chunk
(read,) = read_chunk([Task(sys.stdin.buffer.read(), True)])
head = _head_decoder.decode(read.head)
for body in _bodies_decoder.decode(read.bodies).values():
    decode_statement(body)  # in the main thread, on its ordinary stack
print(head.failure.message if head.failure else "read")
"""


@pytest.mark.parametrize("name", DEEP)
def test_deep_and_long(name: str) -> None:
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", PROGRAM], input=DEEP[name].encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    said = done.stdout.decode().strip()
    assert said == "read" or len(said) > 10
    if name in MUST_BE_READ:
        assert said == "read"
    if name in MUST_BE_REFUSED:
        assert said != "read"
    assert time.monotonic() - begin < 60


def read(content: bytes) -> FileFacts | Failure:
    return with_deep_stack(lambda: read_facts(content))


@pytest.mark.parametrize(
    ("content", "message", "row"),
    [
        (b"x = '\xff'\n", "cannot decode byte 0xff as utf-8; save the file as UTF-8", 1),
        (b"# \xe9\n", "cannot decode byte 0xe9 as utf-8; save the file as UTF-8", 1),
        (b"# coding: nonsense\nx = 1\n", "unknown encoding: nonsense", 1),
        (b"# coding: hex\nx = 1\n", "unknown encoding: hex", 1),
        (b"# coding: rot13\nx = 1\n", "unknown encoding: rot13", 1),
        (b"# coding: ascii\nx = 'a'\ny = '\xc3\xa9'\n", "cannot decode byte 0xc3 as ascii; save the file as UTF-8", 3),
        (b"x = 1\ny = \0\n", "source code cannot contain null bytes", 2),
        (b"\xff\xfex\0=\0", "source code cannot contain null bytes", 1),
    ],
)
def test_what_cannot_be_decoded(content: bytes, message: str, row: int) -> None:
    failure = read(content)
    assert isinstance(failure, Failure)
    assert (failure.message, failure.row, failure.undecodable) == (message, row, True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbfa = 1\r\nb = 2\r\n",
        b"a = 1\rb = 2\r",
        b"\x0ca = 1\n\x0c\nb = 2\x0c\n",
        b"# coding: latin-1\na = '\xe9'\nb = 1\n",
        b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\na = '\x80'\nb = 1",
        b"# coding: utf-8-sig\na = b = 1\n",
        b"# coding: utf_7\na = '+AOk-'\nb = 1\n",
        b"a = 1 # \xe2\x80\xa8 separator\nb = '\xe2\x80\xa9'\n",
        b"a = '\x1c\x1d\x85' if 0 else 1\nb = 2\n".replace(b"\x85", b"\xc2\x85"),
        b"a = '\\ud800'\nb = '''\\N{BULLET}\\xff'''\n",
        b"a = 1" + b"0" * 4000 + b"\nb = 1e999\n",
        b"a = 1\n\x1a",
    ],
)
def test_odd_bytes_that_python_reads(content: bytes) -> None:
    facts = read(content)
    if content.endswith(b"\x1a"):
        assert isinstance(facts, Failure)
        return
    assert isinstance(facts, FileFacts), facts
    if len(content) > 3:
        assert {d.key for d in facts.index.definitions} & {"a", "b"}
    for body in facts.bodies.values():
        decode_statement(body)


FRAGMENTS = """
select User . where ( ) [ ] { } : , ; = == := -> * ** @ + - / // % | & ^ ~ < > != ' " \\ ''' \"\"\" f' f" rb' # ...
def class if elif else for while try except finally with as match case async await yield from import return raise lambda
not and or in is None True x y 1 2.5 0x1f 1j é 𝒳 type except* print \\N{x} { } !r
""".split()
pieces = st.lists(st.sampled_from([*FRAGMENTS, " ", " ", " ", "\n", "\n", "\n    ", "\t", "\x0c", "\r"]), max_size=60)
relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=150)


def check_reading(content: bytes) -> None:
    """A file's facts can be taken, decoded, walked and kept."""
    facts = read(content)
    if isinstance(facts, Failure):
        assert facts.message
        assert facts.row >= 1
        assert facts.column >= 1
        return
    for key, body in facts.bodies.items():
        statement = decode_statement(body)
        if key == IMPORTS:
            continue
        rows = next(d.end_row - d.row + 1 for d in facts.index.definitions if d.key == key)
        for inner in walk_statements((statement,)):
            assert 1 <= inner.span.row <= inner.span.end_row <= rows
            for expression in expressions(inner):
                for part in walk(expression):
                    assert 1 <= part.span.row <= part.span.end_row <= rows
                    assert part.span.column >= 1
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(facts), type=FileFacts) == facts


@relaxed
@given(pieces.map("".join))
@example("try: x\nexcept A, B: y")
@example("def f(: pass")
def test_generated_fragments(text: str) -> None:
    check_reading(text.encode("utf-8", "surrogatepass"))


@relaxed
@given(st.binary(max_size=200))
def test_generated_bytes(content: bytes) -> None:
    check_reading(content)


@relaxed
@given(st.text(max_size=100))
def test_generated_text(text: str) -> None:
    check_reading(b"x = 1\n" + text.encode("utf-8", "replace"))


SOURCES = [
    path.read_bytes() for path in sorted(Path(sqlalint.__file__).parent.rglob("*.py")) if path.stat().st_size < 9000
]


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """A real file with bytes flipped, cut off, or with lines dropped, doubled, moved or indented."""
    content = draw(st.sampled_from(SOURCES))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        lines = content.splitlines(keepends=True) or [b""]
        row = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 6)):
            case 0:
                content = content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
            case 1:
                content = content[:at]
            case 2:
                content = b"".join(lines[:row] + lines[row + 1 :])
            case 3:
                content = b"".join([*lines[:row], lines[row], *lines[row:]])
            case 4:
                content = b"".join(lines[row:] + lines[:row])
            case 5:
                content = b"".join([*lines[:row], b"    " + lines[row], *lines[row + 1 :]])
            case _:
                content = (
                    content[:at]
                    + draw(st.sampled_from([b"(", b")", b"'", b'"""', b"\\", b":", b"\n", b"\0"]))
                    + content[at:]
                )
    return content


@relaxed
@given(mutations())
def test_mutations_of_real_files(content: bytes) -> None:
    check_reading(content)


GOOD = b"""
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

class Base(DeclarativeBase): ...

class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list["Post"]] = relationship(back_populates="author")

class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped[User] = relationship(back_populates="posts")

def show(session):
    for user in session.scalars(select(User)):
        print(user.posts)
"""


def found(files: dict[str, bytes]) -> list[tuple[str, int]]:
    analysis = analyse(MemoryTree(files), Settings())
    assert not analysis.crashes, analysis.crashes[0].trace
    assert analysis.files == len(files)
    return [(f.code, f.place.span.row) for f in analysis.findings if f.place.path == "app/good.py"]


@settings(relaxed, max_examples=25)
@given(st.lists(mutations() | st.binary(max_size=100), min_size=1, max_size=4))
def test_no_finding_of_another_file_is_lost(contents: list[bytes]) -> None:
    bad = {f"app/bad{n}.py": content for n, content in enumerate(contents)}
    expected = found({"app/good.py": GOOD})
    assert {"SAL101", "SAL501"} <= {code for code, _ in expected}
    assert found({"app/__init__.py": b"", "app/good.py": GOOD, **bad}) == expected


def test_deep_files_cost_no_finding_of_another() -> None:
    deep = {f"app/deep{n}.py": text.encode() for n, text in enumerate(DEEP.values()) if len(text) < 200_000}
    assert found({"app/__init__.py": b"", "app/good.py": GOOD, **deep}) == found({"app/good.py": GOOD})
