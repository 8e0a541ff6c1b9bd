"""What a plan draws from is what happened: its noise, its tail, and what the verdict counts."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.arm_values import interval, of_difference, sequence
from streams.experiments.arm_estimates import FLOOR_MIN, ArmEstimates
from streams.experiments.impressions import Trial
from streams.experiments.questions.planning.observing import PairSeen
from streams.experiments.questions.planning.plan import PlanAsked, plan_words, planned
from streams.experiments.questions.planning.rates import UnitRates, observed_rates
from streams.experiments.questions.planning.simulation import _ArmsDrawn
from streams.experiments.questions.planning.support import (
    BEFORE_MAX,
    STRATA,
    SUPPORT_MAX,
    TOP,
    Floats,
    Pair,
    support,
)
from streams.experiments.uplift.net_orders import UnitTotals
from tests.experiments.questions.test_answers import ARMS

FLOOR = 0.05
DAY_S = 86_400.0


def moments(values: Floats, before: Floats, weights: Floats) -> list[float]:
    """All that the sums of a verdict are made of, of a unit."""
    y, x = values, before
    return [float(one @ weights) for one in (y, x, y * y, x * x, y * x, np.abs(y))]


def told(seed: int, sigma: float, wholesale: float, loss: float, before: float) -> Counter[Pair]:
    """Units of a shop: one of five orders, a few of them very much, and some at a loss."""
    rng = np.random.default_rng(seed)
    worth = np.round(rng.lognormal(7.0, sigma, 6_000))
    worth = np.where(rng.random(6_000) < wholesale, 5e6 + np.arange(6_000), worth)
    worth *= np.where(rng.random(6_000) < loss, -1.0, 1.0) * (rng.random(6_000) < 0.2)
    had = np.minimum(BEFORE_MAX - 1, rng.poisson(before, 6_000) + (worth > 1e6))
    return Counter(zip(worth.tolist(), had.astype(float).tolist(), strict=True))


@given(
    st.integers(0, 10**6),
    st.floats(0.0, 2.5),
    st.floats(0.0, 0.01),
    st.floats(0.0, 0.5),
    st.floats(0.0, 4.0),
)
def test_mean_variance_and_covariance_are_those_observed(
    seed: int, sigma: float, wholesale: float, loss: float, before: float
) -> None:
    """However long the tail is; but for rounding. And few points stand for them."""
    units = told(seed, sigma, wholesale, loss, before)
    pairs = np.array([*units])
    counts = np.array([float(number) for number in units.values()])
    found = support(units)

    expected = moments(pairs[:, 0], pairs[:, 1], counts / counts.sum())
    tolerance = 1e-9 * (expected[2] + expected[3] + 1.0)
    assert pytest.approx(expected, rel=1e-9, abs=tolerance) == moments(*found)
    assert np.count_nonzero(found[0]) <= SUPPORT_MAX
    assert {*found[1]} <= {before for _, before in units}
    assert pairs[:, 0].min() <= found[0].min()
    assert found[0].max() <= pairs[:, 0].max()


def test_the_largest_are_there_one_by_one() -> None:
    """With what was before, and as often as they were."""
    units = told(3, 1.5, 0.002, 0.2, 1.0)
    total = sum(units.values())
    values, before, weights = support(units)
    drawn = dict(zip(zip(values, before, strict=True), weights, strict=True))

    for pair in sorted(units, key=lambda pair: abs(pair[0]))[-TOP:]:
        assert pytest.approx(units[pair] / total) == drawn[pair]


def test_the_rest_keeps_its_shape() -> None:
    """As many are below each tenth, but for two strata."""
    worth = np.random.default_rng(2).lognormal(7.0, 1.0, 5_000)
    values, _, weights = support(Counter(zip(worth.tolist(), [0.0] * 5_000, strict=True)))

    for tenth in np.arange(0.1, 1.0, 0.1):
        below = weights[values <= np.quantile(worth, tenth)].sum()
        assert pytest.approx(tenth, abs=2.0 / STRATA) == below


@pytest.mark.parametrize("whole", [False, True], ids=["money", "pieces"])
def test_many_values_before_are_told_apart_by_quantiles_and_no_unit_is_lost(whole: bool) -> None:
    """Where more of them are told apart than `BEFORE_MAX`: values are exact all the same."""
    rng = np.random.default_rng(1)
    worth, had = rng.lognormal(7.0, 1.0, 5_000), rng.geometric(0.02, 5_000).astype(float)
    worth = rng.geometric(0.1, 5_000).astype(float) if whole else worth
    values, before, weights = support(Counter(zip(worth.tolist(), had.tolist(), strict=True)))

    assert len(values) <= SUPPORT_MAX
    assert len({*before}) <= BEFORE_MAX + TOP
    assert pytest.approx(worth.mean()) == values @ weights
    assert pytest.approx((worth**2).mean()) == values**2 @ weights
    assert pytest.approx(had.mean(), rel=0.02) == before @ weights
    assert pytest.approx((had**2).mean(), rel=0.1) == before**2 @ weights


@pytest.mark.parametrize("kinds", range(130, 140))
def test_a_top_value_keeps_its_units_when_others_are_rounded_to_it(kinds: int) -> None:
    """The same value, with what was before by its quantile: both are counted."""
    units = Counter({(float(n % 4 + 1), float(n // 4)): 1 + n % 3 for n in range(4 * kinds)})
    total = sum(value * number for (value, _), number in units.items())
    values, _, weights = support(units)

    assert pytest.approx(total / sum(units.values())) == values @ weights


def test_rates_are_alike_only_if_values_go_along_with_what_was_before_as_much() -> None:
    """CUPED takes off what goes along."""
    values, before = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])
    apart = UnitRates(values, before, np.full(4, 0.25), 100.0, 0.2)
    along = apart._replace(weights=np.array([0.4, 0.1, 0.1, 0.4]))

    assert apart.like(apart._replace(units_per_day=104.0))
    assert not apart.like(along)
    assert not apart.like(apart._replace(share=0.3))
    assert not apart.like(apart._replace(before=2.0 * before))


def test_an_effect_is_as_large_where_all_who_had_much_before_order() -> None:
    """Of those values are scaled, and of all others more order."""
    rates = UnitRates(
        np.array([0.0, 1.0, 500.0]),
        np.array([0.0, 0.0, 9.0]),
        np.array([0.8, 0.19, 0.01]),
        9.0,
        0.2,
    )
    raised = rates.with_effect(0.2)

    assert pytest.approx(1.2 * rates.mean) == raised.mean
    assert [0.0, 1.0, 600.0] == raised.values.tolist()
    assert pytest.approx([0.762, 0.228, 0.01]) == raised.weights


def test_a_few_wholesale_buyers_take_as_long_as_they_do() -> None:
    """Days go with the squared coefficient of variation, here 84: of the rest alone it is 12."""
    rng = np.random.default_rng(5)
    worth = np.where(rng.random(40_000) < 0.001, 500_000, rng.integers(500, 9_000, 40_000))
    worth *= rng.random(40_000) < 0.1
    units = [UnitTotals(orders=int(w > 0), revenue={"EUR": int(w)}) for w in worth]
    rates = observed_rates(units, [], "revenue", "EUR", 8.0, 0.3)

    assert rates is not None
    variance = float(rates.values**2 @ rates.weights) - rates.mean**2
    assert pytest.approx(worth.var() / worth.mean() ** 2) == variance / rates.mean**2
    assert variance / rates.mean**2 > 80.0


def impressions(number: int, first: list[float], seed: int = 1) -> list[Trial]:
    """Of both arms, the first drawn with one of these propensities; 10,000 a day, 10 % earn."""
    rng = np.random.default_rng(seed)
    found = []
    for n in range(number):
        p = float(rng.choice(first))
        arm = ARMS[0] if rng.random() < p else ARMS[1]
        chances, expected = {ARMS[0]: p, ARMS[1]: 1.0 - p}, dict.fromkeys(ARMS, 0.1)
        earned = float(rng.random() < 0.1)
        found.append(Trial(arm, "", chances, expected, earned, n * DAY_S / 10_000))
    return found


@pytest.mark.parametrize(
    "first",
    [[0.5], [0.05, 0.95], [0.02, 0.1, 0.5], [0.05, 0.05, 0.05, 0.9]],
    ids=["even", "a greedy bandit", "a ramp that begins below the floor", "mostly the second"],
)
def test_bounds_are_planned_as_wide_as_the_verdict_s(first: list[float]) -> None:
    """By the same impressions, as many of them, within 8 % (seed 1)."""
    trials = impressions(20_000, first)
    pair = PairSeen(ARMS, FLOOR)
    pair.add(trials)
    rates = pair.rates()
    evidence = ArmEstimates(FLOOR)
    evidence.add(trials)
    sums = of_difference(evidence.groups, *ARMS)
    verdict = interval(sums, sequence(FLOOR), within=(-1.0, 1.0))

    assert rates is not None
    assert verdict is not None
    assert pytest.approx(sums.n, rel=0.001) == rates.per_day * 2.0
    drawn = _ArmsDrawn(rates, 0.0, 0.05, 1, np.random.default_rng(1))
    [(_, looked)] = drawn.look(2.0, [0])
    bounds = looked.effect()
    assert bounds is not None
    assert pytest.approx(verdict.high - verdict.low, rel=0.08) == bounds.high - bounds.low


def test_a_ramp_below_the_floor_is_no_evidence() -> None:
    """The verdict counts none of it: so no plan rests on it. Some floor there always is."""
    pair = PairSeen(ARMS, FLOOR)
    pair.add(impressions(2_000, [0.02]))

    assert pair.rates() is None
    without_floor = PairSeen(ARMS, 0.0)
    without_floor.add(impressions(2_000, [0.5 * FLOOR_MIN]))

    assert without_floor.rates() is None


def test_an_arm_at_the_floor_counts_and_one_that_is_not_on_offer_does_not() -> None:
    """But for rounding, as in the verdict."""
    at_floor = impressions(1_000, [FLOOR * (1.0 - 1e-12)])
    alone = [trial._replace(propensities={ARMS[1]: 1.0}) for trial in at_floor]
    pair = PairSeen(ARMS, FLOOR)
    pair.add([*at_floor, *alone])
    rates = pair.rates()

    assert rates is not None
    assert pytest.approx(10_000, rel=0.01) == rates.per_day
    words = "\n".join(plan_words(planned(PlanAsked("reward", 2.0, days=2, repetitions=50), rates)))
    assert "drawn 5 % and 95 % (harmonic means)" in words
