"""Stories of sessions, looked up on demand: one at a time, in a thread, the latest few kept.

A look-up reads the events topic and folds it again, as `goeswith explain` does: who asks is told
how far it is, and waits on the page, not in the request.
"""

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread
from typing import NamedTuple

from streams.contract.errors import GoeswithError, NotEnough
from streams.operations.explanation.story import Progress, Story, explained_by

logger = logging.getLogger(__name__)

KEPT = 20
WAITING_MAX = 4
EVENTS_MAX = 50
"""So many events of a session are told, the latest."""
RECORDS_MAX = 3_000_000
"""Of a longer log a command tells, which has the machine for itself."""
SESSION_EVENTS_MAX = 2_000
"""A longer session is no shopper's, and each of its events is a fold by itself."""
LOOKUP_S_MAX = 120.0
"""So long a look-up may take: others wait behind it."""
SoFar = Callable[[Story], object]
Telling = Callable[[str, int, Progress, SoFar], Story]
"""Looks a session up: its id, how many events, and whom to tell of the progress, and of what is
known before all is."""


class Lookup(NamedTuple):
    """What has become of a look-up."""

    session_id: str
    doing: str = ""
    """What is being done; empty: it is done."""
    share: float = 0.0
    """How much of that."""
    story: Story | None = None
    """While something is being done: what is known already."""
    trouble: str = ""
    """Why there is no story."""
    at_s: float = 0.0
    """When it was done, in seconds since 1970."""


class Stories:
    """Looks sessions up.

    Parameters
    ----------
    tell
        What looks up.
    clock_s
        The time in seconds since 1970.
    steady_s
        A time in seconds that nobody sets.
    """

    def __init__(
        self,
        tell: Telling,
        clock_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell = tell
        self._clock_s = clock_s
        self._steady_s = steady_s
        self._known: OrderedDict[str, Lookup] = OrderedDict()
        self._waiting: deque[str] = deque()
        self._changed = Condition()
        self._end = False
        self._thread: Thread | None = None

    def start(self) -> None:
        """Look up from now on what is asked for."""
        self._thread = Thread(target=self._run, name="console: stories", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look up no more."""
        with self._changed:
            self._end = True
            self._changed.notify_all()

    def ask(self, session_id: str, *, again: bool = False) -> Lookup:
        """What is known of a session by now; looked up if it has not been, or `again`."""
        with self._changed:
            known = self._known.get(session_id)
            if known is not None and (known.doing or not again):
                return known
            if len(self._waiting) >= WAITING_MAX:
                return Lookup(session_id, trouble="too many look-ups wait: try again in a minute")
            self._note(Lookup(session_id, "waiting for its turn"))
            self._waiting.append(session_id)
            self._changed.notify_all()
            return self._known[session_id]

    def look(self) -> None:
        """Look up what has waited longest, if anything does."""
        with self._changed:
            if not self._waiting:
                return
            session_id = self._waiting.popleft()
        try:
            progress, so_far = self._progress_of(session_id), self._so_far_of(session_id)
            story = self._tell(session_id, EVENTS_MAX, progress, so_far)
            done = Lookup(session_id, story=story, at_s=self._clock_s())
        except GoeswithError as error:
            known = self._known.get(session_id)
            story_so_far = None if known is None else known.story
            done = Lookup(session_id, "", 0.0, story_so_far, str(error), self._clock_s())
        except Exception:
            logger.exception("the console could not look up a session")
            done = Lookup(session_id, trouble="the console failed at it, which its log tells")
        with self._changed:
            self._note(done)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._waiting or self._end):
                    self._changed.wait()
                if self._end:
                    return
            self.look()

    def _note(self, lookup: Lookup) -> None:
        self._known[lookup.session_id] = lookup
        self._known.move_to_end(lookup.session_id)
        done = [name for name, one in self._known.items() if not one.doing]
        for name in done[: max(0, len(self._known) - KEPT)]:
            del self._known[name]

    def _so_far_of(self, session_id: str) -> SoFar:
        def so_far(story: Story) -> None:
            with self._changed:
                self._note(Lookup(session_id, "telling silences", story=story))

        return so_far

    def _progress_of(self, session_id: str) -> Progress:
        until_s = self._steady_s() + LOOKUP_S_MAX

        @contextmanager
        def progress(what: str, total: int) -> Iterator[Callable[[int], object]]:
            if total > RECORDS_MAX:
                raise NotEnough(
                    f"{what}: {total:,} records, too many to be read for a page: "
                    f"{explained_by(session_id)} tells it in a terminal"
                )
            read = 0

            def advance(records: int) -> None:
                nonlocal read
                read += records
                if self._steady_s() > until_s:
                    raise NotEnough(
                        f"it takes longer than {LOOKUP_S_MAX:.0f} s, and others wait: "
                        f"{explained_by(session_id)} tells it in a terminal"
                    )
                if read % 500 == 0 or read == records:
                    share = min(1.0, read / max(1, total))
                    with self._changed:
                        known = self._known.get(session_id)
                        story = None if known is None else known.story
                        self._note(Lookup(session_id, what, share, story))

            advance(0)
            yield advance

        return progress
