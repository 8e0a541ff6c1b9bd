"""Plans of experiments, simulated on demand: one at a time, in a thread, the latest few kept.

A plan takes a second or two, and no request waits for it: the page asks again by itself. What a
plan may cost is bounded: by repetitions, by time, and by there being one at a time.

A plan is kept as long as the shop's rates are like those that it drew from (`UnitRates.like`): they
change with every outcome, and no plan would be there for long if it were kept by exactly those.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import NamedTuple

from streams.experiments.questions.planning.plan import ExperimentPlan, PlanAsked, planned
from streams.experiments.questions.planning.rates import UnitRates

logger = logging.getLogger(__name__)

KEPT = 20
REPETITIONS = 200
SECONDS_MAX = 10.0
BREATH_S = 0.005
"""After each chunk: requests get their turn."""


class PlanSeen(NamedTuple):
    """What has become of a plan."""

    share: float = 0.0
    """So much is done."""
    plan: ExperimentPlan | None = None
    """None: it is being made, or there is trouble."""
    trouble: str = ""


class Plans:
    """Makes plans.

    Parameters
    ----------
    clock_s
        A time in seconds that nobody sets.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._known: OrderedDict[PlanAsked, tuple[UnitRates, PlanSeen]] = OrderedDict()
        self._lock = Lock()
        self._end = Event()
        self._busy = False

    def start(self) -> None:
        """Nothing is made before it is asked for."""

    def stop(self) -> None:
        """Make no more; what is being made ends early."""
        self._end.set()

    def ask(self, asked: PlanAsked, rates: UnitRates) -> PlanSeen:
        """What is known of a plan by such rates; begun if it is not, and none is being made."""
        with self._lock:
            drawn_from, known = self._known.get(asked, (None, PlanSeen()))
            if drawn_from is not None and drawn_from.like(rates):
                return known
            if self._busy:
                return PlanSeen()  # whoever waits asks again
            self._busy = True
            self._note(asked, rates, PlanSeen())
        Thread(target=self.make, args=(asked, rates), name="console: plan", daemon=True).start()
        return PlanSeen()

    def make(self, asked: PlanAsked, rates: UnitRates) -> None:
        """Simulate, and note how far it is."""
        begin_s, done = self._clock_s(), 0

        def advance(repetitions: int) -> None:
            nonlocal done
            done += repetitions
            with self._lock:
                self._note(asked, rates, PlanSeen(done / (2 * asked.repetitions)))
            self._end.wait(BREATH_S)

        def within(seconds: float) -> Callable[[], bool]:
            return lambda: not self._end.is_set() and self._clock_s() - begin_s < seconds

        try:
            halves = within(SECONDS_MAX / 2.0), within(SECONDS_MAX)
            found = PlanSeen(1.0, planned(asked, rates, advance, *halves))
        except Exception:
            logger.exception("the console could not plan an experiment")
            found = PlanSeen(1.0, trouble="the console failed at it, which its log tells")
        with self._lock:
            self._busy = False
            self._note(asked, rates, found)

    def _note(self, asked: PlanAsked, rates: UnitRates, seen: PlanSeen) -> None:
        self._known[asked] = rates, seen
        self._known.move_to_end(asked)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
