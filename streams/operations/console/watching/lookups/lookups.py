"""Looks through the log on demand: one question at a time, in a thread, the latest answers kept.

A look-up reads the events topic and folds it again, as `goeswith explain`, `why` and `why-not` do:
who asks is told how far it is, and waits on the page, not in the request. A page that is open asks
again and again; a question that nobody has asked for a minute makes way for those that wait. Each
visitor has two questions that wait at most, so that there is room for others. Answers age: whoever
opens a page later has it looked up anew.
"""

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Thread

from streams.contract.errors import GoeswithError, NotEnough
from streams.operations.console.watching.lookups.known import KnownLookup
from streams.operations.console.watching.lookups.lookup import (
    CANCELLED,
    FULL,
    UNBEGUN,
    WAITING_EACH,
    WAITING_MAX,
    YOURS_WAITS,
    Lookup,
)
from streams.operations.console.watching.lookups.questions import Answer, Question
from streams.operations.explanation.log.progress import Progress

logger = logging.getLogger(__name__)

KEPT = 20
ENDED_MAX = 1_000
REST_S = 60.0
RECORDS_MAX = 3_000_000
"""Of a longer log a command tells, which has the machine for itself."""
LOOKUP_S_MAX = 120.0
"""So long a look-up may take: others wait behind it."""
STEP_RECORDS = 500
"""Between two words on how far it is."""
SoFar = Callable[[Answer], object]
Telling = Callable[[Question, Progress, SoFar], Answer]
"""Answers a question; it tells of the progress, and of what is known before all is."""


class _Stopped(Exception):
    """Nobody wants to know any more."""


