"""Random programs that query, loop and read: models in both styles, options, mapper settings, every shape of loop.

A program is models and a function `run(session)` (a coroutine for asynchronous ones), in one module here. It is a
function of its seed alone; `seeds.py` says which generator makes which.
"""

import random
from dataclasses import dataclass

# Relationships by entity: name, target, cardinality, the way back, and the foreign key of a many-to-one.
GRAPH: dict[str, dict[str, tuple[str, str, str, str | None]]] = {
    "Author": {
        "posts": ("Post", "many", "author", None),
        "profile": ("Profile", "one", "author", None),
        "comments": ("Comment", "many", "author", None),
    },
    "Post": {
        "author": ("Author", "m2o", "posts", "author_id"),
        "tags": ("Tag", "m2m", "posts", None),
        "comments": ("Comment", "many", "post", None),
    },
    "Comment": {"post": ("Post", "m2o", "comments", "post_id"), "author": ("Author", "m2o", "comments", "author_id")},
    "Profile": {"author": ("Author", "m2o", "profile", "author_id")},
    "Tag": {"posts": ("Post", "m2m", "tags", None)},
}
# `immediate` loads inside the query, once per row: another rule speaks of that.
LAZY = ["select"] * 8 + ["joined", "selectin", "subquery"]
OPTIONS = ["joinedload", "selectinload", "subqueryload", "selectinload", "lazyload", "defaultload"]
SHAPES = ["for", "list", "set", "dict", "generator", "sorted", "map", "enumerate", "nested function", "zip", "min"]
IMPORTS = """\
from sqlalchemy import Column, ForeignKey, Integer, String, Table, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import (
    DeclarativeBase, Mapped, Session, contains_eager, declarative_base, defaultload, immediateload, joinedload, lazyload,
    load_only, mapped_column, relationship, selectinload, subqueryload,
)
"""


@dataclass(frozen=True)
class Program:
    """A program: its files in the order in which they can be executed, and whether `run` is a coroutine.

    `run` is in the last one. `kind` is "serializer" where a schema reads, else "loop" or what the program is about.
    """

    seed: int
    files: dict[str, str]
    is_async: bool
    kind: str = "loop"
    expires: bool = True  # what its session does at a commit


