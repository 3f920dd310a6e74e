"""Which of the project's files an env.py imports: they tell whose migrations a script tree holds."""

from sqlalint.project.migrations.revision import ScriptTree
from sqlalint.project.project import Project
from sqlalint.project.symbols import Definition, Module


def imports_of_env(project: Project, tree: ScriptTree) -> tuple[str, ...] | None:
    """The files of the project that a tree's env.py imports by name; None where it has no env.py or imports none."""
    facts = project.files.get(tree.env) if tree.env else None
    if facts is None or tree.env is None:
        return None
    found: set[str] = set()
    for name in facts.index.imports:
        if not name.level and (path := project.modules.find(name.module, tree.env)):
            found.add(path)
        bound = name.alias if name.name not in (None, "*") else ""
        symbol = project.resolve(tree.env, bound) if bound else None
        if isinstance(symbol, Module | Definition):
            found.add(symbol.path)
    found.discard(tree.env)
    return tuple(sorted(found)) or None
