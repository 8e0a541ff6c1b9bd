"""An axis: round ticks over a range of figures."""

from collections.abc import Iterable
from math import ceil, floor, isfinite, log10
from typing import NamedTuple

TICKS = 5
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class Axis(NamedTuple):
    """A range, and where its ticks are.

    >>> axis = Axis.over([0.03, 0.41])
    >>> axis.low, axis.high, axis.ticks
    (0.0, 0.5, (0.0, 0.1, 0.2, 0.3, 0.4, 0.5))
    >>> axis.share(0.25), axis.label(0.1)
    (0.5, '0.1')
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def over(cls, values: Iterable[float]) -> "Axis":
        """The axis that has room for all of these; what is no number has none."""
        shown = [value for value in values if isfinite(value)] or [0.0]
        low, high = min(shown), max(shown)
        if high <= low:
            low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
        step = _step((high - low) / TICKS)
        first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
        ticks = tuple(round(n * step, 12) for n in range(first, last + 1))
        return cls(ticks[0], ticks[-1], ticks)

    def share(self, value: float) -> float:
        """Where a figure is: 0 at the low end, 1 at the high one, never beyond."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def label(self, tick: float) -> str:
        """A tick in figures."""
        return f"{tick:,.6g}"


def _step(rough: float) -> float:
    """The next round number."""
    power = 10.0 ** floor(log10(rough))
    return next(power * step for step in STEPS if power * step >= rough * (1 - 1e-9))
