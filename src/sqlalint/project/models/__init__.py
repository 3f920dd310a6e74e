"""The models and tables of a project: linked from its classes and `Table` calls, without importing any of them."""

from sqlalint.project.models.classes import Classes, Member, Mro
from sqlalint.project.models.linked import link_models
from sqlalint.project.models.registry import Models, Unresolved

__all__ = ["Classes", "Member", "Models", "Mro", "Unresolved", "link_models"]
