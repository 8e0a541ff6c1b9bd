"""Contexts of many factors: a linear posterior for each arm, all leaning on what arms share.

A context such as "basket/new/bakery" is a set of factors, split at "/"; "dwell=0.5" is a factor
with a value. With many factors most contexts are rare, and to back off from one of them to the
arm's mean elsewhere (`models.backoff`) forgets what its factors say. Here the reward of an arm is
linear in the factors, its weights Gaussian, and their prior mean is learned from all arms:

```
reward of arm k  ~  N(x . w_k, s2)      w_k ~ N(m, s2 / P)      m ~ N((pooled rate, 0, ...), s2 / S)
G_k = (P + A_k)^-1     mean of w_k = G_k (b_k + P m)     m = (S + sum P - P G_k P)^-1 (...)
```

The sums `A_k` = sum of x x' and `b_k` = sum of r x are made of the records of the arm in each
context, which are whole numbers: nothing else is learned, so that all that holds of them (any
order, snapshots, fading, trials still to ripen) holds here. The posterior is a pure function of
them: sums are kept in whole numbers below 2**53, which floats add without rounding.

Agrawal and Goyal: Thompson sampling for contextual bandits with linear payoffs. ICML 2013.
Lindley and Smith: Bayes estimates for the linear model. J. Royal Statistical Society B 34, 1972.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.backoff import Record
from models.decay import ONE_BITS

Floats = npt.NDArray[np.float64]
Columns = npt.NDArray[np.intp]

UNIT_BITS = 10
"""A trial of the latest half-life is some 2**10 units in the sums."""
FACTORS_MAX = 256
"""Factors that are told apart, those of the first contexts; others count for nothing."""
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


class Prior(NamedTuple):
    """How far weights are from what is expected, in shares of the pooled rate, rare or usual."""

    arm_spread: float
    """Of an arm's mean in all contexts."""
    factor_spread: float
    """Of what a factor does to an arm."""
    shared_spread: float
    """Of what a factor does to all arms alike."""

    def precisions(self, names: Iterable[str], rate: float) -> tuple[Floats, Floats]:
        """Of the weights of one arm, and of those that arms share, in units of the noise."""
        unit = (1.0 - rate) / rate  # noise / rate**2
        own = [self.factor_spread if name else self.arm_spread for name in names]
        shared = np.full(len(own), unit / self.shared_spread**2)
        return unit / np.array(own) ** 2, shared


class Sums:
    """x x' and r x of every arm, summed over its contexts, in units of 2**shift.

    Rows are arms and columns factors, each in the order of their names, so that the same records
    give the same sums, bit by bit, whatever order they came in.
    """

    def __init__(self, arms: Iterable[str], contexts: Iterable[str], shift: int) -> None:
        self.shift = shift
        self.rows = {arm: row for row, arm in enumerate(sorted(arms))}
        names = {"": None} | {name: None for every in contexts for name, _ in factors(every)}
        kept = sorted(islice(names, FACTORS_MAX))
        self.columns = {name: column for column, name in enumerate(kept)}
        self.full = len(names) >= FACTORS_MAX
        rows, columns = len(self.rows), len(self.columns)
        self.xx = np.zeros((rows, columns, columns))
        self.rx = np.zeros((rows, columns))
        self._summed: dict[tuple[str, str], tuple[int, int]] = {}

    def holds(self, arm: str, context: str) -> bool:
        """Whether there is a row and a column for each of these."""
        known = self.full or all(name in self.columns for name, _ in factors(context))
        return known and arm in self.rows

    def put(self, arm: str, context: str, record: Record) -> int:
        """Sum up the record as it is now, in place of the last one; returns the row of the arm."""
        trials, rewards = record.trials >> self.shift, record.rewards >> self.shift
        rewards = min(max(rewards, 0), trials)
        before = self._summed.get((arm, context), (0, 0))
        self._summed[arm, context] = trials, rewards
        row, (at, x, _) = self.rows[arm], self.vector(context)
        self.xx[row][np.ix_(at, at)] += (trials - before[0]) * np.outer(x, x)
        self.rx[row, at] += (rewards - before[1]) * x
        return row

    def vector(self, context: str) -> tuple[Columns, Floats, float]:
        """The columns and values of a context's factors, and x x' of those without a column."""
        columns, every = self.columns, factors(context)
        known = [(columns[name], value) for name, value in every if name in columns]
        left = sum(value * value for name, value in every if name not in columns)
        return np.array([at for at, _ in known], np.intp), np.array([x for _, x in known]), left


