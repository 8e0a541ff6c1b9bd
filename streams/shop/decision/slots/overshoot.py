"""The least overshoot: which few of many prices together reach what is missing, and little more.

A subset sum over few items: all of one, two, three are added up in arrays, as there are some ten
thousand of them, and the cheapest that reach are looked at.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, starmap

import numpy as np
from numpy.typing import NDArray

CLOSE = 0.1
"""An overshoot of no more than this share of the gap is good enough for fewer items."""
KEPT = 64
"""Numbers of prices of which it is kept how they can be combined: 2 MB, if there are 40 at most."""

Fits = Callable[[int, int], bool]
"""Whether two of the things that are bought may be bought together, by their places."""
Stands = Callable[[tuple[int, ...]], bool]
"""Whether what is bought reaches it after all, by its places: some is cheaper together."""
Places = NDArray[np.int64]


def least_overshoot(
    missing: int,
    prices: Sequence[int],
    most: int,
    fits: Fits | None = None,
    stands: Stands | None = None,
) -> tuple[int, ...]:
    """Which of these prices, the better first, together reach what is missing; none: nothing does.

    All of them have to fit each other; none: all do. What does not stand is not taken. Of those
    that cost the same the fewest are taken, of these the better ones.

    >>> least_overshoot(1000, [900, 400, 1050, 620], most=2), least_overshoot(9, [1, 2], most=3)
    ((2,), ())
    >>> least_overshoot(1000, [900, 400, 1950, 620], most=2)
    (1, 3)
    >>> least_overshoot(1000, [900, 400, 1950, 620], most=2, fits=lambda a, b: {a, b} != {1, 3})
    (0, 1)
    """
    best: tuple[int, ...] = ()
    paid, spent = np.array(prices, np.int64), 0
    for size in range(1, min(most, len(prices)) + 1):
        places = _combined(len(prices), size)
        totals = paid.take(places[0])
        for more in places[1:]:
            totals += paid.take(more)
        reach = totals >= missing
        if best:
            reach &= totals < spent
        if found := _first(totals, np.flatnonzero(reach), places, fits, stands):
            best, spent = found, sum(prices[place] for place in found)
        if best and spent - missing <= CLOSE * missing:
            break
    return best


def _first(
    totals: Places, reaching: Places, places: Places, fits: Fits | None, stands: Stands | None
) -> tuple[int, ...]:
    """The cheapest combination that fits and stands, of equal ones the first; empty: none does."""
    for at in _cheapest_first(totals, reaching):
        found: tuple[int, ...] = tuple(places[:, at].tolist())
        fit = fits is None or all(starmap(fits, combinations(found, 2)))
        if fit and (stands is None or stands(found)):
            return found
    return ()


def _cheapest_first(totals: Places, reaching: Places) -> Iterator[int]:
    """These, equal ones in their order; what is dearer is sorted when somebody looks at it."""
    if len(reaching):
        costs = totals[reaching]
        dearer = costs > costs.min()
        yield from reaching[~dearer].tolist()
        reaching, costs = reaching[dearer], costs[dearer]
        yield from reaching[costs.argsort(kind="stable")].tolist()


@lru_cache(KEPT)
def _combined(things: int, size: int) -> Places:
    """All combinations of so many places, in their order: shape (size, combinations)."""
    return np.array([*combinations(range(things), size)], np.int64).T.copy()
