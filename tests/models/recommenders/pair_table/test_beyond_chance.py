"""Whether a pair meets more often than chance: the normal law against the exact test."""

from math import comb

import numpy as np
import pytest

from models import CoOccurrence
from models.recommenders.pair_table.ranking import beyond_chance


def exact_p(met: int, of: int, times: int, sessions: int) -> float:
    """Przyborowski and Wilenski: given both counts' sum, the first is binomial by exposure."""
    share = of / sessions
    return sum(
        comb(times, k) * share**k * (1 - share) ** (times - k) for k in range(met, times + 1)
    )


@pytest.mark.parametrize(
    ("of", "times", "sessions"), [(40, 200, 1000), (100, 100, 1000), (400, 300, 1000)]
)
def test_two_standard_errors_are_close_to_the_exact_test(
    of: int, times: int, sessions: int
) -> None:
    """From the first count on that convinces, chance alone has less than one in fifteen."""
    first = next(k for k in range(times) if beyond_chance(k, of, times, sessions, 2.0))

    assert 0.002 < exact_p(first, of, times, sessions) < 1 / 15
    assert all(beyond_chance(k, of, times, sessions, 2.0) for k in range(first, min(of, times)))


def test_no_more_than_chance_is_never_beyond_it() -> None:
    """However many sessions there are, and at the smallest of bounds."""
    assert not any(beyond_chance(n // 5, n, n, 5 * n, 0.01) for n in range(5, 10_000, 5))


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ((3, 3, 3, 3), "every session has the anchor"),
        ((2, 5, 2, 100), "nobody takes it without the anchor"),
        ((5, 4, 5, 3), "fewer sessions than meetings were counted: rows ran full"),
    ],
)
def test_where_there_is_nothing_to_compare_with_a_pair_is_evidence(
    counts: tuple[int, int, int, int], why: str
) -> None:
    """A new shop speaks, too."""
    assert beyond_chance(*counts, 2.0), why


def offered(pairs: CoOccurrence) -> int:
    """How many pairs of ten items are recommended."""
    return sum(len(pairs.recommend([f"item-{n}"], 10)) for n in range(10))


def test_items_that_are_independent_are_hardly_ever_offered() -> None:
    """Of 90 pairs of items in 2,000 baskets, by chance at two standard errors: 2.3 %.

    90 pairs expect 2; 9 or more have a probability below .001 (Poisson). Without a bound all are.
    """
    chance = np.random.default_rng(1)
    pairs, all_pairs = (CoOccurrence(together_min=2, lift_z_min=z_min) for z_min in (2.0, 0.0))
    for basket in chance.random((2_000, 10)) < np.linspace(0.05, 0.5, 10):
        items = [f"item-{n}" for n in np.flatnonzero(basket)]
        for place, item in enumerate(items):
            for model in (pairs, all_pairs):
                model.learn_one(items[:place], item, time_s=1_767_225_600)

    assert offered(pairs) < 9
    assert 90 == offered(all_pairs)
