"""Drift detection with ADWIN: an alarm when the rewards of an arm are not what they were.

Forgetting (`models.decay.forward`) copes with slow change by itself; an alarm tells the operator of
a fast one. Each arm has a window of River's ADWIN, which is cut where the means of its two parts
differ by more than chance explains.

The state is *no sum*: it depends on the order in which outcomes come, so that two workers which
interleave partitions differently may raise an alarm a few outcomes apart. It is therefore kept out
of snapshots and of the digest of the shop, decides nothing, and begins anew with each start.

Bifet and Gavalda: Learning from time-changing data with adaptive windowing. SDM 2007.
"""

from typing import ClassVar, NamedTuple

from river._river_rust.drift import AdaptiveWindowing  # river.drift's, without its three seconds

from models.limits import LARGE, at_least_one, within


class Drift(NamedTuple):
    """What an arm earns lately, and how often that has changed."""

    outcomes: int
    """In the window: since the latest alarm, or some of the latest ones."""
    mean: float
    """Of the outcomes in the window."""
    alarms: int
    last_alarm_s: float | None
    """The time of the outcome that raised the latest alarm."""


class DriftAlarm:
    """Watches the outcomes of each arm: a number for each impression, and one for what it earned.

    Parameters
    ----------
    delta
        Chance of a false alarm in a window, as ADWIN bounds it.
    arms_max
        Arms that are watched; later ones are not.

    Examples
    --------
    >>> alarm = DriftAlarm()
    >>> for n in range(2_000):
    ...     raised = alarm.outcome("popular", 0.3 if n < 1_000 else 0.0, time_s=n)
    >>> alarm.seen["popular"].alarms, 1_000 < alarm.seen["popular"].last_alarm_s < 1_200
    (1, True)
    """

    COMMUTES: ClassVar[bool] = False
    """The order of outcomes matters: never part of what workers must agree on."""

    def __init__(self, delta: float = 0.002, arms_max: int = 256) -> None:
        within(1e-9, 0.5, delta=delta)
        at_least_one(arms_max=arms_max)
        self.delta = delta
        self.arms_max = arms_max
        self._windows: dict[str, AdaptiveWindowing] = {}
        self._alarms: dict[str, tuple[int, float]] = {}

    def outcome(self, arm: str, reward: float, *, time_s: float) -> bool:
        """Note an outcome; whether it raises an alarm. Raises `ValueError` if it is no number."""
        within(-LARGE, LARGE, reward=reward)
        window = self._windows.get(arm)
        if window is None:
            if len(self._windows) >= self.arms_max:
                return False
            window = self._windows[arm] = self._window()
        raised = bool(window.update(reward))
        if raised:
            self._windows[arm] = self._window()  # as River does
            self._alarms[arm] = self._alarms.get(arm, (0, 0.0))[0] + 1, time_s
        return raised

    def _window(self) -> AdaptiveWindowing:
        """An empty window, with River's own defaults."""
        return AdaptiveWindowing(
            delta=self.delta, clock=32, max_buckets=5, min_window_length=5, grace_period=10
        )

    @property
    def seen(self) -> dict[str, Drift]:
        """Each arm that is watched."""
        return {arm: self._drift(arm, window) for arm, window in sorted(self._windows.items())}

    def _drift(self, arm: str, window: AdaptiveWindowing) -> Drift:
        outcomes = int(window.get_width())
        alarms, last_alarm_s = self._alarms.get(arm, (0, None))
        mean = float(window.get_total()) / outcomes if outcomes else 0.0
        return Drift(outcomes, mean, alarms, last_alarm_s)
