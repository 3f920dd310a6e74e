"""Which of the project's files an env.py imports: they tell whose migrations a script tree holds."""

from sqlalint.project.migrations.revision import ScriptTree
from sqlalint.project.project import Project
from sqlalint.project.symbols import Definition, Module


def imports_of_env(project: Project, tree: ScriptTree) -> tuple[str, ...] | None:
    """The files of the project that a tree's env.py imports by name; None where it has no env.py or imports none."""
    if tree.env is None or tree.env not in project.files:
        return None
    return tuple(sorted(_imported(project, tree.env))) or None


def find_reached(project: Project, path: str) -> frozenset[str]:
    """A file, and the files of the project that its imports reach, however far."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += _imported(project, current)
    return frozenset(found)


def _imported(project: Project, path: str) -> set[str]:
    """The files of the project that a file imports by name."""
    found: set[str] = set()
    for name in project.modules.imports(path):
        if not name.level and (module := project.modules.find(name.module, path)):
            found.add(module)
        bound = name.alias if name.name not in (None, "*") else ""
        symbol = project.resolve(path, bound) if bound else None
        if isinstance(symbol, Module | Definition):
            found.add(symbol.path)
    found.discard(path)
    return found
