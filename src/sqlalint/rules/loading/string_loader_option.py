"""A loader option or a join names an attribute by a string, which raises since SQLAlchemy 2.0.

## Why is this bad?
Strings were accepted until 1.4. Since 2.0 options raise `ArgumentError: Strings are not accepted for attribute names in
loader options`, and a join `ArgumentError: Join target ... expected, got 'posts'`. `select(User).join("posts")` never
worked. Beside that no type checker and no editor follows a string.

## Bad
```python
def users(session):
    return session.query(User).options(joinedload("posts")).all()
```

## Good
```python
def users(session):
    return session.query(User).options(joinedload(User.posts)).all()
```

## When not to use it
In a project that stays at 1.4.

## What it cannot see
Options that are given to a statement whose class is out of sight. `"*"` and the groups of `undefer_group` are meant to
be strings.
"""

from collections.abc import Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts.span import Spot
from sqlalint.flow import remedy
from sqlalint.flow.events import TextArgument
from sqlalint.flow.mend import name_at
from sqlalint.project import edits
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Edit, Finding, Fix, Severity
from sqlalint.rules.registry import rule


@rule("SAL116", "string-loader-option", severity=Severity.ERROR, fix="safe")
def check(given: TextArgument, project: Project) -> Iterator[Finding]:
    """One finding for each call."""
    never_worked = "join" in given.function and "load" not in given.function and not given.is_query
    raises = never_worked or project.environment.sqlalchemy_at_least("2.0") is True
    attributes = [f"{given.model_name}.{text.partition('.')[0]}" for text in given.texts]
    effect = "raises ArgumentError" if raises else "raises ArgumentError from SQLAlchemy 2.0 on"
    texts = ", ".join(f'"{text}"' for text in given.texts)
    by = "by a string" if len(given.texts) == 1 else "by strings"
    yield Finding(
        at=given.at,
        message=f"{given.function}({texts}) names {remedy.plural(attributes)} {by}: that {effect}",
        help=f"name what is meant: `{given.function}({', '.join(attributes)})`",
        identity=(given.qualname, given.function, *given.texts),
        confidence=Confidence.CERTAIN if raises else Confidence.LIKELY,
        fix=_fix(given, project),
    )


def _fix(given: TextArgument, project: Project) -> Fix | None:
    """The attributes in place of the strings, where their class has a name."""
    model = project.models.model(given.model)
    call = edits.call_at(project, given.at)
    name = name_at(project, given.at, model) if model is not None else None
    if not given.is_plain or call is None or call.keywords or name is None:
        return None
    texts = [a for a in call.arguments if isinstance(a, ex.Literal) and a.value in given.texts]
    if len(texts) != len(given.texts):
        return None
    put = tuple(Edit(Spot(given.at.path, given.at.definition, text.span), f"{name}.{text.value}") for text in texts)
    return Fix("Name the attribute" if len(put) == 1 else "Name the attributes", put, safe=True)
