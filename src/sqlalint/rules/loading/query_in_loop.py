"""A query that depends on the loop's variable is made at each iteration: one query per element.

## Why is this bad?
A query costs a way to the database and back, whatever it finds. For 20 orders that is 20 times the way, for 2,000
orders 2,000 times, where one query with `in_()` brings the same rows at once. Mostly it does not stand in the loop
itself, but in a function that the loop calls and that looks harmless there.

## Bad
```python
def authors(session):
    posts = session.scalars(select(Post)).all()
    return {post.title: session.get(User, post.author_id).name for post in posts}
```

## Good
```python
def authors(session):
    posts = session.scalars(select(Post)).all()
    found = session.scalars(select(User).where(User.id.in_({post.author_id for post in posts})))
    users = {user.id: user for user in found}
    return {post.title: users[post.author_id].name for post in posts}
```

## When not to use it
Where the loop surely has few elements, or where each iteration is a unit of work of its own that has to see what the
one before has changed.

## What it cannot see
Queries in functions that are not followed, and statements that are not known to be queries. It says nothing where a
query at each iteration is usually meant: the function that is called writes, or a row that is not found is made;
`while` loops, streams and batches; loops over constants; loops that end where they find what they look for, that
wait, or that go on whatever happens; a session for each iteration; what is found is kept in a dict, by a cache or by
the session.
"""

from collections.abc import Iterator

from sqlalint.flow import remedy
from sqlalint.flow.events import RepeatedQuery
from sqlalint.project.project import Project
from sqlalint.report.finding import Confidence, Finding, Related, Severity
from sqlalint.rules.registry import rule

_FEW_CALLS = 3


@rule("SAL104", "query-in-loop", severity=Severity.WARNING, fix="show")
def check(query: RepeatedQuery, project: Project) -> Iterator[Finding]:
    """One finding for each place in a loop where a query is made."""
    if not query.varies:
        return
    yield Finding(
        at=query.place,
        message=f"One query per {remedy.words(query.item)}: {_asked(query)} for each {_of(query)}",
        help=_help(query),
        identity=(query.qualname, query.entity, query.at.definition, *query.by),
        confidence=_tier(query),
        related=tuple(_related(query)),
    )


def _tier(query: RepeatedQuery) -> Confidence:
    if query.held or (query.conditional and len(query.calls) > _FEW_CALLS):
        return Confidence.POSSIBLE
    return Confidence.CERTAIN if query.is_direct else Confidence.LIKELY


def _of(query: RepeatedQuery) -> str:
    return f"of {query.each}" if query.each else remedy.words(query.item)


def _asked(query: RepeatedQuery) -> str:
    if not query.entity:
        return "a query is made"
    if query.is_get:
        return f"{query.entity} is fetched by id"
    if query.by:
        return f"{query.entity} is fetched by {remedy.plural(list(query.by))}"
    return f"{query.entity} is queried"


def _help(query: RepeatedQuery) -> str:
    if query.entity and len(query.by) == 1:
        column = f"{query.entity}.{query.by[0]}"
        start = (
            f"session.query({query.entity}).filter({column}.in_(...))"
            if query.legacy
            else f"select({query.entity}).where({column}.in_(...))"
        )
        return f"fetch all of them before the loop: `{start}`, and a dict of the rows by `{query.by[0]}`"
    return "query once for all of them before the loop, with `in_()`, and keep the rows in a dict"


def _related(query: RepeatedQuery) -> Iterator[Related]:
    """The loop, and the way to the query."""
    yield Related("the loop", query.loop.at, True)
    for text, place in remedy.way_to(query.calls, query.at, "queries"):
        yield Related(text, place, True)
