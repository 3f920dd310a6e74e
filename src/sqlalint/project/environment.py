"""The environment that the project is written for: versions of libraries and servers, and dialects in play."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from sqlalint.project.dependencies import Release, Requirement, bounds, read_requirements, release
from sqlalint.project.dialects import Dialect, read_dialects

if TYPE_CHECKING:
    from sqlalint.project.project import Project

# The oldest that is supported, where nothing says more.
_OLDEST = {"sqlalchemy": "1.4", "alembic": "1.7", "python": "3.8", "postgresql": "14"}
_FROM_FILES = ("sqlalchemy", "alembic", "python", "fastapi", "flask-sqlalchemy", "sqlmodel", "pydantic")

# Names of `sqlalchemy.orm` that do not exist before 2.0.
_NEW_IN_2 = frozenset(
    {"DeclarativeBase", "mapped_column", "MappedAsDataclass", "DeclarativeBaseNoMeta", "WriteOnlyMapped"}
)


class Target(Struct, frozen=True, array_like=True):
    """The versions of one library or server that the project may meet: from `lowest` (inclusive) to `below` (exclusive).

    `certainty` is `known` (configuration, dependency files), `inferred` (names that the code imports) or `default` (the
    oldest supported and all after it); `source` says where it was found.
    """

    name: str
    lowest: Release
    below: Release | None
    certainty: str
    source: str

    def at_least(self, version: str) -> bool | None:
        """Whether every version in play is that one or newer; None where some are and some are not."""
        wanted = release(version)
        if self.lowest >= wanted:
            return True
        return False if self.below is not None and self.below <= wanted else None

    @property
    def text(self) -> str:
        """The range in the notation of requirements."""
        low = ".".join(map(str, _short(self.lowest)))
        if self.below is None:
            return f">={low}"
        if self.below == (*self.lowest[:-1], self.lowest[-1] + 1):
            return low
        return f">={low},<{'.'.join(map(str, _short(self.below)))}"


class Environment(Struct, frozen=True):
    """Versions and dialects, each with where it came from."""

    targets: tuple[Target, ...] = ()
    dialects: tuple[Dialect, ...] = ()

    def target(self, name: str) -> Target | None:
        """The versions of a library or server (`sqlalchemy`, `alembic`, `python`, `fastapi`, `postgresql`)."""
        return next((t for t in self.targets if t.name == name), None)

    def at_least(self, name: str, version: str) -> bool | None:
        """Whether every version of it in play is that one or newer; None where that is not known."""
        found = self.target(name)
        return found.at_least(version) if found else None

    def sqlalchemy_at_least(self, version: str) -> bool | None:
        """`at_least("sqlalchemy", version)`."""
        return self.at_least("sqlalchemy", version)

    def knows(self, dialect: str) -> bool:
        """Whether the dialect is known to be in play."""
        return any(d.name == dialect and d.certainty == "known" for d in self.dialects)

    def may_use(self, dialect: str) -> bool:
        """Whether the dialect is known or inferred to be in play."""
        return any(d.name == dialect for d in self.dialects)


def read_environment(project: "Project") -> Environment:
    """What configuration, dependency files, URLs and imports say."""
    requirements = read_requirements(project)
    targets = [_target(project, name, requirements) for name in (*_FROM_FILES, "postgresql")]
    named = {t.name for t in targets if t}
    others = [_configured(n, v) for n, v in project.settings.target_versions.items() if n not in named]
    return Environment(tuple(t for t in (*targets, *others) if t), read_dialects(project, requirements))


def _target(project: "Project", name: str, requirements: Sequence[Requirement]) -> Target | None:
    configured = project.settings.target_versions.get(name)
    if configured is not None:
        return _configured(name, configured)
    found = _from_files(name, requirements)
    if name == "sqlalchemy":
        return _raised(project, found)
    if found is None and name in _OLDEST:
        return Target(name, release(_OLDEST[name]), None, "default", "the oldest supported")
    return found


def _configured(name: str, version: str) -> Target:
    """A configured version: a series (`2.0` is every 2.0.x), or a specifier."""
    plain = version[:1].isdigit()
    lowest, below, _ = bounds(f"=={version}.*" if plain and version.count(".") < 3 else version)
    return Target(name, lowest or release("0"), below, "known", "configuration")


def _from_files(name: str, requirements: Iterable[Requirement]) -> Target | None:
    """What the dependency files allow together: pins and locks where there are any, else the bounds."""
    mine = [r for r in requirements if r.name == name]
    mine = [r for r in mine if r.pinned] or [r for r in mine if r.lowest is not None]
    if not mine:
        return None
    lowest = min(r.lowest for r in mine if r.lowest is not None)
    ends = [r.below for r in mine]
    below = None if None in ends else max(e for e in ends if e is not None)
    return Target(name, lowest, below, "known", ", ".join(dict.fromkeys(r.source for r in mine)))


def _raised(project: "Project", found: Target | None) -> Target:
    """SQLAlchemy's versions, with those left out that lack a name which the code imports unconditionally."""
    start = found or Target("sqlalchemy", release(_OLDEST["sqlalchemy"]), None, "default", "the oldest supported")
    if start.lowest >= release("2.0") or (start.below is not None and start.below <= release("2.0")):
        return start
    for path, facts in sorted(project.files.items()):
        for name in facts.index.imports if facts.index.mentions_library else ():
            new = name.name in _NEW_IN_2 and name.module.startswith("sqlalchemy.orm")
            if new and not name.conditional:
                source = f"{name.name} in {path}" if found is None else f"{start.source}; {name.name} in {path}"
                return Target("sqlalchemy", release("2.0"), start.below, "inferred", source)
    return start


def _short(at: Release) -> Release:
    """Without the zeros at its end, two numbers at least."""
    end = len(at)
    while end > 2 and at[end - 1] == 0:
        end -= 1
    return at[:end]


__all__ = ["Dialect", "Environment", "Target", "read_environment"]
