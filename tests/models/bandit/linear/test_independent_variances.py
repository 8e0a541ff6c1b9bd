"""The variances of independent variables: what is independent already keeps its own."""

import numpy as np
import pytest

from models.bandit.linear.posterior import independent_variances


@pytest.mark.parametrize("number", [3, 4, 5, 9])
def test_independent_variables_keep_their_variances_however_many_there_are(number: int) -> None:
    """And whatever all of them have in common: it makes none the largest."""
    variances = np.arange(1.0, number + 1)
    common = np.full((number, number), 5.0)

    assert independent_variances(common + np.diag(variances)) == pytest.approx(variances)


def test_of_two_variables_only_the_variance_of_their_difference_is_known() -> None:
    """Half of it is each one's."""
    assert [1.5, 1.5] == independent_variances(np.diag([1.0, 2.0])).tolist()
