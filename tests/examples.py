"""The examples on rule pages, made into projects that can be linted and programs that can be run.

A page shows only what matters. What an example stands on is in `fixtures/prelude/`:

- loading, sessions, queries: the body of `def example(session: Session)`, below `blog.py`'s imports and models
- asyncio: the body of `async def example(session: AsyncSession)`, below the same
- models: classes below `models.py` (imports, `Base`, `User`); a comment `# migrations/versions/name.py` at the beginning
  of a line starts a revision
- migrations: a revision after `migrations/`'s first, its imports and ids given; a comment `# name.py` at the beginning
  of a line starts another file of `versions/`

An example that has functions of its own stands at the level of the module, its last function is the one that runs.
A class that an example defines replaces the prelude's. An example that defines its own `Base` stands alone.
"""

import ast
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sqlalint.fix.loop import fix_until_settled
from sqlalint.report.finding import Reported
from sqlalint.rules.registry import Rule
from tests.harness import FIXTURES, lint

PRELUDE = FIXTURES / "prelude"
PARTS = ("Why is this bad?", "Bad", "Good", "When not to use it", "What it cannot see")
VERSIONS = "migrations/versions"

_SIGNATURES = {
    "loading": "def example(session: Session):",
    "sessions": "def example(session: Session):",
    "queries": "def example(session: Session):",
    "asyncio": "async def example(session: AsyncSession):",
}
_REVISION = '''"""Example."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session, sessionmaker

revision = "{revision}"
down_revision = "1a2b"

'''


@dataclass(frozen=True)
class Example:
    """A bad or good example as files of a project. `entry` is the function that runs it, or ""."""

    rule: str
    family: str
    kind: str
    files: dict[str, str]
    entry: str = ""

    def __str__(self) -> str:
        return f"{self.rule}-{self.kind}"

    @property
    def source(self) -> str:
        """The text of the file that runs: of a one-file example, or the models of one that has revisions too."""
        return next(iter(self.files.values()))


def parts(page: str) -> dict[str, str]:
    """A page's parts by heading; the text before the first heading is ""."""
    pieces = re.split(r"^## (.+)\n", "\n" + page, flags=re.MULTILINE)
    return {"": pieces[0].strip(), **{h.strip(): b.strip() for h, b in zip(pieces[1::2], pieces[2::2], strict=True)}}


def blocks(part: str) -> list[str]:
    """The Python blocks of a part."""
    return [
        textwrap.dedent(b) for b in re.findall(r"^```python\n(.*?)^```", part + "\n", flags=re.MULTILINE | re.DOTALL)
    ]


def example(rule: Rule, kind: str) -> Example:
    """A rule's example; `kind` is "Bad" or "Good", or "Fixed": the bad one with its findings fixed.

    Only the first block of the part counts. A test that asks for the fixed one of a rule without a fix is skipped.
    """
    if kind == "Fixed":
        bad = example(rule, "Bad")
        files = fixed(bad.files, rule.code)
        if files == bad.files:
            pytest.skip(f"the bad example of {rule.name} has no fix")
        return replace(bad, kind="fixed", files=files)
    block = blocks(parts(rule.page)[kind])[0]
    return compose(rule.name, rule.family, kind.lower(), block)


def fixed(files: dict[str, str], code: str = "") -> dict[str, str]:
    """Files after all fixes, or those of one rule, in the same order."""
    sources = {path: text.encode() for path, text in files.items()}

    def findings(contents: Mapping[str, bytes]) -> list[Reported]:
        return [f for f in lint({**sources, **contents}) if code in ("", f.code) and f.suppressed is None]

    outcome = fix_until_settled(findings({}), findings, sources.__getitem__, lambda _: True)
    assert outcome.is_settled
    assert outcome.troubles == ()
    return {path: outcome.contents.get(path, content).decode() for path, content in sources.items()}


def compose(rule: str, family: str, kind: str, block: str) -> Example:
    """An example on what it stands on."""
    if family == "migrations" or family == "deploys":
        return Example(rule, family, kind, revisions(block))
    if family in _SIGNATURES:
        body, entry = as_function(block, _SIGNATURES[family])
        return Example(rule, family, kind, {"app.py": below(PRELUDE / "blog.py", body)}, entry)
    block, *pieces = re.split(rf"^# ({VERSIONS}/\w+\.py)\n", block, flags=re.MULTILINE)
    others = dict(zip(pieces[::2], pieces[1::2], strict=True))
    return Example(rule, family, kind, {"models.py": below(PRELUDE / "models.py", block), **others})


def as_function(block: str, signature: str) -> tuple[str, str]:
    """A block as a function, and the function's name; a block that has functions already is left alone."""
    functions = [s.name for s in ast.parse(block).body if isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)]
    if functions:
        return block, functions[-1]
    return signature + "\n" + textwrap.indent(block, "    "), "example"


def below(prelude: Path, block: str) -> str:
    """A block below a prelude, without those classes that the block defines itself."""
    own = {s.name for s in ast.parse(block).body if isinstance(s, ast.ClassDef)}
    own |= {
        t.id for s in ast.parse(block).body if isinstance(s, ast.Assign) for t in s.targets if isinstance(t, ast.Name)
    }
    if "Base" in own or "db" in own:
        return block
    source = prelude.read_text()
    lines = source.splitlines(keepends=True)
    for statement in reversed(ast.parse(source).body):
        if isinstance(statement, ast.ClassDef) and statement.name in own:
            del lines[statement.lineno - 1 : statement.end_lineno]
    return "".join(lines) + "\n\n" + block


def revisions(block: str) -> dict[str, str]:
    """The files of a migration example: what it starts from, and its own."""
    root = PRELUDE / "migrations"
    files = {
        p.relative_to(root).as_posix(): p.read_text()
        for p in sorted(root.rglob("*"))
        if p.suffix in (".py", ".ini", ".toml")
    }
    pieces = re.split(r"^# (?:.*/)?(\w+\.py)\n", block, flags=re.MULTILINE)
    named = dict(zip(pieces[1::2], pieces[2::2], strict=True)) or {"3c4d_example.py": block}
    for name, body in named.items():
        if name == "env.py":
            files["migrations/env.py"] = body
        else:
            files[f"{VERSIONS}/{name}"] = headed(name, body)
    return files


def headed(name: str, body: str) -> str:
    """A revision's body below imports and ids, except for those that it has itself."""
    if re.search(r"^(import|from) ", body, flags=re.MULTILINE):
        return body
    header = _REVISION.format(revision=name.partition("_")[0].removesuffix(".py"))
    for variable in ("revision", "down_revision"):
        if re.search(rf"^{variable}\b", body, flags=re.MULTILINE):
            header = re.sub(rf"^{variable} = .*\n", "", header, flags=re.MULTILINE)
    return header + body
