"""Hierarchical Bayesian linear regression: a posterior for each arm, with a prior that arms share.

A context such as "basket/new/bakery" is a set of factors, split at "/"; "dwell=0.5" is half of the
factor "dwell=1". With many factors most contexts are rare, and to shrink one of them toward the
arm's mean elsewhere (`models.bandit.shrinkage`) forgets what its factors say. Here the reward of an
arm is what is expected of the context (`models.bandit.linear.sums`), times what is linear in the
factors, with weights that are Gaussian, and whose prior mean is learned from all arms:

```
reward of arm k  ~  N(e x . w_k, e s2)      w_k ~ N(m, s2 / P)      m ~ N((1, 0, ...), s2 / S)
G_k = (P + A_k)^-1     mean of w_k = G_k (b_k + P m)     m = (S + sum P - P G_k P)^-1 (...)
```

Effects multiply, as on the log odds, and where more is expected rewards vary more, as they do when
they are rare. It is the first step of fitting a log-linear model, which begins at `e`: the sums
`A_k` = sum of e x x' and `b_k` = sum of r x are all it takes. They are made of the records of the
arm in each context, which are whole numbers: nothing else is learned, so that all that holds of
them (any order, snapshots, fading, rewards that are pending) holds here. The posterior is a pure
function of them: sums are kept in whole numbers, which leave no trace of the order either.

McCullagh and Nelder: Generalized linear models. 1989 (variances that grow with the mean).
Agrawal and Goyal: Thompson sampling for contextual bandits with linear payoffs. ICML 2013.
Lindley and Smith: Bayes estimates for the linear model. J. Royal Statistical Society B 34, 1972.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.bandit.linear.sums import (
    LIFT_BITS,
    TRIALS_BITS,
    VALUE_BITS,
    SufficientStatistics,
    factors,
)
from models.bandit.shrinkage import ArmRecord
from models.decay.forward import ONE_BITS

Floats = npt.NDArray[np.float64]

UNIT_BITS = 10
"""A trial of the latest half-life is some 2**10 units in the sums."""
Cells = Mapping[str, Mapping[str, ArmRecord]]
"""Records of arms, by context and arm."""
Net = Callable[[str, str, ArmRecord], ArmRecord]
"""From an arm, a context and its record to the effective record (`bandit.effective_records`)."""


class WeightPrior(NamedTuple):
    """How far weights are from what is expected, in shares of that."""

    arm_spread: float
    """Of an arm's mean in all contexts."""
    factor_spread: float
    """Of what a factor does to an arm."""
    shared_spread: float
    """Of what a factor does to all arms alike."""

    def precisions(self, names: Iterable[str], rate: float) -> tuple[Floats, Floats]:
        """Of the weights of one arm, and of those that arms share, in units of the noise."""
        unit = 1.0 - rate  # a reward of mean e varies by some e * (1 - rate)
        own = [self.factor_spread if name else self.arm_spread for name in names]
        shared = np.full(len(own), unit / self.shared_spread**2)
        return unit / np.array(own) ** 2, shared


