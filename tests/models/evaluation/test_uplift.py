"""Uplift against a holdout: the figures of gbstats and tea-tasting, from the same sums."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.uplift import RULE_OF_THREE, UnitSums, Uplift, uplift

ONES = UnitSums(n=4_000.0, s=4_000.0, ss=4_000.0)
HELD_OUT = ONES._replace(
    y=5_000.0, yy=20_000.0, ys=5_000.0, x=4_800.0, xx=18_000.0, yx=15_000.0, sx=4_800.0
)
PROMPTED = UnitSums(
    n=1_000.0,
    y=1_400.0,
    s=1_000.0,
    x=1_210.0,
    yy=6_000.0,
    ss=1_000.0,
    xx=4_600.0,
    ys=1_400.0,
    yx=4_100.0,
    sx=1_210.0,
)
Z95 = 1.959963984540054


def without_covariate(side: UnitSums) -> UnitSums:
    """The same units, of whom nothing is known from before."""
    return side._replace(x=0.0, xx=0.0, yx=0.0, sx=0.0)


def with_orders(side: UnitSums, s: float, ss: float, ys: float, sx: float) -> UnitSums:
    """The same units, each with a number of orders."""
    return side._replace(s=s, ss=ss, ys=ys, sx=sx)


RATIO_HELD_OUT = with_orders(HELD_OUT, 4_500.0, 9_000.0, 10_000.0, 9_500.0)
RATIO_PROMPTED = with_orders(PROMPTED, 1_150.0, 2_300.0, 2_800.0, 2_450.0)


def at_one_look(found: Uplift) -> tuple[float, float, float]:
    """Difference and its textbook interval."""
    half = Z95 * found.se
    return found.difference, found.difference - half, found.difference + half


def of(control: UnitSums, treated: UnitSums) -> Uplift:
    """The uplift, which there is."""
    found = uplift(control, treated)
    assert found is not None
    return found


def test_a_mean_is_compared_as_tea_tasting_does() -> None:
    """tea-tasting 1.14.0: Mean("y", use_t=False).analyze_aggregates(...) of these sums."""
    found = of(without_covariate(HELD_OUT), without_covariate(PROMPTED))

    assert pytest.approx((0.15, 0.012751656264634537, 0.2872483437353653)) == at_one_look(found)
    assert pytest.approx(0.12) == found.relative


def test_a_mean_is_adjusted_by_what_was_known_before_as_tea_tasting_does() -> None:
    """tea-tasting 1.14.0: Mean("y", covariate="x", use_t=False)."""
    found = of(HELD_OUT, PROMPTED)

    assert pytest.approx(1.3940649246422017 - 1.2514837688394496) == found.difference
    assert pytest.approx((0.1425811558027521, 0.041797395366313495, 0.2433649162391907)) == (
        at_one_look(found)
    )


def test_a_ratio_is_compared_as_tea_tasting_does() -> None:
    """tea-tasting 1.14.0: RatioOfMeans("y", "s", use_t=False)."""
    found = of(without_covariate(RATIO_HELD_OUT), without_covariate(RATIO_PROMPTED))

    assert pytest.approx((0.106280193236715, 0.010253418963826783, 0.20230696750960322)) == (
        at_one_look(found)
    )


def test_bounds_at_every_look_are_those_of_growthbook() -> None:
    """From gbstats 0.8.0: SequentialTwoSidedTTest with difference_type="absolute".

    Of RatioStatistic, and of RegressionAdjustedStatistic with theta from compute_theta(a, b).
    """
    ratio = of(without_covariate(RATIO_HELD_OUT), without_covariate(RATIO_PROMPTED))
    adjusted = of(HELD_OUT, PROMPTED)

    assert pytest.approx((-0.04242729878299106, 0.25498768525642107)) == (ratio.low, ratio.high)
    assert pytest.approx(0.3699220615355171) == ratio.p
    assert pytest.approx((-0.013493026260542745, 0.2986553378660467)) == (
        adjusted.low,
        adjusted.high,
    )
    assert pytest.approx(0.0983730232271446) == adjusted.p


UNITS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3), st.integers(0, 9)), min_size=4)


def summed(units: Sequence[tuple[int, int, int]]) -> UnitSums:
    """The sums of some units."""
    return reduce(UnitSums.plus, [UnitSums.of(*map(float, unit)) for unit in units], UnitSums())


@given(UNITS, st.randoms(use_true_random=False), st.integers(0, 4))
def test_sums_are_the_same_in_any_order_and_in_parts(
    units: list[tuple[int, int, int]], chance: np.random.Generator, cut: int
) -> None:
    """Units come from many partitions."""
    mixed = list(units)
    chance.shuffle(mixed)

    assert summed(units) == summed(mixed[:cut]).plus(summed(mixed[cut:]))


def test_nothing_is_said_of_nobody() -> None:
    """A side of one has no variance, and a sum of nothing no ratio."""
    one = UnitSums.of(1.0)

    assert uplift(one, PROMPTED) is None
    assert uplift(HELD_OUT, PROMPTED._replace(s=0.0)) is None


def orders(n: int, buyers: int, each: float = 1.0) -> UnitSums:
    """Of so many units, so many of whom bought, each as much."""
    y = each * buyers
    return UnitSums(n=float(n), y=y, s=float(n), yy=each * y, ss=float(n), ys=y)


def test_nothing_is_said_where_nothing_varies() -> None:
    """Nobody has ordered yet, or everybody once: that is no certainty."""
    assert uplift(orders(2, 0), orders(7, 0)) is None
    assert uplift(orders(5_000, 0), orders(20_000, 0)) is None
    assert uplift(orders(5_000, 5_000), orders(20_000, 20_000)) is None


@pytest.mark.parametrize("each", [1.0, 3.0])
def test_a_side_without_an_order_has_bounds_all_the_same(each: float) -> None:
    """Up to 3 in n may order (the rule of three): bounds leave them room, on whichever side."""
    for held in (2, 20, 500):
        found = of(orders(held, 0), orders(4_000, 8, each))
        turned = of(orders(4_000, 8, each), orders(held, 0))

        assert found.low < found.difference - 3.0 * each / held
        assert found.low < 0.0 < found.high
        assert pytest.approx((-found.high, -found.low)) == (turned.low, turned.high)


def test_sides_that_do_not_vary_and_differ_are_told_apart_in_the_end() -> None:
    """Nobody on one side, everybody on the other: two of each say nothing, 200 do."""
    few, many = of(orders(2, 0), orders(2, 2)), of(orders(200, 0), orders(200, 200))

    assert few.low < 0.0
    assert 0.0 < many.low < 1.0 < many.high


@pytest.mark.parametrize("truth", [0.0005, 0.002, 0.008])
def test_an_uplift_is_covered_while_a_side_has_no_order_yet(truth: float) -> None:
    """200 shops, looked at for as long as none of those held out has ordered: 5 % (seed 5)."""
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(200):
        held = prompted = bought = 0
        while held < 2_000:
            held, prompted = held + 20, prompted + 80
            bought += int(rng.binomial(80, 0.002))
            if rng.binomial(20, truth):
                break
            found = uplift(orders(held, 0), orders(prompted, bought))
            if found is not None and not found.low <= 0.002 - truth <= found.high:
                missed += 1
                break

    assert missed <= 10


def test_an_uplift_is_covered_at_every_look() -> None:
    """200 shops with a holdout of 20 %, orders that follow earlier ones, 40 looks: 5 % (seed 5)."""
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(200):
        habit = rng.gamma(1.0, 1.0, 4_000)
        before, after = rng.poisson(habit), rng.poisson(habit * 1.1)
        treated = rng.random(4_000) < 0.8
        after = np.where(treated, after, rng.poisson(habit))
        sides = [UnitSums(), UnitSums()]
        for look in np.split(np.arange(4_000), 40):
            for side in (0, 1):
                here = look[treated[look] == bool(side)]
                y, x = after[here].astype(float), before[here].astype(float)
                n = float(len(here))
                sides[side] = sides[side].plus(
                    UnitSums(n, y.sum(), n, x.sum(), y @ y, n, x @ x, y.sum(), y @ x, x.sum())
                )
            found = of(*sides)
            if not found.low <= 0.1 <= found.high:
                missed += 1
                break

    assert missed <= 10


@pytest.mark.parametrize("rate", [0.02, 0.05])
def test_an_equal_small_holdout_of_rare_orders_is_seldom_said_to_differ(rate: float) -> None:
    """300 shops that hold 5 % out, a look at every 500 of 20,000 shoppers: 5 % (as seeded)."""
    wrong = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        held, bought = rng.random(20_000) < 0.05, rng.random(20_000) < rate
        looks = np.arange(499, 20_000, 500)
        sides = [
            [np.cumsum(side)[looks], np.cumsum(side & bought)[looks]] for side in (held, ~held)
        ]
        for n, y, others, theirs in zip(*sides[0], *sides[1], strict=True):
            control, treated = orders(int(n), int(y)), orders(int(others), int(theirs))
            found = uplift(control, treated, borrowed=RULE_OF_THREE)
            if found is not None and not found.low <= 0.0 <= found.high:
                wrong += 1
                break

    assert wrong <= 0.05 * 300
