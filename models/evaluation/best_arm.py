"""The best arm: P(best) and expected loss, from the arms' posteriors.

P(best) is the probability that an arm earns most; the expected loss is what choosing it would cost
on average, an impression. Both are Bayesian: they say what to believe now, and are right on average
over the worlds that the prior takes for possible. They are no licence to stop at the first look at
which P(best) is above .95: for that there are confidence sequences
(`models.evaluation.arm_values`).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincinv

from models.bandit.propensity import SHAPE_MIN, probability_best
from models.evaluation.confidence_sequences import Floats
from models.limits import LARGE, each_within

PRIOR_STRENGTH = 20.0
"""Impressions that the mean of all arms is worth as a prior of each: as in
`models.bandit.thompson`."""
QUANTILES = np.concatenate(
    ([0.0], np.logspace(-9, -2, 29), np.linspace(0.015, 0.985, 133), 1.0 - np.logspace(-2, -9, 29))
)
"""Where the distributions are looked at: the quantiles of each arm's posterior."""

GRID_MAX = 6_400
"""Values that are looked at: all quantiles of some thirty arms; of more, every second one, ..."""


class ArmPosterior(NamedTuple):
    """Of one arm: the posterior probability that it is best, and its expected loss if it is not."""

    p_best: float
    expected_loss: float


def arm_posteriors(shown: Floats, rewards: Floats) -> list[ArmPosterior]:
    """P(best) and expected loss of arms with these impressions and summed rewards; shapes (K,).

    Posteriors are Beta distributions, their prior is the mean of all arms. Raises `ValueError` for
    what is no number of impressions, or no reward.

    >>> shown, rewards = np.array([1_000.0, 1_000.0]), np.array([50.0, 70.0])
    >>> for arm in arm_posteriors(shown, rewards):
    ...     print(round(arm.p_best, 3), round(arm.expected_loss, 4))
    0.031 0.0197
    0.969 0.0001
    """
    each_within(0.0, LARGE, shown=shown)
    each_within(-LARGE, LARGE, rewards=rewards)
    if not len(shown):
        return []
    won = np.clip(rewards, 0.0, shown)
    mean = (won.sum() + 1.0) / (shown.sum() + PRIOR_STRENGTH)
    a = won + PRIOR_STRENGTH * mean
    b = shown - won + PRIOR_STRENGTH * (1.0 - mean)
    best, loss = probability_best(a, b), expected_loss(a, b)
    return [ArmPosterior(float(p), float(lost)) for p, lost in zip(best, loss, strict=True)]


def expected_loss(a: Floats, b: Floats) -> Floats:
    """What each of K independent Beta(a, b) variables falls short of the largest, on average.

    The mean of the largest is the integral of 1 - prod F_k from 0 to 1. Shapes (K,), (K,) -> (K,).

    >>> expected_loss(np.array([1.0, 1.0]), np.array([1.0, 1.0])).round(4).tolist()  # 2/3 - 1/2
    [0.1667, 0.1667]
    """
    a, b = np.maximum(a, SHAPE_MIN)[:, None], np.maximum(b, SHAPE_MIN)[:, None]
    grid = np.unique(np.concatenate([betaincinv(a, b, QUANTILES).ravel(), [0.0, 1.0]]))
    step = -(-len(grid) // GRID_MAX)
    grid = np.concatenate([grid[:-1:step], grid[-1:]])
    above = 1.0 - betainc(a, b, grid).prod(axis=0)
    largest = float(((above[1:] + above[:-1]) * np.diff(grid)).sum() / 2.0)
    loss: Floats = np.maximum(0.0, largest - (a / (a + b))[:, 0])
    return loss
