"""LibCST's expressions as `ast` expressions, with positions read off the text beside the tree."""

import ast
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from sqlalint.source.columns import Lines

_BLANK = re.compile(r"(?:[ \t\f\n]+|\\\n|#[^\n]*)*")
_ESCAPE = re.compile(r"\\(?:\n|[\\'\"abfnrtv]|[0-7]{1,3}|x..|u....|U.{8}|N\{[^}]*\})", re.DOTALL)
_LOAD = ast.Load()
_SINGLETONS = {"True": True, "False": False, "None": None}

_BINARY: dict[str, tuple[type[ast.operator], str]] = {
    "Add": (ast.Add, "+"), "Subtract": (ast.Sub, "-"), "Multiply": (ast.Mult, "*"), "Divide": (ast.Div, "/"),
    "FloorDivide": (ast.FloorDiv, "//"), "Modulo": (ast.Mod, "%"), "Power": (ast.Pow, "**"),
    "LeftShift": (ast.LShift, "<<"), "RightShift": (ast.RShift, ">>"), "BitOr": (ast.BitOr, "|"),
    "BitAnd": (ast.BitAnd, "&"), "BitXor": (ast.BitXor, "^"), "MatrixMultiply": (ast.MatMult, "@"),
}  # fmt: skip
_UNARY: dict[str, tuple[type[ast.unaryop], str]] = {
    "Not": (ast.Not, "not"), "Minus": (ast.USub, "-"), "Plus": (ast.UAdd, "+"), "BitInvert": (ast.Invert, "~"),
}  # fmt: skip
_COMPARE: dict[str, tuple[type[ast.cmpop], tuple[str, ...]]] = {
    "Equal": (ast.Eq, ("==",)), "NotEqual": (ast.NotEq, ("!=",)), "LessThan": (ast.Lt, ("<",)),
    "LessThanEqual": (ast.LtE, ("<=",)), "GreaterThan": (ast.Gt, (">",)), "GreaterThanEqual": (ast.GtE, (">=",)),
    "Is": (ast.Is, ("is",)), "IsNot": (ast.IsNot, ("is", "not")), "In": (ast.In, ("in",)),
    "NotIn": (ast.NotIn, ("not", "in")),
}  # fmt: skip


class Lost(Exception):
    """The text does not hold the token that the tree says comes next: a defect here, never a wrong position."""

    def __init__(self, row: int, token: str) -> None:
        super().__init__(f"line {row}, {token[:20]!r}")
        self.row = row


class Cursor:
    """A place in the text, moved from token to token."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.end = 0  # where the last token ended
        lines = text.split("\n")
        self._lines = Lines(lines)
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def begin(self) -> int:
        """Where the next token begins."""
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        return self.at

    def take(self, token: str) -> None:
        """Move behind the next token, which must be this one."""
        at = self.begin()
        if not self.text.startswith(token, at):
            raise Lost(bisect_right(self._starts, at), token)
        self.at = self.end = at + len(token)

    def take_raw(self, piece: str) -> None:
        """Move behind a piece of a string, where blanks and comments are text."""
        if not self.text.startswith(piece, self.at):
            raise Lost(bisect_right(self._starts, self.at), piece)
        self.at = self.end = self.at + len(piece)

    def accept(self, token: str) -> bool:
        """Move behind the next token if it is this one."""
        at = self.begin()
        if not self.text.startswith(token, at):
            return False
        self.at = self.end = at + len(token)
        return True

    def range(self, start: int) -> dict[str, Any]:
        """The position of a node from `start` to the end of the last token, as `ast` counts."""
        row, end_row = bisect_right(self._starts, start), bisect_right(self._starts, self.end)
        lines = self._lines
        return {
            "lineno": row,
            "col_offset": lines.to_bytes(row, start - self._starts[row - 1]),
            "end_lineno": end_row,
            "end_col_offset": lines.to_bytes(end_row, self.end - self._starts[end_row - 1]),
        }


def identifier(name: str) -> str:
    """A name as Python knows it."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


