"""What a user's hints and the data of libraries say of functions, attributes and sessions.

A hint's name is a full one, and is resolved like an import; one that resolves to nothing is an expression as it is
written (`request.user`). Both sides go through the questions, so that no answer outlives what its names stand for.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from sqlalint.facts import expression as ex
from sqlalint.facts.lower import expression_of
from sqlalint.flow import loads as ld
from sqlalint.flow import values as v
from sqlalint.flow.annotations import Annotations
from sqlalint.flow.frame import Frame
from sqlalint.flow.questions import Questions
from sqlalint.project.symbols import Definition, External, Symbol

_SESSION = v.Session()


class Hints(Struct, frozen=True):
    """The user's hints, by the `path::key` of what they are about, and attributes also as they are written.

    `preloads`: the relationships that a function loads of the objects that it is given, as a model and a name.
    """

    returns: dict[str, v.Value]
    attributes: dict[str, v.Value]
    written: dict[str, v.Value]
    preloads: dict[str, tuple[tuple[str, str], ...]]


NO_HINTS = Hints({}, {}, {}, {})


def hints_of(questions: Questions) -> Hints:
    """The user's hints, with their names resolved."""
    settings = questions.project.settings
    if not (settings.returns or settings.attributes or settings.sessions or settings.preloads):
        return NO_HINTS
    return questions.once(("hints",), lambda: _resolved(questions))


def _resolved(questions: Questions) -> Hints:
    settings, annotations = questions.project.settings, Annotations(questions)
    returns = {k: annotations.value(expression_of(text), "") for k, text in settings.returns.items()}
    attributes = {k: annotations.value(expression_of(text), "") for k, text in settings.attributes.items()}
    sessions: dict[str, v.Value] = dict.fromkeys(settings.sessions, _SESSION)
    return Hints(
        returns=dict(_by_place(questions, {**sessions, **returns})),
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


def of_attribute(questions: Questions, class_id: str, name: str) -> v.Value | None:
    """What an attribute of a class, or of one of its ancestors, is said to be."""
    hints = hints_of(questions).attributes
    if not hints:
        return None
    return next((hints[p] for c in questions.mro(class_id) if (p := f"{c}.{name}") in hints), None)


def of_definition(questions: Questions, place: str) -> v.Value | None:
    """What a module's variable is said to be."""
    return hints_of(questions).attributes.get(place)


def of_library(questions: Questions, name: str) -> v.Value | None:
    """What something of a library is said to be, by its canonical name."""
    return hints_of(questions).attributes.get(name)


def of_call(questions: Questions, name: str) -> v.Value | None:
    """What a function of a library is said to return, by its canonical name."""
    return hints_of(questions).returns.get(name)


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
