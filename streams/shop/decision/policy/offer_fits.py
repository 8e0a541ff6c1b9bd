"""How much speaks for an offer, in classes: by its source, and by what was counted.

Of companions by how surely they are some, then by the share of cases; the first `SHARES` classes
are of those that met in the other order (`streams.shop.decision.policy.companions`). Of what
somebody buys again by how surely it is more than everybody does; of what is popular by the share.
What of a class is taken when it is offered is learned of all of it together
(`streams.shop.memory.orders.reward.pair_offers`). Of one candidate as of many: the same operations
on the same numbers, so that both ways come to the same class.
"""

from bisect import bisect
from math import frexp, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import Candidate
from streams.shop.memory.orders.reward.pair_offers import COMPANIONS, LONE

SOURCES = ("bought_together", "buy_again", "popular")
"""What may speak for an item, with the texts of the arm of this name."""
SHARES = 8
"""Classes of companions, by octaves of the share of cases in which they went along,"""
SURE = (1.0, 2.0, 4.0, 8.0)
"""and by so many standard deviations at least beyond chance."""
AGAIN_SURE = (0.5, 1.0, 1.5, 2.0, 2.75, 3.5, 5.0)
"""The same of what a shopper buys again: twice in ten is a habit, were it of bread or not; once in
ten is one of what hardly anybody buys, and none of what is in every second basket."""
CLASSES = {
    "bought_together": (0, 1, SHARES),
    "buy_again": (COMPANIONS, 1, len(AGAIN_SURE) + 1),
    "popular": (LONE, 2, 16),
}
"""By source its first class, how many an octave has, and how many there are of a kind."""
DOUBTED, CREDITED = 4.0, 0.5
"""Cases more in which it did not go along, and in which it did: two of two is no certainty."""
Numbers = NDArray[Any]


def fit_of(candidate: Candidate, by_chance: float = 0.0) -> int:
    """The class of a candidate: its source, and how much speaks for it.

    `by_chance`: in how many cases it would have gone along anyway, or would have been bought by
    anybody. By how many standard deviations it was more often says whether it is a companion, or a
    habit, at all; the share of cases, how many want a companion. What is popular has its share.

    >>> pair = Candidate("butter", 0.0, 41, 57, "bread", "bought_together")
    >>> fit_of(pair, by_chance=10.0), fit_of(pair, by_chance=30.0)
    (32, 10)
    >>> once = Candidate("soap", 0.0, 1, 10, "", "buy_again")
    >>> fit_of(once, by_chance=0.1), fit_of(once, by_chance=2.0)
    (42, 40)
    >>> fit_of(pair._replace(source="popular"))
    49
    """
    first, parts, classes = CLASSES[candidate.source]
    if candidate.source == SOURCES[1]:
        return first + bisect(AGAIN_SURE, beyond(candidate, by_chance))
    more = max(0.0, candidate.together - by_chance) + CREDITED
    octave = frexp(((candidate.of + DOUBTED) / more) ** parts)[1] - 1
    place = min(classes - 1, max(0, octave))
    if candidate.source != SOURCES[0]:
        return first + place
    return SHARES * bisect(SURE, beyond(candidate, by_chance)) + place


def beyond(candidate: Candidate, by_chance: float) -> float:
    """By how many standard deviations it went along more often than by chance.

    >>> beyond(Candidate("butter", 0.0, 12, 57, "bread"), by_chance=8.5)
    1.1666...
    """
    return (candidate.together - by_chance) / sqrt(by_chance + CREDITED)


def companion_fits(together: Numbers, of: Numbers, by_chance: Numbers) -> Numbers:
    """The classes of many companions at once; below `SHARES`: they are none.

    >>> whole = np.array([41, 41, 8]), np.array([57, 57, 57]), np.array([10.0, 30.0, 8.5])
    >>> companion_fits(*whole).tolist()
    [32, 10, 6]
    """
    more = together - by_chance
    sure = np.searchsorted(SURE, more / np.sqrt(by_chance + CREDITED), side="right")
    octaves = np.frexp((of + DOUBTED) / (np.maximum(0.0, more) + CREDITED))[1] - 1
    fits: Numbers = SHARES * sure + np.minimum(SHARES - 1, np.maximum(0, octaves))
    return fits
