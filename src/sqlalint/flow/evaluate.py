"""Expressions followed: names, attributes, calls, loops in comprehensions and callbacks."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from msgspec.structs import replace

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Span
from sqlalint.flow import (
    calls,
    carriers,
    dumping,
    emptied,
    hints,
    holding,
    loops,
    reads,
    reflect,
    results,
    sending,
    shaping,
)
from sqlalint.flow import loads as ld
from sqlalint.flow import values as v
from sqlalint.flow.awaiting import note_call
from sqlalint.flow.builtins import builtin, each
from sqlalint.flow.commits import note_commit, note_touch
from sqlalint.flow.expiry import made
from sqlalint.flow.fetches import note_fetch
from sqlalint.flow.frame import At, Frame, no_function
from sqlalint.flow.members import MAX_INLINE, Members
from sqlalint.flow.one_column import note_rows
from sqlalint.flow.standard import standard

_FEW = 10


def _evaluated(frame: Frame, expression: ex.Expr) -> v.Value:
    """The value of an expression in a frame of its own."""
    evaluator = Evaluator(frame)
    try:
        return evaluator.value(expression)
    finally:
        evaluator.close()


class Evaluator:
    """Evaluates the expressions of one function in its frame."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        frame.apply = self.apply
        self.members = Members(frame, _evaluated)
        frame.member, frame.valued = self.members.member, self.members.valued
        self.yielded: list[v.Value] = []
        self.run_body: Callable[[st.Function, dict[str, v.Value]], v.Value] | None = None

    def close(self) -> None:
        """Let go of what holds it in turn: without cycles nothing has to be collected."""
        self.frame.apply = self.frame.member = self.frame.valued = no_function
        self.run_body = None

    # --- expressions ---

    def value(self, expression: ex.Expr) -> v.Value:
        """The value of an expression; every read in it is recorded."""
        match expression:
            case ex.Name(id=name):
                return self.name(name)
            case ex.Attribute():
                return self.attribute(expression)
            case ex.Call():
                return self.call(expression)
            case ex.Literal(value=value):
                return v.Literal(value)
            case ex.Await(value=value):
                return self._await(value)
            case ex.Collection():
                return self._collection(expression)
            case ex.Comprehension():
                return self._comprehension(expression)
            case ex.Subscript():
                return self._subscript(expression)
            case ex.Compare():
                return self._compare(expression)
            case ex.Boolean(values=values):
                return self._boolean(expression.operator, values)
            case ex.Binary():
                return self._binary(expression)
            case ex.Conditional(test=test, body=body, otherwise=otherwise):
                self.value(test)
                with self.frame.condition():
                    return v.join(self._under(test, True, body), self._under(test, False, otherwise))
            case ex.Lambda():
                return v.Closure(expression)
            case ex.Walrus(name=name, value=value):
                found = self.value(value)
                self.bind(name, found, expression.span)
                return found
            case ex.Mapping():
                return self._mapping(expression)
            case ex.Unary(operator="not", value=value):
                self.value(value)
                return v.UNKNOWN
            case ex.Unary(value=value):
                found = self.value(value)
                return (
                    v.Criterion((), shaping.condition(found))
                    if isinstance(found, v.Criterion | v.Attribute)
                    else v.UNKNOWN
                )
            case ex.Starred(value=value):
                return self.value(value)
            case ex.Yield(value=value) if value is not None:
                found = self.value(value)
                self.yielded.append(v.element_of(found) if expression.is_from else found)
                return v.UNKNOWN
            case _:
                for part in ex.children(expression):
                    self.value(part)
                return v.UNKNOWN

    def _under(self, test: ex.Expr, holds: bool, expression: ex.Expr) -> v.Value:
        """The value of an expression where a test holds, or does not."""
        if not self.frame.reflects:
            return self.value(expression)
        with reflect.where(self.frame, test, holds=holds):
            return self.value(expression)

    def name(self, name: str) -> v.Value:
        """What a name stands for: a local, or something of the module."""
        found = self.frame.names.get(name)
        if found is not None:
            return found
        frame = self.frame
        return frame.once(
            ("name", frame.path, name), lambda: self.members.of_symbol(frame.questions.resolve(frame.path, name))
        )

    def attribute(self, expression: ex.Attribute) -> v.Value:
        """`value.name`."""
        if self.frame.has_dotted and (dotted := ex.dotted(expression)) is not None:
            known = self.frame.names.get(dotted)  # `self.session` that was assigned in this function
            if known is not None:
                return known
        hint = hints.of_expression(self.frame.questions, expression)
        if hint is not None:
            return hint
        receiver = self.value(expression.value)
        return self.members.member(receiver, expression.name, expression.name_span)

    # --- calls ---

    def _await(self, inner: ex.Expr) -> v.Value:
        before, self.frame.awaiting = self.frame.awaiting, isinstance(inner, ex.Call)
        try:
            value = self.value(inner)
        finally:
            self.frame.awaiting = before
        if isinstance(value, v.Session):  # `begin()` and `connect()` may be awaited, or entered
            return value
        return value.value if isinstance(value, v.Awaitable) else v.UNKNOWN

    def call(self, call: ex.Call) -> v.Value:
        """The value of a call."""
        awaiting, self.frame.awaiting = self.frame.awaiting, False
        if isinstance(call.function, ex.Name) and call.function.id not in self.frame.names:
            known = self._super(call) or builtin(self, call.function.id, call)
            if known is not None:
                return known
        function = self._function(call.function)
        arguments = self._arguments(call)
        keywords = {k.name: self.value(k.value) for k in call.keywords if k.name is not None}
        for keyword in call.keywords:
            if keyword.name is None:
                self.value(keyword.value)
        self.frame.awaiting = awaiting
        try:
            value = self.called(function, arguments, keywords, call)
        finally:
            self.frame.awaiting = False
        holding.passed_on(self.frame, call)
        note_call(self.frame, function, call, value)
        note_fetch(self.frame, function, call, value)
        note_commit(self.frame, function, call)
        return emptied.placed(self.frame, function, call, made(function, call, arguments, keywords, value))

    def _super(self, call: ex.Call) -> v.Super | None:
        """`super()` in a method, or `super(Class, self)`."""
        if not isinstance(call.function, ex.Name) or call.function.id != "super" or not self.frame.owner:
            return None
        receiver = self.frame.names.get(self.frame.receiver)
        owner = self.frame.owner
        if call.arguments:
            named = self.value(call.arguments[0])
            if len(call.arguments) != 2 or self.value(call.arguments[1]) != receiver:
                return None
            owner = v.class_of(named) if isinstance(named, v.ClassRef | v.ModelClass) else ""
        return v.Super(receiver, owner) if receiver is not None and owner else None

    def _function(self, function: ex.Expr) -> v.Value:
        """What is called. A method keeps its receiver; reading `user.posts` in `user.posts.append` is a read."""
        if not isinstance(function, ex.Attribute):
            return self.value(function)
        if self.frame.has_dotted and (dotted := ex.dotted(function)) in self.frame.names and dotted is not None:
            return self.frame.names[dotted]
        adding = function.name in ("append", "add", "remove", "extend", "insert")
        if adding and isinstance(function.value, ex.Attribute):
            owner = self.value(function.value.value)
            if isinstance(owner, v.Instance):
                model = self.frame.questions.model(owner.model)
                if model is not None and function.value.name in model.relationships:
                    name, at = function.value.name, function.value.name_span
                    grown = reads.relationship(self.frame, owner, model, name, at, "append")
                    return v.Method(grown, function.name)
                return v.Method(v.UNKNOWN, function.name)
            receiver = self.members.member(owner, function.value.name, function.value.name_span)
        else:
            receiver = self.value(function.value)
        found = self.members.member(receiver, function.name, function.name_span)
        unresolved = isinstance(found, v.Unknown) or (isinstance(found, v.ExternalRef) and found.name.count("().") > 0)
        if unresolved and isinstance(receiver, v.Unknown | v.Object | v.ClassRef | v.ExternalRef | v.Super):
            return v.Method(receiver, function.name)
        return found

    def _arguments(self, call: ex.Call) -> list[v.Value]:
        found: list[v.Value] = []
        for argument in call.arguments:
            value = self.value(argument)
            if isinstance(argument, ex.Starred) and isinstance(value, v.Items):
                found.extend(value.items)
            elif isinstance(argument, ex.Starred):
                found.append(value if isinstance(value, v.Many) else v.Many(v.element_of(value)))
            else:
                found.append(value)
        return found

    def called(
        self, function: v.Value, arguments: list[v.Value], keywords: dict[str, v.Value], call: ex.Call
    ) -> v.Value:
        frame = self.frame
        match function:
            case v.Method(receiver=v.Many() as rows, name="sort") if "key" in keywords:
                return each(self, rows, keywords["key"], call.span, "sort")
            case v.Method(receiver=receiver, name=name):
                return calls.method(frame, receiver, name, arguments, keywords, call)
            case v.Partial(arguments=first, keywords=named):
                return self.called(function.function, [*first, *arguments], {**named, **keywords}, call)
            case v.ExternalRef(name="functools.partial") if arguments:
                return v.Partial(arguments[0], tuple(arguments[1:]), keywords)
            case v.ExternalRef(name="operator.attrgetter"):
                names = tuple(a.value for a in arguments if isinstance(a, v.Literal) and isinstance(a.value, str))
                return v.Getter(names) if len(names) == len(arguments) else v.UNKNOWN
            case v.ExternalRef(name=name):
                passed = standard(frame, name, arguments, keywords, call)
                if passed is not None:
                    return passed
                value = calls.external(frame, name, arguments, keywords, call.span)
                if isinstance(value, v.Unknown) and name in frame.questions.project.libraries.objects:
                    return v.ExternalRef(f"{name}()")
                if isinstance(value, v.Unknown) and "." in name:  # perhaps a method of something used as a session
                    base, _, last = name.rpartition(".")
                    return calls.method(frame, v.ExternalRef(base), last, arguments, keywords, call)
                return value
            case v.Factory(session=session):
                return session
            case v.Session():
                return function  # a scoped session is called for the current one
            case v.ModelClass(model=model):
                return self._made_new(model, keywords, call)
            case v.ClassRef(class_id=class_id):
                return self._constructed(class_id, arguments, keywords, call)
            case v.Object(class_id=class_id):
                made = self.members.member(function, "__call__", call.span)
                return self.called(made, arguments, keywords, call) if isinstance(made, v.FunctionRef) else v.UNKNOWN
            case v.Closure() | v.Callback() | v.Getter():
                return self.apply(function, arguments, call.span)
            case v.FunctionRef() if frame.callees is not None:
                value = frame.callees.called(frame, call.span, function, arguments, keywords)
                results.gave(frame, function.path, function.key, value)
                return value
            case _:
                return v.UNKNOWN

    def _constructed(
        self, class_id: str, arguments: list[v.Value], keywords: dict[str, v.Value], call: ex.Call
    ) -> v.Value:
        """A new object of a class of the project that is no model."""
        open_ended = call.has_open_arguments or call.has_open_keywords
        if not open_ended and (schema := dumping.schema(self.frame, class_id, keywords)) is not None:
            return schema
        known = ([], {}) if open_ended else (arguments, keywords)
        carried = carriers.made(self.frame, class_id, *known, self.members.of_symbol)
        if not isinstance(carried, v.Object):
            return carried
        return replace(carried, made=hints.is_plain(self.frame.questions, class_id, keywords, open_ended))

    def _made_new(self, model_id: str, keywords: dict[str, v.Value], call: ex.Call) -> v.Instance:
        """A new object; what its constructor is given is set, and never loaded."""
        made = v.Instance(
            model_id, v.Origin("new", self.frame.spot(call.span), is_async=True), ld.NOTHING, batch=self.frame.number()
        )
        model = self.frame.questions.model(model_id)
        open_ended = call.has_open_keywords or call.arguments
        names = model.relationships if model is not None and open_ended else keywords
        self.frame.touched |= {(made.batch, name) for name in names}
        return made

    def apply(self, function: v.Value, arguments: list[v.Value], at: At) -> v.Value:
        """What a function that was passed as a value gives for these arguments."""
        match function:
            case v.Closure():
                self.frame.sites.append(self.frame.place(at))
                try:
                    return self.inline(function, arguments)
                finally:
                    self.frame.sites.pop()
            case v.Callback():
                self.frame.call_back(function, arguments, at)
                return v.UNKNOWN
            case v.Getter(names=names) if arguments:
                return v.single(v.Items(tuple(self._got(arguments[0], name, at) for name in names)))
            case v.FunctionRef() if self.frame.callees is not None:
                return self.frame.callees.called(self.frame, at, function, arguments, {})
            case v.Partial(function=v.FunctionRef() as inner) if self.frame.callees is not None:
                given = [*function.arguments, *arguments]
                return self.frame.callees.called(self.frame, at, inner, given, function.keywords)
            case v.Partial():
                return self.apply(function.function, [*function.arguments, *arguments], at)
            case _:
                return v.UNKNOWN

    def _got(self, value: v.Value, dotted: str, at: At) -> v.Value:
        for name in dotted.split("."):
            if isinstance(value, v.Instance):
                value = reads.attribute(self.frame, value, name, at)
            else:
                value = self.members.member(value, name, at) if isinstance(at, Span) else v.UNKNOWN
        return value

    def inline(self, function: v.Closure, arguments: list[v.Value]) -> v.Value:
        """Follow a lambda or local function with these arguments."""
        if self.frame.inlined >= MAX_INLINE:
            return v.UNKNOWN
        inner = function.function
        positional = [p.name for p in inner.parameters if p.kind == "positional"]
        bound = {p.name: v.UNKNOWN for p in inner.parameters}
        before = dict(self.frame.names)
        self.frame.names.update(bound)
        self.frame.names.update(zip(positional, arguments, strict=False))
        self.frame.inlined += 1
        try:
            if isinstance(inner, ex.Lambda):
                return self.value(inner.body)
            return self.run_body(inner, {}) if self.run_body else v.UNKNOWN
        finally:
            self.frame.inlined -= 1
            self.frame.names = before

    # --- loops ---

    def elements(self, value: v.Value, at: Span) -> tuple[v.Value, bool]:
        """What one element of an iterable is, and whether there are at most ten. Iterating a query executes it."""
        return loops.elements(self.frame, value, at)

    def loop(
        self, source: v.Value, at: Span, kind: str, item: str, target: ex.Expr | None = None
    ) -> AbstractContextManager[v.Value]:
        """Follow a loop over an iterable; gives its element, which varies with the loop unless there are few."""
        return loops.loop(self.frame, source, at, kind, item, target)

    def _comprehension(self, expression: ex.Comprehension) -> v.Value:
        before = dict(self.frame.names)
        try:
            return self._clauses(expression, 0)
        finally:
            self.frame.names = before

    def _clauses(self, expression: ex.Comprehension, position: int) -> v.Value:
        clause = expression.clauses[position]
        source = self.value(clause.iterable)
        parts = v.parts_of(source)
        if parts is not None and len(expression.clauses) == 1 and not clause.conditions and expression.value is None:
            return v.Items(tuple(self._each(clause.target, part, expression.element) for part in parts))
        item = ex.dotted(clause.target) or "row"
        with self.loop(source, clause.iterable.span, "comprehension", item, clause.target) as element:
            self.assign(clause.target, element)
            note_rows(self.frame, expression, element)
            for condition in clause.conditions:
                self.value(condition)
                if self.frame.reflects:
                    reflect.narrow(self.frame, condition, holds=True)
            if position + 1 < len(expression.clauses):
                return self._clauses(expression, position + 1)
            made = self.value(expression.element)
            made = v.COLUMN if isinstance(made, v.Unknown) and v.is_many(source) else made
            if expression.value is not None:
                return v.Pairs(v.single(made), v.single(self.value(expression.value)))
        few = isinstance(source, v.Items) or (isinstance(source, v.Many) and source.few)
        return v.Many(v.single(made), "iterator" if expression.kind == "generator" else "list", few)

    def _each(self, target: ex.Expr, part: v.Value, element: ex.Expr) -> v.Value:
        self.assign(target, part)
        return self.value(element)

    # --- the rest ---

    def _collection(self, expression: ex.Collection) -> v.Value:
        items: list[v.Value] = []
        starred = False
        for item in expression.items:
            value = self.value(item)
            if isinstance(item, ex.Starred):
                if isinstance(value, v.Items):
                    items.extend(value.items)
                    continue
                starred = True
                value = self.elements(value, item.span)[0]
            items.append(value)
        if starred:
            return v.Many(v.element_of(v.Items(tuple(items))))
        if not items and expression.kind != "tuple":
            return v.Many(v.EMPTY, "list")
        return v.Items(tuple(items)) if expression.kind != "set" else v.Many(v.element_of(v.Items(tuple(items))))

    def _mapping(self, expression: ex.Mapping) -> v.Value:
        by_name: dict[str, v.Value] = {}
        for key, value in zip(expression.keys, expression.values, strict=True):
            found = self.value(value)
            if key is not None:
                self.value(key)
                if isinstance(key, ex.Literal) and isinstance(key.value, str):
                    by_name[key.value] = found
        if not expression.keys:
            return v.Pairs(v.EMPTY, v.EMPTY)
        return v.Pairs(v.UNKNOWN, v.UNKNOWN, by_name)

    def _subscript(self, expression: ex.Subscript) -> v.Value:
        receiver = self.value(expression.value)
        index = expression.index
        literal = index.value if isinstance(index, ex.Literal) else None
        if not isinstance(index, ex.Slice):
            self.value(index)
        if isinstance(index, ex.Slice):
            return self._sliced(receiver, index, expression.span)
        match receiver:
            case v.Items(items=items) if isinstance(literal, int) and -len(items) <= literal < len(items):
                return items[literal]
            case v.Pairs(value=value, by_name=by_name):
                known = by_name.get(literal) if isinstance(literal, str) else None
                return known or loops.looked_up(self.frame, value, index)
            case v.Many(element=element, few=few):
                return v.taken(element) if few else loops.looked_up(self.frame, element, index)
            case v.ClassRef():  # `Repository[User]`
                return receiver
            case v.Statement(legacy=True):
                sending.queried(self.frame, receiver, "index", expression.span)
                return results.rows_of_query(self.frame, receiver)
            case _:
                return v.UNKNOWN

    def _sliced(self, receiver: v.Value, index: ex.Slice, at: Span) -> v.Value:
        for part in (index.lower, index.upper, index.step):
            if part is not None:
                self.value(part)
        upper = index.upper.value if isinstance(index.upper, ex.Literal) else None
        few = isinstance(upper, int) and 0 <= upper <= _FEW
        if isinstance(receiver, v.Many):
            return replace(receiver, few=receiver.few or few)
        if isinstance(receiver, v.Statement):
            sending.queried(self.frame, receiver, "slice", at)
            return v.Many(results.rows_of_query(self.frame, replace(receiver, limited=True)), "list", few)
        return receiver if isinstance(receiver, v.Items) else v.Unknown(rows=v.is_rows(receiver))

    def _compare(self, expression: ex.Compare) -> v.Value:
        left = self.value(expression.left)
        rights = [self.value(c) for c in expression.comparators]
        if isinstance(left, v.Attribute | v.Criterion) or any(isinstance(r, v.Attribute | v.Criterion) for r in rights):
            self.frame.conditions |= {s.name for s in (left, *rights) if isinstance(s, v.Attribute)}
            about = shaping.compared(expression, [left, *rights])
            if expression.operators == ("==",):
                sides = [s for s in (left, rights[0]) if isinstance(s, v.Attribute)]
                # A comparison of two columns is a join's condition and fixes neither.
                return v.Criterion(tuple(sides) if len(sides) == 1 else (), about)
            return v.Criterion((), about)
        return v.UNKNOWN

    def _boolean(self, operator: str, values: tuple[ex.Expr, ...]) -> v.Value:
        found = self.value(values[0])
        is_or = operator == "or"
        if is_or and len(values) == 2 and found in (v.NONE, v.NO_ITEMS):  # `options or []`
            other = self.value(values[1])
            return v.NO_ITEMS if other == v.Many(v.EMPTY) else other
        if is_or and v.parts_of(found):
            return found
        with self.frame.condition():
            for number, value in enumerate(values[1:], 1):
                if not self.frame.reflects:
                    found = v.join(found, self.value(value))
                    continue
                before = ex.Boolean(value.span, operator, values[:number])
                found = v.join(found, self._under(before, not is_or, value))
        return found

    def _binary(self, expression: ex.Binary) -> v.Value:
        left, right = self.value(expression.left), self.value(expression.right)
        match left, right:
            case v.Criterion(equals=a), v.Criterion(equals=b) if expression.operator == "&":
                return v.Criterion(a + b, shaping.about((left, right)))
            case (v.Criterion() | v.Attribute(), v.Criterion() | v.Attribute() | v.Literal()):
                return v.Criterion((), shaping.about((left, right)))
            case (v.Criterion() | v.Attribute(), _) | (_, v.Criterion() | v.Attribute()):
                return v.Criterion()
            case v.Items(items=a), v.Items(items=b) if expression.operator == "+":
                return v.Items(a + b)
            case v.Many(), v.Many() | v.Items():
                return v.Many(v.join(left.element, v.element_of(right)), left.kind)
            case v.Items(), v.Many():
                return v.Many(v.join(v.element_of(left), right.element), right.kind)
            case _:
                return v.UNKNOWN

    # --- binding ---

    def bind(self, name: str, value: v.Value, at: Span) -> None:
        """Give a name a value."""
        self.frame.names[name] = value
        emptied.bound(self.frame, name, value)
        self.frame.see(at, name, value)

    def assign(self, target: ex.Expr, value: v.Value) -> None:
        """Assign to a target of any form."""
        match target:
            case ex.Name(id=name):
                self.bind(name, value, target.span)
            case ex.Collection(items=items):
                self._unpack(items, value)
            case ex.Starred(value=inner):
                self.assign(inner, v.Many(value) if not isinstance(value, v.Many) else value)
            case ex.Attribute():
                self._assign_attribute(target, value)
            case ex.Subscript(value=receiver, index=index):
                key = self.value(index)
                if isinstance(receiver, ex.Name):
                    holding.put(self.frame, receiver.id, key, value)
                else:
                    self.value(receiver)
            case _:
                pass

    def _unpack(self, items: tuple[ex.Expr, ...], value: v.Value) -> None:
        if isinstance(value, v.Items) and len(value.items) == len(items):
            for item, part in zip(items, value.items, strict=True):
                self.assign(item, part)
            return
        element = v.taken(v.element_of(value)) if isinstance(value, v.Many) else v.UNKNOWN
        for item in items:
            self.assign(item, element)

    def _assign_attribute(self, target: ex.Attribute, value: v.Value) -> None:
        owner = self.value(target.value)
        if isinstance(owner, v.Instance):
            emptied.assigned(self.frame, owner, target.name)
            note_touch(self.frame, owner, target.name_span)
            model = self.frame.questions.model(owner.model)
            if model is not None and target.name in model.relationships:
                reads.relationship(self.frame, owner, model, target.name, target.name_span, "assign")
            elif model is not None and reads.is_number(model, target.name):
                self.frame.numbers_read[target.name_span] = owner
                self.frame.numbers_set.add(target.name_span)
            return
        name = ex.dotted(target)
        if name is not None:
            self.frame.names[name] = value
            self.frame.has_dotted = True
