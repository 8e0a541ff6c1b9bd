"""Off-policy evaluation: what another policy would have earned, from the log of the one that ran.

Every logged decision has the probability with which its arm was drawn. Decisions that the target
policy would have made more often count more, by the ratio of the probabilities:

```
weight = target(arm) / propensity(arm)
IPS    = mean of weight * reward                                   fair, noisy
SNIPS  = sum of weight * reward / sum of weight                    slightly biased, steadier
DR     = mean of sum_a target(a) * expected_a + weight * (reward - expected)
                                                                   fair, less noisy if expected is
```

A policy unlike the logged one is judged by a few decisions with large weights. How many there are
in effect is the effective sample size, (sum of weight)^2 / sum of weight^2; below a floor no
estimate is given at all.

Horvitz and Thompson 1952; Swaminathan and Joachims: The self-normalized estimator for
counterfactual learning, NIPS 2015; Dudík, Langford and Li: Doubly robust policy evaluation, ICML
2011; Kong 1992 (effective sample size).
"""

import math
from typing import NamedTuple

import numpy as np

from models.evaluation.arm_values import (
    ALPHA,
    PROPENSITY_MIN,
    V_OPT_IN_SQUARES,
    Interval,
    ScoreSums,
    interval,
    sequence,
)
from models.evaluation.confidence_sequences import Floats, GammaExponential
from models.limits import LARGE, each_within

ONE = 1.0 + 1e-9
"""Probabilities may be above one by as much as rounding makes them."""
EFFECTIVE_MIN = 100.0
"""Fewer decisions in effect say nothing that should be acted upon."""
Z95 = 1.959963984540054


class TooFewEffective(ValueError):  # named for what happened
    """The log says too little of the target policy."""


class Estimate(NamedTuple):
    """An estimate of the mean reward, its standard error, and its interval of 95 % at one look."""

    value: float
    se: float
    low: float
    high: float


class OffPolicyEstimate(NamedTuple):
    """What the target policy would have earned a decision."""

    n: int
    effective_n: float
    weight_max: float
    logged: Estimate
    """What the policy that ran did earn."""
    ips: Estimate
    snips: Estimate
    dr: Estimate | None
    """None where no expectations were logged."""
    always_valid: Interval | None
    """DR (or else IPS) with bounds that hold at every look; None without a floor, or where rewards
    leave [0, 1]."""
    difference: Estimate
    """DR (or else IPS) less what the policy that ran did earn, decision by decision."""
    difference_always_valid: Interval | None
    """The same with bounds that hold at every look; None as above."""


def evaluate(
    rewards: Floats,
    propensities: Floats,
    target: Floats,
    *,
    expected: Floats | None = None,
    expected_by_target: Floats | None = None,
    acts: Floats | None = None,
    floor: float | None = None,
    effective_min: float = EFFECTIVE_MIN,
) -> OffPolicyEstimate:
    """Judge a target policy by logged decisions; all shapes are (n,).

    Parameters
    ----------
    rewards
        What came of the arm that was drawn.
    propensities, target
        The probability of that arm under the policy that ran, and under the target.
    expected, expected_by_target
        The reward that was expected of that arm, and of all arms weighted by the target's
        probabilities, as logged before the reward was seen.
    acts
        1 where the target policy draws an arm at all, 0 where it stays silent and earns nothing
        (its `target` and `expected_by_target` are 0 there); 1 everywhere unless told.
    floor
        The least propensity of any arm on offer: with it (and rewards in [0, 1]) comes an interval
        that holds at every look. Raises `ValueError` when a propensity is below it.
    effective_min
        Raises `TooFewEffective` below this effective sample size.

    Raises `ValueError` when shapes differ, when a probability is none, or a reward or expectation
    no number; a propensity is above 0, as what was drawn could be drawn.

    Examples
    --------
    Popular and bought together were shown equally often, and earned 0.1 and 0.3: what would it
    have been with bought together always?

    >>> import numpy as np
    >>> bought_together = np.arange(1_000) % 2 == 1
    >>> rewards = np.where(bought_together, 0.3, 0.1)
    >>> estimate = evaluate(rewards, np.full(1_000, 0.5), bought_together.astype(float))
    >>> round(estimate.ips.value, 3), round(estimate.snips.value, 3), round(estimate.effective_n)
    (0.3, 0.3, 500)
    """
    _check(rewards, propensities, target, expected, expected_by_target, acts)
    _check_floor(floor, propensities)
    weights = target / propensities
    effective = _enough(weights, effective_min)
    weighted = weights * rewards
    acts = np.ones(len(weights)) if acts is None else acts
    snips, influence = _self_normalized(weights, rewards, acts)
    dr, errors = None, weighted
    if expected is not None and expected_by_target is not None:
        errors = weights * (rewards - expected)
        dr = expected_by_target + errors
    scores = weighted if dr is None else dr
    floor = floor if ((rewards >= 0.0) & (rewards <= 1.0)).all() else None
    return OffPolicyEstimate(
        n=len(weights),
        effective_n=effective,
        weight_max=float(weights.max()),
        logged=_estimate(rewards),
        ips=_estimate(weighted),
        snips=_estimate(influence, at=snips),
        dr=None if dr is None else _estimate(dr),
        always_valid=_always_valid(scores, errors, floor),
        difference=_estimate(scores - rewards),
        difference_always_valid=_always_valid_difference(scores, errors, rewards, floor),
    )


