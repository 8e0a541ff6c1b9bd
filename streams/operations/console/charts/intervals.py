"""A forest plot: a figure of each row with its bounds, on one axis.

With a line where there is no difference the axis is as wide as the band that counts wants it, and
those about as wide: a ratio of few orders may reach thousands of per cent, and all others would be
dots on that line. A bar that goes on beyond the axis ends in an arrow, and says its figures.
"""

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
REACH = 3.0
"""The axis goes so many times as far from the line as the band that counts, at most."""
REACH_MIN = 10.0
"""And this far at the least: what is known to a per cent would else clip all others."""
ARROW = 9
WRITTEN_OUT = 10_000.0
"""From here on figures have no exponent."""
END = Markup("</svg>")


class Band(NamedTuple):
    """A figure and its bounds."""

    name: str
    value: float
    low: float
    high: float
    colour: int = 0
    """Of `COLOURS`."""

    def figures(self) -> tuple[float, float, float]:
        """The figure and its bounds."""
        return self.value, self.low, self.high


def intervals(bands: Sequence[Band], label: str, zero: bool = False, led_by: str = "") -> Markup:
    """The chart; with `zero` a line where there is no difference. Empty without rows.

    `led_by` names the band that counts: see `axis_of`.

    >>> chart = intervals([Band("<b>", 0.2, 0.1, 0.3)], "reward of an impression")
    >>> "&lt;b&gt;" in chart, "<b>" in chart
    (True, False)
    """
    if not bands:
        return Markup()
    axis = axis_of(bands, led_by) if zero else Axis.over(v for b in bands for v in b.figures())
    height = TOP + ROW * len(bands) + BOTTOM
    parts = [*_axis(axis, height, zero), *_rows(bands, axis)]
    head = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return head.format(WIDTH, height, _in_words(bands, label)) + Markup().join(parts) + END


def axis_of(bands: Sequence[Band], led_by: str) -> Axis:
    """The axis around no difference, for the band of this name; without one for the narrowest.

    >>> axis = axis_of([Band("orders", 12, -2, 26), Band("margin", 900, -40, 32_000)], "orders")
    >>> axis.low, axis.high
    (-50.0, 100.0)
    """
    narrowest = min(bands, key=lambda band: band.high - band.low)
    led = next((band for band in bands if band.name == led_by), narrowest)
    reach = max(REACH_MIN, REACH * max(map(abs, led.figures())))
    figures = (figure for band in bands for figure in band.figures())
    return Axis.over([0.0, *(min(reach, max(-reach, figure)) for figure in figures)])


def beyond(bands: Sequence[Band], led_by: str) -> list[str]:
    """The bands that go on beyond the axis, by name."""
    axis = axis_of(bands, led_by) if bands else None
    return [band.name for band in bands if axis is not None and _ends(band, axis)]


def _ends(band: Band, axis: Axis) -> list[float]:
    """The ends of the axis beyond which a band goes on."""
    ends = ((axis.low, band.low < axis.low), (axis.high, band.high > axis.high))
    return [end for end, goes_on in ends if goes_on]


def _in_words(bands: Sequence[Band], label: str) -> str:
    """The chart for who does not see it."""
    return f"{label}: {'; '.join(_told(band) for band in bands)}"


def _told(band: Band) -> str:
    """A band in figures."""
    value, low, high = map(_figure, band.figures())
    return f"{band.name} {value}, from {low} to {high}"


def _figure(figure: float) -> str:
    """Four digits, written out.

    >>> _figure(12.3456), _figure(-32_000.4)
    ('12.35', '-32,000')
    """
    return f"{figure:,.0f}" if abs(figure) >= WRITTEN_OUT else f"{figure:.4g}"


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
        y, colour = TOP + ROW * number + 32, band.colour % COLOURS
        ends = _ends(band, axis)
        name = band.name if len(band.name) <= NAME_CHARS_MAX else f"{band.name[:31]}…"
        said = _told(band._replace(name=f"{name}:")) if ends else name
        parts.append(
            Markup(
                '<text class="name" x="{}" y="{}">{}</text>'
                '<line class="bounds c{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
            ).format(
                *(0, y - 14, said),
                *(colour, _x(axis, band.low), _x(axis, band.high), y, y),
            )
        )
        parts += [_arrow(axis, end, y, colour) for end in ends]
        if axis.low <= band.value <= axis.high:
            dot = Markup('<circle class="dot c{}" cx="{}" cy="{}" r="5"/>')
            parts.append(dot.format(colour, _x(axis, band.value), y))
    return parts


def _arrow(axis: Axis, end: float, y: int, colour: int) -> Markup:
    """Where a bar goes on beyond an end of the axis: the tip is outside."""
    at, ahead = float(_x(axis, end)), ARROW if end == axis.high else -ARROW
    corners = f"{at:.1f},{y - ARROW} {at:.1f},{y + ARROW} {at + 1.5 * ahead:.1f},{y}"
    return Markup('<polygon class="dot c{}" points="{}"/>').format(colour, corners)
