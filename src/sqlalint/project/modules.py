"""Modules and names: which file an import reaches, and what a name in a file stands for.

Packages, src layouts, namespace packages, relative imports, re-exports, star imports and conditional imports are
followed; two equal candidates are unknown, never merged, so that two services of one repository may both have
`app.models`.
"""

import functools
from collections.abc import Iterable, Mapping

from sqlalint.facts.file import Definition as IndexEntry
from sqlalint.facts.file import ImportedName, Index
from sqlalint.project.libraries import Libraries
from sqlalint.project.reads import Reads
from sqlalint.project.symbols import UNKNOWN, Definition, External, Module, Symbol

# A folder of migrations is often called `alembic`: it never shadows the library.
_NEVER_LOCAL = frozenset({"alembic", "sqlalchemy"})


class Modules:
    """The modules of one tree. `files` maps paths relative to the project root to their indexes.

    `reads` notes every name that is looked up in a file, on the way to what other names stand for too.
    """

    def __init__(
        self,
        files: Mapping[str, Index],
        libraries: Libraries,
        roots: Iterable[str] = (),
        reads: Reads | None = None,
    ) -> None:
        self._files = files
        self._reads = reads or Reads()
        self._libraries = libraries
        self.roots = _import_roots(files, roots)
        self._by_suffix = {
            path.removesuffix("/__init__.py").removesuffix(".py"): path for path in sorted(files, reverse=True)
        }
        self._folders = _folders(files)
        self._keys: dict[str, dict[str, list[Definition]]] = {}
        self._entries: dict[tuple[str, str], IndexEntry] = {}
        self._imports: dict[str, dict[str, list[ImportedName]]] = {}
        self._resolving: set[tuple[str, str]] = set()
        self._resolved: dict[tuple[str, str], tuple[Symbol, set[tuple[str, str]]]] = {}
        self._looked: set[tuple[str, str]] = set()  # by the outermost of the names that are being resolved

    # --- files ---

    def root_of(self, path: str) -> str:
        """The import root that a file belongs to: the longest one above it."""
        return next((r for r in self.roots if not r or path.startswith(r + "/")), "")

    @functools.cache  # noqa: B019  # lives as long as the project does
    def name_of(self, path: str) -> str:
        """A file's dotted module name in its own import root."""
        root = self.root_of(path)
        inner = path[len(root) + 1 :] if root else path
        return inner.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")

    def find(self, module: str, importer: str) -> str | None:
        """The file of an absolutely named module as `importer` sees it, or None: no module of the project."""
        found = self._find(module, importer)
        return found or None

    @functools.cache  # noqa: B019
    def _find(self, module: str, importer: str) -> str:
        top = module.split(".", 1)[0]
        if not module or top in _NEVER_LOCAL:
            return ""
        inner = module.replace(".", "/")
        own = [r for r in self.roots if not r or importer.startswith(r + "/")]
        own.append(importer.rpartition("/")[0])
        for root in own:
            if self._has_top(root, top):
                return self._by_suffix.get(_join(root, inner), "")
        others = {self._by_suffix.get(_join(r, inner), "") for r in self.roots if r not in own} - {""}
        return others.pop() if len(others) == 1 else ""

    def _has_top(self, root: str, top: str) -> bool:
        place = _join(root, top)
        return place in self._by_suffix or place in self._folders

    def _relative(self, path: str, level: int, module: str) -> str | None:
        folder = path.rpartition("/")[0]
        for _ in range(level - 1):
            folder = folder.rpartition("/")[0]
        return self._by_suffix.get(_join(folder, module.replace(".", "/")) if module else folder)

    # --- names ---

    def resolve(self, path: str, name: str) -> Symbol:
        """What a dotted name, as written at the level of the module, stands for."""
        key = (path, name)
        known = self._resolved.get(key)
        if known is None:
            if key in self._resolving:  # an import cycle, or a module that imports itself
                return UNKNOWN
            if not self._resolving:
                self._looked = set()
            self._resolving.add(key)
            try:
                found = self._resolve(path, name)
            finally:
                self._resolving.discard(key)
            # All names on the way share what was looked up: one may be cut short by a cycle through another.
            known = self._resolved[key] = found, self._looked
        (self._looked if self._resolving else self._reads.log.names).update(known[1])
        return known[0]

    def binding(self, path: str, name: str) -> tuple[object, ...] | None:
        """All that a file says of a name, or without one what it imports.

        Where it is the same for all names that were looked up on the way, what a name stands for is the same.
        """
        index = self._files.get(path)
        if index is None:
            return None
        bound = [self._entries[(path, d.key)] for d in self._definitions(path).get(name, ())]
        imports = (*self._bound_by_import(path, name), *self._bound_by_import(path, "*")) if name else index.imports
        return (
            [(d.key, d.kind, d.conditional) for d in bound],
            [(i.module, i.level, i.name, i.alias, i.conditional, i.typing_only) for i in imports],
            index.exported is None or name in index.exported,
            index.exported is None,
        )

    def imports(self, path: str) -> tuple[ImportedName, ...]:
        """The imports at the level of a module."""
        self._look(path, "")
        index = self._files.get(path)
        return index.imports if index is not None else ()

    def _look(self, path: str, name: str) -> list[Definition]:
        """The definitions of a name in a file; that this was asked is noted."""
        (self._looked if self._resolving else self._reads.log.names).add((path, name))
        return self._definitions(path).get(name, [])

    def imported(self, path: str, module: str, level: int, name: str | None) -> Symbol:
        """What `from module import name` inside a function binds; without a name, what `import module as x` binds."""
        if name is None:
            return self._module(path, module, level)
        return self._member(path, ImportedName(module, level, name, name, 1, False, False), name)

    def attribute(self, symbol: Symbol, name: str) -> Symbol:
        """What `symbol.name` stands for."""
        match symbol:
            case External(name=base):
                return External(self._libraries.canonical(f"{base}.{name}"))
            case Module(path=path):
                found = self.resolve(path, name)
                if found == UNKNOWN and path.endswith("__init__.py"):
                    inner = self._by_suffix.get(path.removesuffix("__init__.py") + name)
                    return Module(inner) if inner else UNKNOWN
                return found
            case Definition(path=path, key=key, rest=()) if self._look(path, f"{key}.{name}"):
                return Definition(path, f"{key}.{name}")
            case Definition(path=path, key=key, rest=rest):
                return Definition(path, key, (*rest, name))
            case _:
                return UNKNOWN

    def _resolve(self, path: str, name: str) -> Symbol:
        first, _, rest = name.partition(".")
        symbol = self._first(path, first, rest)
        if isinstance(symbol, tuple):
            symbol, rest = symbol
        for part in rest.split(".") if rest else ():
            symbol = self.attribute(symbol, part)
        return symbol

    def _first(self, path: str, first: str, rest: str) -> Symbol | tuple[Symbol, str]:
        bound = self._look(path, first)
        index = self._files.get(path)
        if index is None:
            return UNKNOWN
        certain = [d for d in bound if not self._entries[(path, d.key)].conditional]
        if certain:
            return certain[-1]
        imports = sorted(self._bound_by_import(path, first), key=lambda i: i.conditional and not i.typing_only)
        for found in imports:
            symbol = self._import(path, found, rest)
            if symbol != UNKNOWN:
                return symbol
        if bound:
            return bound[0]
        for star in self._bound_by_import(path, "*"):
            symbol = self._starred(path, star, first)
            if symbol != UNKNOWN:
                return symbol
        return UNKNOWN

    def _import(self, path: str, found: ImportedName, rest: str) -> Symbol | tuple[Symbol, str]:
        if found.name is not None:
            return self._member(path, found, found.name)
        if found.alias != found.module or "." not in found.module:  # `import a`, `import a.b as c`
            return self._module(path, found.module, 0)
        # `import a.b` binds `a`; the longest module on the way is meant.
        parts = [found.module.split(".")[0], *rest.split(".")] if rest else [found.module.split(".")[0]]
        for end in range(len(parts), 0, -1):
            file = self.find(".".join(parts[:end]), path)
            if file:
                return Module(file), ".".join(parts[end:])
        return External(self._libraries.canonical(parts[0]))

    def _module(self, path: str, module: str, level: int) -> Symbol:
        file = self._relative(path, level, module) if level else self.find(module, path)
        if file:
            return Module(file)
        return UNKNOWN if level or self._is_local(module, path) else External(self._libraries.canonical(module))

    def _is_local(self, module: str, importer: str) -> bool:
        """Whether a module that was not found should have been in the project."""
        top = module.split(".", 1)[0]
        if top in _NEVER_LOCAL:
            return False
        own = [r for r in self.roots if not r or importer.startswith(r + "/")]
        return any(_join(r, top) in self._by_suffix for r in own) or (
            sum(_join(r, top) in self._by_suffix for r in self.roots) > 1
        )

    def _member(self, path: str, found: ImportedName, name: str) -> Symbol:
        module = self._module(path, found.module, found.level)
        if module != UNKNOWN:
            return self.attribute(module, name)
        # A namespace package has no file of its own, but its modules have.
        if found.level:
            inner = self._relative(path, found.level, f"{found.module}.{name}" if found.module else name)
        else:
            inner = self.find(f"{found.module}.{name}", path)
        return Module(inner) if inner else UNKNOWN

    def _starred(self, path: str, star: ImportedName, name: str) -> Symbol:
        module = self._module(path, star.module, star.level)
        if isinstance(module, External) and name in self._libraries.exports.get(module.name, ()):
            return self.attribute(module, name)
        if not isinstance(module, Module) or module.path == path:
            return UNKNOWN
        self._look(module.path, name)
        exported = self._files[module.path].exported
        if name.startswith("_") if exported is None else name not in exported:
            return UNKNOWN
        return self.resolve(module.path, name)

    def _bound_by_import(self, path: str, name: str) -> list[ImportedName]:
        """The imports of a file that bind a name; "*": those that bind who knows what."""
        found = self._imports.get(path)
        if found is None:
            found = self._imports[path] = {}
            index = self._files.get(path)
            for i in index.imports if index else ():
                found.setdefault("*" if i.name == "*" else i.alias.split(".", 1)[0], []).append(i)
        return found.get(name, [])

    def _definitions(self, path: str) -> dict[str, list[Definition]]:
        found = self._keys.get(path)
        if found is None:
            found = self._keys[path] = {}
            index = self._files.get(path)
            for d in index.definitions if index else ():
                name = d.key.partition("#")[0]
                found.setdefault(name, []).append(Definition(path, d.key))
                self._entries[(path, d.key)] = d
        return found


def _join(folder: str, inner: str) -> str:
    return f"{folder}/{inner}" if folder else inner


def _folders(files: Iterable[str]) -> frozenset[str]:
    """All folders that hold a Python file at any depth."""
    found: set[str] = set()
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(found)


def _import_roots(files: Mapping[str, Index], extra: Iterable[str]) -> tuple[str, ...]:
    """The root, `src`, and the parents of top-level packages; the deepest first."""
    packages = {p.removesuffix("/__init__.py") for p in files if p.endswith("/__init__.py")}
    tops = {p.rpartition("/")[0] for p in packages if p.rpartition("/")[0] not in packages}
    found = {"", *tops, *extra}
    if any(p.startswith("src/") for p in files):
        found.add("src")
    return tuple(sorted(found, key=lambda r: (-r.count("/") - bool(r), r)))
