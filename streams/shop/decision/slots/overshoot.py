"""The least overshoot: which few of many prices together reach what is missing, and little more.

A subset sum over few items: all of one, two, three are added up in arrays, as there are some ten
thousand of them, and the cheapest that reach are looked at.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, islice, starmap

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
    beyond: int | None = None,
) -> tuple[int, ...]:
    """Which of these prices, the better first, together reach what is missing; none: nothing does.

    All of them have to fit each other; none: all do. What does not stand is not taken, nor what
    goes further `beyond` than that; none: there is no bound. Of those that cost the same the fewest
    are taken, of these the better ones.

    >>> least_overshoot(1000, [900, 400, 1050, 620], most=2), least_overshoot(9, [1, 2], most=3)
    ((2,), ())
    >>> least_overshoot(1000, [900, 400, 1950, 620], most=2)
    (1, 3)
    >>> least_overshoot(1000, [900, 400, 1950, 620], most=2, fits=lambda a, b: {a, b} != {1, 3})
    (0, 1)
    >>> least_overshoot(1000, [900, 1950], most=2, beyond=800)
    ()
    """
    best: tuple[int, ...] = ()
    paid, spent = np.array(prices, np.int64), 0
    for size in range(1, min(most, len(prices)) + 1):
        places = _combined(len(prices), size)
        totals = paid.take(places[0])
        for more in places[1:]:
            totals += paid.take(more)
        reach = totals >= missing
        if beyond is not None:
            reach &= totals <= missing + beyond
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


class Reach:
    """Whether some of the prices that came so far together reach what is missing, and little more.

    As few are looked at as it takes: that an arm has something to offer is asked of each decision,
    what it offers of the one that is drawn.

    >>> reach = Reach(1000, 100, most=2)
    >>> [reach.by(price) for price in (400, 500, 620)]
    [False, False, True]
    """

    def __init__(self, missing: int, beyond: int, most: int, fits: Fits | None = None) -> None:
        self._missing, self._beyond, self._most, self._fits = missing, beyond, most, fits
        self._sorted: list[tuple[int, int]] = []
        """So far, the cheapest first, each with its place."""

    def by(self, price: int) -> bool:
        """One more; whether it does, with some of those before it or alone."""
        last, left = len(self._sorted), self._missing - price
        if self._most and left <= 0:
            return left + self._beyond >= 0  # with another one it is further beyond
        found = self._most > 1 and self._filled((last,), left, self._most - 1, last)
        insort(self._sorted, (price, last))
        return found

    def _filled(self, chosen: tuple[int, ...], left: int, most: int, below: int) -> bool:
        """Whether some of the cheapest `below`, fitting those `chosen`, cost what is left.

        The dearest of them first: what none of them does with the dearest, cheaper ones may do.
        """
        prices = self._sorted
        enough = bisect_left(prices, (left, 0), 0, below)
        for price, place in islice(prices, enough, below):
            if price > left + self._beyond:
                break
            if self._fit(place, chosen):
                return True
        for at in range(enough - 1, 0, -1) if most > 1 else ():
            price, place = prices[at]
            if price + prices[at - 1][0] * (most - 1) < left:
                return False  # nor does anything cheaper
            if self._fit(place, chosen) and self._filled(
                (*chosen, place), left - price, most - 1, at
            ):
                return True
        return False

    def _fit(self, place: int, chosen: tuple[int, ...]) -> bool:
        if (fits := self._fits) is not None:
            for other in chosen:  # of one or two, some hundred times: no generator for each
                if not fits(place, other):
                    return False
        return True
