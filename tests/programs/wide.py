"""Programs with every loader option and mapper setting, every shape of access, in one file or in the layers of an application.

The base decides where rows come from and what reads them; here are the settings, the options, pinned and held
parents, `Model.query`, rows of several entities, and the many places in which an access stands.
"""

from tests.programs.generate import GRAPH
from tests.programs.spread import SpreadGenerator

_SCALAR = ["joined", "selectin", "subquery", "immediate", "raise", "raise_on_sql"]
_COLLECTION = [*_SCALAR, "noload", "dynamic", "write_only"]
_STEPS = [
    "joinedload({})",
    "joinedload({})",
    "selectinload({})",
    "selectinload({})",
    "subqueryload({})",
    "immediateload({})",
    "lazyload({})",
    "defaultload({})",
    "defaultload({})",
    "raiseload({})",
    "raiseload({}, sql_only=True)",
]
SOURCES = ["inline"] * 4 + ["function", "repository", "service", "service", "statement", "parameter", "list", "pairs"]
READS = ["inline"] * 4 + ["property", "method", "function", "behind", "presenter", "nested", "static"]
# What is done with `rows` (a list), where {} reads `row`.
_SHAPES = {
    "sort": ["rows = list({rows})", "rows.sort(key=lambda row: str({read}))"],
    "condition": ["result = [row.id for row in {rows} if str({read})]"],
    "nested generator": ["result = [text for text in (str({read}) for row in {rows})]"],
    "sum": ["result = sum(len(str({read})) for row in {rows})"],
    "key": ["result = {{str({read}): row.id for row in {rows}}}"],
    "map of rows": ["known = {{row.id: row for row in {rows}}}", "for key, row in known.items():", "    str({read})"],
    "map by key": [
        "known = {{one.id: one for one in {rows}}}",
        "for key in known:",
        "    row = known[key]",
        "    str({read})",
    ],
    "groups": [
        "groups = defaultdict(list)",
        "for one in {rows}:",
        "    groups[one.id % 2].append(one)",
        "for number, members in groups.items():",
        "    for row in members:",
        "        str({read})",
    ],
    "grouped": [
        "for number, members in groupby({rows}, key=lambda one: one.id % 2):",
        "    result = [str({read}) for row in members]",
    ],
    "enumerate": ["for number, row in enumerate({rows}, start=1):", "    str({read})"],
    "zip": ["for number, row in zip(range(1000), {rows}):", "    str({read})"],
    "slice": ["rows = list({rows})", "for row in rows[:]:", "    str({read})"],
    "reversed": ["for row in reversed(list({rows})):", "    str({read})"],
    "sorted": ["for row in sorted({rows}, key=lambda one: one.id):", "    str({read})"],
    "chain": ["for row in chain({rows}, ()):", "    str({read})"],
    "filter": ["result = list(filter(lambda row: str({read}), {rows}))"],
    "any": ["result = all(str({read}) for row in {rows})"],
    "max": ["result = max({rows}, key=lambda row: str({read}))"],
    "index": ["rows = list({rows})", "for number in range(len(rows)):", "    row = rows[number]", "    str({read})"],
    "pop": ["rows = list({rows})", "while rows:", "    row = rows.pop()", "    str({read})"],
    "walrus": ["result = [text for row in {rows} if (text := str({read}))]"],
    "format": ['result = ", ".join(f"{{row.id}}: {{{read}}}" for row in {rows})'],
    "choice": ["result = [str({read}) if row.id else None for row in {rows}]"],
    "try": ["for row in {rows}:", "    try:", "        str({read})", "    finally:", "        pass"],
    "else": ["for row in {rows}:", "    if not row.id:", "        continue", "    else:", "        str({read})"],
    "lambda": ["text = lambda row: str({read})", "result = [text(row) for row in {rows}]"],
    "collected": ["result = []", "for row in {rows}:", "    result.append(str({read}))"],
    "mapped": ["result = list(map(lambda row: str({read}), {rows}))"],
    "starred": ["result = [*(str({read}) for row in {rows})]"],
    "unpacked": ["first, *others = {rows}", "for row in others:", "    str({read})"],
    "yielded": [
        "def texts(rows):",
        "    for row in rows:",
        "        yield str({read})",
        "result = list(texts({rows}))",
    ],
    "twice": ["rows = list({rows})", "for row in rows:", "    str({read})", "for row in rows:", "    str({read})"],
    "matched": [
        "for row in {rows}:",
        "    match row.id:",
        "        case 0:",
        "            pass",
        "        case _:",
        "            str({read})",
    ],
}


