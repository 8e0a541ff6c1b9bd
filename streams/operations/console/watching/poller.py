"""A poller: looks again and again in a thread of its own, and keeps the latest that it saw.

Whoever shows it takes what is there: a broker that is slow or away holds up the thread and nobody
else. It is said on the page, beside what was known before, and asked again. Clients are opened
anew after any trouble and every so often, so a topic that was made anew is noticed.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from threading import Event, Thread
from typing import Generic, NamedTuple, TypeVar

from streams.clients.log_reader import Offsets, Partition
from streams.contract.errors import GoeswithError

logger = logging.getLogger(__name__)

T = TypeVar("T")
Opening = Callable[[], AbstractContextManager[Callable[[], T]]]
"""Opens clients, for what looks by them."""
OPEN_S_MAX = 300.0
"""After this clients are opened anew."""
REST_S = 2.0
"""After trouble."""
END_S_MAX = 1.0
"""So long the end is waited for: a thread that waits for a broker is left behind."""
BREATH_S = 0.02
"""Between looks that leave something to be read: requests get their turn."""
LATE_S_MIN = 6.0
"""What is older is late, whatever the pace."""


class Reading(NamedTuple, Generic[T]):
    """The latest that was seen, and what is wrong since."""

    value: T | None = None
    """None: nothing yet."""
    at_s: float | None = None
    """When that was, in seconds since 1970."""
    trouble: str = ""
    """Why there is nothing newer; empty: all is well."""
    since_s: float | None = None
    """Since when there is trouble."""


class MadeAnew:
    """Whether a topic was made anew, as ends tell that are before what was read of it.

    A new leader tells such an end for a moment, too: it is believed at the second look in a row.

    >>> anew, at = MadeAnew(), Partition("shop.prompts", 0)
    >>> [anew.told({at: 7}, {at: end}) for end in (5, 7, 5, 5, 7)]
    [False, False, False, True, False]
    """

    def __init__(self) -> None:
        self._doubted = False

    def told(self, following: Mapping[Partition, int], ends: Offsets) -> bool:
        """`following`: the next offset to read of each partition; `ends`: what this look finds."""
        low = any(following.get(at, 0) > end for at, end in ends.items())
        believed = low and self._doubted
        self._doubted = low and not believed
        return believed


class Poller(Generic[T]):
    """Looks again and again.

    Parameters
    ----------
    name
        What it looks at, for the log.
    opening
        Opens what it looks with.
    every_s
        The pause between looks.
    clock_s
        The time in seconds since 1970.
    unfinished
        Whether a look has left something to be read at once.

    Examples
    --------
    >>> from contextlib import nullcontext
    >>> poller = Poller("the answer", lambda: nullcontext(lambda: 42), 2.0, lambda: 1000.0)
    >>> poller.look()
    >>> poller.reading.value, poller.reading.at_s, poller.late(1004.0), poller.late(1007.0)
    (42, 1000.0, False, True)
    """

    def __init__(
        self,
        name: str,
        opening: Opening[T],
        every_s: float,
        clock_s: Callable[[], float] = time.time,
        unfinished: Callable[[T], bool] = lambda _: False,
    ) -> None:
        self.name = name
        self.reading: Reading[T] = Reading()
        self.every_s = every_s
        self.faults = 0
        """How often a look failed by a fault of the program."""
        self._opening = opening
        self._clock_s = clock_s
        self._unfinished = unfinished
        self._end = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Look from now on, until `stop`."""
        self._thread = Thread(target=self._run, name=f"console: {self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more; whoever hangs in a call ends with the process."""
        self._end.set()
        if self._thread is not None:
            self._thread.join(END_S_MAX)

    def look(self) -> None:
        """Look once, by clients of its own."""
        self._guarded(once=True)

    def late(self, now_s: float) -> bool:
        """Whether what was seen is old, though no trouble has been told: somebody is slow."""
        at_s = self.reading.at_s
        return at_s is not None and now_s - at_s > max(LATE_S_MIN, 3.0 * self.every_s)

    def _run(self) -> None:
        while not self._end.is_set():
            self._guarded(once=False)
            if self.reading.trouble:
                self._end.wait(REST_S)

    def _guarded(self, *, once: bool) -> None:
        try:
            self._look_on(once)
        except GoeswithError as error:
            self._note(str(error))
        except Exception:
            self.faults += 1
            logger.exception("the console could not look at %s", self.name)
            self._note("the console failed at it, which its log tells: please report it")

    def _look_on(self, once: bool) -> None:
        with self._opening() as look:
            until_s = time.monotonic() + OPEN_S_MAX
            while True:
                value = look()
                if self.reading.trouble:
                    logger.warning("%s can be read again", self.name)
                self.reading = Reading(value, self._clock_s())
                pause_s = BREATH_S if self._unfinished(value) else self.every_s
                if once or self._end.wait(pause_s) or time.monotonic() > until_s:
                    return

    def _note(self, trouble: str) -> None:
        before = self.reading
        since_s = before.since_s if before.trouble else self._clock_s()
        if not before.trouble:
            logger.warning("%s cannot be read: %s", self.name, trouble)
        self.reading = before._replace(trouble=trouble, since_s=since_s)
