"""How long nothing has come, so that impressions settle while the shop is quiet, too.

The time of a log is that of what it tells, and stands still where nobody comes. Whoever reads it
has a clock; but an outcome of before now may still be under way: an event that no worker has
answered. So now counts where the workers' group has committed all of the events topic, and as far
as it is later than the last event by the broker's clock: of a log that is played again, at times
long ago, no more is over than has passed since. Clocks of whoever asks may be ahead by `AHEAD_MS`.
Where events carry their senders' time nobody knows when the last one came: one clock that is behind
would settle impressions that have just been shown.
"""

import time
from collections.abc import Callable, Mapping
from math import inf

from streams.clients.log_reader import LogReader, Partition, committed_offsets, open_reader
from streams.clients.sync_kafka import open_admin
from streams.contract.errors import GoeswithError
from streams.contract.settings import Settings
from streams.experiments.open_prompts import QuietTime

AHEAD_MS = 30_000
QUIET_EVERY_S = 30.0
"""Who keeps looking asks so often: it takes an admin and a consumer each time."""
MARKERS = (1, 2)
"""The last record is the last offset's, or that before the marker of its transaction."""


class NowAndThen:
    """Asks how long nothing has come every `QUIET_EVERY_S` at most; in between nobody knows."""

    def __init__(
        self, quiet: Callable[[], QuietTime], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._quiet, self._clock_s = quiet, clock_s
        self._due_s = -inf

    def __call__(self) -> QuietTime:
        """What is known now."""
        now_s = self._clock_s()
        if now_s < self._due_s:
            return QuietTime()
        self._due_s = now_s + QUIET_EVERY_S
        return self._quiet()


def quiet_time(settings: Settings, now_s: Callable[[], float] = time.time) -> QuietTime:
    """Since when nothing has come, and until when; to be asked before the outcomes are read.

    Nobody knows where something is under way, who asks may not ask, or a topic of senders' time is
    taken as it is: the log's time counts alone.
    """
    if settings.create_time_allowed:
        return QuietTime()
    until_ms = int(now_s() * 1000) - AHEAD_MS
    try:
        with open_admin(settings) as admin, open_reader(settings, settings.topics.events) as reader:
            ends = reader.ends()
            committed = committed_offsets(settings, admin, reader.partitions)
            return quiet_of(reader, ends, committed, until_ms)
    except GoeswithError:
        return QuietTime()


def quiet_of(
    reader: LogReader,
    ends: Mapping[Partition, int],
    committed: Mapping[Partition, int | None],
    until_ms: int,
) -> QuietTime:
    """The same of these ends, and what was committed after they were asked for."""
    begins = reader.begins()
    there = {at: end for at, end in ends.items() if end > begins[at]}
    behind = {at: committed.get(at) or 0 for at, end in there.items()}
    behind = {at: max(begins[at], mine) for at, mine in behind.items() if mine < there[at]}
    if behind:
        times = reader.first_times_ms(behind, ends)
        if any(times.get(at, 0) is not None for at in behind):
            return QuietTime()
    last_ms: dict[Partition, int] = {}
    for back in MARKERS:
        left = there.keys() - last_ms.keys()
        starts = {at: max(begins[at], there[at] - back) for at in left}
        times = reader.first_times_ms(starts, ends) if starts else {}
        last_ms |= {at: at_ms for at, at_ms in times.items() if at_ms is not None}
    if not there or last_ms.keys() != there.keys():
        return QuietTime()
    return QuietTime(max(last_ms.values()), max(until_ms, *last_ms.values()))
