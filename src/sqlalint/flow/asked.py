"""Sets of questions by their numbers, each one an integer whose bits say which: thousands of them are joined and kept."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

Asked: TypeAlias = int

NOTHING: Asked = 0
_BITS = [tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256)]


def asked_of(numbers: Iterable[int]) -> Asked:
    """The set of these numbers."""
    known = list(numbers)
    if not known:
        return NOTHING
    found = bytearray((max(known) >> 3) + 1)
    for number in known:
        found[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(found, "little")


def numbers_in(asked: Asked) -> Iterator[int]:
    """The numbers in a set, in order."""
    for place, byte in enumerate(asked.to_bytes((asked.bit_length() + 7) >> 3, "little")):
        if byte:
            for bit in _BITS[byte]:
                yield (place << 3) + bit