class Lookups:
    """Answers questions.

    Parameters
    ----------
    tell
        What looks up.
    clock_s
        The time in seconds since 1970.
    steady_s
        A time in seconds that nobody sets.
    rest, rest_s
        Done by the thread that looks up, each time that nothing is asked for so long; it is handed
        what says whether something is asked for by now.
    """

    def __init__(
        self,
        tell: Telling,
        clock_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
        rest: Callable[[Callable[[], bool]], object] = lambda _: None,
        rest_s: float = REST_S,
    ) -> None:
        self._tell = tell
        self._clock_s = clock_s
        self._steady_s = steady_s
        self._rest, self._rest_s = rest, rest_s
        self._known: OrderedDict[Question, KnownLookup] = OrderedDict()
        """Those that were looked at last at the end."""
        self._waiting: deque[Question] = deque()
        self._ended: OrderedDict[Question, None] = OrderedDict()
        """What a page that renews itself does not begin."""
        self._running: Question | None = None
        self._changed = Condition()
        self._end = False
        self._thread: Thread | None = None

    def start(self) -> None:
        """Look up from now on what is asked for."""
        self._thread = Thread(target=self._run, name="console: look-ups", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look up no more."""
        with self._changed:
            self._end = True
            self._changed.notify_all()

    def ask(
        self,
        question: Question,
        *,
        again: bool = False,
        visitor: str | None = None,
        renews: bool = False,
    ) -> Lookup:
        """What is known of it by now; looked up if it has not been of late, or `again`.

        `visitor`: who asks; None: somebody whose questions are not counted. `renews`: a page that
        is open asks for what it has asked for before, and does not begin again what was done.
        """
        with self._changed:
            now_s, known = self._steady_s(), self._known.get(question)
            if known is not None:
                self._known.move_to_end(question)
            if known and known.is_done and not again and (renews or known.lasts(now_s)):
                return known.lookup
            if known is None and renews and question in self._ended:
                return Lookup(question, trouble=UNBEGUN)
            if known is None or known.is_done:
                if trouble := self._refusal(visitor, now_s):
                    said = Lookup(question) if known is None else known.lookup
                    return said._replace(trouble=trouble)
                known = self._begin(question, visitor)
            known.asked_s = now_s
            return known.lookup._replace(ahead=self._ahead(question))

    def seen(self, question: Question) -> Lookup:
        """What is known of it by now; nothing is looked up, nor by the page that it opens."""
        with self._changed:
            known = self._known.get(question)
            if known is None:
                self._end_of(question)
                return Lookup(question, trouble=UNBEGUN)
            return known.lookup._replace(ahead=self._ahead(question))

    def cancel(self, question: Question) -> None:
        """Look it up no further; what is known of it stays."""
        with self._changed:
            known = self._known.get(question)
            if known is None or known.is_done:
                return
            if question in self._waiting:
                self._waiting.remove(question)
            so_far = known.lookup.answer
            self._done(known, Lookup(question, "", 0.0, so_far, CANCELLED, self._clock_s()))

    def look(self) -> None:
        """Look up what has waited longest, if anything does."""
        with self._changed:
            self._leave(self._steady_s())
            if not self._waiting:
                return
            self._running = question = self._waiting.popleft()
            self._known[question].visitor = None
        done: Lookup | None = None
        try:
            answer = self._tell(question, self._progress_of(question), self._so_far_of(question))
            done = Lookup(question, answer=answer, at_s=self._clock_s())
        except _Stopped:
            pass
        except GoeswithError as error:
            known = self._known.get(question)
            so_far = None if known is None else known.lookup.answer
            done = Lookup(question, "", 0.0, so_far, str(error), self._clock_s())
        except Exception:
            logger.exception("the console could not look up what was asked")
            failed = "the console failed at it, which its log tells"
            done = Lookup(question, trouble=failed, at_s=self._clock_s())
        with self._changed:
            self._running = None
            wanted = self._wanted(question)
            if wanted is not None and done is not None:
                self._done(wanted, done)

    def _run(self) -> None:
        while True:
            with self._changed:
                asked = self._changed.wait_for(self._is_asked, self._rest_s)
                if self._end:
                    return
            if asked:
                self.look()
            else:
                self._do_rest()

    def _is_asked(self) -> bool:
        """Whether there is something else to do than to rest."""
        return bool(self._waiting) or self._end

    def _do_rest(self) -> None:
        try:
            self._rest(self._is_asked)
        except Exception:
            logger.exception("the console failed at what it does while nothing is looked up")

    def _refusal(self, visitor: str | None, now_s: float) -> str:
        """Why nothing more can wait now; empty: it can."""
        self._leave(now_s)
        if visitor is not None:
            waits_for = [self._known[one].visitor for one in self._waiting]
            if waits_for.count(visitor) >= WAITING_EACH:
                return YOURS_WAITS
        return FULL if len(self._waiting) >= WAITING_MAX else ""

    def _begin(self, question: Question, visitor: str | None) -> KnownLookup:
        known = KnownLookup(Lookup(question, "waiting for its turn"), visitor=visitor)
        self._known[question] = known
        self._known.move_to_end(question)
        self._waiting.append(question)
        self._ended.pop(question, None)
        self._bound()
        self._changed.notify_all()
        return known

    def _ahead(self, question: Question) -> int:
        if question not in self._waiting:
            return 0
        return self._waiting.index(question) + (self._running is not None)

    def _wanted(self, question: Question) -> KnownLookup | None:
        """The question of the look-up that runs, unless it was cancelled, or asked anew."""
        known = self._known.get(question)
        if known is None or known.asked_s is None or question in self._waiting:
            return None
        return known

    def _leave(self, now_s: float) -> None:
        """Those that wait, and that nobody has asked for of late, are forgotten."""
        for question in [one for one in self._waiting if self._known[one].is_left(now_s)]:
            self._waiting.remove(question)
            del self._known[question]  # whoever comes back asks for it anew

    def _done(self, known: KnownLookup, lookup: Lookup) -> None:
        known.done(lookup, self._steady_s())
        self._known.move_to_end(lookup.question)
        self._bound()

    def _bound(self) -> None:
        """Of what is done, the latest few are kept."""
        done = [question for question, one in self._known.items() if one.is_done]
        for question in done[: max(0, len(self._known) - KEPT)]:
            del self._known[question]
            self._end_of(question)

    def _end_of(self, question: Question) -> None:
        self._ended[question] = None
        if len(self._ended) > ENDED_MAX:
            self._ended.popitem(last=False)

    def _so_far_of(self, question: Question) -> SoFar:
        def so_far(answer: Answer) -> None:
            with self._changed:
                if (known := self._wanted(question)) is not None:
                    known.lookup = Lookup(question, "telling silences", answer=answer)

        return so_far

    def _progress_of(self, question: Question) -> Progress:
        until_s = self._steady_s() + LOOKUP_S_MAX

        @contextmanager
        def progress(what: str, total: int) -> Iterator[Callable[[int], object]]:
            read = 0

            def advance(records: int) -> None:
                nonlocal read
                read += records
                self._check(question, what, max(read, total), until_s)
                if read % STEP_RECORDS == 0 or read == records:
                    self._say(question, what, min(1.0, read / total) if total else 0.0)

            advance(0)
            yield advance

        return progress

    def _say(self, question: Question, what: str, share: float) -> None:
        with self._changed:
            if (known := self._wanted(question)) is not None:
                known.lookup = Lookup(question, what, share, known.lookup.answer)

    def _check(self, question: Question, what: str, records: int, until_s: float) -> None:
        """Go on, unless it takes too much, or nobody wants to know any more."""
        now_s = self._steady_s()
        with self._changed:
            known = self._wanted(question)
            if known is None:
                raise _Stopped
            if self._waiting and known.is_left(now_s):
                del self._known[question]
                raise _Stopped
        if records <= RECORDS_MAX and now_s <= until_s:
            return
        much = f"{what}: {records:,} records, too many to be read for a page"
        slow = f"it takes longer than {LOOKUP_S_MAX:.0f} s, and others wait"
        hint = f"in a terminal {question.in_terminal} tells it"
        raise NotEnough(f"{slow if records <= RECORDS_MAX else much}: {hint}")
