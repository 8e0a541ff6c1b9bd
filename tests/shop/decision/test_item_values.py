"""How much speaks for an item is told in a few classes: the cases of one in which it went along."""

import pytest

from models import Candidate
from streams.shop.decision.policy.item_values import DOUBTED, FIT_CLASSES, fit


@pytest.mark.parametrize(
    ("together", "of", "said"),
    [
        (0, 0, 0),
        (0, 1_000, 0),
        (5, 0, 1),  # more than there is, as counts that fade apart may say
        (9, 5, 1),
        (9, 13, 1),
        (9, 14, 2),
        (1, 0, 3),
        (1, 3, 3),
        (1, 4, 4),
        (2, 3, 2),
        (1, 59, 6),
        (1, 60, 7),
        (1, 10**9, FIT_CLASSES),
    ],
)
def test_a_class_is_an_octave_of_cases_for_each_that_went_along(
    together: int, of: int, said: int
) -> None:
    """With some cases more in which it did not; 0: nothing speaks for it."""
    assert DOUBTED == 4
    assert said == fit(Candidate("jam", 1.0, together, of, "bread"))
