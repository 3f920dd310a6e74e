"""LibCST's trees, converted, say what CPython's own parser says: the same facts, at the same places."""

import ast
import sysconfig
from pathlib import Path

import pytest

import sqlalint
from sqlalint.facts.file import Failure, FileFacts, decode_statement, read_facts
from sqlalint.facts.statement import Assign, Try
from sqlalint.source import syntax
from sqlalint.source.syntax import parse, with_deep_stack
from sqlalint.source.text import Unreadable

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
# Code of many hands, and tests of syntax.
CHOSEN = """
    ast.py argparse.py asyncio/base_events.py asyncio/tasks.py calendar.py collections/__init__.py contextlib.py
    dataclasses.py enum.py email/_header_value_parser.py functools.py http/client.py importlib/metadata/__init__.py
    json/decoder.py locale.py logging/config.py shlex.py statistics.py tarfile.py textwrap.py typing.py
    test/test_patma.py test/test_generators.py test/test_unpack_ex.py
    test/test_named_expressions.py test/test_coroutines.py test/test_except_star.py test/test_unicode_identifiers.py
""".split()


def _files() -> list[Path]:
    ours = sorted(Path(sqlalint.__file__).parent.rglob("*.py"))
    return [*ours[::4], *(LIBRARY / name for name in CHOSEN if (LIBRARY / name).exists())]


@pytest.mark.parametrize("file", _files(), ids=lambda file: file.name)
def test_facts_are_equal(file: Path) -> None:
    content = file.read_bytes()
    plain = with_deep_stack(lambda: read_facts(content))
    modern = with_deep_stack(lambda: read_facts(content, only_libcst=True))
    assert isinstance(plain, FileFacts)
    assert isinstance(modern, FileFacts), modern
    assert modern.index == plain.index
    for key, body in plain.bodies.items():
        assert decode_statement(modern.bodies[key]) == decode_statement(body), key
    assert modern == plain


PIECES = [
    "x = f'a{b!r:>{c}}d' 'e' f\"{g = }{{}}\"\n",
    "x = (yield), (yield from a), (await b), (c := d)\n",
    "x = rb'a' b'\\x00', u'b', r'\\d', 'é' 'ü', '\\N{BULLET}'\n",
    "é = 'ü' + ö.ä(ß, **µ)[1:2, ::3, *a]\n",
    "f(x for x in y)(*a, b=c, **d)((i async for i in j if k if l))\n",
    "def f(a, /, b: int = 1, *c: int, d, e=2, **g) -> None: a; b;\n",
    "async def f(*, a): return [x async for x in y]\n",
    "x = lambda a, *b, c=1, **d: (a, *b)\n",
    "with (open(a) as b, c): pass\nwith (a, b): pass\nwith (a): pass\nasync with a as b, c: pass\n",
    "match a, *b:\n    case [1, *_] | {'k': C(d, e=f), **rest} if g: pass\n    case -1 | 1+2j | a.b | None: pass\n"
    "    case (x, y) as z: pass\n    case x, *y: pass\n    case (x): pass\n    case _: pass\n",
    "try:\n    pass\nexcept* A as b:\n    pass\nelse:\n    pass\nfinally:\n    pass\n",
    "if a: pass\nelif b: pass\nelif c:\n    pass\nelse: pass\n",
    "del a, b\ndel (c, d)\ndel (e), f\n",
    "x: int\ny: int = 1\nz.a: 'b'\nx **= 1; y //= 2; z @= 3\n",
    "from . import a\nfrom ...b.c import (d as e, f,)\nfrom . import *\nimport a.b as c, d.e\n",
    "x = not a is not b not in c <= d != e\n",
    "x = (a or b or (c and d) and e or f)\n",
    "x = {1: 2, **a, 'b': [*c, (d,)]}, {*e}, {f: g for f, g in h for i in j if k}, ()\n",
    "x = a \\\n  + b # c\n\x0c\nclass A(b, metaclass=c): '''d'''\n",
    "@a\n# b\n@c.d(e)\nclass F:\n    @g\n    async def h(self): ...\n",
    "x = 1_000, 0xFF, 1e5, 1., .5, 1j, 1..real, 1 if a else 2, -1 ** -2, ...\n",
    "global a, b\nraise A from b\nassert a, b\nwhile a:\n    break\nelse:\n    continue\n",
    "x = ((((a)).b))[(c)]((d))\n",
]


