"""What was earned with each factor of a context: sums of records, in whole numbers.

A context such as "basket/new/bakery" is a set of factors, split at "/"; "dwell=0.5" is a factor
with a value. What is expected of a context is the product of its factors' lifts: a lift is what
contexts with that factor earned, all arms together, as a share of the pooled rate.

```
basket 1.5  x  new 0.5  x  bakery 2.0   =   1.5 times the pooled rate
```

A trial where twice as much is expected tells twice as much of an arm, in shares of what is
expected: trials are summed as so many expected rewards.
"""

import math
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

import numpy as np
import numpy.typing as npt

from models.backoff import Record

Floats = npt.NDArray[np.float64]
Columns = npt.NDArray[np.intp]

FACTORS_MAX = 256
"""Factors that are told apart, those of the first contexts; others count for nothing."""
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
)
"""From a sixteenth to sixteen times the pooled rate, in whole 256ths."""
Factors = tuple[tuple[str, float], ...]


@lru_cache(8192)
def factors(context: str) -> Factors:
    """The factors of a context, each with its value, by name; that of all contexts is "".

    The same word in another place is another factor. Values are kept within [-8, 8].

    >>> factors("basket/new/dwell=0.5")
    (('', 1.0), ('0:basket', 1.0), ('1:new', 1.0), ('dwell', 0.5))
    """
    found = {"": 1.0}
    for place, word in enumerate(context.split("/")):
        name, is_named, value = word.partition("=")
        try:
            found[name] = min(max(float(value), -8.0), 8.0)
        except ValueError:
            found[word if is_named else f"{place}:{word}"] = 1.0
    return tuple(sorted((name, value) for name, value in found.items() if not math.isnan(value)))


class Sums:
    """x x' and r x of every arm, summed over its contexts, in units of 2**shift.

    Each x x' counts by what was expected, in 256ths of the pooled rate. Rows are arms and columns
    factors, each in the order of their names, so that the same records give the same sums, bit by
    bit, whatever order they came in.
    """

    def __init__(self, arms: Iterable[str], contexts: Iterable[str], shift: int) -> None:
        self.shift = shift
        self.rows = {arm: row for row, arm in enumerate(sorted(arms))}
        self._numbers = {context: number for number, context in enumerate(contexts)}
        names = {"": None} | {name: None for every in self._numbers for name, _ in factors(every)}
        kept = sorted(islice(names, FACTORS_MAX))
        self.columns = {name: column for column, name in enumerate(kept)}
        self.full = len(names) >= FACTORS_MAX
        rows, columns, room = len(self.rows), len(self.columns), max(ROOM, len(self._numbers))
        self.xx = np.zeros((rows, columns, columns))
        self.rx = np.zeros((rows, columns))
        self._trials, self._rewards = np.zeros((2, rows, room))
        self._tried, self._won = np.zeros((2, columns))  # with each factor, by all arms
        self._lifts = np.zeros(columns)  # in whole 64ths of an octave
        self._has = np.zeros((room, columns))
        self._products = np.full(room, PRODUCTS[OCTAVES_MAX * COARSE])
        for context, number in self._numbers.items():
            self._has[number, self.vector(context)[0]] = 1.0

    def holds(self, arm: str, context: str) -> bool:
        """Whether there is a row and a column for each of these."""
        known = self.full or all(name in self.columns for name, _ in factors(context))
        return known and arm in self.rows

    def put(self, arm: str, context: str, record: Record) -> int:
        """Sum up the record as it is now, in place of the last one; returns the row of the arm."""
        trials, rewards = record.trials >> self.shift, record.rewards >> self.shift
        rewards = min(max(rewards, 0), trials)
        row, number, (at, x, _) = self.rows[arm], self._number(context), self.vector(context)
        more = trials - self._trials[row, number]
        won = rewards - self._rewards[row, number]
        self._trials[row, number], self._rewards[row, number] = trials, rewards
        self.xx[row][np.ix_(at, at)] += more * self._products[number] * np.outer(x, x)
        self.rx[row, at] += won * x
        self._tried[at] += more
        self._won[at] += won
        return row

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
            self.xx[:, at[:, None], at] += more[:, None, None] * np.outer(x, x)
        self._products[:known] = products
        return set(np.flatnonzero(self._trials[:, moved].any(axis=1)).tolist())

    def _product(self, has: Floats) -> Floats:
        octaves = np.rint(has @ self._lifts * (COARSE / FINE)) + OCTAVES_MAX * COARSE
        product: Floats = PRODUCTS[octaves.clip(0, len(PRODUCTS) - 1).astype(np.intp)]
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
