"""Whether what an arm earns has changed: changepoints of its rewards, established and dismissed.

Rewards are summed by epoch, so that any order of them says the same: a log has partitions, which
every reader interleaves in another way. (Of more arms in contexts than are watched, it depends on
the order which are.) At the end of each epoch it is asked how probable it is, by the rewards up to
then, that the arm earned something else before some epoch than since (Bayes factors
of one change against none, as in `models.bandit.changepoints`, by arm). What is probable in one
epoch and less so in the next is no news, so the answer has two thresholds (a Schmitt trigger):

```
epoch          1    2    3    4    5    6    7
probability  .01  .40  .99  .80  .97  .45  .60
said          no   no  yes  yes  yes   no   no      established from .99 on, dismissed below .5
```

What is said of an epoch does not depend on later ones, as long as epochs are as long. Of too many
each two become one, and all of it is asked anew of the longer ones: a change may be established at
another time then, or not at all if it lay within one of them. So it may when rewards of an epoch
that was over come late. Rewards that vary more from epoch to epoch than chance explains, as over
weekends, are worth fewer trials (overdispersion, by their successive differences, which one change
hardly moves): only what is more than that is a change.

Adams and MacKay: Bayesian online changepoint detection. arXiv 0710.3742, 2007. von Neumann:
Distribution of the ratio of the mean square successive difference to the variance. Annals of
Mathematical Statistics 12, 1941.
"""

import math
from bisect import insort
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from models.limits import LARGE, at_least_one, within

EPOCHS = 64
"""Of more than so many, each two become one."""
EPOCH_S = 60.0
"""The length of an epoch, until there are too many: twice as long each time."""
HAZARD_RATE = 0.005
"""The probability of a change from one epoch to the next."""
ESTABLISHED, DISMISSED = 0.99, 0.5
PRIOR_TRIALS = 20.0
"""Trials that the mean of an arm is worth on each side of a change."""
RATE_MIN = 1e-3
"""A mean reward, and what is missing to 1, is not expected to be less."""
UNITS = 1_000_000
"""Rewards are summed in whole millionths."""
UPPER, CHI2_UPPER = 0.8, 1.6424
"""The share of successive differences that are less than they are expected to be, and that quantile
of their squares (chi-squared, one degree of freedom): in a week two differences of seven are a
weekend's."""
DIFFERENCES_MIN = 8
"""With fewer of them nothing is known of overdispersion."""

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Cell = tuple[str, str]
"""An arm in a context."""


class RewardChange(NamedTuple):
    """What is to be said of an arm."""

    probability: float
    """That it earned something else before some epoch than since, at the end of the latest one."""
    times: int
    """How often that was established."""
    established_s: float | None
    """Since when it is, in seconds since 1970; None: it is not, or not any more."""


NO_CHANGE = RewardChange(0.0, 0, None)


