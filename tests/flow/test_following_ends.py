"""Following comes to an end: whatever calls itself or each other, and however often."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = {
    "local functions that call each other and define others": """
        def outer(session: Session):
            def first(depth):
                def inner():
                    return second(depth - 1)
                return inner() if depth else None

            def second(depth):
                def inner():
                    return first(depth - 1)
                return inner() if depth else None

            return session.execute(first(3))
    """,
    "a local function that defines itself": """
        def outer(session: Session):
            def again(depth):
                def again(depth):
                    return again(depth - 1)
                return again(depth)
            return session.execute(again(3))
    """,
    "functions that call each other with ever other arguments": """
        def first(session: Session, *parts):
            return second(session, parts, parts)

        def second(session: Session, *parts):
            return first(session, parts, [parts]) or session.execute(parts)
    """,
    "a function that is given back to where no other is known": """
        class Runner:
            def __init__(self, callback):
                self.callback = callback

            def run(self, session: Session):
                return self.callback(session)

        def runner(callback):
            return Runner(callback)

        def innermost(session: Session):
            return runner(lambda found: found.execute("select 1")).run(session)

        def middle(session: Session):
            return innermost(session)

        def outermost(session: Session):
            return session.execute(middle(session))
    """,
    "a lambda that is handed to itself": """
        def outer(session: Session):
            twice = lambda f, x: f(f, x)
            return session.execute(twice(twice, twice(twice, 1)))
    """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_following_ends(program: str, tmp_path: Path) -> None:
    lines = program.strip("\n").splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    source = "from sqlalchemy.orm import Session\n\n" + "\n".join(line[indent:] for line in lines)
    (tmp_path / "app.py").write_text(source)
    command = [sys.executable, "-m", "sqlalint", "check", "--isolated", "--no-cache", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
