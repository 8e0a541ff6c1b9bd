"""AIPW estimates of what arms earn, from adaptively collected data, valid at every look.

A bandit shows the arm that seems best, so the mean reward of an arm's own impressions is biased (an
arm with bad luck is not asked again) and its textbook interval is wrong. Here every decision says
something about every arm that could have been drawn (augmented inverse propensity weighting):

```
score of arm a = expected_a + [a was drawn] * (reward - expected_a) / propensity_a
                 ----------   ------------------------------------------------------
                 a prediction the inverse-propensity-weighted prediction error
```

Its mean is what arm a earns, whatever the prediction, if propensity and prediction were fixed
before the reward was seen: both are logged with the decision. Scores are rare and large, so the
intervals are gamma-exponential confidence sequences (`models.evaluation.confidence_sequences`).

Everything is a sum, so parts of a log can be summed apart and added. The errors of two arms
are never both other than zero, hence the V of a difference of arms is the sum of theirs: no sums
need to be kept for pairs.

Robins, Rotnitzky and Zhao 1994 (the score); Howard et al. 2021 (the sequence); Waudby-Smith, Wu,
Ramdas, Karampatziakis and Mineiro: Anytime-valid off-policy inference for contextual bandits, arXiv
2210.10768 (both together).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.evaluation.confidence_sequences import Floats, GammaExponential
from models.limits import LARGE, each_within
from models.limits import within as bounded

ALPHA = 0.05
"""The error that all intervals of one kind may make together."""
PROPENSITY_MIN = 1e-9
"""What is drawn less often than once in a billion is not on offer."""
V_OPT_IN_SQUARES = 5.0
"""Intervals are tightest at V = 5 / floor**2: steps of 1 / floor begin to average out there."""

Drawn = npt.NDArray[np.int64]


class ArmSums(NamedTuple):
    """Sums over decisions between the same K arms; every field but `n` has the shape (K,)."""

    n: float
    """Decisions."""
    score: Floats
    """Scores: their mean is what an arm earns."""
    variance: Floats
    """Sum of squared prediction errors: the variance process V of the confidence sequence."""
    drawn: Floats
    """How often each arm was drawn."""
    expected: Floats
    """Summed propensities: how often each arm was to be drawn."""
    spread: Floats
    """Squared differences of the two: the variance process V of the sample ratio."""

    def plus(self, other: "ArmSums") -> "ArmSums":
        """Both as one."""
        return ArmSums(
            self.n + other.n,
            self.score + other.score,
            self.variance + other.variance,
            self.drawn + other.drawn,
            self.expected + other.expected,
            self.spread + other.spread,
        )


class ScoreSums(NamedTuple):
    """The sums behind one number: an arm's reward, or a difference of two."""

    n: float
    score: float
    variance: float


class Interval(NamedTuple):
    """An estimate, and the bounds that hold at every look."""

    value: float
    low: float
    high: float


def arm_sums(drawn: Drawn, rewards: Floats, propensities: Floats, expected: Floats) -> ArmSums:
    """The sums of some decisions between the same arms.

    Parameters
    ----------
    drawn
        The arm of each decision, as a column of `propensities`; -1 for one that is not among them.
        Shape (n,).
    rewards
        What came of it, in [0, 1]. Shape (n,).
    propensities, expected
        The probability of each arm, and the reward that was expected of it, both as logged before
        the reward was known. Shape (n, K).

    Raises `ValueError` for what is no number, and for an arm that was drawn without a chance.

    Examples
    --------
    Two decisions, between popular and bought together; the second arm was drawn, and once clicked.

    >>> drawn, rewards = np.array([1, 1]), np.array([1.0, 0.0])
    >>> propensities, expected = np.array([[0.5, 0.5], [0.2, 0.8]]), np.full((2, 2), 0.1)
    >>> sums = arm_sums(drawn, rewards, propensities, expected)
    >>> (sums.score / sums.n).round(4).tolist()
    [0.1, 0.9375]
    """
    chosen = drawn[:, None] == np.arange(propensities.shape[1])
    each_within(0.0, 1.0 + 1e-9, propensities=propensities)
    each_within(PROPENSITY_MIN, 1.0 + 1e-9, propensities_of_drawn=propensities[chosen])
    each_within(-LARGE, LARGE, rewards=rewards, expected=expected)
    error = np.zeros(propensities.shape)
    np.divide(rewards[:, None] - expected, propensities, out=error, where=chosen)
    return ArmSums(
        n=float(len(drawn)),
        score=(expected + error).sum(axis=0),
        variance=(error * error).sum(axis=0),
        drawn=chosen.sum(axis=0).astype(np.float64),
        expected=propensities.sum(axis=0),
        spread=((chosen - propensities) ** 2).sum(axis=0),
    )


def scored(
    reward: float, propensity: float, expected: float, *, drawn: bool
) -> tuple[float, float]:
    """The score of one arm in one decision, and the prediction error in it: `arm_sums` of one.

    >>> scored(1.0, 0.8, 0.1, drawn=True), scored(1.0, 0.5, 0.1, drawn=False)
    ((1.225, 1.125), (0.1, 0.0))
    """
    expected = _cut(expected)
    error = (_cut(reward) - expected) / propensity if drawn else 0.0
    return expected + error, error


