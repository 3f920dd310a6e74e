"""What a function does with the rows that it has fetched: looked at when it has been followed, and only where it fetched."""

from sqlalint.facts import statement as st
from sqlalint.flow.commits import expired
from sqlalint.flow.counting import counted
from sqlalint.flow.frame import Frame
from sqlalint.flow.one_column import one_column
from sqlalint.flow.used import Used


def look_at_uses(frame: Frame, function: st.Function) -> None:
    """Find what is done with fetched rows, for the rules that judge it."""
    expires = bool(frame.row_uses) and any(turn.loops for turn in frame.commits)
    if not expires and not frame.fetches and not frame.comprehended and not any(r.loop is None for r in frame.reads):
        return
    used = Used(function)
    frame.counted = tuple(counted(frame, used))
    if frame.comprehended:
        frame.one_column = tuple(one_column(frame, used))
    if expires:
        frame.rows_expired = tuple(expired(frame, used))
