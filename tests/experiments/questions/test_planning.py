"""A plan promises what comes true: power, days and false alarms, by shops played unit by unit."""

import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from streams.cli.root import goeswith
from streams.contract.settings import Settings
from streams.experiments.impressions import Trial
from streams.experiments.questions.of_arms import ArmsQuestion
from streams.experiments.questions.planning.plan import (
    PlanAsked,
    plan_json,
    plan_words,
    planned,
)
from streams.experiments.questions.planning.rates import (
    ArmRates,
    UnitRates,
    observed_rates,
    observed_rewards,
    typed_rate,
)
from streams.experiments.questions.planning.simulation import CHUNK, simulated
from streams.experiments.uplift.figures import orders, sums_of, uplift_of
from streams.experiments.uplift.net_orders import UnitTotals
from tests.experiments.questions.test_answers import ARMS, asks

LEAST = 0.5
ASKED = PlanAsked("orders", LEAST, days=200)


def ordering(number: int, rate: float, rng: np.random.Generator) -> list[UnitTotals]:
    """Units, of which each orders once or not at all."""
    return [UnitTotals(orders=int(bought)) for bought in rng.random(number) < rate]


def found_by_day(days: int, per_day: int, rate: float, rng: np.random.Generator) -> bool:
    """Whether a shop that is played unit by unit has found the effect by the end of some day."""
    held: list[UnitTotals] = []
    others: list[UnitTotals] = []
    for _ in range(days):
        number = int(rng.binomial(per_day, 0.3))
        held += ordering(number, rate, rng)
        others += ordering(per_day - number, rate * (1.0 + LEAST), rng)
        found = uplift_of(sums_of(held, orders), sums_of(others, orders))
        if found is not None and found.low > 0.0:
            return True
    return False


def test_the_promised_power_comes_true() -> None:
    """80 % by that day: of 300 shops 80 % but for four standard errors of both (seeds 7, 2026)."""
    plan = planned(ASKED, typed_rate(0.2, 100.0, 0.3))
    assert plan.days is not None
    rng = np.random.default_rng(7)
    came = np.mean([found_by_day(int(plan.days), 100, 0.2, rng) for _ in range(300)])
    error = 4.0 * np.sqrt(0.8 * 0.2 * (1.0 / 300 + 1.0 / plan.repetitions))

    assert abs(came - 0.8) < error + 0.02
    assert 0.95 < plan.power <= 1.0
    low, high = plan.days_between
    assert low is not None
    assert high is not None
    assert low <= plan.days <= high


def test_no_more_false_alarms_than_bounds_allow() -> None:
    """5 % at any look, but for three standard errors of 1,000 experiments (seed 3)."""
    asked = ASKED._replace(repetitions=1_000, seed=3, days=60)
    plan = planned(asked, typed_rate(0.05, 400.0, 0.1))

    assert plan.false_alarms < 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 1_000)
    assert 0.0 < plan.false_error < 0.03


def test_the_power_of_arms_comes_true_by_impressions() -> None:
    """By the very fold of the verdict, 40 times (seed 11)."""
    rates = ArmRates(np.array([0.0, 1.0]), np.array([0.7, 0.3]), 400.0, (0.5, 0.5), 0.2)
    plan = planned(PlanAsked("reward", 0.6, days=60, repetitions=200), rates)
    assert plan.days is not None
    rng, both = np.random.default_rng(11), dict.fromkeys(ARMS, 0.5)
    came = 0
    for _ in range(40):
        question = ArmsQuestion(
            asks(arms=list(ARMS), metric="reward", least_effect=0.6), Settings(arm_floor=0.2)
        )
        drawn = rng.integers(0, 2, int(plan.days * 400))
        earned = rng.random(len(drawn)) < np.where(drawn == 0, 0.48, 0.3)
        expected = {ARMS[0]: 0.48, ARMS[1]: 0.3}
        question.add(
            Trial(ARMS[arm], "", both, expected, float(reward), 1_767_225_600.0 + n)
            for n, (arm, reward) in enumerate(zip(drawn, earned, strict=True))
        )
        came += question.answer().decision == "more"

    assert abs(came / 40 - 0.8) < 4.0 * np.sqrt(0.16 / 40 + 0.16 / 200)


@given(st.floats(0.01, 3.0), st.floats(0.0, 1.5))
def test_an_effect_is_as_large_as_it_is_said(rate: float, effect: float) -> None:
    """On the mean, and what had been before is as probable as it was."""
    rates = typed_rate(rate, 10.0, 0.2)
    raised = rates.with_effect(effect)

    assert pytest.approx(rates.mean * (1.0 + effect), rel=1e-6) == raised.mean
    assert pytest.approx(1.0) == raised.weights.sum()


