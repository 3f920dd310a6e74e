"""Findings: what rules say, as values.

A rule yields `Finding`s, whose places are spots inside definitions. The engine places them (`Reported`, with rows of
the file); reporter and formats know nothing else.
"""

import enum

from msgspec import Struct

from sqlalint.facts.span import Place, Span, Spot


class Severity(enum.StrEnum):
    """How much it matters: `error` raises, loses data or will fail; `warning` slow, fragile or risky; `info` advice."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Confidence(enum.StrEnum):
    """How sure it is that the claimed effect happens."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """0 for certain, 2 for possible."""
        return list(Confidence).index(self)

    def lowered(self, steps: int = 1) -> "Confidence":
        """So many tiers lower, at most down to possible."""
        return list(Confidence)[min(self.rank + steps, 2)]


class Related(Struct, frozen=True, array_like=True):
    """A place that belongs to a finding. `cause`: loop, query, call, access; otherwise background (a model, a table)."""

    message: str
    at: Spot
    cause: bool = False


class Edit(Struct, frozen=True, array_like=True):
    """Replace the text of a span by `content`."""

    at: Spot
    content: str


class Fix(Struct, frozen=True, array_like=True):
    """A mend. `safe`: no run that works today works differently afterwards, the defect itself apart."""

    message: str
    edits: tuple[Edit, ...]
    safe: bool


class Finding(Struct, frozen=True, array_like=True, kw_only=True):
    """What a rule says.

    `identity` are stable names (enclosing function or class, `Model.attribute`, table, revision): with the path and
    the code it says whether two runs mean the same finding, however lines move and messages change. Which rule said
    it, and its severity unless the finding has its own, is added by the engine.
    """

    at: Spot
    message: str
    help: str
    identity: tuple[str, ...]
    confidence: Confidence = Confidence.CERTAIN
    severity: Severity | None = None
    related: tuple[Related, ...] = ()
    fix: Fix | None = None


class Note(Struct, frozen=True, array_like=True):
    """A related place with its rows."""

    message: str
    place: Place
    cause: bool


class PlacedEdit(Struct, frozen=True, array_like=True):
    place: Place
    content: str


class PlacedFix(Struct, frozen=True, array_like=True):
    message: str
    edits: tuple[PlacedEdit, ...]
    safe: bool


class Suppressed(Struct, frozen=True, array_like=True, gc=False):
    """What suppresses a finding: "comment" or "baseline". Of a comment its reason, "" for none, and where it stands."""

    by: str
    reason: str = ""
    path: str = ""
    span: Span = Span(1, 1, 1, 1)


class Reported(Struct, frozen=True, array_like=True, kw_only=True):
    """A finding with its rule and its rows: what reporter and formats see. Paths are relative to the project root.

    `revision`: for rules that speak on open revisions only, the revision judged, as `path`; else "".
    """

    code: str
    name: str
    family: str
    severity: Severity
    confidence: Confidence
    default: bool
    message: str
    help: str
    place: Place
    related: tuple[Note, ...]
    identity: tuple[str, ...]
    fingerprint: str
    fix: PlacedFix | None = None
    revision: str = ""
    open_only: bool = False
    suppressed: Suppressed | None = None
