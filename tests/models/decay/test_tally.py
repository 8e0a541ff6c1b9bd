"""Tallies: weights and counts in one number, and shares of a whole."""

import pytest

from models.decay.tally import LEAST, share


def test_shares_fall_on_without_a_gap_where_floats_end() -> None:
    """With the logarithm of the weight: a 900th and a 1,800th halving of the whole."""
    assert LEAST == share(1, 1 << 900)
    assert LEAST * 900 / 901 == pytest.approx(share(1, 1 << 901), rel=1e-12, abs=0.0)
    assert LEAST / 2 == pytest.approx(share(1, 1 << 1_800), rel=1e-12, abs=0.0)
