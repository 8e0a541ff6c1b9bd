"""Whether a pair meets more often than chance: the normal law against the exact test."""

from math import comb

import numpy as np
import pytest

from models import CoOccurrence
from models.recommenders.pair_table.ranking import beyond_chance


def exact_p(met: int, of: int, times: int, sessions: int) -> float:
    """How probably chance alone brings so many, or more (Przyborowski and Wilenski)."""
    share = of / sessions
    return sum(
        comb(times, k) * share**k * (1 - share) ** (times - k) for k in range(met, times + 1)
    )


COUNTS = [
    (of, times, sessions)
    for sessions in (20, 300, 1_000)
    for of in (2, sessions // 20, sessions // 3, sessions * 9 // 10)
    for times in (2, 3, 5, 8, 13, 20, 100)
    if of > 0
]


@pytest.mark.parametrize(("of", "times", "sessions"), COUNTS)
def test_two_standard_errors_are_as_strict_as_an_exact_test(
    of: int, times: int, sessions: int
) -> None:
    """What convinces has by chance a probability below .05, for rare items too; more convinces."""
    convincing = [k for k in range(times + 1) if beyond_chance(k, of, times, sessions, 2.0)]

    assert all(exact_p(met, of, times, sessions) < 0.05 for met in convincing)
    assert convincing == [*range(min(convincing, default=0), times + 1)][: len(convincing)]


@pytest.mark.parametrize(("of", "times", "sessions"), [(50, 20, 1_000), (100, 100, 1_000)])
def test_two_standard_errors_do_not_ask_for_more_than_a_strict_test(
    of: int, times: int, sessions: int
) -> None:
    """What chance brings once in two hundred convinces."""
    rare = next(k for k in range(times) if exact_p(k, of, times, sessions) < 1 / 200)

    assert beyond_chance(rare, of, times, sessions, 2.0)


def test_no_more_than_chance_is_never_beyond_it() -> None:
    """However many sessions there are, and at the smallest of bounds."""
    assert not any(beyond_chance(n // 5, n, n, 5 * n, 0.01) for n in range(5, 10_000, 5))


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ((3, 3, 3, 3), "every session has the anchor"),
        ((5, 4, 5, 3), "fewer sessions than meetings were counted: rows ran full"),
    ],
)
def test_where_there_is_nothing_to_compare_with_a_pair_is_evidence(
    counts: tuple[int, int, int, int], why: str
) -> None:
    """A new shop speaks, too."""
    assert beyond_chance(*counts, 2.0), why


def test_an_item_that_only_sold_beside_a_staple_is_no_companion_of_it() -> None:
    """Milk is in nine of ten baskets: that it was in all five with saffron says nothing."""
    assert not beyond_chance(5, 900, 5, 1_000, 2.0)
    assert beyond_chance(5, 50, 5, 1_000, 2.0)


def offered(pairs: CoOccurrence) -> int:
    """How many pairs of ten items are recommended."""
    return sum(len(pairs.recommend([f"item-{n}"], 10)) for n in range(10))


def test_a_staple_is_not_filled_up_with_rare_items() -> None:
    """5,000 baskets, milk in 30 % of them, five of 2,000 other items: none goes with milk.

    Without a bound three are offered. By chance 2.3 % of those that met it twice pass; as many as
    a tenth of them have a probability below .001.
    """
    chance = np.random.default_rng(1)
    pairs, all_pairs = (CoOccurrence(together_min=2, lift_z_min=z_min) for z_min in (2.0, 0.0))
    for _ in range(5_000):
        milk = ["milk"] * bool(chance.random() < 0.3)
        items = [*milk, *(f"item-{n}" for n in {*chance.zipf(1.3, 5).clip(max=2_000).tolist()})]
        for place, item in enumerate(items):
            for model in (pairs, all_pairs):
                model.learn_one(items[:place], item, time_s=1_767_225_600)

    assert len(pairs.recommend(["milk"], 100)) < len(all_pairs.recommend(["milk"], 100)) / 10


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
