"""Edits of arguments and imports: what comes out is what somebody would write, and parses."""

import ast

import pytest

from sqlalint.engine import read_project
from sqlalint.facts import expression as ex
from sqlalint.facts.expression import Call, Collection
from sqlalint.facts.span import Span, Spot
from sqlalint.facts.statement import Assign, Evaluate
from sqlalint.fix.edits import apply_edits
from sqlalint.project.edits import (
    Edits,
    add_argument,
    add_before,
    call_at,
    import_name,
    remove_item,
    remove_keyword,
)
from sqlalint.project.project import Project
from sqlalint.project.settings import Settings
from sqlalint.report.finding import PlacedEdit
from tests.harness import MemoryTree

PATH = "a.py"


def read(text: str) -> Project:
    return read_project(MemoryTree({PATH: text}), Settings())


def first(project: Project) -> tuple[Spot, Call | Collection]:
    """The call or display that the file's first definition is, or assigns."""
    key = project.files[PATH].index.definitions[0].key
    statement = project.statement(PATH, key)
    assert isinstance(statement, Assign | Evaluate)
    assert isinstance(statement.value, Call | Collection)
    return Spot(PATH, key, statement.value.span), statement.value


def applied(project: Project, text: str, edits: Edits) -> str:
    placed = [PlacedEdit(project.place(e.at), e.content) for e in edits]
    done = apply_edits(text.encode(), placed).decode()
    ast.parse(done)
    return done


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(x=1)"),
        ("f(\n)", "f(x=1\n)"),
        ("f(  # why\n)", "f(x=1  # why\n)"),
        ("f(a)", "f(a, x=1)"),
        ("f(a,)", "f(a, x=1,)"),
        ("f((a))", "f((a), x=1)"),
        ("f(((a)) , )", "f(((a)), x=1 , )"),
        ("f(a, b=(c))", "f(a, b=(c), x=1)"),
        ("(f)(a)", "(f)(a, x=1)"),
        ("f(a for a in b)", "f((a for a in b), x=1)"),
        ("f(\n    a for a in b\n)", "f((\n    a for a in b\n), x=1)"),
        ("f((a for a in b))", "f((a for a in b), x=1)"),
        ("f(*a, **b)", "f(*a, **b, x=1)"),
        ("f(\n    a,\n    b=2,\n)", "f(\n    a,\n    b=2,\n    x=1,\n)"),
        ("f(\n    a,\n    b=2\n)", "f(\n    a,\n    b=2,\n    x=1\n)"),
        ("f(\n    a,\n    b=2,  # two\n)", "f(\n    a,\n    b=2, x=1,  # two\n)"),
        ("f(\n    a,\n    # end\n)", "f(\n    a,\n    x=1,\n    # end\n)"),
        ("f(a, [\n    b,\n])", "f(a, [\n    b,\n], x=1)"),
        ("f(a, [\n    b,\n],\n  (c\n))", "f(a, [\n    b,\n],\n  (c\n),\n  x=1)"),
        ("f(b=2, *a)", "f(b=2, *a, x=1)"),
        ("f('ä🎉')", "f('ä🎉', x=1)"),
        ("f('(,)')", "f('(,)', x=1)"),
        ("f(a, (lambda: b))", "f(a, (lambda: b), x=1)"),
    ],
)
def test_an_argument_more(before: str, after: str) -> None:
    project = read(before)
    assert applied(project, before, add_argument(*first(project), "x=1")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("t = (a,)", "t = (a, x)"),
        ("t = (a, b)", "t = (a, b, x)"),
        ("t = a, b", "t = a, b, x"),
        ("t = (\n    (a),\n    b,\n)", "t = (\n    (a),\n    b,\n    x,\n)"),
        ("t = ()", "t = (x,)"),
        ("t = (  # none\n)", "t = (x,  # none\n)"),
        ("t = (a  # one\n  ,)", "t = (a  # one\n  , x)"),
        ("t = (\n    a,\n)", "t = (\n    a,\n    x,\n)"),
        ("t = [a]", "t = [a, x]"),
        ("t = {a}", "t = {a, x}"),
    ],
)
def test_an_item_more(before: str, after: str) -> None:
    project = read(before)
    assert applied(project, before, add_argument(*first(project), "x")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("t = (a, {})", "t = (a, x, {})"),
        ("t = ({},)", "t = (x, {},)"),
        ("t = (\n    a,\n    {},\n)", "t = (\n    a,\n    x,\n    {},\n)"),
        ("t = (\n    a,  # one\n    ({}),\n)", "t = (\n    a,  # one\n    x,\n    ({}),\n)"),
    ],
)
def test_an_item_before_the_last(before: str, after: str) -> None:
    project = read(before)
    at, listed = first(project)
    assert isinstance(listed, Collection)
    assert applied(project, before, add_before(at, listed, listed.items[-1].span, "x")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(x=1)", "f()"),
        ("f(x=1,)", "f()"),
        ("f(x=1, b=2)", "f(b=2)"),
        ("f(a, x=1)", "f(a)"),
        ("f(a, x=1,)", "f(a,)"),
        ("f(a, x=1, b=2)", "f(a, b=2)"),
        ("f((a), x=(1), b=2)", "f((a), b=2)"),
        ("f((a), x=(1))", "f((a))"),
        ("f(\n    x=1,\n)", "f(\n)"),
        ("f(\n    a,\n    x=1,\n)", "f(\n    a,\n)"),
        ("f(\n    a,\n    x=1\n)", "f(\n    a\n)"),
        ("f(\n    x=1,\n    b=2,\n)", "f(\n    b=2,\n)"),
        ("f(\n    a,\n    x=g(\n        1,\n    ),\n    b=2,\n)", "f(\n    a,\n    b=2,\n)"),
        ("f(\n    a,  # one\n    x=1,\n    b=2,\n)", "f(\n    a,  # one\n    b=2,\n)"),
        (
            "f(\n    a,  # one\n    x=1,  # two\n    b=2,  # three\n)",
            "f(\n    a,  # one\n    # two\n    b=2,  # three\n)",
        ),
        ("f(\n    a,  # one\n    x=1  # two\n)", "f(\n    a,  # one\n    # two\n)"),
        ("f(\n    a,  # one\n    # two\n    x=1,\n    # three\n)", "f(\n    a,  # one\n    # two\n    # three\n)"),
        ("f(a, x=1,  # two\n  b=2)", "f(a,  # two\n  b=2)"),
        ("f(x=1,  # two\n  b=2)", "f(  # two\n  b=2)"),
        ("f(a,\n  x=1, b=2)", "f(a,\n  b=2)"),
        ("f(a,\n  x=1)", "f(a)"),
        ("f(\n    a, x=1,\n)", "f(\n    a,\n)"),
        ("f(x=1, *a)", "f(*a)"),
        ("f(b=2, *a, x=1)", "f(b=2, *a)"),
    ],
)
def test_a_keyword_less(before: str, after: str) -> None:
    project = read(before)
    at, call = first(project)
    assert isinstance(call, Call)
    assert applied(project, before, remove_keyword(at, call, "x")) == after


