"""Uplift by hand: a plain twin that goes through units, and what lies at the borders of sums."""

import math
from collections.abc import Sequence
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.confidence_sequences import (
    SUM_MAX,
    asymptotic_half_width,
    asymptotic_p,
)
from models.evaluation.uplift import UNITS_MAX, UnitSums, Uplift, units_needed, uplift

Unit = tuple[float, float, float]
"""Numerator, denominator, and what was known from before."""
A_UNIT = st.tuples(st.integers(-2, 5), st.integers(0, 9), st.integers(0, 4))
SIDE = st.lists(A_UNIT, min_size=2, max_size=12).filter(lambda side: any(s for _, s, _ in side))


def summed(units: Sequence[Unit]) -> UnitSums:
    """The sums of some units."""
    return reduce(UnitSums.plus, [UnitSums.of(*map(float, unit)) for unit in units])


def parts(units: Sequence[Unit]) -> tuple[float, np.ndarray, np.ndarray]:
    """The ratio, how far each unit's part is from it, and its covariate: the delta method."""
    y, s, x = np.array(units, np.float64).T
    ratio = y.sum() / s.sum()
    return ratio, (y - ratio * s) / s.mean(), x


def theta_of(units: Sequence[Unit]) -> float:
    """The slope of the regression of a unit's part on what was known before."""
    _, part, x = parts(units)
    return float(np.cov(part, x)[0, 1] / x.var(ddof=1)) if x.std() else 0.0


def seen(side: Sequence[Unit], other: Sequence[Unit], theta: float) -> tuple[float, float]:
    """The adjusted ratio of a side, and how much its units vary: by the rule of three if not."""
    ratio, part, x = parts(side)
    centre = np.array([*side, *other], np.float64)[:, 2].mean()
    variance = float((part - theta * x).var(ddof=1))
    if np.allclose(part, 0.0, atol=1e-9):
        y, s, _ = np.array(other, np.float64).T
        away = (y - ratio * s) / s.mean()
        weighted = (away**2).sum() / abs(away.sum()) if abs(away.sum()) > 1e-9 else math.inf
        reach = min(weighted, math.sqrt((away**2).sum()))
        variance = max(variance, 3.0 * reach**2 / len(side))
    return float(ratio - theta * (x.mean() - centre)), variance


def lent(side: Sequence[Unit], own: float, other: float, borrowed: float) -> float:
    """The variance when so many of the other side's orders are seen beside a side's own."""
    y = np.array(side, np.float64)[:, 0]
    orders = y.sum() ** 2 / (y**2).sum() if y.any() else 0.0
    return max(own, (orders * own + borrowed * other) / (orders + borrowed)) if borrowed else own


def plainly(
    control: Sequence[Unit], treated: Sequence[Unit], borrowed: float
) -> tuple[float, float, float]:
    """What the sides earn, and the standard error of their difference."""
    theta = theta_of([*control, *treated])
    before, own = seen(control, treated, theta)
    after, other = seen(treated, control, theta)
    variances = lent(control, own, other, borrowed), lent(treated, other, own, borrowed)
    error = math.sqrt(variances[0] / len(control) + variances[1] / len(treated))
    return before, after, error


def assert_as_plainly(control: Sequence[Unit], treated: Sequence[Unit], borrowed: float) -> None:
    """The figures of the sums are those of the units."""
    found, said = uplift(summed(control), summed(treated), borrowed=borrowed), None
    before, after, error = plainly(control, treated, borrowed)
    if found is None:
        assert error < 1e-5
        return
    n = len(control) + len(treated)
    half = asymptotic_half_width(error, n)
    sides, more = (parts(control)[0], parts(treated)[0]), after - before
    said = *sides, more, error, more - half, more + half
    assert pytest.approx(said, rel=1e-6, abs=1e-9) == found[:6]
    if found.relative is not None:
        assert 0.0 < found.control
        assert pytest.approx(found.difference) == found.relative * found.control
    assert pytest.approx(asymptotic_p(found.difference, found.se, n), rel=1e-6) == found.p


@given(SIDE, SIDE, st.sampled_from([0.0, 3.0, 20.0]))
def test_sums_say_what_units_say(control: list[Unit], treated: list[Unit], borrowed: float) -> None:
    """Of ratios of any size, with what was known before, losses, and what is borrowed."""
    assert_as_plainly(control, treated, borrowed)


