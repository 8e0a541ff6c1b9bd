"""The watchdog: a worker without progress is not ready, and after a timeout it ends.

Once a second it asks the broker where the log ends. A partition of this worker is *stuck* when the
log holds a record that is not answered, and the next offset to answer has not moved meanwhile; so
is a worker that has caught up and is in no group. After `STUCK_S` it is not ready, after
`stuck_s_max` it fails, with the reason.

What looks alike and is none:

- *A broker that is away.* It does not say where its log ends, so nothing is measured: the clock of
  every partition begins anew when it answers again. Not ready, never a reason to fail.
- *Markers of transactions.* The end of the log is behind its last record then. On suspicion the
  follower takes the partition up, a second pair of eyes: what it has read to the end without
  finding a record holds none.
- *A worker that has too little time.* It hands a whole fetch over before the next: partitions of
  which that brought little do not move while it works through the others. Where another partition
  has events that wait for longer than `STUCK_S`, and moves, one that does not has `STARVED_TIMES`
  as long. It is not ready; the next worker would have to learn the log first, and be as late.
- *Redis.* Its views are beside the hot path; without them the worker is ready.
- *Other settings than a peer's.* It waits, and is not ready (`streams.worker.health.agreement`).
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from aiokafka.errors import KafkaError
from mode import Service

from streams.contract.errors import WorkerStuck
from streams.contract.settings import Settings

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
ANSWER_S_MAX = 3.0
"""A broker that takes longer to say where its log ends counts as away."""
SUSPECT_S = 5.0
"""From then on the follower looks after a partition, too."""
STUCK_S = 10.0
"""A partition that has not moved for so long is stuck: the worker is not ready."""
STARVED_TIMES = 5
"""So many times as long a partition may stand still beside others that are late, and move."""

GROUP = -1
"""Stands for the group among partitions: a worker without one does not get on either."""


class Health(NamedTuple):
    """Whether a worker is ready, and if not, why: sentences for people."""

    ready: bool
    reasons: tuple[str, ...] = ()


class StallTimer:
    """For how long each partition has stood still though there was something to do.

    >>> bread = StallTimer()
    >>> bread.look(now_s=0, behind={3: 17})
    {3: 0}
    >>> bread.look(now_s=7, behind={3: 17})
    {3: 7}
    >>> bread.look(now_s=8, behind={3: 18})  # it moves
    {3: 0}
    """

    def __init__(self) -> None:
        self._since: dict[int, tuple[int, float]] = {}

    def look(self, now_s: float, behind: Mapping[int, int]) -> dict[int, float]:
        """Seconds by partition; `behind` has the next offset of those that have work to do."""
        since = {
            number: self._since.get(number, (offset, now_s)) for number, offset in behind.items()
        }
        self._since = {
            number: since[number] if since[number][0] == offset else (offset, now_s)
            for number, offset in behind.items()
        }
        return {number: now_s - began_s for number, (_, began_s) in self._since.items()}

    def forget(self) -> None:
        """Nobody knows whether there was something to do: begin anew."""
        self._since.clear()


class EndsBefore:
    """Where the log ended a while ago: what is not answered of that is late.

    >>> bread = EndsBefore()
    >>> bread.look(now_s=0, ends={3: 90}), bread.look(now_s=9, ends={3: 95})
    ({}, {})
    >>> bread.look(now_s=10, ends={3: 99}), bread.look(now_s=19, ends={3: 120})
    ({3: 90}, {3: 95})
    """

    def __init__(self) -> None:
        self._looks: deque[tuple[float, Mapping[int, int]]] = deque()

    def look(self, now_s: float, ends: Mapping[int, int]) -> Mapping[int, int]:
        """Where it ended `STUCK_S` seconds ago or more; nothing while that is not known."""
        self._looks.append((now_s, ends))
        while len(self._looks) > 1 and now_s - self._looks[1][0] >= STUCK_S:
            self._looks.popleft()
        began_s, before = self._looks[0]
        return before if now_s - began_s >= STUCK_S else {}


class WatchedReplica(Protocol):
    """What the watchdog needs of a replica."""

    async def ends(self) -> Mapping[int, int]:
        """Where the log of each partition ends."""

    def take_up(self, partitions: list[int]) -> None:
        """Follow these partitions, too."""

    async def holds_more(self, partition: int, offset: int, end: int) -> bool:
        """Whether there is, or may be, a record between an offset and the end of the log."""


class Watchdog(Service):
    """Looks after one worker. `assigned` is None while it is in no group.

    `differing` says what does not agree with other workers: while there is something, a worker
    that is in no group is not stuck, it waits.
    """

    def __init__(
        self,
        settings: Settings,
        replica: WatchedReplica,
        *,
        assigned: Callable[[], frozenset[int] | None],
        answered: Callable[[int], int],
        differing: Callable[[], Sequence[str]] = tuple,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._replica = replica
        self._assigned = assigned
        self._answered = answered
        self._differing = differing
        self._stuck_s_max = settings.stuck_s_max
        self._still, self._before = StallTimer(), EndsBefore()
        self._away_since_s: float | None = None
        self.health = Health(ready=False, reasons=("starting: the log is being folded",))
        self.ends: Mapping[int, int] = {}
        """Where the log of each partition ended at the latest look; empty while nobody knows."""
        self.loop_late_s = 0.0
        """How much later than asked for the event loop came back from the latest pause."""

    async def look(self, now_s: float) -> None:
        """Look once. Raises `WorkerStuck` when it has lasted too long."""
        try:
            ends = await asyncio.wait_for(self._replica.ends(), ANSWER_S_MAX)
        except (KafkaError, TimeoutError) as error:
            self._still.forget()
            self.ends = {}
            if self._away_since_s is None:
                self._away_since_s = now_s
            self.health = Health(False, (f"Kafka does not say where its log ends: {error!r}",))
            return
        self._say_that_kafka_is_back(now_s)
        self.ends = ends
        stood_s = self._still.look(now_s, self._behind(ends))
        starved = self._is_starved(stood_s, self._before.look(now_s, ends))
        self._replica.take_up([n for n, s in stood_s.items() if s >= SUSPECT_S and n != GROUP])
        stuck_s = {
            number: seconds
            for number, seconds in stood_s.items()
            if seconds >= STUCK_S and await self._is_real(number, ends)
        }
        self.health = self._judged(stuck_s)
        allowed_s = self._stuck_s_max * (STARVED_TIMES if starved else 1)
        if max(stuck_s.values(), default=0.0) >= allowed_s:
            raise WorkerStuck(
                f"{'; '.join(self.health.reasons)}, though Kafka answers: the worker ends, and the "
                "next one answers what is not acknowledged"
            )

    def _is_starved(self, stood_s: Mapping[int, float], ended: Mapping[int, int]) -> bool:
        """Whether a partition is late, and moves: there is too little time, not a fault."""
        return any(
            seconds < STUCK_S and self._answered(number) < ended.get(number, 0)
            for number, seconds in stood_s.items()
            if number != GROUP
        )

    def _say_that_kafka_is_back(self, now_s: float) -> None:
        if self._away_since_s is not None:
            away_s = now_s - self._away_since_s
            self._away_since_s = None
            logger.warning("Kafka answers again, after %.0f s", away_s)

    def _behind(self, ends: Mapping[int, int]) -> dict[int, int]:
        assigned = self._assigned()
        if assigned is None:
            return {} if self._differing() else {GROUP: 0}
        answered = {number: self._answered(number) for number in assigned}
        return {n: offset for n, offset in answered.items() if offset < ends.get(n, 0)}

    async def _is_real(self, number: int, ends: Mapping[int, int]) -> bool:
        if number == GROUP:
            return True
        return await self._replica.holds_more(number, self._answered(number), ends[number])

    def _judged(self, stuck_s: Mapping[int, float]) -> Health:
        reasons = list(self._differing())
        reasons += [
            f"in no group for {seconds:.0f} s"
            if number == GROUP
            else f"partition {number} stuck at offset {self._answered(number)} for {seconds:.0f} s"
            for number, seconds in sorted(stuck_s.items())
        ]
        if self._assigned() is None and not reasons:
            reasons = ["joining its group"]
        return Health(not reasons, tuple(reasons))

    @Service.task
    async def _look_around(self) -> None:
        while not self.should_stop:
            began_s = time.monotonic()
            try:
                await self.look(began_s)
            except WorkerStuck as stuck:
                await self.crash(stuck)
                return
            asked_s = time.monotonic()
            await self.sleep(LOOK_EVERY_S)
            self.loop_late_s = max(0.0, time.monotonic() - asked_s - LOOK_EVERY_S)

    async def on_stop(self) -> None:
        """The worker finishes what it has begun, and takes nothing new."""
        self.health = Health(ready=False, reasons=("stopping",))
