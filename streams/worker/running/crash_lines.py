"""A failure that we have a name for is one line of log, not a traceback for each part that ends."""

import logging
import re
import weakref
from collections import deque

from streams.cli.printable import printable
from streams.contract.errors import GoeswithError

LINE_CHARS_MAX = 1000
SAID_MAX = 64
"""Errors that are told apart from the next."""
CRASH = re.compile(r"(\[[^\]]*\]: )?(Crashed reason=%r|Error: %r)")
"""What mode writes, with the part's name in front, of the reason of a crash."""
AFTERWARDS = ("We experienced a crash!", "Error while stopping child")
"""What mode says before it raises the reason once more, and of parts that a crash has ended already
(their event loop is closed by then, or not yet)."""


class CrashLines(logging.Filter):
    """Lets the crash by each of our errors through once, as name and message, without traceback.

    Other errors keep their traceback, and lines that only mention one of ours their own text.

    >>> from streams.contract.errors import NameTaken
    >>> lines = CrashLines()
    >>> taken = NameTaken("ann is taken")
    >>> def said(text, *args):
    ...     record = logging.LogRecord("mode", logging.ERROR, "", 0, text, args, None)
    ...     return lines.filter(record) and record.getMessage()
    >>> said("Crashed reason=%r", taken), said("Error: %r", taken)
    ('NameTaken: ann is taken', False)
    >>> said("[^Worker]: We experienced a crash!"), said("Error while stopping child %r: %r", 1, 2)
    (False, False)
    >>> said("Crashed reason=%r", ValueError("bread"))
    "Crashed reason=ValueError('bread')"
    >>> said("[^Worker]: ben waits: %s", taken)
    '[^Worker]: ben waits: ann is taken'
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: deque[weakref.ref[GoeswithError]] = deque(maxlen=SAID_MAX)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line may pass."""
        if record.levelno < logging.ERROR:
            return True
        if self._said and any(words in str(record.msg) for words in AFTERWARDS):
            return False
        error = _ours(record)
        if error is None:
            return True
        if any(error is said() for said in self._said):
            return False
        self._said.append(weakref.ref(error))  # a traceback holds all that its frames held
        said = f"{type(error).__name__}: {error}"
        record.msg, record.args = printable(said, chars_max=LINE_CHARS_MAX), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def _ours(record: logging.LogRecord) -> GoeswithError | None:
    """The error of ours that has crashed something, by a line of mode's."""
    if not CRASH.fullmatch(str(record.msg)):
        return None
    args = record.args if isinstance(record.args, tuple) else ()
    raised = record.exc_info[1] if record.exc_info else None
    return next((one for one in (*args, raised) if isinstance(one, GoeswithError)), None)