def test_what_was_before_is_the_same_on_both_sides() -> None:
    """Or CUPED would take the effect off."""
    rates = UnitRates(
        np.array([0.0, 1.0, 0.0, 1.0]),
        np.array([0.0, 0.0, 3.0, 3.0]),
        np.array([0.6, 0.1, 0.1, 0.2]),
        10.0,
        0.2,
    )
    raised = rates.with_effect(0.4)
    before = [rates.weights[2:].sum(), raised.weights[2:].sum()]

    assert pytest.approx(before[0]) == before[1]
    assert pytest.approx(1.4 * rates.mean) == raised.mean


def test_rates_are_those_of_the_shop() -> None:
    """Of the held out where there are enough; a long tail keeps its mean to a hundredth."""
    rng = np.random.default_rng(5)
    units = [
        UnitTotals(orders=int(worth > 0), revenue={"EUR": int(worth)}, before=int(rng.poisson(0.2)))
        for worth in np.where(rng.random(8_000) < 0.2, rng.lognormal(8.0, 0.8, 8_000), 0.0)
    ]
    rates = observed_rates(units[:4_000], units[4_000:], "revenue", "EUR", 10.0, 0.3)
    truth = np.mean([unit.revenue["EUR"] for unit in units[:4_000]])

    assert rates is not None
    assert (4_000, 800.0) == (rates.units, rates.units_per_day)
    assert pytest.approx(truth, rel=0.01) == rates.mean
    few = observed_rates(units[:50], units[4_000:], "orders", "", 10.0, 0.3)
    assert few is not None
    assert 4_050 == few.units
    assert observed_rates(units[:9], units[:9], "orders", "", 10.0, 0.3) is None
    assert observed_rates(units, units, "margin", "EUR", 10.0, 0.3) is None
    assert observed_rewards([0.0, 0.0], 10.0, (0.5, 0.5), 0.05) is None


def test_a_plan_is_the_same_by_its_seed_and_says_what_it_drew_from() -> None:
    """And how sure it is."""
    rates = typed_rate(0.2, 100.0, 0.3)
    one, other = (planned(ASKED._replace(repetitions=50), rates) for _ in range(2))

    assert plan_json(one) == plan_json(other)
    words = "\n".join(plan_words(one))
    for said in ("for a power of 80 %", "Monte Carlo error", "without any effect", "30 % held out"):
        assert said in words
    hopeless = planned(ASKED._replace(days=2, repetitions=50), rates)
    assert hopeless.days is None
    assert "is not reached in 2 days" in plan_words(hopeless)[0]


def test_a_pace_of_minutes_is_said_to_be_one() -> None:
    """A shop of five minutes had 4.07e+05 new units a day, and a plan of one day."""
    units = [UnitTotals(orders=int(n % 5 == 0)) for n in range(1_400)]
    minutes, week = (observed_rates(units, [], "orders", "", days, 0.3) for days in (5 / 1440, 7.0))
    assert minutes is not None
    assert week is not None
    few, many_ = (
        planned(ASKED._replace(repetitions=50, days=2), rates) for rates in (minutes, week)
    )
    words, calm = ("\n".join(plan_words(one)) for one in (few, many_))

    assert "403,200 (as of 5 min) new units a day" in words
    assert "the pace is that of 5 min alone" in words
    assert "--units-per-day" in words
    assert "200 (as of 7 days) new units a day" in calm
    assert "alone" not in calm
    assert 7.0 == plan_json(many_)["rates"]["days"]


def test_when_time_is_over_fewer_are_played() -> None:
    """One chunk at least, and the rest is left out."""
    rates = typed_rate(0.2, 100.0, 0.3)
    rng = np.random.default_rng(1)
    played = simulated(rates, LEAST, LEAST, 5, 1_000, rng, go_on=lambda: False)

    assert CHUNK == len(played)


COMMAND = ["experiment", "plan", "--metric", "orders", "--least-effect", "50", "--days", "50"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--rate", "0.2"], "--units-per-day"),
        (["--rate", "0.2", "--units-per-day", "9", "--arms", "popular,buy_again"], "belong"),
        (["--rate", "0.2", "--units-per-day", "9", "--holdout", "1"], "--holdout"),
    ],
    ids=str,
)
def test_what_cannot_be_planned_is_said(more: list[str], said: str) -> None:
    """With the option that is wrong."""
    result = CliRunner().invoke(goeswith, [*COMMAND, *more])

    assert 2 == result.exit_code
    assert said in result.output


def test_the_command_plans_without_kafka() -> None:
    """Where rates are typed."""
    more = ["--rate", "0.2", "--units-per-day", "100", "--holdout", "0.3", "--repetitions", "50"]
    result = CliRunner().invoke(goeswith, [*COMMAND, *more, "--json"], catch_exceptions=False)
    told: dict[str, Any] = json.loads(result.stdout)

    assert 50 == told["repetitions"]
    assert 3 <= told["days"] <= 50
    assert 0.3 == told["rates"]["share"]
