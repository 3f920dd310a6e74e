"""SAL102 where relationships are read by the names that mappers give: the functions of its fixture are run.

Where a finding is expected, twice the rows are more statements; where none is, they are as many.
"""

import ast
import importlib.util
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.harness import ROOT
from tests.proofs.running import recorded

PATH = ROOT / "fixtures" / "lazy_load_in_serialization" / "relationships_by_reflection.py"
TEXT = PATH.read_text()
GIVEN = {"number": 1, "skipped": ["books", "labels"]}


@pytest.fixture(scope="module")
def shelves() -> ModuleType:
    """The fixture, imported."""
    spec = importlib.util.spec_from_file_location("relationships_by_reflection", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def functions() -> Iterator[tuple[str, bool]]:
    """The functions that are given a session, and whether a finding is expected in each."""
    lines = TEXT.splitlines()
    for node in ast.parse(TEXT).body:
        if isinstance(node, ast.FunctionDef) and [a.arg for a in node.args.args][:1] == ["session"]:
            yield node.name, any("# expect:" in line for line in lines[node.lineno : node.end_lineno])


def statements(shelves: ModuleType, name: str, rows: int) -> int:
    """How many SELECTs a function sends for so many shelves with two books and a label each."""
    engine = sa.create_engine("sqlite://")
    shelves.Base.metadata.create_all(engine)
    with Session(engine) as session:
        for _ in range(rows):
            session.add(shelves.Shelf(books=[shelves.Book(), shelves.Book()], labels=[shelves.Label()]))
            session.add(shelves.Sheet())
        session.commit()
    function = getattr(shelves, name)
    given = {k: GIVEN[k] for k in inspect.signature(function).parameters if k in GIVEN}
    with Session(engine) as session, recorded(engine) as run:
        found = function(session, **given)
        if inspect.isgenerator(found):
            list(found)
    engine.dispose()
    assert run.error is None
    return run.selects


@pytest.mark.parametrize(("name", "grows"), list(functions()), ids=[name for name, _ in functions()])
def test_it_reads_what_is_said(shelves: ModuleType, name: str, grows: bool) -> None:
    few, many = statements(shelves, name, 5), statements(shelves, name, 10)
    assert many - few >= 5 if grows else many == few
