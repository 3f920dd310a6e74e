"""Where the options of lazy loads are put, when the query is not in the function that reads."""

import difflib

from tests.examples import fixed
from tests.harness import fixtures

QUERIES = """\
+from sqlalchemy.orm import Session, selectinload, joinedload
+    return session.scalars(select(User).options(selectinload(User.posts)).order_by(User.id)).all()
+    statement = select(User).options(selectinload(User.posts))
+        return self.session.query(Post).options(selectinload(Post.comments), joinedload(Post.author)).all()
"""
VIEWS = """\
+from models import User, Post
+    for user in users_with(session, selectinload(User.posts)):
+    for user in users_with(session, selectinload(User.posts), name="a"):
+    for post in posts_with(session, options=[selectinload(Post.comments)]):
+    for post in Posts(session).some(selectinload(Post.comments)):
"""


def test_options_are_put_at_the_query_of_one_caller_and_at_the_call_of_a_function_that_takes_them() -> None:
    (program,) = [f for f in fixtures() if f.name == "placed"]
    files = {path: content.decode() for path, content in program.files.items()}
    after = fixed(files, "SAL101")
    assert added(files, after, "queries.py") == QUERIES
    assert added(files, after, "views.py") == VIEWS
    assert after["models.py"] == files["models.py"]
    assert fixed(after, "SAL101") == after


def added(before: dict[str, str], after: dict[str, str], path: str) -> str:
    """The lines that a file has gained."""
    lines = difflib.unified_diff(before[path].splitlines(True), after[path].splitlines(True), n=0)
    return "".join(line for line in lines if line.startswith("+") and not line.startswith("+++"))
