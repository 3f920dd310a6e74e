"""The facts of one file: its index, and its definitions lowered.

A pure function of the file's bytes and the tool's version. The index names each definition, where it stands and the
hash of its text; the definitions are kept encoded, and decoded when somebody asks for one.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from sqlalint.facts.imports import imports_of
from sqlalint.facts.lower import Columns, Lowering
from sqlalint.facts.span import Span
from sqlalint.facts.statement import IMPORTS, Import, Statement
from sqlalint.facts.suppression import Suppression, find_suppressions, without_suppressions
from sqlalint.hashing import blake2b
from sqlalint.source.syntax import parse
from sqlalint.source.text import Unreadable, decode

# The words that decide what linking and flow look into. Whoever adds a question adds its words.
VOCABULARY = frozenset(
    """
    select query scalars scalar execute get get_one stream stream_scalars session Session AsyncSession sessionmaker
    async_sessionmaker scoped_session options joinedload selectinload subqueryload contains_eager lazyload immediateload
    raiseload defaultload noload load_only defer undefer with_expression Load unique all first one one_or_none scalar_one
    scalar_one_or_none fetchall fetchone fetchmany filter filter_by where join outerjoin delete update insert
    relationship backref Column mapped_column ForeignKey ForeignKeyConstraint Table Index UniqueConstraint
    __tablename__ __table__ __table_args__ declared_attr declarative_base DeclarativeBase registry Mapped Field
    Relationship association_proxy hybrid_property column_property create_engine create_async_engine MetaData
    flush op revision down_revision upgrade downgrade get_bind commit rollback begin any has with_parent exec
    mapper map_imperatively append_constraint
    refresh merge expire expire_all add_all async_scoped_session AsyncConnection AsyncEngine connect dispose
    expire_on_commit version_id_col isolation_level default_transaction_isolation SERIALIZABLE REPEATABLE
    """.split()
)

_WORD = re.compile(r"\w++\(?")  # with the bracket where it is called
_NOQA = re.compile(rb"noqa|sqlalint", re.IGNORECASE)
_LONG_LINE = 2_000
_MENTIONS = (b"sqlalchemy", b"alembic", b"sqlmodel")


class ImportedName(Struct, frozen=True, array_like=True, gc=False):
    """A name bound by a module-level import. `name` is None for `import module`, "*" for a star import.

    `alias` is what is bound: for a plain `import a.b` that is `a.b` itself (whose first part is the bound name).
    `conditional` tells of imports under `if`, `try` or `with`; `typing_only` of those under `if TYPE_CHECKING`.
    """

    module: str
    level: int
    name: str | None
    alias: str
    row: int
    conditional: bool
    typing_only: bool


class Definition(Struct, frozen=True, array_like=True, gc=False):
    """A class, function or other statement at the level of the module or of a class.

    `key` is its qualified name, made unique in the file (`name#2`); for a statement the first name it binds, else
    `<statement>`. `owner` is the key of the class around it, or "". Rows are those of the file, decorators included.
    `digest` is the hash of its text, without methods for a class. `mentions` are the words of `VOCABULARY` in it;
    `calls`, for a function, the last names of what it calls.
    """

    key: str
    kind: str  # function, class, statement
    name: str
    owner: str
    row: int
    end_row: int
    digest: bytes
    conditional: bool
    mentions: tuple[str, ...]
    calls: tuple[str, ...] = ()


class Index(Struct, frozen=True, array_like=True, gc=False):
    """What a file defines and imports. `mentions_library`: its bytes name sqlalchemy, alembic or sqlmodel."""

    definitions: tuple[Definition, ...]
    imports: tuple[ImportedName, ...]
    exported: tuple[str, ...] | None
    mentions_library: bool
    rows: int
    suppressions: tuple[Suppression, ...] = ()


class FileFacts(Struct, frozen=True, array_like=True):
    """The facts of a readable file: its index, and each definition's statement encoded, by key; `IMPORTS` apart.

    Function bodies are missing where they were not asked for; see `read_facts`.
    """

    index: Index
    bodies: Mapping[str, msgspec.Raw]


class Failure(Struct, frozen=True, array_like=True):
    """Why a file could not be read, in the parser's words, and where."""

    message: str
    row: int
    column: int
    undecodable: bool
    mentions_library: bool


_encode = msgspec.msgpack.Encoder().encode
_statement_decoder: msgspec.msgpack.Decoder[Statement] = msgspec.msgpack.Decoder(Statement)


def decode_statement(raw: msgspec.Raw | bytes) -> Statement:
    """A definition's statement from its encoded form."""
    return _statement_decoder.decode(raw)