class Expressions(Cursor):
    """Converts expressions. Each method moves behind the tokens of its node, and no further."""

    def expression(self, node: Any) -> ast.expr:
        """An expression with its parentheses, which belong to no node but tuples and generators."""
        kind = type(node).__name__
        own = 1 if kind in ("Tuple", "GeneratorExp") and node.lpar else 0
        outer = len(node.lpar) - own
        for _ in range(outer):
            self.take("(")
        start = self.begin()
        found = _CONVERSIONS[kind](self, node, start)
        for _ in range(outer):
            self.take(")")
        return found

    def optional(self, node: Any) -> ast.expr | None:
        return None if node is None else self.expression(node)

    def name(self, node: Any) -> str:
        """A name that is no expression of its own: an attribute, a parameter, a keyword."""
        self.take(node.value)
        return identifier(node.value)

    # --- atoms ---

    def _name(self, node: Any, start: int) -> ast.expr:
        self.take(node.value)
        if node.value in _SINGLETONS:
            return ast.Constant(_SINGLETONS[node.value], **self.range(start))
        return ast.Name(identifier(node.value), _LOAD, **self.range(start))

    def _ellipsis(self, node: Any, start: int) -> ast.expr:
        self.take("...")
        return ast.Constant(..., **self.range(start))

    def _integer(self, node: Any, start: int) -> ast.expr:
        self.take(node.value)
        return ast.Constant(int(node.value, 0), **self.range(start))

    def _float(self, node: Any, start: int) -> ast.expr:
        self.take(node.value)
        return ast.Constant(float(node.value), **self.range(start))

    def _imaginary(self, node: Any, start: int) -> ast.expr:
        self.take(node.value)
        return ast.Constant(complex(0, float(node.value[:-1])), **self.range(start))

    # --- strings ---

    def _string(self, node: Any, start: int) -> ast.expr:
        self.take(node.value)
        return ast.Constant(_string_value(node.value), **self.range(start))

    def _formatted(self, node: Any, start: int) -> ast.expr:
        pieces = self._pieces(node)
        return ast.JoinedStr(self._merged(pieces, start), **self.range(start))

    def _concatenated(self, node: Any, start: int) -> ast.expr:
        pieces: list[Any] = []
        formatted = False
        while node is not None:
            left, node = (node.left, node.right) if type(node).__name__ == "ConcatenatedString" else (node, None)
            if type(left).__name__ == "SimpleString":
                self.take(left.value)
                pieces.append(_string_value(left.value))
            else:
                formatted = True
                self.begin()
                pieces += self._pieces(left)
        if formatted:
            return ast.JoinedStr(self._merged(pieces, start), **self.range(start))
        empty: Any = b"" if isinstance(pieces[0], bytes) else ""
        if any(type(piece) is not type(empty) for piece in pieces):
            raise SyntaxError("cannot mix bytes and nonbytes literals")
        return ast.Constant(empty.join(pieces), **self.range(start))

    def _pieces(self, node: Any) -> list[Any]:
        """The texts and values of a formatted string."""
        self.take(node.start)
        pieces: list[Any] = []
        raw = "r" in node.start.lower()
        for part in node.parts:
            if hasattr(part, "expression"):
                pieces += self._replacement(part, raw)
            else:
                pieces.append(self._piece(part, raw))
        self.take_raw(node.end)
        return pieces

    def _piece(self, part: Any, raw: bool) -> str:
        self.take_raw(part.value)
        text = str(part.value)
        if "\\" in text and not raw:
            text = _ESCAPE.sub(_unescaped, text)
        return text.replace("{{", "{").replace("}}", "}")

    def _replacement(self, part: Any, raw: bool) -> list[Any]:
        start = self.at
        self.take_raw("{")
        inner = self.at
        value = self.expression(part.expression)
        pieces: list[Any] = []
        if part.equal is not None:
            self.take("=")
            pieces.append(self.text[inner : self.begin()])
        if part.conversion is not None:
            self.take("!")
            self.take_raw(part.conversion)
        if part.format_spec is not None:
            self.take(":")
            for spec in part.format_spec:
                if hasattr(spec, "expression"):
                    self._replacement(spec, raw)
                else:
                    self.take_raw(spec.value)
        self.take("}")
        pieces.append(ast.FormattedValue(value, -1, None, **self.range(start)))
        return pieces

    def _merged(self, pieces: list[Any], start: int) -> list[ast.expr]:
        """Neighbouring texts made one, as `ast` has them."""
        merged: list[ast.expr] = []
        text = ""
        for piece in [*pieces, None]:
            if isinstance(piece, str):
                text += piece
                continue
            if text:
                merged.append(ast.Constant(text, **self.range(start)))
                text = ""
            if piece is not None:
                merged.append(piece)
        return merged

    # --- operators ---

    def _attribute(self, node: Any, start: int) -> ast.expr:
        value = self.expression(node.value)
        self.take(".")
        return ast.Attribute(value, self.name(node.attr), _LOAD, **self.range(start))

    def _binary(self, node: Any, start: int) -> ast.expr:
        left = self.expression(node.left)
        operator, token = _BINARY[type(node.operator).__name__]
        self.take(token)
        right = self.expression(node.right)
        return ast.BinOp(left, operator(), right, **self.range(start))

    def _unary(self, node: Any, start: int) -> ast.expr:
        operator, token = _UNARY[type(node.operator).__name__]
        self.take(token)
        value = self.expression(node.expression)
        return ast.UnaryOp(operator(), value, **self.range(start))

    def _boolean(self, node: Any, start: int) -> ast.expr:
        kind = type(node.operator)
        links = [node]
        while type(links[-1].left) is type(node) and type(links[-1].left.operator) is kind and not links[-1].left.lpar:
            links.append(links[-1].left)
        values = [self.expression(links[-1].left)]
        conjunction = kind.__name__ == "And"
        for link in reversed(links):
            self.take("and" if conjunction else "or")
            values.append(self.expression(link.right))
        return ast.BoolOp(ast.And() if conjunction else ast.Or(), values, **self.range(start))

    def _comparison(self, node: Any, start: int) -> ast.expr:
        left = self.expression(node.left)
        operators: list[ast.cmpop] = []
        comparators: list[ast.expr] = []
        for part in node.comparisons:
            operator, tokens = _COMPARE[type(part.operator).__name__]
            for token in tokens:
                self.take(token)
            operators.append(operator())
            comparators.append(self.expression(part.comparator))
        return ast.Compare(left, operators, comparators, **self.range(start))

    def _conditional(self, node: Any, start: int) -> ast.expr:
        body = self.expression(node.body)
        self.take("if")
        test = self.expression(node.test)
        self.take("else")
        otherwise = self.expression(node.orelse)
        return ast.IfExp(test, body, otherwise, **self.range(start))

    def _walrus(self, node: Any, start: int) -> ast.expr:
        target = self.expression(node.target)
        self.take(":=")
        value = self.expression(node.value)
        if not isinstance(target, ast.Name):
            raise SyntaxError("cannot use assignment expressions with anything but a name")
        return ast.NamedExpr(target, value, **self.range(start))

    def _await(self, node: Any, start: int) -> ast.expr:
        self.take("await")
        value = self.expression(node.expression)
        return ast.Await(value, **self.range(start))

    def _yield(self, node: Any, start: int) -> ast.expr:
        self.take("yield")
        if type(node.value).__name__ == "From":
            self.take("from")
            item = self.expression(node.value.item)
            return ast.YieldFrom(item, **self.range(start))
        value = self.optional(node.value)
        return ast.Yield(value, **self.range(start))

    def _lambda(self, node: Any, start: int) -> ast.expr:
        self.take("lambda")
        arguments = self.parameters(node.params)
        self.take(":")
        body = self.expression(node.body)
        return ast.Lambda(arguments, body, **self.range(start))

    # --- calls and subscripts ---

    def _call(self, node: Any, start: int) -> ast.expr:
        function = self.expression(node.func)
        if len(node.args) == 1 and type(node.args[0].value).__name__ == "GeneratorExp" and not node.args[0].star:
            only = node.args[0].value
            if not only.lpar and node.args[0].keyword is None:
                inner = self.begin()
                self.take("(")
                element, clauses = self._comprehended(only)
                self.take(")")
                generator = ast.GeneratorExp(element, clauses, **self.range(inner))
                return ast.Call(function, [generator], [], **self.range(start))
        self.take("(")
        arguments, keywords = self.arguments(node.args)
        self.take(")")
        return ast.Call(function, arguments, keywords, **self.range(start))

    def arguments(self, nodes: Any) -> tuple[list[ast.expr], list[ast.keyword]]:
        """The arguments of a call or a class, without the parentheses around them."""
        arguments: list[ast.expr] = []
        keywords: list[ast.keyword] = []
        for node in nodes:
            start = self.begin()
            if node.star == "**":
                self.take("**")
                value = self.expression(node.value)
                keywords.append(ast.keyword(None, value, **self.range(start)))
            elif node.star:
                self.take("*")
                value = self.expression(node.value)
                arguments.append(ast.Starred(value, _LOAD, **self.range(start)))
            elif node.keyword is not None:
                name = self.name(node.keyword)
                self.take("=")
                value = self.expression(node.value)
                keywords.append(ast.keyword(name, value, **self.range(start)))
            else:
                arguments.append(self.expression(node.value))
            self.accept(",")
        return arguments, keywords

    def _subscript(self, node: Any, start: int) -> ast.expr:
        value = self.expression(node.value)
        self.take("[")
        inner = self.begin()
        parts: list[ast.expr] = []
        comma = False
        for element in node.slice:
            parts.append(self._slice(element.slice))
            comma = self.accept(",")
        index = parts[0]
        if len(parts) > 1 or comma or isinstance(index, ast.Starred):
            index = ast.Tuple(parts, _LOAD, **self.range(inner))
        self.take("]")
        return ast.Subscript(value, index, _LOAD, **self.range(start))

    def _slice(self, node: Any) -> ast.expr:
        start = self.begin()
        if type(node).__name__ == "Index":
            if not node.star:
                return self.expression(node.value)
            self.take("*")
            value = self.expression(node.value)
            return ast.Starred(value, _LOAD, **self.range(start))
        lower = self.optional(node.lower)
        self.take(":")
        upper = self.optional(node.upper)
        step = self.optional(node.step) if self.accept(":") else None
        return ast.Slice(lower, upper, step, **self.range(start))

    # --- displays and comprehensions ---

    def _tuple(self, node: Any, start: int) -> ast.expr:
        if node.lpar:
            self.take("(")
        elements = self._elements(node)
        if node.lpar:
            self.take(")")
        return ast.Tuple(elements, _LOAD, **self.range(start))

    def _list(self, node: Any, start: int) -> ast.expr:
        self.take("[")
        elements = self._elements(node)
        self.take("]")
        return ast.List(elements, _LOAD, **self.range(start))

    def _set(self, node: Any, start: int) -> ast.expr:
        self.take("{")
        elements = self._elements(node)
        self.take("}")
        return ast.Set(elements, **self.range(start))

    def _elements(self, node: Any) -> list[ast.expr]:
        elements = []
        for element in node.elements:
            starred = type(element).__name__ == "StarredElement"
            elements.append(self.expression(element if starred else element.value))
            self.accept(",")
        return elements

    def _starred(self, node: Any, start: int) -> ast.expr:
        self.take("*")
        value = self.expression(node.value)
        return ast.Starred(value, _LOAD, **self.range(start))

    def _dict(self, node: Any, start: int) -> ast.expr:
        self.take("{")
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for element in node.elements:
            if type(element).__name__ == "StarredDictElement":
                self.take("**")
                keys.append(None)
            else:
                keys.append(self.expression(element.key))
                self.take(":")
            values.append(self.expression(element.value))
            self.accept(",")
        self.take("}")
        return ast.Dict(keys, values, **self.range(start))

    def _generator(self, node: Any, start: int) -> ast.expr:
        if node.lpar:
            self.take("(")
        element, clauses = self._comprehended(node)
        if node.lpar:
            self.take(")")
        return ast.GeneratorExp(element, clauses, **self.range(start))

    def _list_comprehension(self, node: Any, start: int) -> ast.expr:
        self.take("[")
        element, clauses = self._comprehended(node)
        self.take("]")
        return ast.ListComp(element, clauses, **self.range(start))

    def _set_comprehension(self, node: Any, start: int) -> ast.expr:
        self.take("{")
        element, clauses = self._comprehended(node)
        self.take("}")
        return ast.SetComp(element, clauses, **self.range(start))

    def _dict_comprehension(self, node: Any, start: int) -> ast.expr:
        self.take("{")
        key = self.expression(node.key)
        self.take(":")
        value = self.expression(node.value)
        clauses = self._clauses(node.for_in)
        self.take("}")
        return ast.DictComp(key, value, clauses, **self.range(start))

    def _merging_comprehension(self, node: Any, start: int) -> ast.expr:
        """`{**d for d in dicts}`, which no `ast` before Python 3.15 has: the values are what can be read."""
        self.take("{")
        inner = self.begin()
        self.take("**")
        value = self.expression(node.value)
        element = ast.Starred(value, _LOAD, **self.range(inner))
        clauses = self._clauses(node.for_in)
        self.take("}")
        return ast.SetComp(element, clauses, **self.range(start))

    def _comprehended(self, node: Any) -> tuple[ast.expr, list[ast.comprehension]]:
        element = self.expression(node.elt)
        return element, self._clauses(node.for_in)

    def _clauses(self, node: Any) -> list[ast.comprehension]:
        clauses = []
        while node is not None:
            if node.asynchronous is not None:
                self.take("async")
            self.take("for")
            target = self.expression(node.target)
            self.take("in")
            iterable = self.expression(node.iter)
            conditions = []
            for condition in node.ifs:
                self.take("if")
                conditions.append(self.expression(condition.test))
            clauses.append(ast.comprehension(target, iterable, conditions, int(node.asynchronous is not None)))
            node = node.inner_for_in
        return clauses

    # --- parameters ---

    def parameters(self, node: Any) -> ast.arguments:
        """The parameters of a function or lambda, without the parentheses around them."""
        defaults: list[ast.expr] = []
        positional: list[ast.arg] = []
        keyword_only: list[ast.arg] = []
        keyword_defaults: list[ast.expr | None] = []
        for part in node.posonly_params:
            self._parameter(part, positional, defaults)
        before_slash = len(positional)
        if self.accept("/"):
            self.accept(",")
        for part in node.params:
            self._parameter(part, positional, defaults)
        rest: list[ast.arg] = []
        if type(node.star_arg).__name__ == "Param":
            self._parameter(node.star_arg, rest, [])
        elif type(node.star_arg).__name__ == "ParamStar":
            self.take("*")
            self.take(",")
        for part in node.kwonly_params:
            default: list[ast.expr] = []
            self._parameter(part, keyword_only, default)
            keyword_defaults.append(default[0] if default else None)
        others: list[ast.arg] = []
        if node.star_kwarg is not None:
            self._parameter(node.star_kwarg, others, [])
        return ast.arguments(
            posonlyargs=positional[:before_slash],
            args=positional[before_slash:],
            vararg=rest[0] if rest else None,
            kwonlyargs=keyword_only,
            kw_defaults=keyword_defaults,
            kwarg=others[0] if others else None,
            defaults=defaults,
        )

    def _parameter(self, node: Any, into: list[ast.arg], defaults: list[ast.expr]) -> None:
        if not self.accept("**"):
            self.accept("*")
        start = self.begin()
        name = self.name(node.name)
        annotation = None
        if node.annotation is not None:
            self.take(":")
            annotation = self.expression(node.annotation.annotation)
        into.append(ast.arg(name, annotation, **self.range(start)))
        if node.default is not None:
            self.take("=")
            defaults.append(self.expression(node.default))
        self.accept(",")