ONCE = [(1.0, 1.0, 0.0)]
NEVER = [(0.0, 1.0, 0.0)]


@pytest.mark.parametrize(
    ("control", "treated"),
    [
        (NEVER * 20, NEVER * 95 + ONCE * 5),
        (ONCE * 20, NEVER * 5 + [(3.0, 1.0, 0.0)] * 5),
        ([(1.0, 5.0, 0.0)] * 20, [(0.0, 5.0, 0.0)] * 2 + [(1.0, 5.0, 0.0)] * 9),
        ([(2.0, 4.0, 0.0)] * 9, [(1.0, 3.0, 0.0), (2.0, 1.0, 0.0), (5.0, 9.0, 0.0)] * 4),
        ([(1.0, 4.0, 0.0)] * 20, [(0.0, 1.0, 0.0)] * 2 + [(1.0, 4.0, 0.0)] * 9),
        ([(1.0, 2.0, 0.0)] * 20, NEVER * 10 + ONCE * 9),
        ([(0.0, 1.0, 2.0 * (n % 2)) for n in range(300)], [(n % 9, 1.0, n % 9) for n in range(90)]),
    ],
    ids=[
        "none ordered",
        "all once",
        "few pieces",
        "a ratio",
        "two away",
        "on both sides",
        "known before",
    ],
)
@pytest.mark.parametrize("borrowed", [0.0, 20.0])
def test_a_side_that_is_all_alike_varies_as_the_rule_of_three_says(
    control: list[Unit], treated: list[Unit], borrowed: float
) -> None:
    """By as much as units of the other side are away from it, on both sides of it or on one."""
    assert_as_plainly(control, treated, borrowed)
    assert_as_plainly(treated, control, borrowed)


def test_a_side_without_an_order_borrows_all_that_it_has() -> None:
    """It has seen nothing itself that would count beside it, however large it is."""
    found = uplift(summed(NEVER * 900), summed(NEVER * 500 + ONCE * 500), borrowed=3.0)
    variance = 1_000 / 999 / 4

    assert found is not None
    assert pytest.approx(math.sqrt(variance / 900 + variance / 1_000)) == found.se


@given(st.integers(1, 9), st.integers(1, 9), st.integers(30, 99), st.integers(30, 99))
def test_units_that_are_all_alike_say_nothing_whatever_their_ratio(
    y: int, s: int, n: int, more: int
) -> None:
    """Seven pieces in six orders: no float is that, and what is lost in rounding is no noise."""
    same = [(float(y), float(s), 0.0)]

    assert uplift(summed(same * n), summed(same * more), borrowed=20.0) is None


@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from([0.1, 1.0, 3.0]), st.integers(30, 99))
def test_units_that_are_explained_to_the_last_say_nothing(
    few: int, others: int, each: float, n: int
) -> None:
    """Who had ordered orders again, and nobody else does: bounds of no width would be certainty."""
    control, treated = (
        summed([(each * at, 1.0, float(at)) for at in range(1, buyers + 1)] + NEVER * (n - buyers))
        for buyers in (few, others)
    )

    assert uplift(control, treated, borrowed=20.0) is None


@pytest.mark.parametrize("before", [0.0, 1e3, 1e5])
def test_what_follows_from_before_to_the_last_piece_says_nothing_however_much_it_was(
    before: float,
) -> None:
    """Digits that sums of squares lose are no noise of units."""
    side = summed([(float(n % 7), 1.0, before + n % 7) for n in range(2_100)])
    other = summed([(float(n % 5), 1.0, before + n % 5) for n in range(2_000)])

    assert uplift(side, other, borrowed=20.0) is None


@pytest.mark.parametrize("x", [1.0, 0.1, 1e8 / 3])
def test_what_was_alike_for_all_before_changes_no_digit(x: float) -> None:
    """However much it was: nothing follows from it."""
    for more in range(20):
        control, treated = NEVER * 4 + ONCE * (3 + more), NEVER * (2 + more) + ONCE * 9
        held, asked = (summed([(y, s, x) for y, s, _ in side]) for side in (control, treated))

        assert uplift(held, asked) == uplift(summed(control), summed(treated))


