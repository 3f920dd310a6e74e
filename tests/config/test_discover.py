"""Where a project begins, and which configuration counts."""

from pathlib import Path

import pytest

from sqlalint.config.discover import config_file, project_root, read_configuration
from sqlalint.config.errors import UsageError


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below which tests lay out projects; the home folder is its `home`."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    return tmp_path


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def root_of(path: Path) -> Path:
    return Path(project_root(str(path)).path)


def test_our_configuration_outdoes_everything_nearer(top: Path) -> None:
    write(top / "p/sqlalint.toml")
    write(top / "p/service/.git/HEAD")
    write(top / "p/service/app/pyproject.toml", "[project]\n")
    module = write(top / "p/service/app/models.py")
    assert root_of(module) == top / "p"
    write(top / "p/service/pyproject.toml", "[tool.sqlalint]\n")
    assert root_of(module) == top / "p/service"


def test_then_a_repository_then_a_python_project(top: Path) -> None:
    module = write(top / "p/service/app/models.py")
    write(top / "p/service/setup.cfg")
    assert root_of(module) == top / "p/service"
    write(top / "p/.git", "gitdir: elsewhere\n")
    assert root_of(module) == top / "p"
    assert root_of(module.parent) == top / "p"


def test_without_any_it_is_the_path_itself(top: Path) -> None:
    module = write(top / "p/app/models.py")
    found = project_root(str(module.parent))
    assert (Path(found.path), found.is_default) == (module.parent, True)
    assert root_of(module) == module.parent


def test_the_home_folder_is_no_project(top: Path) -> None:
    write(top / "home/.git/HEAD")
    write(top / "home/pyproject.toml", "[tool.sqlalint]\n")
    write(top / "sqlalint.toml")
    module = write(top / "home/code/app/models.py")
    assert root_of(module) == module.parent
    assert root_of(top / "home") == top / "home"


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("[tool.sqlalint]\n", True),
        ("[tool.sqlalint.target-versions]\n", True),
        ("[tool]\nsqlalint = {}\n", True),
        ("[project]\nname = 'sqlalint-example'\n", False),
        ("# [tool.sqlalint] is not set\n", True),  # harmless: no option is set
    ],
)
def test_a_pyproject_counts_if_it_has_our_table(top: Path, text: str, ours: bool) -> None:
    write(top / "p/pyproject.toml", text)
    assert bool(config_file(str(top / "p"))) is ours


def test_our_own_file_outdoes_pyproject_beside_it(top: Path) -> None:
    write(top / "p/pyproject.toml", "[tool.sqlalint]\n")
    own = write(top / "p/sqlalint.toml")
    assert config_file(str(top / "p")) == str(own)


def test_every_key_is_read(top: Path) -> None:
    text = """
select = ["ALL"]
ignore = ["SAL101", "self"]
extend-select = ["loading"]
per-file-ignores = { "tests/**" = ["models"], "!src/**" = ["SAL1"] }
exclude = ["a"]
extend-exclude = ["b"]
confidence = "likely"
fail-on = "warning"
severity = { SAL101 = "info" }
base = "origin/main"
start-after = ["1a2b", "3c4d"]
script-locations = ["migrations"]
dialects = ["postgresql"]
target-versions = { sqlalchemy = "2.0", postgresql = "15" }
small-tables = ["countries"]
rules.lazy-load-in-loop = { limit = 3 }
returns = { "app.deps.get_repo" = "app.repo.UserRepo" }
attributes = { "request.user" = "app.models.User" }
sessions = ["app.db.session"]
"""
    options = read_configuration(str(write(top / "sqlalint.toml", text))).options
    assert options.start_after == ["1a2b", "3c4d"]
    assert options.rules == {"lazy-load-in-loop": {"limit": 3}}
    assert options.target_versions.postgresql == "15"


