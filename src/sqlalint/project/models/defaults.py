"""What columns are given as defaults: what is called at import, and what is called for each row."""

from collections.abc import Iterator

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.project import symbols
from sqlalint.project.models.terms import Call, Member, ProjectClass, ProjectFunction, Term, Value
from sqlalint.project.models.values import Values
from sqlalint.project.schema import Default

_KEYWORDS = ("default", "insert_default", "default_factory", "onupdate")
_DEEPEST = 3  # functions that call functions


class DefaultReader:
    """Reads the defaults of one project's columns."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def of_column(self, call: Call) -> tuple[Default, ...]:
        """Those of a `Column(...)` or `mapped_column(...)`."""
        return tuple(self._read(k, call.keywords[k]) for k in _KEYWORDS if k in call.keywords)

    def of_field(self, call: Call, column: dict[str, Term]) -> tuple[Default, ...]:
        """Those of a `Field(...)`, whose first argument is the default; `column` are the column's own keywords."""
        given = {**call.keywords, **column}
        if call.arguments:
            given.setdefault("default", call.arguments[0])
        return tuple(self._read(k, given[k]) for k in _KEYWORDS if k in given)

    def _read(self, keyword: str, term: Term) -> Default:
        value = self._values.value(term)
        written = _written(term.expression)
        calls = tuple(self._calls(term, value))
        return Default(keyword, calls, "" if calls else self._gives(value, 0), written, term.at)

    # --- what is called when the class is made ---

    def _calls(self, term: Term, value: Value) -> Iterator[tuple[str, str]]:
        """Calls in an expression, and in what a name in it was assigned; a lambda's body is called later."""
        expression = term.expression
        if ex.dotted(expression) is not None:
            # `now = datetime.now()` of the module or the class, by name
            if isinstance(value, Term) and isinstance(value.expression, ex.Call):
                yield from self._called(value)
            return
        for part in _evaluated(expression):
            if isinstance(part, ex.Call):
                yield from self._called(term.inner(part))

    def _called(self, term: Term) -> Iterator[tuple[str, str]]:
        assert isinstance(term.expression, ex.Call)
        function = term.expression.function
        callee = self._values.value(term.inner(function))
        yield _written(term.expression), self._name(callee, function, 0)

    def _name(self, callee: Value, function: ex.Expr, depth: int) -> str:
        """The canonical name of what is called; a function of the project goes by the first impure thing it calls."""
        match callee:
            case symbols.External(name=name):
                return name
            case ProjectClass():
                return "class"
            case ProjectFunction():
                return next(self._inside(callee, depth), "function")
            case Member(type=of, name=name):
                return f"{of}.{name}"
            case None if isinstance(function, ex.Name) and function.id in _BUILTINS:
                return f"builtins.{function.id}"
            case None if _of_literal(function):
                return "builtins.str"
            case _:
                return ""

    def _inside(self, function: ProjectFunction, depth: int) -> Iterator[str]:
        """Canonical names of the impure things that a function of the project calls."""
        lowered = self._values.function(function)
        if lowered is None or depth >= _DEEPEST:
            return
        for statement in st.walk_statements(lowered.body):
            if not isinstance(statement, st.Return | st.Assign):
                continue  # a clock that is read for a log is no value
            for expression in st.expressions(statement):
                for part in _evaluated(expression):
                    if isinstance(part, ex.Call):
                        called = self._values.value(Term(function.path, function.key, part.function))
                        name = self._name(called, part.function, depth + 1)
                        if is_impure(name):
                            yield name

    # --- what is called for each row ---

    def _gives(self, value: Value, depth: int) -> str:
        """The library's function that makes each row's value, through lambdas and simple functions."""
        if depth > _DEEPEST:
            return ""
        match value:
            case symbols.External(name=name):
                return name
            case Term(expression=ex.Lambda(body=ex.Call(function=function))):
                return self._gives(self._values.value(value.inner(function)), depth + 1)
            case ProjectFunction():
                lowered = self._values.function(value)
                match lowered.body if lowered else ():
                    case (*before, st.Return(value=ex.Call(function=function))) if all(map(_says_nothing, before)):
                        inner = Term(value.path, value.key, function)
                        return self._gives(self._values.value(inner), depth + 1)
        return ""


_BUILTINS = frozenset("str int float bool bytes list dict set tuple frozenset round abs min max len hex repr".split())

_CLOCKS = frozenset(
    """
    datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today time.time time.time_ns
    uuid.uuid1 uuid.uuid4 uuid.uuid6 uuid.uuid7
    """.split()
)
_NO_VALUE = frozenset({"random.seed", "random.Random", "random.SystemRandom"})


def is_impure(name: str) -> bool:
    """Whether a library's function gives another value each time: a clock, an id, a random number."""
    return name in _CLOCKS or (name.startswith(("random.", "secrets.")) and name not in _NO_VALUE)


def _evaluated(expression: ex.Expr) -> Iterator[ex.Expr]:
    """The parts of an expression that are evaluated with it: not the bodies of lambdas."""
    yield expression
    if not isinstance(expression, ex.Lambda):
        for child in ex.children(expression):
            yield from _evaluated(child)


def _of_literal(expression: ex.Expr) -> bool:
    """Whether a method is one of a literal, or of what such a method returns: `"a\n".replace(...).strip`."""
    while isinstance(expression, ex.Attribute | ex.Call):
        expression = expression.value if isinstance(expression, ex.Attribute) else expression.function
    return isinstance(expression, ex.Literal | ex.Text)


def _says_nothing(statement: st.Statement) -> bool:
    return isinstance(statement, st.Nothing | st.Import) or (
        isinstance(statement, st.Evaluate) and isinstance(statement.value, ex.Literal)
    )


def _written(expression: ex.Expr) -> str:
    """A name or a call as it is written, without the arguments; "" for anything else."""
    if isinstance(expression, ex.Call):
        function = expression.function
        name = ex.dotted(function) or (f"....{function.name}" if isinstance(function, ex.Attribute) else "")
        return f"{name}({'...' if expression.arguments or expression.keywords else ''})" if name else ""
    return ex.dotted(expression) or ""