class Solution:
    """The posterior of all weights, given sums, how much a unit of them is worth, and the prior."""

    def __init__(self, sums: Sums, worth: float, rate: float, prior: Prior) -> None:
        self.worth, self.rate = worth, rate
        self._sums = sums
        self._own, self._shared = prior.precisions(sums.columns, rate)
        self._unknown = (1.0 - rate) / rate / prior.factor_spread**2
        rows, columns = sums.rx.shape
        self._inverse = np.zeros((rows, columns, columns))
        self._lacking = np.zeros((rows, columns, columns))  # P - P G P
        self.solve(range(rows))

    def solve(self, rows: Iterable[int]) -> None:
        """These arms have changed."""
        own, sums = self._own, self._sums
        changed = list(rows)
        precision = self.worth * sums.xx[changed]
        at = np.arange(len(own))
        precision[:, at, at] += own
        inverse = np.linalg.inv(precision)
        self._inverse[changed] = inverse
        lacking = -own[:, None] * inverse * own
        lacking[:, at, at] += own
        self._lacking[changed] = lacking
        of_shared = self._lacking.sum(axis=0)
        of_shared[at, at] += self._shared
        told = self.worth * sums.rx
        seen = own * (self._inverse @ told[:, :, None])[:, :, 0]
        target = seen.sum(axis=0)
        target[0] += self._shared[0] * self.rate  # the factor of all contexts is the first
        self._doubt_of_shared = np.linalg.inv(of_shared)
        self.common = np.linalg.solve(of_shared, target)
        self.weights = (self._inverse @ (told + own * self.common)[:, :, None])[:, :, 0]

    def scores(self, arms: Sequence[str], context: str) -> list[tuple[float, float]]:
        """Mean and variance of what arms earn in a context.

        What arms share is uncertain too, and makes their scores err together: the variances are
        those with which independent scores differ as these do (`apart`).
        """
        at, x, left = self._sums.vector(context)
        rows = [self._sums.rows.get(arm) for arm in arms]
        known = [row for row in rows if row is not None]
        own = np.zeros((len(rows), len(self._own)))  # how an arm's score moves with the shared
        own[:, at] = x
        spread = np.full(len(rows), (x * x / self._own[at]).sum())
        means = np.full(len(rows), self.common[at] @ x)
        seen = [number for number, row in enumerate(rows) if row is not None]
        if known:
            moved = self._inverse[known][:, :, at] @ x
            own[seen] = moved * self._own
            spread[seen] = moved[:, at] @ x
            means[seen] = self.weights[known][:, at] @ x
        covariance = own @ self._doubt_of_shared @ own.T
        covariance[np.diag_indices(len(rows))] += spread + left / self._unknown
        variances = apart(covariance) * self.rate * (1.0 - self.rate)
        return list(zip(means.tolist(), variances.tolist(), strict=True))


def apart(covariance: Floats) -> Floats:
    """The variances of independent variables whose differences vary as those of dependent ones.

    Which one is largest depends on differences alone. For three variables and more the variance of
    a difference is met on average, by least squares, and never below a hundredth.

    >>> together = np.full((3, 3), 5.0)  # what is common to all
    >>> apart(together + np.diag([1.0, 2.0, 3.0])).round(9).tolist()
    [1.0, 2.0, 3.0]
    """
    each: Floats = covariance.diagonal()
    others = len(covariance) - 1
    if not others:
        return each
    differences = each[:, None] + each - 2.0 * covariance
    sums = differences.sum(axis=1)
    if others == 1:
        return np.asarray(0.5 * sums)
    fitted = (sums - sums.sum() / (2.0 * others)) / (others - 1)
    least: Floats = np.maximum(fitted, sums / (100.0 * others))
    return least


class LinearPosterior:
    """What arms earn in contexts, from records; keeps what it reckoned until records change.

    Copies and pickles leave that out.
    """

    def __init__(self, prior: Prior) -> None:
        self.prior = prior
        self.reset()

    def __reduce__(self) -> tuple[type["LinearPosterior"], tuple[Prior]]:
        return LinearPosterior, (self.prior,)

    def reset(self) -> None:
        """Any record may have changed."""
        self._changed: set[tuple[str, str]] = set()
        self._sums: Sums | None = None
        self._solution: Solution | None = None
        self._stamp: object = None
        self._young: set[tuple[str, str]] = set()
        self._doubts: Mapping[int, int] = {}

    def touch(self, arm: str, context: str) -> None:
        """The record of an arm in a context has changed."""
        self._changed.add((arm, context))

    def doubt(self, doubts: Mapping[int, int]) -> None:
        """How far older evidence is doubted (`models.changes`): all records change with it."""
        if doubts != self._doubts:
            self.reset()
            self._doubts = doubts

    def ripen(self, stamp: object, young: Iterable[tuple[str, str]]) -> None:
        """Trials that are not complete count for more by now, unless the stamp is still the same.

        `young` names arms and contexts with such trials.
        """
        if stamp != self._stamp:
            self._stamp = stamp
            self._changed |= self._young
            self._young = set(young)
            self._changed |= self._young

    def scores(
        self,
        arms: Sequence[str],
        context: str,
        cells: Mapping[str, Mapping[str, Record]],
        ripe: Callable[[str, str, Record], Record],
        halvings: int,
        now: int,
        rate: float,
    ) -> list[tuple[float, float]]:
        """Mean and variance of what arms earn in a context.

        `cells` are the records, context by context, and `ripe` makes those complete; a trial of
        the latest half-life weighs about 2**halvings, one of now `now`.
        """
        shift = max(0, halvings + ONE_BITS - UNIT_BITS)
        sums, changed = self._sums, self._changed
        if sums is None or sums.shift != shift or not all(sums.holds(*cell) for cell in changed):
            known = {arm for cell in cells.values() for arm in cell}
            sums = self._sums = Sums(known, cells, shift)
            changed = {(arm, context) for context, cell in cells.items() for arm in cell}
            self._solution = None
        rows = {
            sums.put(arm, each, ripe(arm, each, cells[each][arm]))
            for arm, each in changed
            if arm in cells.get(each, ())
        }
        self._changed = set()
        worth, solution = (1 << shift) / now, self._solution
        if solution is None or (solution.worth, solution.rate) != (worth, rate):
            solution = self._solution = Solution(sums, worth, rate, self.prior)
        elif rows:
            solution.solve(rows)
        return solution.scores(arms, context)