def read_facts(content: bytes, *, bodies: bool = True, only_libcst: bool = False) -> FileFacts | Failure:
    """The facts of a file's bytes. With `bodies=False` functions are indexed and not lowered.

    Never raises for any content; call it inside `with_deep_stack`.
    """
    mentions = any(word in content for word in _MENTIONS)
    try:
        text = decode(content)
        tree = parse(text.content, only_libcst=only_libcst)
        suppressions = find_suppressions(text.content) if _NOQA.search(content) else ()
        return _Builder(text.lines, mentions, bodies).build(tree, suppressions)
    except Unreadable as problem:
        return Failure(problem.message, problem.row, problem.column, problem.undecodable, mentions)
    except RecursionError:
        return Failure("nested too deeply to be read", 1, 1, False, mentions)


def digest(text: str) -> bytes:
    """The hash by which equal definitions are known."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


class _Builder:
    """Walks one module's top level and the bodies of its classes."""

    def __init__(self, lines: list[str], mentions_library: bool, bodies: bool) -> None:
        self._lines = lines
        self._mentions_library = mentions_library
        self._with_bodies = bodies
        self._columns = Columns(lines, 1)
        self._definitions: list[Definition] = []
        self._imports: list[ImportedName] = []
        self._bodies: dict[str, msgspec.Raw] = {}
        self._count: dict[str, int] = {}
        self._exported: tuple[str, ...] | None = None

    def build(self, tree: ast.Module, suppressions: tuple[Suppression, ...] = ()) -> FileFacts:
        self._block(tree.body, "", conditional=False, typing_only=False)
        for node in _set_later(tree.body):
            self._statement(node, conditional=False)
        self._lower(IMPORTS, imports_of(tree.body, Lowering(self._columns, 1)))
        index = Index(
            tuple(self._definitions), tuple(self._imports), self._exported, self._mentions_library, len(self._lines),
            suppressions,
        )  # fmt: skip
        return FileFacts(index, self._bodies)

    def _block(self, nodes: list[ast.stmt], owner: str, *, conditional: bool, typing_only: bool) -> None:
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                if not owner:
                    self._import(node, conditional, typing_only)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._function(node, owner, conditional)
            elif isinstance(node, ast.ClassDef):
                self._class(node, owner, conditional)
            elif isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With | ast.AsyncWith):
                for block, checking in _branches(node):
                    self._block(block, owner, conditional=True, typing_only=typing_only or checking)
            elif not owner:
                self._statement(node, conditional)

    def _import(self, node: ast.Import | ast.ImportFrom, conditional: bool, typing_only: bool) -> None:
        for found in Lowering(self._columns, 1).imports(node):
            self._imports.append(_imported(found, conditional, typing_only))

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, conditional: bool) -> None:
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        text = self._text(first, node.end_lineno or first)
        key = self._add("function", node.name, owner, first, node.end_lineno or first, text, conditional)
        if self._with_bodies or (owner and node.decorator_list):  # a test's models have a `declared_attr` too
            remarks = _remarks(text) if "#" in text and _is_trivial(node.body) else ()
            self._lower(key, Lowering(self._columns, first, yields="yield" in text).function(node, remarks))

    def _class(self, node: ast.ClassDef, owner: str, conditional: bool) -> None:
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        text = self._class_text(node, first)
        key = self._add("class", node.name, owner, first, node.end_lineno or first, text, conditional)
        self._lower(key, Lowering(self._columns, first).class_(node, whole=False))
        self._block(node.body, key, conditional=conditional, typing_only=False)

    def _class_text(self, node: ast.ClassDef, first: int) -> str:
        """The class's own text: methods and nested classes are definitions of their own."""
        pieces, row = [], first
        for part in node.body:
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                start = min([part.lineno, *(d.lineno for d in part.decorator_list)])
                pieces.append(self._text(row, start - 1))
                pieces.append(part.name)
                row = (part.end_lineno or start) + 1
        pieces.append(self._text(row, node.end_lineno or row))
        return "\n".join(pieces)

    def _statement(self, node: ast.stmt, conditional: bool) -> None:
        name = _bound_name(node)
        if name == "__all__":
            self._exported = _literal_names(node)
        last = node.end_lineno or node.lineno
        key = self._add("statement", name, "", node.lineno, last, self._own_text(node), conditional)
        self._lower(key, Lowering(self._columns, node.lineno).statement(node))

    def _add(self, kind: str, name: str, owner: str, row: int, end_row: int, text: str, conditional: bool) -> str:
        key = f"{owner}.{name}" if owner else name or "<statement>"
        count = self._count[key] = self._count.get(key, 0) + 1
        if count > 1:
            key = f"{key}#{count}"
        words = set(_WORD.findall(text))
        called = {word[:-1] for word in words if word[-1] == "("}
        mentions = tuple(sorted(VOCABULARY.intersection(words | called)))
        calls = tuple(sorted(called)) if kind == "function" else ()
        self._definitions.append(
            Definition(key, kind, name, owner, row, end_row, digest(text), conditional, mentions, calls)
        )
        return key

    def _lower(self, key: str, statement: Statement) -> None:
        self._bodies[key] = msgspec.Raw(_encode(statement))

    def _own_text(self, node: ast.stmt) -> str:
        """A statement's lines; of a very long line its own part, as thousands of statements may stand on it."""
        row, last = node.lineno, node.end_lineno or node.lineno
        if last > row or len(self._lines[row - 1]) < _LONG_LINE:
            return self._text(row, last)
        start, end = self._columns.column(row, node.col_offset), self._columns.column(row, node.end_col_offset or 0)
        return self._lines[row - 1][start - 1 : end - 1]

    def _text(self, first: int, last: int) -> str:
        return "\n".join(self._lines[first - 1 : last])


