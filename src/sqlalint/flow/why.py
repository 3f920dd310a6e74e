"""What is believed of a line: each value's type, origin and loads, and what kept the rules silent there."""

from collections.abc import Iterator

from sqlalint.facts.file import Definition
from sqlalint.facts.span import Span
from sqlalint.facts.statement import Function
from sqlalint.flow.callees import Following
from sqlalint.flow.describe import describe, origin_of
from sqlalint.flow.follow import Follower
from sqlalint.flow.frame import Frame
from sqlalint.flow.hinting import Tracing, silences
from sqlalint.flow.questions import Questions
from sqlalint.flow.repeated import repeated
from sqlalint.project.project import Project


def explain(project: Project, path: str, line: int) -> list[str]:
    """What flow believes of one line of a file, as lines for people. Empty where the line is in no function."""
    entry = _function_at(project, path, line)
    questions = Questions(project)
    function = questions.function(path, entry.key) if entry else None
    if entry is None or not isinstance(function, Function):
        return []
    callees = Following(questions)
    follower = Follower(questions, path, entry.key, callees, tracing=Tracing)
    frame, text = follower.run(function), callees.text(path, entry.key, function)
    for _ in repeated(frame, text):
        pass  # it notes why it is silent
    row = line - entry.row + 1
    found = [f"in `{entry.key}`", *_values(frame, questions, entry, row), *_reads(frame, entry, row)]
    found += [f"silent: {note}" for span, note in dict.fromkeys(frame.notes) if _covers(span, row)]
    if isinstance(follower.evaluator, Tracing):
        found += silences(frame, text, follower.evaluator.believed, row)
    return found


def _function_at(project: Project, path: str, line: int) -> Definition | None:
    inside = [e for e in project.entries.get(path, {}).values() if e.kind == "function" and e.row <= line <= e.end_row]
    return max(inside, key=lambda e: e.row, default=None)


def _covers(span: Span, row: int) -> bool:
    return span.row <= row <= span.end_row


def _values(frame: Frame, questions: Questions, entry: Definition, row: int) -> Iterator[str]:
    seen: set[str] = set()
    for span, name, value in frame.trace or ():
        if not _covers(span, row):
            continue
        origin = origin_of(value)
        came = ""
        if origin is not None and origin.at is not None and origin.kind in ("query", "get"):
            place = questions.project.place(origin.at)
            came = f", from the {origin.kind} at {place.path}:{place.span.row}"
        text = f"{name or 'the expression'} is: {describe(value, questions)}{came}"
        if text not in seen:
            seen.add(text)
            yield text


def _reads(frame: Frame, entry: Definition, row: int) -> Iterator[str]:
    for read in frame.reads:
        if _covers(read.at.span, row):
            what = f"{read.model.name}.{read.attribute}"
            if read.dropped:
                yield f"silent: {what}: the way on which it is read leaves the loop, so it is read once"
            elif read.loop is None and not read.instance.origin.is_async:
                yield f"silent: {what} is loaded here, once: the object varies with no loop"
            else:
                yield f"loads here: {what}"
