"""Shrinkage (hierarchical empirical Bayes): where little is known of an arm, it leans on more.

```
all arms in all contexts  ->  this arm in other contexts  ->  this arm in this context
prior_mean                    arm_strength                    cell_strength   (pseudo-trials)
```

Each level's posterior is the prior of the next. "Other contexts" leaves out this one, whose trials
are counted in the last step; the mean of all arms is that of all, as in empirical Bayes. Rewards
lie in [0, 1] and count as fractions of a success: the posterior is a Beta distribution.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from models.decay.tally import read, written
from models.limits import within

ALL = "\0"
"""In place of a context: all of them."""


class ArmRecord(NamedTuple):
    """Trials and rewards, as sums of decayed weights (`models.decay.forward`)."""

    trials: int
    rewards: int

    def plus(self, other: "ArmRecord") -> "ArmRecord":
        """Both records as one."""
        return ArmRecord(self.trials + other.trials, self.rewards + other.rewards)

    def times(self, number: int) -> "ArmRecord":
        """So many times the record."""
        return ArmRecord(self.trials * number, self.rewards * number)

    def without(self, trials: int) -> "ArmRecord":
        """The record with so many trials less, but not less than none."""
        return ArmRecord(max(0, self.trials - trials), self.rewards) if trials else self

    def decayed(self, now: int) -> tuple[float, float]:
        """Trials and rewards in trials of now, when one weighs `now`."""
        trials, rewards = self
        return trials / now, rewards / now

    def mean(self) -> float:
        """Reward a trial; 0 without trials."""
        return min(max(self.rewards, 0), self.trials) / self.trials if self.trials else 0.0

    def written(self) -> list[str]:
        """As JSON; `ArmRecord.read` reads it."""
        return [written(self.trials), written(self.rewards)]

    @classmethod
    def read(cls, texts: list[str]) -> "ArmRecord":
        """The record that was written."""
        trials, rewards = texts
        return cls(read(trials), read(rewards))


NO_RECORD = ArmRecord(0, 0)


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """Partial pooling: how many trials each level is worth as the prior of the next narrower one.

    >>> levels = Shrinkage(prior_mean=0.1, prior_strength=20, arm_strength=20, cell_strength=30)
    >>> popular = ArmRecord(trials=100, rewards=30)
    >>> [(a, b)] = levels.posteriors(popular, [(popular, NO_RECORD)], now=1)
    >>> round(a / (a + b), 3), round(a + b)  # known elsewhere, never tried here
    (0.294, 30)
    """

    prior_mean: float
    prior_strength: float
    arm_strength: float
    cell_strength: float

    def __post_init__(self) -> None:
        within(1e-6, 1.0 - 1e-6, prior_mean=self.prior_mean)
        within(1e-3, 1e9, prior_strength=self.prior_strength)
        within(1e-3, 1e9, arm_strength=self.arm_strength, cell_strength=self.cell_strength)

    def posteriors(
        self, everything: ArmRecord, arms: Iterable[tuple[ArmRecord, ArmRecord]], now: int
    ) -> list[tuple[float, float]]:
        """Beta(a, b) of each arm, given its records in all contexts and in this one."""
        won, lost = _outcomes(*everything.decayed(now))
        mean = (won + self.prior_strength * self.prior_mean) / (won + lost + self.prior_strength)
        return [self._posterior(mean, arm.decayed(now), here.decayed(now)) for arm, here in arms]

    def _posterior(
        self, mean: float, arm: tuple[float, float], here: tuple[float, float]
    ) -> tuple[float, float]:
        won, lost = _outcomes(arm[0] - here[0], arm[1] - here[1])
        won += self.arm_strength * mean
        lost += self.arm_strength * (1.0 - mean)
        worth = min(1.0, self.cell_strength / (won + lost))
        won_here, lost_here = _outcomes(*here)
        return won * worth + won_here, lost * worth + lost_here


def _outcomes(trials: float, rewards: float) -> tuple[float, float]:
    """Successes and failures: no trial has more than one success, or less than none."""
    won = min(max(rewards, 0.0), trials)
    return won, trials - won


def coarse(rate: float) -> float:
    """The rate to the next eighth of an octave, so that it rarely changes; always below one.

    >>> coarse(0.05), coarse(0.051), coarse(1.0)
    (0.048..., 0.052..., 0.917...)
    """
    return float(2.0 ** (min(-1, round(8.0 * math.log2(rate))) / 8.0))
