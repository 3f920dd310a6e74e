"""What is believed of declarations: the models, columns and relationships of a line, and the steps of a revision."""

from collections.abc import Iterator

from sqlalint.facts.span import Spot
from sqlalint.project.mapping import Model, Relationship
from sqlalint.project.migrations.operations import Directive, spot_in
from sqlalint.project.migrations.revision import Revision
from sqlalint.project.project import Project
from sqlalint.project.schema import Column


def explain_models(project: Project, path: str, line: int) -> Iterator[str]:
    """What the models of a file have on one of its lines. Mixins are told once for each model that they reach."""

    def here(spot: Spot) -> bool:
        if spot.path != path:
            return False
        span = project.place(spot).span
        return span.row <= line <= span.end_row

    for model in project.models.by_id.values():
        if here(model.at):
            yield _model(project, model)
        for column in model.columns.values():
            if here(column.at):
                yield _column(model, column)
        for relationship in model.relationships.values():
            if here(relationship.at):
                yield _relationship(project, model, relationship)
    for unresolved in project.models.unresolved:
        if here(unresolved.at):
            yield f"not understood: {unresolved.what} of `{unresolved.name}`: {unresolved.why}"


def _model(project: Project, model: Model) -> str:
    table = project.models.tables.get(model.table) if model.table else None
    name = f"of table `{table.name}`" if table else "without a table"
    parts = f"{len(model.columns)} columns, {len(model.relationships)} relationships"
    return f"model `{model.name}` {name}: {parts}{'' if model.complete else '; a base is not resolved'}"


def _column(model: Model, column: Column) -> str:
    words = [column.type.name.rpartition(".")[2].rpartition("::")[2] if column.type else "of a type that is not known"]
    words.append("" if column.nullable is None else "NULL" if column.nullable else "NOT NULL")
    flags = {"primary key": column.primary_key, "unique": column.unique, "indexed": column.index}
    words += [word for word, holds in flags.items() if holds]
    words.append("deferred" if column.deferred else "")
    return f"column `{model.name}.{column.attribute}`: {', '.join(w for w in words if w)}"


def _relationship(project: Project, model: Model, relationship: Relationship) -> str:
    target = project.models.model(relationship.target) if relationship.target else None
    words = [relationship.direction or "of a direction that is not known"]
    words.append(f"to `{target.name}`" if target else "to a model that is not resolved")
    lazy = f'lazy="{relationship.lazy}"' if relationship.lazy else "how it loads is not known"
    back = f", back by `{target.name}.{relationship.reverse}`" if target and relationship.reverse else ""
    return f"relationship `{model.name}.{relationship.attribute}`: {' '.join(words)}, {lazy}{back}"


def explain_revision(project: Project, path: str, line: int) -> Iterator[str]:
    """What a revision file is, and what is done on one of its lines."""
    revision = next((r for r in project.migrations.revisions if r.path == path), None)
    if revision is None:
        return
    parents = ", ".join(f"`{p.id}`" for p in revision.parents or ())
    yield f"revision `{revision.id}`" + (f" after {parents}" if parents else "")
    yield from dict.fromkeys(_steps(project, revision, line))


def _steps(project: Project, revision: Revision, line: int) -> Iterator[str]:
    bodies = project.migrations.bodies(revision)
    for step in (step for _, body in bodies for step in body.steps):
        span = project.place(spot_in(step, revision.path)).span
        if not span.row <= line <= span.end_row:
            continue
        kind = f"op.{step.name}" if isinstance(step, Directive) else type(step).__name__.lower()
        table = f" on `{step.table}`" if isinstance(step, Directive) and step.table else ""
        yield f"operation {kind}{table}{', under a condition' if step.scope.guards else ''}"
