"""What a user's hints and the data of libraries say of functions, attributes and sessions.

A hint's name is a full one, and is resolved like an import; one that resolves to nothing is an expression as it is
written (`request.user`). Both sides go through the questions, so that no answer outlives what its names stand for.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.facts.lower import expression_of
from sqlalint.facts.span import Span
from sqlalint.flow import loads as ld
from sqlalint.flow import values as v
from sqlalint.flow.annotations import Annotations
from sqlalint.flow.frame import Frame
from sqlalint.flow.questions import Questions
from sqlalint.flow.returned import Formula, evaluate, formula_of
from sqlalint.project.libraries import split
from sqlalint.project.symbols import Definition, External, Symbol

_SESSION = v.Session()


class Hints(Struct, frozen=True):
    """The user's hints, by the `path::key` of what they are about, and attributes also as they are written.

    `formulas`: what functions return by what they are given. `preloads`: the relationships that a function loads of the
    objects that it is given, as a model and a name.
    """

    returns: dict[str, v.Value]
    formulas: dict[str, Formula]
    attributes: dict[str, v.Value]
    written: dict[str, v.Value]
    preloads: dict[str, tuple[tuple[str, str], ...]]


NO_HINTS = Hints({}, {}, {}, {}, {})


def hints_of(questions: Questions) -> Hints:
    """The user's hints, with their names resolved."""
    settings = questions.project.settings
    if not (settings.returns or settings.attributes or settings.sessions or settings.preloads):
        return NO_HINTS
    return questions.once(("hints",), lambda: _resolved(questions))


def _resolved(questions: Questions) -> Hints:
    settings, annotations = questions.project.settings, Annotations(questions)
    names = {key: split(key) for key in settings.returns}
    formulas = {names[k][0]: f for k, text in settings.returns.items() if (f := formula_of(names[k][1], text))}
    plain = {names[k][0]: text for k, text in settings.returns.items() if names[k][0] not in formulas}
    returns = {name: annotations.value(expression_of(text), "") for name, text in plain.items()}
    attributes = {k: annotations.value(expression_of(text), "") for k, text in settings.attributes.items()}
    sessions: dict[str, v.Value] = dict.fromkeys(settings.sessions, _SESSION)
    return Hints(
        returns=dict(_by_place(questions, {**sessions, **returns})),
        formulas={p: f for name, f in formulas.items() for p in _places(questions.absolute(name))},
        attributes=dict(_by_place(questions, {**sessions, **attributes})),
        written={**sessions, **attributes},
        preloads={
            place: tuple(_relationships(questions, names))
            for name, names in settings.preloads.items()
            for place in _places(questions.absolute(name))
        },
    )


def _by_place(questions: Questions, hints: dict[str, v.Value]) -> Iterator[tuple[str, v.Value]]:
    for name, value in hints.items():
        for place in _places(questions.absolute(name)):
            yield place, value


def _places(symbol: Symbol) -> Iterator[str]:
    match symbol:
        case Definition(path=path, key=key, rest=rest):
            yield ".".join((f"{path}::{key}", *rest))
        case External(name=name):
            yield name


