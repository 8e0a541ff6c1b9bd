"""Which arm to pull: contextual Thompson sampling with propensities that are exact.

The policy has the shape of River's `bandit.base.ContextualPolicy` (`pull`, `update`, `ranking`)
without being derived from it: to import `river.bandit` is to import its metrics and with them
`scipy.stats`, three seconds of a worker's start and of every `goeswith` command. Whoever wants to
hand it to River's own tools registers it, and it is one:

```
river.bandit.base.ContextualPolicy.register(ThompsonSampling)
```
"""

import random
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from river.base import Base

from models.backoff import NO_RECORD, BackOff, Record
from models.decay import LANDMARK_S, ForwardDecay
from models.forgetting import lightest, slab
from models.limits import at_least_one, within
from models.propensity import draw, vector
from models.snapshot import Snapshotted


class Choice(NamedTuple):
    """An arm, the probability with which it was chosen, and that of each arm on offer."""

    arm: str
    propensity: float
    propensities: dict[str, float]
    estimate: float
    """The mean reward that was expected of it."""


class ThompsonSampling(Snapshotted, Base):
    """Thompson sampling for a few arms in some contexts, with delayed and reversible rewards.

    Arms and contexts are strings, such as "bought_together" and "basket/new". What an arm earns in
    a context is Beta distributed; the prior of a context is the arm's mean elsewhere, and the
    prior of that is the mean of all arms: little data leans on more.

    ```
    all arms in all contexts  ->  this arm in other contexts  ->  this arm in this context
    prior_mean                    arm_strength                    cell_strength   (pseudo-trials)
    ```

    An exposure is counted when it happens, its reward when it comes, at the time of the exposure,
    so that both fade alike. All sums are whole numbers: any order of exposures and rewards gives
    the same state. A negative reward reverses an earlier one (a return). While rewards are ahead
    of exposures the posterior takes them for at most one each.

    `propensities` says how probable each arm is to be best, mixed with a floor; `choose` draws
    from that very vector, by a seed; `pull` is River's name for a draw from the policy's own
    generator, and `update` is River's way to tell exposure and reward at once. Reading never
    changes the state, and a policy that has seen nothing can be read and printed.

    Parameters
    ----------
    half_life_s
        Seconds after which an exposure counts half: worlds change.
    floor
        Least probability of an arm on offer; an equal share if there are too many for that. It
        bounds the weights of off-policy estimates and keeps confidence sequences honest.
    cell_strength
        Trials that an arm's record in other contexts is worth in a context, at most.
    arm_strength
        Trials that the record of all arms is worth for an arm, at most.
    prior_mean
        Mean reward to expect before anything is known.
    prior_strength
        Trials that `prior_mean` is worth.
    arms_max, contexts_max
        Arms and contexts remembered; then those with the fewest trials are forgotten.
    seed
        Of the generator that `pull` draws from; `choose` has its own. It is no part of the state.

    Examples
    --------
    >>> policy = ThompsonSampling(seed=7)
    >>> monday = 1_767_225_600
    >>> for n in range(300):
    ...     for arm, one_in in (("popular", 30), ("bought_together", 5)):
    ...         policy.expose(arm, "basket", time_s=monday + n)
    ...         if n % one_in == 0:
    ...             policy.reward(arm, "basket", 1.0, time_s=monday + n)
    >>> policy.propensities(["popular", "bought_together"], "basket")
    {'bought_together': 0.95..., 'popular': 0.05...}
    >>> policy.choose(["popular", "bought_together"], "basket", seed=b"event-3").arm
    'bought_together'
    >>> mean, trials = policy.estimate("bought_together", "basket")
    >>> round(mean, 2), round(trials)
    (0.2, 300)

    References
    ----------
    Chapelle and Li: An empirical evaluation of Thompson sampling. NIPS 2011.
    """

    def __init__(
        self,
        half_life_s: float = 14 * 86400.0,
        floor: float = 0.05,
        cell_strength: float = 30.0,
        arm_strength: float = 20.0,
        prior_mean: float = 0.05,
        prior_strength: float = 20.0,
        arms_max: int = 256,
        contexts_max: int = 4096,
        seed: int | None = None,
    ) -> None:
        at_least_one(arms_max=arms_max, contexts_max=contexts_max)
        within(0.0, 1.0, floor=floor)
        within(1e-6, 1.0 - 1e-6, prior_mean=prior_mean)
        within(
            *(1e-3, 1e9),
            cell_strength=cell_strength,
            arm_strength=arm_strength,
            prior_strength=prior_strength,
        )
        self.half_life_s = half_life_s
        self.floor = floor
        self.cell_strength = cell_strength
        self.arm_strength = arm_strength
        self.prior_mean = prior_mean
        self.prior_strength = prior_strength
        self.arms_max = arms_max
        self.contexts_max = contexts_max
        self.seed = seed
        self._rng = random.Random(seed)
        self._decay = ForwardDecay(half_life_s)
        self._backoff = BackOff(prior_mean, prior_strength, arm_strength, cell_strength)
        self._counts: Counter[str] = Counter()
        self._n = 0
        self._latest_s = LANDMARK_S
        self._all = NO_RECORD
        self._arms: dict[str, Record] = {}
        self._cells: dict[str, dict[str, Record]] = {}  # context -> arm -> record

    # Learning

    def expose(self, arm: str, context: str, *, time_s: float) -> None:
        """Count a trial: the arm was shown in this context."""
        self._add(arm, context, Record(self._decay.weight(time_s), 0), time_s)
        self._counts[arm] += 1
        self._n += 1

    def reward(self, arm: str, context: str, value: float, *, time_s: float) -> None:
        """An exposure at `time_s` earned `value` in [-1, 1]; a negative value reverses."""
        within(-1.0, 1.0, value=value)
        self._add(arm, context, Record(0, self._decay.weight(time_s, value)), time_s)

    def update(
        self, arm_id: str, context: str | None, *reward_args: float, **reward_kwargs: float
    ) -> None:
        """River's way: an exposure and its reward at once, at a fixed time."""
        (reward,) = (*reward_args, *reward_kwargs.values())
        self.expose(arm_id, context or "", time_s=LANDMARK_S)
        self.reward(arm_id, context or "", reward, time_s=LANDMARK_S)

    def _add(self, arm: str, context: str, more: Record, time_s: float) -> None:
        self._latest_s = max(self._latest_s, int(time_s))
        cell = self._cells.setdefault(context, {})
        for records in (self._arms, cell):
            records[arm] = records.get(arm, NO_RECORD).plus(more)
        self._all = self._all.plus(more)
        if len(self._arms) > self.arms_max:
            self._forget_arms()
        if len(self._cells) > self.contexts_max:
            self._forget_contexts()

    def _forget_arms(self) -> None:
        trials = {arm: record.trials for arm, record in self._arms.items()}
        for arm in lightest(trials, slab(self.arms_max)):
            del self._arms[arm]
            self._counts.pop(arm, None)
            for cell in self._cells.values():
                cell.pop(arm, None)

    def _forget_contexts(self) -> None:
        trials = {
            context: sum(record.trials for record in cell.values())
            for context, cell in self._cells.items()
        }
        for context in lightest(trials, slab(self.contexts_max)):
            del self._cells[context]

    # Reading

    def propensities(
        self, arm_ids: Iterable[str], context: str, *, time_s: float | None = None
    ) -> dict[str, float]:
        """The probability with which each arm is to be chosen, by id; sums to 1.

        Duplicates count once. `time_s` is now; without it, the time of the latest exposure.
        Raises `ValueError` when no arm is on offer.
        """
        return self._propensities(self._on_offer(arm_ids, context, time_s))

    def _on_offer(
        self, arm_ids: Iterable[str], context: str, time_s: float | None
    ) -> dict[str, tuple[float, float]]:
        """The posteriors of the arms on offer, by id."""
        arms = sorted(set(arm_ids))
        if not arms:
            raise ValueError(
                f"no arm is on offer in context {context!r}: decide on silence instead"
            )
        return dict(zip(arms, self._posteriors(arms, context, time_s), strict=True))

    def _propensities(self, posteriors: dict[str, tuple[float, float]]) -> dict[str, float]:
        if len(posteriors) == 1:
            return dict.fromkeys(posteriors, 1.0)
        return dict(zip(posteriors, vector(tuple(posteriors.values()), self.floor), strict=True))

    def choose(
        self,
        arm_ids: Iterable[str],
        context: str,
        seed: int | bytes,
        *,
        time_s: float | None = None,
    ) -> Choice:
        """Draw an arm from its propensities: the same seed, the same arm, in whatever order."""
        posteriors = self._on_offer(arm_ids, context, time_s)
        propensities = self._propensities(posteriors)
        arm = draw(propensities, seed if isinstance(seed, bytes) else str(seed).encode())
        a, b = posteriors[arm]
        return Choice(arm, propensities[arm], propensities, a / (a + b))

    def pull(self, arm_ids: Iterable[str], context: str | None = None) -> str:
        """River's way: an arm, drawn with the policy's own generator."""
        return self.choose(arm_ids, context or "", self._rng.getrandbits(64)).arm

    def estimate(
        self, arm: str, context: str, *, time_s: float | None = None
    ) -> tuple[float, float]:
        """The mean reward to expect of an arm in a context, and its faded trials there."""
        ((a, b),) = self._posteriors([arm], context, time_s)
        record = self._cells.get(context, {}).get(arm, NO_RECORD)
        return a / (a + b), record.trials / self._now(time_s)

    @property
    def ranking(self) -> list[str]:
        """All arms ever seen, the best mean over all contexts first; equal ones by id."""
        return [*sorted(self._arms, key=lambda arm: (-self._arms[arm].mean(), arm))]

    def _now(self, time_s: float | None) -> int:
        """What an exposure weighs now."""
        return self._decay.weight(max(self._latest_s, int(time_s or 0)))

    def _posteriors(
        self, arms: list[str], context: str, time_s: float | None
    ) -> list[tuple[float, float]]:
        """Beta(a, b) of each arm in a context."""
        cell = self._cells.get(context, {})
        records = [(self._arms.get(arm, NO_RECORD), cell.get(arm, NO_RECORD)) for arm in arms]
        return self._backoff.posteriors(self._all, records, self._now(time_s))

    # The state

    def state(self) -> dict[str, Any]:
        """All sums and all constructor arguments, as JSON that shares nothing."""
        return {
            "params": self._get_params(),
            "latest_s": self._latest_s,
            "exposures": dict(self._counts),
            "exposures_all": self._n,
            "all": self._all.written(),
            "arms": {arm: record.written() for arm, record in self._arms.items()},
            "cells": {
                context: {arm: record.written() for arm, record in cell.items()}
                for context, cell in self._cells.items()
            },
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._latest_s = state["latest_s"]
        self._counts.update(state["exposures"])
        self._n = state["exposures_all"]
        self._all = Record.read(state["all"])
        self._arms = {arm: Record.read(record) for arm, record in state["arms"].items()}
        self._cells = {
            context: {arm: Record.read(record) for arm, record in cell.items()}
            for context, cell in state["cells"].items()
        }
