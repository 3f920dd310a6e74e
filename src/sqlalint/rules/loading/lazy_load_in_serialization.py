"""A serializer reads a relationship of each row of a query that did not load it: one more query per row.

## Why is this bad?
A response model with a field of the name of a relationship reads it, of every object in the list. Nothing in the view
says so: the query is one line, the loop is in the framework. Twenty users are twenty-one statements, and a nested
schema multiplies them. The same holds of a schema whose instance dumps the rows (`UserSchema(many=True).dump(users)`), and of
a `to_dict` that goes through the relationships which the mapper names (`inspect(self).mapper.relationships`).

## Bad
```python
class PostOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    title: str


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str
    posts: list[PostOut]


def users(session):
    return [UserOut.model_validate(user) for user in session.scalars(select(User)).all()]
```

## Good
```python
class PostOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    title: str


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str
    posts: list[PostOut]


def users(session):
    found = session.scalars(select(User).options(selectinload(User.posts))).all()
    return [UserOut.model_validate(user) for user in found]
```

## When not to use it
Where the list surely has few elements.

## What it cannot see
Schemas that are made at run time, validators that set fields before they are read, and objects that come from out of
sight. Fields with an alias that is not a plain string are not read by this rule; nor are schemas that are made with
names or keywords which are not literal, and those with a `pre_dump` method. A `to_dict` that leaves relationships out by
a test which is not plain (`if r.key in inspect(self).unloaded`) reads what is not known; so does one that takes values
from `inspect(self).attrs` itself.
"""

from collections.abc import Iterator

import msgspec

from sqlalint.flow import remedy
from sqlalint.flow.events import LazyRead, SerializedReads
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule

_FEW = 3  # of many fields the first


@rule("SAL102", "lazy-load-in-serialization", severity=Severity.WARNING, fix="show")
def check(serialized: SerializedReads, project: Project) -> Iterator[Finding]:
    """One finding for each route or call, and query."""
    tiers = [(_tier(read), read) for read in serialized.reads.reads if read.relationship is not None]
    if not tiers:
        return
    best = min((tier for tier, _ in tiers), key=lambda t: t.rank)
    main = [read for tier, read in tiers if tier == best]
    fields = list(dict.fromkeys(read.field for read in main))
    yield Finding(
        at=serialized.at,
        message=f"{_what(serialized)} serializes {_some(fields)}: {_cost(main)}",
        help="; ".join(remedy.advice([msgspec.structs.replace(read, further=()) for read in main[:_FEW]])),
        identity=(main[0].qualname, serialized.what, *sorted(fields)),
        confidence=best,
        related=tuple(_related(serialized, main)),
    )


def _what(serialized: SerializedReads) -> str:
    """The route or call; where a function that was called makes it, the serializer."""
    outermost = min(serialized.reads.reads, key=lambda read: len(read.calls))
    if serialized.what:
        return serialized.what
    return _function(outermost) if _is_reflected(outermost) else outermost.field.partition(".")[0]


def _is_reflected(read: LazyRead) -> bool:
    """Whether no field of a serializer reads it, but code that goes through what its model has."""
    return read.field == read.name


def _function(read: LazyRead) -> str:
    """The method (`User.to_dict()`) or function that makes something else of objects."""
    owner, _, name = read.at.definition.rpartition(".")
    return f"{read.model_name}.{name}()" if owner else f"{name}()"


def _some(names: list[str]) -> str:
    """Names, of many the first few."""
    return remedy.plural(names if len(names) <= _FEW else [*names[:_FEW], f"{len(names) - _FEW} more"])


def _cost(reads: list[LazyRead]) -> str:
    per_row = [r for r in reads if not remedy.is_per_distinct(r)]
    owners = [f"one query per {owner}" for owner in dict.fromkeys(remedy.owner(r) for r in per_row)]
    targets = dict.fromkeys(r.attribute for r in reads if remedy.is_per_distinct(r))
    return _some([*owners, *(f"one query per distinct {remedy.target(t)}" for t in targets)])


def _tier(read: LazyRead) -> Confidence:
    relationship = read.relationship
    if read.unsure or relationship is None:
        return Confidence.POSSIBLE
    if read.in_rows and relationship.direction == "many-to-one":
        return Confidence.POSSIBLE  # the query loads objects of that class: perhaps all that are wanted
    unclear = relationship.is_unclear or read.query.inferred or read.is_far
    return Confidence.LIKELY if unclear or relationship.direction == "many-to-one" else Confidence.CERTAIN


def _related(serialized: SerializedReads, main: list[LazyRead]) -> Iterator[Related]:
    yield Related("each element is read by this", serialized.reads.loop.at, True)
    for text, place in remedy.source(serialized.reads.query, "the rows come from here"):
        yield Related(text, place, True)
    for read in main:
        if not _is_reflected(read):
            yield Related(f"{read.field} reads {read.name}", read.at, True)
    for place in dict.fromkeys(read.at for read in main if _is_reflected(read)):
        yield Related("the relationships are read here by their names", place, True)
    for read in main:
        if read.relationship is not None:
            yield Related(remedy.setting(read), read.relationship.at)
