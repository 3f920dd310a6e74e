"""An attribute that its query did not load is read of an object of an AsyncSession: that raises MissingGreenlet.

## Why is this bad?
Under asyncio every statement is awaited. Reading an attribute cannot be: where it would emit SQL, SQLAlchemy raises
`MissingGreenlet: greenlet_spawn has not been called; can't call await_() here`. It needs no loop, and it passes every
test in which the object happens to be loaded.

Assigning to a collection, or appending to one, loads its old content and raises as well.

## Bad
```python
async def titles(session: AsyncSession, user_id: int):
    user = await session.get(User, user_id)
    return [post.title for post in user.posts]
```

## Good
```python
async def titles(session: AsyncSession, user_id: int):
    user = await session.get(User, user_id, options=[selectinload(User.posts)])
    return [post.title for post in user.posts]
```

## When not to use it
Where other code has surely loaded the object with that relationship into the same session before.

## What it cannot see
Objects that come from out of sight, and what happened to them in functions that are not followed. Code inside
`run_sync` may load lazily and is not judged.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy
from sqlalint.flow.events import AsyncRead, LazyRead
from sqlalint.flow.mend import option_fix
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule

_ACTIONS = {"read": "Reading", "assign": "Assigning", "append": "Appending to", "iterate": "Iterating"}


@rule("SAL201", "lazy-load-in-async", severity=Severity.ERROR, fix="unsafe")
def check(load: AsyncRead, project: Project) -> Iterator[Finding]:
    """One finding for each query and attribute."""
    read = load.read
    yield Finding(
        at=read.place,
        message=f"{_ACTIONS[read.action]} {read.name} here raises MissingGreenlet: {_reason(read)}",
        help=_help(read),
        identity=(read.qualname, read.name),
        confidence=_tier(read),
        related=tuple(_related(read)),
        fix=option_fix(project, [read]) if read.query.kind != "new" else None,
    )


def _reason(read: LazyRead) -> str:
    if read.query.kind == "new":
        return "it was not set before the flush"
    return "its query leaves it out" if read.column else "its query does not load it"


def _tier(read: LazyRead) -> Confidence:
    relationship = read.relationship
    # The query itself loads objects of the target's class: perhaps all that are wanted.
    loaded_beside = read.in_rows and relationship is not None and relationship.direction == "many-to-one"
    if read.unsure or read.is_remote or loaded_beside:
        return Confidence.POSSIBLE
    if not read.query.sure_session or read.query.inferred or read.is_far:
        return Confidence.LIKELY
    if relationship is None:
        return Confidence.CERTAIN
    if relationship.is_unclear:
        return Confidence.LIKELY
    if relationship.direction != "many-to-one":
        return Confidence.CERTAIN
    # A target that is in the session already, or a NULL key, emits nothing and raises nothing.
    absent = not read.target_held and not relationship.self_referential and relationship.required is True
    return Confidence.CERTAIN if absent else Confidence.LIKELY


def _help(read: LazyRead) -> str:
    if read.query.kind == "new":
        return f"set it before the flush (`{read.attribute}=[]` in the constructor), or `await session.refresh(...)` with it"
    if read.column:
        return f"`undefer({read.name})`, or name it in `load_only`, at the query"
    if read.relationship is not None and read.relationship.lazy in ("dynamic", "write_only"):
        return "query its rows with an awaited `select`"
    advice = remedy.advice([read])
    if not advice:
        return "load it with the query that gives the object"
    text = advice[0]
    if read.relationship is not None and read.relationship.direction == "many-to-one":
        columns = read.relationship.columns
        text += f"; for its key alone, read `{columns[0]}`" if len(columns) == 1 else ""
    return text


def _related(read: LazyRead) -> Iterator[Related]:
    if read.loop is not None:
        yield Related("the loop", read.loop.at, True)
    for text, place in remedy.source(read.query, "the object comes from here"):
        yield Related(text, place, True)
    for text, place in remedy.way([read]):
        yield Related(text, place, True)
    for further in read.further:
        yield Related(f"and then {further.name}", further.at, True)
    if read.relationship is not None:
        yield Related(remedy.setting(read), read.relationship.at)
