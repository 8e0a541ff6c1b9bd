"""Forward decay: evidence that fades, kept in whole numbers that can be added in any order.

An event weighs `2 ** ((time_s - LANDMARK_S) / half_life_s)`: the later, the heavier, for ever. The
weight depends on the event's own time alone, so nothing has to be faded when the clock moves on,
and sums of weights do not care in which order events arrive. To read a sum, divide it by what an
event would weigh now:

```
landmark     t1        t2        t3        now
   1 ------- 2 ------- 4 ------- 8 ------- 16      weight of an event
                                 sum of the three, read now: (2 + 4 + 8) / 16 = 0.875
```

Weights are fixed point: whole numbers, in units of `2**-20` of an event at the landmark. Python's
integers have no upper bound, hence no overflow and no rounding; a number grows by one bit each
half-life. Whole numbers commute exactly, where floats would leave two workers that read the same
events in another order with slightly different sums.

One event that is dated years ahead outweighs all that came before it, until its time has come: to
read at its date or later, as everything here is read, is to find it alone beside what is as young.
No number overflows, but what was learned is worth nothing beside it. Sums that do not care about
order cannot tell which of the two was wrong, so times are checked at the door, by who knows what
time it is.

Cormode, Shkapenyuk, Srivastava and Xu: Forward Decay. ICDE 2009.
"""

import math
import sys

LANDMARK_S = 1_420_070_400
"""2015-01-01 00:00 UTC, in seconds since 1970. Earlier events weigh as if they were from then."""
LATEST_S = 4_102_444_800
"""2100-01-01 00:00 UTC: later times are a mistake, such as milliseconds taken for seconds."""
HALF_LIFE_MIN_S = 3600.0
"""An hour: a shorter half-life would make whole numbers of hundreds of kilobits by 2030."""
UNITS_KEPT = 1024
"""Weights that are kept: partitions that are read in turn are not at the same second."""
ONE_BITS = 20
ONE = 1 << ONE_BITS
"""The weight of one event at the landmark: the fixed point."""


class ForwardDecay:
    """Weights of events that lose half of their worth every `half_life_s` seconds.

    Times count in whole seconds (a fraction is cut off).

    Parameters
    ----------
    half_life_s
        Seconds after which an event counts half, at least an hour.

    Examples
    --------
    >>> day = ForwardDecay(half_life_s=86_400)
    >>> monday = LANDMARK_S + 4 * 86_400
    >>> total = day.weight(monday) + day.weight(monday + 86_400)
    >>> day.value(total, monday + 86_400)
    1.5
    >>> day.value(total, monday + 2 * 86_400)
    0.75
    """

    __slots__ = ("_units", "_weights", "half_life_s")

    def __init__(self, half_life_s: float) -> None:
        if not HALF_LIFE_MIN_S <= half_life_s < math.inf:
            raise ValueError(
                f"half_life_s={half_life_s!r}: give seconds, at least {HALF_LIFE_MIN_S:g}"
            )
        self.half_life_s = half_life_s
        self._units: dict[int, tuple[int, int]] = {}
        self._weights: dict[tuple[int, float], int] = {}

    def __reduce__(self) -> tuple[type["ForwardDecay"], tuple[float]]:
        """Copies and pickles leave out what was computed lately: reading changes nothing."""
        return ForwardDecay, (self.half_life_s,)

    def unit(self, time_s: float) -> tuple[int, int]:
        """An event at this time weighs `mantissa << halvings`: the pair of them.

        Raises `ValueError` when the time is no number or after 2100.
        """
        try:
            second = int(time_s)
        except (OverflowError, ValueError) as error:
            raise ValueError(f"time_s={time_s!r}: give seconds since 1970") from error
        unit = self._units.get(second)
        if unit is None:
            if len(self._units) >= UNITS_KEPT:
                self._units.clear()
            unit = self._units[second] = self._unit(second)
        return unit

    def _unit(self, second: int) -> tuple[int, int]:
        if second > LATEST_S:
            raise ValueError(f"time_s={float(second):g} is after the year 2100: give seconds")
        elapsed = max(0, second - LANDMARK_S) / self.half_life_s
        halvings = int(elapsed)
        return round(ONE * 2.0 ** (elapsed - halvings)), halvings

    def weight(self, time_s: float, w: float = 1.0) -> int:
        """What `w` events at this time weigh; a negative `w` takes back exactly what `w` gave.

        Raises `ValueError` when either is no number.
        """
        try:
            return self._weights[int(time_s), w]
        except (KeyError, OverflowError, ValueError):
            weight = self._weight(time_s, w)
        if len(self._weights) >= UNITS_KEPT:
            self._weights.clear()
        self._weights[int(time_s), w] = weight
        return weight

    def _weight(self, time_s: float, w: float) -> int:
        mantissa, halvings = self.unit(time_s)
        if w == 1.0:
            return mantissa << halvings
        if not math.isfinite(w):
            raise ValueError(f"w={w!r}: must be a finite number")
        return round(mantissa * w) << halvings

    def value(self, total: int, now_s: float) -> float:
        """A sum of weights read at `now_s`, in events of that moment.

        What happened a thousand half-lives ago is worth nothing; what is dated as far ahead, the
        largest number there is.
        """
        try:
            return total / self.weight(now_s)
        except OverflowError:
            return sys.float_info.max if total > 0 else -sys.float_info.max
