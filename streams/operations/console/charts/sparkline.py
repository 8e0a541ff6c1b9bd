"""A sparkline: how a figure was of late, without axes."""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 120, 24
EDGE = 2


def sparkline(values: Sequence[float], label: str) -> Markup:
    """The figures as a line from the oldest to the latest; 0 is at the bottom.

    >>> print(sparkline([0, 2, 1], "waiting"))
    <svg class="spark" viewBox="0 0 120 24" role="img" aria-label="waiting"><polyline
    points="2.0,22.0 60.0,2.0 118.0,12.0"/></svg>
    """
    shown = list(values) or [0.0]
    if len(shown) == 1:
        shown *= 2
    top = max(1.0, *shown)
    step = (WIDTH - 2 * EDGE) / (len(shown) - 1)
    tall = HEIGHT - 2 * EDGE
    points = " ".join(
        f"{EDGE + at * step:.1f},{HEIGHT - EDGE - tall * max(0.0, value) / top:.1f}"
        for at, value in enumerate(shown)
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<polyline points="{}"/></svg>'
    ).format(WIDTH, HEIGHT, label, points)