def test_a_shop_of_millions_is_adjusted_as_a_small_one() -> None:
    """What is alike is judged by the unit, not by how many there are."""
    sides = [[(y, 1.0, y // 2) for y in range(n)] for n in (4, 6)]
    fewer, more = (
        [UnitSums(*(times * each for each in summed(side))) for side in sides]
        for times in (1_000.0, 1e7)
    )
    small, large = uplift(fewer[0], fewer[1]), uplift(more[0], more[1])

    assert small is not None
    assert large is not None
    assert pytest.approx((small.control, small.treated)) == (large.control, large.treated)
    assert pytest.approx(small.se / 100.0, rel=1e-3) == large.se
    same = summed(sides[0])
    alike = uplift(more[0], more[0])
    assert alike is not None
    plain = theta_of(sides[0])
    _, part, x = parts(sides[0])
    assert pytest.approx(math.sqrt(2.0 * (part - plain * x).var() / (1e7 * same.n))) == alike.se


@pytest.mark.parametrize("s", [1e-4, 1.0, 1e4])
def test_units_that_are_nearly_alike_vary_all_the_same(s: float) -> None:
    """By a thousandth of what they spend, of however much."""
    side = [(1_000.0 + n % 3, s, 0.0) for n in range(30)]
    found = uplift(summed(side), summed(side))

    assert found is not None
    assert pytest.approx(plainly(side, side, borrowed=0.0)[2], rel=1e-6) == found.se


def test_what_earns_nothing_has_no_part() -> None:
    """Losses that are as large as gains, on both sides."""
    side = summed([(3.0, 1.0, 0.0), (-3.0, 1.0, 0.0)] * 9)
    found = uplift(side, side)

    assert found is not None
    assert (0.0, 0.0, None) == (found.control, found.difference, found.relative)


@pytest.mark.parametrize(("buyers", "told"), [(3, False), (12, False), (20, True)])
def test_a_part_of_what_may_be_nothing_is_not_told(buyers: int, *, told: bool) -> None:
    """Until the held out are told apart from nothing, at any look, by what their units did."""
    control, treated = ONCE * buyers + NEVER * (300 - buyers), ONCE * 90 + NEVER * 210
    found = uplift(summed(control), summed(treated))
    share = buyers / 300
    error = math.sqrt(share * (1.0 - share) / 299)

    assert found is not None
    assert told == (share > asymptotic_half_width(error, 600))
    assert (found.difference / share if told else None) == found.relative


def test_a_part_of_a_loss_is_not_told() -> None:
    """Twice as much of a loss is no gain."""
    losing = [(-3.0, 1.0, 0.0), (-2.0, 1.0, 0.0)] * 30
    found = uplift(summed(losing), summed([(3.0, 1.0, 0.0), (-2.0, 1.0, 0.0)] * 30))

    assert found is not None
    assert (-2.5, None, False) == (found.control, found.relative, found.adjusted)


def test_one_of_a_side_is_not_compared() -> None:
    """Whichever side that is."""
    some = summed(NEVER * 4 + ONCE * 3)

    assert uplift(UnitSums.of(1.0), some) is None
    assert uplift(some, UnitSums.of(1.0)) is None


def test_a_denominator_next_to_nothing_is_none() -> None:
    """It would be a ratio beyond all numbers."""
    some = summed(NEVER * 4 + ONCE * 3)

    assert uplift(some, some._replace(s=1e-200)) is None
    assert uplift(some._replace(s=1e-200), some) is None


def test_a_mean_beyond_all_sums_is_none() -> None:
    """On either side; its error alone may look like one."""
    some, n = summed(NEVER * 4 + ONCE * 3), 1e6
    y = 2.0 * SUM_MAX
    beyond = UnitSums(n=n, y=y * n, s=n, yy=2.0 * y * y * n, ss=n, ys=y * n)

    assert uplift(some, beyond) is None
    assert uplift(beyond, some) is None
    assert uplift(beyond, beyond) is None


@pytest.mark.parametrize("effect", [1e-9, 1e-20])
def test_an_effect_that_no_shop_will_see_needs_as_many_units_as_are_counted(effect: float) -> None:
    """However small it is."""
    some = Uplift(0.05, 0.05, 0.0, 0.01, -0.04, 0.04, 1.0, 0.0)

    assert UNITS_MAX == units_needed(some, 1_000.0, effect)
