"""Verdict and truth compared: `python -m tests.programs.compare [FIRST [LAST]]` prints the figures and disagreements."""

import sys
from collections import Counter
from dataclasses import dataclass, field

from sqlalint.engine import judge, read_project
from sqlalint.project.settings import Settings
from sqlalint.report.finding import Reported
from tests.harness import MemoryTree
from tests.programs.generate import Program, generate
from tests.programs.truth import Truth, truth

# What may be so of a program, and the rule that says it.
CLAIMS = {
    "loop": "SAL101",
    "serializer": "SAL102",
    "column": "SAL123",
    "unique": "SAL106",
    "raise": "SAL112",
    "greenlet": "SAL201",
}
GROWTH = ("loop", "serializer", "column")


def verdict(program: Program) -> dict[str, str]:
    """For each claim the confidence with which sqlalint makes it, "" for not at all."""
    findings, crashes, _ = judge(read_project(MemoryTree(program.files), Settings()))
    assert not crashes, crashes
    return {claim: _best([f for f in findings if f.code == code]) for claim, code in CLAIMS.items()}


def _best(findings: list[Reported]) -> str:
    return min((f.confidence for f in findings), key=lambda c: c.rank, default=None) or ""


@dataclass
class Figures:
    """Counts of one claim: what was said at each confidence, and how much of it was so."""

    true: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)

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
    """Whether a claim is true of a program; None where an exception before it leaves that open."""
    if claim in GROWTH:
        return None if found.raises else found.grows and program.kind == claim
    if found.raises and found.raises != claim and (claim != "unique" or found.raises.startswith("other")):
        return None  # rows are fetched before anything is read of them
    return found.raises == claim


def compare(seeds: range, show: bool = False) -> dict[str, Figures]:
    """The figures of a range of seeds."""
    figures = {claim: Figures() for claim in CLAIMS}
    for seed in seeds:
        program = generate(seed)
        said, found = verdict(program), truth(program)
        for claim, tier in said.items():
            so = holds(claim, program, found)
            if so is None:
                continue
            if so:
                figures[claim].true[tier] += 1
            elif tier:
                figures[claim].false[tier] += 1
            if show and so != bool(tier):
                print(f"--- seed {seed}: {claim} is {so}, said {tier or 'nothing'}; {found}")
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
    numbers = [int(a) for a in sys.argv[1:]] or [0, 300]
    first, last = (0, numbers[0]) if len(numbers) == 1 else numbers[:2]
    for claim, found in compare(range(first, last), show=True).items():
        print(
            f"{claim:10} so {found.occurred:4}  certain: precision {found.precision('certain'):.3f}"
            f" recall {found.recall('certain'):.3f}  likely: precision {found.precision('certain', 'likely'):.3f}"
            f" recall {found.recall('certain', 'likely'):.3f}  said {dict(found.true)} false {dict(found.false)}"
        )


if __name__ == "__main__":
    main()
