"""LibCST's statements and patterns as `ast` nodes, with positions read off the text beside the tree."""

import ast
from collections.abc import Callable
from typing import Any

from sqlalint.source.modern_expressions import Expressions

_AUGMENTED: dict[str, tuple[type[ast.operator], str]] = {
    "AddAssign": (ast.Add, "+="), "SubtractAssign": (ast.Sub, "-="), "MultiplyAssign": (ast.Mult, "*="),
    "MatrixMultiplyAssign": (ast.MatMult, "@="), "DivideAssign": (ast.Div, "/="), "ModuloAssign": (ast.Mod, "%="),
    "BitAndAssign": (ast.BitAnd, "&="), "BitOrAssign": (ast.BitOr, "|="), "BitXorAssign": (ast.BitXor, "^="),
    "LeftShiftAssign": (ast.LShift, "<<="), "RightShiftAssign": (ast.RShift, ">>="), "PowerAssign": (ast.Pow, "**="),
    "FloorDivideAssign": (ast.FloorDiv, "//="),
}  # fmt: skip


class Statements(Expressions):
    """Converts a module. Each method moves behind the tokens of its node, and no further."""

    def module(self, node: Any) -> ast.Module:
        """The module's tree."""
        return ast.Module(self._lines_of(node.body), [])

    def _lines_of(self, nodes: Any) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for node in nodes:
            if type(node).__name__ == "SimpleStatementLine":
                self._small(node.body, found)
            else:
                found.append(self._statement(node))
        return found

    def _small(self, nodes: Any, into: list[ast.stmt]) -> None:
        for node in nodes:
            into.append(self._statement(node))
            self.accept(";")

    def _statement(self, node: Any) -> ast.stmt:
        decorators = []
        for decorator in getattr(node, "decorators", ()):
            self.take("@")
            decorators.append(self.expression(decorator.decorator))
        start = self.begin()
        found = _CONVERSIONS[type(node).__name__](self, node, start)
        if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.decorator_list = decorators
        return found

    def _suite(self, node: Any) -> list[ast.stmt]:
        """`:` and the body behind it."""
        self.take(":")
        if type(node).__name__ == "IndentedBlock":
            return self._lines_of(node.body)
        found: list[ast.stmt] = []
        self._small(node.body, found)
        return found

    def _else(self, node: Any) -> list[ast.stmt]:
        if node is None:
            return []
        self.take("else")
        return self._suite(node.body)

    # --- simple statements ---

    def _expr(self, node: Any, start: int) -> ast.stmt:
        value = self.expression(node.value)
        return ast.Expr(value, **self.range(start))

    def _word(self, node: Any, start: int) -> ast.stmt:
        kind, word = {"Pass": (ast.Pass, "pass"), "Break": (ast.Break, "break")}.get(
            type(node).__name__, (ast.Continue, "continue")
        )
        self.take(word)
        return kind(**self.range(start))

    def _return(self, node: Any, start: int) -> ast.stmt:
        self.take("return")
        value = self.optional(node.value)
        return ast.Return(value, **self.range(start))

    def _raise(self, node: Any, start: int) -> ast.stmt:
        self.take("raise")
        exception = self.optional(node.exc)
        cause = None
        if node.cause is not None:
            self.take("from")
            cause = self.expression(node.cause.item)
        return ast.Raise(exception, cause, **self.range(start))

    def _assert(self, node: Any, start: int) -> ast.stmt:
        self.take("assert")
        test = self.expression(node.test)
        message = self.expression(node.msg) if self.accept(",") else None
        return ast.Assert(test, message, **self.range(start))

    def _delete(self, node: Any, start: int) -> ast.stmt:
        self.take("del")
        target = self.expression(node.target)
        several = isinstance(target, ast.Tuple) and not node.target.lpar
        targets = target.elts if several and isinstance(target, ast.Tuple) else [target]
        return ast.Delete(targets, **self.range(start))

    def _names(self, node: Any, start: int) -> ast.stmt:
        kind: Any = ast.Global if type(node).__name__ == "Global" else ast.Nonlocal
        self.take("global" if kind is ast.Global else "nonlocal")
        names = []
        for item in node.names:
            names.append(self.name(item.name))
            self.accept(",")
        found: ast.stmt = kind(names, **self.range(start))
        return found

    def _assign(self, node: Any, start: int) -> ast.stmt:
        targets = []
        for target in node.targets:
            targets.append(self.expression(target.target))
            self.take("=")
        value = self.expression(node.value)
        return ast.Assign(targets, value, **self.range(start))

    def _annotated(self, node: Any, start: int) -> ast.stmt:
        target: Any = self.expression(node.target)
        self.take(":")
        annotation = self.expression(node.annotation.annotation)
        value = None
        if node.value is not None:
            self.take("=")
            value = self.expression(node.value)
        simple = int(isinstance(target, ast.Name) and not node.target.lpar)
        return ast.AnnAssign(target, annotation, value, simple, **self.range(start))

    def _augmented(self, node: Any, start: int) -> ast.stmt:
        target: Any = self.expression(node.target)
        operator, token = _AUGMENTED[type(node.operator).__name__]
        self.take(token)
        value = self.expression(node.value)
        return ast.AugAssign(target, operator(), value, **self.range(start))

    def _alias(self, node: Any, start: int) -> ast.stmt:
        """`type X = ...` as an assignment, which every Python has."""
        self.take("type")
        target = self.expression(node.name)
        self._type_parameters(node.type_parameters)
        self.take("=")
        value = self.expression(node.value)
        return ast.Assign([target], value, **self.range(start))

    # --- imports ---

    def _import(self, node: Any, start: int) -> ast.stmt:
        if type(node).__name__ == "LazyImport":
            self.take("lazy")
        self.take("import")
        names = self._imported(node.names)
        return ast.Import(names, **self.range(start))

    def _import_from(self, node: Any, start: int) -> ast.stmt:
        if type(node).__name__ == "LazyImportFrom":
            self.take("lazy")
        self.take("from")
        for _ in node.relative:
            self.take(".")
        module = None if node.module is None else self._dotted(node.module)
        self.take("import")
        if node.lpar is not None:
            self.take("(")
        if isinstance(node.names, list | tuple):
            names = self._imported(node.names)
        else:
            at = self.begin()
            self.take("*")
            names = [ast.alias("*", None, **self.range(at))]
        if node.lpar is not None:
            self.take(")")
        return ast.ImportFrom(module, names, len(node.relative), **self.range(start))

    def _imported(self, nodes: Any) -> list[ast.alias]:
        names = []
        for node in nodes:
            start = self.begin()
            name = self._dotted(node.name)
            bound = None
            if node.asname is not None:
                self.take("as")
                bound = self.name(node.asname.name)
            names.append(ast.alias(name, bound, **self.range(start)))
            self.accept(",")
        return names

    def _dotted(self, node: Any) -> str:
        if type(node).__name__ == "Name":
            return self.name(node)
        before = self._dotted(node.value)
        self.take(".")
        return f"{before}.{self.name(node.attr)}"

    # --- compound statements ---

    def _if(self, node: Any, start: int) -> ast.stmt:
        if not self.accept("elif"):
            self.take("if")
        test = self.expression(node.test)
        body = self._suite(node.body)
        otherwise = [self._statement(node.orelse)] if type(node.orelse).__name__ == "If" else self._else(node.orelse)
        return ast.If(test, body, otherwise, **self.range(start))

    def _while(self, node: Any, start: int) -> ast.stmt:
        self.take("while")
        test = self.expression(node.test)
        body = self._suite(node.body)
        otherwise = self._else(node.orelse)
        return ast.While(test, body, otherwise, **self.range(start))

    def _for(self, node: Any, start: int) -> ast.stmt:
        if node.asynchronous is not None:
            self.take("async")
        self.take("for")
        target: Any = self.expression(node.target)
        self.take("in")
        iterable = self.expression(node.iter)
        body = self._suite(node.body)
        otherwise = self._else(node.orelse)
        kind = ast.For if node.asynchronous is None else ast.AsyncFor
        return kind(target, iterable, body, otherwise, **self.range(start))

    def _with(self, node: Any, start: int) -> ast.stmt:
        if node.asynchronous is not None:
            self.take("async")
        self.take("with")
        enclosed = type(node.lpar).__name__ == "LeftParen"
        if enclosed:
            self.take("(")
        items = []
        for item in node.items:
            value = self.expression(item.item)
            target = None
            if item.asname is not None:
                self.take("as")
                target = self.expression(item.asname.name)
            items.append(ast.withitem(value, target))
            self.accept(",")
        if enclosed:
            self.take(")")
        body = self._suite(node.body)
        kind = ast.With if node.asynchronous is None else ast.AsyncWith
        return kind(items, body, **self.range(start))

    def _try(self, node: Any, start: int) -> ast.stmt:
        self.take("try")
        body = self._suite(node.body)
        handlers = [self._handler(handler) for handler in node.handlers]
        otherwise = self._else(node.orelse)
        final: list[ast.stmt] = []
        if node.finalbody is not None:
            self.take("finally")
            final = self._suite(node.finalbody.body)
        kind = ast.TryStar if type(node).__name__ == "TryStar" else ast.Try
        return kind(body, handlers, otherwise, final, **self.range(start))

    def _handler(self, node: Any) -> ast.ExceptHandler:
        start = self.begin()
        self.take("except")
        self.accept("*")
        kind = self.optional(node.type)
        name = None
        if node.name is not None:
            self.take("as")
            name = self.name(node.name.name)
        body = self._suite(node.body)
        return ast.ExceptHandler(kind, name, body, **self.range(start))

    def _function(self, node: Any, start: int) -> ast.stmt:
        if node.asynchronous is not None:
            self.take("async")
        self.take("def")
        name = self.name(node.name)
        self._type_parameters(node.type_parameters)
        self.take("(")
        arguments = self.parameters(node.params)
        self.take(")")
        returns = None
        if node.returns is not None:
            self.take("->")
            returns = self.expression(node.returns.annotation)
        body = self._suite(node.body)
        if node.asynchronous is None:
            return ast.FunctionDef(name, arguments, body, [], returns, **self.range(start))
        return ast.AsyncFunctionDef(name, arguments, body, [], returns, **self.range(start))

    def _class(self, node: Any, start: int) -> ast.stmt:
        self.take("class")
        name = self.name(node.name)
        self._type_parameters(node.type_parameters)
        bases: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        if self.accept("("):
            bases, keywords = self.arguments([*node.bases, *node.keywords])
            self.take(")")
        body = self._suite(node.body)
        return ast.ClassDef(name, bases, keywords, body, [], **self.range(start))

    def _type_parameters(self, node: Any) -> None:
        """Move behind type parameters: nothing reads them."""
        if node is None:
            return
        self.take("[")
        for part in node.params:
            self.accept("**")
            self.accept("*")
            self.name(part.param.name)
            bound = getattr(part.param, "bound", None)
            if bound is not None:
                self.take(":")
                self.expression(bound)
            if part.default is not None:
                self.take("=")
                self.accept("*")
                self.expression(part.default)
            self.accept(",")
        self.take("]")

    # --- match ---

    def _match(self, node: Any, start: int) -> ast.stmt:
        self.take("match")
        subject = self.expression(node.subject)
        self.take(":")
        cases = []
        for case in node.cases:
            self.take("case")
            pattern = self._pattern(case.pattern)
            guard = None
            if case.guard is not None:
                self.take("if")
                guard = self.expression(case.guard)
            cases.append(ast.match_case(pattern, guard, self._suite(case.body)))
        return ast.Match(subject, cases, **self.range(start))

    def _pattern(self, node: Any) -> ast.pattern:
        kind = type(node).__name__
        # Those of a value are its expression's, and the innermost of a tuple its own.
        parentheses = 0 if kind == "MatchValue" else len(getattr(node, "lpar", None) or ())
        if kind == "MatchTuple" and parentheses:
            parentheses -= 1
        for _ in range(parentheses):
            self.take("(")
        start = self.begin()
        found = _PATTERNS[kind](self, node, start)
        for _ in range(parentheses):
            self.take(")")
        return found

    def _value_pattern(self, node: Any, start: int) -> ast.pattern:
        value = self.expression(node.value)
        return ast.copy_location(ast.MatchValue(value), value)

    def _singleton(self, node: Any, start: int) -> ast.pattern:
        name = self.name(node.value)
        value = {"True": True, "False": False}.get(name)
        return ast.MatchSingleton(value, **self.range(start))

    def _sequence_pattern(self, node: Any, start: int) -> ast.pattern:
        brackets = ""
        if getattr(node, "lbracket", None) is not None:
            brackets = "[]"
        elif type(node).__name__ == "MatchTuple" and node.lpar:
            brackets = "()"
        if brackets:
            self.take(brackets[0])
        patterns = []
        for element in node.patterns:
            star = type(element).__name__ == "MatchStar"
            patterns.append(self._star_pattern(element) if star else self._pattern(element.value))
            self.accept(",")
        if brackets:
            self.take(brackets[1])
        return ast.MatchSequence(patterns, **self.range(start))

    def _star_pattern(self, node: Any) -> ast.pattern:
        start = self.begin()
        self.take("*")
        name = self._capture(node.name)
        return ast.MatchStar(name, **self.range(start))

    def _capture(self, node: Any) -> str | None:
        if node is None:
            self.take("_")
            return None
        name = self.name(node)
        return None if name == "_" else name

    def _mapping_pattern(self, node: Any, start: int) -> ast.pattern:
        self.take("{")
        keys = []
        patterns = []
        for element in node.elements:
            keys.append(self.expression(element.key))
            self.take(":")
            patterns.append(self._pattern(element.pattern))
            self.accept(",")
        rest = None
        if node.rest is not None:
            self.take("**")
            rest = self.name(node.rest)
            self.accept(",")
        self.take("}")
        return ast.MatchMapping(keys, patterns, rest, **self.range(start))

    def _class_pattern(self, node: Any, start: int) -> ast.pattern:
        cls = self.expression(node.cls)
        self.take("(")
        patterns = []
        for element in node.patterns:
            patterns.append(self._pattern(element.value))
            self.accept(",")
        names = []
        keyword_patterns = []
        for element in node.kwds:
            names.append(self.name(element.key))
            self.take("=")
            keyword_patterns.append(self._pattern(element.pattern))
            self.accept(",")
        self.take(")")
        return ast.MatchClass(cls, patterns, names, keyword_patterns, **self.range(start))

    def _as_pattern(self, node: Any, start: int) -> ast.pattern:
        pattern = None
        if node.pattern is not None:
            pattern = self._pattern(node.pattern)
            self.take("as")
        name = self._capture(node.name)
        return ast.MatchAs(pattern, name, **self.range(start))

    def _or_pattern(self, node: Any, start: int) -> ast.pattern:
        patterns = []
        for element in node.patterns:
            patterns.append(self._pattern(element.pattern))
            self.accept("|")
        return ast.MatchOr(patterns, **self.range(start))


