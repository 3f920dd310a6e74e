"""The schema that migrations build, replayed without a database."""

from sqlalint.project.history.history import Histories
from sqlalint.project.history.replay import Moment, Replay

__all__ = ["Histories", "Moment", "Replay"]
