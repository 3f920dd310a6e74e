"""SAL102 with marshmallow: the functions of its fixture are run, and say the same as their marks.

Where a finding is expected, twice the rows are more statements; where none is, they are as many.
"""

import ast
import importlib
import inspect
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.harness import ROOT
from tests.proofs.running import recorded

FOLDER = ROOT / "fixtures" / "lazy_load_in_serialization" / "marshmallow"
TEXT = (FOLDER / "views.py").read_text()
NAMES = ("models", "schemas", "views")
GIVEN = {"key": 1, "names": ["id", "title"], "text": "[]"}


@pytest.fixture(scope="module")
def views() -> Iterator[ModuleType]:
    """The module of the fixture's functions, imported."""
    before = {name: sys.modules.pop(name) for name in NAMES if name in sys.modules}
    sys.path.insert(0, str(FOLDER))
    try:
        yield importlib.import_module("views")
    finally:
        sys.path.remove(str(FOLDER))
        for name in NAMES:
            sys.modules.pop(name, None)
        sys.modules.update(before)


def functions() -> Iterator[tuple[str, bool]]:
    """The functions that are given a session, and whether a finding is expected in each."""
    lines = TEXT.splitlines()
    for node in ast.parse(TEXT).body:
        if isinstance(node, ast.FunctionDef) and [a.arg for a in node.args.args][:1] == ["session"]:
            yield node.name, any("# expect:" in line for line in lines[node.lineno : node.end_lineno])


def statements(views: ModuleType, name: str, rows: int) -> int:
    """How many SELECTs a function sends for so many albums of three tracks with two plays each."""
    models = sys.modules["models"]
    engine = sa.create_engine("sqlite://")
    models.Base.metadata.create_all(engine)
    with Session(engine) as session:
        for number in range(rows):
            tracks = [models.Track(seconds=n, plays=[models.Play(), models.Play()]) for n in range(3)]
            session.add(models.Album(title=str(number), tracks=tracks, covers=[models.Cover()]))
        session.commit()
    function = getattr(views, name)
    given = {k: GIVEN[k] for k in inspect.signature(function).parameters if k in GIVEN}
    with Session(engine) as session, recorded(engine) as run:
        function(session, **given)
    engine.dispose()
    assert run.error is None
    return run.selects


@pytest.mark.parametrize(("name", "grows"), functions(), ids=[name for name, _ in functions()])
def test_it_reads_what_is_said(views: ModuleType, name: str, grows: bool) -> None:
    few, many = statements(views, name, 5), statements(views, name, 10)
    assert many - few >= 5 if grows else many == few
