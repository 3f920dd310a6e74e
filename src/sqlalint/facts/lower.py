"""From syntax trees to facts: `ast` nodes become expressions and statements with spans in code points."""

import ast
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.gaps import GapReader
from sqlalint.facts.span import Span
from sqlalint.source.columns import Lines

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.MatMult: "@", ast.Div: "/", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^", ast.BitAnd: "&", ast.FloorDiv: "//",
    ast.And: "and", ast.Or: "or", ast.Invert: "~", ast.Not: "not", ast.UAdd: "+", ast.USub: "-",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip

_CALL = ("(", ")")
_DISPLAYS: dict[type[ast.AST], tuple[str, tuple[str, str]]] = {
    ast.Tuple: ("tuple", ("(", ")")), ast.List: ("list", ("[", "]")), ast.Set: ("set", ("{", "}")),
}  # fmt: skip

_LARGEST = 2**63 - 1

# Deeper than any code that people write; what is below becomes `Opaque`, so that nothing after runs out of stack.
_DEEPEST = 300


class Columns:
    """Turns the parser's UTF-8 byte offsets into columns in code points."""

    def __init__(self, lines: Sequence[str], first_row: int) -> None:
        self._lines = Lines(lines)
        self.lines = lines
        self._shift = 1 - first_row

    def column(self, row: int, offset: int) -> int:
        """The column (from 1) of a byte offset in a row of the file."""
        return self._lines.to_points(row + self._shift, offset) + 1


