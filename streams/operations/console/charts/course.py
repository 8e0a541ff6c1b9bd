"""Estimates as they became known: a line for each series with its band, over what was counted."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from streams.operations.console.charts.axis import Axis

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 60, 32, 10, 40
SERIES_MAX = 8
"""As many as there are colours."""


class BandPoint(NamedTuple):
    """What was known at a place of the lower axis."""

    at: float
    value: float
    low: float
    high: float


def course(series: Mapping[str, Sequence[BandPoint]], label: str, below: str) -> Markup:
    """The chart; `below` names the lower axis. Empty where no series has two points.

    Series have colours in their order.

    >>> points = [BandPoint(1, 0.2, 0.0, 0.9), BandPoint(9, 0.3, 0.2, 0.4)]
    >>> chart = course({"popular": points}, "x", "n")
    >>> chart.count("<polyline"), chart.count("<polygon")
    (1, 1)
    """
    shown = dict(list(series.items())[:SERIES_MAX])
    points = [point for known in shown.values() for point in known]
    if len({point.at for point in points}) < 2:  # noqa: PLR2004  # a line has two ends
        return Markup()
    across = Axis.over([0.0, *(point.at for point in points)])
    up = Axis.over(bound for point in points for bound in (point.low, point.high))
    parts = [*_grid(across, up, below)]
    for number, known in enumerate(shown.values()):
        parts.append(_band(known, number, across, up))
    for number, known in enumerate(shown.values()):
        parts.append(_line(known, number, across, up))
    head = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    said = f"{label}: {', '.join(shown)}"
    return head.format(WIDTH, HEIGHT, said) + Markup().join(parts) + Markup("</svg>")


def _x(axis: Axis, at: float) -> str:
    return f"{LEFT + axis.share(at) * (WIDTH - LEFT - RIGHT):.1f}"


def _y(axis: Axis, value: float) -> str:
    return f"{HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - TOP - BOTTOM):.1f}"


def _grid(across: Axis, up: Axis, below: str) -> list[Markup]:
    line = Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>')
    text = Markup('<text class="tick" x="{}" y="{}" text-anchor="{}">{}</text>')
    parts = []
    for tick in up.ticks:
        y = _y(up, tick)
        parts.append(line.format(LEFT, WIDTH - RIGHT, y, y))
        parts.append(text.format(LEFT - 8, float(y) + 4, "end", up.label(tick)))
    bottom = HEIGHT - BOTTOM
    parts += [
        text.format(_x(across, tick), bottom + 17, "middle", across.label(tick))
        for tick in across.ticks
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(text.format(middle, HEIGHT - 6, "middle", below))
    return parts


def _band(known: Sequence[BandPoint], number: int, across: Axis, up: Axis) -> Markup:
    upper = [f"{_x(across, one.at)},{_y(up, one.high)}" for one in known]
    lower = [f"{_x(across, one.at)},{_y(up, one.low)}" for one in reversed(known)]
    return Markup('<polygon class="band c{}" points="{}"/>').format(
        number, " ".join([*upper, *lower])
    )


def _line(known: Sequence[BandPoint], number: int, across: Axis, up: Axis) -> Markup:
    points = " ".join(f"{_x(across, one.at)},{_y(up, one.value)}" for one in known)
    return Markup('<polyline class="line c{}" points="{}"/>').format(number, points)
