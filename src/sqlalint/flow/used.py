"""What a function's text does with a value: what stands around an expression, and every use of a name."""

from collections.abc import Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span

_TESTED = (st.If, st.While, st.Assert)
NO_ROWS = {(">", 0), ("!=", 0), (">=", 1)}  # compared like this, a number says that there are rows
_NO_ROWS = {("==", 0), ("<=", 0), ("<", 1)}  # and like this, that there are none
_MIRRORED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


class Used:
    """The text of one function, with what stands around each expression."""

    def __init__(self, function: st.Function) -> None:
        self._around: dict[int, ex.Expr] = {}  # by identity: the function is held, and so are its parts
        self._home: dict[int, st.Statement] = {}
        self._names: dict[str, list[ex.Name]] = {}
        self._bound: dict[str, int] = {}
        self._at: dict[Span, list[ex.Expr]] = {}
        self._loops: dict[Span, st.For] = {}
        self.function = function
        for statement in st.walk_statements((function,)):
            self._statement(statement)

    # --- asking ---

    def at(self, span: Span) -> ex.Call | None:
        """The call that stands exactly there."""
        return next((e for e in self._at.get(span, ()) if isinstance(e, ex.Call)), None)

    def attributes(self) -> Iterator[ex.Attribute]:
        """All attributes that are read or set."""
        return (e for found in self._at.values() for e in found if isinstance(e, ex.Attribute))

    def around(self, expression: ex.Expr) -> ex.Expr | None:
        """The expression directly around one; None where a statement is."""
        return self._around.get(id(expression))

    def loop(self, iterable: Span) -> st.For | None:
        """The `for` statement over the iterable at a place."""
        return self._loops.get(iterable)

    def iterated(self, iterable: Span) -> str:
        """The name of what is iterated at a place, "" where it has none."""
        found = next(iter(self._at.get(iterable, ())), None)
        while isinstance(found, ex.Call) and isinstance(found.function, ex.Name) and found.arguments:
            found = found.arguments[0]  # enumerate(users), sorted(users)
        return ex.dotted(found) or ""

    def comprehension(self, span: Span) -> ex.Comprehension | None:
        """The comprehension that stands exactly there."""
        return next((e for e in self._at.get(span, ()) if isinstance(e, ex.Comprehension)), None)

    def comprehension_over(self, rows: ex.Expr) -> ex.Comprehension | None:
        """The comprehension that an expression is the one iterable of."""
        outer = self.around(rows)
        if not isinstance(outer, ex.Comprehension) or len(outer.clauses) != 1:
            return None
        return outer if outer.clauses[0].iterable is rows else None

    def given(self, name: str) -> ex.Expr | None:
        """What a name is given, where it is by itself and once."""
        if self._bound.get(name) != 1:
            return None
        for place in self._names.get(name, ()):
            match self._home.get(id(place)):
                case st.Assign(targets=(target,), value=value) if target is place:
                    return value
        return None

    def is_in_text(self, expression: ex.Expr) -> bool:
        """Whether an expression stands in an f-string."""
        outer = self.around(expression)
        while outer is not None and not isinstance(outer, ex.Text):
            outer = self.around(outer)
        return outer is not None

    def statement(self, expression: ex.Expr) -> st.Statement | None:
        """The statement that an expression stands in."""
        while (outer := self.around(expression)) is not None:
            expression = outer
        return self._home.get(id(expression))

    def awaited(self, expression: ex.Expr) -> ex.Expr:
        """The `await` around an expression, or itself."""
        outer = self.around(expression)
        return outer if isinstance(outer, ex.Await) else expression

    def uses(self, expression: ex.Expr) -> list[ex.Expr] | None:
        """Where a value is used: where it stands, or wherever the name is that it is given, and nothing else is.

        None where that is not known: it is dropped, or its name has other values as well.
        """
        if self.around(expression) is not None:
            return [expression]
        match self._home.get(id(expression)):
            case st.Assign(targets=(ex.Name(id=name) as target,), value=value) if value is expression:
                if self._bound.get(name) != 1:
                    return None
                return [n for n in self._names.get(name, ()) if n is not target] or None
            case st.Evaluate() | None:
                return None
            case _:
                return [expression]

    def is_tested(self, expression: ex.Expr) -> bool:
        """Whether only the truth of a value matters."""
        outer = self.around(expression)
        match outer:
            case None:
                home = self._home.get(id(expression))
                return isinstance(home, _TESTED) and home.test is expression
            case ex.Unary(operator="not"):
                return True
            case ex.Conditional(test=test) if test is expression:
                return True
            case ex.Conditional() | ex.Boolean():
                return self.is_tested(outer)
            case ex.Call(function=ex.Name(id="bool"), arguments=(argument,)):
                return argument is expression
            case ex.Comprehension(clauses=clauses):
                return any(c is expression for clause in clauses for c in clause.conditions)
            case _:
                return False

    def length(self, expression: ex.Expr) -> ex.Call | None:
        """The `len(...)` that a value is the argument of."""
        match self.around(expression):
            case ex.Call(function=ex.Name(id="len"), arguments=(argument,)) as call if argument is expression:
                return call
            case _:
                return None

    def compared_with_none(self, expression: ex.Expr) -> tuple[ex.Compare, bool] | None:
        """The comparison of a value with None, and whether it says that there is something."""
        match self.around(expression):
            case ex.Compare(left=left, operators=(operator,), comparators=(ex.Literal(value=None),)) as compare:
                if left is expression and operator in ("is", "is not", "==", "!="):
                    return compare, operator in ("is not", "!=")
        return None

    def compared_with_nothing(self, number: ex.Expr) -> tuple[ex.Compare, bool] | None:
        """The comparison of a number that asks whether there are rows, and whether it says so."""
        outer = self.around(number)
        if not isinstance(outer, ex.Compare) or len(outer.operators) != 1:
            return None
        operator, other = outer.operators[0], outer.comparators[0]
        if other is number:
            operator, other = _MIRRORED.get(operator, operator), outer.left
        if not isinstance(other, ex.Literal) or isinstance(other.value, bool | str | float) or other.value is None:
            return None
        if (operator, other.value) in NO_ROWS:
            return outer, True
        return (outer, False) if (operator, other.value) in _NO_ROWS else None

    def name(self, name: str) -> list[ex.Name]:
        """Every place of a name, those where it is bound included."""
        return self._names.get(name, [])

    def bound_once(self, name: str) -> bool:
        """Whether a name has one value in the whole function."""
        return self._bound.get(name) == 1

    # --- indexing ---

    def _statement(self, statement: st.Statement) -> None:
        if isinstance(statement, st.For):
            self._loops[statement.iterable.span] = statement
        for expression in st.expressions(statement):
            self._home[id(expression)] = statement
            self._expression(expression)
        for name in _bound_by(statement):
            self._bound[name] = self._bound.get(name, 0) + 1

    def _expression(self, expression: ex.Expr) -> None:
        pending = [expression]
        while pending:
            here = pending.pop()
            self._at.setdefault(here.span, []).append(here)
            if isinstance(here, ex.Name):
                self._names.setdefault(here.id, []).append(here)
            for name in _bound_in(here):
                self._bound[name] = self._bound.get(name, 0) + 1
            for part in ex.children(here):
                self._around[id(part)] = here
                pending.append(part)


