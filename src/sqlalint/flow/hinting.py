"""The hint that would settle a silence: what of an expression is not known, why, and what a user could say of it."""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span
from sqlalint.flow import dependencies, usage
from sqlalint.flow import values as v
from sqlalint.flow.evaluate import Evaluator
from sqlalint.flow.frame import Frame
from sqlalint.flow.results import EXECUTING
from sqlalint.flow.text import Text
from sqlalint.project.symbols import Definition, External

_DEEPEST = 8  # expressions that stand for others
_KNOWN = sys.stdlib_module_names | {"sqlalchemy", "alembic"}  # what these give is no matter of hints
_SOME = '"..."'
_ASYNC = "sqlalchemy.ext.asyncio.AsyncSession"


class Believed(NamedTuple):
    """What the expressions of a function were believed to be, and what its calls call, by their places."""

    values: dict[Span, v.Value]
    called: dict[Span, v.Value]


class Tracing(Evaluator):
    """Evaluates, and remembers what each expression was believed to be."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self.believed = Believed({}, {})

    def value(self, expression: ex.Expr) -> v.Value:
        """The value of an expression."""
        found = super().value(expression)
        if self.frame.inlined == 0:
            self.believed.values[expression.span] = found
        return found

    def called(
        self, function: v.Value, arguments: list[v.Value], keywords: dict[str, v.Value], call: ex.Call
    ) -> v.Value:
        """The value of a call."""
        if self.frame.inlined == 0:
            self.believed.called.setdefault(call.span, function)
        return super().called(function, arguments, keywords, call)


class Missing(NamedTuple):
    """Something of which no type is known. `table` and `key` say where a hint for it stands, "" where none can."""

    what: str
    because: str
    table: str = ""
    key: str = ""


class _Told(NamedTuple):
    """One thing to say; what is missing for the same reason and has the same hint is said once."""

    text: str
    because: str
    key: str


def silences(frame: Frame, text: Text, believed: Believed, row: int) -> Iterator[str]:
    """What is not known at a line of a function and would matter there, each with the hint that settles it."""
    said: set[tuple[str, str]] = set()
    for told in _Hinting(frame, text, believed).at(row):
        about = (told.because, told.key)
        if about not in said and (told.key or all(told.because != because for because, _ in said)):
            said.add(about)
            yield told.text


class _Hinting(NamedTuple):
    frame: Frame
    text: Text
    believed: Believed

    def at(self, row: int) -> Iterator[_Told]:
        read, iterated, assigned = self._expressions(row)
        sessions: set[Span] = set()
        for expression in read:
            if isinstance(expression, ex.Call) and isinstance(expression.function, ex.Attribute):
                for told in self._of_session(expression, expression.function):
                    sessions |= {part.span for part in ex.walk(expression.function)}
                    yield told
        for expression in read:
            if isinstance(expression, ex.Attribute) and expression.span not in sessions:
                yield from self._of_receiver(expression.value)
        for expression in iterated:
            found = self._missing(expression, 0) if self._is_unknown(expression, iterated=True) else None
            if found is not None:
                yield self._told(found, expression)
        for expression in assigned:
            found = self._missing(expression, 0) if self._is_unknown(expression) else None
            if found is not None and found.key and any(usage.used(self.text, found.what)):
                yield self._told(found, expression)
        for lazy in self.frame.reads:
            if lazy.at.span.row <= row <= lazy.at.span.end_row:
                yield from self._preloads(lazy.instance, lazy.model.id, lazy.attribute, row)

    def _expressions(self, row: int) -> tuple[list[ex.Expr], list[ex.Expr], list[ex.Expr]]:
        """The attributes and calls of a line, innermost first; what is iterated there; what is assigned."""
        read: list[ex.Expr] = []
        iterated: list[ex.Expr] = []
        assigned: list[ex.Expr] = []
        for statement in st.walk_statements(self.text.function.body):
            for expression in st.expressions(statement):
                if not expression.span.row <= row <= expression.span.end_row:
                    continue
                if isinstance(statement, st.For) and expression is statement.iterable:
                    iterated.append(expression)
                if isinstance(statement, st.Assign) and expression is statement.value:
                    assigned.append(expression)
                for part in ex.walk(expression):
                    if isinstance(part, ex.Comprehension):
                        iterated += [c.iterable for c in part.clauses]
                    elif isinstance(part, ex.Attribute | ex.Call) and part.span.row <= row <= part.span.end_row:
                        read.append(part)
        return read, iterated, assigned

    def _of_receiver(self, expression: ex.Expr) -> Iterator[_Told]:
        found = self._missing(expression, 0) if self._is_unknown(expression) else None
        if found is not None:
            yield self._told(found, expression)

    def _is_unknown(self, expression: ex.Expr, *, iterated: bool = False) -> bool:
        value = self.believed.values.get(expression.span)
        if iterated and isinstance(value, v.ExternalRef):
            return not value.name.endswith("()")
        element = v.element_of(value) if isinstance(value, v.Many) else value
        return isinstance(element, v.Unknown) and element not in (v.COLUMN, v.EMPTY)

    # --- what is missing ---

    def _missing(self, expression: ex.Expr, depth: int) -> Missing | None:
        if depth > _DEEPEST:
            return None
        match expression:
            case ex.Await(value=inner) | ex.Subscript(value=inner) | ex.Starred(value=inner):
                return self._missing(inner, depth + 1)
            case ex.Name(id=name):
                return self._of_name(name, depth)
            case ex.Attribute():
                return self._of_attribute(expression, depth)
            case ex.Call():
                return self._of_call(expression, depth)
            case _:
                return None

    def _of_name(self, name: str, depth: int) -> Missing | None:
        for value in self.text.bound(name):
            found = self._missing(value, depth + 1)
            if found is not None:
                return found
        parameter = next((p for p in self.text.function.parameters if p.name == name), None)
        if parameter is not None:
            asked = dependencies.provider(self.frame, parameter, self.frame.path)
            if isinstance(asked, Definition):
                return self._of_function(name, asked.path, asked.key)
            said = "has no annotation" if parameter.annotation is None else "has an annotation that is not known"
            return Missing(name, f"the parameter `{name}` {said}")
        if any(True for _ in self.text.bound(name)):
            return None
        return self._of_symbol(name)

    def _of_symbol(self, name: str) -> Missing | None:
        match self.frame.questions.resolve(self.frame.path, name):
            case Definition(path=path, key=key, rest=()):
                full = self._full(path, key)
                return Missing(name, f"{self._place(name, path, key)} is not", "attributes", full) if full else None
            case External(name=full):
                return Missing(name, f"`{full}` is of a library", "attributes", full)
            case _:
                return None

    def _of_attribute(self, expression: ex.Attribute, depth: int) -> Missing | None:
        dotted = ex.dotted(expression)
        receiver = self.believed.values.get(expression.value.span, v.UNKNOWN)
        match receiver:
            case v.Object() | v.ClassRef() | v.Instance():
                class_id = v.class_of(receiver)
                path, _, key = class_id.partition("::")
                full, what = self._full(path, key), dotted or expression.name
                because = f"the class `{key}` does not say what `{expression.name}` is"
                return Missing(what, because, "attributes", f"{full}.{expression.name}") if full else None
            case v.ExternalRef(name=base) if not base.endswith("()"):
                full = f"{base}.{expression.name}"
                return Missing(dotted or full, f"`{full}` is of a library", "attributes", full)
            case v.ModuleRef(path=path):
                full = self._full(path, expression.name)
                because = f"{self._place(dotted or full, path, expression.name)} is not"
                return Missing(dotted or full, because, "attributes", full) if full else None
            case v.Unknown():
                found = self._missing(expression.value, depth + 1)
                if found is not None and not found.key and dotted is not None:
                    return Missing(dotted, found.because, "attributes", dotted.removeprefix("self."))
                return found
            case _:
                return None

    def _of_call(self, call: ex.Call, depth: int) -> Missing | None:
        function = self.believed.called.get(call.span, v.UNKNOWN)
        what = ex.dotted(call.function) or "the call"
        match function:
            case v.FunctionRef(path=path, key=key):
                return self._of_function(what, path, key)
            case v.ExternalRef(name=name) if name.partition(".")[0] in _KNOWN:
                return None
            case v.ExternalRef(name=name) if not name.endswith("()"):
                full = f"{name}({self._parameters(call)})" if self._statement(call) else name
                return Missing(what, f"`{name}` is of a library", "returns", full)
            case v.Method(receiver=v.Session() | v.Unknown(rows=True)) if call.arguments:
                return self._missing(call.arguments[0], depth + 1)
            case v.Method(receiver=v.Object() | v.ClassRef() as receiver, name=name):
                bases = self.frame.questions.external_bases(v.class_of(receiver))
                base = next((b for b in bases if not b.startswith(("builtins.", "typing.", "abc."))), None)
                return Missing(what, f"`{base}` is of a library", "returns", f"{base}.{name}") if base else None
            case _ if isinstance(call.function, ex.Attribute):
                return self._missing(call.function.value, depth + 1)
            case _:
                return self._missing(call.function, depth + 1) if isinstance(call.function, ex.Name) else None

    def _of_function(self, what: str, path: str, key: str) -> Missing | None:
        found, full = self.frame.questions.function(path, key), self._full(path, key)
        if found is None or not full:
            return None
        said = "has no annotation" if found.returns is None else "has an annotation that is not known"
        return Missing(what, f"{self._place(key.rpartition('.')[2], path, key)} {said}", "returns", full)

    # --- sessions and preloads ---

    def _of_session(self, call: ex.Call, method: ex.Attribute) -> Iterator[_Told]:
        """`request.db.execute(select(User))`: that it is a session is told by its use alone."""
        function = self.believed.called.get(call.span)
        if method.name not in (*EXECUTING, "query"):
            return
        if not isinstance(function, v.Method) or not isinstance(function.receiver, v.Unknown | v.ExternalRef):
            return
        if self._statement(call) is None and method.name != "query":
            return
        found = self._missing(method.value, 0)
        if found is None:
            return
        parts = st.walk_expressions(self.text.function.body)
        awaited = any(isinstance(part, ex.Await) and part.value is call for part in parts)
        text = f"that `{found.what}` is a session is told by its use alone, {found.because}"
        if not found.key:
            hint = f"annotate it as {'AsyncSession' if awaited else 'Session'}"
        elif awaited:
            hint = f'[tool.sqlalint.{found.table}] "{found.key}" = "{_ASYNC}"'
        else:
            hint = f'[tool.sqlalint] sessions = ["{found.key}"]'
        yield _Told(f"{text}; {hint}", found.because, found.key)

    def _preloads(self, read: v.Instance, model: str, attribute: str, row: int) -> Iterator[_Told]:
        """The functions that were given the objects before, and may have loaded it."""
        path, _, key = model.partition("::")
        owner = self._full(path, key)
        for call in self.text.calls if owner else ():
            function = self.believed.called.get(call.span)
            given = [i for a in call.arguments for i in v.objects(self.believed.values.get(a.span, v.UNKNOWN))]
            if call.span.row > row or not any(set(i.batches) & set(read.batches) for i in given):
                continue
            full = ""
            if isinstance(function, v.FunctionRef):
                full = self._full(function.path, function.key)
            elif isinstance(function, v.ExternalRef):
                full = function.name
            if "." in full:
                name = ex.dotted(call.function) or full
                hint = f'[tool.sqlalint.preloads] "{full}" = ["{owner}.{attribute}"]'
                yield _Told(f"unless `{name}` (line {self._line(call.span.row)}) loads it before; {hint}", hint, full)

    # --- what to say ---

    def _told(self, found: Missing, expression: ex.Expr) -> _Told:
        what = ex.dotted(expression) or found.what
        text = f"silent: the type of `{what}` is unknown, {found.because}"
        if not found.key:
            return _Told(f"{text}; annotate it", found.because, "")
        hint = f'[tool.sqlalint.{found.table}] "{found.key}" = {self._suggested(found)}'
        return _Told(f"{text}; {hint}", found.because, found.key)

    def _suggested(self, found: Missing) -> str:
        """What it could be, by how it is used: the only class that has what is read of it."""
        for call in self.text.calls:
            statement = self._statement(call)
            if found.table == "returns" and statement is not None and (ex.dotted(call.function) or "") == found.what:
                part = usage.part(self.text, found.what)
                return f"\"{{'{part}': rows({statement})}}\"" if part else f'"rows({statement})"'
        session = usage.session(self.text, found.what)
        if session:
            return f'"{session}"'
        read, elements = usage.used(self.text, found.what)
        kind = self._named(usage.only_class(self.frame.questions, read))
        if kind:
            return f'"{kind}"'
        kind = self._named(usage.only_model(self.frame.questions, elements))
        if kind:
            return f'"list[{kind}]"'
        kind = self._named(usage.only_model(self.frame.questions, read))
        return f'"{kind}"' if kind else _SOME

    def _named(self, class_id: str) -> str:
        path, _, key = class_id.partition("::")
        return self._full(path, key) if key else ""

    def _statement(self, call: ex.Call) -> str | None:
        """The name of the parameter that a call gives a statement or a class for; None where it gives none."""
        for position, argument in enumerate(call.arguments):
            if isinstance(self.believed.values.get(argument.span), v.Statement | v.ModelClass):
                return self._names(call)[position]
        given = (k for k in call.keywords if k.name)
        said = (k.name for k in given if isinstance(self.believed.values.get(k.value.span), v.Statement | v.ModelClass))
        return next(said, None)

    def _names(self, call: ex.Call) -> list[str]:
        function = self.believed.called.get(call.span)
        if isinstance(function, v.FunctionRef):
            found = self.frame.questions.function(function.path, function.key)
            names = [p.name for p in found.parameters if p.kind == "positional"] if found else []
            names = names[1:] if function.bound is not None else names
        else:
            names = [ex.dotted(a) or "" for a in call.arguments]
        names += [""] * len(call.arguments)
        return [n if n.isidentifier() else "query" if i else "first" for i, n in enumerate(names)]

    def _parameters(self, call: ex.Call) -> str:
        return ", ".join(self._names(call)[: len(call.arguments)])

    def _full(self, path: str, key: str) -> str:
        """The full name of a definition, by which hints find it; "" where none leads there."""
        parts = self.frame.questions.project.modules.name_of(path).split(".")
        for start in range(len(parts)):
            name = ".".join((*parts[start:], key))
            match self.frame.questions.absolute(name):
                case Definition(path=found, key=outer, rest=rest) if found == path and ".".join((outer, *rest)) == key:
                    return name
        return ""

    def _place(self, name: str, path: str, key: str) -> str:
        entry = self.frame.questions.project.entry(path, key)
        return f"`{name}` ({path}:{entry.row})" if entry is not None else f"`{name}`"

    def _line(self, row: int) -> int:
        entry = self.frame.questions.project.entry(self.frame.path, self.frame.key)
        return row + (entry.row - 1 if entry is not None else 0)
