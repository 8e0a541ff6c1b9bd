"""Estimates of arms that know when it was: what arms earn since each of many starts, too."""

from collections.abc import Sequence

from models.evaluation.arm_values import Groups, added
from models.evaluation.latest_windows import MINUTE_S, LatestWindows
from streams.experiments.arm_estimates import ArmEstimates
from streams.experiments.impressions import Trial


class LatelyEstimates(ArmEstimates):
    """Folds trials.

    >>> evidence = LatelyEstimates(0.5, "popular")
    >>> half = {"buy_again": 0.5, "popular": 0.5}
    >>> evidence.add(Trial("popular", "", half, {}, 0.0, 60.0 * n) for n in range(3))
    >>> [[sums.n for sums in window.sums.values()] for window in evidence.lately.windows()]
    [[1.0], [2.0], [3.0]]
    """

    def __init__(self, floor: float, against: str) -> None:
        super().__init__(floor, against)
        self.lately = LatestWindows[Groups](added)

    def _count(self, trials: Sequence[Trial]) -> Groups:
        """Sum them once, by the minute in which they were shown: all of it is these added up."""
        minutes: dict[int, list[Trial]] = {}
        for trial in trials:
            minutes.setdefault(int(trial.shown_s // MINUTE_S), []).append(trial)
        held: Groups = {}
        for minute, shown in minutes.items():
            counted = super()._count(shown)
            self.lately.add(counted, time_s=float(minute * MINUTE_S))
            held = added(held, counted)
        return held
