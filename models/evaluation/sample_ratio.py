"""Sample ratio mismatch (SRM): are arms seen as often as a bandit drew them?

Prompts of an arm that get lost (a page that cannot render them, a filter behind us) spoil every
comparison. Shares of a bandit are meant to be unequal, so a chi-square test against a fixed split
rejects always; the yardstick is the sum of the propensities with which the arms were drawn:

```
S = times seen - sum of propensities        V = sum of (seen - propensity)^2
```

S is a martingale with steps below 1, so the same confidence sequence as for rewards watches it: the
alarm is false with probability alpha at most, however often one looks. A small alpha is customary
here, as an alarm stops everything.
"""

import math

from models.evaluation.arm_values import Groups, arms_of, of_arm
from models.evaluation.confidence_sequences import GammaExponential
from models.limits import within

ALPHA = 0.001
V_OPT = 500.0
"""The alarm is most sensitive after some thousand decisions."""
STEP_MAX = 1.0


def sample_ratio_p(groups: Groups) -> dict[str, float]:
    """The always-valid p-value of each arm's number of impressions, by arm.

    Multiplied by the number of arms (Bonferroni): alarm when any is below `ALPHA`.

    >>> from models.evaluation.arm_values import ArmSums
    >>> import numpy as np
    >>> nothing = np.zeros(2)
    >>> seen, drawn = np.array([6_000.0, 3_200.0]), np.array([5_200.0, 4_000.0])
    >>> sums = ArmSums(9_200, nothing, nothing, seen, drawn, np.array([2_260.0, 2_260.0]))
    >>> {arm: p < ALPHA for arm, p in sample_ratio_p({("buy_again", "popular"): sums}).items()}
    {'buy_again': True, 'popular': True}
    """
    counted = {
        arms: sums._replace(score=sums.drawn - sums.expected, variance=sums.spread)
        for arms, sums in groups.items()
    }
    arms = arms_of(groups)
    sequence = GammaExponential(STEP_MAX, V_OPT, ALPHA / (2.0 * max(1, len(arms))))
    found = {}
    for arm in arms:
        sums = of_arm(counted, arm)
        log_e_value = float(sequence.log_e_value(abs(sums.score), sums.variance))
        found[arm] = min(1.0, 2.0 * len(arms) * math.exp(-log_e_value))
    return found


def split_p(seen: float, of: float, share: float) -> float:
    """The always-valid p-value of `seen` among `of` units, each of which is drawn with `share`.

    The same for a fixed split, such as a holdout. Raises `ValueError` for what is no share, or no
    count.

    >>> split_p(200, 1_000, 0.05) < ALPHA, round(split_p(46, 1_000, 0.05), 2)
    (True, 1.0)
    """
    within(0.0, 1.0, share=share)
    within(0.0, of, seen=seen)
    variance = seen * (1.0 - share) ** 2 + (of - seen) * share**2
    sequence = GammaExponential(STEP_MAX, V_OPT, ALPHA / 2.0)
    log_e_value = float(sequence.log_e_value(abs(seen - of * share), variance))
    return min(1.0, 2.0 * math.exp(-log_e_value))
