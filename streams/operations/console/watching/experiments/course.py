"""The course of estimates: what was known of each arm as impressions settled, for a chart.

Bounded: when there are too many points, every second one is left out.
"""

from collections.abc import Sequence
from typing import NamedTuple

from models.evaluation.arm_values import Interval
from streams.experiments.arm_estimates import ArmEstimate

POINTS_MAX = 120
NEW_MIN = 30
NEW_SHARE = 0.04
"""A point is noted when so much more is settled."""


class Point(NamedTuple):
    """What was known once so many impressions were settled."""

    settled: int
    estimates: dict[str, Interval]
    """By arm."""


class EstimateCourse:
    """Keeps points.

    >>> course = EstimateCourse()
    >>> course.due(29), course.due(30)
    (False, True)
    """

    def __init__(self, points_max: int = POINTS_MAX) -> None:
        self.points_max = points_max
        self.points: tuple[Point, ...] = ()

    def due(self, settled: int) -> bool:
        """Whether so much is new that a point would be seen."""
        known = self.points[-1].settled if self.points else 0
        return settled >= max(known + NEW_MIN, known * (1.0 + NEW_SHARE))

    def note(self, settled: int, rows: Sequence[ArmEstimate]) -> None:
        """Note what is known now."""
        known = {row.arm: row.estimate for row in rows if row.estimate is not None}
        self.points += (Point(settled, known),)
        if len(self.points) > self.points_max:
            *before, last = self.points
            self.points = (*before[::2], last)
