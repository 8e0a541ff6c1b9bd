"""The chart of uplift: the verdict's metric can be read on it, whatever else is drawn."""

import re

from hypothesis import given
from hypothesis import strategies as st

from streams.operations.console.charts.intervals import Band, axis_of, beyond, intervals

ORDERS = Band("orders", 12.0, -2.0, 26.0)
GIANT = Band("margin an order", 350.0, -20.0, 32_000.0, colour=1)


def ends(chart: str, colour: int) -> tuple[float, float]:
    """Where the bar of this colour begins and ends, in pixels."""
    found = re.search(rf'class="bounds c{colour}" x1="([\d.]+)" x2="([\d.]+)"', chart)
    assert found is not None
    return float(found[1]), float(found[2])


def drawn(*bands: Band, led_by: str = "orders") -> str:
    """The chart of uplift."""
    return str(intervals(bands, "per cent more", zero=True, led_by=led_by))


def test_one_giant_ratio_leaves_the_verdict_to_be_read() -> None:
    """It was a dot on the line."""
    low, high = ends(drawn(ORDERS, GIANT), colour=0)

    assert high - low > 100
    assert ends(drawn(ORDERS), 0)[1] >= high


def test_a_bar_that_goes_on_ends_in_an_arrow_and_says_its_figures() -> None:
    """Its dot is beyond the edge: at the edge it would be a wrong figure."""
    chart = drawn(ORDERS, GIANT)

    assert 1 == chart.count("<polygon")
    assert 1 == chart.count("<circle")
    assert ">margin an order: 350, from -20 to 32,000</text>" in chart
    assert ">orders</text>" in chart
    assert ["margin an order"] == beyond([ORDERS, GIANT], "orders")


def test_what_fits_has_no_arrow() -> None:
    """About as wide as the verdict's metric."""
    alike = Band("items bought", 20.0, -8.0, 60.0, colour=1)

    assert "<polygon" not in drawn(ORDERS, alike)
    assert [] == beyond([ORDERS, alike], "orders") == beyond([], "orders")


def test_where_the_verdict_has_no_band_the_narrowest_leads() -> None:
    """Whatever comes first."""
    narrow = Band("items bought", 20.0, -8.0, 60.0, colour=1)

    assert ["margin an order"] == beyond([GIANT, narrow], "orders")


figures = st.integers(-(10**8), 10**8).map(lambda hundredths: hundredths / 100)
bands = st.lists(figures, min_size=3, max_size=3).map(sorted)


@given(st.lists(bands, min_size=1, max_size=8))
def test_nothing_of_what_counts_is_cut(all_figures: list[list[float]]) -> None:
    """And a bar has an arrow just where it goes on beyond the axis."""
    known = [
        Band(f"metric {number}", value, low, high)
        for number, (low, value, high) in enumerate(all_figures)
    ]
    axis = axis_of(known, "metric 0")
    cut = beyond(known, "metric 0")

    assert axis.low <= known[0].low
    assert known[0].high <= axis.high
    assert axis.low <= 0.0 <= axis.high
    wide = {one.name for one in known if one.low < axis.low or one.high > axis.high}
    assert wide == set(cut)
