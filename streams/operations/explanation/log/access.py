"""How a question reads the log: how it is opened, who is told how far it is, and what ends it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from streams.clients.log_reader import LogReader, open_reader
from streams.operations.explanation.log.marks import LogMark
from streams.operations.explanation.log.progress import Progress, unseen

Opened = Callable[..., AbstractContextManager[LogReader]]
"""As `open_reader`: settings, and the names of topics."""


Begin = Callable[[LogReader, str], LogMark | None]
"""A mark before which a reader finds nothing of a session; None: none is known."""


def nowhere(_reader: LogReader, _session_id: str) -> LogMark | None:
    """Nobody has followed the log."""
    return None


def unbounded(_events: int) -> None:
    """No session is too long for a terminal."""


class LogAccess(NamedTuple):
    """How a log is opened and bounded for one question."""

    progress: Progress = unseen
    """Is told what is read, and of each record; what it raises ends the reading."""
    opened: Opened = open_reader
    check: Callable[[int], object] = unbounded
    """Is told how many events of the session were found, with each; so it may end the reading."""
    begin: Begin = nowhere
