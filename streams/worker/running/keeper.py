"""The keeper, a process supervisor: starts a worker again at once, by a fork of a warm process.

Loading Faust, numba and the rest takes seconds of CPU, and as long a worker that was killed would
be away. The keeper loads them once and forks; its child is the worker:

    goeswith worker --keep ──fork──► worker ──killed, or failed──► the next one, in milliseconds

What ends in order, and what only an operator can mend, is not started again. A worker that fails
again and again is started less and less often. The keeper passes SIGTERM on and ends with its
worker; should it be killed itself, its end of a pipe closes, and the worker stops in order.
"""

import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

FINAL = (0, 2)
"""Exit codes of a worker that is not started again: stopped in order, misconfigured."""
LIVED_S = 30.0
"""A worker that ran for so long has not failed at its start."""
PAUSE_S_MAX = 30.0
POLL_S = 0.05


def next_pause_s(pause_s: float | None) -> float:
    """The pause before another start, after this one; None after a life that was long enough.

    >>> first = next_pause_s(None)
    >>> first, next_pause_s(first), next_pause_s(next_pause_s(first))
    (0.0, 0.5, 1.0)
    """
    return 0.0 if pause_s is None else min(max(2 * pause_s, 0.5), PAUSE_S_MAX)


class Keeper:
    """Supervises a worker process; `work` runs one, in a process of its own, to its exit code."""

    def __init__(self, work: Callable[[], int]) -> None:
        self._work = work
        self._child = 0
        self._stop_requested = False
        self._alive, self._parent_death_pipe = os.pipe()

    def run(self) -> int:
        """Run until the worker ends for good; its exit code. In the child: what `work` returns."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request_stop)
        gc.freeze()  # what is loaded is shared with every child, as long as nobody touches it
        pause_s: float | None = None
        while True:
            began_s = time.monotonic()
            self._child = os.fork()
            if not self._child:
                return self._run_as_child()
            code = self._ended()
            if self._stop_requested or code in FINAL:
                return 0 if code == -signal.SIGTERM else abs(code)
            lived_s = time.monotonic() - began_s
            pause_s = next_pause_s(None if lived_s > LIVED_S else pause_s)
            logger.warning(
                "the worker ended with %d after %.0f s: again in %g s", code, lived_s, pause_s
            )
            self._pause(pause_s)
            if self._stop_requested:
                return 0

    def _run_as_child(self) -> int:
        os.setpgid(0, 0)  # Ctrl-C is for the keeper, which passes it on
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.close(self._parent_death_pipe)
        threading.Thread(target=self._end_with_keeper, daemon=True).start()
        return self._work()

    def _end_with_keeper(self) -> None:
        os.read(self._alive, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _ended(self) -> int:
        """Wait for the child; its exit code, negative for a signal."""
        if self._stop_requested:  # just before it was there to be told
            os.kill(self._child, signal.SIGTERM)
        _, status = os.waitpid(self._child, 0)
        self._child = 0
        return os.waitstatus_to_exitcode(status)

    def _request_stop(self, *_: object) -> None:
        self._stop_requested = True
        if self._child:
            os.kill(self._child, signal.SIGTERM)

    def _pause(self, pause_s: float) -> None:
        until_s = time.monotonic() + pause_s
        while not self._stop_requested and time.monotonic() < until_s:
            time.sleep(POLL_S)
