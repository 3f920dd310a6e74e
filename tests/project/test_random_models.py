"""Random models: whatever SQLAlchemy makes of a program is what is read of it."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.project.test_models_against_sqlalchemy import compare, forget

HEADER = """
from typing import List, Optional

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, backref, declared_attr, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Stamped:
    stamp = Column(Integer, index=True)

    @declared_attr
    def marker(cls):
        return Column(Integer, nullable=False)
"""

_flags = st.sampled_from(["", ", index=True", ", unique=True", ", index=True, unique=True", ", nullable=False"])
_lazy = st.sampled_from(["", ', lazy="selectin"', ', lazy="joined"', ', lazy="raise"', ", lazy=True"])
_ondelete = st.sampled_from(["", ', ondelete="CASCADE"', ', ondelete="SET NULL"'])


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A few classes in a line, each with keys to earlier ones, written in every style."""
    count = draw(st.integers(1, 4))
    bodies: list[list[str]] = []
    for number in range(count):
        modern = draw(st.booleans())
        bases = draw(st.sampled_from(["Base", "Stamped, Base"]))
        lines = [f"class C{number}({bases}):", f'    __tablename__ = "t{number}"']
        lines.append(_key(modern))
        lines.append(_plain(draw, modern))
        arguments = [draw(_argument(n)) for n in range(draw(st.integers(0, 2)))]
        bodies.append(lines)
        for other in range(number + 1):
            if draw(st.booleans()):
                lines += _foreign_key(draw, modern, number, other, bodies[other])
                if draw(st.booleans()):
                    arguments.append(f'Index("ix_{number}_{other}", "k{other}", "name")')
        if arguments:
            lines.append(f"    __table_args__ = ({', '.join(dict.fromkeys(arguments))},)")
    return HEADER + "\n\n" + "\n\n\n".join("\n".join(lines) for lines in bodies) + "\n"


def _key(modern: bool) -> str:
    return f"    id{': Mapped[int]' if modern else ''} = {'mapped_column(' if modern else 'Column(Integer, '}primary_key=True)"


def _plain(draw: st.DrawFn, modern: bool) -> str:
    flags = draw(_flags)
    if not modern:
        return f"    name = Column(String{flags})"
    return draw(
        st.sampled_from(["    name: Mapped[str]", "    name: Mapped[Optional[str]]", '    name: Mapped["str | None"]'])
    ) + (f" = mapped_column({flags[2:]})" if flags else "")


def _argument(number: int) -> st.SearchStrategy[str]:
    return st.sampled_from(['UniqueConstraint("name", "id")', f'Index(None, "name", "id", unique={number == 1})'])


def _foreign_key(draw: st.DrawFn, modern: bool, number: int, other: int, theirs: list[str]) -> list[str]:
    target = draw(st.sampled_from([f'"t{other}.id"', f"C{other}.id" if other < number else f'"t{other}.id"']))
    call = f"ForeignKey({target}{draw(_ondelete)}){draw(_flags)}"
    optional = draw(st.booleans())
    if modern:
        lines = [f"    k{other}: Mapped[{'Optional[int]' if optional else 'int'}] = mapped_column({call})"]
    else:
        lines = [f"    k{other} = Column(Integer, {call})"]
    remote = ", remote_side=[id]" if other == number else ""
    match draw(st.sampled_from(["none", "backref", "pair", "one"])):
        case "backref":
            uselist = draw(st.sampled_from(["", ", uselist=False"]))
            lines.append(
                f'    r{other} = relationship("C{other}"{remote}, backref=backref("b{number}"{uselist}{draw(_lazy)}))'
            )
        case "pair":
            lines.append(_forward(modern, number, other, remote, draw(_lazy)))
            collection = f'    b{number}: Mapped[List["C{number}"]] = ' if modern else f"    b{number} = "
            theirs.append(f'{collection}relationship("C{number}", back_populates="r{other}"{draw(_lazy)})')
        case "one":
            lines.append(_forward(modern, number, other, remote, ""))
            single = f'    b{number}: Mapped["C{number}"] = ' if modern else f"    b{number} = "
            uselist = "" if modern else ", uselist=False"
            theirs.append(f'{single}relationship("C{number}", back_populates="r{other}"{uselist})')
        case _:
            pass
    return lines


def _forward(modern: bool, number: int, other: int, remote: str, lazy: str) -> str:
    annotation = f': Mapped[Optional["C{other}"]]' if modern else ""
    return f'    r{other}{annotation} = relationship("C{other}", back_populates="b{number}"{remote}{lazy})'


@settings(max_examples=60, deadline=None)
@given(programs())
def test_random_models_are_what_sqlalchemy_makes_of_them(source: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            compare(source, Path(folder))
        finally:
            forget()