class WideGenerator(SpreadGenerator):
    """Makes the program of a seed, with all settings and shapes."""

    sources = SOURCES

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.kind = "loop"
        self.levels = ["repository.py", "service.py", "view.py", "program.py"]
        self.single = self.random.random() < 0.3
        self.read, self.loop = self.random.choice(READS), "shapes"
        self.lazy = {
            (entity, name): self._setting(kind) if self.random.random() < 0.25 else "select"
            for entity, links in GRAPH.items()
            for name, (_, kind, _, _) in links.items()
        }
        self.end = self.random.choice(["name"] * 4 + ["text", "note"])

    def _setting(self, kind: str) -> str:
        return self.random.choice(_COLLECTION if kind in ("many", "m2m") else _SCALAR)

    def _extra(self, entity: str) -> list[str]:
        note = (
            "    note: Mapped[str] = mapped_column(String(50), default='', deferred=True, deferred_group='notes')"
            if self.modern
            else "    note = deferred(Column(String(50), default=''), group='notes')"
        )
        return [*super()._extra(entity), note]

    def _relationship(self, entity: str, name: str) -> str:
        text = super()._relationship(entity, name)
        if self.lazy[(entity, name)] == "joined" and GRAPH[entity][name][3] and self.random.random() < 0.4:
            text = text.removesuffix(")") + ", innerjoin=True)"
        return text

    def _modern_models(self) -> str:
        return self._with_query(super()._modern_models(), "class Base(DeclarativeBase):\n    pass")

    def _classic_models(self) -> str:
        return self._with_query(super()._classic_models(), "Base = declarative_base()")

    def _with_query(self, models: str, base: str) -> str:
        """The models, with `Model.query` of a scoped session."""
        if self.is_async:
            return models
        made = "db_session = scoped_session(sessionmaker())\n\n\n"
        return models.replace(base, f"{made}{base}\n\n\nBase.query = db_session.query_property()", 1)

    def _files(self, models: str) -> dict[str, str]:
        files = super()._files(models)
        if not self.single:
            return files
        heads = ("from models import", "from repository import", "from service import", "from view import")
        lines = [line for source in files.values() for line in source.splitlines() if not line.startswith(heads)]
        return {"program.py": "\n".join(lines) + "\n"}

    # --- queries ---

    def _start(self) -> str:
        if self.legacy and self.random.random() < 0.3:
            return f"{self.root}.query"
        return super()._start()

    def _legacy_rows(self) -> str:
        text = self._chain(self._start()) + self.random.choice([".all()", ".all()", ""])
        return self._named(text)

    def _chain(self, start: str) -> str:
        start = self._joined(self._fixed(start))
        return super()._chain(start)

    def _fixed(self, start: str) -> str:
        """A query whose condition pins a many-to-one, or that keeps the targets of one at hand."""
        links = [(n, link) for n, link in GRAPH[self.root].items() if link[3]]
        if not links or self.random.random() > 0.25:
            return start
        name, (target, _, _, key) = self.random.choice(links)
        word = "filter" if "query" in start else "where"
        kind = self.random.choice(["key", "by", "object", "held"])
        if kind == "key":
            return f"{start}.{word}({self.root}.{key} == 1)"
        if kind == "by":
            return f"{start}.filter_by({key}=1)"
        if kind == "object":
            self.lines.append(f"target = {self._waited(f'session.get({target}, 1)')}")
            return f"{start}.{word}({self.root}.{name} == target)"
        self.lines.append(f"held = {self._waited(f'session.scalars(select({target}))')}.all()")
        return start

    def _joined(self, start: str) -> str:
        """A query that joins what is read, and takes it from there or does not."""
        if not self.path or self.random.random() > 0.15:
            return start
        name, alias = self.path[0], ""
        target = GRAPH[self.root][name][0]
        if self.lazy[(self.root, name)] in ("dynamic", "write_only"):
            return start
        if self.random.random() < 0.3:
            alias = f"Other{target}"
            self.lines.append(f"{alias} = aliased({target})")
        way = f"{self.root}.{name}.of_type({alias})" if alias else f"{self.root}.{name}"
        join = self.random.choice(["join", "outerjoin"])
        text = f"{start}.{join}({way})"
        return text if self.random.random() < 0.3 else f"{text}.options(contains_eager({way}))"

    def _option(self) -> str:
        kind = self.random.random()
        if kind < 0.1:
            return self.random.choice(['lazyload("*")', 'raiseload("*")', 'selectinload("*")', 'joinedload("*")'])
        if kind < 0.2:
            return self._column_option(self.root, "")
        at, text = self.root, ""
        path = self.path if self.random.random() < 0.8 else [self.random.choice(list(GRAPH[at]))]
        for name in path[: self.random.choice([1, 2, 2, 3, 3])]:
            step = self.random.choice(_STEPS).format(f"{at}.{name}")
            if GRAPH[at][name][3] and step.startswith("joinedload") and self.random.random() < 0.3:
                step = step.removesuffix(")") + ", innerjoin=True)"
            text += ("." if text else "") + step
            at = GRAPH[at][name][0]
        if self.random.random() < 0.15:
            text = self._column_option(at, f"{text}.")
        elif self.random.random() < 0.1:
            beside = self.random.choice(list(GRAPH[at]))
            text += f".options(selectinload({at}.{beside}))"
        return text

    def _options(self) -> list[str]:
        return [self._option() for _ in range(self.random.choice([0, 0, 1, 1, 2]))]

    def _column_option(self, entity: str, before: str) -> str:
        column = f"{entity}.{self.random.choice(['text', 'note', 'name'])}"
        choices = [f"load_only({entity}.name)", f"load_only({entity}.name, {column})", f"load_only({entity}.id)"]
        choices += [f"undefer({column})", f"defer({column})", 'undefer_group("notes")', 'undefer("*")']
        return before + self.random.choice(choices)

    def _from_pairs(self) -> str:
        """Rows of two entities."""
        links = [(n, link) for n, link in GRAPH[self.root].items() if self.lazy[(self.root, n)] != "write_only"]
        name, (target, _, _, _) = self.random.choice(links)
        self.legacy = False
        options = ", ".join(self._options())
        query = f"select({self.root}, {target}).join({self.root}.{name}).options({options})"
        unique = ".unique()" if self.random.random() < 0.7 else ""
        self.lines.append(f"rows = {self._waited(f'session.execute({query})')}{unique}.all()")
        return "[row for row, other in rows]" if self.random.random() < 0.5 else "(pair[0] for pair in rows)"

    # --- reads ---

    def _text(self, variable: str) -> str:
        """An expression that reads the path from a row, and a column at its end."""
        text = super()._text(variable)
        return text if self.end == "name" else self._ended(text)

    def _ended(self, text: str) -> str:
        """The same, with another column."""
        head, _, tail = text.rpartition(".name") if " for " not in text else text.partition(".name")
        return f"{head}.{self.end}{tail}" if head else text

    def _loop(self, rows: str) -> None:
        shape = _SHAPES[self.random.choice(list(_SHAPES))]
        read = self._read("row")
        self.lines += [line.format(read=read, rows=rows) for line in shape]
