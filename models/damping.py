"""How much what is popular anyway is held back: C ** -norm of each item, kept ready.

C, the faded weight of an item, changes with every event and with the time of reading; taking a
power of it for each candidate would cost more than all the rest. But time changes all of them by
the same factor: so the power is taken once, when the item is counted, relative to an *origin*, and
the reader multiplies by `since(...)`. The origin moves on before floats end.
"""

import math
from collections.abc import Iterable

from models.decay import ONE_BITS

ORIGIN_HALVINGS = 256
"""The origin moves on after so many half-lives."""


class Damping:
    """`of[item]` is C ** -norm up to the factor that `since` returns; 0 for what weighs nothing.

    >>> damping = Damping(norm=0.5)
    >>> damping.count("milk", weight=16 << 20)
    >>> damping.count("yeast", weight=1 << 20)
    >>> damping.of
    {'milk': 0.25, 'yeast': 1.0}
    """

    def __init__(self, norm: float) -> None:
        self.norm = norm
        self.of: dict[str, float] = {}
        self._origin = 0

    def has_to_move(self, halvings: int) -> bool:
        """Whether the origin is too far back by now: then `move` it."""
        return halvings - self._origin >= ORIGIN_HALVINGS

    def move(self, halvings: int, weights: Iterable[tuple[str, int]]) -> None:
        """Put the origin where it belongs, and take all powers anew."""
        self._origin = halvings // ORIGIN_HALVINGS * ORIGIN_HALVINGS
        self.of = {}
        for item, weight in weights:
            self.count(item, weight)

    def count(self, item: str, weight: int) -> None:
        """An item weighs so much by now (in the fixed point of `models.decay`)."""
        if weight:
            octaves = self._origin + ONE_BITS - math.log2(weight)
            self.of[item] = float(2.0 ** min(1000.0, self.norm * octaves))
        else:
            self.of[item] = 0.0

    def since(self, mantissa: int, halvings: int) -> float:
        """What all of them are to be multiplied by when an event weighs `mantissa << halvings`."""
        octaves = halvings + math.log2(mantissa) - ONE_BITS - self._origin
        return float(2.0 ** min(1000.0, self.norm * octaves))
