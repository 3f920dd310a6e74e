"""Bytes to text: encodings, byte order marks and line ends as Python itself reads them."""

import codecs
import re
from dataclasses import dataclass

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


class Unreadable(Exception):
    """A file that cannot be decoded or parsed. `row` and `column` count from 1."""

    def __init__(self, message: str, row: int = 1, column: int = 1, *, undecodable: bool = False) -> None:
        super().__init__(message)
        self.message, self.row, self.column = message, max(row, 1), max(column, 1)
        self.undecodable = undecodable


@dataclass(frozen=True)
class Text:
    """A decoded file with `\\n` as its only line end; rows are those that Python counts."""

    content: str

    @property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.content.split("\n")


def declared_encoding(content: bytes) -> str:
    """The encoding that a source file declares in one of its first two lines, utf-8 if it declares none."""
    for line in re.split(rb"\r\n|\r|\n", content[:4096], maxsplit=2)[:2]:
        found = _COOKIE.match(line)
        if found:
            return found.group(1).decode("ascii", "replace")
        if line.strip() and not line.lstrip().startswith(b"#"):
            break
    return "utf-8"


def mark_and_encoding(content: bytes) -> tuple[bytes, str]:
    """The byte order mark that a source file begins with (mostly none), and the encoding of what follows it."""
    mark = codecs.BOM_UTF8
    return (mark, "utf-8") if content.startswith(mark) else (b"", declared_encoding(content))


def decode(content: bytes) -> Text:
    """The text of a Python source file. Raises `Unreadable`."""
    text = decode_as_it_is(content)
    return Text(text.replace("\r\n", "\n").replace("\r", "\n"))


def decode_as_it_is(content: bytes) -> str:
    """The text of a Python source file with its own line ends, without its byte order mark. Raises `Unreadable`."""
    mark, encoding = mark_and_encoding(content)
    content = content[len(mark) :]
    if b"\0" in content:
        row = content[: content.index(b"\0")].count(b"\n") + 1
        raise Unreadable("source code cannot contain null bytes", row, undecodable=True)
    try:
        return content.decode(encoding)
    except LookupError:
        raise Unreadable(f"unknown encoding: {encoding}", undecodable=True) from None
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        message = f"cannot decode byte 0x{content[error.start]:02x} as {encoding}; save the file as UTF-8"
        raise Unreadable(message, row, undecodable=True) from None
    except (ValueError, TypeError, AssertionError):  # codecs that are not text encodings
        raise Unreadable(f"{encoding} is no encoding of text", undecodable=True) from None