class WeightPosterior:
    """The Gaussian posterior of all weights, given the sums, the worth of a unit, and the prior."""

    def __init__(
        self, sums: SufficientStatistics, worth: float, rate: float, prior: WeightPrior
    ) -> None:
        self.worth, self.rate = worth, rate
        self._sums = sums
        self._own, self._shared = prior.precisions(sums.columns, rate)
        self._unknown = (1.0 - rate) / prior.factor_spread**2
        rows, columns = sums.rx.shape
        self._inverse = np.zeros((rows, columns, columns))
        self._lacking = np.zeros((rows, columns, columns))  # P - P G P
        self.solve(range(rows))

    def solve(self, rows: Iterable[int]) -> None:
        """These arms have changed."""
        own, sums = self._own, self._sums
        changed = list(rows)
        unit = self.worth * self.rate * 2.0 ** -(LIFT_BITS + 2 * VALUE_BITS)
        precision = unit * sums.xx[changed]
        at = np.arange(len(own))
        precision[:, at, at] += own
        inverse = np.linalg.inv(precision)
        self._inverse[changed] = inverse
        lacking = -own[:, None] * inverse * own
        lacking[:, at, at] += own
        self._lacking[changed] = lacking
        of_shared = self._lacking.sum(axis=0)
        of_shared[at, at] += self._shared
        moments = self.worth * 2.0**-VALUE_BITS * sums.rx
        seen = own * (self._inverse @ moments[:, :, None])[:, :, 0]
        target = seen.sum(axis=0)
        target[0] += self._shared[0]  # the factor of all contexts is the first
        self._covariance_of_shared = np.linalg.inv(of_shared)
        self.common = np.linalg.solve(of_shared, target)
        self.weights = (self._inverse @ (moments + own * self.common)[:, :, None])[:, :, 0]

    def scores(self, arms: Sequence[str], context: str) -> list[tuple[float, float]]:
        """Mean and variance of what arms earn in a context.

        What arms share is uncertain too, and makes their scores err together: the variances are
        those with which independent scores differ as these do (`independent_variances`).
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
        covariance = own @ self._covariance_of_shared @ own.T
        covariance[np.diag_indices(len(rows))] += spread + left / self._unknown
        expected = self.rate * self._sums.lift(context)
        variances = independent_variances(covariance) * (1.0 - self.rate) * expected**2
        return list(zip((expected * means).tolist(), variances.tolist(), strict=True))


def independent_variances(covariance: Floats) -> Floats:
    """The variances of independent variables whose differences vary as those of dependent ones.

    Which one is largest depends on differences alone. For three variables and more the variance of
    a difference is met on average, by least squares, and never below a hundredth.

    >>> together = np.full((3, 3), 5.0)  # what is common to all
    >>> independent_variances(together + np.diag([1.0, 2.0, 3.0])).round(9).tolist()
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
    """What arms earn in contexts, from records; keeps what it computed until records change.

    Copies and pickles leave that out.
    """

    def __init__(self, prior: WeightPrior) -> None:
        self.prior = prior
        self.reset()

    def __reduce__(self) -> tuple[type["LinearPosterior"], tuple[WeightPrior]]:
        return LinearPosterior, (self.prior,)

    def reset(self) -> None:
        """Any record may have changed."""
        self._changed: set[tuple[str, str]] = set()
        self._sums: SufficientStatistics | None = None
        self._posterior: WeightPosterior | None = None
        self._stamp: object = None
        self._pending: set[tuple[str, str]] = set()
        self._discounts: Mapping[int, int] = {}

    def invalidate(self, arm: str, context: str) -> None:
        """The record of an arm in a context has changed."""
        self._changed.add((arm, context))

    def discount(self, discounts: Mapping[int, int]) -> None:
        """The discount of older evidence (`bandit.changepoints`): all records change with it."""
        if discounts != self._discounts:
            self.reset()
            self._discounts = discounts

    def update_pending(self, stamp: object, pending: Iterable[tuple[str, str]]) -> None:
        """Trials whose reward is pending count for more by now, unless the stamp is still the same.

        `pending` names arms and contexts with such trials.
        """
        if stamp != self._stamp:
            self._stamp = stamp
            self._changed |= self._pending
            self._pending = set(pending)
            self._changed |= self._pending

    def scores(
        self,
        arms: Sequence[str],
        context: str,
        cells: Cells,
        net: Net,
        finest: int,
        now: int,
        rate: float,
    ) -> list[tuple[float, float]]:
        """Mean and variance of what arms earn in a context.

        `cells` are the records, context by context, and `net` makes them effective; the sums count
        in units of `2**finest`, and a trial of now weighs `now`.
        """
        sums, rows = self._updated_sums(cells, net, finest)
        worth, posterior = (1 << finest) / now, self._posterior
        if posterior is None or (posterior.worth, posterior.rate) != (worth, rate):
            sums.weigh(worth, rate)
            posterior = self._posterior = WeightPosterior(sums, worth, rate, self.prior)
        elif rows:
            posterior.solve(rows | sums.weigh(worth, rate))
        return posterior.scores(arms, context)

    def _updated_sums(
        self, cells: Cells, net: Net, shift: int
    ) -> tuple[SufficientStatistics, set[int]]:
        """The sums of all records by now, and the rows of those that have changed."""
        changed = [(arm, each) for arm, each in self._changed if arm in cells.get(each, ())]
        self._changed = set()
        sums = self._sums
        if sums is not None and sums.shift == shift and all(arm in sums.rows for arm, _ in changed):
            rows = {sums.put(arm, each, net(arm, each, cells[each][arm])) for arm, each in changed}
            if sums.fits():
                return sums, rows
        self._posterior = None
        self._sums = sums = _summed(cells, net, shift)
        return sums, set()


def _summed(cells: Cells, net: Net, shift: int) -> SufficientStatistics:
    """The sums of all records."""
    records = {
        (arm, context): net(arm, context, record)
        for context, cell in cells.items()
        for arm, record in cell.items()
    }
    trials: Counter[str] = Counter()
    for (_, context), record in records.items():
        for name, _ in factors(context):
            trials[name] += record.trials >> shift
    sums = SufficientStatistics({arm for arm, _ in records}, cells, shift, trials)
    for (arm, context), record in records.items():
        sums.put(arm, context, record)
    return sums


def finest_of(halvings: int, everything: ArmRecord) -> int:
    """The unit of sums, as a power of two: fine enough for a trial, and coarse enough for all.

    A trial of the latest half-life weighs some `2**halvings` at the landmark's.
    """
    return max(halvings + ONE_BITS - UNIT_BITS, everything.trials.bit_length() - TRIALS_BITS)
