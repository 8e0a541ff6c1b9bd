"""A sparse time index of a log, made while it is read: which offset was reached at which second.

Brokers have such an index, too, but not every one looks into it. At most one entry a second and
partition: a week of a busy partition takes 10 MB.
"""

from array import array
from bisect import bisect_right
from collections import defaultdict


class TimeIndex:
    """Offsets by the records' own times, to a second.

    >>> index = TimeIndex()
    >>> for offset, timestamp_ms in enumerate((1_000, 1_100, 2_500)):
    ...     index.note(0, offset, timestamp_ms)
    >>> index.reached(999), index.reached(1_999), index.reached(9_000)
    ({0: 0}, {0: 2}, {0: 3})
    """

    def __init__(self) -> None:
        self._seconds: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))
        self._offsets: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))

    def note(self, partition: int, offset: int, timestamp_ms: int) -> None:
        """A record was read; those of a partition come in order, whatever their times."""
        seconds, offsets = self._seconds[partition], self._offsets[partition]
        second = max(timestamp_ms // 1000, seconds[-1] if seconds else 0)
        if seconds and seconds[-1] == second:
            offsets[-1] = offset + 1
        else:
            seconds.append(second)
            offsets.append(offset + 1)

    def reached(self, time_ms: int) -> dict[int, int]:
        """The next offset of each partition once the second of this time was over."""
        places = {
            number: bisect_right(seconds, time_ms // 1000)
            for number, seconds in self._seconds.items()
        }
        return {n: self._offsets[n][place - 1] if place else 0 for n, place in places.items()}
