"""What is written about the keys of the configuration: for the page of settings, and as a JSON schema for editors."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from sqlalint.config import model
from sqlalint.config.kinds import described, is_table
from sqlalint.config.select import FAMILIES
from sqlalint.source.files import DEFAULT_EXCLUDES

ID = "https://sqlalint.readthedocs.io/en/latest/sqlalint.schema.json"
_EXCLUDES = ", ".join(f"`{name}`" for name in DEFAULT_EXCLUDES)
DRAFT = "http://json-schema.org/draft-07/schema#"


class Key(Struct, frozen=True):
    """A key: its name, its kind and default in words, what it does, an example in TOML ("" for none), and its own keys."""

    name: str
    kind: str
    default: str
    text: str
    example: str
    keys: tuple["Key", ...] = ()


class Named(Struct, frozen=True):
    """A rule's name and code, which keys take."""

    name: str
    code: str


def keys_of(kind: type[Struct] = model.Options) -> tuple[Key, ...]:
    """The keys of a kind of table, in order, with what is written below them."""
    texts = dict(_texts(kind))
    found = []
    for field in msgspec.structs.fields(kind):
        text, default, example = _parts(texts.get(field.name, ""))
        own = keys_of(field.type) if is_table(field.type) else ()
        found.append(Key(field.encode_name, described(field.type), default, text, example, own))
    return tuple(found)


def _texts(kind: type[Struct]) -> Iterator[tuple[str, str]]:
    """The strings below the fields of a class: they are thrown away when Python compiles it."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    name = ""
    for statement in definition.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                yield name, inspect.cleandoc(text)


def _parts(text: str) -> tuple[str, str, str]:
    paragraphs = text.replace("{excludes}", _EXCLUDES).split("\n\n")
    default = next((p.removeprefix("Default: ") for p in paragraphs if p.startswith("Default: ")), "")
    example = "\n\n".join(p for p in paragraphs if p.startswith("    "))
    said = [p for p in paragraphs if p and not p.startswith(("Default: ", "    "))]
    return "\n\n".join(said), default, textwrap.dedent(example)


# --- JSON schema ---


def json_schema(rules: Sequence[Named]) -> dict[str, Any]:
    """The JSON schema of `sqlalint.toml`, and of `[tool.sqlalint]` in `pyproject.toml`.

    Draft 7, which editors and SchemaStore read.
    """
    _, parts = msgspec.json.schema_components((model.Options,), ref_template="#/definitions/{name}")
    options = parts.pop("Options")
    properties = {key.name: _described(options["properties"][key.name], key) for key in keys_of()}
    versions = parts["TargetVersions"]
    versions["properties"] = {
        key.name: _described(versions["properties"][key.name], key) for key in keys_of(model.TargetVersions)
    }
    names = [word for rule in rules for word in (rule.name, rule.code)]
    _name_rules(properties, parts, names)
    return {
        "$schema": DRAFT,
        "$id": ID,
        "title": "sqlalint",
        "description": "The configuration of sqlalint: sqlalint.toml, and [tool.sqlalint] in pyproject.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "definitions": {name: _plain(part) for name, part in parts.items()},
    }


def _described(schema: dict[str, Any], key: Key) -> dict[str, Any]:
    """A property without null, which TOML does not have, and with what is written about its key."""
    schema = _plain(schema)
    text = "\n\n".join(part for part in (key.text, f"Default: {key.default}" if key.default else "") if part)
    if text:
        schema = {"description": text, **({"allOf": [schema]} if "$ref" in schema else schema)}
    return schema


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in schema.items() if key != "default"}
    choices = [choice for choice in found.pop("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        found |= choices[0]
    elif choices:
        found["anyOf"] = choices
    if "properties" in found:
        found["properties"] = {key: _plain(value) for key, value in found["properties"].items()}
    if "description" in found:
        found["description"] = inspect.cleandoc(found["description"])
    return found


def _name_rules(properties: dict[str, Any], parts: dict[str, Any], names: list[str]) -> None:
    """Say where selectors and names of rules stand, so that editors offer them."""
    words = ["ALL", *FAMILIES, *sorted(names)]
    parts["Selector"] = {
        "title": "Selector",
        "description": "A rule's name or code, a prefix of codes, a family, or ALL.",
        "anyOf": [{"enum": words}, {"type": "string", "pattern": "^[Ss][Aa][Ll][0-9]{0,3}$"}],
    }
    parts["Rule"] = {"title": "Rule", "description": "A rule's name or code.", "enum": sorted(names)}
    selectors = {"type": "array", "items": {"$ref": "#/definitions/Selector"}}
    for key in ("select", "ignore", "extend-select"):
        properties[key] |= selectors
    properties["per-file-ignores"]["additionalProperties"] = selectors
    for key in ("severity", "rules"):
        properties[key]["propertyNames"] = {"$ref": "#/definitions/Rule"}
    properties["rules"]["additionalProperties"] = {"type": "object", "maxProperties": 0}