@pytest.mark.parametrize(
    "before",
    [
        "f(a\n  , x=1\n  , b=2)",  # commas at the beginning of lines
        "f(a, \\\n  x=1)",
        "f(a)",
        "f(**x)",
    ],
)
def test_no_keyword_less(before: str) -> None:
    project = read(before)
    at, call = first(project)
    assert isinstance(call, Call)
    assert remove_keyword(at, call, "x") == ()


@pytest.mark.parametrize(
    ("before", "number", "after"),
    [
        ("t = (a,)", 0, "t = ()"),
        ("t = (a, b)", 0, "t = (b,)"),
        ("t = (a, b)", 1, "t = (a,)"),
        ("t = (a, b,)", 0, "t = (b,)"),
        ("t = (a, b,)", 1, "t = (a,)"),
        ("t = ((a), (b))", 0, "t = ((b),)"),
        ("t = (a, b, c)", 1, "t = (a, c)"),
        ("t = (a, b, c)", 2, "t = (a, b)"),
        ("t = (\n    a,\n    b,\n)", 0, "t = (\n    b,\n)"),
        ("t = (\n    a,\n    b\n)", 0, "t = (\n    b,\n)"),
        ("t = (\n    a,\n    b\n)", 1, "t = (\n    a,\n)"),
        ("t = (\n    a,  # one\n    b  # two\n)", 1, "t = (\n    a,  # one\n    # two\n)"),
        ("t = (a,  # one\n(b  # two\n))", 1, "t = (a,  # one\n)"),
        ("t = [a, b]", 0, "t = [b]"),
        ("t = [a, b]", 1, "t = [a]"),
    ],
)
def test_an_item_less(before: str, number: int, after: str) -> None:
    project = read(before)
    at, listed = first(project)
    assert isinstance(listed, Collection)
    done = applied(project, before, remove_item(at, listed, listed.items[number].span))
    assert done == after
    value = ast.parse(done).body[0].value  # type: ignore[attr-defined]
    assert isinstance(value, ast.Tuple) is (listed.kind == "tuple")


def test_of_a_tuple_without_brackets_nothing_is_taken() -> None:
    project = read("t = a, b")
    at, listed = first(project)
    assert isinstance(listed, Collection)
    assert remove_item(at, listed, listed.items[0].span) == ()


