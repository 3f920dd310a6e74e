"""The one way in which flow asks the project: every question is recorded, so that an answer can be kept while it holds.

What a function's analysis said stays true as long as each question that it asked has the same answer. Answers are
values whose spans are relative to their definitions, so that a line inserted elsewhere changes none of them.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from sqlalint.facts.statement import Class, Function, Statement
from sqlalint.flow.asked import NOTHING, Asked, asked_of
from sqlalint.hashing import blake2b
from sqlalint.project.mapping import Model
from sqlalint.project.project import Project
from sqlalint.project.reads import Basis
from sqlalint.project.schema import Table
from sqlalint.project.symbols import UNKNOWN, External, Module, Symbol

Question = tuple[str, tuple[str, ...]]
_Made = TypeVar("_Made")
_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Notes:
    """What is asked while something is made: questions by their numbers, and what somebody's kept answer stands on."""

    __slots__ = ("also", "numbers")

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self.also = NOTHING

    def add(self, other: "Notes") -> None:
        """What others have asked was asked here as well."""
        self.numbers |= other.numbers
        self.also |= other.also

    def asked(self) -> Asked:
        """All of it."""
        return self.also | asked_of(self.numbers)


class Questions:
    """Asks a project, and remembers what was asked since `record` was called."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._numbers: dict[Question, int] = {}
        self._questions: list[Question] = []
        self._answers: dict[int, Any] = {}
        self._digests: dict[int, bytes] = {}
        self._notes = Notes()
        self._made: dict[tuple[str, ...], tuple[Any, Notes]] = {}
        self._models: dict[str, tuple[int, Model | None]] = {}  # by id: asked for more often than all the rest

    # --- the record ---

    def number(self, question: Question) -> int:
        """The number of a question in this run."""
        found = self._numbers.get(question)
        if found is None:
            found = self._numbers[question] = len(self._questions)
            self._questions.append(question)
        return found

    def question(self, number: int) -> Question:
        """The question that has a number."""
        return self._questions[number]

    def record(self) -> Notes:
        """Collect questions anew from here on; returns the notes of those collected before, for `resume`."""
        before, self._notes = self._notes, Notes()
        return before

    def resume(self, before: Notes) -> Notes:
        """Add what was asked since `record` to what was asked before it; returns what was asked since."""
        since, self._notes = self._notes, before
        before.add(since)
        return since

    def also(self, asked: Asked) -> None:
        """Count these as asked: somebody's kept answer stands on them."""
        self._notes.also |= asked

    def asked(self) -> Asked:
        """The questions since `record`."""
        return self._notes.asked()

    def once(self, key: tuple[str, ...], make: Callable[[], _Made], keeps: Callable[[], bool] = lambda: True) -> _Made:
        """What is made of answers, made once: whoever wants it again has asked the same questions.

        `keeps` is asked after `make`: where it says no, the next who wants it has it made again.
        """
        known = self._made.get(key)
        if known is not None:
            self._notes.add(known[1])
            found: _Made = known[0]
            return found
        before = self.record()
        try:
            made = make()
        finally:
            asked = self.resume(before)
        if keeps():
            self._made[key] = made, asked
        return made

    def digest(self, number: int) -> bytes:
        """The hash of the answer that a question has now."""
        found = self._digests.get(number)
        if found is None:
            kind, arguments = self._questions[number]
            if kind == "statement":  # its text says the same, and need not be decoded
                found = self.project.ground.definition(*arguments)
            else:
                if number not in self._answers:
                    self._answers[number] = _ASK[kind](self.project, *arguments)
                found = blake2b(_encode(self._answers[number]), digest_size=8).digest()
            self._digests[number] = found
        return found

    def basis_of(self, questions: Iterable[Question]) -> Basis:
        """What the answers to questions about names stand on."""
        before = self.project.reads.record()
        for kind, arguments in questions:
            _ASK[kind](self.project, *arguments)
        return self.project.ground.basis(self.project.reads.resume(before))

    def _ask(self, kind: str, *arguments: str) -> Any:
        number = self.number((kind, arguments))
        self._notes.numbers.add(number)
        if number in self._answers:
            return self._answers[number]
        answer = self._answers[number] = _ASK[kind](self.project, *arguments)
        return answer

    # --- the questions ---

    def resolve(self, path: str, name: str) -> Symbol:
        """What a dotted name stands for at the level of a module."""
        answer: Symbol = self._ask("resolve", path, name)
        return answer

    def imported(self, path: str, module: str, level: int, name: str | None) -> Symbol:
        """What an import inside a function binds."""
        answer: Symbol = self._ask("imported", path, module, str(level), name or "")
        return answer

    def absolute(self, name: str) -> Symbol:
        """What a full dotted name stands for (`app.models.User`), as from outside the project."""
        parts, external = name.split("."), True
        for end in range(len(parts), 0, -1):
            found = self.imported("", ".".join(parts[:end]), 0, None)
            if isinstance(found, Module):
                return self.resolve(found.path, ".".join(parts[end:])) if end < len(parts) else found
            external = external and isinstance(found, External)
        return External(self.project.libraries.canonical(name)) if external and len(parts) > 1 else UNKNOWN

    def model(self, model_id: str) -> Model | None:
        """A model with everything it inherits."""
        known = self._models.get(model_id)
        if known is None:
            answer: Model | None = self._ask("model", model_id)
            known = self._models[model_id] = self.number(("model", (model_id,))), answer
        self._notes.numbers.add(known[0])
        return known[1]

    def table(self, table_id: str) -> Table | None:
        """A table."""
        answer: Table | None = self._ask("table", table_id)
        return answer

    def statement(self, path: str, key: str) -> Statement | None:
        """A definition, lowered."""
        answer: Statement | None = self._ask("statement", path, key)
        return answer

    def function(self, path: str, key: str) -> Function | None:
        """A function, lowered."""
        found = self.statement(path, key)
        return found if isinstance(found, Function) else None

    def class_(self, path: str, key: str) -> Class | None:
        """A class, lowered."""
        found = self.statement(path, key)
        return found if isinstance(found, Class) else None

    def mro(self, class_id: str) -> tuple[str, ...]:
        """The ids of a class's ancestors in method resolution order, itself first; unresolved ones are left out."""
        answer: tuple[str, ...] = self._ask("mro", class_id)
        return answer

    def external_bases(self, class_id: str) -> tuple[str, ...]:
        """The canonical names of the library classes among a class's ancestors."""
        answer: tuple[str, ...] = self._ask("external_bases", class_id)
        return answer

    def is_overridden(self, class_id: str, name: str) -> bool:
        """Whether a subclass has a method of that name of its own: which one runs is then not known."""
        answer: bool = self._ask("is_overridden", class_id, name)
        return answer

    def member(self, class_id: str, name: str, behind: str = "") -> str | None:
        """The `path::key` of the class that defines a method or attribute as a definition of its own.

        `behind` is a class in the resolution order that, with those before it, does not count.
        """
        answer: str | None = self._ask("member", class_id, name, behind)
        return answer


