"""Edits of calls and tuples in every way of writing them: what is left is the same program, with its comments."""

import ast
import io
import tokenize

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlalint.facts.expression import Call, Collection
from sqlalint.project.edits import add_argument, remove_item
from tests.project.test_edits import applied, first, read

spaces = st.sampled_from(["", "", "", " ", "\n", "\n    ", "  # remark\n", "\n    # remark\n    ", " \\\n"])
values = st.sampled_from(
    ["a", "'(,)#'", "g(1, 2)", "g(\n        1,  # one\n    )", "[x for x in y]", "a.b", "(1, 2)", "lambda: 3"]
)
relaxed = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))


@st.composite
def item(draw: st.DrawFn, name: str) -> str:
    """An argument; with brackets of its own, or two pairs."""
    value = draw(values)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        value = f"({draw(spaces)}{value}{draw(spaces)})"
    return f"{name}={value}" if name else value


@st.composite
def listed(draw: st.DrawFn, names: list[str]) -> str:
    """Items between brackets, with commas, comments and line ends between them."""
    parts = []
    for number, name in enumerate(names):
        last = number == len(names) - 1
        comma = draw(st.sampled_from(["", ","])) if last else ","
        parts.append(draw(spaces) + draw(item(name)) + draw(spaces) + comma)
    return f"({''.join(parts)}{draw(spaces)})"


@st.composite
def calls(draw: st.DrawFn) -> str:
    positional = draw(st.integers(0, 3))
    named = draw(st.integers(0, 3))
    function = draw(st.sampled_from(["f", "(f)", "f.g", "f()"]))
    return function + draw(listed([""] * positional + [f"k{n}" for n in range(named)])) + "\n"


def remarks(text: str) -> int:
    return sum(t.type == tokenize.COMMENT for t in tokenize.generate_tokens(io.StringIO(text).readline))


def value_of(text: str) -> ast.expr:
    statement = ast.parse(text).body[0]
    assert isinstance(statement, ast.Expr | ast.Assign)
    return statement.value


@relaxed
@given(calls())
def test_an_argument_more_is_the_last(text: str) -> None:
    project = read(text)
    edits = add_argument(*first(project), "new=1")
    if not edits:
        return
    done = applied(project, text, edits)
    wanted = value_of(text)
    assert isinstance(wanted, ast.Call)
    wanted.keywords.append(ast.keyword("new", ast.Constant(1)))
    assert ast.dump(value_of(done)) == ast.dump(wanted)
    assert remarks(done) == remarks(text)


@relaxed
@given(calls(), st.data())
def test_an_argument_less_leaves_the_others(text: str, data: st.DataObject) -> None:
    project = read(text)
    at, call = first(project)
    assert isinstance(call, Call)
    spans = [*(a.span for a in call.arguments), *(k.span for k in call.keywords)]
    if not spans:
        return
    number = data.draw(st.integers(0, len(spans) - 1))
    edits = remove_item(at, call, spans[number])
    if not edits:
        return
    done = applied(project, text, edits)
    wanted = value_of(text)
    assert isinstance(wanted, ast.Call)
    if number < len(wanted.args):
        del wanted.args[number]
    else:
        del wanted.keywords[number - len(wanted.args)]
    assert ast.dump(value_of(done)) == ast.dump(wanted)


@relaxed
@given(st.integers(2, 4).flatmap(lambda n: listed([""] * n)), st.data())
def test_an_item_less_leaves_a_tuple(written: str, data: st.DataObject) -> None:
    text = f"t = {written}\n"
    project = read(text)
    at, display = first(project)
    assert isinstance(display, Collection)
    number = data.draw(st.integers(0, len(display.items) - 1))
    edits = remove_item(at, display, display.items[number].span)
    if not edits:
        return
    done = applied(project, text, edits)
    wanted = value_of(text)
    assert isinstance(wanted, ast.Tuple)
    del wanted.elts[number]
    assert ast.dump(value_of(done)) == ast.dump(wanted)


@relaxed
@given(st.integers(1, 3).flatmap(lambda n: listed([""] * n)))
def test_an_item_more_is_the_last(written: str) -> None:
    text = f"t = {written}\n"
    if not isinstance(value_of(text), ast.Tuple):
        return
    project = read(text)
    edits = add_argument(*first(project), "new")
    if not edits:
        return
    done = applied(project, text, edits)
    wanted = value_of(text)
    assert isinstance(wanted, ast.Tuple)
    wanted.elts.append(ast.Name("new", ast.Load()))
    assert ast.dump(value_of(done)) == ast.dump(wanted)
    assert remarks(done) == remarks(text)
