"""SAL102: a serializer reads the relationships that its fields name, one statement for each row.

Schemas are run by themselves and behind routes, on 10 and on 20 users with two posts each.
"""

import pytest

from sqlalint.rules.registry import find_rule
from tests.examples import Example, compose, example
from tests.harness import lint
from tests.proofs.running import run
from tests.proofs.serving import APPLICATION, served

CODE = "SAL102"
SCHEMAS = """
from pydantic import BaseModel, ConfigDict, Field

class Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)

class CommentOut(Read):
    body: str

class PostOut(Read):
    title: str

class PostWithComments(PostOut):
    comments: list[CommentOut]

class ProfileOut(Read):
    id: int

class UserName(Read):
    name: str

class UserOut(UserName):
    posts: list[PostOut]
"""

# Schemas, how rows are validated, and the SELECTs for 10 users.
BY_HAND = {
    "a list": ("", "UserOut", "select(User)", 11),
    "lists in lists": ("class Deep(Read):\n    posts: list[PostWithComments]", "Deep", "select(User)", 31),
    "an inner list": (
        "class Deep(Read):\n    posts: list[PostWithComments]",
        "Deep",
        "select(User).options(selectinload(User.posts))",
        22,
    ),
    "an optional one": ("class Out(Read):\n    profile: ProfileOut | None", "Out", "select(User)", 11),
    "one with a default": ("class Out(Read):\n    profile: ProfileOut | None = None", "Out", "select(User)", 11),
    "a list with a default": (
        "class Out(Read):\n    posts: list[PostOut] = Field(default_factory=list)",
        "Out",
        "select(User)",
        11,
    ),
    "by another name": (
        'class Out(Read):\n    writings: list[PostOut] = Field(validation_alias="posts")',
        "Out",
        "select(User)",
        11,
    ),
    "a field that is not shown": (
        "class Out(Read):\n    posts: list[PostOut] = Field(exclude=True)",
        "Out",
        "select(User)",
        11,
    ),
    "an object": ("class Out(Read):\n    author: UserName", "Out", "select(Post)", 11),
}

SILENT = {
    "loaded": ("", "UserOut", "select(User).options(selectinload(User.posts))", 2),
    "all loaded": (
        "class Deep(Read):\n    posts: list[PostWithComments]",
        "Deep",
        "select(User).options(selectinload(User.posts).selectinload(Post.comments))",
        3,
    ),
    "columns only": ("", "UserName", "select(User)", 1),
    "a name of its own": (
        'class Out(Read):\n    posts: str = Field(validation_alias="name")',
        "Out",
        "select(User)",
        1,
    ),
    "a relationship that it does not name": ("", "PostOut", "select(Post)", 1),
}


def by_hand(schema: str, name: str, query: str) -> Example:
    """A function that validates the rows of a query."""
    body = (
        f"def example(session: Session):\n    return [{name}.model_validate(one) for one in session.scalars({query})]"
    )
    return compose("proof", "loading", "bad", f"{SCHEMAS}\n{schema}\n\n{body}\n")


@pytest.mark.parametrize(("schema", "name", "query", "selects"), BY_HAND.values(), ids=list(BY_HAND))
def test_statements_grow_and_sqlalint_says_so(schema: str, name: str, query: str, selects: int) -> None:
    program = by_hand(schema, name, query)
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert few.selects == selects
    assert many.selects - few.selects >= 10
    assert {f.code for f in lint(program.files)} == {CODE}


@pytest.mark.parametrize(("schema", "name", "query", "selects"), SILENT.values(), ids=list(SILENT))
def test_statements_stay_the_same_and_sqlalint_is_silent(schema: str, name: str, query: str, selects: int) -> None:
    program = by_hand(schema, name, query)
    few, many = run(program, 10), run(program, 20)
    assert few.error is many.error is None
    assert few.selects == many.selects == selects
    assert lint(program.files) == []


# Routes: their schemas, and their keywords.
ROUTES = {
    "response_model": ("response_model=list[UserOut]", "-> object", "rows"),
    "the annotation of what is returned": ("", "-> list[UserOut]", "rows"),
    "a page": ("response_model=Page", "-> object", '{"items": rows, "total": 3}'),
    "only what is set": ("response_model=list[UserOut], response_model_exclude_unset=True", "-> object", "rows"),
}

# Fields that a route leaves out of the answer are read all the same. That sqlalint is silent is caution, no more: the
# schema is seldom told by such keywords alone, and the help (load it) would be the wrong one.
LEFT_OUT = {
    "response_model_exclude": "response_model=list[UserOut], response_model_exclude={'__all__': {'posts'}}",
    "response_model_include": "response_model=list[UserOut], response_model_include={'__all__': {'name'}}",
}
PAGE = "class Page(BaseModel):\n    items: list[UserOut]\n    total: int\n"


def route(keywords: str, returns: str, value: str, options: str = "") -> Example:
    """A route that gives all users."""
    lines = [
        f'@app.get("/users"{", " + keywords if keywords else ""})',
        f"def users(session: Session = Depends(get_session)) {returns}:",
        f"    rows = session.scalars(select(User){options}).all()",
        f"    return {value}",
    ]
    return compose("proof", "loading", "bad", "\n".join((APPLICATION, SCHEMAS, PAGE, *lines)))


@pytest.mark.parametrize(("keywords", "returns", "value"), ROUTES.values(), ids=list(ROUTES))
def test_routes_read_what_their_schema_names(keywords: str, returns: str, value: str) -> None:
    program = route(keywords, returns, value)
    (few, answer), (many, _) = served(program, 10), served(program, 20)
    assert (few.error, few.selects, many.selects) == (None, 11, 21)
    assert "Post 0.0" in str(answer)
    (found,) = lint(program.files)
    assert found.message == "GET /users serializes UserOut.posts: one query per user"
    loaded = route(keywords, returns, value, ".options(selectinload(User.posts))")
    assert served(loaded, 10)[0].selects == served(loaded, 20)[0].selects == 2
    assert lint(loaded.files) == []


@pytest.mark.parametrize("keywords", LEFT_OUT.values(), ids=list(LEFT_OUT))
def test_what_a_route_leaves_out_is_read_all_the_same(keywords: str) -> None:
    program = route(keywords, "-> object", "rows")
    (few, answer), (many, _) = served(program, 10), served(program, 20)
    assert (few.error, few.selects, many.selects) == (None, 11, 21)
    assert "Post 0.0" not in str(answer)
    assert lint(program.files) == []


@pytest.mark.parametrize("keywords", ["response_model=None", "response_model=list[UserName]"])
def test_an_annotation_is_nothing_beside_response_model(keywords: str) -> None:
    program = route(keywords, "-> list[UserOut]", "rows")
    (few, _), (many, _) = served(program, 10), served(program, 20)
    assert (few.error, few.selects, many.selects) == (None, 1, 1)
    assert lint(program.files) == []


def test_the_examples_of_the_page() -> None:
    rule = find_rule(CODE)
    assert rule is not None
    bad, good = example(rule, "Bad"), example(rule, "Good")
    assert run(bad, 20).selects - run(bad, 10).selects >= 10
    assert run(good, 20).selects == run(good, 10).selects