class Generator:
    """Makes the program of a seed, in one module and one function."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.is_async = self.random.random() < 0.3
        self.modern = self.random.random() < 0.6
        self.lazy = {(entity, name): self.random.choice(LAZY) for entity, links in GRAPH.items() for name in links}
        self.lines: list[str] = []

    def program(self) -> Program:
        """The program."""
        models = self._modern_models() if self.modern else self._classic_models()
        self._body()
        session = "AsyncSession" if self.is_async else "Session"
        head = f"{'async ' if self.is_async else ''}def run(session: {session}) -> object:"
        body = "\n".join(f"    {line}" for line in self.lines)
        return Program(self.seed, {"program.py": f"{IMPORTS}\n\n{models}\n\n{head}\n{body}\n"}, self.is_async)

    # --- models ---

    def _extra(self, entity: str) -> list[str]:
        """More lines of a model's class."""
        return []

    def _relationship(self, entity: str, name: str) -> str:
        target, kind, back, _ = GRAPH[entity][name]
        arguments = [f'"{target}"', f'back_populates="{back}"']
        lazy = self.lazy[(entity, name)]
        if lazy != "select" or self.random.random() < 0.2:
            arguments.append(f'lazy="{lazy}"')
        if kind == "m2m":
            arguments.append("secondary=post_tags")
        if kind == "one":
            arguments.append("uselist=False")
        return f"relationship({', '.join(arguments)})"

    def _table(self) -> str:
        return (
            'post_tags = Table(\n    "post_tags",\n    Base.metadata,\n'
            '    Column("post_id", ForeignKey("posts.id"), primary_key=True),\n'
            '    Column("tag_id", ForeignKey("tags.id"), primary_key=True),\n)'
        )

    def _modern_models(self) -> str:
        parts = ["class Base(DeclarativeBase):\n    pass", self._table()]
        for entity, links in GRAPH.items():
            rows = [f'    __tablename__ = "{entity.lower()}s"', "    id: Mapped[int] = mapped_column(primary_key=True)"]
            rows.append("    name: Mapped[str] = mapped_column(String(50))")
            for name, (target, kind, _, key) in links.items():
                if key:
                    rows.append(f'    {key}: Mapped[int] = mapped_column(ForeignKey("{target.lower()}s.id"))')
                wrapped = f'list["{target}"]' if kind in ("many", "m2m") else f'"{target}"'
                rows.append(f"    {name}: Mapped[{wrapped}] = {self._relationship(entity, name)}")
            rows += self._extra(entity)
            parts.append(f"class {entity}(Base):\n" + "\n".join(rows))
        return "\n\n\n".join(parts)

    def _classic_models(self) -> str:
        parts = ["Base = declarative_base()", self._table()]
        for entity, links in GRAPH.items():
            rows = [f'    __tablename__ = "{entity.lower()}s"', "    id = Column(Integer, primary_key=True)"]
            rows.append("    name = Column(String(50))")
            for name, (target, _, _, key) in links.items():
                if key:
                    rows.append(f'    {key} = Column(Integer, ForeignKey("{target.lower()}s.id"), nullable=False)')
                rows.append(f"    {name} = {self._relationship(entity, name)}")
            rows += self._extra(entity)
            parts.append(f"class {entity}(Base):\n" + "\n".join(rows))
        return "\n\n\n".join(parts)

    # --- the query ---

    def _body(self) -> None:
        self.root = self.random.choice(["Author", "Post", "Comment", "Author", "Post"])
        self.path = self._path()
        self.legacy = not self.is_async and self.random.random() < 0.4
        rows = self._legacy_rows() if self.legacy else self._rows()
        self._loop(rows)
        self.lines.append("return None")

    def _path(self) -> list[str]:
        path, at = [], self.root
        for _ in range(self.random.choice([1, 1, 1, 2, 2, 3])):
            name = self.random.choice(list(GRAPH[at]))
            path.append(name)
            at = GRAPH[at][name][0]
        return path

    def _option(self) -> str:
        """A loader option, most often along the path that is read."""
        at, text = self.root, ""
        path = self.path if self.random.random() < 0.7 else [self.random.choice(list(GRAPH[at]))]
        for name in path[: self.random.choice([1, 1, 2, 3])]:
            text += f"{'.' if text else ''}{self.random.choice(OPTIONS)}({at}.{name})"
            at = GRAPH[at][name][0]
        return text

    def _options(self) -> list[str]:
        return [self._option() for _ in range(self.random.choice([0, 0, 1, 1, 2]))]

    def _chain(self, start: str) -> str:
        """A query with options and conditions, in one expression or over several assignments."""
        steps = [f"options({o})" for o in self._options()]
        if self.random.random() < 0.2:
            steps.append(self.random.choice([f"order_by({self.root}.id)", f"where({self.root}.id > 0)", "limit(100)"]))
        key = next((k for _, _, _, k in GRAPH[self.root].values() if k), None)
        if key and self.random.random() < 0.15:
            steps.append(f"where({self.root}.{key} == 1)")
        if self.legacy:
            steps = [s.replace("where(", "filter(") for s in steps]
            steps.sort(key=lambda s: s.startswith("limit"))
        if self.random.random() < 0.4:
            self.lines.append(f"query = {start}")
            for step in steps:
                if self.random.random() < 0.15:
                    self.lines += ["if session is not None:", f"    query = query.{step}"]
                else:
                    self.lines.append(f"query = query.{step}")
            return "query"
        return ".".join([start, *steps])

    def _rows(self) -> str:
        statement = self._chain(f"select({self.root})")
        unique = ".unique()" if self.random.random() < 0.5 else ""
        wait = "await " if self.is_async else ""
        if self.random.random() < 0.5:
            text = f"session.scalars({statement})"
            text = f"({wait}{text})" if wait else text
        else:
            text = f"session.execute({statement})"
            text = (f"({wait}{text})" if wait else text) + ".scalars()"
        text += unique + self.random.choice([".all()", ".all()", ""])
        if self.random.random() < 0.6:
            self.lines.append(f"rows = {text}")
            return "rows"
        return text

    def _legacy_rows(self) -> str:
        text = self._chain(f"session.query({self.root})") + self.random.choice([".all()", ".all()", ""])
        if self.random.random() < 0.6:
            self.lines.append(f"rows = {text}")
            return "rows"
        return text

    # --- the loop ---

    def _read(self, variable: str) -> str:
        """An expression that reads the whole path from a row."""
        at, text = self.root, variable
        inner = ""
        for depth, name in enumerate(self.path):
            target, kind, _, _ = GRAPH[at][name]
            text = f"{text}.{name}"
            if kind in ("many", "m2m"):
                inner += f" for x{depth} in {text}"
                text = f"x{depth}"
            elif kind == "one":
                text = f"{text}"
            at = target
        return f"[{text}.name{inner}]" if inner else f"{text}.name"

    def _loop(self, rows: str) -> None:
        shape = self.random.choice(SHAPES)
        read = self._read("row")
        match shape:
            case "for":
                self.lines += [f"for row in {rows}:", f"    str({read})"]
            case "list":
                self.lines.append(f"result = [str({read}) for row in {rows}]")
            case "set":
                self.lines.append(f"result = {{str({read}) for row in {rows}}}")
            case "dict":
                self.lines.append(f"result = {{row.id: str({read}) for row in {rows}}}")
            case "generator":
                self.lines.append(f"result = sum(len(str({read})) for row in {rows})")
            case "sorted" | "min":
                self.lines.append(f"result = {shape}({rows}, key=lambda row: str({read}))")
            case "map":
                self.lines.append(f"result = list(map(lambda row: str({read}), {rows}))")
            case "enumerate":
                self.lines += [f"for number, row in enumerate({rows}):", f"    str({read})"]
            case "zip":
                self.lines += [f"for row, number in zip({rows}, range(1000)):", f"    str({read})"]
            case "nested function":
                self.lines += ["def text(row):", f"    return str({read})", f"for row in {rows}:", "    text(row)"]
        if self.random.random() < 0.15:
            self.lines += [f"for row in {rows}:", f"    str({read})"] if rows == "rows" else []