def test_the_call_at_a_place() -> None:
    text = "class A:\n    x: int = f(a, g(1))\n    y: M[g(2)] = 3\n\n    def m(self, z=h()) -> k():\n        pass\n"
    project = read(text)
    for definition, span, name in (
        ("A", Span(2, 19, 2, 23), "g"),
        ("A", Span(3, 10, 3, 14), "g"),
        ("A.m", Span(1, 19, 1, 22), "h"),
        ("A.m", Span(1, 27, 1, 30), "k"),
    ):
        found = call_at(project, Spot(PATH, definition, span))
        assert found is not None
        assert ex.dotted(found.function) == name
    assert call_at(project, Spot(PATH, "A", Span(2, 14, 2, 15))) is None
    assert call_at(project, Spot(PATH, "B", Span(2, 14, 2, 15))) is None


USE = "\n\nclass Model:\n    x = 1\n"


@pytest.mark.parametrize(
    ("head", "written", "after"),
    [
        ("from datetime import timezone", "timezone", None),
        ("from datetime import timezone as tz", "tz", None),
        ("import datetime", "datetime.timezone", None),
        ("import datetime as dt", "dt.timezone", None),
        ("from datetime import datetime", "timezone", "from datetime import datetime, timezone"),
        (
            "from datetime import datetime as dt  # time",
            "timezone",
            "from datetime import datetime as dt, timezone  # time",
        ),
        (
            "from datetime import (\n    date,\n    datetime,  # time\n)",
            "timezone",
            "from datetime import (\n    date,\n    datetime,\n    timezone,  # time\n)",
        ),
        (
            "from datetime import (\n    date, datetime,\n)",
            "timezone",
            "from datetime import (\n    date, datetime, timezone,\n)",
        ),
        ("from datetime import (date, datetime)", "timezone", "from datetime import (date, datetime, timezone)"),
        (
            "from datetime import date, \\\n    datetime",
            "timezone",
            "from datetime import date, \\\n    datetime, timezone",
        ),
        ("import os", "timezone", "import os\nfrom datetime import timezone"),
        ("import os  # the system", "timezone", "import os  # the system\nfrom datetime import timezone"),
        (
            '"""Doc."""\n\nfrom __future__ import annotations',
            "timezone",
            '"""Doc."""\n\nfrom __future__ import annotations\nfrom datetime import timezone',
        ),
        ('"""Doc."""', "timezone", '"""Doc."""\n\nfrom datetime import timezone'),
        ("x = 1", "timezone", "from datetime import timezone\n\nx = 1"),
        ("# licence\n\nx = 1", "timezone", "# licence\n\nfrom datetime import timezone\n\nx = 1"),
        ("from .datetime import datetime", "timezone", "from .datetime import datetime\nfrom datetime import timezone"),
        ("from datetime import *", "timezone", "from datetime import *\nfrom datetime import timezone"),
        (
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from datetime import timezone",
            "timezone",
            "from typing import TYPE_CHECKING\nfrom datetime import timezone\n\n"
            "if TYPE_CHECKING:\n    from datetime import timezone",
        ),
        (
            "import os\n\ntry:\n    import datetime\nexcept ImportError:\n    pass",
            "timezone",
            "import os\nfrom datetime import timezone\n\ntry:\n    import datetime\nexcept ImportError:\n    pass",
        ),
    ],
)
def test_a_name_is_imported(head: str, written: str, after: str | None) -> None:
    text = head + USE
    project = read(text)
    found = import_name(project, Spot(PATH, "Model", Span(1, 1, 1, 1)), "datetime", "timezone")
    assert found is not None
    assert found.written == written
    assert applied(project, text, found.edits) == (after or head) + USE


@pytest.mark.parametrize(
    ("head", "after"),
    [
        (
            "import os\n\nfrom sqlalchemy import select\nfrom sqlalchemy.sql import func\n\nfrom app import db",
            "import os\n\nfrom sqlalchemy import select\nfrom sqlalchemy.orm import joinedload\n"
            "from sqlalchemy.sql import func\n\nfrom app import db",
        ),
        (
            "import sqlalchemy as sa\n\nfrom .db import Base",
            "import sqlalchemy as sa\nfrom sqlalchemy.orm import joinedload\n\nfrom .db import Base",
        ),
        (
            "from sqlalchemy import (\n    select,\n)  # all\nimport os",
            "from sqlalchemy import (\n    select,\n)  # all\nfrom sqlalchemy.orm import joinedload\nimport os",
        ),
        (
            "from sqlalchemy.sql import func\nfrom app import db",
            "from sqlalchemy.sql import func\nfrom sqlalchemy.orm import joinedload\nfrom app import db",
        ),
        (
            "from sqlalchemy import select; x = (\n    1)\nimport os",
            "from sqlalchemy import select; x = (\n    1)\nimport os\nfrom sqlalchemy.orm import joinedload",
        ),
        (
            "from .sqlalchemy import select\nfrom app import db",
            "from .sqlalchemy import select\nfrom app import db\nfrom sqlalchemy.orm import joinedload",
        ),
        (
            "import sqlalchemy_utils\nfrom app import db",
            "import sqlalchemy_utils\nfrom app import db\nfrom sqlalchemy.orm import joinedload",
        ),
    ],
)
def test_an_import_stands_with_those_of_its_package(head: str, after: str) -> None:
    text = head + USE
    project = read(text)
    found = import_name(project, Spot(PATH, "Model", Span(1, 1, 1, 1)), "sqlalchemy.orm", "joinedload")
    assert found is not None
    assert applied(project, text, found.edits) == after + USE