class RewardChanges:
    """Rewards of arms in contexts, by epoch.

    Parameters
    ----------
    cells_max
        Arms in contexts that are watched; later ones are not.

    Examples
    --------
    >>> changes = RewardChanges()
    >>> for n in range(4_000):
    ...     changes.add("popular", "basket", float(n % 5 == 0 and n < 2_000), time_s=n)
    >>> found = changes.seen()["popular"]
    >>> found.times, 2_000 < found.established_s < 2_200
    (1, True)
    """

    def __init__(self, cells_max: int = 4096) -> None:
        at_least_one(cells_max=cells_max)
        self.cells_max = cells_max
        self.epoch_s = EPOCH_S
        self._sums: dict[Cell, dict[int, tuple[int, int]]] = {}
        self._first: int | None = None
        self._last = 0
        self._found: dict[str, RewardChange] | None = {}

    def add(self, arm: str, context: str, reward: float, *, time_s: float) -> None:
        """Count a trial. Raises `ValueError` if either is no number."""
        within(-LARGE, LARGE, reward=reward, time_s=time_s)
        self._found = None
        epochs = self._sums.get((arm, context))
        if epochs is None:
            if len(self._sums) >= self.cells_max:
                return
            epochs = self._sums[arm, context] = {}
        epoch = int(time_s // self.epoch_s)
        trials, rewards = epochs.get(epoch, (0, 0))
        epochs[epoch] = trials + 1, rewards + round(min(1.0, max(0.0, reward)) * UNITS)
        self._first = epoch if self._first is None else min(self._first, epoch)
        self._last = max(self._last, epoch)
        while self._last - self._first >= EPOCHS:
            self._widen()

    def _widen(self) -> None:
        """Each two epochs become one."""
        self.epoch_s *= 2
        assert self._first is not None  # noqa: S101  # something was added
        self._first, self._last = self._first // 2, self._last // 2
        for cell, epochs in self._sums.items():
            merged: dict[int, tuple[int, int]] = {}
            for epoch, (trials, rewards) in epochs.items():
                more = merged.get(epoch // 2, (0, 0))
                merged[epoch // 2] = more[0] + trials, more[1] + rewards
            self._sums[cell] = merged

    def seen(self) -> dict[str, RewardChange]:
        """What is to be said of each arm by the epochs that are over."""
        if self._found is None:
            arms: dict[str, list[tuple[Floats, Floats]]] = {}
            for (arm, _), epochs in sorted(self._sums.items()):
                arms.setdefault(arm, []).append(self._by_epoch(epochs))
            self._found = {arm: self._change(cells) for arm, cells in arms.items()}
        return self._found

    def _by_epoch(self, epochs: dict[int, tuple[int, int]]) -> tuple[Floats, Floats]:
        """Trials and rewards of each epoch that is over, from the first of all arms on."""
        sums = [epochs.get(epoch, (0, 0)) for epoch in range(self._first or 0, self._last)]
        trials, rewards = np.array(sums, dtype=np.float64).reshape(-1, 2).T
        return trials, rewards / UNITS

    def _change(self, cells: list[tuple[Floats, Floats]]) -> RewardChange:
        found = NO_CHANGE
        for end, probability in enumerate(change_probabilities(cells), 2):
            times, since = found.times, found.established_s
            if since is None and probability >= ESTABLISHED:
                times, since = times + 1, ((self._first or 0) + end) * self.epoch_s
            elif probability < DISMISSED:
                since = None
            found = RewardChange(probability, times, since)
        return found


def change_probability(cells: list[tuple[Floats, Floats]]) -> float:
    """The probability that an arm's rewards changed at the beginning of some epoch but the first.

    `cells` are its trials and rewards by epoch, in each context; two epochs or more.

    >>> many = np.full(8, 100.0)
    >>> round(change_probability([(many, many * 0.1)]), 2)
    0.01
    >>> round(change_probability([(many, np.repeat([10.0, 30.0], 4))]), 2)
    1.0
    """
    return change_probabilities(cells)[-1]


def change_probabilities(cells: list[tuple[Floats, Floats]]) -> list[float]:
    """The same at the end of each epoch but the first, by the epochs up to it.

    All at once: a loop over ends, contexts and epochs takes many times as long.
    """
    number = max(0, len(cells[0][0]) - 1)
    ends, splits = np.tril_indices(number)  # a change after `splits + 1` epochs
    factors = np.zeros(len(ends))
    for cell in cells if number else ():
        factors += _log_bayes_factors(*cell, ends, splits)
    found = []
    for end in range(number):
        of_end = (math.log(HAZARD_RATE) + factors[ends == end]).tolist()
        most = max(0.0, *of_end)
        changed = math.fsum(math.exp(factor - most) for factor in of_end)
        found.append(changed / (changed + math.exp(-most)))
    return found


def _log_bayes_factors(trials: Floats, rewards: Floats, ends: Places, splits: Places) -> Floats:
    """Log Bayes factor of a change after each of `splits` in the epochs to `ends`, against none."""
    worth = _worth(trials, rewards)
    tried, won = trials.cumsum(), rewards.cumsum()
    all_tried, all_won = tried[1:] / worth, won[1:] / worth
    mean = np.divide(all_won, all_tried, out=np.zeros_like(worth), where=all_tried > 0.0)
    a = PRIOR_TRIALS * mean.clip(RATE_MIN, 1.0 - RATE_MIN)
    unchanged = _log_marginal(all_tried, all_won, a) + _log_marginal(0.0 * a, 0.0 * a, a)
    n, w, a = tried[splits] / worth[ends], won[splits] / worth[ends], a[ends]
    since = _log_marginal(all_tried[ends] - n, all_won[ends] - w, a)
    changed: Floats = _log_marginal(n, w, a) + since
    return changed - unchanged[ends]


def _worth(trials: Floats, rewards: Floats) -> Floats:
    """How many trials are worth one, to the end of each epoch but the first.

    By how much more than chance rewards vary between epochs that have any trials.
    """
    known = trials > 0.0
    n, won = trials[known], rewards[known]
    before, after = n[:-1], n[1:]
    mean = (won[:-1] + won[1:]) / (before + after)
    variance = (mean * (1.0 - mean)).clip(RATE_MIN * 0.1) * (1.0 / before + 1.0 / after)
    squares = (np.diff(won / n) ** 2 / variance).tolist()
    worth, ordered = np.ones(len(trials) - 1), list[float]()
    for end, epochs in enumerate(known.cumsum()[1:].tolist()):
        for square in squares[len(ordered) : max(0, epochs - 1)]:
            insort(ordered, square)
        if epochs > DIFFERENCES_MIN:
            worth[end] = max(1.0, _quantile(ordered, UPPER) / CHI2_UPPER)
    return worth


def _quantile(ordered: list[float], share: float) -> float:
    """The number below which this share of the ordered ones are; between two, in proportion.

    >>> _quantile([0.0, 1.0, 5.0], 0.75)
    3.0
    """
    below, part = divmod(share * (len(ordered) - 1), 1.0)
    low, high = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
    return low + (high - low) * part


def _log_marginal(trials: Floats, rewards: Floats, a: Floats) -> Floats:
    """Log marginal likelihood of a record under Beta(a, `PRIOR_TRIALS` - a), but for a constant."""
    won = np.minimum(np.maximum(rewards, 0.0), trials)
    record = gammaln(a + won) + gammaln(PRIOR_TRIALS - a + trials - won)
    found: Floats = record - gammaln(PRIOR_TRIALS + trials)
    return found
