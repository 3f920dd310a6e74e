"""Script trees and their revisions: found, read from literals, never executed."""

from typing import TYPE_CHECKING

from sqlalint.project.migrations.revision import Migrations, Reference, Revision, ScriptTree, Unidentified

if TYPE_CHECKING:
    from sqlalint.project.project import Project


def read_migrations(project: "Project") -> Migrations:
    """All script trees of the project."""
    return Migrations()


__all__ = ["Migrations", "Reference", "Revision", "ScriptTree", "Unidentified", "read_migrations"]
