"""Bad input: never a traceback, never a dead process, never a lost finding of another file."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.run import Done, environment, lay_out
from tests.cli.run import sqlalint as start

GOOD = "import sqlalchemy\nx = (\n"  # a file whose finding (SAL003) must not get lost

CONTENTS: dict[str, bytes] = {
    "undecodable": b"import sqlalchemy\nx = '\xff\xfe'\n",
    "null bytes": b"import sqlalchemy\0\n",
    "unknown encoding": b"# coding: klingon\nimport sqlalchemy\n",
    "no encoding of text": b"# coding: rot13\nimport sqlalchemy\n",
    "another encoding than declared": b"# coding: ascii\nx = '\xc3\xa9'  # sqlalchemy\n",
    "utf-16": "import sqlalchemy\n".encode("utf-16"),
    "a syntax error": b"import sqlalchemy\ndef f(:\n",
    "an indentation error": b"import sqlalchemy\nif 1:\npass\n",
    "an unfinished string": b"import sqlalchemy\nx = '''\n",
    "deep brackets": b"import sqlalchemy\nx = " + b"(" * 9000 + b")" * 9000 + b"\n",
    "a long sum": b"import sqlalchemy\nx = " + b" + ".join([b"1"] * 20_000) + b"\n",
}
FINE: dict[str, bytes] = {
    "empty": b"",
    "only a mark": b"\xef\xbb\xbf",
    "a byte order mark": b"\xef\xbb\xbfimport sqlalchemy\n",
    "carriage returns": b"import sqlalchemy\rx = 1\r",
    "form feeds": b"import sqlalchemy\n\x0c\nx = 1\n",
    "no line end": b"import sqlalchemy",
    "latin-1": b"# coding: latin-1\nimport sqlalchemy\nx = '\xe9'\n",
    "a megabyte on one line": b"import sqlalchemy; x = [" + b"1, " * 400_000 + b"]\n",
    "brackets that are deep enough": b"import sqlalchemy\nx = " + b"(" * 90 + b")" * 90 + b"\n",
    "imports itself": b"from own import *\nimport sqlalchemy\nimport own\nclass A(A): pass\n",
}


def found(done: Done) -> set[str]:
    assert "Traceback" not in done.err
    assert "bug in sqlalint" not in done.err
    return {f["filename"] for f in json.loads(done.out) if f["code"] == "SAL003"}


def check(folder: Path, *arguments: str, **more: str) -> Done:
    return start(folder, "--output-format", "json", "--no-cache", *arguments, **more)


def test_what_cannot_be_read_is_told_file_by_file(tmp_path: Path) -> None:
    names = {f"f{n}.py": content for n, content in enumerate(CONTENTS.values())}
    fine = {f"ok{n}.py": content for n, content in enumerate(FINE.values())} | {"own.py": FINE["imports itself"]}
    lay_out(tmp_path, {"sqlalint.toml": "", "good.py": GOOD, **names, **fine})
    done = check(tmp_path)
    assert found(done) == {"good.py", *names}
    assert done.status == 2
    people = start(tmp_path, "--no-cache")
    assert people.status == 2
    assert max(map(len, people.out.splitlines())) < 400, "a megabyte on one line is not printed"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a POSIX system")
def test_what_is_no_file_does_no_harm(tmp_path: Path) -> None:
    lay_out(tmp_path, {"sqlalint.toml": "", "good.py": GOOD, "folder.py/inner.py": GOOD})
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "setup.cfg")
    (tmp_path / "alembic.ini").mkdir()
    (tmp_path / ".gitignore").mkdir()
    (tmp_path / "dangling.py").symlink_to("nothing")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "around").symlink_to(".", target_is_directory=True)
    done = check(tmp_path)
    assert found(done) == {"good.py", "folder.py/inner.py"}
    for name in ("pipe.py", "dangling.py", "loop.py"):
        named = check(tmp_path, name)
        assert found(named) == set()


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    if not hasattr(os, "geteuid"):
        pytest.skip("needs a POSIX system")
    lay_out(tmp_path, {"sqlalint.toml": "", "good.py": GOOD, "secret.py": "x = 1\n", "locked/a.py": GOOD})
    (tmp_path / "secret.py").chmod(0)
    (tmp_path / "locked").chmod(0)
    try:
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        done = check(tmp_path)
        assert found(done) == {"good.py", "secret.py"}
        assert "1 path could not be read: locked." in done.err
    finally:
        (tmp_path / "locked").chmod(0o755)


@pytest.mark.parametrize("text", [b"\xff", b"[tool", b"[tool.sqlalint]\nselect = 1\n", b"[" * 5000])
def test_a_broken_configuration_is_told_in_one_line(tmp_path: Path, text: bytes) -> None:
    lay_out(tmp_path, {"sqlalint.toml": text, "good.py": GOOD})
    done = check(tmp_path)
    assert (done.status, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert str(tmp_path / "sqlalint.toml") in done.err


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": b"\xff not toml", "requirements.txt": b"\xff\xfe", "poetry.lock": b"[[["},
        {"alembic.ini": b"\xff[alembic\nscript_location = ../../..\n", "setup.cfg": b"\0"},
        {"alembic.ini": b"[alembic]\nscript_location = good.py\n", "Pipfile": b"="},
        {"alembic/env.py": b"x = (", "alembic/versions/a.py": b"revision = (", "alembic/versions/b.py": b""},
    ],
)
def test_other_files_that_are_broken(tmp_path: Path, files: dict[str, str | bytes]) -> None:
    lay_out(tmp_path, {"sqlalint.toml": "", "good.py": GOOD, **files})
    assert "good.py" in found(check(tmp_path))
    assert start(tmp_path, "config").status == 0


def test_a_home_or_folder_that_is_gone(tmp_path: Path) -> None:
    lay_out(tmp_path, {"sqlalint.toml": "", "good.py": GOOD})
    assert "good.py" in found(check(tmp_path, HOME="/nowhere"))


@pytest.mark.skipif(os.name == "nt", reason="a working directory cannot be removed there")
def test_a_working_directory_that_was_removed(tmp_path: Path) -> None:
    import subprocess
    import sys

    gone = tmp_path / "gone"
    gone.mkdir()
    run = "import os, sys; os.rmdir(os.getcwd()); from sqlalint.cli import run; sys.exit(run(['.']))"
    done = subprocess.run([sys.executable, "-c", run], cwd=gone, env=environment(), capture_output=True, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
