"""Verdict and truth compared: `python -m tests.programs.compare [FIRST LAST]` prints the figures and disagreements."""

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalint.engine import judge, read_project
from sqlalint.project.settings import Settings
from sqlalint.report.finding import Reported
from tests.harness import MemoryTree
from tests.programs.generate import Program
from tests.programs.seeds import FAMILIES, generate
from tests.programs.truth import Truth, truth
from tests.programs.watching import Line

# What may be so of a program, and the rule that says it.
CLAIMS = {
    "loop": "SAL101",
    "serializer": "SAL102",
    "column": "SAL123",
    "immediate": "SAL115",
    "query": "SAL104",
    "again": "SAL105",
    "commit": "SAL124",
    "unique": "SAL106",
    "streamed": "SAL107",
    "raise": "SAL112",
    "product": "SAL110",
    "cut": "SAL111",
    "greenlet": "SAL201",
    "expired": "SAL202",
}
# Claims of what grows with the rows, and the kind of load that does.
GROWTH = {
    "loop": "lazy",
    "serializer": "lazy",
    "column": "deferred",
    "immediate": "immediate",
    "query": "query",
    "again": "query",
    "commit": "expired",
}
READ = ("loop", "serializer", "column")
RAISED = ("unique", "streamed", "raise", "greenlet", "expired")
SHOWN = ("certain", "likely")
AT_FETCH = ("unique", "streamed")  # rows are fetched before anything is read of them


@dataclass(frozen=True)
class Said:
    """What sqlalint says of a claim: the best confidence ("" for nothing), and the lines that its findings name."""

    tier: str = ""
    lines: frozenset[Line] = frozenset()


def verdict(program: Program) -> dict[str, Said]:
    """For each claim what sqlalint says."""
    findings, crashes, _ = judge(read_project(MemoryTree(program.files), Settings()))
    assert not crashes, crashes
    said = {claim: _said([f for f in findings if f.code == code]) for claim, code in CLAIMS.items()}
    if program.kind == "emptied":  # what is read after it was emptied may be told by either rule
        either = _said([f for f in findings if f.code in (CLAIMS["greenlet"], CLAIMS["expired"])])
        said |= {"greenlet": Said(), "expired": either}
    return said


def _said(findings: list[Reported]) -> Said:
    if not findings:
        return Said()
    best = min((f.confidence for f in findings), key=lambda c: c.rank)
    named = [f for f in findings if f.confidence == best]
    places = [p for f in named for p in (f.place, *(note.place for note in f.related))]
    lines = {(p.path, row) for p in places for row in range(p.span.row, p.span.end_row + 1)}
    return Said(str(best), frozenset(lines))


@dataclass
class Figures:
    """Counts of one claim: what was said at each confidence, and how much of it was so."""

    true: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    elsewhere: int = 0  # what is so, but of other lines than are named

    @property
    def occurred(self) -> int:
        """How often the claim would have been true."""
        return sum(self.true.values())

    def precision(self, *tiers: str) -> float:
        """Of what was said at these confidences, the share that is so; 1 where nothing was said."""
        true, false = sum(self.true[t] for t in tiers), sum(self.false[t] for t in tiers)
        return true / (true + false) if true + false else 1.0

    def recall(self, *tiers: str) -> float:
        """Of what is so, the share that was said at these confidences."""
        return sum(self.true[t] for t in tiers) / self.occurred if self.occurred else 1.0


def holds(claim: str, program: Program, found: Truth) -> bool | None:
    """Whether a claim is true of a program; None where an exception before it leaves that open.

    Columns of objects that are loaded one by one at the same line belong to what is said of the objects.
    """
    if claim in GROWTH:
        behind = claim == "column" and found.grows.get("deferred", frozenset()) & found.grows.get("lazy", frozenset())
        return None if found.raises or behind else _grows(claim, program, found)
    if claim == "product":
        return found.multiplies
    if claim == "cut":
        return None if found.raises or program.kind != "cut" else found.cut
    if program.kind == "emptied" and claim in ("greenlet", "expired"):
        decided = claim == "expired" and not found.raises.startswith("other")
        return found.raises in ("greenlet", "expired") if decided else None
    if found.raises and found.raises != claim and (claim not in AT_FETCH or found.raises.startswith("other")):
        return None
    return found.raises == claim


def _grows(claim: str, program: Program, found: Truth) -> bool:
    if claim in ("loop", "serializer") and (program.kind == "serializer") != (claim == "serializer"):
        return False
    if claim in ("query", "again") and found.repeats != (claim == "again"):
        return False
    return GROWTH[claim] in found.grows


def _is_elsewhere(claim: str, said: Said, found: Truth) -> bool:
    """Whether what is said is true of the program, but of none of the lines that are named."""
    if not said.tier:
        return False
    if claim in ("serializer", "immediate"):  # they name the fields, and the option, not what reads or executes
        return False
    lines = found.raised if claim in RAISED else found.grows.get(GROWTH.get(claim, ""), frozenset())
    lines = frozenset(line for line in lines if line[1])
    return bool(lines) and not lines & said.lines


def compare(seeds: Iterable[int], show: bool = False) -> dict[str, Figures]:
    """The figures of some seeds."""
    figures = {claim: Figures() for claim in CLAIMS}
    for seed in seeds:
        program = generate(seed)
        verdicts, found = verdict(program), truth(program)
        for claim, said in verdicts.items():
            so = holds(claim, program, found)
            if so is None:
                continue
            if so:
                figures[claim].true[said.tier] += 1
                figures[claim].elsewhere += _is_elsewhere(claim, said, found)
            elif said.tier:
                figures[claim].false[said.tier] += 1
            if show and (so != (said.tier in SHOWN) or (so and _is_elsewhere(claim, said, found))):
                told = f"said {said.tier or 'nothing'}, of {sorted(said.lines)}"
                print(f"--- seed {seed}: {claim} is {so}, {told}; {found}")
                print(shown(program))
    return figures


def shown(program: Program) -> str:
    """The files of a program, without the models of those that have them beside `run`."""
    if len(program.files) == 1:
        (source,) = program.files.values()
        return source[source.index("def run") :]
    return "\n".join(f"# {path}\n{source}" for path, source in program.files.items())


def main() -> None:
    """Print the figures."""
    asked = argparse.ArgumentParser(prog="python -m tests.programs.compare")
    asked.add_argument("first", type=int, nargs="?", default=0)
    asked.add_argument("last", type=int, nargs="?", default=300)
    asked.add_argument("--family", choices=[f.__name__ for f in FAMILIES], help="programs of one generator only")
    asked.add_argument("--quiet", action="store_true", help="the figures only")
    options = asked.parse_args()
    seeds = range(options.first, options.last)
    wanted = [s for s in seeds if options.family in (None, FAMILIES[s % len(FAMILIES)].__name__)]
    print(
        f"{'rule':7} {'claim':11} so  | certain: precision recall | likely: precision recall | said, false, elsewhere"
    )
    for claim, found in compare(wanted, show=not options.quiet).items():
        certain = f"{found.precision('certain'):.3f} {found.recall('certain'):.3f}"
        likely = f"{found.precision('certain', 'likely'):.3f} {found.recall('certain', 'likely'):.3f}"
        print(
            f"{CLAIMS[claim]:7} {claim:10} {found.occurred:4} | {certain} | {likely} | "
            f"{_counts(found.true)} | {_counts(found.false)} | {found.elsewhere}"
        )


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{tier or 'nothing'} {number}" for tier, number in sorted(counts.items())) or "-"


if __name__ == "__main__":
    main()
