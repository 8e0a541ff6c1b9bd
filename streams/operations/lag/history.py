"""The latest looks at partitions, and what follows from them: status, rates, time to catch up."""

from collections import deque

from streams.operations.lag.figures import GroupLag, PartitionLag
from streams.operations.lag.status import WINDOW_S, Sight, status

Key = tuple[str, str, int]


class History:
    """Looks at groups over `window_s` seconds; holds no more than that, and only who is there yet.

    A partition begins anew where its log is another one (it ends or begins earlier than it did),
    and where the group has no committed offset any more: earlier looks are of something else.
    """

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._looks: dict[Key, deque[Sight]] = {}

    def seen(self, lag: GroupLag, at_s: float) -> GroupLag:
        """The same with status and trend, as of this look; `at_s` by a clock that goes forward."""
        judged = tuple(self._judged(lag, one, at_s) for one in lag.partitions)
        return lag._replace(partitions=judged)

    def keep(self, at_s: float) -> None:
        """Forget what was not looked at for the length of the window: it is no longer there."""
        gone = [k for k, looks in self._looks.items() if at_s - looks[-1].at_s > self._window_s]
        for key in gone:
            del self._looks[key]

    def _judged(self, lag: GroupLag, one: PartitionLag, at_s: float) -> PartitionLag:
        looks = self._looks.setdefault((lag.group, lag.topic, one.partition), deque())
        look = _look(lag, one, at_s)
        if looks and _is_another_log(looks[-1], look):
            looks.clear()
        looks.append(look)
        while at_s - looks[0].at_s > self._window_s:
            looks.popleft()
        arrived, answered = _rates(looks[0], look)
        return one._replace(
            status=status(looks),
            arrived_per_s=arrived,
            answered_per_s=answered,
            catch_up_s=catch_up_s(one.lag_events, arrived, answered),
        )


def catch_up_s(
    lag_events: int, arrived_per_s: float | None, answered_per_s: float | None
) -> float | None:
    """Seconds until nothing waits, at these rates; None: they are not known, or it gets no less.

    What is answered within a second is under way and no backlog: of a group that keeps up there is
    always some, and the difference of its two rates is chance.

    >>> catch_up_s(600, arrived_per_s=10, answered_per_s=70), catch_up_s(600, 10, 10)
    (10.0, None)
    >>> catch_up_s(3, 19.9, 20.0)
    0.15
    """
    if not lag_events:
        return 0.0
    if answered_per_s is not None and lag_events <= answered_per_s:
        return lag_events / answered_per_s
    if arrived_per_s is None or answered_per_s is None or answered_per_s <= arrived_per_s:
        return None
    return lag_events / (answered_per_s - arrived_per_s)


def _look(lag: GroupLag, one: PartitionLag, at_s: float) -> Sight:
    known = lag.members is not None
    return Sight(
        at_s,
        one.begin,
        one.end,
        one.committed,
        one.lag_events,
        one.lag_s,
        owned=one.owner is not None if known else None,
        group_empty=known and not lag.members,
        high_watermark=one.end + one.held_back,
    )


def _is_another_log(before: Sight, now: Sight) -> bool:
    forgotten = now.committed is None and before.committed is not None
    return now.end < before.end or now.begin < before.begin or forgotten


def _rates(first: Sight, now: Sight) -> tuple[float | None, float | None]:
    """Events that arrived, and that were answered, a second."""
    took_s = now.at_s - first.at_s
    if took_s <= 0:
        return None, None
    arrived = (now.end - first.end) / took_s
    if first.committed is None or now.committed is None:
        return arrived, None
    return arrived, (now.committed - first.committed) / took_s
