"""How many of the findings on real applications are true, and how many are worth mending.

`precision.csv` has a row for each finding that somebody judged with the code in front of them: repository, commit, path,
line, code, verdict (`true`, `false`), worth (`yes`, `no`: would the project want to mend it), why (a sentence). The table
that README and docs quote is computed from it:

    python -m benchmarks.precision            print the table
    python -m benchmarks.precision --write    put it where it is quoted
    python -m benchmarks.precision --merge more.csv [...] --write    take in rows that were judged elsewhere
"""

import csv
import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROWS = HERE / "precision.csv"
COLUMNS = ("repository", "commit", "path", "line", "code", "verdict", "worth", "why")
QUOTED_IN = (HERE.parent / "README.md", HERE.parent / "docs" / "how-it-works.md")
QUOTE = re.compile(r"(<!-- precision -->\n).*?(<!-- /precision -->)", flags=re.DOTALL)


@dataclass(frozen=True)
class Row:
    """A judged finding."""

    repository: str
    commit: str
    path: str
    line: int
    code: str
    true: bool
    worth: bool
    why: str


@dataclass(frozen=True)
class Count:
    """What became of one rule's findings, or of all."""

    code: str
    judged: int
    true: int
    worth: int
    repositories: int

    @property
    def cells(self) -> str:
        """A line of the table."""
        return f"| {self.code} | {self.judged} | {share(self.true, self.judged)} | {share(self.worth, self.judged)} |"


def share(part: int, whole: int) -> str:
    """`29 (97%)`."""
    return f"{part} ({100 * part / whole:.0f}%)" if whole else "-"


def read(path: Path = ROWS) -> list[Row]:
    """All rows. Raises ValueError, naming the line, where one is not as it must be."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path.name}: the columns are {', '.join(COLUMNS)}")
        return [parse(row, f"{path.name}:{reader.line_num}") for row in reader]


def parse(row: dict[str, str], where: str) -> Row:
    """A row as a value."""
    if row["verdict"] not in ("true", "false") or row["worth"] not in ("yes", "no"):
        raise ValueError(f"{where}: verdict is true or false, worth is yes or no")
    if not row["why"].strip() or not re.fullmatch(r"SAL\d{3}", row["code"]):
        raise ValueError(f"{where}: a row needs a code and a sentence why")
    true, worth = row["verdict"] == "true", row["worth"] == "yes"
    if worth and not true:
        raise ValueError(f"{where}: what is false is not worth mending")
    return Row(row["repository"], row["commit"], row["path"], int(row["line"]), row["code"], true, worth, row["why"])


def counts(rows: Iterable[Row]) -> list[Count]:
    """Per rule, and of all."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.code].append(row)
        groups["all"].append(row)
    return [count(code, groups[code]) for code in sorted(groups)]


def count(code: str, rows: list[Row]) -> Count:
    """Of one group."""
    repositories = len({r.repository for r in rows})
    return Count(code, len(rows), sum(r.true for r in rows), sum(r.worth for r in rows), repositories)


def table(rows: list[Row]) -> str:
    """The table in Markdown."""
    if not rows:
        return "No findings on real applications were judged yet.\n"
    whole = count("all", rows)
    lines = [
        f"{whole.judged} findings on {whole.repositories} applications were judged by hand, each in the source around it:",
        f"{share(whole.true, whole.judged)} are true, {share(whole.worth, whole.judged)} are worth mending.",
        "",
        "| rule | judged | true | worth mending |",
        "|---|---|---|---|",
    ]
    return "\n".join([*lines, *(c.cells for c in counts(rows))]) + "\n"


def quoted(text: str, new: str) -> str:
    """A page with the table put between its marks."""
    return QUOTE.sub(lambda m: m[1] + new + m[2], text)


def merged(rows: Iterable[Row]) -> str:
    """Rows as the file's text: sorted, and a finding that was judged again once, by its last verdict."""
    last = {(r.repository, r.commit, r.path, r.line, r.code): r for r in rows}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in (last[key] for key in sorted(last)):
        verdict, worth = "true" if r.true else "false", "yes" if r.worth else "no"
        writer.writerow((r.repository, r.commit, r.path, r.line, r.code, verdict, worth, r.why))
    return out.getvalue()


def main(arguments: list[str]) -> None:
    """Print the table, or write it where it is quoted."""
    if "--merge" in arguments:
        files = [Path(a) for a in arguments if a.endswith(".csv")]
        ROWS.write_text(merged([r for file in (ROWS, *files) for r in read(file)]), encoding="utf-8")
    new = table(read())
    print(new, end="")
    if "--write" in arguments:
        for page in QUOTED_IN:
            page.write_text(quoted(page.read_text(encoding="utf-8"), new), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