def test_imports_behind_the_first_class_come_too_late() -> None:
    text = "import os\n\n\nclass First:\n    pass\n\n\nfrom datetime import timezone\nimport sys\n" + USE.replace(
        "Model", "Late"
    )
    project = read(text)
    early = import_name(project, Spot(PATH, "First", Span(1, 1, 1, 1)), "os", "path")
    assert early is not None
    assert early.written == "os.path"
    assert import_name(project, Spot(PATH, "First", Span(1, 1, 1, 1)), "datetime", "timezone") is None
    late = import_name(project, Spot(PATH, "Late", Span(1, 1, 1, 1)), "datetime", "timezone")
    assert late is not None
    assert late == ("timezone", ())
    added = import_name(project, Spot(PATH, "Late", Span(1, 1, 1, 1)), "uuid", "uuid4")
    assert added is not None
    assert applied(project, text, added.edits) == text.replace("import os\n", "import os\nfrom uuid import uuid4\n")


@pytest.mark.parametrize(
    "text",
    [
        "timezone = 1\n\n\nclass Model:\n    x = 1\n",
        "from pytz import timezone\n\n\nclass Model:\n    x = 1\n",
        "from datetime import datetime as timezone\n\n\nclass Model:\n    x = 1\n",
        "def timezone():\n    pass\n\n\nclass Model:\n    x = 1\n",
        "class Model:\n    timezone = 1\n",
        "class Model:\n    x = [timezone for timezone in ()]\n",
        "try:\n    from datetime import timezone\nexcept ImportError:\n    timezone = None\n\n\nclass Model:\n    x = 1\n",
        "import os; x = (\n    1)\n\n\nclass Model:\n    x = 1\n",
    ],
)
def test_a_name_that_another_thing_has_is_not_imported(text: str) -> None:
    assert import_name(read(text), Spot(PATH, "Model", Span(1, 1, 1, 1)), "datetime", "timezone") is None


@pytest.mark.parametrize(
    "body",
    [
        "def use(timezone): pass",
        "def use(*, timezone=1): pass",
        "def use():\n    timezone = 1",
        "def use():\n    for timezone in (): pass",
        "def use():\n    with a as (b, timezone): pass",
        "def use():\n    from pytz import timezone",
        "def use():\n    if (timezone := 1): pass",
        "def use():\n    return lambda timezone: 1",
        "def use():\n    try: pass\n    except E as timezone: pass",
        "def use():\n    match x:\n        case timezone: pass",
        "def use():\n    def timezone(): pass",
    ],
)
def test_a_local_name_is_in_the_way(body: str) -> None:
    for head in ("import os\n\n\n", "from datetime import timezone\n\n\n"):
        found = import_name(read(head + body), Spot(PATH, "use", Span(1, 1, 1, 1)), "datetime", "timezone")
        assert found is None


def test_what_is_only_read_is_not_in_the_way() -> None:
    text = "import os\n\n\ndef use():\n    a.timezone = timezone\n    b[timezone] = 1\n"
    found = import_name(read(text), Spot(PATH, "use", Span(1, 1, 1, 1)), "datetime", "timezone")
    assert found is not None
    assert found.written == "timezone"


def test_a_library_s_name_is_found_where_it_is_known_by_another() -> None:
    text = "import sqlalchemy as sa\n\n\nclass Model:\n    x = 1\n"
    found = import_name(read(text), Spot(PATH, "Model", Span(1, 1, 1, 1)), "sqlalchemy", "Index")
    assert found == ("sa.Index", ())


def test_windows_line_ends_stay() -> None:
    text = "import os\r\n\r\n\r\nx = f(\r\n    a,\r\n    b=1,\r\n)\r\n"
    project = read(text)
    at, call = first(project)
    assert isinstance(call, Call)
    assert applied(project, text, remove_keyword(at, call, "b")) == text.replace("    b=1,\r\n", "")
    assert applied(project, text, add_argument(at, call, "c=2")) == text.replace("b=1,", "b=1,\r\n    c=2,")
    found = import_name(project, at, "uuid", "uuid4")
    assert found is not None
    assert applied(project, text, found.edits) == text.replace("os\r\n", "os\r\nfrom uuid import uuid4\r\n", 1)
