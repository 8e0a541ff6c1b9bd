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
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
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
    some = sorted((pair for pair in told if pair[0]), key=lambda pair: (abs(pair[0]), pair))
    numbers = {pair: float(number) for pair, number in told.items()}
    if len(some) > SUPPORT_MAX:
        top = len(some) - TOP
        numbers = {pair: n for pair, n in numbers.items() if not pair[0]}
        numbers |= {pair: float(told[pair]) for pair in some[top:]}
        for pair, number in _stratified({pair: told[pair] for pair in some[:top]}):
            numbers[pair] = numbers.get(pair, 0.0) + number
    pairs = sorted(numbers)
    counts = np.array([numbers[pair] for pair in pairs])
    values, before = np.array(pairs).T
    return values, before, counts / counts.sum()


def _stratified(rest: Mapping[Pair, int]) -> Iterable[tuple[Pair, float]]:
    """The points of all strata, and how many values each stands for."""
    rest = _with_few_before(rest)
    each = sum(rest.values()) / STRATA
    in_order = sorted(rest, key=lambda pair: (pair[1], pair[0]))
    for (before, _), alike in groupby(in_order, key=lambda pair: (pair[1], pair[0] > 0.0)):
        upto, strata = 0.0, dict[int, list[Pair]]()
        for pair in alike:
            strata.setdefault(int(upto / each), []).append(pair)
            upto += rest[pair]
        for stratum in strata.values():
            counts = [rest[pair] for pair in stratum]
            for value, number in _two_points([pair[0] for pair in stratum], counts):
                yield (value, before), number


def _with_few_before(rest: Mapping[Pair, int]) -> Mapping[Pair, int]:
    """The same, where what was before is one of `BEFORE_MAX` values: of its quantile the middle."""
    often = Counter[float]()
    for (_, before), number in rest.items():
        often[before] += number
    if len(often) <= BEFORE_MAX:
        return rest
    each, upto, cells = sum(often.values()) / BEFORE_MAX, 0.0, dict[int, list[float]]()
    for before in sorted(often):
        cells.setdefault(int((upto + often[before] / 2.0) / each), []).append(before)
        upto += often[before]
    middle = dict[float, float]()
    for cell in cells.values():
        mean = float(np.average(cell, weights=[often[before] for before in cell]))
        middle |= dict.fromkeys(cell, min(cell, key=lambda before: abs(before - mean)))
    found = Counter[Pair]()
    for (value, before), number in rest.items():
        found[value, middle[before]] += number
    return found


def _two_points(values: Sequence[float], counts: Sequence[int]) -> list[tuple[float, float]]:
    """Two points with the number, mean and variance of these values, in order, and their range."""
    number, low, high = float(sum(counts)), values[0], values[-1]
    mean = float(np.average(values, weights=counts))
    spread = sqrt(float(np.average((np.array(values) - mean) ** 2, weights=counts)))
    if not low < mean < high:
        return [(min(max(low, mean), high), number)]
    lean = sqrt((mean - low) / (high - mean))
    upper = (mean - low) / (high - low)
    lower_value, upper_value = max(low, mean - spread * lean), min(high, mean + spread / lean)
    return [(lower_value, number * (1.0 - upper)), (upper_value, number * upper)]
