"""Estimates of arms that know when it was: what arms earn since each of many starts, too."""

from collections.abc import Iterable

from models.evaluation.arm_values import Groups, added, grouped
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

    def add(self, trials: Iterable[Trial]) -> None:
        """Count settled trials, by the minute in which they were shown."""
        trials = list(trials)
        super().add(trials)
        minutes: dict[int, list[Trial]] = {}
        for trial in trials:
            minutes.setdefault(int(trial.shown_s // MINUTE_S), []).append(trial)
        for minute, shown in minutes.items():
            decisions = ((t.arm, t.reward, t.propensities, t.estimates) for t in shown)
            groups = {
                arms: sums
                for arms, sums in grouped(decisions, self.floor).items()
                if arms in self.groups  # of which there are no more than can be held
            }
            self.lately.add(groups, time_s=float(minute * MINUTE_S))
