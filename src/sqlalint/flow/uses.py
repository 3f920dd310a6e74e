"""What a function does with the rows that it has fetched: looked at when it has been followed, and only where it fetched."""

from sqlalint.facts import statement as st
from sqlalint.flow.commits import expired
from sqlalint.flow.counting import counted
from sqlalint.flow.frame import Frame
from sqlalint.flow.used import Used


def look_at_uses(frame: Frame, function: st.Function) -> None:
    """Find what is done with fetched rows, for the rules that judge it."""
    if not frame.fetches and not any(r.loop is None for r in frame.reads) and not frame.commits:
        return
    used = Used(function)
    frame.counted = tuple(counted(frame, used))
    if frame.commits and frame.row_uses:
        frame.rows_expired = tuple(expired(frame, used))
