"""Delayed rewards: how much of a trial a young impression is, while its reward is pending.

A shopper buys hours after the prompt. Until then the impression looks like a failure, and an arm
that is offered more and more looks worse than it is; waiting for the end of the window instead
wastes what is known by now. So a trial counts by what share of its reward should have come at its
age, `F(age) / F(window)`:

```
age of the impression     0     1     2     3    ...   64 steps = the window
share that has come      .2    .5    .7    .8           1
trials that it is        .2    .5    .7    .8           1
```

`F` is estimated from what came: a life table, with no assumption about its form. In the step of
age j, `g_j` = rewards that came at that age / trials that have reached it; `F(a)` is the sum of the
first ones, over the sum of all. Trials too young for a step are not at risk in it, which is what
makes the estimate free of the bias of "late rewards have not been seen yet". A few prior
rewards shrink the distribution of an arm toward that of all arms, and that toward an even spread.

All sums are whole numbers by step of the clock and steps of age: any order gives the same state.

Cutler and Ederer: Maximum utilization of the life table method. J. Chronic Diseases 8, 1958.
Joulani, Gyorgy and Szepesvari: Online learning under delayed feedback. ICML 2013.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from models.bandit.shrinkage import ALL
from models.decay.forward import ForwardDecay
from models.decay.tally import read, written
from models.limits import within
from models.snapshot.elements import each

Floats = npt.NDArray[np.float64]

STEPS = 64
"""Steps of a window: what is counted together, and how finely ages are told apart."""
PRIOR_REWARDS = 2.0
"""Pseudo-rewards that all arms' distribution is worth for one arm, and an even spread for all.