class Lowering:
    """Lowers the nodes of one definition, whose first row in the tree is `first_row`.

    With `yields=False` it is known that nothing in it yields, and that need not be looked for.
    """

    def __init__(self, columns: Columns, first_row: int, *, yields: bool = True) -> None:
        self._columns = columns
        self._gaps = GapReader(columns.lines, first_row)
        self._shift = 1 - first_row
        self._depth = 0
        self._may_yield = yields

    def span(self, node: Any) -> Span:
        """The range of a node, relative to the definition."""
        column, row, end = self._columns.column, node.lineno, node.end_lineno
        shift = self._shift
        return Span(row + shift, column(row, node.col_offset), end + shift, column(end, node.end_col_offset))

    # --- expressions ---

    def expression(self, node: ast.expr) -> ex.Expr:
        """An expression; what has no meaning here becomes `Opaque` with its parts."""
        lower = _EXPRESSIONS.get(type(node))
        if self._depth > _DEEPEST:
            return ex.Opaque(self.span(node))
        self._depth += 1
        try:
            return self._parts(node) if lower is None else lower(self, node)
        finally:
            self._depth -= 1

    def _parts(self, node: ast.expr) -> ex.Expr:
        parts = [self.expression(c) for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
        return ex.Opaque(self.span(node), tuple(parts))

    def optional(self, node: ast.expr | None) -> ex.Expr | None:
        return None if node is None else self.expression(node)

    def expressions(self, nodes: Iterable[ast.expr]) -> tuple[ex.Expr, ...]:
        return tuple([self.expression(n) for n in nodes])

    def _name(self, node: ast.Name) -> ex.Expr:
        return ex.Name(self.span(node), node.id)

    def _attribute(self, node: ast.Attribute) -> ex.Expr:
        return ex.Attribute(self.span(node), self.expression(node.value), node.attr)

    def _call(self, node: ast.Call) -> ex.Expr:
        keywords = tuple([ex.Keyword(k.arg, self.expression(k.value), self.span(k)) for k in node.keywords])
        span, function, arguments = self.span(node), self.expression(node.func), self.expressions(node.args)
        items = [a.span for a in arguments]
        if keywords:
            items += [k.span for k in keywords]
            if arguments and arguments[-1].span > keywords[0].span:  # `*rest` behind a keyword
                items.sort()
        before = function.span
        inside = Span(before.end_row, before.end_column, span.end_row, span.end_column)
        return ex.Call(span, function, arguments, keywords, self._gaps.read(inside, items, _CALL))

    def _constant(self, node: ast.Constant) -> ex.Expr:
        value = node.value
        if isinstance(value, str):
            return ex.Literal(self.span(node), _plain(value))
        if (
            value is None
            or isinstance(value, bool | float)
            or (isinstance(value, int) and -_LARGEST <= value <= _LARGEST)
        ):
            return ex.Literal(self.span(node), value)
        return ex.Opaque(self.span(node))

    def _subscript(self, node: ast.Subscript) -> ex.Expr:
        return ex.Subscript(self.span(node), self.expression(node.value), self.expression(node.slice))

    def _slice(self, node: ast.Slice) -> ex.Expr:
        return ex.Slice(self.span(node), self.optional(node.lower), self.optional(node.upper), self.optional(node.step))

    def _collection(self, node: Any) -> ex.Expr:
        kind, brackets = _DISPLAYS[type(node)]
        span, items = self.span(node), self.expressions(node.elts)
        if kind == "tuple" and items and items[0].span.start == span.start:
            brackets = ("", "")
        return ex.Collection(span, kind, items, self._gaps.read(span, [i.span for i in items], brackets))

    def _mapping(self, node: ast.Dict) -> ex.Expr:
        keys = tuple([self.optional(k) for k in node.keys])
        return ex.Mapping(self.span(node), keys, self.expressions(node.values))

    def _binary(self, node: ast.BinOp) -> ex.Expr:
        # A chain of operators leans to the left and may be thousands long: walk it, do not descend.
        rights: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            rights.append(left)
            left = left.left
        if self._depth + len(rights) > _DEEPEST:
            return ex.Opaque(self.span(node), self.expressions([left, *(r.right for r in reversed(rights))]))
        self._depth += len(rights)
        lowered = self.expression(left)
        self._depth -= len(rights)
        for part in reversed(rights):
            right = self.expression(part.right)
            lowered = ex.Binary(self.span(part), _OPERATORS[type(part.op)], lowered, right)
        return lowered

    def _unary(self, node: ast.UnaryOp) -> ex.Expr:
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            number = node.operand.value
            if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= _LARGEST:
                return ex.Literal(self.span(node), -number)
        return ex.Unary(self.span(node), _OPERATORS[type(node.op)], self.expression(node.operand))

    def _boolean(self, node: ast.BoolOp) -> ex.Expr:
        return ex.Boolean(self.span(node), _OPERATORS[type(node.op)], self.expressions(node.values))

    def _compare(self, node: ast.Compare) -> ex.Expr:
        operators = tuple([_OPERATORS[type(o)] for o in node.ops])
        return ex.Compare(self.span(node), self.expression(node.left), operators, self.expressions(node.comparators))

    def _conditional(self, node: ast.IfExp) -> ex.Expr:
        return ex.Conditional(
            self.span(node), self.expression(node.test), self.expression(node.body), self.expression(node.orelse)
        )

    def _lambda(self, node: ast.Lambda) -> ex.Expr:
        return ex.Lambda(self.span(node), self.parameters(node.args), self.expression(node.body))

    def _comprehension(self, node: Any) -> ex.Expr:
        clauses = []
        for clause in node.generators:
            target, iterable = self.expression(clause.target), self.expression(clause.iter)
            a, b = target.span, iterable.span
            span = Span(a.row, a.column, b.end_row, b.end_column)
            conditions = self.expressions(clause.ifs)
            clauses.append(ex.Clause(target, iterable, conditions, bool(clause.is_async), span))
        if isinstance(node, ast.DictComp):
            kind, element, value = "dict", node.key, self.expression(node.value)
        else:
            kind = {ast.ListComp: "list", ast.SetComp: "set"}.get(type(node), "generator")
            element, value = node.elt, None
        return ex.Comprehension(self.span(node), kind, self.expression(element), value, tuple(clauses))

    def _await(self, node: ast.Await) -> ex.Expr:
        return ex.Await(self.span(node), self.expression(node.value))

    def _yield(self, node: ast.Yield) -> ex.Expr:
        return ex.Yield(self.span(node), self.optional(node.value), False)

    def _yield_from(self, node: ast.YieldFrom) -> ex.Expr:
        return ex.Yield(self.span(node), self.expression(node.value), True)

    def _starred(self, node: ast.Starred) -> ex.Expr:
        return ex.Starred(self.span(node), self.expression(node.value))

    def _walrus(self, node: ast.NamedExpr) -> ex.Expr:
        return ex.Walrus(self.span(node), node.target.id, self.expression(node.value))

    def _text(self, node: Any) -> ex.Expr:
        span = self.span(node)
        parts = [
            self.expression(v.value)
            if hasattr(v, "conversion")
            # Only since Python 3.12 the literal pieces have positions of their own: what is read is the same on all.
            else ex.Literal(span, _plain(str(getattr(v, "value", ""))))
            for v in node.values
        ]
        return ex.Text(span, tuple(parts))

    def parameters(self, arguments: ast.arguments) -> tuple[ex.Parameter, ...]:
        """All parameters in order, `*args` and `**kwargs` included."""
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        defaults += arguments.defaults
        listed = [(p, "positional", d) for p, d in zip(positional, defaults, strict=True)]
        if arguments.vararg:
            listed.append((arguments.vararg, "args", None))
        listed += [(p, "keyword", d) for p, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
        if arguments.kwarg:
            listed.append((arguments.kwarg, "kwargs", None))
        return tuple(
            [
                ex.Parameter(p.arg, kind, self.optional(p.annotation), self.optional(d), self.span(p))
                for p, kind, d in listed
            ]
        )

    # --- statements ---

    def body(self, nodes: Iterable[ast.stmt]) -> tuple[st.Statement, ...]:
        """Statements in order; an import of several names becomes several statements."""
        found: list[st.Statement] = []
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.extend(self.imports(node))
            else:
                found.append(self.statement(node))
        return tuple(found)

    def statement(self, node: ast.stmt) -> st.Statement:
        """A statement other than an import."""
        lower = _STATEMENTS.get(type(node))
        if lower is None or self._depth > _DEEPEST:
            return st.Nothing(self.span(node))
        self._depth += 1
        try:
            return lower(self, node)
        finally:
            self._depth -= 1

    def imports(self, node: ast.Import | ast.ImportFrom) -> list[st.Import]:
        """One statement for each imported name."""
        span = self.span(node)
        if isinstance(node, ast.ImportFrom):
            module, level = node.module or "", node.level
            return [st.Import(span, module, level, a.name, a.asname or a.name) for a in node.names]
        bound = [(a.name, a.asname or a.name) for a in node.names]
        return [st.Import(span, module, 0, None, alias) for module, alias in bound]

    def _header(self, node: Any, last: ast.expr) -> Span:
        start, end = self.span(node), self.span(last)
        return Span(start.row, start.column, end.end_row, end.end_column)

    def _assign(self, node: ast.Assign) -> st.Statement:
        return st.Assign(self.span(node), self.expressions(node.targets), self.expression(node.value))

    def _alias(self, node: Any) -> st.Statement:
        """`type X = ...`."""
        return st.Assign(self.span(node), (self.expression(node.name),), self.expression(node.value))

    def _annotated(self, node: ast.AnnAssign) -> st.Statement:
        targets = (self.expression(node.target),)
        return st.Assign(self.span(node), targets, self.optional(node.value), self.expression(node.annotation))

    def _augment(self, node: ast.AugAssign) -> st.Statement:
        return st.Augment(
            self.span(node), self.expression(node.target), _OPERATORS[type(node.op)], self.expression(node.value)
        )

    def _evaluate(self, node: ast.Expr) -> st.Statement:
        return st.Evaluate(self.span(node), self.expression(node.value))

    def _return(self, node: ast.Return) -> st.Statement:
        return st.Return(self.span(node), self.optional(node.value))

    def _for(self, node: Any) -> st.Statement:
        target, iterable = self.expression(node.target), self.expression(node.iter)
        is_async = isinstance(node, ast.AsyncFor)
        header = self._header(node, node.iter)
        return st.For(header, target, iterable, self.body(node.body), self.body(node.orelse), is_async)

    def _while(self, node: ast.While) -> st.Statement:
        header = self._header(node, node.test)
        return st.While(header, self.expression(node.test), self.body(node.body), self.body(node.orelse))

    def _if(self, node: ast.If) -> st.Statement:
        header = self._header(node, node.test)
        return st.If(header, self.expression(node.test), self.body(node.body), self.body(node.orelse))

    def _with(self, node: Any) -> st.Statement:
        items = [st.WithItem(self.expression(i.context_expr), self.optional(i.optional_vars)) for i in node.items]
        last = node.items[-1]
        header = self._header(node, last.optional_vars or last.context_expr)
        return st.With(header, tuple(items), self.body(node.body), isinstance(node, ast.AsyncWith))

    def _try(self, node: Any) -> st.Statement:
        handlers = [st.Handler(self.optional(h.type), h.name, self.body(h.body)) for h in node.handlers]
        span = self.span(node).start
        return st.Try(span, self.body(node.body), tuple(handlers), self.body(node.orelse), self.body(node.finalbody))

    def _match(self, node: ast.Match) -> st.Statement:
        cases = []
        for case in node.cases:
            found = [getattr(n, "name", None) or getattr(n, "rest", None) for n in ast.walk(case.pattern)]
            names = tuple([n for n in found if isinstance(n, str)])
            cases.append(st.Case(names, self.optional(case.guard), self.body(case.body)))
        return st.Match(self._header(node, node.subject), self.expression(node.subject), tuple(cases))

    def _raise(self, node: ast.Raise) -> st.Statement:
        return st.Raise(self.span(node), self.optional(node.exc))

    def _delete(self, node: ast.Delete) -> st.Statement:
        return st.Delete(self.span(node), self.expressions(node.targets))

    def _assert(self, node: ast.Assert) -> st.Statement:
        return st.Assert(self.span(node), self.expression(node.test))

    def _jump(self, node: ast.stmt) -> st.Statement:
        return st.Jump(self.span(node), "break" if isinstance(node, ast.Break) else "continue")

    def _name_span(self, node: Any, keyword: str) -> Span:
        """The range of the name after `def` or `class`; exact where one space parts the two, as everywhere."""
        start = self.span(node)
        column = start.column + len(keyword) + 1
        return Span(start.row, column, start.row, column + len(node.name))

    def function(self, node: Any, remarks: tuple[str, ...] = ()) -> st.Function:
        """A function with its whole body; `remarks` are the comments in it, where somebody collected them."""
        is_async = isinstance(node, ast.AsyncFunctionDef)
        name_span = self._name_span(node, "async def" if is_async else "def")
        start = self.span(node)
        return st.Function(
            span=Span(start.row, start.column, name_span.end_row, name_span.end_column),
            name=node.name,
            parameters=self.parameters(node.args),
            returns=self.optional(node.returns),
            decorators=self.expressions(node.decorator_list),
            body=self.body(node.body),
            is_async=is_async,
            is_generator=self._may_yield and _yields(node.body),
            name_span=name_span,
            remarks=remarks,
        )

    def class_(self, node: ast.ClassDef, whole: bool = True) -> st.Class:
        """A class; with `whole=False` its methods are left out of the body and only named."""
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        body = [n for n in node.body if whole or not isinstance(n, functions)]
        name_span = self._name_span(node, "class")
        start = self.span(node)
        return st.Class(
            span=Span(start.row, start.column, name_span.end_row, name_span.end_column),
            name=node.name,
            bases=self.expressions(node.bases),
            keywords=tuple([(k.arg or "**", self.expression(k.value)) for k in node.keywords]),
            decorators=self.expressions(node.decorator_list),
            body=self.body(body),
            methods=tuple([n.name for n in node.body if isinstance(n, functions)]),
            name_span=name_span,
        )


def _plain(value: str) -> str:
    """A string without lone surrogates, which cannot be encoded."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def _yields(body: Sequence[ast.stmt]) -> bool:
    """Whether a function body itself yields, nested functions apart."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(ast.iter_child_nodes(node))
    return False


_EXPRESSIONS: dict[type[ast.AST], Callable[[Lowering, Any], ex.Expr]] = {
    ast.Name: Lowering._name, ast.Attribute: Lowering._attribute, ast.Call: Lowering._call,
    ast.Constant: Lowering._constant, ast.Subscript: Lowering._subscript, ast.Slice: Lowering._slice,
    ast.Tuple: Lowering._collection, ast.List: Lowering._collection, ast.Set: Lowering._collection,
    ast.Dict: Lowering._mapping, ast.BinOp: Lowering._binary, ast.UnaryOp: Lowering._unary,
    ast.BoolOp: Lowering._boolean, ast.Compare: Lowering._compare, ast.IfExp: Lowering._conditional,
    ast.Lambda: Lowering._lambda, ast.ListComp: Lowering._comprehension, ast.SetComp: Lowering._comprehension,
    ast.DictComp: Lowering._comprehension, ast.GeneratorExp: Lowering._comprehension, ast.Await: Lowering._await,
    ast.Yield: Lowering._yield, ast.YieldFrom: Lowering._yield_from, ast.Starred: Lowering._starred,
    ast.NamedExpr: Lowering._walrus, ast.JoinedStr: Lowering._text,
}  # fmt: skip

_STATEMENTS: dict[type[ast.AST], Callable[[Lowering, Any], st.Statement]] = {
    ast.Assign: Lowering._assign, ast.AnnAssign: Lowering._annotated, ast.AugAssign: Lowering._augment,
    ast.Expr: Lowering._evaluate, ast.Return: Lowering._return, ast.For: Lowering._for, ast.AsyncFor: Lowering._for,
    ast.While: Lowering._while, ast.If: Lowering._if, ast.With: Lowering._with, ast.AsyncWith: Lowering._with,
    ast.Try: Lowering._try, ast.TryStar: Lowering._try, ast.Match: Lowering._match, ast.Raise: Lowering._raise,
    ast.Delete: Lowering._delete, ast.Assert: Lowering._assert, ast.Break: Lowering._jump,
    ast.Continue: Lowering._jump, ast.FunctionDef: Lowering.function, ast.AsyncFunctionDef: Lowering.function,
    ast.ClassDef: Lowering.class_,
}  # fmt: skip

if hasattr(ast, "TypeAlias"):  # Python 3.12
    _STATEMENTS[ast.TypeAlias] = Lowering._alias
if hasattr(ast, "TemplateStr"):  # Python 3.14
    _EXPRESSIONS[ast.TemplateStr] = Lowering._text


def expression_of(text: str) -> ex.Expr | None:
    """A string that is an expression (`Mapped["User | None"]`), lowered; None where it is none. Its spans mean nothing."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return Lowering(Columns([], 1), 1).expression(tree.body)
