"""The fix of rows that are loaded to be counted or tested, with what it needs imported."""

import re

from sqlalint.flow.events import Counted
from sqlalint.project import edits
from sqlalint.project.project import Project
from sqlalint.report.finding import Edit, Fix

_WANTED = re.compile(r"\{([\w.]+)\.(\w+)\}")


def fix(project: Project, counted: Counted, message: str) -> Fix | None:
    """The edits with the names that the file has for what they mention; None where there are none."""
    if not counted.edits:
        return None
    written: dict[str, str] = {}
    imports: tuple[Edit, ...] = ()
    for whole, module, name in {(m[0], m[1], m[2]) for e in counted.edits for m in _WANTED.finditer(e.content)}:
        found = edits.import_name(project, counted.at, module, name)
        if found is None:
            return None
        written[whole] = found.written
        imports = (*imports, *found.edits)
    changed = tuple(Edit(e.at, _WANTED.sub(lambda m: written[m[0]], e.content)) for e in counted.edits)
    return Fix(message, (*imports, *changed), safe=False)
