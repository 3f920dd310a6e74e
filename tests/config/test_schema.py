"""The documentation of the keys, and the JSON schema that is made of it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from sqlalint.config.discover import read_configuration
from sqlalint.config.errors import UsageError
from sqlalint.config.model import Options
from sqlalint.config.schema import DRAFT, Key, Named, json_schema, keys_of
from sqlalint.rules.registry import all_rules

KEYS = keys_of()
# those that the documentation for users promises
PROMISED = frozenset(
    """
    select ignore extend-select per-file-ignores exclude extend-exclude confidence fail-on severity base start-after
    script-locations dialects target-versions small-tables rules returns attributes sessions preloads extend
    """.split()
)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema([Named(rule.name, rule.code) for rule in all_rules()])


def accepts(schema: dict[str, Any], text: str) -> bool:
    return bool(jsonschema.Draft7Validator(schema).is_valid(tomllib.loads(text)))


def test_the_keys_are_those_that_are_promised() -> None:
    assert {key.name for key in KEYS} == PROMISED


@pytest.mark.parametrize("key", KEYS, ids=lambda k: k.name)
def test_every_key_is_explained(key: Key) -> None:
    assert key.text.endswith(".")
    assert key.default
    assert key.kind


@pytest.mark.parametrize("key", [k for k in KEYS if k.name != "extend"], ids=lambda k: k.name)
def test_every_example_is_a_configuration(key: Key, schema: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "sqlalint.toml"
    file.write_text(key.example)
    options = read_configuration(str(file)).options
    assert list(tomllib.loads(key.example)) == [key.name]
    assert key.name == "rules" or options != Options(), "it sets something"
    assert accepts(schema, key.example)


def test_the_schema_is_one_that_editors_read(schema: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$schema"] == DRAFT
    assert schema["$id"].endswith("/sqlalint.schema.json")
    assert all(p["description"] for p in schema["properties"].values())
    assert '"null"' not in json.dumps(schema), "TOML has no null"
    assert "{excludes}" not in json.dumps(schema)


def test_each_key_of_the_schema_is_a_key(schema: dict[str, Any]) -> None:
    assert list(schema["properties"]) == [f.encode_name for f in msgspec.structs.fields(Options)]


GOOD = [
    "",
    'select = ["ALL"]\nignore = ["SAL101", "self", "SAL6", "sal501"]',
    'per-file-ignores = { "tests/**" = ["models"], "!src/**" = ["SAL1"] }',
    'confidence = "likely"\nfail-on = "never"\nseverity = { SAL101 = "info", multiple-heads = "error" }',
    'start-after = "1a2b"',
    'start-after = ["1a2b", "3c4d"]',
    'dialects = ["postgresql"]\ntarget-versions = { sqlalchemy = ">=2.0,<2.1" }',
    "rules = { multiple-heads = {} }",
]
BAD = [
    'selct = ["ALL"]',
    'select = "ALL"',
    "select = [1]",
    'select = ["lazy-load-in-lop"]',
    'confidence = "sure"',
    'fail-on = "always"',
    'severity = { SAL101 = "warn" }',
    'severity = { nothing = "warning" }',
    'dialects = ["postgres"]',
    'target-versions = { postgres = "15" }',
    "target-versions = { postgresql = 15 }",
    'per-file-ignores = { "a" = "SAL101" }',
    'per-file-ignores = { "a" = ["nope"] }',
    "rules = { multiple-heads = { limit = 3 } }",
    "rules = { nothing = {} }",
    "start-after = 3",
    'sessions = { "a" = "b" }',
]


@pytest.mark.parametrize("text", GOOD)
def test_what_the_schema_accepts(text: str, schema: dict[str, Any], tmp_path: Path) -> None:
    assert accepts(schema, text)
    (tmp_path / "sqlalint.toml").write_text(text)
    read_configuration(str(tmp_path / "sqlalint.toml"))


@pytest.mark.parametrize("text", BAD)
def test_what_the_schema_refuses(text: str, schema: dict[str, Any], tmp_path: Path) -> None:
    from sqlalint.cli.opening import open_project
    from sqlalint.cli.selection import select
    from sqlalint.config.select import Selectors

    assert not accepts(schema, text)
    (tmp_path / "sqlalint.toml").write_text(text)
    with pytest.raises(UsageError):
        select(open_project([str(tmp_path)]), Selectors())