_CONVERSIONS: dict[str, Callable[[Any, Any, int], ast.stmt]] = {
    "Expr": Statements._expr, "Pass": Statements._word, "Break": Statements._word, "Continue": Statements._word,
    "Return": Statements._return, "Raise": Statements._raise, "Assert": Statements._assert, "Del": Statements._delete,
    "Global": Statements._names, "Nonlocal": Statements._names, "Assign": Statements._assign,
    "AnnAssign": Statements._annotated, "AugAssign": Statements._augmented, "TypeAlias": Statements._alias,
    "Import": Statements._import, "LazyImport": Statements._import, "ImportFrom": Statements._import_from,
    "LazyImportFrom": Statements._import_from, "If": Statements._if, "While": Statements._while,
    "For": Statements._for, "With": Statements._with, "Try": Statements._try, "TryStar": Statements._try,
    "FunctionDef": Statements._function, "ClassDef": Statements._class, "Match": Statements._match,
}  # fmt: skip

_PATTERNS: dict[str, Callable[[Any, Any, int], ast.pattern]] = {
    "MatchValue": Statements._value_pattern, "MatchSingleton": Statements._singleton,
    "MatchList": Statements._sequence_pattern, "MatchTuple": Statements._sequence_pattern,
    "MatchMapping": Statements._mapping_pattern, "MatchClass": Statements._class_pattern,
    "MatchAs": Statements._as_pattern, "MatchOr": Statements._or_pattern,
}  # fmt: skip
