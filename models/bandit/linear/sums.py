"""Sufficient statistics of the linear model: x x' and r x of each arm, summed in whole numbers.

A context such as "basket/new/bakery" is a set of factors, split at "/"; "dwell=0.5" is half of the
factor "dwell=1". What is expected of a context is the product of its factors' lifts: a lift is what
contexts with that factor earned, all arms together, as a share of the pooled rate.

```
basket 1.5  x  new 0.5  x  bakery 2.0   =   1.5 times the pooled rate
```

A trial where twice as much is expected tells twice as much of an arm, in shares of what is
expected: trials are summed as so many expected rewards.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from models.bandit.shrinkage import ArmRecord

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Columns = npt.NDArray[np.intp]

FACTORS_MAX = 256
"""Factors that are told apart, those with the most trials; others count for nothing."""
ROOM = 64
"""Contexts for which there is room at first."""
LIFT_STRENGTH = 20.0
"""Expected rewards that a lift of one is worth: lifts of some two tenths are usual."""
FINE, COARSE = 64, 8
"""A lift counts in whole 64ths of an octave, which add up exactly; their product in eighths, so
that it rarely changes."""
LIFT_BITS = 8
OCTAVES_MAX = 4
PRODUCTS = np.rint(
    2.0 ** (LIFT_BITS + np.arange(-OCTAVES_MAX * COARSE, OCTAVES_MAX * COARSE + 1) / COARSE)
).astype(np.int64)
"""From a sixteenth to sixteen times the pooled rate, in whole 256ths."""
VALUE_BITS, VALUE_MAX = 6, 8.0
"""A value counts in whole 64ths, within [-8, 8]: whole numbers add up exactly in any order."""
TRIALS_BITS = 32
"""Trials of less than 2**32 units: times the square of a value and a product, below 2**63."""
Factors = tuple[tuple[str, float], ...]


@lru_cache(8192)
def factors(context: str) -> Factors:
    """The factors of a context, each with its value, by name; that of all contexts is "".

    The same word in another place is another factor, unless it has a name. No word names two
    factors, and none is the factor of all contexts.

    >>> factors("basket/new/dwell=0.5")
    (('', 1.0), ('0:basket', 1.0), ('1:new', 1.0), ('dwell=1', 0.5))
    """
    found = {"": 1.0}
    for place, word in enumerate(context.split("/")):
        name, is_named, value = word.partition("=")
        number = _number(value)
        if number is None:
            found[word if is_named else f"{place}:{word}"] = 1.0
        else:
            found[f"{name}=1"] = number
    return tuple(sorted(found.items()))


def _number(value: str) -> float | None:
    """In whole 64ths, within bounds; None if it is no number."""
    try:
        number = float(value)
    except ValueError:
        return None
    if math.isnan(number):
        return None
    unit = 1 << VALUE_BITS
    return round(min(max(number, -VALUE_MAX), VALUE_MAX) * unit) / unit


def kept_factors(trials: Mapping[str, int]) -> frozenset[str]:
    """The factors that are told apart, given the trials with each.

    Where there are too many, those with more trials by powers of two, of equal ones the first by
    name: which ones they are depends on the records alone, and rarely changes.

    >>> sorted(kept_factors({"": 9, "0:basket": 9}))
    ['', '0:basket']
    """
    order = sorted(trials, key=lambda name: (name != "", -trials[name].bit_length(), name))
    return frozenset(order[:FACTORS_MAX])


class SufficientStatistics:
    """x x' and r x of every arm, summed over its contexts, in units of 2**shift.

    Each x counts in 64ths, and each x x' by what was expected, in 256ths of the pooled rate. Rows
    are arms and columns factors, each in the order of their names, so that the same records give
    the same sums, bit by bit, whatever order they came in.

    `trials`, by factor, tell which ones to tell apart if there are too many.
    """

    def __init__(
        self,
        arms: Iterable[str],
        contexts: Iterable[str],
        shift: int,
        trials: Mapping[str, int] | None = None,
    ) -> None:
        self.shift = shift
        self.rows = {arm: row for row, arm in enumerate(sorted(arms))}
        self._numbers = {context: number for number, context in enumerate(contexts)}
        names = {"": 0} | {name: 0 for every in self._numbers for name, _ in factors(every)}
        kept = kept_factors(names | dict(trials or {}))
        self.columns = {name: column for column, name in enumerate(sorted(kept))}
        self._by_factor = Counter(names)  # the trials with each
        self._may_change_factors = False  # whether other factors may have to be told apart
        rows, columns, room = len(self.rows), len(self.columns), max(ROOM, len(self._numbers))
        self.xx = np.zeros((rows, columns, columns), np.int64)
        self.rx = np.zeros((rows, columns), np.int64)
        self._trials, self._rewards = np.zeros((2, rows, room), np.int64)
        self._tried, self._won = np.zeros((2, columns), np.int64)  # with each factor, by all arms
        self._lifts = np.zeros(columns)  # in whole 64ths of an octave
        self._has = np.zeros((room, columns))
        self._products = np.full(room, PRODUCTS[OCTAVES_MAX * COARSE])
        for context, number in self._numbers.items():
            self._has[number, self.vector(context)[0]] = 1.0

    def fits(self) -> bool:
        """Whether there is a column for each factor that is to be told apart by now."""
        if self._may_change_factors:
            self._may_change_factors = kept_factors(self._by_factor) != self.columns.keys()
        return not self._may_change_factors

    def put(self, arm: str, context: str, record: ArmRecord) -> int:
        """Sum up the record as it is now, in place of the last one; returns the row of the arm."""
        trials, rewards = record.trials >> self.shift, record.rewards >> self.shift
        rewards = min(max(rewards, 0), trials)
        row, number, (at, x, _) = self.rows[arm], self._number(context), self.vector(context)
        more = trials - int(self._trials[row, number])
        won = rewards - int(self._rewards[row, number])
        self._trials[row, number], self._rewards[row, number] = trials, rewards
        whole = _whole(x)
        self.xx[row][np.ix_(at, at)] += more * self._products[number] * np.outer(whole, whole)
        self.rx[row, at] += won * whole
        self._tried[at] += more
        self._won[at] += won
        self._count(context, more)
        return row

    def _count(self, context: str, more: int) -> None:
        """So many more trials with each factor of a context."""
        for name, _ in factors(context):
            before = self._by_factor.get(name)
            after = self._by_factor[name] = (before or 0) + more
            self._may_change_factors |= before is None or before.bit_length() != after.bit_length()

    def _number(self, context: str) -> int:
        number = self._numbers.get(context)
        if number is None:
            number = self._numbers[context] = len(self._numbers)
            if number == len(self._has):
                self._make_room()
            self._has[number, self.vector(context)[0]] = 1.0
            self._products[number] = self._product(self._has[number])
        return number

    def _make_room(self) -> None:
        """For as many contexts again."""
        self._trials, self._rewards = (
            np.hstack([each, np.zeros_like(each)]) for each in (self._trials, self._rewards)
        )
        self._has = np.vstack([self._has, np.zeros_like(self._has)])
        self._products = np.hstack([self._products, self._products])

    def weigh(self, worth: float, rate: float) -> set[int]:
        """Count trials as what is expected of them by now; returns the rows that change.

        A unit is worth so many trials; `rate` is the pooled one.
        """
        lifts = (self._won * worth + LIFT_STRENGTH) / (self._tried * worth * rate + LIFT_STRENGTH)
        self._lifts = np.rint(FINE * np.log2(lifts))
        known = len(self._numbers)
        products = self._product(self._has[:known])
        moved = np.flatnonzero(products != self._products[:known]).tolist()
        contexts = [*self._numbers] if moved else []
        for number in moved:
            at, x, _ = self.vector(contexts[number])
            more = (products[number] - self._products[number]) * self._trials[:, number]
            whole = _whole(x)
            self.xx[:, at[:, None], at] += more[:, None, None] * np.outer(whole, whole)
        self._products[:known] = products
        return set(np.flatnonzero(self._trials[:, moved].any(axis=1)).tolist())

    def _product(self, has: Floats) -> Whole:
        octaves = np.rint(has @ self._lifts * (COARSE / FINE)) + OCTAVES_MAX * COARSE
        product: Whole = PRODUCTS[octaves.clip(0, len(PRODUCTS) - 1).astype(np.intp)]
        return product

    def lift(self, context: str) -> float:
        """What is expected of a context, as a share of the pooled rate."""
        has = np.zeros(len(self.columns))
        has[self.vector(context)[0]] = 1.0
        return float(self._product(has)) * 2.0**-LIFT_BITS

    def vector(self, context: str) -> tuple[Columns, Floats, float]:
        """The columns and values of a context's factors, and x x' of those without a column."""
        columns, every = self.columns, factors(context)
        known = [(columns[name], value) for name, value in every if name in columns]
        left = sum(value * value for name, value in every if name not in columns)
        return np.array([at for at, _ in known], np.intp), np.array([x for _, x in known]), left


def _whole(x: Floats) -> Whole:
    """Values in whole 64ths."""
    whole: Whole = np.rint(x * (1 << VALUE_BITS)).astype(np.int64)
    return whole
