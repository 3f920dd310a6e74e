"""Which functions are followed, and what all of them give."""

from collections.abc import Iterator

from sqlalint.flow.events import Function
from sqlalint.flow.events_of import events_of
from sqlalint.flow.follow import Follower
from sqlalint.flow.questions import Questions
from sqlalint.project.project import Project

# A function that mentions none of these executes no statement that is in sight.
_ROOTS = frozenset(
    "select query scalars scalar execute stream stream_scalars exec get_one Query fetchall all first one".split()
)
_GET = frozenset({"session", "Session", "AsyncSession"})


def roots(project: Project) -> Iterator[tuple[str, str]]:
    """The functions to start from: those that query. Their bodies are asked for, nobody else's."""
    for path, facts in sorted(project.files.items()):
        for entry in facts.index.definitions:
            if entry.kind != "function" or entry.key not in facts.bodies:
                continue
            mentions = set(entry.mentions)
            if mentions & _ROOTS or ("get" in mentions and mentions & _GET):
                yield path, entry.key


def follow(questions: Questions, path: str, key: str) -> Function:
    """What following one function gives."""
    function = questions.function(path, key)
    if function is None:
        return Function()
    return events_of(Follower(questions, path, key).run(function))
