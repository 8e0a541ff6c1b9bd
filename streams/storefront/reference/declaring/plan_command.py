"""`goeswith experiment plan`: how many days until the question is decided."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import click
import numpy as np

from streams.cli.live import say
from streams.cli.options import FiniteRange, with_settings
from streams.cli.progress import progress_bar
from streams.contract.errors import Misconfigured
from streams.contract.events.reference.declared import MONEY, Metric
from streams.contract.settings import Settings
from streams.experiments.questions.planning.observing import rates_of_arms, rates_of_units
from streams.experiments.questions.planning.plan import (
    DAYS,
    POWER,
    REPETITIONS,
    SEED,
    PlanAsked,
    plan_json,
    plan_words,
    planned,
)
from streams.experiments.questions.planning.rates import ArmRates, UnitRates, typed_rate
from streams.storefront.reference.declaring.records import arms_of

SECONDS_MAX = 20.0
DAYS_MAX = 3_650
REPETITIONS_MAX = 10_000

kept_in = click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Read on from what FILE has of units, and keep there what was read (as `uplift`).",
)


@click.command()
@with_settings("bootstrap", "prefix")
@click.option("--metric", type=click.Choice(get_args(Metric)), required=True, help="As asked.")
@click.option(
    "--least-effect",
    type=FiniteRange(min=0.01, max=1000),
    required=True,
    metavar="PERCENT",
    help="The least effect that matters.",
)
@click.option("--arms", default="", metavar="A,B", help="Of arms: whether A earns more than B.")
@click.option("--currency", metavar="CODE", help="Of revenue and margin; '': orders tell none.")
@click.option(
    "--rate",
    type=FiniteRange(min=1e-6, max=100),
    help="What a unit does without prompts, or an impression of B earns.  [default: as observed]",
)
@click.option(
    "--units-per-day",
    "per_day",
    type=FiniteRange(min=0.1, max=1e9),
    help="Units, or impressions with both arms on offer.  [default: as observed]",
)
@click.option(
    "--holdout",
    "share",
    type=FiniteRange(min=0.001, max=0.999),
    metavar="SHARE",
    help="The share that would be held out.  [default: GOESWITH_HOLDOUT_SHARE]",
)
@click.option(
    "--power",
    type=FiniteRange(0.5, 0.99),
    default=POWER,
    show_default=True,
    help="How surely the least effect is to be found.",
)
@click.option(
    "--days",
    type=click.IntRange(1, DAYS_MAX),
    default=DAYS,
    show_default=True,
    help="Nobody looks for longer.",
)
@click.option(
    "--repetitions",
    type=click.IntRange(50, REPETITIONS_MAX),
    default=REPETITIONS,
    show_default=True,
    help="Simulated experiments with the effect, and as many without.",
)
@click.option(
    "--seconds",
    "seconds_max",
    type=FiniteRange(min=0.1, max=3600),
    default=SECONDS_MAX,
    show_default=True,
    help="Fewer are simulated where it takes longer.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=SEED,
    show_default=True,
    help="Of the draws: the same seed, the same plan.",
)
@kept_in
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def plan(
    settings: Settings,
    metric: Metric,
    least_effect: float,
    arms: str,
    currency: str | None,
    rate: float | None,
    per_day: float | None,
    share: float | None,
    power: float,
    days: int,
    repetitions: int,
    seconds_max: float,
    seed: int,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Plan an experiment: how many days until its question is decided, by simulation.

    It draws from what units did, or impressions earned, as the outcomes topic tells; with --rate
    and --units-per-day from what is expected, and needs no Kafka. Each experiment is looked at day
    by day, and decided by the bounds of the verdict. Beside it the same without any effect: how
    often one is found all the same.
    """
    if (arms == "") == (metric == "reward"):
        raise Misconfigured("--arms a,b and --metric reward belong together")
    if rate is not None:
        rates = _typed(settings, arms, rate, per_day, share)
    else:
        rates = _observed(settings, metric, arms, currency, share, keep, quiet=as_json)
        rates = rates if per_day is None else _paced(rates, per_day)
    asked = PlanAsked(metric, least_effect / 100.0, power, days, repetitions, seed)
    with progress_bar("simulating", 2 * repetitions) as advance:
        found = planned(asked, rates, advance, *_within(seconds_max))
    click.echo(json.dumps(plan_json(found))) if as_json else say("\n".join(plan_words(found)))


def _typed(
    settings: Settings, arms: str, rate: float, per_day: float | None, share: float | None
) -> UnitRates | ArmRates:
    if per_day is None:
        raise Misconfigured("--units-per-day: with --rate it has to be said, too")
    if not arms:
        return typed_rate(rate, per_day, _share(settings, share))
    arms_of(arms)
    if rate > 1.0:
        raise Misconfigured("--rate: an impression earns 1 at most")
    weights = np.array([1.0 - rate, rate])
    return ArmRates(np.array([0.0, 1.0]), weights, per_day, (0.5, 0.5), settings.arm_floor)


def _observed(
    settings: Settings,
    metric: Metric,
    arms: str,
    currency: str | None,
    share: float | None,
    keep: Path | None,
    *,
    quiet: bool,
) -> UnitRates | ArmRates:
    if metric == "reward":
        first, second = arms_of(arms)
        return rates_of_arms(settings, (first, second), None, quiet=quiet)
    if metric in MONEY and currency is None:
        raise Misconfigured("--currency: money is compared within one; '' where orders tell none")
    held = _share(settings, share)
    return rates_of_units(settings, metric, currency or "", held, keep, quiet=quiet)


def _paced(rates: UnitRates | ArmRates, per_day: float) -> UnitRates | ArmRates:
    if isinstance(rates, UnitRates):
        return rates._replace(units_per_day=per_day, days=0.0)
    return rates._replace(per_day=per_day, days=0.0)


def _share(settings: Settings, said: float | None) -> float:
    share = settings.holdout_share if said is None else said
    if not 0.0 < share < 1.0:
        raise Misconfigured("--holdout: some have to be held out, and not all")
    return share


def _within(seconds_max: float) -> tuple[Callable[[], bool], Callable[[], bool]]:
    """Whether there is time left: for the first half of the work, and for the second."""
    begin_s = time.monotonic()
    return (
        lambda: time.monotonic() - begin_s < seconds_max / 2.0,
        lambda: time.monotonic() - begin_s < seconds_max,
    )
