"""`--statistics`: how many findings each rule has, the most first."""

from collections.abc import Iterator, Sequence

from sqlalint.report.finding import Reported


def render(findings: Sequence[Reported], name: str) -> Iterator[str]:
    """The counts in a format that has them: a table for people, or a list of objects."""
    rows = _rows(findings)
    if name == "json":
        import json

        yield json.dumps(rows, indent=2) + "\n"
        return
    for row in rows:
        yield f"{row['count']:>6,}  {row['code']}  {row['name']}\n"


def _rows(findings: Sequence[Reported]) -> list[dict[str, str | int]]:
    by_rule: dict[tuple[str, str], list[Reported]] = {}
    for finding in findings:
        by_rule.setdefault((finding.code, finding.name), []).append(finding)
    return [
        {
            "code": code,
            "name": name,
            "count": len(found),
            "files": len({f.place.path for f in found}),
            "fixable": sum(f.fix is not None for f in found),
        }
        for (code, name), found in sorted(by_rule.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
