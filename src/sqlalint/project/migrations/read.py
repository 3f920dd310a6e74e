"""Revision files read from literals, and put together into script trees."""

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from sqlalint.facts.expression import Attribute, Binary, Collection, Expr, Literal, Name, dotted
from sqlalint.facts.span import START, Spot
from sqlalint.facts.statement import Assign, Evaluate
from sqlalint.project.migrations import graph
from sqlalint.project.migrations.locations import Folders, Location, find_locations
from sqlalint.project.migrations.revision import FILES, Reference, Revision, ScriptTree, Unidentified
from sqlalint.project.project import Project
from sqlalint.project.reads import Kept
from sqlalint.project.symbols import Definition

_LEGACY = re.compile(r"([a-f0-9]+)\.py$")  # the id in a file name, as Alembic takes it where the file gives none
_ELSEWHERE = frozenset({"tests", "test", "templates"})
_DEEPEST = 4


def read_trees(project: Project) -> tuple[ScriptTree, ...]:
    """All script trees of the project, each file read once."""
    folders = Folders(project)
    reader = _Reader(project)
    trees: dict[str, ScriptTree] = {}
    claimed: set[str] = set()
    for location in find_locations(project, folders):
        for tree in reader.trees_at(location, folders):
            claimed.update(f"{v}/" for v in tree.versions)
            claimed.update((f"{location.folder}/versions/", f"{location.folder}/"))
            trees.setdefault(tree.id, tree)
    for tree in reader.unclaimed(tuple(claimed)):
        trees.setdefault(tree.id, tree)
    return _without_shared(tuple(trees.values()))


def _without_shared(trees: Sequence[ScriptTree]) -> tuple[ScriptTree, ...]:
    """Without trees that load just what an earlier one loads (an ini file, and the env.py that it points to)."""
    kept: list[ScriptTree] = []
    for tree in trees:
        paths = {r.path for r in tree.revisions}
        if not any(paths <= {r.path for r in k.revisions} and k.folder == tree.folder for k in kept):
            kept.append(tree)
    return tuple(kept)


class _Found(Struct, frozen=True, array_like=True):
    """What a file is, as it is kept."""

    revision: Revision | None
    unidentified: Unidentified | None

    @staticmethod
    def of(what: Revision | Unidentified) -> "_Found":
        return _Found(what, None) if isinstance(what, Revision) else _Found(None, what)

    @property
    def what(self) -> Revision | Unidentified:
        found = self.revision or self.unidentified
        assert found is not None
        return found


