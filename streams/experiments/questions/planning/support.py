"""Few points that stand for many observed values, with their mean, variance and tail.

How long an experiment takes goes with the variance, and the variance of money is in its tail: in a
shop of which one order of a thousand is a hundred times as large, that one makes nine tenths of it.
So the largest values are kept one by one. The rest is cut into strata, alike in what was before and
in sign, and each is two points with the number, the mean and the variance of its own values, within
their range. So all sums that a verdict rests on are on average as observed: of the values, of their
squares, and of their products with what was before (of the rest by its quantiles, where there are
many of them).

Stratification: Cochran 1977, Sampling Techniques, chapter 5. That two such points lie within the
range is the inequality of Bhatia and Davis 2000.
"""

from collections import Counter
from collections.abc import Iterable
from math import sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Pair = tuple[float, float]
"""A value, and what was before."""

SUPPORT_MAX = 384
"""So many values that are not nothing are told apart."""
TOP = 128
"""So many of them, the largest, one by one."""
STRATA = 64
"""Of the rest, but for those that end where what was before, or the sign, is another."""
BEFORE_MAX = 32
"""So many different values before are told apart among the rest; of more each is that of its
quantile."""


def support(told: Counter[Pair]) -> tuple[Floats, Floats, Floats]:
    """Values, what was before, and weights: at most `SUPPORT_MAX` values that are not nothing.

    >>> values, before, weights = support(Counter({(0.0, 0.0): 3, (2.0, 1.0): 1}))
    >>> values.tolist(), before.tolist(), weights.tolist()
    ([0.0, 2.0], [0.0, 1.0], [0.75, 0.25])
    """
    numbers = {pair: float(number) for pair, number in told.items()}
    if len(told) > SUPPORT_MAX:
        y, x = np.array([*numbers]).T
        counts = np.array([*numbers.values()])
        some = np.lexsort((x, y, np.abs(y)))[np.count_nonzero(y == 0.0) :]
        if len(some) > SUPPORT_MAX:
            rest, top = some[:-TOP], some[-TOP:]
            kept = [*np.flatnonzero(y == 0.0), *top]
            numbers = {(float(y[at]), float(x[at])): float(counts[at]) for at in kept}
            for pair, number in _stratified(y[rest], x[rest], counts[rest]):
                numbers[pair] = numbers.get(pair, 0.0) + number
    pairs = sorted(numbers)
    counts = np.array([numbers[pair] for pair in pairs])
    values, before = np.array(pairs).T
    return values, before, counts / counts.sum()


def _stratified(y: Floats, x: Floats, counts: Floats) -> Iterable[tuple[Pair, float]]:
    """The points of all strata of these values, and how many values each stands for."""
    x = _with_few_before(x, counts)
    order = np.lexsort((y, x))
    y, x, counts = y[order], x[order], counts[order]
    upto = np.cumsum(counts) - counts
    part = (upto / (counts.sum() / STRATA)).astype(np.int64)
    ends = (np.diff(x) != 0.0) | (np.diff(y > 0.0)) | (np.diff(part) != 0)
    for stratum in np.split(np.arange(len(y)), np.flatnonzero(ends) + 1):
        for value, number in _two_points(y[stratum], counts[stratum]):
            yield (value, float(x[stratum[0]])), number


def _with_few_before(x: Floats, counts: Floats) -> Floats:
    """The same, where what was before is one of `BEFORE_MAX` values: of its quantile the middle."""
    kinds, where = np.unique(x, return_inverse=True)
    if len(kinds) <= BEFORE_MAX:
        return x
    often = np.bincount(where, weights=counts)
    cell = ((np.cumsum(often) - often / 2.0) / (often.sum() / BEFORE_MAX)).astype(np.int64)
    middle = kinds.copy()
    for one in np.unique(cell):
        mine = kinds[cell == one]
        mean = np.average(mine, weights=often[cell == one])
        middle[cell == one] = mine[np.argmin(np.abs(mine - mean))]
    return middle[where]


def _two_points(values: Floats, counts: Floats) -> list[tuple[float, float]]:
    """Two points with the number, mean and variance of these values, in order, and their range."""
    number, low, high = float(counts.sum()), float(values[0]), float(values[-1])
    mean = float(np.average(values, weights=counts))
    spread = sqrt(float(np.average((values - mean) ** 2, weights=counts)))
    if not low < mean < high:
        return [(min(max(low, mean), high), number)]
    lean = sqrt((mean - low) / (high - mean))
    upper = (mean - low) / (high - low)
    lower_value, upper_value = max(low, mean - spread * lean), min(high, mean + spread / lean)
    return [(lower_value, number * (1.0 - upper)), (upper_value, number * upper)]
