"""Forward decay in machine words: evidence that fades, in eras of sixteen half-lives.

Like `models.decay.forward`, for tables of millions of numbers: an event weighs more the later it
is, sums of whole numbers do not care in which order events arrive, and nothing is faded when the
clock moves on. There a number grows by a bit each half-life, for ever; here time is cut into
*eras*, and a table keeps two sums of each thing, of the latest era that it has seen and of the one
before:

```
era 8                         era 9                          now
├──────────── before ─────────┼──────────── latest ──────────┤
  1 ... 2**15 (2**-16 of era 9)  1 ... 2**15                     weight of an event, in its era
```

When the first event of a later era comes, the sums move back by one place, and what falls off is
at least sixteen half-lives old: it weighs less than `2**-16` of an event of now. The latest era is
a maximum, and each of the two sums is a sum: whatever the order of events, the state is the same.

Sums are 64 bits wide: a thing may happen a billion times in a half-life.
"""

from typing import NamedTuple

from models.decay.forward import HALF_LIFE_MIN_S, LANDMARK_S, LATEST_S

HALVINGS = 16
"""Half-lives in an era."""
ONE_BITS = 16
ONE = 1 << ONE_BITS
"""The weight of an event at the beginning of its era: the fixed point."""
EARLIER = 2.0**-HALVINGS
"""What a weight of the era before is worth in this one."""
UNITS_KEPT = 1024
"""Seconds whose weight is kept: partitions that are read in turn are not at the same second."""


class EraUnit(NamedTuple):
    """What one event of a second weighs."""

    era: int
    weight: int
    """In the fixed point of its era."""


class Eras:
    """Weights of events that lose half of their worth every `half_life_s` seconds.

    Parameters
    ----------
    half_life_s
        Seconds after which an event counts half, at least an hour.

    Examples
    --------
    >>> day = Eras(half_life_s=86_400)
    >>> day.unit(LANDMARK_S), day.unit(LANDMARK_S + 86_400)
    (EraUnit(era=0, weight=65536), EraUnit(era=0, weight=131072))
    >>> day.unit(LANDMARK_S + 16 * 86_400)
    EraUnit(era=1, weight=65536)
    """

    def __init__(self, half_life_s: float) -> None:
        if not HALF_LIFE_MIN_S <= half_life_s < float("inf"):
            raise ValueError(
                f"half_life_s={half_life_s!r}: give seconds, at least {HALF_LIFE_MIN_S:g}"
            )
        self.half_life_s = half_life_s
        self._units: dict[int, EraUnit] = {}

    def __reduce__(self) -> tuple[type["Eras"], tuple[float]]:
        """Copies and pickles leave out what was computed lately: reading changes nothing."""
        return Eras, (self.half_life_s,)

    def unit(self, time_s: float) -> EraUnit:
        """What an event at this time weighs; times count in whole seconds.

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

    def _unit(self, second: int) -> EraUnit:
        if second > LATEST_S:
            raise ValueError(f"time_s={float(second):g} is after the year 2100: give seconds")
        elapsed = max(0, second - LANDMARK_S) / self.half_life_s
        halvings = int(elapsed)
        mantissa = round(ONE * 2.0 ** (elapsed - halvings))
        return EraUnit(halvings // HALVINGS, mantissa << halvings % HALVINGS)
