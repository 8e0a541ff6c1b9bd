"""Consumer lag, looked at again and again: with status, rates, and how it was of late."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from streams.clients.log_reader import open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.settings import Settings
from streams.operations.console.watching.poller import Opening
from streams.operations.lag.figures import GroupLag
from streams.operations.lag.history import History
from streams.operations.lag.reading import read_lag
from streams.operations.lag.status import WINDOW_S

LOOKS_KEPT_MIN = 5
"""Who looks seldom looks back for longer, else a status would never be known."""
TRAIL_LOOKS = 150
"""So many looks are drawn."""


class LagSeen(NamedTuple):
    """The lag, and how it was at the looks before."""

    lag: GroupLag
    trails: Mapping[int, tuple[int, ...]]
    """By partition the events that waited, the latest look last."""

    @property
    def arrived_per_s(self) -> float | None:
        """Events that arrive, a second, on all partitions; None: it is not known yet."""
        return _sum([one.arrived_per_s for one in self.lag.partitions])

    @property
    def answered_per_s(self) -> float | None:
        """Events that are answered, a second, on all partitions; None: it is not known yet."""
        return _sum([one.answered_per_s for one in self.lag.partitions])


class LagTrail:
    """Remembers looks: a bounded number of them, and of partitions that are there.

    >>> from streams.operations.lag.figures import PartitionLag
    >>> trail = LagTrail(window_s=60)
    >>> for at_s, waiting in enumerate((9, 4)):
    ...     one = PartitionLag(0, 10, 10 - waiting, waiting, 0.5)
    ...     seen = trail.seen(GroupLag("workers", "shop.events", (one,)), at_s)
    >>> seen.trails, seen.answered_per_s
    ({0: (9, 4)}, 5.0)
    """

    def __init__(self, window_s: float) -> None:
        self._history = History(window_s)
        self._trails: dict[int, deque[int]] = {}

    def seen(self, lag: GroupLag, at_s: float) -> LagSeen:
        """The same with status and trend, as of this look."""
        judged = self._history.seen(lag, at_s)
        there = {one.partition for one in judged.partitions}
        self._trails = {n: trail for n, trail in self._trails.items() if n in there}
        for one in judged.partitions:
            trail = self._trails.setdefault(one.partition, deque(maxlen=TRAIL_LOOKS))
            trail.append(one.lag_events)
        return LagSeen(judged, {n: tuple(trail) for n, trail in self._trails.items()})


def lag_looks(settings: Settings) -> Opening[LagSeen]:
    """What opens looks at the lag of the settings' group; its trail outlives the clients."""
    trail = LagTrail(max(WINDOW_S, LOOKS_KEPT_MIN * settings.console_every_s))

    @contextmanager
    def opening() -> Iterator[Callable[[], LagSeen]]:
        topic = settings.topics.events
        with open_admin(settings) as admin, open_reader(settings, topic) as reader:
            yield lambda: trail.seen(read_lag(settings, admin, reader), time.monotonic())

    return opening


def _sum(rates: list[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None
