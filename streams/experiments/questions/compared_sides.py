"""Two sides as sums, compared by the bounds that hold at every look: of units, and of arms."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from models.evaluation.arm_values import ArmSums, ScoreSums, interval, of_arm
from models.evaluation.confidence_sequences import Floats, GammaExponential
from models.evaluation.uplift import UnitSums, Uplift
from streams.experiments.questions.answer import ALPHA, Apart, EffectBounds
from streams.experiments.uplift.figures import uplift_of


class UnitsCompared(NamedTuple):
    """Units that may get prompts beside those that are held out."""

    held_out: UnitSums
    may_get: UnitSums
    alpha: float = ALPHA

    def effect(self) -> EffectBounds | None:
        """What those who may get prompts do more."""
        found = self._found(0.0)
        if found is None:
            return None
        return EffectBounds(found.control, found.difference, found.low, found.high)

    def apart(self, part: float) -> Apart:
        """By the same estimator, of the held out as if each had done `1 + part` times as much."""
        found = self._found(part)
        return 0 if found is None else _sign(found.low, found.high)

    def _found(self, part: float) -> Uplift | None:
        return uplift_of(_times(self.held_out, 1.0 + part), self.may_get, self.alpha)


class ArmsCompared(NamedTuple):
    """Impressions of which both arms were on offer: what the first earned beside the second."""

    first: ScoreSums
    second: ScoreSums
    by: GammaExponential
    alpha: float = ALPHA

    @classmethod
    def of(
        cls, groups: Mapping[tuple[str, ...], ArmSums], arms: tuple[str, str], by: GammaExponential
    ) -> "ArmsCompared":
        """Both by the same impressions: an arm may earn something else where the other is not."""
        both = {offered: sums for offered, sums in groups.items() if {*arms} <= {*offered}}
        return cls(of_arm(both, arms[0]), of_arm(both, arms[1]), by)

    def effect(self) -> EffectBounds | None:
        """What the first earns more."""
        n, *scores = self.first
        more = ScoreSums(n, scores[0] - self.second.score, scores[1] + self.second.variance)
        found = interval(more, self.by, self.alpha, within=(-1.0, 1.0))
        if found is None:
            return None
        base = min(1.0, max(0.0, self.second.score / n))
        return EffectBounds(base, found.value, found.low, found.high)

    def apart(self, part: float) -> Apart:
        """By the sequence of the effect, of the second as if it had earned so much more."""
        mine, theirs = (np.array([[one.score, one.variance]]) for one in (self.first, self.second))
        found = float(told_apart(mine, theirs, part, self.by, self.alpha)[0])
        return _sign(found, found)


def told_apart(
    first: Floats, second: Floats, part: float, by: GammaExponential, alpha: float = ALPHA
) -> Floats:
    """Whether the first earns less (-1) or more (1) than `1 + part` times the second, or neither.

    `first` and `second` are scores and their variance processes, of shape (n, 2). The errors of two
    arms are never both other than zero, so V is a sum. Both sides are divided by the larger of 1
    and `1 + part`, so that no step is larger than the sequence allows.
    """
    times = 1.0 + part
    scale = max(1.0, abs(times))
    mine, theirs = 1.0 / scale, times / scale
    score = mine * first[:, 0] - theirs * second[:, 0]
    variance = mine * mine * first[:, 1] + theirs * theirs * second[:, 1]
    surprised = by.log_e_value(np.abs(score), variance) > np.log(2.0 / alpha)
    found: Floats = np.where(surprised, np.sign(score), 0.0)
    return found


def _times(side: UnitSums, times: float) -> UnitSums:
    """The sums as if each unit had done so many times as much."""
    return side._replace(
        y=times * side.y, yy=times * times * side.yy, ys=times * side.ys, yx=times * side.yx
    )


def _sign(low: float, high: float) -> Apart:
    return 1 if low > 0.0 else -1 if high < 0.0 else 0
