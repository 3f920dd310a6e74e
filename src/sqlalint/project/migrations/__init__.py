"""Script trees and their revisions: found, read from literals, never executed."""

from sqlalint.project.migrations import graph
from sqlalint.project.migrations.read import read_migrations
from sqlalint.project.migrations.revision import Migrations, Reference, Revision, ScriptTree, Unidentified

__all__ = ["Migrations", "Reference", "Revision", "ScriptTree", "Unidentified", "graph", "read_migrations"]
