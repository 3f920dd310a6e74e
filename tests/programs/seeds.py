"""Which generator makes the program of a seed."""

from tests.programs.emptied import EmptiedGenerator
from tests.programs.generate import Generator, Program
from tests.programs.spread import SpreadGenerator
from tests.programs.statements import StatementGenerator
from tests.programs.wide import WideGenerator

FAMILIES: list[type[Generator]] = [
    Generator,
    SpreadGenerator,
    WideGenerator,
    StatementGenerator,
    EmptiedGenerator,
    SpreadGenerator,
]


def generate(seed: int) -> Program:
    """The program of a seed."""
    return FAMILIES[seed % len(FAMILIES)](seed).program()