def _relationships(questions: Questions, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        owner, _, attribute = name.rpartition(".")
        for place in _places(questions.absolute(owner)):
            yield place, attribute


# --- what they say ---


def of_function(questions: Questions, function: v.FunctionRef) -> v.Value | None:
    """What a function is said to return, by its own name or by that of a class which inherits it."""
    hints = hints_of(questions).returns
    return next((hints[p] for p in _names(questions, function) if p in hints), None) if hints else None


def formula_for(questions: Questions, function: v.FunctionRef) -> Formula | None:
    """What a function is said to return by what it is given, by the same names."""
    formulas = hints_of(questions).formulas
    return next((formulas[p] for p in _names(questions, function) if p in formulas), None) if formulas else None


def of_attribute(questions: Questions, class_id: str, name: str) -> v.Value | None:
    """What an attribute of a class, or of one of its ancestors, is said to be."""
    hints = hints_of(questions).attributes
    found = next((hints[p] for c in questions.mro(class_id) if (p := f"{c}.{name}") in hints), None) if hints else None
    if found is None and questions.project.libraries.attributes:
        known = (of_library(questions, f"{base}.{name}") for base in questions.external_bases(class_id))
        found = next((value for value in known if value is not None), None)
    return found


def of_definition(questions: Questions, place: str) -> v.Value | None:
    """What a module's variable is said to be."""
    return hints_of(questions).attributes.get(place)


def of_library(questions: Questions, name: str) -> v.Value | None:
    """What something of a library is said to be, by its canonical name."""
    said = hints_of(questions).attributes.get(name)
    text = questions.project.libraries.attributes.get(name) if said is None else None
    return said if text is None else Annotations(questions).value(expression_of(text), "")


def of_call(
    frame: Frame,
    name: str,
    receiver: v.Value | None,
    arguments: list[v.Value],
    keywords: dict[str, v.Value],
    at: Span,
) -> v.Value | None:
    """What a function of a library is said to return, by its canonical name; where it is awaited, what that gives."""
    hints, known = hints_of(frame.questions), frame.questions.project.libraries.returns.get(name)
    found = hints.returns.get(name)
    if found is not None:
        return found
    formula = hints.formulas.get(name)
    if formula is None and known is not None:
        formula = formula_of(*known)
        if formula is None:
            return Annotations(frame.questions).value(expression_of(known.text), "")
    if formula is None:
        return None
    awaits, frame.awaiting = frame.awaiting, False
    value = evaluate(frame, formula, receiver, formula.bound(arguments, keywords), at, is_async=awaits)
    return v.Awaitable(value) if awaits and not isinstance(value, v.Awaitable) else value


def of_method(
    frame: Frame, receiver: v.Value, name: str, arguments: list[v.Value], keywords: dict[str, v.Value], at: Span
) -> v.Value | None:
    """What a method that a project's class has from a library's is said to return."""
    if isinstance(receiver, v.Super):
        receiver = receiver.receiver
    class_id = v.class_of(receiver)
    for base in frame.questions.external_bases(class_id) if class_id else ():
        found = of_call(frame, f"{base}.{name}", receiver, arguments, keywords, at)
        if found is not None:
            return found
    return None


def is_plain(questions: Questions, class_id: str, keywords: dict[str, v.Value], open_ended: bool) -> bool:
    """Whether an instance of a class is made with nothing that says what the queries of a library's base load."""
    known = questions.project.libraries.options
    bases = [b for b in questions.external_bases(class_id) if b in known]
    return bool(bases) and not open_ended and not any(k in known[b] for b in bases for k in keywords)


def of_expression(questions: Questions, expression: ex.Expr) -> v.Value | None:
    """What an expression is said to be as it is written; one of `self` counts as what stands behind that."""
    written = hints_of(questions).written
    name = ex.dotted(expression) if written else None
    return None if name is None else written.get(name) or written.get(name.removeprefix("self."))


def preload(frame: Frame, places: Iterable[str]) -> None:
    """What a function that was called is said to load, of all objects that there are."""
    hints = hints_of(frame.questions).preloads
    for place in places if hints else ():
        for model, name in hints.get(place, ()):
            loads = ld.Loads({name: ld.Entry("selectin")})
            frame.loaded.setdefault(model, []).append((frame.number(), loads))


def preloaded(frame: Frame, function: v.FunctionRef) -> None:
    """What a function of the project that was called is said to load."""
    preload(frame, _names(frame.questions, function))


def _names(questions: Questions, function: v.FunctionRef) -> Iterator[str]:
    """The names under which a function may be hinted at: its own, and as a method those of its receiver's class."""
    bound = function.bound
    if isinstance(bound, v.Object | v.ClassRef) and not function.is_fixed:
        method = function.key.rpartition(".")[2]
        yield from (f"{c}.{method}" for c in questions.mro(bound.class_id))
    yield f"{function.path}::{function.key}"