def _bound_by(statement: st.Statement) -> Iterator[str]:
    match statement:
        case st.Function(name=name, parameters=parameters):
            yield from (name, *(p.name for p in parameters))
        case st.Class(name=name):
            yield name
        case st.Import(alias=alias):
            yield alias.partition(".")[0]
        case st.Assign(targets=targets) | st.Delete(targets=targets):
            yield from names_in(targets)
        case st.For(target=target) | st.Augment(target=target):
            yield from names_in((target,))
        case st.With(items=items):
            yield from names_in(tuple(i.target for i in items if i.target is not None))
        case st.Try(handlers=handlers):
            yield from (h.name for h in handlers if h.name)
        case st.Match(cases=cases):
            yield from (n for c in cases for n in c.names)
        case _:
            pass


def _bound_in(expression: ex.Expr) -> Iterator[str]:
    match expression:
        case ex.Walrus(name=name):
            yield name
        case ex.Lambda(parameters=parameters):
            yield from (p.name for p in parameters)
        case ex.Comprehension(clauses=clauses):
            yield from names_in(tuple(c.target for c in clauses))
        case _:
            pass


def names_in(targets: tuple[ex.Expr, ...]) -> Iterator[str]:
    """The names among targets: not those inside `a.b` and `a[b]`, which are read."""
    for target in targets:
        match target:
            case ex.Name(id=name):
                yield name
            case ex.Collection(items=items):
                yield from names_in(items)
            case ex.Starred(value=value):
                yield from names_in((value,))
            case _:
                pass
