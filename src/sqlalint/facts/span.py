"""Where things stand: spans inside a definition, and spots that survive when the definition moves."""

from msgspec import Struct


class Span(Struct, frozen=True, array_like=True, gc=False, order=True):
    """A range of text. Rows and columns count from 1, columns in code points; the end is exclusive.

    Inside a definition row 1 is the first line of the definition, so that a span (and whatever is cached with it)
    stays the same when lines are inserted above.
    """

    row: int
    column: int
    end_row: int
    end_column: int

    def down(self, rows: int) -> "Span":
        """The same range, so many rows further down."""
        return Span(self.row + rows, self.column, self.end_row + rows, self.end_column)

    @property
    def start(self) -> "Span":
        """The empty range at the beginning."""
        return Span(self.row, self.column, self.row, self.column)

    @property
    def end(self) -> "Span":
        """The empty range at the end."""
        return Span(self.end_row, self.end_column, self.end_row, self.end_column)


START = Span(1, 1, 1, 1)


class Spot(Struct, frozen=True, array_like=True, gc=False, order=True):
    """A span in a definition of a file.

    `path` is relative to the project root, with `/` between folders. `definition` is the key of the definition in the
    file's index; "" is the file itself, whose rows are those of the file.
    """

    path: str
    definition: str
    span: Span

    def is_beside(self, other: "Spot") -> bool:
        """Whether both are in the same definition of the same file."""
        return (self.path, self.definition) == (other.path, other.definition)


class Place(Struct, frozen=True, array_like=True, gc=False, order=True):
    """A spot with its rows resolved: what is shown to users."""

    path: str
    span: Span
