"""What a function may give on the ways that were not followed, because an argument was taken not to be None.

Where it would be a thing of another kind, one object in place of many, nothing that is done with the value would work:
then the guess was right.
"""

from collections.abc import Set

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span
from sqlalint.flow import values as v

_MANY = frozenset({"all", "fetchall", "partitions"})
_ONE = frozenset(
    {"first", "one", "one_or_none", "scalar", "scalar_one", "scalar_one_or_none", "get", "get_one", "count"}
)


def may_be_another(value: v.Value, function: st.Function, reached: Set[Span]) -> bool:
    """Whether what a function gives elsewhere than at the `return`s that were reached may be of the kind of a value."""
    others = [s for s in st.walk_statements(function.body) if isinstance(s, st.Return) and s.span not in reached]
    return not all(_is_of_another_kind(value, other.value) for other in others)


def end_of(block: tuple[st.Statement, ...], away: int, on: int) -> int:
    """Whether a block that was not followed surely leaves the function at its end."""
    return away if block and isinstance(block[-1], st.Return | st.Raise) else on


def _is_of_another_kind(value: v.Value, expression: ex.Expr | None) -> bool:
    match expression:
        case None | ex.Literal():
            return True
        case ex.Await(value=inner):
            return _is_of_another_kind(value, inner)
        case ex.Call(function=ex.Attribute(name=name)):
            return name in (_ONE if isinstance(value, v.Many) else _MANY if isinstance(value, v.Instance) else ())
        case _:
            return False
