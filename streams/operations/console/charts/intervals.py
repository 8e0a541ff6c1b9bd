"""A forest plot: a figure of each row with its bounds, on one axis."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from streams.operations.console.charts.axis import Axis

WIDTH = 640
LEFT, RIGHT, TOP, BOTTOM = 24, 24, 6, 28
ROW = 46
NAME_CHARS_MAX = 32
COLOURS = 8
"""As many as the stylesheet has."""
END = Markup("</svg>")


class Band(NamedTuple):
    """A figure and its bounds."""

    name: str
    value: float
    low: float
    high: float
    colour: int = 0
    """Of `COLOURS`."""


def intervals(bands: Sequence[Band], label: str, zero: bool = False) -> Markup:
    """The chart; with `zero` a line where there is no difference. Empty without rows.

    >>> chart = intervals([Band("<b>", 0.2, 0.1, 0.3)], "reward of an impression")
    >>> "&lt;b&gt;" in chart, "<b>" in chart
    (True, False)
    """
    if not bands:
        return Markup()
    axis = Axis.over(
        [*([0.0] if zero else []), *(bound for b in bands for bound in (b.low, b.value, b.high))]
    )
    height = TOP + ROW * len(bands) + BOTTOM
    parts = [*_axis(axis, height, zero), *_rows(bands, axis)]
    head = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return head.format(WIDTH, height, _in_words(bands, label)) + Markup().join(parts) + END


def _in_words(bands: Sequence[Band], label: str) -> str:
    """The chart for who does not see it."""
    said = (f"{b.name} {b.value:.4g}, from {b.low:.4g} to {b.high:.4g}" for b in bands)
    return f"{label}: {'; '.join(said)}"


def _x(axis: Axis, value: float) -> str:
    return f"{LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT):.1f}"


def _axis(axis: Axis, height: int, zero: bool) -> list[Markup]:
    bottom = height - BOTTOM
    parts = []
    for tick in axis.ticks:
        at = _x(axis, tick)
        kind = "zero" if zero and tick == 0.0 else "grid"
        parts.append(
            Markup(
                '<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                '<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>'
            ).format(kind, at, at, TOP, bottom, at, bottom + 18, axis.label(tick))
        )
    return parts


def _rows(bands: Sequence[Band], axis: Axis) -> list[Markup]:
    parts = []
    for number, band in enumerate(bands):
        y = TOP + ROW * number + 32
        name = band.name if len(band.name) <= NAME_CHARS_MAX else f"{band.name[:31]}…"
        parts.append(
            Markup(
                '<text class="name" x="{}" y="{}">{}</text>'
                '<line class="bounds c{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
                '<circle class="dot c{}" cx="{}" cy="{}" r="5"/>'
            ).format(
                *(0, y - 14, name),
                *(band.colour % COLOURS, _x(axis, band.low), _x(axis, band.high), y, y),
                *(band.colour % COLOURS, _x(axis, band.value), y),
            )
        )
    return parts
