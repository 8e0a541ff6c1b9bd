"""A plan on the page: by the shop's rates, made beside requests, and within bounds."""

import asyncio
import time
from typing import Any

import pytest

from streams.experiments.questions.planning.plan import ExperimentPlan, PlanAsked
from streams.experiments.questions.planning.rates import UnitRates, typed_rate
from streams.operations.console.watching.experiments.plans import KEPT, Plans
from tests.experiments.uplift.records import shop
from tests.operations.console.eyes import Eyes

RATES = typed_rate(0.3, 200.0, 0.3)
ASKED = PlanAsked("orders", 0.5, days=20, repetitions=50)


async def made(eyes: Eyes, **asked: Any) -> dict[str, Any]:
    """The plan, once it is made."""
    async with eyes.client() as http:
        for _ in range(600):
            said = dict((await http.get("/api/experiments/plan", params=asked)).json())
            if said["plan"] is not None or said["trouble"]:
                return said
            await asyncio.sleep(0.05)
    raise AssertionError(said)


async def test_a_plan_is_made_of_what_units_do(eyes: Eyes) -> None:
    """By the rate of those held out, in days of this shop."""
    eyes.happen(*shop(2_000))
    eyes.look()
    said = await made(eyes, least_effect=20)
    plan = said["plan"]

    assert plan["rates"]["units"] > 200
    assert 0.45 < plan["rates"]["mean"] < 0.55
    assert plan["false_alarms"] <= 0.1
    async with eyes.client() as http:
        page = await http.get("/experiments/plan", params={"least_effect": 20})
    assert 200 == page.status_code
    assert "if prompts bring 20 % more orders a unit: " in page.text
    assert "Monte Carlo error" in page.text


async def test_where_nothing_is_known_it_is_said(eyes: Eyes) -> None:
    """Before anything is read, and of an empty topic."""
    assert "not been read" in (await made(eyes))["trouble"]
    eyes.look()
    assert "too few units" in (await made(eyes))["trouble"]
    assert "too few units" in (await made(eyes, metric="<script>"))["trouble"]


async def test_what_is_no_effect_is_asked_as_five_per_cent(eyes: Eyes) -> None:
    """Whoever types it; what is no number is refused."""
    eyes.look()
    async with eyes.client() as http:
        for least in ("0", "-3", "1e9", "nan", "inf"):
            page = await http.get("/experiments/plan", params={"least_effect": least})
            assert 200 == page.status_code
            assert 'value="5"' in page.text
        assert 422 == (await http.get("/experiments/plan?least_effect=much")).status_code


def test_one_plan_is_made_at_a_time_and_few_are_kept() -> None:
    """Who comes second asks again; a plan that is stopped ends early."""
    plans = Plans()
    for seed in range(KEPT + 5):
        plans.make(ASKED._replace(seed=seed), RATES)
    assert KEPT == len(plans._known)
    newest = plans.ask(ASKED._replace(seed=KEPT + 4), RATES)
    assert newest.plan is not None
    plans.stop()
    plans.make(ASKED._replace(repetitions=1_000), RATES)
    stopped = plans.ask(ASKED._replace(repetitions=1_000), RATES).plan
    assert stopped is not None
    assert stopped.repetitions < 1_000


def waited_for(plans: Plans, rates: UnitRates) -> ExperimentPlan:
    """The plan by these rates, once it is made."""
    for _ in range(600):
        if (plan := plans.ask(ASKED, rates).plan) is not None:
            return plan
        time.sleep(0.02)
    raise AssertionError("no plan")


def test_a_plan_is_made_anew_when_the_shop_is_another() -> None:
    """By a hundred times as many units it takes a day; one unit more changes nothing."""
    plans = Plans()
    first = waited_for(plans, RATES)
    again = waited_for(plans, RATES._replace(units_per_day=RATES.units_per_day * 1.001))
    larger = waited_for(plans, RATES._replace(units_per_day=RATES.units_per_day * 100.0))
    noisier = waited_for(plans, RATES._replace(values=RATES.values * 2.0, share=0.5))

    assert first is again
    assert first.days is not None
    assert larger.days is not None
    assert larger.days < first.days
    assert pytest.approx(0.6) == noisier.rates.mean