def least_propensity(floor: float) -> float:
    """What an arm has to be drawn with to count as on offer: the floor, but for rounding."""
    return max(PROPENSITY_MIN, floor * (1 - 1e-9))


def sequence(floor: float, alpha: float = ALPHA) -> GammaExponential:
    """The confidence sequence for rewards in [0, 1] and propensities of at least `floor`.

    Raises `ValueError` for a floor that is none: without one, no bound holds at every look.
    """
    bounded(PROPENSITY_MIN, 1.0, floor=floor)
    return GammaExponential(1.0 / floor, V_OPT_IN_SQUARES / floor**2, alpha / 2.0)


Groups = Mapping[tuple[str, ...], ArmSums]
"""Sums by the arms that were on offer: what is true of an arm may depend on who else was there."""


def arms_of(groups: Iterable[tuple[str, ...]]) -> list[str]:
    """Every arm of some groups, by name."""
    return sorted({arm for arms in groups for arm in arms})


def of_arm(groups: Groups, arm: str) -> ScoreSums:
    """What is known of an arm, from all decisions in which it was on offer."""
    found = [(sums, arms.index(arm)) for arms, sums in groups.items() if arm in arms]
    return ScoreSums(
        sum(sums.n for sums, _ in found),
        sum(float(sums.score[at]) for sums, at in found),
        sum(float(sums.variance[at]) for sums, at in found),
    )


def of_difference(groups: Groups, arm: str, against: str) -> ScoreSums:
    """What is known of an arm less another, from the decisions in which both were on offer."""
    both = {arms: sums for arms, sums in groups.items() if arm in arms and against in arms}
    mine, theirs = of_arm(both, arm), of_arm(both, against)
    return ScoreSums(mine.n, mine.score - theirs.score, mine.variance + theirs.variance)


def interval(
    sums: ScoreSums,
    by: GammaExponential,
    alpha: float = ALPHA,
    *,
    within: tuple[float, float] = (0.0, 1.0),
) -> Interval | None:
    """The mean score and bounds that hold at every look, cut to what is possible; None of nothing.

    A few scores, weighed by small propensities, may well have a mean that no reward has.

    >>> sums = ScoreSums(n=20_000, score=1_100.0, variance=8_000.0)
    >>> Interval(*(round(bound, 4) for bound in interval(sums, sequence(floor=0.05))))
    Interval(value=0.055, low=0.0368, high=0.0732)
    """
    if not sums.n:
        return None
    mean = sums.score / sums.n
    half = float(by.bound(sums.variance, alpha / 2.0)) / sums.n
    low, high = within
    return Interval(*(min(max(low, one), high) for one in (mean, mean - half, mean + half)))


def p_value(sums: ScoreSums, by: GammaExponential, comparisons: int = 1) -> float:
    """The always-valid p-value of a difference, against none; at most 1.

    Two-sided, and multiplied by the number of comparisons made (Bonferroni).

    >>> round(p_value(ScoreSums(20_000, 600.0, 8_000.0), sequence(floor=0.05)), 4)
    0.0002
    """
    log_e_value = float(by.log_e_value(abs(sums.score), sums.variance))
    return float(min(1.0, 2.0 * comparisons * np.exp(-log_e_value)))


def grouped(
    decisions: Iterable[tuple[str, float, Mapping[str, float], Mapping[str, float]]],
    floor: float,
) -> dict[tuple[str, ...], ArmSums]:
    """Sums by arms on offer of decisions, each (arm, reward, propensities, expected).

    An arm whose propensity was below the floor, or nothing, counts as not on offer: the intervals
    rest on the floor. Rewards are cut to [0, 1], for the same reason, and so are expectations.
    Raises `ValueError` for what is no number.

    >>> decision = ("popular", 1.0, {"popular": 0.5, "buy_again": 0.5}, {})
    >>> [(arms, sums.n) for arms, sums in grouped([decision, decision], floor=0.05).items()]
    [(('buy_again', 'popular'), 2.0)]
    """
    rows: dict[tuple[str, ...], list[tuple[int, float, list[float], list[float]]]] = {}
    for arm, reward, propensities, expected in decisions:
        if not all(map(math.isfinite, (reward, *propensities.values(), *expected.values()))):
            raise ValueError(f"a decision for {arm!r} with what is no number: {reward=}")
        least = least_propensity(floor)
        arms = tuple(sorted(name for name, p in propensities.items() if p >= least))
        if arms:
            at = arms.index(arm) if arm in arms else -1
            predictions = [_cut(expected.get(name, 0.0)) for name in arms]
            row = (at, _cut(reward), [propensities[a] for a in arms], predictions)
            rows.setdefault(arms, []).append(row)
    return {arms: _summed(of_arms) for arms, of_arms in rows.items()}


def _cut(value: float) -> float:
    return min(1.0, max(0.0, value))


def _summed(rows: Sequence[tuple[int, float, list[float], list[float]]]) -> ArmSums:
    drawn, rewards, propensities, expected = zip(*rows, strict=True)
    return arm_sums(np.array(drawn), np.array(rewards), np.array(propensities), np.array(expected))


def added(groups: Groups, more: Groups) -> dict[tuple[str, ...], ArmSums]:
    """Both as one, group by group."""
    both = dict(groups)
    for arms, sums in more.items():
        both[arms] = both[arms].plus(sums) if arms in both else sums
    return both
