"""What a function tells its callers of the statements that it sends, and what an execution depends on."""

import re
from functools import cached_property

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.facts.span import Spot
from sqlalint.flow import silence
from sqlalint.flow.executions import GET, NONE_EXECUTED, READ, WRITE, Executed, Execution, Executions, expanded
from sqlalint.flow.frame import Frame
from sqlalint.flow.supplied import arguments as bound_to
from sqlalint.flow.text import Text

_MEMO = re.compile(r"cache|memo|lru", re.IGNORECASE)
_NEAR = 1  # a function that writes so few calls away has read in order to write
_MOST = 8  # reads of a function that its callers are told of
# What gives another answer each time, or has to be asked again.
_VOLATILE = re.compile(
    r"^(?:now|utcnow|today|random|rand|randint|nextval|next|uuid\w*|time|with_for_update|with_lockmode)$"
)


class Told:
    """What a function that has been followed sends, for its callers; found out when it is asked for."""

    def __init__(self, frame: Frame, text: Text) -> None:
        self._records = frame.executions
        self._text = text

    @cached_property
    def value(self) -> Executions:
        """What it sends."""
        return _told(list(expanded(self._records)), self._text)


def _told(executions: list[Execution], text: Text) -> Executions:
    written = [e for e in executions if e.how == WRITE]
    perhaps = all(e.depth > 0 or e.conditional for e in written if not e.distance)
    writes = min((e.distance for e in written), default=None)
    if text.facts is None:
        text.facts = _facts(text)
    by_text, volatile = text.facts
    if by_text:
        perhaps, writes = perhaps and writes == 0, 0
    if any(_MEMO.search(ex.dotted(d) or ex.dotted(getattr(d, "function", None)) or "") for d in text.decorators):
        return Executions((), writes, perhaps)
    near = writes == 0 or any(e.distance <= _NEAR and not e.conditional for e in written)
    reads: dict[Spot, Executed] = {}
    for execution in executions:
        if execution.how not in (READ, GET) or execution.at in reads:
            continue
        found = _read(execution, text, near, volatile)
        if found is not None and len(reads) < _MOST:
            reads[execution.at] = found
    ordered = sorted(reads.values(), key=lambda e: e.conditional)
    return Executions(tuple(ordered), writes, perhaps) if ordered or writes is not None else NONE_EXECUTED


def _facts(text: Text) -> tuple[bool, bool]:
    """Whether a function writes by its text, and whether anything in it gives another answer each time."""
    calls = [(silence.last_name(call.function), call) for call in text.calls]
    return any(silence.is_write(n, c) for n, c in calls), any(_VOLATILE.search(n) for n, _ in calls)


def _read(execution: Execution, text: Text, writes: bool, volatile: bool) -> Executed | None:
    around = text.around(text.function.body, execution.place)
    if around is None or any(isinstance(s.statement, st.While) and s.block == 0 for s in around):
        return None
    if silence.is_cached(around, text, by_name=False):
        return None
    asked = asked_with(execution, text)
    sources = text.sources(asked)
    turns = (text.turn(active.loop.at.span) for active in execution.loops)
    if any(turn is not None and turn.targets & sources for turn in turns):
        return None  # what varies with a loop in here is said where that loop is
    return Executed(
        at=execution.at,
        calls=execution.calls,
        how=execution.how,
        entity=execution.entity,
        depends=frozenset(p for p in text.parameters if p in sources),
        conditional=execution.conditional or execution.depth > 0,
        volatile=execution.volatile or execution.locked or volatile,
        writes=execution.callee_writes or writes,
    )


def asked_with(execution: Execution, text: Text) -> list[ex.Expr]:
    """The expressions that decide what an execution asks for: the whole of the call, or the arguments that matter."""
    node = text.node(execution.place)
    if node is None:
        return []
    if execution.callee is None:
        return [node]
    first = execution.callee.parameters[0].name if execution.callee.parameters else ""
    found: list[ex.Expr] = []
    receiver = node.function if isinstance(node, ex.Call) else node
    if isinstance(receiver, ex.Attribute) and first in execution.depends:
        found.append(receiver.value)
    if isinstance(node, ex.Call):
        if node.has_open_arguments or node.has_open_keywords:
            found.extend(node.arguments)
        given = bound_to(execution.callee, node)
        found.extend(value for name, value in given.items() if name in execution.depends)
    return found


def is_volatile(expressions: list[ex.Expr], text: Text) -> bool:
    """Whether what is asked for is another thing each time, or is asked for to be locked."""
    for expression in expressions:
        for meaning in text.meanings(expression):
            for part in ex.walk(meaning):
                if isinstance(part, ex.Call):
                    called = part.function
                    name = called.name if isinstance(called, ex.Attribute) else getattr(called, "id", "")
                    if _VOLATILE.search(name):
                        return True
    return False
