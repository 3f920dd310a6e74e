"""What a statement is beside what it selects: its joins, conditions, order and limit, and the options given by strings.

Where something is not understood, a shape says so (`open`, `opaque`), and whoever asks is told nothing.
"""

from msgspec import Struct
from msgspec.structs import replace

from sqlalint.facts.span import Spot


class Term(Struct, frozen=True):
    """An attribute of a mapped class, or of the alias of that number."""

    model: str
    name: str
    alias: int = 0


class Condition(Struct, frozen=True):
    """What a condition is about. `terms` are the attributes in it, `links` those that it compares with each other.

    `opaque`: there may be more in it than that.
    """

    terms: tuple[Term, ...] = ()
    links: tuple[tuple[Term, Term], ...] = ()
    opaque: bool = True


OPAQUE = Condition()
NO_CONDITION = Condition(opaque=False)


class Join(Struct, frozen=True):
    """A join of a model, or of the alias of that number. `by`: the relationship that it follows, None for an ON clause
    or for the foreign key; `on`: further conditions. `subquery`: an alias of a subquery, which may give anything.
    """

    target: str
    alias: int = 0
    by: Term | None = None
    on: Condition | None = None
    subquery: bool = False


class Text(Struct, frozen=True):
    """An attribute given by a string. `at`: the call, `function` what is called, as it is written in messages.

    `model`: whose attribute it is, None for that of the statement's entity. `alone`: it is the only argument.
    """

    at: Spot
    function: str
    text: str
    model: str | None = None
    alone: bool = True


class Shape(Struct, frozen=True):
    """`open`: what is joined is not all known. `where`: what the conditions are about. `order`: the attributes that are
    ordered by, `ordered`: there is an order at all. `cut`: where the limit, offset or slice is given, `offset`: rows are left out at the
    beginning. `plain`: eager loads are switched off.
    """

    joins: tuple[Join, ...] = ()
    open: bool = False
    where: Condition = NO_CONDITION
    order: tuple[Term, ...] = ()
    ordered: bool = False
    order_open: bool = False
    cut: Spot | None = None
    offset: bool = False
    plain: bool = False


EMPTY = Shape()


def both(a: Condition, b: Condition) -> Condition:
    """What two conditions together are about."""
    if a is NO_CONDITION or a == b:
        return b
    if b is NO_CONDITION:
        return a
    return Condition((*a.terms, *b.terms), (*a.links, *b.links), a.opaque or b.opaque)


def join(a: Shape, b: Shape) -> Shape:
    """The shape of a statement where two ways meet: what is not the same on both is not known."""
    if a == b:
        return a
    same = a.joins == b.joins
    ordered = a.order == b.order and a.ordered == b.ordered
    return Shape(
        joins=a.joins if same else tuple(dict.fromkeys((*a.joins, *b.joins))),
        open=a.open or b.open or not same,
        where=both(a.where, b.where),
        order=a.order if ordered else (),
        ordered=a.ordered and b.ordered,
        order_open=a.order_open or b.order_open or not ordered,
        cut=a.cut if a.cut == b.cut else None,
        offset=a.offset and b.offset,
        plain=a.plain or b.plain,
    )


def with_condition(shape: Shape, condition: Condition) -> Shape:
    """A shape with one more condition."""
    return replace(shape, where=both(shape.where, condition))
