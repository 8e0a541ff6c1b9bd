"""Linear Thompson sampling for contexts of many factors: the linear posterior as a policy."""

import math
from typing import Any, ClassVar

from models.bandit.choice import Mode
from models.bandit.linear.posterior import LinearPosterior, WeightPrior, finest_of
from models.bandit.shrinkage import ArmRecord, coarse
from models.bandit.thompson import ThompsonSampling
from models.limits import within

STEPS_A_HALF_LIFE = 4096
"""So often in a half-life are sums read anew for fading: in between they are off by < .02 %."""


class LinearThompsonSampling(ThompsonSampling):
    """Thompson sampling whose contexts are sets of factors, such as "basket/new/bakery/small".

    What an arm earns, as a share of what is expected of the context, is linear in the context's
    factors (`models.bandit.linear.posterior`), so that what was learned of "bakery" in one context
    is known in all. For a few contexts, each of them frequent, `ThompsonSampling` is as good and
    faster.

    All else is as there: records are the same whole numbers, propensities are exact.

    Parameters
    ----------
    half_life_s, floor, prior_mean, prior_strength, arms_max, contexts_max, window_s, settle_s
        As of `ThompsonSampling`.
    mode, seed
        As of `ThompsonSampling`.
    width
        Share of the posterior's standard deviation that is explored. 1 is textbook Thompson
        sampling, which explores for a far horizon; over some ten thousand decisions less is more.
    arm_spread, factor_spread, shared_spread
        How far from what is expected a mean reward is thought to be, in shares of that: an arm's
        in all contexts, a factor's for an arm, and a factor's for all arms, beyond its lift.

    Examples
    --------
    >>> policy = LinearThompsonSampling(seed=7)
    >>> monday = 1_767_225_600
    >>> for n in range(300):
    ...     for arm, pays in (("popular", "new"), ("buy_again", "known")):
    ...         for segment in ("new", "known"):
    ...             context = f"basket/{segment}"
    ...             policy.expose(arm, context, time_s=monday + n)
    ...             if n % (10 if pays == segment else 50) == 0:
    ...                 policy.reward(arm, context, 1.0, time_s=monday + n)
    >>> policy.propensities(["popular", "buy_again"], "product_page/new")
    {'buy_again': 0.05..., 'popular': 0.94...}
    """

    GAUSSIAN: ClassVar[bool] = True

    def __init__(
        self,
        half_life_s: float = 14 * 86400.0,
        floor: float = 0.05,
        prior_mean: float = 0.05,
        prior_strength: float = 20.0,
        arms_max: int = 256,
        contexts_max: int = 4096,
        window_s: float = 0.0,
        settle_s: float = 0.0,
        mode: Mode = "best",
        width: float = 0.3,
        arm_spread: float = 1.0,
        factor_spread: float = 0.75,
        shared_spread: float = 0.75,
        seed: int | None = None,
    ) -> None:
        super().__init__(
            half_life_s=half_life_s,
            floor=floor,
            prior_mean=prior_mean,
            prior_strength=prior_strength,
            arms_max=arms_max,
            contexts_max=contexts_max,
            window_s=window_s,
            settle_s=settle_s,
            mode=mode,
            seed=seed,
        )
        within(1e-3, 1e3, width=width, arm_spread=arm_spread)
        within(1e-3, 1e3, factor_spread=factor_spread, shared_spread=shared_spread)
        self.width = width
        self.arm_spread = arm_spread
        self.factor_spread = factor_spread
        self.shared_spread = shared_spread
        self._linear = LinearPosterior(WeightPrior(arm_spread, factor_spread, shared_spread))

    def _add(self, arm: str, context: str, more: ArmRecord, time_s: float) -> None:
        super()._add(arm, context, more, time_s)
        self._linear.invalidate(arm, context)

    def _make_room(self) -> None:
        super()._make_room()
        self._linear.reset()

    def _restore(self, state: dict[str, Any]) -> None:
        super()._restore(state)
        self._linear.reset()

    def _posteriors(
        self, arms: list[str], context: str, time_s: float | None
    ) -> list[tuple[float, float]]:
        """Mean and deviation of each arm in a context."""
        now_s, decay = self._now_s(time_s), self._decay
        step_s = self.half_life_s / STEPS_A_HALF_LIFE
        now = decay.weight(int(now_s / step_s) * step_s)
        effective = self._effective
        discounts = effective.discounts(now_s, self._latest_s)
        rate = coarse(effective.mean(effective.pooled(now_s, discounts), now))
        self._linear.discount(discounts)
        if self._delayed is not None:
            self._linear.update_pending(self._delayed.version(now_s), self._delayed.pending())
        scores = self._linear.scores(
            arms,
            context,
            self._records.cells,
            lambda arm, context, record: effective.net(record, arm, context, now_s, discounts),
            finest_of(decay.unit(self._latest_s)[1], self._records.all),
            now,
            rate,
        )
        return [(mean, self.width * math.sqrt(variance)) for mean, variance in scores]

    def _mean(self, a: float, b: float) -> float:
        """A line may leave [0, 1], where rewards are."""
        return min(max(a, 0.0), 1.0)
