"""Draws findings to be judged: thirty of each rule at random, always the same thirty, with the code around them.

    sqlalint --output-format json > findings.json        (run in the application's root)
    python -m benchmarks.sample NAME:COMMIT:ROOT:findings.json [...] [--count 30] [--seed 1] [--code SAL101]

prints each finding with its related places in their source; `--csv` prints rows for `precision.csv` instead, verdict,
worth and why left empty.
"""

import argparse
import csv
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.precision import COLUMNS

AROUND = 6


@dataclass(frozen=True)
class Source:
    """The findings of one application."""

    name: str
    commit: str
    root: Path
    findings: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Drawn:
    """A finding that was drawn."""

    source: Source
    finding: dict[str, Any]

    @property
    def row(self) -> int:
        """The line that the finding stands on."""
        return int(self.finding["location"]["row"])

    @property
    def order(self) -> tuple[str, str, int, str]:
        """A stable order, whatever order the findings came in."""
        return (self.source.name, self.finding["filename"], self.row, self.finding["message"])


def open_source(argument: str) -> Source:
    """`NAME:COMMIT:ROOT:FINDINGS` as a value."""
    name, commit, root, findings = argument.split(":")
    return Source(name, commit, Path(root), tuple(json.loads(Path(findings).read_text(encoding="utf-8"))))


def draw(sources: Iterable[Source], count: int, seed: int, codes: Iterable[str] = ()) -> list[Drawn]:
    """At most so many findings of each rule, over all applications."""
    groups: dict[str, list[Drawn]] = defaultdict(list)
    for source in sources:
        for finding in source.findings:
            groups[finding["code"]].append(Drawn(source, finding))
    wanted = set(codes) or set(groups)
    drawn = []
    for code in sorted(wanted & set(groups)):
        all_of_it = sorted(groups[code], key=lambda d: d.order)
        # a generator per rule: that another rule finds more or less does not change which are drawn of this one
        chosen = random.Random(f"{seed} {code}").sample(all_of_it, min(count, len(all_of_it)))
        drawn += sorted(chosen, key=lambda d: d.order)
    return drawn


def show(drawn: Drawn) -> str:
    """A finding with its source, for judging."""
    f, root = drawn.finding, drawn.source.root
    head = f"{f['code']} {f['confidence']}  {drawn.source.name} {f['filename']}:{drawn.row}\n{f['message']}"
    parts = [head, excerpt(root / f["filename"], drawn.row)]
    for related in f["related"]:
        row = related["location"]["row"]
        parts.append(
            f"  {related['message']}: {related['filename']}:{row}\n{excerpt(root / related['filename'], row, 2)}"
        )
    return "\n".join([*parts, f"help: {f['help']}", "-" * 100])


def excerpt(path: Path, row: int, around: int = AROUND) -> str:
    """The lines around a row, the row marked."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    first = max(row - around, 1)
    numbered = enumerate(lines[first - 1 : row + around], first)
    return "\n".join(f"{'>' if n == row else ' '} {n:5} {line}" for n, line in numbered)


def as_rows(drawn: Iterable[Drawn]) -> Iterator[dict[str, str]]:
    """Rows of `precision.csv`, not yet judged."""
    for d in drawn:
        known = (d.source.name, d.source.commit, d.finding["filename"], str(d.row), d.finding["code"])
        yield dict(zip(COLUMNS, (*known, "", "", ""), strict=True))


def main(arguments: list[str]) -> None:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", type=open_source)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--code", action="append", default=[])
    parser.add_argument("--csv", action="store_true")
    options = parser.parse_args(arguments)
    drawn = draw(options.sources, options.count, options.seed, options.code)
    if options.csv:
        writer = csv.DictWriter(sys.stdout, COLUMNS)
        writer.writeheader()
        writer.writerows(as_rows(drawn))
    else:
        for one in drawn:
            print(show(one))


if __name__ == "__main__":
    main(sys.argv[1:])