def _string_value(raw: str) -> str | bytes:
    """The value of a string literal that is not formatted."""
    if "\\" not in raw and raw[0] in "'\"":
        width = 3 if raw[:3] in ("'''", '"""') and len(raw) >= 6 else 1
        return raw[width:-width]
    value = ast.literal_eval(raw)
    if isinstance(value, str | bytes):
        return value
    raise SyntaxError("no string literal")


def _unescaped(found: re.Match[str]) -> str:
    return found.group().encode("ascii", "backslashreplace").decode("unicode_escape")


_CONVERSIONS: dict[str, Callable[[Any, Any, int], ast.expr]] = {
    "Name": Expressions._name, "Ellipsis": Expressions._ellipsis, "Integer": Expressions._integer,
    "Float": Expressions._float, "Imaginary": Expressions._imaginary, "SimpleString": Expressions._string,
    "FormattedString": Expressions._formatted, "TemplatedString": Expressions._formatted,
    "ConcatenatedString": Expressions._concatenated, "Attribute": Expressions._attribute,
    "BinaryOperation": Expressions._binary, "UnaryOperation": Expressions._unary,
    "BooleanOperation": Expressions._boolean, "Comparison": Expressions._comparison,
    "IfExp": Expressions._conditional, "NamedExpr": Expressions._walrus, "Await": Expressions._await,
    "Yield": Expressions._yield, "Lambda": Expressions._lambda, "Call": Expressions._call,
    "Subscript": Expressions._subscript, "Tuple": Expressions._tuple, "List": Expressions._list,
    "Set": Expressions._set, "StarredElement": Expressions._starred, "Dict": Expressions._dict,
    "GeneratorExp": Expressions._generator, "ListComp": Expressions._list_comprehension,
    "SetComp": Expressions._set_comprehension, "DictComp": Expressions._dict_comprehension,
    "StarredDictComp": Expressions._merging_comprehension,
}  # fmt: skip
