"""What formats need besides the findings: how a path is shown, the source, the width, and whether there is colour."""

import os
from collections.abc import Callable, Mapping
from functools import cache

from msgspec import Struct

from sqlalint.report.finding import Confidence, Severity

DOCUMENTATION = "https://sqlalint.readthedocs.io/en/latest/rules/"


class About(Struct, frozen=True):
    """What formats may tell of a rule: its page and the page's first line, in Markdown, and its row of the catalogue."""

    summary: str
    page: str
    severity: Severity
    tier: Confidence


class Screen(Struct, frozen=True):
    """A terminal that a person looks at, where long lists may be folded.

    `named` are the rules that were asked for by their own code or name, in lower case: their findings are all shown.
    `table` says whether a table by rule ends the findings.
    """

    named: frozenset[str] = frozenset()
    table: bool = True


class Presentation:
    """How findings are shown.

    `read` gives a file's lines by its path in the project, () where it cannot; `about` tells of a rule by its code.
    `screen` is None for what goes to a file or a program, whether in colour or not. `unsafe_fixes` says whether unsafe
    fixes count as those that `--fix` applies. `names` are those paths that are shown otherwise.
    """

    def __init__(
        self,
        root: str = "",
        folder: str = "",
        *,
        read: Callable[[str], tuple[str, ...]] = lambda _: (),
        about: Callable[[str], About | None] = lambda _: None,
        width: int = 120,
        colour: bool = False,
        screen: Screen | None = None,
        names: Mapping[str, str] = {},
        unsafe_fixes: bool = False,
    ) -> None:
        self._root = root
        self._folder = folder
        self.lines = cache(read)
        self.about = about
        self.width = width
        self.colour = colour
        self.screen = screen
        self.unsafe_fixes = unsafe_fixes
        self._shown: dict[str, str] = dict(names)

    def path(self, path: str) -> str:
        """A path as it is shown: relative to the working directory, with `/` between folders."""
        shown = self._shown.get(path)
        if shown is None:
            full = os.path.join(self._root, path)
            try:
                shown = os.path.relpath(full, self._folder) if self._folder else path
            except ValueError:  # another drive
                shown = full
            shown = self._shown[path] = shown.replace(os.sep, "/")
        return shown


def url(name: str) -> str:
    """The page of a rule."""
    return f"{DOCUMENTATION}{name}/"
