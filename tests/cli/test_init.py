"""`sqlalint init`: what it writes, and what it leaves as it is."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from sqlalint.config.discover import read_configuration
from tests.cli.run import lay_out
from tests.cli.run import sqlalint as start
from tests.cli.test_adopting import MODELS, VIEWS, codes
from tests.harness import FIXTURES

# kept apart: what is written in odd ways is to stay so
PYPROJECT = """[project]   # odd
name='shop'
dependencies = [ "sqlalchemy>=2.0,<2.1",
   "psycopg" ]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project without a configuration, and with one finding."""
    files = {"pyproject.toml": PYPROJECT, "app/__init__.py": "", "app/models.py": MODELS, "app/views.py": VIEWS}
    return lay_out(tmp_path / "shop", files)


def uncommented(text: str) -> str:
    """The configuration with everything that stands in comments."""
    return re.sub(r"^# (?=[a-z-]+ = )", "", text, flags=re.MULTILINE)


def test_it_goes_to_the_end_of_pyproject(shop: Path) -> None:
    done = start(shop, "init")
    assert (done.status, done.err) == (0, "")
    text = (shop / "pyproject.toml").read_text()
    assert text.startswith(PYPROJECT + "\n[tool.sqlalint]\n")
    assert not (shop / "sqlalint.toml").exists()
    assert read_configuration(str(shop / "pyproject.toml")).options == read_configuration_of_nothing(shop)
    assert '# dialects = ["postgresql"]  # found: pyproject.toml' in text
    assert '# target-versions = { sqlalchemy = ">=2.0,<2.1" }  # found: pyproject.toml' in text


def read_configuration_of_nothing(folder: Path) -> object:
    (folder / "empty.toml").write_text("")
    return read_configuration(str(folder / "empty.toml")).options


def test_it_says_what_it_did_and_what_is_next(shop: Path) -> None:
    out = start(shop, "init").out
    assert out.startswith("pyproject.toml: written. What was found stands in it as comments:\n")
    assert '  dialects = ["postgresql"]  # found: pyproject.toml\n' in out
    assert "\nsqlalint-baseline.json: 1 finding written; `sqlalint check` reports what is not among them.\n" in out
    assert "  git add pyproject.toml sqlalint-baseline.json\n" in out
    assert "entry: sqlalint check --force-exclude --hook\n" in out
    done = start(shop)
    assert (done.status, codes(done)) == (0, [])
    assert "  1 finding known from the baseline.\n" in done.out


def test_all_that_stands_in_comments_is_valid(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "projects/blog", tmp_path / "blog")
    file = tmp_path / "blog/pyproject.toml"
    file.write_text(file.read_text().partition("[tool.sqlalint]")[0])
    assert start(tmp_path / "blog", "init").status == 0
    text = uncommented(file.read_text())
    file.write_text(text)
    options = read_configuration(str(file)).options
    assert options.dialects == ["postgresql"]
    assert options.script_locations == ["migrations"]
    assert options.start_after == ["9f30"]
    assert options.target_versions.alembic == ">=1.13"
    assert options.confidence == "likely"
    assert start(tmp_path / "blog", "--show-settings").status == 0


def test_the_base_is_proposed(shop: Path) -> None:
    for arguments in (
        ["init", "--quiet", "--initial-branch=main"], ["add", "."], ["commit", "--quiet", "--message=a"],
        ["checkout", "--quiet", "-b", "new"], ["commit", "--quiet", "--allow-empty", "--message=b"],
    ):  # fmt: skip
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
        subprocess.run(command, cwd=shop, check=True, capture_output=True)
    start(shop, "init")
    assert (
        '# base = "main"  # found: the merge base with main; revisions that it has'
        in (shop / "pyproject.toml").read_text()
    )


@pytest.mark.parametrize("start_of", ["", "app"])
def test_without_a_pyproject_it_is_a_file_of_its_own_at_the_root(shop: Path, start_of: str) -> None:
    (shop / "pyproject.toml").rename(shop / "setup.cfg")
    done = start(shop / start_of, "init")
    assert done.status == 0
    assert done.out.startswith(f"{'../' if start_of else ''}sqlalint.toml: written.")
    assert tomllib.loads((shop / "sqlalint.toml").read_text()) == {}
    assert (shop / "sqlalint-baseline.json").exists()
    assert start(shop).status == 0


def test_a_second_time_it_says_so_and_writes_nothing(shop: Path) -> None:
    start(shop, "init")
    before = {path: path.read_bytes() for path in shop.iterdir() if path.is_file()}
    for folder in (shop, shop / "app"):
        done = start(folder, "init")
        assert (done.status, done.out) == (2, "")
        assert "pyproject.toml has a configuration already, and is left as it is; edit it" in done.err
    assert {path: path.read_bytes() for path in shop.iterdir() if path.is_file()} == before


def test_a_baseline_that_is_there_is_left(shop: Path) -> None:
    content = '{"version": 1, "findings": []}\n'
    (shop / "sqlalint-baseline.json").write_text(content)
    assert "sqlalint-baseline.json: is there already, and is left as it is.\n" in start(shop, "init").out
    assert (shop / "sqlalint-baseline.json").read_text() == content


def test_no_baseline_where_nothing_is_found_or_none_is_wanted(shop: Path) -> None:
    (shop / "app/views.py").rename(shop / "views.txt")
    assert "No baseline: nothing is reported.\n" in start(shop, "init").out
    (shop / "views.txt").rename(shop / "app/views.py")
    (shop / "pyproject.toml").write_text(PYPROJECT)
    out = start(shop, "init", "--no-baseline").out
    assert "aseline" not in out
    assert not (shop / "sqlalint-baseline.json").exists()
    assert codes(start(shop)) == ["SAL101"]


@pytest.mark.parametrize(
    ("content", "tail"),
    [
        (b"[project]\r\nname = 'x'\r\n", b"name = 'x'\r\n\r\n[tool.sqlalint]\r\n# "),
        (b"[project]\nname = 'x'", b"name = 'x'\n\n[tool.sqlalint]\n# "),
        (b"[project]\nname = 'x'\n\n", b"name = 'x'\n\n[tool.sqlalint]\n# "),
        (b"", b"[tool.sqlalint]\n# "),
        (b"\xef\xbb\xbf[project]\n", b"\xef\xbb\xbf[project]\n\n[tool.sqlalint]\n# "),
    ],
)
def test_line_ends_stay_as_they_are(shop: Path, content: bytes, tail: bytes) -> None:
    file = shop / "pyproject.toml"
    file.write_bytes(content)
    file.chmod(0o640)
    assert start(shop, "init").status == 0
    written = file.read_bytes()
    assert written.startswith(content)
    assert tail in written
    assert b"\r\r" not in written
    assert (b"\r\n" in content) == (written.count(b"\n") == written.count(b"\r\n"))
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_pyproject_to_which_no_table_can_be_added(shop: Path) -> None:
    (shop / "pyproject.toml").write_text("tool = { other = 1 }\n")
    assert start(shop, "init").out.startswith("sqlalint.toml: written.")
    assert (shop / "pyproject.toml").read_text() == "tool = { other = 1 }\n"


def test_a_broken_pyproject_is_left(shop: Path) -> None:
    (shop / "pyproject.toml").write_text("[project\n")
    done = start(shop, "init")
    assert (done.status, done.out) == (2, "")
    assert "is no valid TOML, and is left as it is" in done.err
    assert not (shop / "sqlalint-baseline.json").exists()


def test_an_empty_folder(tmp_path: Path) -> None:
    done = start(tmp_path, "init")
    assert (done.status, done.err) == (0, "")
    assert "No baseline: nothing is reported." in done.out
    assert start(tmp_path).status == 0


def test_odd_names(tmp_path: Path) -> None:
    odd = lay_out(tmp_path / "odd, b:c%d é", {"pyproject.toml": "", "app/models.py": MODELS, "app/views.py": VIEWS})
    done = start(tmp_path, "init", odd.name)
    assert done.status == 0
    assert f"git add '{odd.name}/pyproject.toml' '{odd.name}/sqlalint-baseline.json'" in done.out
    (entry,) = json.loads((odd / "sqlalint-baseline.json").read_text())["findings"]
    assert entry["path"] == "app/views.py"


def test_a_file_that_cannot_be_read_is_known_then(shop: Path) -> None:
    (shop / "app/broken.py").write_text("import sqlalchemy\nx = (\n")
    assert "2 findings written" in start(shop, "init").out
    assert start(shop).status == 0
