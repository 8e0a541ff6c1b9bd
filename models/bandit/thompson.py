"""Contextual Thompson sampling with exact propensities, for delayed and reversible rewards.

The policy has the shape of River's `bandit.base.ContextualPolicy` without being derived from it:
`river.bandit` imports `scipy.stats`, three seconds of every start. For River's own tools it becomes
one by `river.bandit.base.ContextualPolicy.register(ThompsonSampling)`.
"""

import random
from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar

from river.base import Base

from models.bandit.changepoints import Changepoints
from models.bandit.choice import Choice, Mode, PolicyOutput, PolicyOutputCache, known_mode
from models.bandit.delayed_rewards import WINDOW_S_MAX, DelayedRewards
from models.bandit.effective_records import EffectiveRecords
from models.bandit.propensity import NO_LIMITS, ShareLimits, draw, vector
from models.bandit.records import ArmRecords, PolicyOnRecords
from models.bandit.shrinkage import NO_RECORD, ArmRecord, Shrinkage
from models.decay.forward import LANDMARK_S, LATEST_S, ForwardDecay
from models.limits import within
from models.snapshot.elements import each


class ThompsonSampling(PolicyOnRecords, Base):
    """Thompson sampling for a few arms in some contexts, with delayed and reversible rewards.

    Arms and contexts are strings, such as "bought_together" and "basket/new". What an arm earns in
    a context is Beta distributed, with a prior of what is known beyond: little data leans on more.

    ```
    all arms in all contexts  ->  this arm in other contexts  ->  this arm in this context
    prior_mean                    arm_strength                    cell_strength   (pseudo-trials)
    ```

    An exposure is counted when it happens, its reward when it comes, at the time of the exposure,
    so that both fade alike. All sums are whole numbers: any order of exposures and rewards gives
    the same state. A negative reward reverses an earlier one (a return). While rewards are ahead
    of exposures the posterior takes them for at most one each. Where the world changed of a
    sudden, what is older counts for as much as it is probable that it did not
    (`models.bandit.changepoints`).

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
    window_s
        Seconds after an exposure in which its reward comes, if it does; 0: exposures are complete
        at once. Until then one without a reward counts for less than a trial, and rewards say when
        they came, `at_s` (`models.bandit.delayed_rewards`).
    settle_s
        Seconds after an exposure in which its reward may still come, although it counts at once:
        younger trials do not tell of a change (`models.bandit.changepoints`). `window_s`, if that
        is more.
    mode
        "best": each arm as often as it is probable to be best, for the most reward. "identify":
        top-two Thompson sampling, to know sooner which one is best, for less reward meanwhile.
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

    STATE_VERSION: ClassVar[int] = 3
    GAUSSIAN: ClassVar[bool] = False
    """Whether posteriors are Gaussian (mean, deviation), or Beta (a, b)."""

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
        window_s: float = 0.0,
        settle_s: float = 0.0,
        mode: Mode = "best",
        seed: int | None = None,
    ) -> None:
        within(0.0, 1.0, floor=floor)
        within(0.0, WINDOW_S_MAX, settle_s=settle_s)
        self.half_life_s, self.floor = half_life_s, floor
        self.cell_strength, self.arm_strength = cell_strength, arm_strength
        self.prior_mean, self.prior_strength = prior_mean, prior_strength
        self.arms_max, self.contexts_max = arms_max, contexts_max
        self.window_s, self.settle_s = window_s, settle_s
        self.mode = known_mode(mode)
        self.seed, self._rng = seed, random.Random(seed)
        self._decay = decay = ForwardDecay(half_life_s)
        self._shrinkage = Shrinkage(prior_mean, prior_strength, arm_strength, cell_strength)
        self._counts, self._n, self._latest_s = Counter[str](), 0, LANDMARK_S
        self._records, self._outputs = ArmRecords(arms_max, contexts_max), PolicyOutputCache()
        self._delayed = DelayedRewards(window_s, decay, prior_mean) if window_s else None
        self._changepoints = Changepoints(decay, max(window_s, settle_s), arm_strength)
        self._effective = EffectiveRecords(
            self._records, decay, self._delayed, self._changepoints, prior_mean, prior_strength
        )

    def expose(self, arm: str, context: str, *, time_s: float) -> None:
        """Count a trial: the arm was shown in this context."""
        weight = self._decay.weight(time_s)
        self._add(arm, context, ArmRecord(weight, 0), time_s)
        self._counts[arm] += 1
        self._n += 1
        if self._delayed is not None:
            self._delayed.add_trial(arm, context, weight, time_s)

    def reward(
        self, arm: str, context: str, value: float, *, time_s: float, at_s: float | None = None
    ) -> None:
        """An exposure at `time_s` earned `value` in [-1, 1], at `at_s`; below 0 it reverses."""
        within(-1.0, 1.0, value=value)
        weight = self._decay.weight(time_s, value)
        if at_s is not None:
            self._decay.unit(at_s)  # no time, or too late: refused before anything is learned
        self._add(arm, context, ArmRecord(0, weight), time_s)
        if self._delayed is not None and at_s is not None and weight > 0:
            self._delayed.add_reward(arm, weight, time_s, at_s)

    def take_back(
        self, arm: str, context: str, value: float, *, time_s: float, at_s: float
    ) -> None:
        """What `reward` was told in these words did not come: as if it had never been told."""
        self.reward(arm, context, -value, time_s=time_s)
        if self._delayed is not None:
            self._delayed.add_reward(arm, self._decay.weight(time_s, -value), time_s, at_s)

    def update(
        self, arm_id: str, context: str | None, *reward_args: float, **reward_kwargs: float
    ) -> None:
        """River's way: an exposure and its reward at once, at a fixed time."""
        (reward,) = (*reward_args, *reward_kwargs.values())
        self.expose(arm_id, context or "", time_s=LANDMARK_S)
        self.reward(arm_id, context or "", reward, time_s=LANDMARK_S, at_s=LANDMARK_S)

    def _add(self, arm: str, context: str, more: ArmRecord, time_s: float) -> None:
        self._outputs.forget()
        self._latest_s = max(self._latest_s, int(time_s))
        self._records.add(arm, context, more)
        self._changepoints.add(arm, context, more, time_s)
        if self._records.crowded:
            self._make_room()

    def _make_room(self) -> None:
        for forgotten in self._records.forget():
            self._counts.pop(forgotten, None)
            if self._delayed is not None:
                self._delayed.forget(forgotten)
        self._changepoints.keep(self._records.cells)

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

    def _propensities(
        self, posteriors: dict[str, tuple[float, float]], limits: ShareLimits = NO_LIMITS
    ) -> dict[str, float]:
        if len(posteriors) == 1:
            return dict.fromkeys(posteriors, 1.0)
        floor = self.floor if limits.floor is None else limits.floor
        how = floor, self.mode == "identify", self.GAUSSIAN
        caps = limits.caps_of(posteriors, *how) if limits.leader else limits.of(posteriors)
        shares = vector(tuple(posteriors.values()), *how, caps)
        return dict(zip(posteriors, shares, strict=True))

    def choose(
        self,
        arm_ids: Iterable[str],
        context: str,
        seed: int | bytes,
        *,
        time_s: float | None = None,
        limits: ShareLimits = NO_LIMITS,
    ) -> Choice:
        """Draw an arm from its propensities: the same seed, the same arm, in whatever order."""
        inputs = tuple(arm_ids), context, self._now_s(time_s), limits
        propensities, estimates = self._outputs.get(inputs, self._output)
        arm = draw(propensities, seed if isinstance(seed, bytes) else str(seed).encode())
        return Choice(arm, propensities[arm], {**propensities}, estimates[arm], {**estimates})

    def _output(
        self, arms: tuple[str, ...], context: str, now_s: int, limits: ShareLimits
    ) -> PolicyOutput:
        posteriors = self._on_offer(arms, context, now_s)
        estimates = {name: self._mean(*posterior) for name, posterior in posteriors.items()}
        return PolicyOutput(self._propensities(posteriors, limits), estimates)

    def pull(self, arm_ids: Iterable[str], context: str | None = None) -> str:
        """River's way: an arm, drawn with the policy's own generator."""
        return self.choose(arm_ids, context or "", self._rng.getrandbits(64)).arm

    def estimate(
        self, arm: str, context: str, *, time_s: float | None = None
    ) -> tuple[float, float]:
        """The mean reward to expect of an arm in a context, and its faded trials there."""
        (posterior,) = self._posteriors([arm], context, time_s)
        record = self._records.cells.get(context, {}).get(arm, NO_RECORD)
        return self._mean(*posterior), record.trials / self._decay.weight(self._now_s(time_s))

    def _mean(self, a: float, b: float) -> float:
        return a / (a + b)

    def _now_s(self, time_s: float | None) -> int:
        """Never before the latest exposure."""
        if time_s is not None:
            self._decay.unit(time_s)  # refuses what is no time
        return max(self._latest_s, int(time_s or 0))

    def _posteriors(
        self, arms: list[str], context: str, time_s: float | None
    ) -> list[tuple[float, float]]:
        """Beta(a, b) of each arm in a context."""
        now_s, effective = self._now_s(time_s), self._effective
        discounts = effective.discounts(now_s, self._latest_s)
        pairs = effective.pairs(arms, context, now_s, discounts)
        pooled, now = effective.pooled(now_s, discounts), self._decay.weight(now_s)
        return self._shrinkage.posteriors(pooled, pairs, now)

    def state(self) -> dict[str, Any]:
        """All sums and all constructor arguments, as JSON that shares nothing."""
        return {
            "params": self._get_params(),
            "latest_s": self._latest_s,
            "exposures": dict(self._counts),
            "exposures_all": self._n,
            "delays": None if self._delayed is None else self._delayed.state(),
            "changes": self._changepoints.state(),
            **self._records.state(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self._outputs.forget()
        (self._latest_s,) = each(int, [state["latest_s"]], 0, LATEST_S)
        self._counts = Counter(dict(state["exposures"]))
        self._n, *_ = each(int, [state["exposures_all"], *self._counts.values()], 0)
        self._records.restore(state)
        self._changepoints.restore(state["changes"])
        if self._delayed is not None:
            self._delayed.restore(state["delays"])
