"""Sums since starts that were fixed ahead: what was good for months may be bad since an hour ago.

A bound over a whole log that holds at every look is slow to see a change: what was good before
outweighs it. So the same is judged since each of many starts, the beginning of every minute, each
with a part of the error that is fixed by how long after the first trial it is:

```
whole log      |---------------------------------------------->  1/2 of the error
since a start        |---------------------------------------->  1/2 / (2.11 n ln(n)^2),
since a later one                              |-------------->  n: minutes after the first, and 2
```

All parts add up to the whole of it, over all starts that there will ever be, so whoever looks at
any of them, at any time, errs no more often than whoever looks at the whole log alone. This is
Lorden's way from a test to the detection of a change, to run one test from each start, with
e-processes of which a weighted sum is one again (an e-detector that spends its error once).

Which starts are looked at is free, so not all are kept: of trials that are older than some minutes
the minutes become one by twos, by fours, and so on (an exponential histogram, aligned to the
clock): a start is never off by more than an eighth of its age, and months take some 200 sums. The
order in which trials come does not matter.

Lorden: Procedures for reacting to a change in distribution. Annals of Mathematical Statistics 42,
1971. Shin, Ramdas and Rinaldo: E-detectors: a nonparametric framework for sequential change
detection. arXiv 2203.03532. Datar, Gionis, Indyk and Motwani: Maintaining stream statistics over
sliding windows. SIAM Journal on Computing 31, 2002.
"""

import math
from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

from models.limits import LARGE, within

MINUTE_S = 60
OF_A_LENGTH = 16
"""So many spans of one length are kept, and what is older than that in spans twice as long."""
SPANS_MAX = 1_024
"""Of more the old ones become one."""
WHOLE = 0.5
"""The part of the error that the whole log may spend; the starts share the rest."""
SUM_OF_WEIGHTS = 2.11
"""No less than the sum of 1 / (n ln(n)^2) over all n from 2 on (2.1097)."""

Sums = TypeVar("Sums")


class LatestWindow(NamedTuple, Generic[Sums]):
    """All from a start on."""

    sums: Sums
    start_s: float | None = None
    """In seconds since 1970; None: the whole log."""
    weight: float = WHOLE
    """Its part of the error."""


class LatestWindows(Generic[Sums]):
    """Sums by minute; `plus` adds two of them.

    >>> hours = LatestWindows[int](int.__add__)
    >>> for minute in range(120):
    ...     hours.add(1, time_s=minute * 60.0)
    >>> [(window.sums, window.start_s) for window in hours.windows()][:3]
    [(1, 7140.0), (2, 7080.0), (3, 7020.0)]
    """

    def __init__(self, plus: Callable[[Sums, Sums], Sums]) -> None:
        self._plus = plus
        self._spans: dict[int, Sums] = {}
        """By the minute in which it begins."""
        self._first, self._last = math.inf, 0

    def __len__(self) -> int:
        """How many sums are held: a bound of memory."""
        return len(self._spans)

    def add(self, sums: Sums, *, time_s: float) -> None:
        """Count something that happened then. Raises `ValueError` for a time that is no number."""
        within(-LARGE, LARGE, time_s=time_s)
        minute = max(0, int(time_s // MINUTE_S))
        self._first, self._last = min(self._first, minute), max(self._last, minute)
        self._count(minute, sums)
        if len(self._spans) > SPANS_MAX:
            self._merge()

    def windows(self) -> Iterator[LatestWindow[Sums]]:
        """What there is since each start that is kept, the latest first."""
        self._merge()
        known: Sums | None = None
        for minute in sorted(self._spans, reverse=True):
            sums = self._spans[minute]
            known = sums if known is None else self._plus(known, sums)
            after = max(0, minute - int(self._first))
            yield LatestWindow(known, float(minute * MINUTE_S), weight_of(after))

    def _count(self, minute: int, sums: Sums) -> None:
        before = self._spans.get(minute)
        self._spans[minute] = sums if before is None else self._plus(before, sums)

    def _merge(self) -> None:
        """Minutes that are long ago become one."""
        spans, self._spans = self._spans, {}
        for minute, sums in spans.items():
            self._count(span_of(minute, self._last), sums)


def span_of(minute: int, last: int) -> int:
    """The minute in which the span begins that has this one, when it is the last minute.

    >>> [span_of(minute, 99) for minute in (99, 84, 83, 68, 67)]
    [99, 84, 82, 68, 64]
    """
    length = 0
    while (last >> length) - (minute >> length) >= OF_A_LENGTH:
        length += 1
    return minute >> length << length


def weight_of(minutes: int) -> float:
    """The part of the error of a start so many minutes after the first trial.

    >>> [round(weight_of(minutes), 6) for minutes in (0, 60, 14_400)]
    [0.246608, 0.000224, 0.0]
    """
    n = minutes + 2
    return (1.0 - WHOLE) / (SUM_OF_WEIGHTS * n * math.log(n) ** 2)
