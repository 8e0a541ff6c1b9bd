"""Are arms seen as often as they were drawn? A bandit's alarm for a sample that does not match.

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

ALPHA = 0.001
V_OPT = 500.0
"""The alarm is most sensitive after some thousand decisions."""
STEP_MAX = 1.0


def sample_ratio_p(groups: Groups) -> dict[str, float]:
    """How surprising each arm's number of impressions is, valid at every look; by arm.

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
        evidence = of_arm(counted, arm)
        log_evidence = float(sequence.log_evidence(abs(evidence.score), evidence.variance))
        found[arm] = min(1.0, 2.0 * len(arms) * math.exp(-log_evidence))
    return found