class _Reader:
    """Reads revision files, each once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._read: dict[str, Revision | Unidentified] = {}
        self._kept = Kept(project, "revision", _Found)
        self._by_folder: dict[str, list[str]] = {}
        for path in sorted({*project.files, *project.failures}):
            folder, _, name = path.rpartition("/")
            if not name.startswith((".#", "__init__")):
                self._by_folder.setdefault(folder, []).append(path)

    def file(self, path: str) -> Revision | Unidentified:
        """What a file in a versions folder is."""
        if not self._read:
            self._fetch()
        if path not in self._read:
            made = self._kept.make(self._key(path), lambda: _Found.of(read_revision(self._project, path)))
            self._read[path] = made.result.what
        return self._read[path]

    def _fetch(self) -> None:
        """What was kept of all files that look like revisions, at once."""
        keys = {self._key(p): p for p, entries in self._project.entries.items() if "revision" in entries}
        self._read = {keys[key]: held.result.what for key, held in self._kept.find(keys).items()}

    def _key(self, path: str) -> bytes:
        records = self._project.records
        return records.keys.get(path, path.encode()) if records else b""

    def trees_at(self, location: Location, folders: Folders) -> Iterator[ScriptTree]:
        """The tree of a script location; several where it holds unconnected histories side by side."""
        starts = location.versions if location.versions is not None else (f"{location.folder}/versions",)
        below = [f for f in sorted(self._by_folder) if any(f == s or f.startswith(f"{s}/") for s in starts)]
        if location.recursive:
            groups: list[tuple[str, ...]] = [tuple(below)]
        elif location.versions is not None:
            groups = [starts]
        else:
            groups = self._connected(starts[0], below)
        env = f"{location.folder}/env.py"
        for group in groups:
            paths = [p for f in group for p in self._by_folder.get(f, ())]
            plain = group == (f"{location.folder}/versions",) or not group or location.recursive
            identity = location.folder if plain else f"{location.folder} ({', '.join(group)})"
            yield self._tree(
                identity, location, group or starts, env if folders.is_file(env) else None, paths, location.complete
            )

    def unclaimed(self, claimed: tuple[str, ...]) -> Iterator[ScriptTree]:
        """Trees that only their files tell of: folders of revisions that no configuration in sight names."""
        groups: dict[str, list[str]] = {}
        for path, facts in sorted(self._project.files.items()):
            folder = path.rpartition("/")[0]
            if path.startswith(claimed) or not _ELSEWHERE.isdisjoint(folder.split("/")) or "{" in path:
                continue
            names = {d.key for d in facts.index.definitions if d.kind == "statement"}
            if {"revision", "down_revision"} <= names:
                groups.setdefault(folder, []).append(path)
        for start in sorted({_versions_root(f) for f in groups}):
            inside = [f for f in groups if f == start or f.startswith(f"{start}/")]
            for group in self._connected(start, inside):
                paths = [p for f in group for p in groups.get(f, ()) if isinstance(self.file(p), Revision)]
                if len(paths) > 1 or start.endswith("versions"):
                    parent = start.removesuffix("/versions")
                    identity = parent if group == (start,) else f"{parent} ({', '.join(group)})"
                    yield self._tree(identity, Location(parent, FILES), group, None, paths, True)

    def _connected(self, start: str, below: Sequence[str]) -> list[tuple[str, ...]]:
        """Folders whose revisions name each other. Those not connected with files in `start` itself are not loaded."""
        if list(below) in ([], [start]):
            return [(start,)]
        ids = {f: {r.id for r in self._revisions(f)} for f in below}
        group = {f: {f} for f in below}
        for folder in below:
            for named in {p.id for r in self._revisions(folder) for p in (*(r.parents or ()), *(r.depends_on or ()))}:
                if named in ids[folder]:
                    continue
                for other in (f for f in below if named in ids[f]):
                    merged = group[folder] | group[other]
                    for member in merged:
                        group[member] = merged
        if ids.get(start):
            return [tuple(sorted(group[start]))]
        return sorted({tuple(sorted(g)) for f, g in group.items() if ids[f]}) or [(start,)]

    def _revisions(self, folder: str) -> Iterator[Revision]:
        for path in self._by_folder.get(folder, ()):
            found = self.file(path)
            if isinstance(found, Revision):
                yield found

    def _tree(
        self,
        identity: str,
        location: Location,
        versions: tuple[str, ...],
        env: str | None,
        paths: Iterable[str],
        complete: bool,
    ) -> ScriptTree:
        read = [self.file(p) for p in sorted(paths)]
        revisions = tuple(r for r in read if isinstance(r, Revision))
        unidentified = tuple(u for u in read if isinstance(u, Unidentified))
        known = all(r.parents is not None and r.depends_on is not None and r.labels is not None for r in revisions)
        lines = graph.parents(revisions)
        bases = graph.bases(lines)
        if location.source == FILES and not bases:  # a piece of a history: the rest is somewhere else
            known = False
        return ScriptTree(
            id=identity,
            folder=location.folder,
            source=location.source,
            versions=versions,
            env=env,
            revisions=revisions,
            unidentified=unidentified,
            heads=graph.heads(lines),
            bases=bases,
            resolved=known and complete and all(u.absent for u in unidentified),
        )


def read_revision(project: Project, path: str) -> Revision | Unidentified:
    """A file of a versions folder, from the literals that it assigns at its top level; the last assignment counts."""
    facts = project.files.get(path)
    if facts is None:
        return Unidentified(path, absent=False)
    functions: dict[str, str] = {}
    assigned: dict[str, str] = {}
    for entry in facts.index.definitions:
        if not entry.owner and entry.name:
            (functions if entry.kind == "function" else assigned)[entry.name] = entry.key
    binds = {*functions, *assigned, *("*" if i.name == "*" else i.alias for i in facts.index.imports)}
    identity = _assigned(project, path, assigned.get("revision"))
    ids = _strings(project, path, identity.value) if identity and identity.value else None
    if identity is not None and ids is not None and len(ids) == 1:
        name, at = ids[0], Spot(path, assigned["revision"], identity.span)
    else:
        legacy = _LEGACY.match(path.rpartition("/")[2])
        absent = binds.isdisjoint({"revision", "*"})
        if not absent or not legacy:
            return Unidentified(path, absent)
        name, at = legacy.group(1), Spot(path, "", START)
    parents, down_at = _references(project, path, assigned.get("down_revision"))
    depends_on, depends_at = _references(project, path, assigned.get("depends_on"))
    labels, labels_at = _references(project, path, assigned.get("branch_labels"))
    return Revision(
        id=name,
        path=path,
        parents=parents,
        labels=None if labels is None else tuple(label.id for label in labels),
        depends_on=depends_on,
        at=at,
        down_at=down_at,
        labels_at=labels_at,
        depends_at=depends_at,
        doc=_docstring(project, path),
        upgrade=functions.get("upgrade"),
        downgrade=functions.get("downgrade"),
        binds=frozenset(binds),
    )


def _assigned(project: Project, path: str, key: str | None) -> Assign | None:
    statement = project.statement(path, key) if key else None
    return statement if isinstance(statement, Assign) else None


def _references(project: Project, path: str, key: str | None) -> tuple[tuple[Reference, ...] | None, Spot | None]:
    """The ids that an assignment gives, None where it is no literal, and where it stands."""
    if key is None:
        return (), None
    statement = _assigned(project, path, key)
    if statement is None or statement.value is None:
        return None, None
    at = Spot(path, key, statement.span)
    found = _strings(project, path, statement.value)
    return None if found is None else tuple(Reference(i, at) for i in found), at


def _strings(project: Project, path: str, value: Expr, depth: int = 0) -> list[str] | None:
    """The strings of a literal string, None, tuple or list; constants of modules are followed. None: not known."""
    match value:
        case Literal(value=None | ""):  # an empty string was none, too, before Alembic 1.13
            return []
        case Literal(value=str(text)):
            return [text]
        case Collection(items=items):
            parts = [_strings(project, path, i, depth) for i in items]
            return None if any(p is None for p in parts) else [s for p in parts for s in p or ()]
        case Name() | Attribute() if depth < _DEEPEST:
            symbol = project.resolve(path, dotted(value) or "")
            if isinstance(symbol, Definition) and not symbol.rest:
                statement = _assigned(project, symbol.path, symbol.key)
                if statement is not None and statement.value is not None:
                    return _strings(project, symbol.path, statement.value, depth + 1)
            return None
        case Binary(operator="+", left=left, right=right):
            first, second = _strings(project, path, left, depth), _strings(project, path, right, depth)
            return [first[0] + second[0]] if first and second and len(first) == len(second) == 1 else None
        case _:
            return None


def _docstring(project: Project, path: str) -> str:
    first = project.statement(path, "<statement>")
    if isinstance(first, Evaluate) and isinstance(first.value, Literal) and isinstance(first.value.value, str):
        return first.value.value
    return ""


def _versions_root(folder: str) -> str:
    """The folder called `versions` around a folder of revisions, or the folder itself."""
    parts = folder.split("/")
    return "/".join(parts[: len(parts) - parts[::-1].index("versions")]) if "versions" in parts else folder