@pytest.mark.parametrize("text", PIECES)
def test_trees_are_equal(text: str) -> None:
    def dumped(tree: ast.Module) -> str:
        for node in ast.walk(tree):
            if hasattr(node, "ctx"):
                node.ctx = ast.Load()
            if isinstance(node, ast.Constant):
                node.kind = None
            if isinstance(node, ast.FormattedValue):
                node.conversion, node.format_spec = -1, None
                node.lineno = node.end_lineno = node.col_offset = node.end_col_offset = 0
            if isinstance(node, ast.JoinedStr):
                for value in node.values:
                    value.lineno = value.end_lineno = value.col_offset = value.end_col_offset = 0
        return ast.dump(tree, include_attributes=True, indent=1)

    assert dumped(with_deep_stack(lambda: parse(text, only_libcst=True))) == dumped(ast.parse(text))


NEWER = [
    "def first[T: (int, str) = int, *Ts, **P](a: T) -> list[T]:\n    return query(a)\n",
    "type Pairs[T] = list[tuple[T, T]]\n",
    "class A[T](Base[T]):\n    b: T = c(d)\n",
    "x = f'{a['b']} {f'{c.d(e)}'}'\n",
    "x = f'{\n    a.b  # why\n}'\n",
    "x = t'a {b.c!r:>{d}} e'\n",
    "try:\n    a()\nexcept A.b, C:\n    d()\n",
    "try:\n    a()\nexcept* A, C:\n    'except X, Y:'\n",
    "x = [*a for a in b], {**c for c in d}\n",
]


@pytest.mark.parametrize("text", NEWER)
@pytest.mark.parametrize("only_libcst", [False, True])
def test_what_is_newer_than_this_python_is_read(text: str, only_libcst: bool) -> None:
    tree = with_deep_stack(lambda: parse(text, only_libcst=only_libcst))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute | ast.Call)]
    assert names
    for node in names:
        segment = ast.get_source_segment(text, node)
        assert segment is not None
        assert ast.unparse(ast.parse(segment)) == ast.unparse(node)


def test_an_alias_of_a_type_is_an_assignment() -> None:
    facts = with_deep_stack(lambda: read_facts(b"type Pair[T] = tuple[T, T]\n"))
    assert isinstance(facts, FileFacts)
    assert [d.key for d in facts.index.definitions] == ["Pair"]
    assert isinstance(decode_statement(facts.bodies["Pair"]), Assign)


OPEN = "def f():\n    try:\n        a()\n    except A.b,  C :  # why\n        d('except X, Y')\n"


def test_handlers_without_parentheses_do_not_need_libcst(monkeypatch: pytest.MonkeyPatch) -> None:
    by_libcst = with_deep_stack(lambda: read_facts(OPEN.encode(), only_libcst=True))
    monkeypatch.setattr(syntax, "check_for_libcst", lambda text: pytest.fail("LibCST is asked"))
    assert with_deep_stack(lambda: read_facts(OPEN.encode())) == by_libcst


@pytest.mark.parametrize(
    "text",
    [
        f'{OPEN}\nx = """\nexcept A, B:\n"""\n',
        f"{OPEN}\ntry: a\nexcept B, C: d\n",
        f"{OPEN}\ntry: a\nexcept B, C,: d\n",
        f"{OPEN}\ntype X = int\n",
    ],
)
def test_strings_and_other_syntax_are_left_alone(text: str) -> None:
    plain = with_deep_stack(lambda: read_facts(text.encode()))
    assert isinstance(plain, FileFacts)
    assert with_deep_stack(lambda: read_facts(text.encode(), only_libcst=True)) == plain
    function = decode_statement(plain.bodies["f"])
    assert isinstance(function.body[0], Try)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "message", "row", "column"),
    [
        ("x = (1,\n", "'(' was never closed", 1, 5),
        ("print 'a'\n", "Missing parentheses in call to 'print'. Did you mean print(...)?", 1, 1),
        ("x = 'abc\n", "unterminated string literal (detected at line 1)", 1, 5),
        ("type X = int\nx = = 1\n", "invalid syntax", 2, 5),
        ("x = 1\n  y = 2\n", "unexpected indent", 2, 2),
    ],
)
def test_errors_are_said_in_words(text: str, message: str, row: int, column: int) -> None:
    with pytest.raises(Unreadable) as caught:
        with_deep_stack(lambda: parse(text))
    assert (caught.value.message, caught.value.row, caught.value.column) == (message, row, column)


def test_errors_that_only_libcst_sees_have_a_place() -> None:
    failure = with_deep_stack(lambda: read_facts(b"def f(:\n    pass\n", only_libcst=True))
    assert isinstance(failure, Failure)
    assert failure.message.startswith("invalid syntax")
    assert failure.row in (1, 2)