Few: an arm whose rewards come later than those of others looks bad until its own are known.
"""
SHARE_BITS = 20
WINDOW_S_MAX = 10 * 365 * 86_400.0


class DelayedRewards:
    """Pending trials of each arm, and when rewards come.

    Parameters
    ----------
    window_s
        Seconds after an impression in which rewards count.
    decay
        The weights of trials and rewards, which are those of the policy.
    prior_mean
        Mean reward of a trial to expect before anything is known.

    Examples
    --------
    >>> delayed = DelayedRewards(window_s=6400, decay=ForwardDecay(86_400), prior_mean=0.05)
    >>> monday = 1_767_225_600
    >>> weight = delayed.decay.weight
    >>> for n in range(2_000):  # one in ten pays, 100 seconds later
    ...     delayed.add_trial("popular", "basket", weight(monday + n), monday + n)
    ...     if n % 10 == 0:
    ...         delayed.add_reward("popular", weight(monday + n), monday + n, monday + n + 100)
    >>> round(delayed.arrived_share("popular", age_s=50, now_s=monday + 20_000), 1)
    0.0
    >>> delayed.arrived_share("popular", age_s=1_000, now_s=monday + 20_000) > 0.9
    True
    """

    def __init__(self, window_s: float, decay: ForwardDecay, prior_mean: float) -> None:
        within(1.0, WINDOW_S_MAX, window_s=window_s)
        self.decay = decay
        self.prior_mean = prior_mean
        self.step_s = window_s / STEPS
        self._latest = 0
        self._trials: dict[str, int] = {}
        self._pending: dict[str, dict[str, dict[int, int]]] = {}  # arm -> context -> step -> weight
        self._came: dict[str, list[int]] = {}  # arm -> weight by steps of delay
        self._cache = _DistributionCache()

    def add_trial(self, arm: str, context: str, weight: int, time_s: float) -> None:
        """A trial began."""
        self._trials[arm] = self._trials.get(arm, 0) + weight
        step = self._step(time_s)
        if step > self._latest:
            self._latest = step
            self._complete()
        elif step < self._cache.now:  # distributions rest on the trials of earlier steps
            self._cache.clear()
        if step <= self._latest - STEPS:
            return
        contexts = self._pending.setdefault(arm, {})
        for name in (context, ALL):
            steps = contexts.setdefault(name, {})
            steps[step] = steps.get(step, 0) + weight
            self._cache.pending.pop((arm, name), None)

    def add_reward(self, arm: str, weight: int, time_s: float, at_s: float) -> None:
        """A reward of this weight came at `at_s` for a trial of `time_s`; below 0 it did not."""
        delay = self._step(at_s) - self._step(time_s)
        if 0 <= delay < STEPS:
            self._came.setdefault(arm, [0] * STEPS)[delay] += weight
            self._cache.clear()

    def pending_weight(self, arm: str, context: str, now_s: float) -> int:
        """The part of the arm's trials in a context (`ALL`: in all) whose reward is pending."""
        now = self._present(now_s)
        pending = self._cache.pending.get((arm, context))
        if pending is None:
            steps = self._pending.get(arm, {}).get(context, {})
            to_come = self._to_come(arm, now) if steps else []
            pending = sum(
                weight * to_come[max(0, now - step)]
                for step, weight in steps.items()
                if now - step < STEPS
            )
            pending >>= SHARE_BITS
            self._cache.pending[arm, context] = pending
        return pending

    def arrived_share(self, arm: str, age_s: float, now_s: float) -> float:
        """The share of an arm's rewards that has come at this age, by what is known at `now_s`."""
        age = self._step(age_s)
        if age >= STEPS:
            return 1.0
        return 1.0 - self._to_come(arm, self._present(now_s))[age] / (1 << SHARE_BITS)

    def version(self, now_s: float) -> tuple[int, int]:
        """As long as it is the same, what is pending changes by new trials alone."""
        return self._step(now_s), self._cache.version

    def pending(self) -> Iterator[tuple[str, str]]:
        """Arms and contexts with trials whose reward may still come."""
        for arm, contexts in self._pending.items():
            for context in contexts:
                if context != ALL:
                    yield arm, context

    def forget(self, arm: str) -> None:
        """Nothing is known of this arm any more."""
        for table in (self._trials, self._pending, self._came):
            table.pop(arm, None)
        self._cache.clear()

    def _step(self, time_s: float) -> int:
        return int(time_s / self.step_s)

    def _present(self, now_s: float) -> int:
        """The step of now; what was estimated for another one is forgotten."""
        now = self._step(now_s)
        if now != self._cache.now:
            self._cache.clear()
            self._cache.now = now
        return now

    def _complete(self) -> None:
        """Trials that left the window are complete."""
        gone = self._latest - STEPS
        for arm, contexts in [*self._pending.items()]:
            for context, steps in [*contexts.items()]:
                for step in [step for step in steps if step <= gone]:
                    del steps[step]
                if not steps:
                    del contexts[context]
            if not contexts:
                del self._pending[arm]
        self._cache.clear()

    def _to_come(self, arm: str, now: int) -> list[int]:
        """By age, the share of a reward that is still to come, in fixed point."""
        distribution = self._cache.distributions.get(arm)
        if distribution is None:
            if self._cache.pooled is None:
                self._cache.pooled = self._pooled_distribution(now)
            distribution = self._cache.distributions[arm] = self._distribution(
                arm, now, *self._cache.pooled
            )
        return distribution

    def _pooled_distribution(self, now: int) -> tuple[Floats, float]:
        """How rewards of all arms spread over the ages, and what a trial earns in all."""
        tables = [
            self._life_table(arm, now) for arm in sorted(self._trials.keys() | self._came.keys())
        ]
        came, at_risk = np.sum(tables, axis=0) if tables else np.zeros((2, STEPS))
        even = np.full(STEPS, 1.0 / STEPS)
        rates = _hazards(came, at_risk, even, self.prior_mean)
        return rates / rates.sum(), float(rates.sum())

    def _distribution(self, arm: str, now: int, shape: Floats, mean: float) -> list[int]:
        came, at_risk = self._life_table(arm, now)
        rates = _hazards(came, at_risk, shape, mean)
        by_age = np.cumsum(rates) - 0.5 * rates
        to_come = np.round((1.0 - by_age / rates.sum()) * (1 << SHARE_BITS))
        return [int(share) for share in to_come]

    def _life_table(self, arm: str, now: int) -> Floats:
        """Rewards that came, and trials at risk, by age; in trials of now. Shape: (2, STEPS).

        Trials of the present step are left out: they change with every one, their age is none.
        Sums are whole numbers until they are divided, so that they leave no trace at all.
        """
        unit = self.decay.weight(now * self.step_s)
        young = [0] * STEPS
        for step, weight in self._pending.get(arm, {}).get(ALL, {}).items():
            if now - step < STEPS:
                young[max(0, now - step)] += weight
        older, twice_at_risk = self._trials.get(arm, 0), []
        for weight in young:
            older -= weight
            twice_at_risk.append(2 * older + weight)
        twice_at_risk[0] -= young[0]
        table = np.zeros((2, STEPS))
        table[0] = [max(0, weight) / unit for weight in self._came.get(arm, ())] or 0.0
        table[1] = [weight / (2 * unit) for weight in twice_at_risk]
        return table

    def state(self) -> dict[str, Any]:
        """All sums, as JSON."""
        return {
            "latest": self._latest,
            "trials": {arm: written(weight) for arm, weight in self._trials.items()},
            "pending": {
                arm: {
                    context: {str(step): written(weight) for step, weight in steps.items()}
                    for context, steps in contexts.items()
                }
                for arm, contexts in self._pending.items()
            },
            "came": {arm: [written(weight) for weight in came] for arm, came in self._came.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        (self._latest,) = each(int, [state["latest"]], 0)
        self._trials = {arm: read(weight) for arm, weight in state["trials"].items()}
        self._pending = {
            arm: {
                context: {int(step): read(weight) for step, weight in steps.items()}
                for context, steps in contexts.items()
            }
            for arm, contexts in state["pending"].items()
        }
        self._came = {arm: [read(weight) for weight in came] for arm, came in state["came"].items()}
        self._cache.clear()


class _DistributionCache:
    """What was estimated since a record changed. Copies and pickles leave it out."""

    def __init__(self) -> None:
        self.now = -1
        self.version = 0
        self.clear()

    def clear(self) -> None:
        self.version += 1
        self.pending: dict[tuple[str, str], int] = {}
        self.distributions: dict[str, list[int]] = {}
        self.pooled: tuple[Floats, float] | None = None

    def __reduce__(self) -> tuple[type["_DistributionCache"], tuple[()]]:
        return _DistributionCache, ()


def _hazards(came: Floats, at_risk: Floats, shape: Floats, mean: float) -> Floats:
    """Discrete hazards: reward a trial by age, shrunk toward a spread and a mean.

    The prior of each rate is Gamma, `PRIOR_REWARDS` rewards strong in all; its mean is what a trial
    earns by the data, spread as `shape` says.
    """
    earned = (came.sum() + PRIOR_REWARDS) / (at_risk @ shape + PRIOR_REWARDS / mean)
    rates: Floats = (came + PRIOR_REWARDS * shape) / (at_risk + PRIOR_REWARDS / earned)
    return rates
