"""Loader options as they are written: where a finding about one stands, and another strategy in its place."""

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.flow.events import EagerLoad, Query, StatementExecuted
from sqlalint.flow.remedy import words
from sqlalint.project import edits
from sqlalint.project.project import Project
from sqlalint.report.finding import Edit


def place(load: EagerLoad, query: Query) -> Spot:
    """The option that says how it is loaded, or else the statement."""
    return load.option if load.option is not None else query.at


def made(query: Query) -> str:
    """A statement as messages name it: `select(User)`, `query(User)`, `get(User)`."""
    how = "get" if query.kind == "get" else "query" if query.legacy else "select"
    return f"{how}({query.entity})"


def called(load: EagerLoad) -> str:
    """What is loaded, as people say it: "post" for `User.posts`."""
    target = load.relationship.target
    return words(target.rpartition("::")[2].rpartition(".")[2]) if target else load.relationship.attribute


def rows(name: str) -> str:
    """Several of a model: "users", "categories"."""
    word = words(name)
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def swapped(project: Project, load: EagerLoad, to: str) -> tuple[Edit, ...]:
    """`to` in place of the loader function of an option; () where it is not written plainly."""
    at = load.option
    call = edits.call_at(project, at) if at is not None else None
    if at is None or call is None or len(call.arguments) != 1 or call.keywords:
        return ()
    match call.function:
        case ex.Attribute(name=name) if name in _LOADERS:
            return (Edit(Spot(at.path, at.definition, call.function.name_span), to),)
        case ex.Name(id=name) if name in _LOADERS:
            imported = edits.import_name(project, at, "sqlalchemy.orm", to)
            if imported is None:
                return ()
            return (*imported.edits, Edit(Spot(at.path, at.definition, call.function.span), imported.written))
        case _:
            return ()


_LOADERS = frozenset({"joinedload", "immediateload", "subqueryload"})


def identity(executed: StatementExecuted, *names: str) -> tuple[str, ...]:
    """What makes a finding about a statement the same from run to run."""
    return (executed.query.at.definition, executed.query.entity, *names)
