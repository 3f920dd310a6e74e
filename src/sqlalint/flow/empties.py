"""Relationships that are never loaded: by the mapper's setting, or by an option of a statement that is executed."""

from collections.abc import Iterable, Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Spot
from sqlalint.flow.events import EmptyRelationship, StatementExecuted
from sqlalint.project.models.written import application_models
from sqlalint.project.project import Project


def empty_by_mapper(project: Project) -> Iterator[EmptyRelationship]:
    """Every relationship with `lazy="noload"` or `lazy=None`, once for each place where it is written."""
    seen: set[Spot] = set()
    for model in application_models(project.models):
        for name, relationship in model.relationships.items():
            if relationship.lazy == "noload" and relationship.at not in seen:
                seen.add(relationship.at)
                owner = project.models.model(relationship.owner)
                label = f"{owner.name if owner else model.name}.{name}"
                is_read = _is_read(project, name)
                yield EmptyRelationship(
                    at=relationship.at, name=label, relationship=relationship, by_option=False, is_read=is_read
                )


def empty_by_option(project: Project, executed: Iterable[StatementExecuted]) -> Iterator[EmptyRelationship]:
    """Every `noload()` of a statement that is executed."""
    seen: set[Spot] = set()
    for load in (load for each in executed for load in each.loads):
        if load.how == "noload" and load.option is not None and load.option not in seen:
            seen.add(load.option)
            yield EmptyRelationship(
                at=load.option,
                name=load.name,
                relationship=load.relationship,
                by_option=True,
                is_read=_is_read(project, load.relationship.attribute),
            )


def _is_read(project: Project, name: str) -> bool:
    """Whether anything but a class has an attribute of that name read, in any function. There are few to ask about."""
    written = name.encode()
    found = (
        project.statement(path, key)
        for path, facts in project.files.items()
        for key, body in facts.bodies.items()
        if written in bytes(body)
    )
    return any(_reads(inner, name) for s in found if s is not None for inner in st.walk_statements((s,)))


def _reads(statement: st.Statement, name: str) -> bool:
    targets = statement.targets if isinstance(statement, st.Assign) else ()
    for outermost in st.expressions(statement):
        for part in ex.walk(outermost):
            if isinstance(part, ex.Attribute) and part.name == name and part not in targets:
                owner = (ex.dotted(part.value) or "").rpartition(".")[2]
                if not owner[:1].isupper():
                    return True
    return False