def _imported(found: Import, conditional: bool, typing_only: bool) -> ImportedName:
    return ImportedName(found.module, found.level, found.name, found.alias, found.span.row, conditional, typing_only)


def _branches(node: Any) -> Iterator[tuple[list[ast.stmt], bool]]:
    """The blocks of a compound statement, and whether each is only there for type checkers."""
    if isinstance(node, ast.If):
        checking = "TYPE_CHECKING" in ast.dump(node.test)
        yield node.body, checking
        yield node.orelse, False
        return
    yield node.body, False
    if isinstance(node, ast.Try | ast.TryStar):
        for handler in node.handlers:
            yield handler.body, False
        yield node.orelse, False
        yield node.finalbody, False


def _bound_name(node: ast.stmt) -> str:
    target: ast.expr | None = None
    if isinstance(node, ast.Assign):
        target = node.targets[0]
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        target = node.target
    elif isinstance(node, getattr(ast, "TypeAlias", ())):
        target = node.name  # type: ignore[attr-defined]  # only on Python 3.12 and later
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return ast.unparse(target)
    return ""


def _set_later(body: list[ast.stmt]) -> list[ast.Assign]:
    """Assignments by which one function gives a module's name its value: `db = None`, and `global db` in `init_db()`."""
    empty = {_bound_name(n) for n in body if _is_none(getattr(n, "value", None))} - {""}
    if not empty:
        return []
    found: dict[str, list[ast.Assign]] = {}
    for function in (n for n in body if isinstance(n, ast.FunctionDef)):
        names = {name for n in function.body if isinstance(n, ast.Global) for name in n.names} & empty
        own = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)} if names else set()
        for node in (n for n in function.body if isinstance(n, ast.Assign) and not _is_none(n.value)):
            used = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            if _bound_name(node) in names and own.isdisjoint(used):
                found.setdefault(_bound_name(node), []).append(node)
    return [nodes[0] for nodes in found.values() if len(nodes) == 1]


def _is_none(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _literal_names(node: ast.stmt) -> tuple[str, ...] | None:
    """The names in `__all__`, or None where they are not all literal."""
    value = getattr(node, "value", None)
    if isinstance(node, ast.AugAssign) or not isinstance(value, ast.List | ast.Tuple):
        return None
    names = [e.value for e in value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return tuple(names) if len(names) == len(value.elts) else None


def _is_trivial(body: list[ast.stmt]) -> bool:
    """Whether a body does nothing: only then comments in it may be a statement of intent."""
    return all(
        isinstance(node, ast.Pass)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.Return) and (node.value is None or isinstance(node.value, ast.Constant)))
        for node in body
    )


def _remarks(text: str) -> tuple[str, ...]:
    """The comments of a text. Why a finding is suppressed is said to sqlalint, not of the code."""
    return tuple(said for comment in _comments(text) if (said := without_suppressions(comment)))


def _comments(text: str) -> tuple[str, ...]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):  # an indented or unfinished piece: take the lines that are comments
        return tuple(line.strip() for line in text.splitlines() if line.strip().startswith("#"))
    return tuple(t.string for t in tokens if t.type == tokenize.COMMENT)


def whole_file() -> Span:
    """The span that stands for a file as such."""
    return Span(1, 1, 1, 1)
