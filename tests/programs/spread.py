"""Programs whose parts are spread over functions, classes and files: queries, what runs them, loops and reads.

Each part is what the plain generator makes, put where real code has it: rows come from a function, a repository or a
dict, options from a parameter, a flag or a list; a property, a function behind functions, a callback or a schema reads.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.programs.generate import GRAPH, IMPORTS, Generator, Program

KINDS = ["loop"] * 5 + ["serializer"] * 3 + ["column"] * 2
# Where the rows come from, and how a row is read.
SOURCES = [
    "inline",
    "function",
    "statement",
    "executor",
    "executor",
    "repository",
    "repository",
    "flag",
    "parameter",
    "list",
    "dict",
    "one",
    "page",
    "carrier",
    "service",
    "dataclass",
]
READS = [
    "inline",
    "property",
    "method",
    "function",
    "function",
    "behind",
    "flag",
    "sometimes",
    "static",
    "presenter",
    "awaited",
    "nested",
    "nested",
    "getter",
]
LOOPS = ["plain"] * 5 + ["callback", "lambda", "report", "each", "partial"]
_HEAD = f"""\
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby
from operator import attrgetter
from typing import Generic, TypeVar
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import aliased, defer, deferred, raiseload, scoped_session, sessionmaker, undefer, undefer_group
{IMPORTS}"""


class SpreadGenerator(Generator):
    """Makes the program of a seed, in several functions and files."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.kind = self.random.choice(KINDS)
        self.several = self.random.random() < 0.6
        self.annotated = self.random.random() < 0.7
        self.read, self.loop = self.random.choice(READS), self.random.choice(LOOPS)
        self.levels = ["helpers.py", "program.py"]  # each file knows those before it
        self.defined: dict[str, list[str]] = {}
        self.homes: dict[str, str] = {}
        self.methods: dict[str, list[str]] = {}
        self.reader = ""
        if self.random.random() < 0.25:
            self.lazy = {k: "raise" if self.random.random() < 0.4 else lazy for k, lazy in self.lazy.items()}

    def program(self) -> Program:
        """The program."""
        self._body()
        models = self._modern_models() if self.modern else self._classic_models()
        session = "AsyncSession" if self.is_async else "Session"
        head = f"{'async ' if self.is_async else ''}def run(session: {session}) -> object:"
        run = "\n".join([head, *(f"    {line}" for line in self.lines)])
        self._define("run", run, level=len(self.levels) - 1)
        return Program(self.seed, self._files(models), self.is_async, self.kind)

    def _files(self, models: str) -> dict[str, str]:
        """The models, and the files in which something is defined; each imports all that is before it."""
        files = {"models.py": f"{_HEAD}\n\n{models}\n"}
        imported = [f"from models import {', '.join(self._known())}"]
        for path in self.levels:
            if path not in self.defined:
                continue
            head = "\n".join([_HEAD.rstrip("\n"), *imported])
            files[path] = "\n\n\n".join([head, *self.defined[path]]) + "\n"
            names = [name for name, home in self.homes.items() if home == path]
            imported.append(f"from {path.removesuffix('.py')} import {', '.join(names)}")
        return files

    def _known(self) -> list[str]:
        """What the models' file gives to the others."""
        return list(GRAPH)

    def _extra(self, entity: str) -> list[str]:
        form = "Mapped[str] = mapped_column(String(50), default='', deferred=True)"
        column = f"text: {form}" if self.modern else "text = deferred(Column(String(50), default=''))"
        return [f"    {column}", *(f"    {line}" for line in self.methods.get(entity, []))]

    # --- functions ---

    @contextmanager
    def _captured(self) -> Iterator[list[str]]:
        """What is written inside the block belongs to another function."""
        outer, self.lines = self.lines, []
        inner = self.lines
        try:
            yield inner
        finally:
            self.lines = outer

    def _define(self, name: str, text: str, uses: str = "", level: int | None = None) -> None:
        """A definition of its own, in one of the files: not before what it uses."""
        last = len(self.levels) - 1
        if level is None:
            least = self.levels.index(self.homes.get(uses, self.levels[0]))
            near = not self.several or self.random.random() < 0.3
            level = last if near else self.random.randint(least, max(least, last - 1))
        self.homes[name] = self.levels[level]
        self.defined.setdefault(self.levels[level], []).append(text)

    def _function(self, name: str, parameters: str, body: list[str], *, waits: bool = False, uses: str = "") -> None:
        if self.annotated:
            session = "AsyncSession" if self.is_async else "Session"
            parameters = parameters.replace("session", f"session: {session}", 1)
            parameters = parameters.replace("row", f"row: {self.root}", 1) if parameters == "row" else parameters
        lines = [f"{'async ' if waits and self.is_async else ''}def {name}({parameters}):", *(f"    {b}" for b in body)]
        self._define(name, "\n".join(lines), uses)

    def _waited(self, call: str) -> str:
        return f"(await {call})" if self.is_async else call

    # --- where rows come from ---

    sources = SOURCES

    def _body(self) -> None:
        self.root = self.random.choice(["Author", "Post", "Comment", "Author", "Post"])
        self.path = [] if self.kind == "column" else self._path()
        self.legacy = not self.is_async and self.random.random() < 0.3
        source = self.random.choice(self.sources)
        rows = getattr(self, f"_from_{source}")()
        if source == "one":
            self._effect_on_one()
            self.lines += [f"if {rows} is not None:", f"    str({self._read(rows)})"]
        else:
            if rows == "rows":
                self._effect()
            self._loop(rows)
        self.lines.append("return None")

    def _taken(self) -> str:
        return self._legacy_rows() if self.legacy else self._rows()

    def _named(self, text: str) -> str:
        if self.random.random() < 0.7:
            self.lines.append(f"rows = {text}")
            return "rows"
        return text

    def _from_inline(self) -> str:
        return self._taken()

    def _find(self, name: str = "find") -> str:
        with self._captured() as body:
            rows = self._taken()
            body.append(f"return {rows}")
        self._function(name, "session", body, waits=True)
        return self._waited(f"{name}(session)")

    def _from_function(self) -> str:
        found = self._find()
        if self.random.random() < 0.3:
            self._function("rows_of", "session", [f"return {found}"], waits=True, uses="find")
            found = self._waited("rows_of(session)")
        return self._named(found)

    def _start(self) -> str:
        return f"session.query({self.root})" if self.legacy else f"select({self.root})"

    def _run(self, statement: str) -> str:
        """Rows of a statement as a list."""
        if self.legacy:
            return f"{statement}.all()"
        unique = ".unique()" if self.random.random() < 0.8 else ""
        how = self.random.choice([("scalars", ""), ("scalars", ""), ("execute", ".scalars()")])
        return f"{self._waited(f'session.{how[0]}({statement})')}{how[1]}{unique}.all()"

    def _from_statement(self) -> str:
        with self._captured() as body:
            statement = self._chain(self._start())
            body.append(f"return {statement}")
        waits = any("await" in line for line in body)  # for the targets that are kept at hand
        self._function("statement", "session", body, waits=waits)
        return self._named(self._run(self._waited("statement(session)") if waits else "statement(session)"))

    def _from_executor(self) -> str:
        self._function("fetch", "session, query", [f"return {self._run('query')}"], waits=True)
        return self._named(self._waited(f"fetch(session, {self._chain(self._start())})"))

    def _from_repository(self) -> str:
        self.legacy = False
        how = self._run("self.statement()").replace("session.", "self.session.")
        wait = "async " if self.is_async else ""
        options = ", ".join(self._options())
        base = [
            'T = TypeVar("T")',
            "class Repository(Generic[T]):",
            "    model: type[T]",
            "    def __init__(self, session):",
            "        self.session = session",
            "    def statement(self):",
            "        return select(self.model)",
            f"    {wait}def all(self):",
            f"        return {how}",
        ]
        own = [
            f"class {self.root}Repository(Repository[{self.root}]):",
            f"    model = {self.root}",
        ]
        match self.random.randrange(3):
            case 0:
                own += ["    def statement(self):", f"        return super().statement().options({options})"]
            case 1:
                own += [f"    {wait}def all(self):", f"        return {self._waited('super().all()')}"]
            case _:
                pass
        self._define("Repository", "\n".join(base))
        self._define(f"{self.root}Repository", "\n".join(own), uses="Repository")
        return self._named(self._waited(f"{self.root}Repository(session).all()"))

    def _from_flag(self) -> str:
        body = [f"query = {self._start()}", "if full:", f"    query = query.options({', '.join(self._options())})"]
        body.append(f"return {self._run('query')}")
        self._function("find", "session, full=False", body, waits=True)
        flag = self.random.choice(["", ", True", ", full=True", ", full=False"])
        return self._named(self._waited(f"find(session{flag})"))

    def _from_parameter(self) -> str:
        taken = self._run(f"{self._start()}.options(*options)")
        self._function("find", "session, options=()", [f"return {taken}"], waits=True)
        options = f"[{', '.join(self._options())}]"
        if self.random.random() < 0.5:
            self._function("wanted", "", [f"return {options}"])
            options = "wanted()"
        given = self.random.choice([f", {options}", f", options={options}", f", options={options}", ""])
        return self._named(self._waited(f"find(session{given})"))

    def _from_list(self) -> str:
        self.lines.append("options = []")
        self.lines += [f"options.append({option})" for option in self._options()]
        return self._named(self._run(f"{self._start()}.options(*options)"))

    def _from_dict(self) -> str:
        found = self._find()
        self._function("by_id", "session", [f"return {{one.id: one for one in {found}}}"], waits=True, uses="find")
        found = self._waited("by_id(session)")
        if self.random.random() < 0.4:
            return f"[row for number, row in {found}.items()]"
        return self._named(f"{found}.values()") if self.random.random() < 0.5 else f"list({found}.values())"

    def _from_one(self) -> str:
        query = self._chain(self._start())
        name, taken = (
            "one",
            f"{query}.first()" if self.legacy else f"{self._waited(f'session.scalars({query})')}.first()",
        )
        if self.random.random() < 0.6:
            with self._captured() as body:
                body += [f"return {taken}"]
            moved = [self.lines.pop() for line in list(self.lines)][::-1]
            self._function("first", "session", [*moved, *body], waits=True)
            taken = self._waited("first(session)")
        self.lines.append(f"{name} = {taken}")
        return name

    def _from_page(self) -> str:
        found = self._find()
        self._function("page", "session", [f"rows = {found}", "return rows, 1"], waits=True, uses="find")
        self.lines.append(f"rows, total = {self._waited('page(session)')}")
        return "rows"

    def _from_carrier(self) -> str:
        found = self._find()
        self._function("carried", "session", [f'return {{"items": {found}, "total": 1}}'], waits=True, uses="find")
        self.lines.append(f"found = {self._waited('carried(session)')}")
        return 'found["items"]'

    def _from_service(self) -> str:
        with self._captured() as body:
            rows = self._taken()
            body.append(f"return {rows}")
        lines = [line.replace("session.", "self.session.") for line in body]
        wait = "async " if self.is_async else ""
        text = ["class Service:", "    def __init__(self, session):", "        self.session = session"]
        text += [f"    {wait}def find(self):", *(f"        {line}" for line in lines)]
        if self.random.random() < 0.5:
            text += [f"    {wait}def rows(self):", f"        return {self._waited('self.find()')}"]
        self._define("Service", "\n".join(text).replace("if session is", "if self.session is"))
        method = "rows" if "def rows" in "\n".join(text) else "find"
        if self.random.random() < 0.5:
            self.lines.append("service = Service(session)")
            return self._named(self._waited(f"service.{method}()"))
        return self._named(self._waited(f"Service(session).{method}()"))

    def _from_dataclass(self) -> str:
        found = self._find()
        fields = ["@dataclass", "class Found:", f"    items: list[{self.root}]", "    total: int"]
        self._define("Found", "\n".join(fields))
        self._function(
            "answered", "session", [f"return Found({found}, 1)"], waits=True, uses=self._nearest("find", "Found")
        )
        self.lines.append(f"answer = {self._waited('answered(session)')}")
        return "answer.items"

    def _nearest(self, *names: str) -> str:
        """Of several names the one that is nearest to `run`."""
        return max(names, key=lambda name: self.levels.index(self.homes.get(name, self.levels[0])))

    # --- what happens to them ---

    def _first_option(self) -> str:
        return f"selectinload({self.root}.{self.path[0]})"

    def _effect(self) -> None:
        if not self.path or self.random.random() > 0.15:
            return
        taken = self._waited(f"session.scalars(select({self.root}).options({self._first_option()}))") + ".all()"
        self._function("preload", "session", [f"return {taken}"], waits=True)
        self.lines.append(self._waited("preload(session)"))

    def _effect_on_one(self) -> None:
        if not self.path or self.random.random() > 0.5:
            return
        target, kind, _, _ = GRAPH[self.root][self.path[0]]
        if kind == "m2o" and self.random.random() < 0.5:
            self._function("put", "row, value", [f"row.{self.path[0]} = value"])
            self.lines += [
                f"other = {self._waited(f'session.get({target}, 1)')}",
                "if one is not None:",
                "    put(one, other)",
            ]
            return
        self._function("fill", "session, row", [self._waited(f'session.refresh(row, ["{self.path[0]}"])')], waits=True)
        self.lines += ["if one is not None:", f"    {self._waited('fill(session, one)')}"]

    def _options(self) -> list[str]:
        if self.kind != "column":
            return super()._options()
        kinds = [
            f"load_only({self.root}.id)",
            f"load_only({self.root}.name)",
            f"defer({self.root}.name)",
            f"undefer({self.root}.text)",
        ]
        return [self.random.choice(kinds) for _ in range(self.random.choice([0, 1, 1]))]

    # --- how they are read ---

    def _text(self, variable: str) -> str:
        """An expression that reads a row, in place."""
        if self.kind == "column":
            if not self.reader:
                self.reader = self.random.choice(["text", "name"])
            return f"{variable}.{self.reader}"
        if self.kind == "serializer":
            return f"{self._schema()}.model_validate({variable})"
        return super()._read(variable)

    def _schema(self) -> str:
        """The schema of a row, with one for each relationship of the path below it."""
        if "Schema0" in self.homes:
            return "Schema0"
        links, at = [], self.root
        for name in self.path:
            links.append((name, GRAPH[at][name][1]))
            at = GRAPH[at][name][0]
        texts = []
        for depth in range(len(links), -1, -1):
            fields = ["    model_config = ConfigDict(from_attributes=True)", "    id: int"]
            if depth < len(links):
                name, kind = links[depth]
                inner = f"Schema{depth + 1}"
                kinds = (
                    [f"list[{inner}]"]
                    if kind in ("many", "m2m")
                    else [inner, f"{inner} | None", f"{inner} | None = None"]
                )
                fields.append(f"    {name}: {self.random.choice(kinds)}")
            texts.append(f"class Schema{depth}(BaseModel):\n" + "\n".join(fields))
        self._define("Schema0", "\n\n\n".join(texts))
        return "Schema0"

    def _read(self, variable: str) -> str:
        if self.read == "awaited" and not (self.is_async and self.loop == "plain"):
            self.read = "function"
        match self.read:
            case "property" | "method" if self.kind != "serializer":
                marks = ["@property"] if self.read == "property" else []
                self.methods[self.root] = [*marks, "def shown(self):", f"    return {self._text('self')}"]
                return f"{variable}.shown" + ("" if self.read == "property" else "()")
            case "nested" if self.kind == "loop":
                return self._by_methods(variable)
            case "getter" if self.kind == "loop" and GRAPH[self.root][self.path[0]][1] in (
                "m2o",
                "one",
            ):  # of one object
                self.path = self.path[:1]
                return f'attrgetter("{self.path[0]}.name")({variable})'
            case "function" | "behind" | "awaited" | "flag" | "sometimes":
                return self._by_function(variable)
            case "static" | "presenter":
                return self._by_class(variable)
            case _:
                return self._text(variable)

    def _by_methods(self, variable: str) -> str:
        """A method of each model on the way, which calls the next one's."""
        at = self.root
        for depth, name in enumerate([*self.path, ""]):
            target, kind, _, _ = GRAPH[at].get(name, ("", "", "", None))
            text = f"self.{name}.shown{depth + 1}()" if name else "self.name"
            if kind in ("many", "m2m"):
                text = f"[one.shown{depth + 1}() for one in self.{name}]"
            self.methods.setdefault(at, []).extend([f"def shown{depth}(self):", f"    return {text}"])
            at = target
        return f"{variable}.shown0()"

    def _by_function(self, variable: str) -> str:
        if "show" not in self.homes:
            body = [f"return {self._text('row')}"]
            parameters = "row"
            if self.read == "flag":
                parameters, body = "row, full=False", ["if not full:", "    return row.id", *body]
            if self.read == "sometimes":
                body = ["if row.id % 2:", f"    {body[0]}", "return row.id"]
            self._function("show", parameters, body, waits=self.read == "awaited", uses="Schema0")
            self.flag = self.random.choice(["", ", True", ", full=True", ", full=False"]) if self.read == "flag" else ""
            if self.read == "behind":
                self._function("shown", "row", ["return show(row)"], uses="show")
        name = "shown" if self.read == "behind" else "show"
        call = f"{name}({variable}{self.flag})"
        return f"await {call}" if self.read == "awaited" else call

    def _by_class(self, variable: str) -> str:
        if "Presenter" not in self.homes:
            head = (
                ["    @staticmethod", "    def show(row):"] if self.read == "static" else ["    def show(self, row):"]
            )
            text = "\n".join(["class Presenter:", *head, f"        return {self._text('row')}"])
            self._define("Presenter", text, uses="Schema0")
        made = "Presenter" if self.read == "static" else "Presenter()"
        return f"{made}.show({variable})"

    def _loop(self, rows: str) -> None:
        match self.loop:
            case "callback" | "lambda" | "partial":
                self._function("apply", "function, rows", ["return [str(function(one)) for one in rows]"])
                read = self._read("row")
                named = read.removesuffix("(row)")
                callback = named if self.loop != "lambda" and named.isidentifier() else f"lambda row: {read}"
                call = f"partial(apply, {callback})({rows})" if self.loop == "partial" else f"apply({callback}, {rows})"
                self.lines.append(f"result = {call}")
            case "report":
                read = self._read("row")
                body = ["for row in rows:", f"    str({read})"]
                self._function("report", "rows", body, uses=self._used(read))
                self.lines.append(f"report({rows})")
            case "each":
                self._function("each", "rows", ["for one in rows:", "    yield one"])
                self.lines += [f"for row in each({rows}):", f"    str({self._read('row')})"]
            case _ if self.read == "awaited" and self.is_async:
                self.lines += [f"for row in {rows}:", f"    str({self._read('row')})"]
            case _:
                super()._loop(rows)

    def _used(self, read: str) -> str:
        """Of what a read uses, that which is nearest to `run`."""
        return self._nearest(*(name for name in self.homes if name in read), "")
