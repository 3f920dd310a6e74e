"""Whether a query gives the same rows at every turn of a loop: nothing that it asks with, and nothing that it asks, changes."""

from sqlalint.facts import expression as ex
from sqlalint.facts import statement as st
from sqlalint.flow import silence
from sqlalint.flow import values as v
from sqlalint.flow.executions import Execution
from sqlalint.flow.frame import Frame
from sqlalint.flow.supplied import RECEIVERS
from sqlalint.flow.telling import is_volatile
from sqlalint.flow.text import Text, Turn, holds, leads_to_session, mentioned, roots

_EXPRESSIONS = frozenset(
    """
    select query filter where filter_by order_by group_by having options join outerjoin select_from limit offset
    distinct with_entities exists subquery label desc asc nullslast nullsfirst
    first all one one_or_none scalar scalars scalar_one scalar_one_or_none execute get get_one count unique fetchall
    mappings tuples exec
    and_ or_ not_ in_ is_ is_not isnot like ilike contains startswith endswith between any has cast coalesce max min sum
    joinedload selectinload subqueryload contains_eager load_only defer undefer raiseload lazyload
    execution_options alias aliased int str
    """.split()
)


def is_invariant(frame: Frame, text: Text, execution: Execution, turn: Turn, asked: list[ex.Expr]) -> bool:
    """Whether all that a query asks with is the same at every turn, and no turn may change what it finds."""
    node = text.node(execution.place)
    if node is None or execution.volatile or execution.locked or is_volatile(asked, text):
        return False
    parts = [node] if execution.callee is None else _given(node)
    if not parts and execution.callee is None:
        return False
    if not all(_stays(part, frame, text, turn, execution.callee is None) for part in parts):
        return False
    return not _is_out_of_sight(frame, text, turn, node)


def _given(node: ex.Expr) -> list[ex.Expr]:
    """All that a call is given, and what it is a method of."""
    if isinstance(node, ex.Attribute):
        return [node.value]
    if not isinstance(node, ex.Call):
        return []
    receiver = [node.function.value] if isinstance(node.function, ex.Attribute) else []
    return [*receiver, *node.arguments, *(k.value for k in node.keywords)]


def _stays(expression: ex.Expr, frame: Frame, text: Text, turn: Turn, direct: bool, depth: int = 6) -> bool:
    """Whether an expression has the same value at every turn."""
    if depth == 0:
        return False
    inner: set[str] = set()
    for part in ex.walk(expression):
        match part:
            case ex.Call(function=function):
                if silence.last_name(function) not in _EXPRESSIONS:
                    return False
            case ex.Comprehension(clauses=clauses):
                inner |= {name for c in clauses for name in roots(c.target)}
            case ex.Attribute(value=ex.Name(id=receiver)) if receiver in RECEIVERS and not leads_to_session(part):
                if _is_assigned(part, text, turn):
                    return False
            case ex.Await() | ex.Yield() | ex.Walrus() if not (isinstance(part, ex.Await) and direct):
                return False
            case _:
                pass
    for name in set(mentioned(expression)) - inner:
        if name in turn.targets or _is_changed(name, turn):
            return False
        meanings = list(text.bound(name, turn.extent))
        if len(meanings) > 1:
            return False
        if meanings and not _stays(meanings[0], frame, text, turn, direct, depth - 1):
            return False
    return True


def _is_changed(name: str, turn: Turn) -> bool:
    """Whether something is put into what a name stands for, or it is counted up."""
    for statement in st.walk_statements(turn.body):
        targets = statement.targets if isinstance(statement, st.Assign | st.Delete) else ()
        if isinstance(statement, st.Augment):
            targets = (statement.target,)
        for target in targets:
            if name in roots(target) and not (isinstance(target, ex.Name) and isinstance(statement, st.Assign)):
                return True
    return False


def _is_assigned(attribute: ex.Attribute, text: Text, turn: Turn) -> bool:
    dotted = ex.dotted(attribute)
    for statement in st.walk_statements(turn.body):
        if isinstance(statement, st.Assign) and any(ex.dotted(t) == dotted for t in statement.targets):
            return True
        for expression in st.expressions(statement):  # a method of the same object may change it
            for part in ex.walk(expression):
                if isinstance(part, ex.Call) and isinstance(part.function, ex.Attribute):
                    owner = part.function.value
                    if isinstance(owner, ex.Name) and owner.id in RECEIVERS:
                        return True
    return False


def _is_out_of_sight(frame: Frame, text: Text, turn: Turn, node: ex.Expr) -> bool:
    """Whether a turn calls something with the session that is not known to leave all as it is, or assigns to an object."""
    known = [e.place for e in frame.executions if holds(turn.extent, e.place)]
    if silence.assigns(turn.body):
        return True
    for name, call in silence.called_names(turn.body):
        if call is node or holds(node.span, call.span) or any(holds(call.span, place) for place in known):
            continue
        arguments = (*call.arguments, *(k.value for k in call.keywords))
        if any(_is_session(a, frame) for a in arguments):
            return True
        by_session = isinstance(call.function, ex.Attribute) and leads_to_session(call.function.value)
        if by_session and name not in _EXPRESSIONS:
            return True
    return False


def _is_session(expression: ex.Expr, frame: Frame) -> bool:
    value = frame.names.get(ex.dotted(expression) or "")
    return isinstance(value, v.Session) or leads_to_session(expression)
