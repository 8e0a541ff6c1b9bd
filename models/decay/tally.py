"""A tally: how much something weighs by now and how often it happened, in one whole number.

The weight (see `models.decay.forward`) sits above the lowest `TIMES_BITS` bits, the plain count in
them. Adding two tallies adds both, in one step of the interpreter, and comparing them compares
weights first. The count does not fade: it is the evidence that a shopper is shown.

>>> once = tally(1 << 20)
>>> thrice = once + once + tally(1 << 20)
>>> times(thrice), weight(thrice) == 3 << 20
(3, True)
"""

import math

LEAST = 2.0**-900
TIMES_BITS = 32
"""Enough for four billion times."""
TIMES_MASK = (1 << TIMES_BITS) - 1
TALLY_MAX = 1 << 1_000_000
"""More than anything weighs: by 2100, at the shortest half-life, an event does 2 to the 745,500."""


def tally(weight: int, times: int = 1) -> int:
    """The tally of something that weighs `weight` in all and happened `times` times."""
    return weight << TIMES_BITS | times


def times(tally: int) -> int:
    """How often it happened."""
    return tally & TIMES_MASK


def weight(tally: int) -> int:
    """What it weighs, in the fixed point of `models.decay.forward`."""
    return tally >> TIMES_BITS


def share(part: int, whole: int) -> float:
    """What part of a whole a weight is: the more, the more it weighs, and above 0 unless it is 0.

    Beyond what floats can tell from nothing, shares fall with the logarithm of the weight.

    >>> share(1, 4), share(0, 4)
    (0.25, 0.0)
    >>> 0.0 < share(1, 1 << 9_000) < share(1, 1 << 8_000) < share(1, 1 << 1_000) < 1e-270
    True
    """
    plainly = part / whole if part else 0.0
    if plainly >= LEAST or not part:
        return plainly
    return LEAST * math.log2(LEAST) / (math.log2(part) - math.log2(whole))


def written(tally: int) -> str:
    """As text in snapshots: hexadecimal, since JSON readers choke on numbers of many digits."""
    return f"{tally:x}"


def read(text: str) -> int:
    """The whole number that `written` wrote.

    >>> read(written(-(1 << 70))) == -(1 << 70)
    True
    """
    return int(text, 16)