def test_a_file_extends_another(top: Path) -> None:
    write(
        top / "base.toml",
        """
select = ["loading"]
confidence = "likely"
extend-exclude = ["a"]
severity = { SAL101 = "info" }
""",
    )
    near = write(
        top / "p/sqlalint.toml",
        """
extend = "../base.toml"
select = ["models"]
extend-exclude = ["b"]
severity = { SAL501 = "error" }
""",
    )
    found = read_configuration(str(near))
    assert found.options.select == ["models"]
    assert found.options.confidence == "likely"
    assert found.options.extend_exclude == ["a", "b"]
    assert found.options.severity == {"SAL101": "info", "SAL501": "error"}
    assert found.extended == (str(top / "base.toml"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selct = []", "unknown key `selct`; did you mean `select`?"),
        ("target-versions = { sqlalchmy = '2' }", "unknown key `target-versions.sqlalchmy`; did you mean `sqlalchemy`?"),
        ("confidence = 'certin'", "key `confidence`: `certin` is none of certain, likely, possible; did you mean `certain`?"),
        ("fail-on = 'always'", "key `fail-on`: `always` is none of error, warning, info, never"),
        ("severity = { SAL101 = 'warn' }", "key `severity.SAL101`: `warn` is none of error, warning, info; did you mean `warning`?"),
        ("select = 'ALL'", 'key `select`: "ALL" is a string, not a list of strings; write ["ALL"]'),
        ("select = [1]", 'key `select[0]`: 1 is a number, not a string; write "1"'),
        ("select = ['SAL1', ['a']]", 'key `select[1]`: ["a"] is a list, not a string'),
        ("extend-select = {}", "key `extend-select`: this is a table, not a list of strings"),
        ("extend_select = []", "unknown key `extend_select`; did you mean `extend-select`?"),
        ("target-versions = { postgres = '15' }", "unknown key `target-versions.postgres`; did you mean `postgresql`?"),
        ("target-versions = { postgresql = 15 }", 'key `target-versions.postgresql`: 15 is a number, not a string; write "15"'),
        ("target-versions = '2.0'", 'key `target-versions`: "2.0" is a string, not a table'),
        ("per-file-ignores = { 'a/*.py' = 'SAL1' }", 'key `per-file-ignores."a/*.py"`: "SAL1" is a string, not a list of strings; write ["SAL1"]'),
        ("per-file-ignores = { a = ['SAL1', 2] }", 'key `per-file-ignores.a[1]`: 2 is a number, not a string; write "2"'),
        ("rules.lazy-load-in-loop = 3", "key `rules.lazy-load-in-loop`: 3 is a number, not a table of booleans, numbers, strings or lists of strings"),
        ("rules.lazy-load-in-loop.limit = {}", "key `rules.lazy-load-in-loop.limit`: this is a table, not a boolean, a number, a string or a list of strings"),
        ("start-after = 2021-01-01", 'key `start-after`: "2021-01-01" is a date or time, not a string or a list of strings'),
        ("confidence = 1", "key `confidence`: 1 is a number, not one of certain, likely, possible"),
        ("returns = { 'a.b' = 1 }", 'key `returns."a.b"`: 1 is a number, not a string; write "1"'),
        ("import-roots = []", "unknown key `import-roots`"),
        ("dialects = ['postgres']", "key `dialects[0]`: `postgres` is none of postgresql, mysql, "),
        ("dialects = ['postgres']", "; did you mean `postgresql`?"),
        ("extend = 'nowhere.toml'", "nowhere.toml: the configuration cannot be read"),
        ("extend = 'sqlalint.toml'", "key `extend`: the files extend each other in a circle"),
        ("select = [", "the configuration is no valid TOML"),
        ("x = '\udce4'", "the configuration is not UTF-8"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_file_and_key(top: Path, text: str, message: str) -> None:
    file = top / "sqlalint.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError) as error:
        read_configuration(str(file))
    assert message in str(error.value)
    assert str(error.value).startswith(str(top))


def test_a_broken_pyproject_is_told_of(top: Path) -> None:
    write(top / "p/pyproject.toml", "[tool.sqlalint]\nselect = [\n")
    found = config_file(str(top / "p"))
    with pytest.raises(UsageError, match="no valid TOML"):
        read_configuration(found)
