"""`/experiments/plan`: how many days an experiment takes, by the shop's own rates of today."""

from typing import Any

from fastapi import APIRouter, Request, Response

from streams.experiments.questions.planning.plan import DAYS, PlanAsked, plan_json, plan_words
from streams.experiments.questions.planning.rates import UnitRates
from streams.operations.console.pages.rendering import Console, Here, notices, rendered
from streams.operations.console.watching.experiments.plans import REPETITIONS, PlanSeen

router = APIRouter()
PERCENT_MIN, PERCENT_MAX = 0.1, 1_000.0
DIGITS = 2
"""Of per cent: plans are kept by what was asked."""
UNKNOWN = (
    "the outcomes topic tells of too few units that did anything by this metric: "
    "goeswith experiment plan takes a rate that is typed"
)
NOT_READ = "The outcomes topic has not been read yet."


@router.get("/experiments/plan")
async def plan(
    request: Request, here: Here, metric: str = "orders", least_effect: float = 5.0
) -> Response:
    """The form, and the plan for what it asks."""
    rates, asked = _rates(here), _asked(metric, least_effect)
    seen = _seen(here, rates, asked)
    return rendered(
        request,
        "plan.html",
        metrics=[*rates] or [asked.metric],
        asked=asked,
        seen=seen,
        said=[] if seen.plan is None else plan_words(seen.plan),
        notices=notices(here, here.sources.outcomes),
    )


@router.get("/api/experiments/plan")
async def plan_as_json(
    here: Here, metric: str = "orders", least_effect: float = 5.0
) -> dict[str, Any]:
    """As `goeswith experiment plan --json`, once it is made; `share` of it that is, until then."""
    seen = _seen(here, _rates(here), _asked(metric, least_effect))
    plan = None if seen.plan is None else plan_json(seen.plan)
    return {"share": seen.share, "plan": plan, "trouble": seen.trouble}


def _rates(here: Console) -> dict[str, UnitRates]:
    seen = here.sources.outcomes.reading.value
    return {} if seen is None else dict(seen.rates)


def _seen(here: Console, rates: dict[str, UnitRates], asked: PlanAsked) -> PlanSeen:
    if here.sources.outcomes.reading.value is None:
        return PlanSeen(trouble=NOT_READ)
    if asked.metric not in rates:
        return PlanSeen(trouble=UNKNOWN)
    return here.sources.plans.ask(asked, rates[asked.metric])


def _asked(metric: str, least_percent: float) -> PlanAsked:
    """What is asked, within bounds: whoever asks for more gets the most."""
    percent = least_percent if PERCENT_MIN <= least_percent <= PERCENT_MAX else 5.0
    least = round(percent, DIGITS) / 100.0
    return PlanAsked(metric, least, days=DAYS, repetitions=REPETITIONS)