def _external_bases(project: Project, class_id: str) -> tuple[str, ...]:
    return tuple(project.classes.mro(class_id).externals)


def _is_overridden(project: Project, class_id: str, name: str) -> bool:
    return any(
        owner != class_id and class_id in project.classes.mro(owner).ids
        for owner in project.owners_of_methods.get(name, ())
    )


def _member(project: Project, class_id: str, name: str, behind: str) -> str | None:
    order = project.classes.mro(class_id).ids
    if behind and behind not in order:
        return None
    for owner in order[order.index(behind) + 1 :] if behind else order:
        path, _, key = owner.partition("::")
        if project.entry(path, f"{key}.{name}") is not None:
            return owner
    return None


_ASK: dict[str, Callable[..., Any]] = {
    "resolve": lambda project, path, name: project.resolve(path, name),
    "imported": lambda project, path, module, level, name: project.modules.imported(
        path, module, int(level), name or None
    ),
    "model": lambda project, model_id: project.models.model(model_id),
    "table": lambda project, table_id: project.models.tables.get(table_id),
    "statement": lambda project, path, key: project.statement(path, key),
    "mro": lambda project, class_id: project.classes.mro(class_id).ids,
    "external_bases": _external_bases,
    "member": _member,
    "is_overridden": _is_overridden,
}
