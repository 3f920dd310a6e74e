"""The environment that the project is written for: versions of libraries and servers, and dialects in play."""

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from sqlalint.project.project import Project

Release = tuple[int, ...]


class Target(Struct, frozen=True, array_like=True):
    """The versions of one library or server that the project may meet: from `lowest` (inclusive) to `below` (exclusive).

    `certainty` is `known` (configuration, dependency files) or `default` (the oldest supported); `source` says where it
    was found.
    """

    name: str
    lowest: Release
    below: Release | None
    certainty: str
    source: str

    def at_least(self, version: str) -> bool | None:
        """Whether every version in play is that one or newer; None where some are and some are not."""
        wanted = tuple(int(p) for p in version.split("."))
        if self.lowest >= wanted:
            return True
        return False if self.below is not None and self.below <= wanted else None


class Dialect(Struct, frozen=True, array_like=True):
    """A dialect in play. `certainty` is `known` or `inferred` (a driver in a dependency file)."""

    name: str
    driver: str
    certainty: str
    source: str


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
    return Environment()
