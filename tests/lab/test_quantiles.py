"""Quantiles by nearest rank."""

from hypothesis import given
from hypothesis import strategies as st

from streams.lab.quantiles import quantile

FIGURES = st.lists(st.integers(0, 1000), min_size=1)


@given(FIGURES, st.floats(0, 1))
def test_at_least_the_share_is_not_above_the_quantile(figures: list[int], share: float) -> None:
    """And no smaller figure would do."""
    found = quantile(figures, share)

    assert found in figures
    assert sum(figure <= found for figure in figures) >= share * len(figures)
    assert sum(figure < found for figure in figures) <= share * len(figures)


@given(FIGURES)
def test_the_ends_are_the_least_and_the_greatest(figures: list[int]) -> None:
    """Shares of 0 and 1."""
    assert (min(figures), max(figures)) == (quantile(figures, 0), quantile(figures, 1))
