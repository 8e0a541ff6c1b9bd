"""Admission to a full row by weighted sampling: a newcomer has the chance that its weight gives.

A row keeps the few that weigh most, and cannot count those that it does not hold. If every newcomer
took the place of the lightest, a row with a long tail of partners would be full of the latest of
them. So a newcomer that weighs `w` takes it with probability `w / (lightest + w)`, and the weight
of the two with it: what it weighs is right on average, and who comes often comes in soon.

The draw is a hash of who asks whom, and for the which time: the same in every worker that reads
the same, and in a model that went on from its snapshot.

Ben Basat, Chen, Einziger, Friedman and Kassner: Randomized admission policy for efficient top-k,
frequency, and volume estimation. IEEE/ACM Transactions on Networking 27, 2019.
"""

import numpy as np

from models.compiled import compiled

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)


@compiled
def stirred(state: np.uint64) -> np.uint64:
    """One step of SplitMix64: each bit of the state moves about half of those of the answer."""
    state += GOLDEN
    state = (state ^ (state >> np.uint64(30))) * FIRST
    state = (state ^ (state >> np.uint64(27))) * SECOND
    return state ^ (state >> np.uint64(31))


@compiled
def draw(owner: int, newcomer: int, time: int) -> float:
    """A number in [0, 1) that looks like chance, from three whole numbers.

    >>> round(draw(3, 5, 1), 4), round(draw(3, 5, 2), 4)
    (0.524, 0.4921)
    """
    state = stirred(np.uint64(owner))
    state = stirred(state ^ np.uint64(newcomer))
    state = stirred(state ^ np.uint64(time))
    return float(state >> np.uint64(11)) * 2.0**-53


@compiled
def admits(lightest: float, weight: float, owner: int, newcomer: int, time: int) -> bool:
    """Whether a newcomer takes the place of the lightest; never if it weighs nothing.

    >>> admits(0.0, 1.0, 3, 5, 1), admits(1.0, 0.0, 3, 5, 1)
    (True, False)
    """
    return draw(owner, newcomer, time) * (lightest + weight) < weight
