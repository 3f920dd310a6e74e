"""Linking: from the classes of a project to its models."""

from typing import TYPE_CHECKING

from sqlalint.project.models.registry import Models

if TYPE_CHECKING:
    from sqlalint.project.project import Project


def link_models(project: "Project") -> Models:
    """All models and tables of a project."""
    return Models()