def _self_normalized(weights: Floats, rewards: Floats, acts: Floats) -> tuple[float, Floats]:
    """SNIPS where the target acts, times the share of decisions in which it does; its influence."""
    share, ratio = float(acts.mean()), float((weights * rewards).sum() / weights.sum())
    errors = share * weights * (rewards - ratio) / weights.mean()
    return share * ratio, errors + ratio * (acts - share)


def _check(rewards: Floats, propensities: Floats, target: Floats, *expected: Floats | None) -> None:
    predictions = [each for each in expected if each is not None]
    if len({each.shape for each in (rewards, propensities, target, *predictions)}) > 1:
        raise ValueError("rewards, propensities, target and expectations must be of one shape")
    each_within(PROPENSITY_MIN, ONE, propensities=propensities)
    each_within(0.0, ONE, target=target)
    each_within(-LARGE, LARGE, rewards=rewards)
    for prediction in predictions:
        each_within(-LARGE, LARGE, expected=prediction)


def _check_floor(floor: float | None, propensities: Floats) -> None:
    if floor is not None and len(propensities) and propensities.min() < floor * (1.0 - 1e-9):
        raise ValueError(f"floor={floor}: a propensity of {propensities.min()} is below it")


def _enough(weights: Floats, effective_min: float) -> float:
    effective = effective_size(weights)
    if effective < effective_min or not effective:
        raise TooFewEffective(
            f"{len(weights):,} decisions are worth {effective:.1f} under the target policy, and "
            f"at least {effective_min:g} are asked for: it is too unlike the policy that ran (or "
            "the log too short)"
        )
    return effective


def effective_size(weights: Floats) -> float:
    """How many decisions of weight one say as much.

    >>> import numpy as np
    >>> effective_size(np.array([1.0, 1.0, 1.0, 1.0])), effective_size(np.array([4.0, 0.0, 0.0]))
    (4.0, 1.0)
    """
    squared = float((weights * weights).sum())
    return float(weights.sum()) ** 2 / squared if squared else 0.0


def _estimate(scores: Floats, at: float | None = None) -> Estimate:
    value = float(scores.mean()) if at is None else at
    se = float(scores.std(ddof=1)) / math.sqrt(len(scores)) if len(scores) > 1 else math.inf
    return Estimate(value, se, value - Z95 * se, value + Z95 * se)


def _always_valid(scores: Floats, errors: Floats, floor: float | None) -> Interval | None:
    """Scores whose prediction errors are at most 1 / floor, rewards being in [0, 1]."""
    if floor is None:
        return None
    sums = ScoreSums(len(scores), float(scores.sum()), float((errors**2).sum()))
    return interval(sums, sequence(floor), ALPHA)


def _always_valid_difference(
    scores: Floats, errors: Floats, rewards: Floats, floor: float | None
) -> Interval | None:
    """The same less the rewards: of these nothing is predicted, so errors are larger by up to 1."""
    if floor is None:
        return None
    more, off = scores - rewards, errors - rewards
    sums = ScoreSums(len(more), float(more.sum()), float((off**2).sum()))
    by = GammaExponential(1.0 / floor + 1.0, V_OPT_IN_SQUARES / floor**2, ALPHA / 2.0)
    return interval(sums, by, ALPHA, within=(-1.0, 1.0))
